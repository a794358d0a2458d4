"""The table of populations: particle, number fraction, mean size, its deviation, shape of the distribution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.datasets.simulation import MAX_POPULATIONS, SHAPES
from engine.models.parameters import parameters
from engine.models.registry import MODELS
from lnpgui.panels.particle.form import ParameterForm
from lnpgui.panels.simulate.request import SIZE, Refusal, Row, fault_of_sum, has_size
from lnpgui.theme import Theme, icon
from lnpgui.widgets.parameter_field import BoundedSpinBox

HEADS = ("Number", "Mean D", "SD", "Sizes")
LINES = 3
"""Lines of the grid for each population: particle, numbers, refusal."""
NEW = Row(key="type 4", percent=0.0, mean=50.0, sd=5.0)


class Population:
    """The widgets of one row."""

    def __init__(self, row: Row) -> None:
        self.values = dict(row.values)
        self.particle = QComboBox()
        for key, model in MODELS.items():
            self.particle.addItem(model.title, key)
        self.particle.setCurrentIndex(self.particle.findData(row.key))
        self.particle.setToolTip("Which particle this population is made of")
        self.particle.setMinimumContentsLength(9)
        self.percent = _box(row.percent, 0.0, 100.0, 5.0, "%", "Share of all particles by number, in %")
        self.mean = _box(row.mean, 1.0, 1000.0, 1.0, "nm", "Mean of D, in nm: end-to-end length of types 1 to 3, diameter of spheres")
        self.sd = _box(row.sd, 0.0, 500.0, 0.5, "nm", "Standard deviation of D, in nm; 0 makes all alike")
        self.shape = QComboBox()
        self.shape.addItems(list(SHAPES))
        self.shape.setCurrentText(row.shape)
        self.shape.setToolTip("Form of the distribution of D by number")
        self.shape.setMinimumContentsLength(6)
        self.more = QToolButton()
        self.more.setText("…")
        self.more.setCheckable(True)
        self.more.setToolTip("Shell, contrasts and whatever else this particle has")
        self.remove = QToolButton()
        self.remove.setToolTip("Take this population out of the sample")
        self.refusal = QLabel()
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """In the order in which the keyboard goes through them."""
        return self.particle, self.more, self.remove, self.percent, self.mean, self.sd, self.shape

    @property
    def row(self) -> Row:
        """What the widgets say."""
        key = self.particle.currentData()
        return Row(
            key=key,
            percent=self.percent.value(),
            mean=self.mean.value(),
            sd=self.sd.value() if has_size(key) else 0.0,
            shape=self.shape.currentText(),
            values=dict(self.values),
        )

    def name(self, number: int) -> None:
        """Give every widget a name that can be told from those of other rows."""
        words = ("particle", "other parameters", "remove", "number fraction", "mean size", "standard deviation", "size distribution")
        for widget, word in zip(self.widgets, words, strict=True):
            widget.setAccessibleName(f"Population {number + 1}, {word}")

    def enable(self) -> None:
        """Offer a size only where the model has one."""
        for widget in (self.mean, self.sd, self.shape):
            widget.setEnabled(has_size(self.particle.currentData()))


class SampleTable(QWidget):
    """Lets the user put a sample together."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._populations: list[Population] = []
        self._open: Population | None = None
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self.add_button = QPushButton("Add")
        self.add_button.setToolTip("Add one more population")
        self.normalise_button = QPushButton("Normalise")
        self.normalise_button.setToolTip("Scale the number fractions so that they sum to 100 %")
        self._sum = QLabel()
        self._sum.setProperty("role", "error")
        self._sum.setWordWrap(True)
        self._grid_holder = QWidget()
        self._form_title = QLabel()
        self._form_title.setProperty("role", "section")
        self.form: ParameterForm | None = None
        self._form_place = QVBoxLayout()
        self._assemble()
        self.add_button.clicked.connect(self._on_add)
        self.normalise_button.clicked.connect(self._on_normalise)

    def _assemble(self) -> None:
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(3)
        for column in range(len(HEADS)):
            self._grid.setColumnStretch(column, 1)
        line = QHBoxLayout()
        line.addWidget(self.add_button)
        line.addWidget(self.normalise_button)
        line.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._grid_holder)
        rows.addWidget(self._sum)
        rows.addLayout(line)
        rows.addWidget(self._form_title)
        rows.addLayout(self._form_place)

    # -- rows ----------------------------------------------------------------------------------------------------------

    @property
    def populations(self) -> tuple[Population, ...]:
        """The rows' widgets."""
        return tuple(self._populations)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the user put together."""
        return tuple(population.row for population in self._populations)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these populations, without saying that anything changed."""
        for population in self._populations:
            _discard(population)
        self._populations = [Population(row) for row in rows]
        for population in self._populations:
            self._connect(population)
        self._lay_out()

    def _connect(self, population: Population) -> None:
        population.particle.currentIndexChanged.connect(self._on_particle)
        population.shape.currentIndexChanged.connect(self._on_changed)
        for box in (population.percent, population.mean, population.sd):
            box.valueChanged.connect(self._on_changed)
        population.remove.clicked.connect(self._on_remove)
        population.more.clicked.connect(self._on_more)

    def _lay_out(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (inner := item.layout()) is not None:  # the tools of a row
                while inner.takeAt(0) is not None:
                    pass
        for head in self._grid_holder.findChildren(QLabel, "head"):
            head.deleteLater()
        for column, words in enumerate(HEADS):
            head = QLabel(words)
            head.setObjectName("head")
            head.setProperty("role", "section")
            self._grid.addWidget(head, 0, column)
        for number, population in enumerate(self._populations):
            population.name(number)
            population.enable()
            population.remove.setIcon(icon("remove", self._theme.text))
            line = LINES * number + 1
            self._grid.addWidget(population.particle, line, 0, 1, 3)
            tools = QHBoxLayout()
            tools.addWidget(population.more)
            tools.addWidget(population.remove)
            tools.addStretch(1)
            self._grid.addLayout(tools, line, 3)
            for column, widget in enumerate((population.percent, population.mean, population.sd, population.shape)):
                self._grid.addWidget(widget, line + 1, column)
            self._grid.addWidget(population.refusal, line + 2, 0, 1, len(HEADS))
            for before, after in pairwise(population.widgets):
                self.setTabOrder(before, after)
        self.add_button.setEnabled(len(self._populations) < MAX_POPULATIONS)
        self._show_form(None)
        self._show_sum()

    def _sender(self, name: str) -> Population | None:
        sender = self.sender()
        return next((p for p in self._populations if getattr(p, name) is sender), None)

    # -- gestures ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        self._show_sum()
        self.changed.emit()

    @Slot()
    def _on_particle(self) -> None:
        population = self._sender("particle")
        if population is not None:
            population.values.clear()
            population.enable()
            if self._open is population:
                self._show_form(population)
            self._on_changed()

    @Slot()
    def _on_add(self) -> None:
        percent = max(0.0, 100 - sum(row.percent for row in self.rows))
        new = Population(Row(key=NEW.key, percent=percent, mean=NEW.mean, sd=NEW.sd))
        self._populations.append(new)
        self._connect(new)
        self._lay_out()
        new.particle.setFocus()
        self.changed.emit()

    @Slot()
    def _on_remove(self) -> None:
        population = self._sender("remove")
        if population is not None:
            self._populations.remove(population)
            _discard(population)
            self._lay_out()
            self.changed.emit()

    @Slot()
    def _on_normalise(self) -> None:
        total = sum(max(0.0, row.percent) for row in self.rows)
        if total <= 0:
            return
        for population in self._populations:
            with QSignalBlocker(population.percent):
                population.percent.setValue(100 * max(0.0, population.percent.value()) / total)
        if self._populations:  # the boxes round; the last takes what is left
            last = self._populations[-1].percent
            with QSignalBlocker(last):
                last.setValue(last.value() + 100 - sum(p.percent.value() for p in self._populations))
        self._on_changed()

    @Slot()
    def _on_more(self) -> None:
        population = self._sender("more")
        self._show_form(population if population is not None and population.more.isChecked() else None)

    # -- the other parameters of one row -------------------------------------------------------------------------------

    def _show_form(self, population: Population | None) -> None:
        self._open = population
        for other in self._populations:
            other.more.setChecked(other is population)
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        self._form_title.setVisible(population is not None)
        if population is None:
            return
        model = MODELS[population.particle.currentData()]
        others = [p for p in parameters(model) if p.name != SIZE]
        self._form_title.setText(f"Population {self._populations.index(population) + 1}: {model.title}")
        self.form = ParameterForm(others, [p.name for p in others if isinstance(getattr(model, p.name), int)])
        for name, value in population.values.items():
            box = self.form.fields[name].box
            with QSignalBlocker(box):
                box.setValue(value)
            self.form.fields[name].show_value()
        self.form.changed.connect(self._on_form)
        self._form_place.addWidget(self.form)

    @Slot()
    def _on_form(self) -> None:
        if self._open is not None and self.form is not None:
            self._open.values.update(self.form.values)
            self.changed.emit()

    # -- words ---------------------------------------------------------------------------------------------------------

    def _show_sum(self) -> None:
        fault = fault_of_sum(self.rows)
        self._sum.setText(fault)
        self._sum.setVisible(bool(fault))
        self.normalise_button.setEnabled(bool(fault) and bool(self._populations))

    def show_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Say in the rows what is refused; nothing takes all such words away."""
        for number, population in enumerate(self._populations):
            words = " ".join(refusal.sentence for refusal in refusals if refusal.row == number)
            population.refusal.setText(words)
            population.refusal.setVisible(bool(words))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        for population in self._populations:
            population.remove.setIcon(icon("remove", theme.text))


def _box(value: float, low: float, high: float, step: float, unit: str, hint: str) -> QDoubleSpinBox:
    box = BoundedSpinBox(low, high)
    box.setDecimals(2)
    box.setSingleStep(step)
    box.setSuffix(f" {unit}")
    box.setValue(value)
    box.setToolTip(hint)
    box.setMinimumWidth(box.fontMetrics().horizontalAdvance("100.00 nm") + 28)
    return box


def _discard(population: Population) -> None:
    for widget in (*population.widgets, population.refusal):
        widget.hide()
        widget.deleteLater()
