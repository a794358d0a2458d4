"""One declared parameter as a line of a form: its name, a spin box, a slider, and the sentence that refuses its value."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSlider, QWidget

from engine.models.parameters import Parameter
from engine.units import SLD_UNIT

ANY = 1e6
"""The box takes any value up to this one, so that a refusal can be explained rather than a key swallowed."""
USEFUL_CONTRAST = (-10.0, 30.0)
USEFUL_LENGTHS = (0.2, 4.0)
"""Range of a slider for lengths, as multiples of the default."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where a slider goes, and in which steps."""

    low: float
    high: float
    step: float

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return round((self.high - self.low) / self.step)


def useful_range(parameter: Parameter, *, whole: bool = False) -> Range:
    """Return the values of *parameter* among which a slider is useful; the bounds may lie far beyond."""
    if whole:
        return Range(parameter.low, parameter.high, 1)
    if parameter.unit == "nm":
        low, high = (factor * parameter.default for factor in USEFUL_LENGTHS)
        return Range(max(parameter.low, low) if parameter.low > 0 else parameter.low, min(parameter.high, high), 0.1)
    if parameter.unit == SLD_UNIT:
        return Range(max(parameter.low, USEFUL_CONTRAST[0]), min(parameter.high, USEFUL_CONTRAST[1]), 0.1)
    span = parameter.high - parameter.low
    return Range(parameter.low, parameter.high, 0.001 if span <= 1 else 0.01)


class BoundedSpinBox(QDoubleSpinBox):
    """Steps only between the bounds, but takes any number from the keyboard."""

    def __init__(self, low: float, high: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = low, high
        self.setRange(-ANY, ANY)
        self.setKeyboardTracking(False)

    def stepBy(self, steps: int) -> None:
        """Go *steps* further, not beyond the bounds."""
        self.setValue(min(self._high, max(self._low, self.value() + steps * self.singleStep())))


class ParameterField(QWidget):
    """Lets the user set one parameter."""

    changed = Signal()

    def __init__(self, parameter: Parameter, *, whole: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._whole = whole
        self._range = useful_range(parameter, whole=whole)
        self.box = self._make_box()
        self.slider = self._make_slider()
        self._label = QLabel(words(parameter.name))
        self._label.setBuddy(self.box)
        self.refusal = QLabel()
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        for part in (self._label, self.box, self.slider):
            part.setToolTip(hint(parameter))
        self._assemble()
        self._move_slider()
        self.box.valueChanged.connect(self._on_box)
        self.slider.valueChanged.connect(self._on_slider)

    def _make_box(self) -> BoundedSpinBox:
        box = BoundedSpinBox(self.parameter.low, self.parameter.high)
        box.setDecimals(0 if self._whole else 4 if self._range.step < 0.1 else 2)
        box.setSingleStep(1 if self._whole else 10 * self._range.step if self.parameter.unit != "nm" else 0.5)
        box.setValue(self.parameter.default)
        box.setSuffix(f" {self.parameter.unit}" if self.parameter.unit else "")
        box.setAccessibleName(words(self.parameter.name))
        box.setAccessibleDescription(hint(self.parameter))
        box.setFixedWidth(box.fontMetrics().horizontalAdvance(f"-1000.00 {SLD_UNIT}") + 44)  # all boxes as wide
        return box

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, self._range.steps)
        slider.setPageStep(max(1, self._range.steps // 20))
        slider.setSingleStep(max(1, self._range.steps // 200))
        slider.setAccessibleName(f"{words(self.parameter.name)}, slider")
        return slider

    def _assemble(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self.box, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(self.refusal, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    @property
    def value(self) -> float:
        """The value, which the particle may yet refuse."""
        return int(self.box.value()) if self._whole else self.box.value()

    def show_value(self) -> None:
        """Let the slider follow a value that was put into the box without a signal."""
        self._move_slider()

    def show_refusal(self, sentence: str) -> None:
        """Say why the value can't be; nothing takes the words away."""
        self.refusal.setText(sentence)
        self.refusal.setVisible(bool(sentence))

    def _move_slider(self) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((self.box.value() - self._range.low) / self._range.step))

    def _on_box(self) -> None:
        self._move_slider()
        self.changed.emit()

    def _on_slider(self, step: int) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(self._range.low + step * self._range.step)
        self.changed.emit()


def words(name: str) -> str:
    """Name of a parameter on the screen."""
    spoken = name.replace("_", " ")
    return f"Contrast {spoken[4:]}" if spoken.startswith("sld ") else "Contrast" if spoken == "sld" else spoken.capitalize()


def hint(parameter: Parameter) -> str:
    """Return the phrase of the declaration with bounds and unit."""
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"{parameter.doc[:1].upper()}{parameter.doc[1:]}; {parameter.low:g} to {parameter.high:g}{unit}"
