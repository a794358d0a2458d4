"""The verdict card: what the curve is, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from lnpgui.theme import Theme, icon
from lnpgui.widgets.probability_bars import ProbabilityBars
from lnpgui.wording import Card, FractionLine, Light, SizeLine, card_text

SWATCH = "■"
FRACTIONS, SIZES = "Fractions", "Sizes"
NO_CURVE = Card(Light.WAITING, "No curve chosen", "Drop a measured curve on the window, or open one.")


class VerdictCard(QFrame):
    """Shows a :class:`lnpgui.wording.Card`."""

    copy_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._card: Card | None = None
        self.setProperty("card", True)
        self.setAccessibleName("Verdict")
        self._build_head()
        self._bars = ProbabilityBars(theme)
        self._runner_up = _label(role="muted")
        self._reasons = _label()
        self._fractions = QGridLayout()
        self._notes = _label(role="muted")
        self._sizes = QGridLayout()
        self._found = _label()
        self._quality = _label(role="muted")
        self._assemble()
        self.show_card(None)

    def _build_head(self) -> None:
        self._light = QLabel()
        self.copy_button = QToolButton()
        self.copy_button.setText("Copy")
        self.copy_button.setToolTip("Copy the verdict as text (Ctrl+Shift+C)")
        self.copy_button.setAccessibleName("Copy the verdict")
        self.copy_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy_button.clicked.connect(self.copy_wanted)
        self._status = _label(role="heading")
        self._sentence = _label()
        font = self._sentence.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self._sentence.setFont(font)
        self._status.setFont(font)

    def _assemble(self) -> None:
        body = QWidget()
        body.setObjectName("cardBody")
        rows = QVBoxLayout(body)
        rows.setContentsMargins(12, 10, 12, 12)
        rows.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self._light)
        head.addWidget(self._status, 1)
        head.addWidget(self.copy_button)
        rows.addLayout(head)
        rows.addWidget(self._sentence)
        self._sections = [
            _section(rows, "Why", self._reasons),
            _section(rows, "Probabilities", self._bars, self._runner_up),
            _section(rows, FRACTIONS, self._fractions, self._notes),
            _section(rows, SIZES, self._sizes, self._found),
            _section(rows, "Quality of the fit", self._quality),
        ]
        rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scroll.setAccessibleName("Verdict card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(scroll)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self._bars.set_theme(theme)
        self.show_card(self._card)

    def show_card(self, card: Card | None) -> None:
        """Show *card*; None says that no curve is chosen."""
        self._card = card
        self._light.setVisible(card is not None)
        if card is not None:
            self._light.setPixmap(icon(card.light.value, self._theme.muted).pixmap(24, 24))
            self._light.setAccessibleName(f"Traffic light: {card.light.words}")
            self._light.setToolTip(card.light.words)
        self.copy_button.setVisible(card is not None and bool(card.quality))
        self._fill(card or NO_CURVE)

    def text(self) -> str:
        """Return everything the card says, as text."""
        return card_text(self._card or NO_CURVE)

    def _fill(self, card: Card) -> None:
        self._status.setText(card.status)
        self._sentence.setText(card.sentence)
        self._reasons.setText("\n".join(f"•  {reason}" for reason in card.reasons))
        self._bars.show_items(card.probabilities)
        self._runner_up.setText(card.runner_up)
        self._fill_fractions(card.fractions)
        self._notes.setText(card.fraction_notes)
        self._notes.setVisible(bool(card.fraction_notes))
        self._fill_sizes(card.sizes)
        self._found.setText(card.found)
        self._found.setVisible(bool(card.found))
        self._quality.setText(card.quality)
        for section, title in ((self._sections[2], FRACTIONS), (self._sections[3], SIZES)):
            section.title.setText(f"{title}, {card.intervals}")
        shown = (card.reasons, card.probabilities, card.fractions, card.sizes, card.quality)
        for section, content in zip(self._sections, shown, strict=True):
            section.setVisible(bool(content))

    def _fill_fractions(self, lines: Iterable[FractionLine]) -> None:
        _empty(self._fractions)
        for column, (text, tip) in enumerate(_FRACTION_HEADS):
            self._fractions.addWidget(_label(text, role="muted", tip=tip), 0, column)
        for row, line in enumerate(lines, start=1):
            self._fractions.addWidget(self._type_label(line.type_key, line.title), row, 0)
            for column, pair in enumerate((line.number, line.volume, line.scattering), start=1):
                self._fractions.addWidget(_value(pair, tip=f"The number fraction is {line.told}." if line.told else ""), row, column)
        self._fractions.setColumnStretch(0, 1)

    def _fill_sizes(self, lines: Iterable[SizeLine]) -> None:
        _empty(self._sizes)
        for column, (text, tip) in enumerate(_SIZE_HEADS):
            self._sizes.addWidget(_label(text, role="muted", tip=tip), 0, column)
        row = 1
        for line in lines:
            self._sizes.addWidget(self._type_label(line.type_key, line.title), row, 0)
            self._sizes.addWidget(_value(line.mean), row, 1)
            self._sizes.addWidget(_value(line.sd), row, 2)
            self._sizes.addWidget(_label(f"{line.derived}\n{line.told}", role="muted"), row + 1, 0, 1, 3)
            row += 2
        self._sizes.setColumnStretch(0, 1)

    def _type_label(self, key: str, title: str) -> QLabel:
        colour = self._theme.types.get(key, self._theme.text)
        label = QLabel(f'<span style="color:{colour}">{SWATCH}</span> {key}')
        label.setToolTip(title)
        label.setAccessibleName(f"{key}, {title}")
        return label


_FRACTION_HEADS = (
    ("", ""),
    ("number", "Share of the particles, by number"),
    ("volume", "Share of the particles' volume"),
    ("scattering", "Share of the intensity at the lowest q"),
)
_SIZE_HEADS = (
    ("", ""),
    ("mean D", "Number-weighted mean of the size D: end-to-end length of types 1 to 3, diameter of type 4 [nm]"),
    ("spread", "Standard deviation of D [nm]"),
)


def _label(text: str = "", *, role: str = "", tip: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    if tip:
        label.setToolTip(tip)
    return label


def _value(pair: tuple[str, str], *, tip: str = "") -> QLabel:
    """Return a value with its interval in small figures below."""
    value, interval = pair
    below = f'<br><span style="font-size:small">{interval}</span>' if interval else ""
    label = QLabel(f"{value}{below}")
    label.setToolTip(f"90 % interval {interval}. {tip}".strip() if interval else tip)
    return label


class _Section(QWidget):
    """A heading with content below, shown or hidden together."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = _label(title, role="section")


def _section(rows: QVBoxLayout, title: str, *content: QWidget | QGridLayout) -> _Section:
    section = _Section(title)
    box = QVBoxLayout(section)
    box.setContentsMargins(0, 8, 0, 0)
    box.setSpacing(3)
    box.addWidget(section.title)
    for item in content:
        if isinstance(item, QGridLayout):
            item.setHorizontalSpacing(14)
            item.setVerticalSpacing(4)
            box.addLayout(item)
        else:
            box.addWidget(item)
    rows.addWidget(section)
    return section


def _empty(grid: QGridLayout) -> None:
    while (item := grid.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
