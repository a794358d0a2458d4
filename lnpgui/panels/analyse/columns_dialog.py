"""Which column of a file is what: its first rows, a role above each column, rows to skip, the unit of q."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.errors import ParameterError
from engine.io.column_choice import ColumnChoice
from engine.units import QUnit

ROLES = ("not used", "q", "intensity", "sigma")
MOST_SKIPPED = 100_000
UNITS = (("as the file says", None), ("1/nm", QUnit.PER_NM), ("1/Å", QUnit.PER_ANGSTROM))


@dataclass(frozen=True, slots=True)
class TableLook:
    """What the dialog shows of a file."""

    name: str
    titles: tuple[str, ...]
    above: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: int


class ColumnsDialog(QDialog):
    """Asks for a :class:`ColumnChoice`; OK is offered only while it makes sense."""

    def __init__(self, look: TableLook, choice: ColumnChoice | None, unit: QUnit | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Columns of {look.name}")
        self.choice: ColumnChoice | None = choice
        self.roles = [self._role_box(column, look, choice) for column in range(min(look.columns, 40))]
        self.table = self._table(look)
        self.skip = QSpinBox()
        self.skip.setRange(0, MOST_SKIPPED)
        self.skip.setValue(0 if choice is None else choice.skip_rows)
        self.skip.setAccessibleName("Lines to skip")
        self.skip.setToolTip("Lines before the first that may be read")
        self.skip.valueChanged.connect(self._check)
        self.unit = QComboBox()
        for words, _ in UNITS:
            self.unit.addItem(words)
        self.unit.setCurrentIndex(next(place for place, (_, known) in enumerate(UNITS) if known is unit))
        self.unit.setAccessibleName("Unit of q")
        self.unit.setToolTip("Unit of q in the file")
        self.trouble = QLabel()
        self.trouble.setProperty("role", "error")
        self.trouble.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel | QDialogButtonBox.StandardButton.Reset
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Reset).setText("Let the program reason")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.Reset).clicked.connect(self._on_reset)
        self._assemble(look)
        self._check()

    @property
    def q_unit(self) -> QUnit | None:
        """The unit that was said."""
        return UNITS[self.unit.currentIndex()][1]

    def _role_box(self, column: int, look: TableLook, choice: ColumnChoice | None) -> QComboBox:
        box = QComboBox()
        box.addItems(ROLES)
        title = look.titles[column] if column < len(look.titles) else ""
        box.setAccessibleName(f"Role of column {column + 1} {title}".strip())
        box.setToolTip(f"What column {column + 1} is")
        if choice is not None:
            box.setCurrentIndex({choice.q: 1, choice.intensity: 2, choice.sigma: 3}.get(column, 0))
        elif column < 3:
            box.setCurrentIndex(column + 1)
        box.currentIndexChanged.connect(self._check)
        return box

    def _table(self, look: TableLook) -> QTableWidget:
        table = QTableWidget(len(look.rows) + 1, len(self.roles))
        table.setAccessibleName("First rows of the file")
        titles = [look.titles[i] if i < len(look.titles) else f"column {i + 1}" for i in range(len(self.roles))]
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column, box in enumerate(self.roles):
            table.setCellWidget(0, column, box)
        for row, cells in enumerate(look.rows, start=1):
            for column, cell in enumerate(cells[: len(self.roles)]):
                table.setItem(row, column, QTableWidgetItem(cell))
        table.resizeColumnsToContents()
        return table

    def _assemble(self, look: TableLook) -> None:
        above = QLabel("\n".join(look.above[-4:]))
        above.setTextFormat(Qt.TextFormat.PlainText)
        above.setProperty("role", "muted")
        form = QFormLayout()
        form.addRow("Lines to skip", self.skip)
        form.addRow("Unit of q", self.unit)
        said = QLabel("Remembered for files of this folder whose tables have the same columns.")
        said.setProperty("role", "muted")
        said.setWordWrap(True)
        rows = QVBoxLayout(self)
        if look.above:
            rows.addWidget(above)
        rows.addWidget(self.table, 1)
        rows.addLayout(form)
        rows.addWidget(said)
        rows.addWidget(self.trouble)
        rows.addWidget(self.buttons)
        self.resize(640, 460)

    def _check(self) -> None:
        chosen = [box.currentIndex() for box in self.roles]
        trouble = _trouble(chosen)
        if not trouble:
            try:
                self.choice = ColumnChoice(
                    q=chosen.index(1),
                    intensity=chosen.index(2),
                    sigma=chosen.index(3) if 3 in chosen else None,
                    skip_rows=self.skip.value(),
                )
            except ParameterError as error:
                trouble = str(error)
        self.trouble.setText(trouble)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not trouble)

    def _on_reset(self) -> None:
        self.choice = None
        self.accept()


def _trouble(chosen: Sequence[int]) -> str:
    """Say what is missing or doubled."""
    faults = []
    for place, role in enumerate(ROLES):
        count = list(chosen).count(place)
        if place in (1, 2) and count == 0:
            faults.append(f"Say which column is {role}.")
        if place > 0 and count > 1:
            faults.append(f"{count} columns are {role}; there can be one.")
    return " ".join(faults)
