"""The form of the instrument: points of q, smearing, noise, scale, background, seed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout, QWidget

from engine.datasets.simulation import MAX_POINTS
from engine.units import FORM_FACTOR_UNIT
from lnpgui.panels.simulate.request import InstrumentWish, Refusal
from lnpgui.widgets.combo_items import enable_item
from lnpgui.widgets.labelled_field import LabelledField
from lnpgui.widgets.number_box import NumberBox

AXES = (("Logarithmic", "logarithmic"), ("Linear", "linear"), ("As measured", "measured"))
SMEARINGS = (("None", "none"), ("Pinhole", "pinhole"), ("Slit", "slit"))
NOISES = (("Counting", "counting"), ("Log-normal, as the paper", "log-normal"), ("None", "none"))
NOISE_SHOWN = {"noise": "counting", "paper_noise": "log-normal"}
SHOWN = {"pinhole": ("pinhole",), "slit": ("half_height", "half_width"), "none": ()}


class InstrumentForm(QWidget):
    """Lets the user describe an instrument."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        first = InstrumentWish()
        self.axis, self.smearing, self.noise_kind = QComboBox(), QComboBox(), QComboBox()
        for words, key in AXES:
            self.axis.addItem(words, key)
        for words, key in SMEARINGS:
            self.smearing.addItem(words, key)
        for words, key in NOISES:
            self.noise_kind.addItem(words, key)
        self.points, self.seed = QSpinBox(), QSpinBox()
        for box, value, most in ((self.points, first.points, 10 * MAX_POINTS), (self.seed, first.seed, 2**31 - 1)):
            box.setRange(0, most)
            box.setValue(value)
            box.setKeyboardTracking(False)
        self.points.setSingleStep(50)
        numbers = ("q_min", "q_max", "pinhole", "half_height", "half_width", "noise", "paper_noise", "scale", "background")
        units = dict.fromkeys(numbers, "1/nm") | {"noise": "%", "paper_noise": "", "scale": "", "background": "%"}
        self.numbers = {name: NumberBox(getattr(first, name), units[name]) for name in numbers}
        self.fields = {name: LabelledField(words, self._editor(name), hint) for name, (words, hint) in FIELDS.items()}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for field in self.fields.values():
            field.editor.setFixedWidth(132)
            rows.addWidget(field)
        self._connect()
        self.offer_measured(offered=False)
        self._show_fields()

    def _editor(self, name: str) -> QWidget:
        own = {"axis": self.axis, "smearing": self.smearing, "noise_kind": self.noise_kind, "points": self.points, "seed": self.seed}
        return own[name] if name in own else self.numbers[name]

    def _connect(self) -> None:
        for chooser in (self.axis, self.smearing, self.noise_kind):
            chooser.currentIndexChanged.connect(self._on_choice)
        for whole in (self.points, self.seed):
            whole.valueChanged.connect(self.changed)
        for box in self.numbers.values():
            box.valueChanged.connect(self.changed)

    @property
    def wish(self) -> InstrumentWish:
        """What the form says."""
        return InstrumentWish(
            axis=self.axis.currentData(),
            smearing=self.smearing.currentData(),
            noise_kind=self.noise_kind.currentData(),
            points=self.points.value(),
            seed=self.seed.value(),
            **{name: box.value() for name, box in self.numbers.items()},
        )

    def offer_measured(self, *, offered: bool) -> None:
        """Offer the points of the measured curve, or not."""
        enable_item(self.axis, self.axis.findData("measured"), enabled=offered)
        if not offered and self.axis.currentData() == "measured":
            self.axis.setCurrentIndex(0)

    @Slot()
    def _on_choice(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        for name in ("pinhole", "half_height", "half_width"):
            self.fields[name].setVisible(name in SHOWN[self.smearing.currentData()])
        for name, kind in NOISE_SHOWN.items():
            self.fields[name].setVisible(self.noise_kind.currentData() == kind)
        self.fields["seed"].setVisible(self.noise_kind.currentData() != "none")
        for name in ("q_min", "q_max", "points"):
            self.fields[name].setVisible(self.axis.currentData() != "measured")

    def show_refusals(self, refusals: Sequence[Refusal]) -> list[str]:
        """Say at the fields what is refused, and return what belongs to none of them."""
        mine = [refusal for refusal in refusals if refusal.row is None]
        for name, field in self.fields.items():
            field.show_refusal(" ".join(refusal.sentence for refusal in mine if refusal.field == name))
        return [refusal.sentence for refusal in mine if refusal.field not in self.fields and refusal.field != "percent"]


FIELDS = {
    "axis": ("Points of q", "Equal ratios of q, equal steps, or the points of the measured curve chosen above the plot"),
    "q_min": ("First q", "Smallest q = 4π sin θ / λ, in 1/nm"),
    "q_max": ("Last q", "Largest q, in 1/nm"),
    "points": ("Number of points", f"How many points of q, 2 to {MAX_POINTS}"),
    "smearing": ("Smearing", "Pinhole: a Gaussian in q. Slit: a uniform slit, as of a Kratky camera"),
    "pinhole": ("σ of q", "Standard deviation of q at every point, in 1/nm"),
    "half_height": ("Half height", "Half of the slit's length across the scanning direction, in 1/nm"),
    "half_width": ("Half width", "Half of the slit's width along the scanning direction, in 1/nm"),
    "noise_kind": ("Noise", "Counting: of a detector after buffer subtraction. Log-normal: of the paper, always positive"),
    "noise": ("σ/I at 0.1/nm", "σ/I at q = 0.1/nm, in %, of a counting detector after buffer subtraction; 0 for none"),
    "paper_noise": ("Level α", f"σ² = α I, for I of one particle [{FORM_FACTOR_UNIT}]; the paper drew 1e4 to 3e7"),
    "scale": ("Scale", f"Factor on I(q) of one particle [{FORM_FACTOR_UNIT}]; 1e-22 × number per cm³ gives I in 1/cm"),
    "background": ("Background", "Constant background of either sign, in % of I at the lowest q"),
    "seed": ("Seed", "The same seed gives the same noise"),
}
"""Fields by name: words, and the hint with its unit."""
