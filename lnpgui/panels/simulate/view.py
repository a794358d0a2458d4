"""The Simulate panel as seen: the sample on the left, its curve in the middle, instrument, solver and shares on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.curve import Array, Curve
from engine.datasets.simulation import Scaling, SimulatedCurve
from lnpgui.panels.simulate.instrument_form import InstrumentForm
from lnpgui.panels.simulate.request import Refusal, Request, Row
from lnpgui.panels.simulate.sample_table import SampleTable
from lnpgui.panels.simulate.simulated_plot import SimulatedPlot
from lnpgui.theme import Theme
from lnpgui.widgets.combo_items import enable_item
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.widgets.three_columns import ThreeColumns

SHARES = ("Population", "Number", "Volume", "Scattering")
NO_CURVE = "No measured curve"


@dataclass(frozen=True, slots=True)
class SolverRow:
    """One solver as it is offered."""

    key: str
    words: str
    hint: str
    can: bool


@dataclass(frozen=True, slots=True)
class SharesRow:
    """One population in numbers that are derived."""

    cells: tuple[str, str, str, str]


class SimulateView(ThreeColumns):
    """Shows what it is given and reports what the user does."""

    changed = Signal()
    preset_chosen = Signal(int)
    start_wanted = Signal()
    stop_wanted = Signal()
    file_given = Signal(object)  # Path
    analysis_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path.home()
        self._formats: tuple[str, ...] = ()
        self.table = SampleTable(theme)
        self.instrument = InstrumentForm()
        self.plot = SimulatedPlot(theme)
        self._make_choosers()
        self._make_buttons()
        self._make_words()
        self._assemble()
        self._connect()

    # -- building ------------------------------------------------------------------------------------------------------

    def _make_choosers(self) -> None:
        self.preset = QComboBox()
        self.preset.setToolTip("Begin with one of these samples, or with what the shown verdict found")
        self.preset.setAccessibleName("Sample to begin with")
        self.measured = QComboBox()
        self.measured.addItem(NO_CURVE, None)
        self.measured.setToolTip("A curve of the list in Analyse, to compare with")
        self.measured.setAccessibleName("Measured curve")
        self.measured.setMinimumContentsLength(len(NO_CURVE))
        self.scaling = QComboBox()
        for scaling in Scaling:
            self.scaling.addItem(scaling.value[:1].upper() + scaling.value[1:], scaling)
        self.scaling.setCurrentIndex(self.scaling.findData(Scaling.FACTOR))
        self.scaling.setMinimumContentsLength(7)
        for chooser in (self.measured, self.scaling):
            chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scaling.setToolTip("How the simulated curve is laid over the measured one; the factor and the background are of least squares")
        self.scaling.setAccessibleName("Scaling to the measured curve")
        self.solver = QComboBox()
        self.solver.setToolTip("Which solver computes the curve, and about how long it takes")
        self.solver.setAccessibleName("Solver")
        self.parts = QCheckBox("Parts")
        self.parts.setChecked(True)
        self.parts.setToolTip("Draw what each population gives to the curve")

    def _make_buttons(self) -> None:
        self.start_button = QPushButton("Simulate")
        self.start_button.setToolTip("Simulate this sample; what takes less than 0.3 s is simulated at once")
        self.export_button = QPushButton("Export …")
        self.export_button.setToolTip(
            "Save the simulated curve as csv, ATSAS .dat, canSAS1D or NXcanSAS; the file says that it is simulated"
        )
        self.analyse_button = QPushButton("Analyse this curve")
        self.analyse_button.setToolTip("Put the simulated curve into the list of Analyse and let it be judged as a measured one")

    def _make_words(self) -> None:
        self._notice, self._words, self._notes = QLabel(), QLabel(), QLabel()
        for label, role in ((self._notice, "error"), (self._words, "muted"), (self._notes, "muted")):
            label.setProperty("role", role)
            label.setWordWrap(True)
            label.hide()
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = ProgressLine("simulation", "Stop the simulation")
        self.shares = QTableWidget(0, len(SHARES))
        self.shares.setHorizontalHeaderLabels(list(SHARES))
        self.shares.verticalHeader().hide()
        self.shares.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.shares.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.shares.setTabKeyNavigation(False)
        self.shares.setShowGrid(False)
        self.shares.verticalHeader().setDefaultSectionSize(self.shares.fontMetrics().height() + 6)
        self.shares.setAccessibleName("Fractions of the populations")
        self.shares.setToolTip("Shares of number, of volume, and of the scattering at the lowest q")
        self.shares.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.shares.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _assemble(self) -> None:
        self.set_columns((self._left(), self._middle(), self._right()), (410, 630, 320), (False, True, False))

    def _left(self) -> QWidget:
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.addWidget(_heading("Sample"))
        rows.addWidget(self.preset)
        rows.addWidget(self._notes)
        rows.addWidget(self.table)
        rows.addStretch(1)
        self.table.setMinimumWidth(380)
        return _scrolled(inner)

    def _middle(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(320)
        line = QHBoxLayout()
        line.addWidget(self.measured, 1)
        line.addWidget(self.scaling, 1)
        line.addWidget(self.parts)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(line)
        rows.addWidget(self._notice)
        rows.addWidget(self.plot, 1)
        rows.addWidget(self._words)
        return middle

    def _right(self) -> QWidget:
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(6, 0, 6, 0)
        rows.addWidget(_heading("Instrument"))
        rows.addWidget(self.instrument)
        rows.addWidget(_heading("Solver"))
        rows.addWidget(self.solver)
        rows.addWidget(self.start_button)
        rows.addWidget(self.progress)
        rows.addWidget(_heading("Fractions"))
        rows.addWidget(self.shares)
        line = QHBoxLayout()
        line.addWidget(self.export_button)
        line.addWidget(self.analyse_button)
        rows.addLayout(line)
        rows.addStretch(1)
        return _scrolled(inner)

    def _connect(self) -> None:
        self.table.changed.connect(self.changed)
        self.instrument.changed.connect(self.changed)
        self.solver.currentIndexChanged.connect(self.changed)
        self.measured.currentIndexChanged.connect(self._on_measured)
        self.scaling.currentIndexChanged.connect(self.changed)
        self.parts.toggled.connect(self.changed)
        self.preset.activated.connect(self.preset_chosen)
        self.start_button.clicked.connect(self.start_wanted)
        self.progress.stop_wanted.connect(self.stop_wanted)
        self.export_button.clicked.connect(self._ask_file)
        self.analyse_button.clicked.connect(self.analysis_wanted)
        self._on_measured()

    # -- what the user says --------------------------------------------------------------------------------------------

    def request(self) -> Request:
        """Return everything the panel says."""
        return Request(
            rows=self.table.rows,
            instrument=self.instrument.wish,
            solver=self.solver.currentData() or "automatic",
            over=self.measured.currentData(),
            scaling=self.scaling.currentData(),
        )

    @property
    def wants_parts(self) -> bool:
        """True where each population is to be drawn too."""
        return self.parts.isChecked()

    @Slot()
    def _on_measured(self) -> None:
        is_over = self.measured.currentData() is not None
        self.scaling.setEnabled(is_over)
        self.parts.setEnabled(not is_over)
        self.instrument.offer_measured(offered=is_over)
        self.changed.emit()

    def set_formats(self, formats: Sequence[str]) -> None:
        """Offer these filters when a curve is exported, the usual one first."""
        self._formats = tuple(formats)

    @Slot()
    def _ask_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the simulated curve", str(self._folder / "simulated.csv"), ";;".join(self._formats)
        )
        if name:
            self._folder = Path(name).parent
            self.file_given.emit(Path(name))

    # -- showing -------------------------------------------------------------------------------------------------------

    def offer_presets(self, titles: Sequence[str], can: Sequence[bool]) -> None:
        """Offer samples to begin with; those that can't be chosen now are grey."""
        with QSignalBlocker(self.preset):
            if [self.preset.itemText(i) for i in range(self.preset.count())] != list(titles):
                self.preset.clear()
                self.preset.addItems(list(titles))
        for index, possible in enumerate(can):
            enable_item(self.preset, index, enabled=possible)

    def choose_preset(self, index: int) -> None:
        """Mark a sample as the one that was begun with."""
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(index)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these populations."""
        self.table.show_rows(rows)

    def offer_measured(self, curves: Sequence[tuple[int, str]]) -> None:
        """Offer measured curves, each with its key and its name; the chosen one stays if it is among them."""
        chosen = self.measured.currentData()
        with QSignalBlocker(self.measured):
            self.measured.clear()
            self.measured.addItem(NO_CURVE, None)
            for key, name in curves:
                self.measured.addItem(name, key)
            self.measured.setCurrentIndex(max(0, self.measured.findData(chosen)))
        if self.measured.currentData() != chosen:
            self._on_measured()

    def choose_measured(self, key: int | None, scaling: Scaling) -> None:
        """Compare with the curve *key*."""
        with QSignalBlocker(self.scaling):
            self.scaling.setCurrentIndex(self.scaling.findData(scaling))
        self.measured.setCurrentIndex(max(0, self.measured.findData(key)))

    def offer_solvers(self, solvers: Sequence[SolverRow]) -> None:
        """Offer solvers with the time they take; those that can't are grey and say why."""
        with QSignalBlocker(self.solver):
            chosen = self.solver.currentData()
            while self.solver.count() < len(solvers):
                self.solver.addItem("")
            for index, row in enumerate(solvers):
                self.solver.setItemText(index, row.words)
                self.solver.setItemData(index, row.key)
                self.solver.setItemData(index, row.hint, Qt.ItemDataRole.ToolTipRole)
                enable_item(self.solver, index, enabled=row.can)
            self.solver.setCurrentIndex(max(0, self.solver.findData(chosen)))

    def show_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Say at each place what is refused there; nothing takes all such words away."""
        self.table.show_refusals(refusals)
        self.show_notice(" ".join(self.instrument.show_refusals(refusals)))

    def show_simulated(self, curve: Curve, ideal: Array, background: float, parts: Mapping[str, Array]) -> None:
        """Draw a simulated curve."""
        self.plot.show_simulated(curve, ideal, background, parts)

    def show_over(self, measured: Curve, simulated: SimulatedCurve) -> None:
        """Draw a simulated curve over a measured one."""
        if (laid := simulated.over) is not None:
            self.plot.show_over(measured, laid.q, laid.intensity, laid.residuals, laid.background)

    def show_shares(self, rows: Sequence[SharesRow]) -> None:
        """Show the fractions of each population."""
        self.shares.setRowCount(len(rows))
        for i, row in enumerate(rows):
            for j, words in enumerate(row.cells):
                item = QTableWidgetItem(words)
                if j:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.shares.setItem(i, j, item)
        height = self.shares.horizontalHeader().sizeHint().height() + sum(self.shares.rowHeight(i) for i in range(len(rows))) + 4
        self.shares.setFixedHeight(height)

    def show_words(self, words: str) -> None:
        """Say something about the curve that is drawn."""
        self._words.setText(words)
        self._words.setVisible(bool(words))

    def show_notes(self, words: str) -> None:
        """Say what was assumed about the sample; nothing hides it."""
        self._notes.setText(words)
        self._notes.setVisible(bool(words))

    def show_notice(self, words: str) -> None:
        """Say what went wrong; nothing hides it."""
        self._notice.setText(words)
        self._notice.setVisible(bool(words))

    def show_start(self, words: str, *, needed: bool) -> None:
        """Name what the button does; it is needed where nothing happens by itself."""
        self.start_button.setText(words)
        self.start_button.setEnabled(needed)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far a simulation is, with a way to stop it; None hides it."""
        self.progress.show_progress(progress)

    def show_can_leave(self, *, can: bool) -> None:
        """Offer to export and to analyse once there is a curve."""
        self.export_button.setEnabled(can)
        self.analyse_button.setEnabled(can)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.plot.set_theme(theme)
        self.table.set_theme(theme)

    def shut_down(self) -> None:
        """Nothing to do: there is nothing to release."""


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "heading")
    return label


def _scrolled(inner: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    inner.setObjectName("cardBody")
    area.setWidget(inner)
    area.setMinimumWidth(inner.minimumSizeHint().width() + area.verticalScrollBar().sizeHint().width())
    return area
