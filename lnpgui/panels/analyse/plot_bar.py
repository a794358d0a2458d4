"""Above the plot: how the curve is drawn, which range of q counts, and what is under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from lnpgui.theme import Theme, icon

SIZES = "Sizes"
REPRESENTATION_TITLES = (
    ("log I, log q", "Intensity and q on logarithmic axes"),
    ("log I, q", "Intensity logarithmic, q linear [1/nm]"),
    ("Guinier", "ln I against q²: Rg where q·Rg < 1.3"),
    ("Kratky", "q² I against q: how compact particles are"),
    ("Porod", "q⁴ I against q: level at high q where surfaces are sharp"),
    (SIZES, "Size distribution of each type [nm], and the sizes the data can see"),
)
"""Titles of lnpgui.plots.representation, in its order, known before numpy is; the sizes come last."""


class PlotBar(QWidget):
    """Reports what is chosen; knows no curve."""

    drawn_as = Signal(int)
    scaled = Signal(bool)
    range_typed = Signal(str, str)
    range_reset = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.representation = QComboBox()
        for place, (title, tip) in enumerate(REPRESENTATION_TITLES):
            self.representation.addItem(title)
            self.representation.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self.representation.setAccessibleName("How the curve is drawn")
        self.representation.setToolTip("How the curve is drawn (Ctrl+G for the next)")
        self.representation.currentIndexChanged.connect(self.drawn_as)
        self._next = QShortcut(QKeySequence("Ctrl+G"), self)
        self._next.activated.connect(self._on_next)
        self.scale = QCheckBox("To one scale")
        self.scale.setToolTip("Multiply the other marked curves so that they agree with the shown one where their q overlap")
        self.scale.setChecked(True)
        self.scale.toggled.connect(self.scaled)
        self.low, self.high = (_field(f"{end} q that is judged") for end in ("First", "Last"))
        for field in (self.low, self.high):
            field.editingFinished.connect(self._on_typed)
        self.reset = QToolButton()
        self.reset.setAutoRaise(True)
        self.reset.setToolTip("Judge all q again")
        self.reset.setAccessibleName("Judge all q")
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.clicked.connect(self.range_reset)
        self.trouble = QLabel()
        self.trouble.setProperty("role", "error")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        self.reading = QLabel()
        self.reading.setProperty("role", "muted")
        self.reading.setTextFormat(Qt.TextFormat.PlainText)
        self.reading.setWordWrap(True)
        self.reading.setAccessibleName("Under the mouse")
        self._said = ("", "")
        self._assemble()
        self.set_theme(theme)
        self.show_many(0, 0)

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(5)
        line.addWidget(self.representation)
        line.addStretch(1)
        before = QLabel("&q from")
        before.setBuddy(self.low)
        for part in (before, self.low, QLabel("to"), self.high, QLabel("1/nm"), self.reset):
            line.addWidget(part)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(2, 4, 2, 2)
        rows.setSpacing(2)
        rows.addLayout(line)
        rows.addWidget(self.scale)
        rows.addWidget(self.trouble)
        rows.addWidget(self.reading)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.reset.setIcon(icon("reset-view", theme.text))

    def show_many(self, others: int, left_out: int) -> None:
        """Offer one scale where there are several curves."""
        self.scale.setVisible(others > 0)
        more = f" ({left_out} marked curves more are not drawn)" if left_out else ""
        self.scale.setText(f"To one scale{more}")

    def show_range(self, low: str, high: str, *, is_limited: bool, is_there: bool) -> None:
        """Show which range is judged."""
        self._said = (low, high)
        for field, words in ((self.low, low), (self.high, high)):
            with QSignalBlocker(field):
                field.setText(words)
                field.setEnabled(is_there)
        self.reset.setEnabled(is_limited)
        self.show_trouble("")

    def show_trouble(self, words: str) -> None:
        """Say what is wrong with the range; nothing hides it."""
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))

    def show_reading(self, words: str) -> None:
        """Say what is under the mouse, or what there is to know of the plot."""
        self.reading.setText(words or " ")

    def _on_typed(self) -> None:
        said = (self.low.text(), self.high.text())
        if said != self._said:
            self._said = said
            self.range_typed.emit(*said)

    def _on_next(self) -> None:
        self.representation.setCurrentIndex((self.representation.currentIndex() + 1) % self.representation.count())


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(f"{name} [1/nm]")
    field.setToolTip(f"{name} [1/nm]; the handles on the plot do the same")
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("0.0000000") + 16)
    return field
