"""What the user knows of the particles beforehand: shell thickness and contrasts, each a value or a range in which it is free."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.units import SLD_UNIT
from lnpgui.theme import Theme, icon

FREE = "a value, or FIRST:LAST where it is free, such as {}. Applies to all marked curves."
FIELDS: Mapping[str, tuple[str, str]] = {
    "shell_thickness": ("Shell [nm]", f"Shell thickness of types 1 to 3 [nm]: {FREE.format('3:5')}"),
    "sld_core": ("Core", f"Contrast of the core to the solvent [{SLD_UNIT}]: {FREE.format('14:18')}"),
    "sld_shell": (
        "Shell",
        f"Contrast of the shell [{SLD_UNIT}], by which the others are measured: one value. Applies to all marked curves.",
    ),
    "sld_fill": ("Fill", f"Contrast of the fill of type 2 [{SLD_UNIT}]: {FREE.format('8:10')}"),
}
"""What is before each field, and its tool tip."""


class ParticlesLine(QWidget):
    """One line that says what is assumed; below it, when it is opened, the fields. Knows no particle."""

    typed = Signal(str, str)  # name of the field, what was typed
    reset_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Particles: shell and contrasts")
        self.opener = QToolButton()
        self.opener.setText("Particles")
        self.opener.setCheckable(True)
        self.opener.setAutoRaise(True)
        self.opener.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.opener.setArrowType(Qt.ArrowType.RightArrow)
        self.opener.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opener.setToolTip("State shell thickness and contrasts of the particles, or let them be found")
        self.opener.setAccessibleName("Show the fields of shell and contrasts")
        self.opener.toggled.connect(self._on_opened)
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.reset = QToolButton()
        self.reset.setAutoRaise(True)
        self.reset.setToolTip("Assume the usual particles again: a shell of 4 nm, contrasts 16, 9 and 9")
        self.reset.setAccessibleName("Assume the usual particles")
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.clicked.connect(self.reset_wanted)
        self.fields: dict[str, QLineEdit] = {}
        self.refusals: dict[str, QLabel] = {}
        self._said: dict[str, str] = {}
        self._form = QWidget()
        self._assemble()
        self._form.hide()
        self.set_theme(theme)

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.opener)
        line.addWidget(self.summary, 1)
        line.addWidget(self.reset)
        grid = QGridLayout(self._form)
        grid.setContentsMargins(18, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        heading = QLabel(f"Contrasts [{SLD_UNIT}]")
        heading.setProperty("role", "muted")
        grid.addWidget(heading, 1, 0, 1, 6)
        for name, (title, tip) in FIELDS.items():
            self._add_field(grid, name, title, tip)
        grid.setColumnStretch(6, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(line)
        rows.addWidget(self._form)

    def _add_field(self, grid: QGridLayout, name: str, title: str, tip: str) -> None:
        field = self.fields[name] = QLineEdit()
        field.setToolTip(tip)
        field.setAccessibleName("Shell thickness" if name == "shell_thickness" else f"Contrast of the {title.lower()}")
        field.setAccessibleDescription(tip)
        field.setFixedWidth(field.fontMetrics().horizontalAdvance("14.5:18.5") + 16)
        field.editingFinished.connect(partial(self._on_typed, name))
        label = QLabel(title)
        label.setBuddy(field)
        label.setToolTip(tip)
        refusal = self.refusals[name] = QLabel()
        refusal.setProperty("role", "error")
        refusal.setTextFormat(Qt.TextFormat.PlainText)
        refusal.setWordWrap(True)
        refusal.hide()
        if name == "shell_thickness":
            grid.addWidget(label, 0, 0)
            grid.addWidget(field, 0, 1)
            grid.addWidget(refusal, 0, 2, 1, 5)
            return
        place = 2 * (list(FIELDS).index(name) - 1)
        grid.addWidget(label, 2, place)
        grid.addWidget(field, 2, place + 1)
        grid.addWidget(refusal, 2 + list(FIELDS).index(name), 0, 1, 7)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.reset.setIcon(icon("reset-view", theme.text))

    def show_words(self, words: Mapping[str, str], summary: str, *, is_usual: bool) -> None:
        """Show what is assumed: the *words* of each field by its name, and all of them in one line."""
        self._said = dict(words)
        for name, field in self.fields.items():
            with QSignalBlocker(field):
                field.setText(words[name])
            self.show_refusal(name, "")
        self.summary.setText(summary)
        self.reset.setVisible(not is_usual)

    def show_refusal(self, name: str, sentence: str) -> None:
        """Say beside a field why its value can't be; nothing takes the words away."""
        self.refusals[name].setText(sentence)
        self.refusals[name].setVisible(bool(sentence))

    def _on_opened(self, is_open: bool) -> None:
        self.opener.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._form.setVisible(is_open)

    def _on_typed(self, name: str) -> None:
        words = self.fields[name].text()
        if words != self._said.get(name):
            self._said[name] = words
            self.typed.emit(name, words)
