"""What the user assumes of the sample: candidate types, particles and the buffer; and what the last change did to the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from lnpgui.panels.analyse.particles_line import ParticlesLine
from lnpgui.theme import Theme, icon

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the line shows.

    ``scale`` is a number or "auto"; ``effect`` says what the last change did; nothing where there is nothing to say. ``particles`` are the
    words of each field of the particles, ``assumed`` all of them in one line, ``is_usual`` true where they are those of the program.
    """

    types: tuple[str, ...]
    buffer: str
    buffer_tip: str
    scale: str
    effect: str
    particles: Mapping[str, str]
    assumed: str
    is_usual: bool


class ChoicesLine(QFrame):
    """Shows :class:`Choices`; reports what is ticked and typed."""

    types_chosen = Signal(object)  # tuple of str
    buffer_wanted = Signal()
    buffer_dropped = Signal()
    scale_typed = Signal(str)

    def __init__(self, theme: Theme, types: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setAccessibleName("Candidate types and buffer")
        self.boxes: dict[str, QCheckBox] = {}
        for key, title in types:
            box = QCheckBox(key.removeprefix("type "))
            box.setToolTip(f"{key}, {title}: may be in the sample. Applies to all marked curves.")
            box.setAccessibleName(f"Candidate {key}, {title}")
            box.toggled.connect(self._on_ticked)
            self.boxes[key] = box
        self.buffer = QPushButton("Buffer …")
        self.buffer.setToolTip("Choose a curve of the buffer, taken off the marked curves")
        self.buffer.clicked.connect(self.buffer_wanted)
        self.drop = QToolButton()
        self.drop.setAutoRaise(True)
        self.drop.setToolTip("Take no buffer off")
        self.drop.setAccessibleName("Take no buffer off")
        self.drop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.drop.clicked.connect(self.buffer_dropped)
        self.scale = QLineEdit()
        self.scale.setAccessibleName("Factor on the buffer")
        self.scale.setToolTip("Factor on the buffer: a number, or auto for the one that makes buffer and sample equal at high q")
        self.scale.setFixedWidth(self.scale.fontMetrics().horizontalAdvance("0.00000") + 16)
        self.scale.editingFinished.connect(self._on_scale)
        self.particles = ParticlesLine(theme)
        self._less = QLabel()
        self._less.setTextFormat(Qt.TextFormat.PlainText)
        self._less.setWordWrap(True)
        self.trouble = QLabel()
        self.trouble.setProperty("role", "error")
        self.effect = QLabel()
        self.effect.setProperty("role", "muted")
        for label in (self.trouble, self.effect):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.hide()
        self._said = ""
        self._assemble()
        self.set_theme(theme)
        self.show_choices(None)

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        label = QLabel("Types")
        label.setToolTip("Which types may be in the sample")
        line.addWidget(label)
        for box in self.boxes.values():
            line.addWidget(box)
        line.addStretch(1)
        line.addWidget(self.buffer)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self._less, 1)
        for part in (self.scale, self.drop):
            below.addWidget(part)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 4, 8, 4)
        rows.setSpacing(3)
        rows.addLayout(line)
        rows.addLayout(below)
        rows.addWidget(self.particles)
        rows.addWidget(self.trouble)
        rows.addWidget(self.effect)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.drop.setIcon(icon("remove", theme.text))
        self.particles.set_theme(theme)

    def show_choices(self, choices: Choices | None) -> None:
        """Show what was chosen for a curve; None hides the line."""
        self.setVisible(choices is not None)
        if choices is None:
            return
        for key, box in self.boxes.items():
            with QSignalBlocker(box):
                box.setChecked(key in choices.types)
        self._less.setText(f"less {choices.buffer}, times")
        self._less.setToolTip(choices.buffer_tip)
        for part in (self._less, self.scale, self.drop):
            part.setVisible(bool(choices.buffer))
        self._said = choices.scale
        with QSignalBlocker(self.scale):
            self.scale.setText(choices.scale)
        self.particles.show_words(choices.particles, choices.assumed, is_usual=choices.is_usual)
        self.effect.setText(choices.effect)
        self.effect.setVisible(bool(choices.effect))
        self.show_trouble("")

    def show_trouble(self, words: str) -> None:
        """Say what is wrong with the last choice; nothing hides it."""
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))

    def _on_ticked(self) -> None:
        self.types_chosen.emit(tuple(key for key, box in self.boxes.items() if box.isChecked()))

    def _on_scale(self) -> None:
        if self.scale.text() != self._said:
            self._said = self.scale.text()
            self.scale_typed.emit(self.scale.text())
