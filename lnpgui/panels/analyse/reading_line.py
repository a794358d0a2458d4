"""How the file was read: the unit of q with its reason, one click to flip it, and every other assumption."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from lnpgui.theme import Theme, icon
from lnpgui.wording import Light, Reading


class ReadingLine(QFrame):
    """Shows a :class:`lnpgui.wording.Reading`."""

    flip_requested = Signal()
    columns_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._doubt = QLabel()
        self._doubt.setToolTip("The unit was inferred, not stated in the file: please check it")
        self.flip_button = QPushButton()
        self.flip_button.setToolTip("Read the file again with q in the other unit, and analyse it again (Ctrl+U)")
        self.flip_button.setShortcut("Ctrl+U")
        self.flip_button.clicked.connect(self.flip_requested)
        self.columns_button = QToolButton()
        self.columns_button.setText("Columns …")
        self.columns_button.setToolTip("Say which column of the file is what, and remember it for its folder (Ctrl+K)")
        self.columns_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.columns_button.clicked.connect(self.columns_wanted)
        self._more = QToolButton()
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.setText("Details")
        self._more.setCheckable(True)
        self._more.setToolTip("Show everything that was assumed when the file was read")
        self._details = QLabel()
        self._details.setWordWrap(True)
        self._details.setProperty("role", "muted")
        self._details.setTextFormat(Qt.TextFormat.PlainText)
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more.toggled.connect(self._details.setVisible)
        self._details.hide()
        self._assemble()
        self.set_theme(theme)
        self.show_reading(None)

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._doubt)
        line.addWidget(self._sentence, 1)
        line.addWidget(self.flip_button)
        line.addWidget(self.columns_button)
        line.addWidget(self._more)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 6, 8, 6)
        rows.setSpacing(4)
        rows.addLayout(line)
        rows.addWidget(self._details)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._doubt.setPixmap(icon(Light.DOUBTFUL.value, theme.muted).pixmap(18, 18))
        self.flip_button.setIcon(icon("flip", theme.text))

    def show_reading(self, reading: Reading | None) -> None:
        """Show how the file was read; None hides the line."""
        self.setVisible(reading is not None)
        if reading is None:
            return
        self._sentence.setText(reading.sentence)
        doubt = "" if reading.is_certain else "Please check. "
        self._sentence.setAccessibleName(f"How I read this file: {doubt}{reading.sentence}")
        self._doubt.setVisible(not reading.is_certain)
        self.flip_button.setText(reading.flip)
        self.flip_button.setVisible(bool(reading.flip))
        self.columns_button.setVisible(bool(reading.flip))
        self._details.setText("\n".join(f"•  {line}" for line in reading.details))
