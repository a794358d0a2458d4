"""The form of a training: what may be in the sample, which instrument, how long."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.models.registry import LNP_TYPES, MODELS
from lnpgui.panels.train.request import BUDGETS, CURVES_PER_SECOND, TrainRequest, minutes

DEFAULT = TrainRequest()


class Pair(QWidget):
    """Two numbers, from and to."""

    def __init__(self, name: str, unit: str, low: float, high: float, value: tuple[float, float], *, decimals: int, tip: str) -> None:
        super().__init__()
        self._boxes = []
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for place, word in enumerate(("from", "to")):
            box = QDoubleSpinBox()
            box.setDecimals(decimals)
            box.setRange(low, high)
            box.setSingleStep(10 ** (1 - decimals) if decimals else 10)
            box.setValue(value[place])
            box.setToolTip(f"{tip}{f' [{unit}]' if unit else ''}; {low:g} to {high:g}")
            box.setAccessibleName(f"{name}, {word}")
            line.addWidget(box, 1)
            self._boxes.append(box)
            if place == 0:
                line.addWidget(QLabel("to"))

    @property
    def value(self) -> tuple[float, float]:
        """Both numbers."""
        return self._boxes[0].value(), self._boxes[1].value()


class TrainForm(QWidget):
    """Lets the user say what to train."""

    start_requested = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._like: Path | None = None
        self._refusals: dict[str, QLabel] = {}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 6, 0)
        for group in (self._sample_group(), self._instrument_group(), self._budget_group()):
            rows.addWidget(group)
        rows.addWidget(self._refusal(""))
        rows.addStretch(1)

    # -- building ------------------------------------------------------------------------------------------------------

    def _sample_group(self) -> QGroupBox:
        group = QGroupBox("What may be in the sample")
        form = QFormLayout(group)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.types = {}
        boxes = QVBoxLayout()
        for key in LNP_TYPES:
            box = self.types[key] = QCheckBox(f"{key}: {MODELS[key].title}")
            box.setChecked(True)
            box.setToolTip("Whether samples may hold this type; with fewer types the network tells them apart better")
            boxes.addWidget(box)
        form.addRow(boxes)
        form.addRow(self._refusal("types"))
        self.mean = Pair("Mean size", "nm", 15, 150, DEFAULT.mean, decimals=0, tip="Mean size D: end-to-end length, or diameter")
        form.addRow("Mean size (nm)", self.mean)
        form.addRow(self._refusal("mean"))
        self.spread = QDoubleSpinBox()
        self.spread.setRange(1, 50)
        self.spread.setValue(100 * DEFAULT.spread)
        self.spread.setSuffix(" %")
        self.spread.setToolTip("Median of sd/mean of the sizes; they are drawn within a factor of two about it")
        self.spread.setAccessibleName("Typical spread of sizes")
        form.addRow("Typical spread", self.spread)
        form.addRow(self._refusal("spread"))
        return group

    def _instrument_group(self) -> QGroupBox:
        group = QGroupBox("Instrument")
        rows = QVBoxLayout(group)
        self.match = QRadioButton("Match the one that measured a curve")
        self.match.setToolTip("Take the q axis and the noise from a measured curve: the network is then made for that instrument")
        self.typed = QRadioButton("Any instrument within these ranges")
        self.typed.setChecked(True)
        self.typed.setToolTip("Draw the q axis and the noise of each simulated curve from the ranges below")
        choice = QButtonGroup(self)
        for button in (self.match, self.typed):
            choice.addButton(button)
        self.like_button = QPushButton("Choose curve …")
        self.like_button.setToolTip("A measured curve of the instrument; dropping a file on this panel does the same")
        self.like_button.clicked.connect(self._choose_like)
        self.like_label = QLabel("no curve chosen")
        self.like_label.setProperty("role", "muted")
        self.like_label.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(self.like_button)
        line.addWidget(self.like_label, 1)
        rows.addWidget(self.match)
        rows.addLayout(line)
        rows.addWidget(self._refusal("like"))
        rows.addWidget(self.typed)
        self.ranges = QWidget()
        form = QFormLayout(self.ranges)
        form.setContentsMargins(0, 0, 0, 0)
        self.q_min = Pair("First q", "1/nm", 0.01, 1.0, DEFAULT.q_min, decimals=3, tip="Range of the first q")
        self.q_max = Pair("Last q", "1/nm", 0.2, 5.0, DEFAULT.q_max, decimals=2, tip="Range of the last q")
        self.points = Pair("Points", "", 20, 20_000, DEFAULT.points, decimals=0, tip="Range of the number of points")
        percent = (100 * DEFAULT.noise[0], 100 * DEFAULT.noise[1])
        self.noise = Pair("Noise", "%", 0.001, 100, percent, decimals=3, tip="Range of sigma/I at q = 0.1/nm, in per cent")
        for name, title, pair in (
            ("q_min", "First q (1/nm)", self.q_min),
            ("q_max", "Last q (1/nm)", self.q_max),
            ("points", "Points", self.points),
            ("noise", "Noise at 0.1/nm (%)", self.noise),
        ):
            form.addRow(title, pair)
            form.addRow(self._refusal(name))
        rows.addWidget(self.ranges)
        self.match.toggled.connect(self.ranges.setDisabled)
        return group

    def _budget_group(self) -> QGroupBox:
        group = QGroupBox("Model")
        form = QFormLayout(group)
        self.name = QLineEdit(DEFAULT.name)
        self.name.setMaxLength(60)
        self.name.setToolTip("By which the model stands in the list and in the verdicts that it helped to find")
        self.name.setAccessibleName("Name of the model")
        form.addRow("Name", self.name)
        form.addRow(self._refusal("name"))
        self.budget = QComboBox()
        for words, curves in BUDGETS.items():
            self.budget.addItem("", (words, curves))
        self.budget.setCurrentIndex(1)
        self.budget.setToolTip("How many simulated curves the network sees; it can be stopped before, and keeps its best")
        self.budget.setAccessibleName("Budget")
        self.show_rate(CURVES_PER_SECOND)
        form.addRow("Budget", self.budget)
        self.seed = QSpinBox()
        self.seed.setRange(0, 2_000_000_000)
        self.seed.setValue(DEFAULT.seed)
        self.seed.setToolTip("The same seed gives the same model")
        self.seed.setAccessibleName("Seed")
        form.addRow("Seed", self.seed)
        self.start_button = QPushButton("Start training")
        self.start_button.setDefault(True)
        self.start_button.setToolTip("Train in a process of its own; everything else goes on")
        self.start_button.clicked.connect(self.start_requested)
        form.addRow(self.start_button)
        return group

    def _refusal(self, field: str) -> QLabel:
        label = self._refusals[field] = QLabel()
        label.setProperty("role", "error")
        label.setWordWrap(True)
        label.hide()
        return label

    # -- what is asked and shown ---------------------------------------------------------------------------------------

    def _choose_like(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "A curve measured with your instrument")
        if name:
            self.match_curve(Path(name))

    def match_curve(self, path: Path) -> None:
        """Match the instrument that measured the curve in *path*."""
        self._like = path
        self.like_label.setText(path.name)
        self.match.setChecked(True)

    def request(self) -> TrainRequest:
        """Return the form as it is filled in."""
        low, high = self.noise.value
        first, last = self.points.value
        return TrainRequest(
            name=self.name.text().strip(),
            types=tuple(key for key, box in self.types.items() if box.isChecked()),
            mean=self.mean.value,
            spread=self.spread.value() / 100,
            like=self._like if self.match.isChecked() else None,
            q_min=self.q_min.value,
            q_max=self.q_max.value,
            points=(round(first), round(last)),
            noise=(low / 100, high / 100),
            curves=self.budget.currentData()[1],
            seed=self.seed.value(),
        )

    @property
    def wants_a_curve(self) -> bool:
        """True when an instrument is to be matched and no curve was given."""
        return self.match.isChecked() and self._like is None

    def show_rate(self, rate: float) -> None:
        """Say how long each budget takes at *rate* curves per second."""
        for place in range(self.budget.count()):
            words, curves = self.budget.itemData(place)
            self.budget.setItemText(place, f"{words}: {curves / 1e6:g} million curves, {minutes(curves, rate)}")

    def show_refusal(self, field: str | None, sentence: str) -> None:
        """Show why the training can't be, at the field it concerns; an empty sentence takes all refusals away."""
        for label in self._refusals.values():
            label.hide()
        if sentence:
            label = self._refusals.get(field or "", self._refusals[""])
            label.setText(sentence)
            label.show()

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while a training runs."""
        self.setDisabled(busy)
