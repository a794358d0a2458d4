"""A name, something to edit, and the sentence that refuses what was given."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget


class LabelledField(QWidget):
    """One line of a form."""

    def __init__(self, name: str, editor: QWidget, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self._label = QLabel(name)
        self._label.setBuddy(editor)
        for part in (self._label, editor):
            part.setToolTip(hint)
        editor.setAccessibleName(name)
        editor.setAccessibleDescription(hint)
        self.refusal = QLabel()
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(editor, 0, 1)
        grid.addWidget(self.refusal, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def show_refusal(self, sentence: str) -> None:
        """Say why the value can't be; nothing takes the words away."""
        self.refusal.setText(sentence)
        self.refusal.setVisible(bool(sentence))
