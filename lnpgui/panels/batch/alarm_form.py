"""One rule on verdicts, in a line: when [mean size of type 3] [is above] [60 nm]."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QStackedWidget, QWidget

from engine.inference.alarm import HypothesisRule, LimitRule, Rule, Side, StatusRule
from engine.inference.analysis import Status
from engine.inference.hypotheses import names
from engine.inference.quantities import QUANTITIES
from engine.models.registry import LNP_TYPES

STATUS, VERDICT = "status", "verdict"


class Limit(QDoubleSpinBox):
    """A number without zeros that say nothing."""

    def textFromValue(self, value: float) -> str:
        """Return *value* in figures."""
        return f"{value:.7g}"


class AlarmForm(QWidget):
    """Shows a rule and reports when the user makes another."""

    changed = Signal(object)  # Rule, or None: no alarm
    sound_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on = QCheckBox("Alarm when")
        self.on.setToolTip("Mark every curve that breaks this rule, and say so")
        self.what = _box("What the rule is about", [("status", STATUS), ("verdict", VERDICT)])
        for quantity in QUANTITIES.values():
            self.what.addItem(quantity.title, quantity.key)
        self.side = _box("Side of the limit", [(f"is {side.value}", side) for side in Side])
        self.limit = Limit(decimals=6, minimum=-1e9, maximum=1e9)
        self.limit.setAccessibleName("Limit")
        self.limit.setMinimumWidth(self.limit.fontMetrics().horizontalAdvance("00000.00 nm") + 36)
        self.limit.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.limit.setKeyboardTracking(False)
        self.status = _box("Wanted status", [(status.value, status) for status in Status])
        self.verdict = _box("Wanted verdict", [(name, name) for name in names(LNP_TYPES)])
        self.sound = QCheckBox("Sound")
        self.sound.setToolTip("Also let the system's alert be heard, once for each curve")
        self._assemble()
        self._connect()
        self.show_rule(None)

    def _assemble(self) -> None:
        self._pages = QStackedWidget()
        for widgets in ((QLabel("is not"), self.status), (QLabel("is not"), self.verdict), (self.side, self.limit)):
            page = QWidget()
            line = QHBoxLayout(page)
            line.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                line.addWidget(widget)
            line.addStretch(1)
            self._pages.addWidget(page)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for part in (self.on, self.what, self._pages):
            line.addWidget(part)
        line.addStretch(1)
        line.addWidget(self.sound)

    def _connect(self) -> None:
        self.what.currentIndexChanged.connect(self._on_what)
        self.on.toggled.connect(self._tell)
        self.limit.valueChanged.connect(self._tell)
        for box in (self.side, self.status, self.verdict):
            box.currentIndexChanged.connect(self._tell)
        self.sound.toggled.connect(self.sound_changed)

    def rule(self) -> Rule | None:
        """Return the rule that is shown; None while it is off."""
        if not self.on.isChecked():
            return None
        match self.what.currentData():
            case "status":
                return StatusRule(self.status.currentData())
            case "verdict":
                return HypothesisRule(self.verdict.currentData())
        return LimitRule(self.what.currentData(), self.side.currentData(), self.limit.value())

    def show_rule(self, rule: Rule | None) -> None:
        """Show a rule without telling of it; None switches the alarm off and leaves the words."""
        blocked = [QSignalBlocker(part) for part in (self.on, self.what, self.side, self.limit, self.status, self.verdict)]
        self.on.setChecked(rule is not None)
        match rule:
            case StatusRule(wanted):
                self.what.setCurrentIndex(0)
                self.status.setCurrentIndex(self.status.findData(wanted))
            case HypothesisRule(wanted):
                self.what.setCurrentIndex(1)
                self.verdict.setCurrentIndex(self.verdict.findData(wanted))
            case LimitRule(quantity, side, limit):
                self.what.setCurrentIndex(self.what.findData(quantity))
                self.side.setCurrentIndex(list(Side).index(side))
                self.limit.setValue(limit)
        del blocked
        self._show_page()

    def show_sound(self, on: bool) -> None:
        """Show whether an alarm is heard."""
        with QSignalBlocker(self.sound):
            self.sound.setChecked(on)

    def _show_page(self) -> None:
        self._pages.setCurrentIndex(min(2, self.what.currentIndex()))
        quantity = QUANTITIES.get(self.what.currentData())
        self.limit.setSuffix(f" {quantity.unit}" if quantity is not None and quantity.unit else "")
        for part in (self.what, self._pages):
            part.setEnabled(self.on.isChecked())

    def _on_what(self) -> None:
        self._show_page()
        self._tell()

    def _tell(self) -> None:
        self._show_page()
        self.changed.emit(self.rule())


def _box(name: str, items: list[tuple[str, object]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    for words, value in items:
        box.addItem(words, value)
    return box
