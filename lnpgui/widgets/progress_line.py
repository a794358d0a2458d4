"""How far long work is: words, a bar, and a button that ends it. The same in every panel."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

STEPS = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """The share of the work that is done, None where nobody knows, and what is said of it."""

    share: float | None
    words: str


class ProgressLine(QWidget):
    """Shows a :class:`Progress`; hidden while nothing is at work.

    Parameters
    ----------
    what : str
        The work as screen readers name it: "analysis".
    stop_tip : str
        What the button does.
    stop_words : str
        What stands on it.
    """

    stop_wanted = Signal()

    def __init__(self, what: str, stop_tip: str, *, stop_words: str = "Stop", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.words.setAccessibleName(f"State of the {what}")
        self.bar = QProgressBar(maximum=STEPS, textVisible=False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName(f"Progress of the {what}")
        self.stop_button = QPushButton(stop_words)
        self.stop_button.setToolTip(stop_tip)
        self.stop_button.setAccessibleName(f"{stop_words}: {what}")
        self.stop_button.clicked.connect(self.stop_wanted)
        line = QHBoxLayout()
        line.addWidget(self.bar, 1)
        line.addWidget(self.stop_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self.words)
        rows.addLayout(line)
        self.hide()

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the work is; None hides it."""
        self.setVisible(progress is not None)
        if progress is None:
            return
        self.words.setText(progress.words)
        self.words.setVisible(bool(progress.words))
        self.bar.setRange(0, 0 if progress.share is None else STEPS)  # a bar without an end runs to and fro
        if progress.share is not None:
            self.bar.setValue(round(STEPS * progress.share))
