"""One sentence about the program as a whole, at the foot of the window until it is closed; its details can be copied."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStatusBar, QWidget


class NoticeBar(QStatusBar):
    """Shows a sentence that stays; without one it is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setAccessibleName("Notice")
        self._details = ""
        self.copy = QPushButton("Copy details")
        self.copy.setToolTip("Put what the developers need to know on the clipboard")
        self.copy.clicked.connect(self._on_copy)
        self.copy.hide()
        self.dismiss = QPushButton("Close")
        self.dismiss.setToolTip("Close this notice")
        self.dismiss.clicked.connect(self._on_dismiss)
        line = QHBoxLayout()
        line.setContentsMargins(8, 2, 8, 2)
        line.addWidget(self._words, 1)
        line.addWidget(self.copy)
        line.addWidget(self.dismiss)
        whole = QWidget()
        whole.setLayout(line)
        self.addWidget(whole, 1)
        self.hide()

    @property
    def words(self) -> str:
        """The sentence that is shown."""
        return self._words.text()

    @Slot(str)
    @Slot(str, str)
    def say(self, words: str, details: str = "") -> None:
        """Show a sentence, with *details* to copy; an empty one hides the bar."""
        self._words.setText(words)
        self._details = details
        self.copy.setVisible(bool(details))
        self.setVisible(bool(words))

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    @Slot()
    def _on_dismiss(self) -> None:
        self.say("")
