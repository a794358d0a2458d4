"""The table of curves: a model that sorts itself quickly, a filter, and the view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QBrush, QColor, QGuiApplication, QIcon, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from lnpgui import wording
from lnpgui.numbers import AS_USUAL, NumberFormat
from lnpgui.panels.batch.columns import COLUMNS, Column, Line, Value
from lnpgui.session import FRONT, Entry
from lnpgui.theme import Theme, icon
from lnpgui.wording import Light

Index = QModelIndex | QPersistentModelIndex
KEY = Qt.ItemDataRole.UserRole
SORT_AGAIN_MS = 400
LONGEST_CELL = 300
"""Characters of a cell that are shown; the tool tip has more."""

LONGEST_TIP = 2000
WIDTHS = {"name": 230, "status": 90, "hypothesis": 150, "notes": 420, "alarm": 320, "written": 150}
WIDTH = 84


class BatchModel(QAbstractTableModel):
    """The curves, in the order of the session or sorted by a column."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._lines: dict[int, Line] = {}
        self._numbers = AS_USUAL
        self._session_order: list[int] = []
        self._order: list[int] = []
        self._places: dict[int, int] = {}
        self._sorted: tuple[int, Qt.SortOrder] | None = None
        self._lights: dict[Light, QIcon] = {light: icon(light.value, theme.muted) for light in Light}
        self.set_theme(theme)
        self._sort_soon = QTimer(self, singleShot=True, interval=SORT_AGAIN_MS)
        self._sort_soon.timeout.connect(self.sort_again)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        ground = QColor(theme.error)
        ground.setAlphaF(0.16)
        self._alarm_ground = QBrush(ground)

    # -- Qt's questions ------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of curves."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return titles and their explanations."""
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(COLUMNS):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section].title
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return COLUMNS[section].hint
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(COLUMNS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, light, side, ground, tool tip or key of a cell."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        key = self._order[index.row()]
        if role == KEY:
            return key
        line, column = self._lines[key], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(line)[:LONGEST_CELL]
            case Qt.ItemDataRole.DecorationRole:
                return self._lights[wording.light(line.entry)] if index.column() == 0 else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _side(column)
            case Qt.ItemDataRole.BackgroundRole:
                return self._alarm_ground if line.alarm else None
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(line, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.hint}: {column.text(line)[:LONGEST_CELL] or 'none'}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, curves without a value last; -1 is the order of the session."""
        self._sorted = None if column < 0 else (column, order)
        self.sort_again()

    # -- the curves ----------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[Line, ...]:
        """The curves in the order of the session."""
        return tuple(self._lines[key] for key in self._session_order)

    def line(self, key: int) -> Line | None:
        """Return what is known of one curve."""
        return self._lines.get(key)

    def add(self, entries: Sequence[Entry], after: int | None = None) -> None:
        """Add curves behind the one with the key *after*, or at the end; sorted tables take them at the end and sort again soon."""
        keys = [entry.key for entry in entries]
        at = len(self._session_order) if after is None else 0 if after == FRONT else self._session_order.index(after) + 1
        self._session_order[at:at] = keys
        place = at if self._sorted is None else len(self._order)
        self.beginInsertRows(QModelIndex(), place, place + len(keys) - 1)
        self._lines.update({entry.key: Line(entry, numbers=self._numbers) for entry in entries})
        self._order[place:place] = keys
        self._count()
        self.endInsertRows()
        self._changed()

    def replace(self, entry: Entry) -> None:
        """Show *entry* as it is now."""
        self._set(entry.key, entry=entry)

    def use_numbers(self, numbers: NumberFormat) -> None:
        """Write numbers so from now on."""
        self._numbers = numbers
        self._lines = {key: replace(line, numbers=numbers) for key, line in self._lines.items()}
        if self._order:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._order) - 1, len(COLUMNS) - 1))

    def set_written(self, key: int, written: float | None) -> None:
        """Set when the file of a curve was last written."""
        self._set(key, written=written)

    def set_alarm(self, key: int, alarm: str) -> None:
        """Set how a curve breaks the rule; nothing where it does not."""
        self._set(key, alarm=alarm)

    def _set(self, key: int, **changes: Any) -> None:
        line = self._lines.get(key)
        if line is None or all(getattr(line, name) is value or getattr(line, name) == value for name, value in changes.items()):
            return
        self._lines[key] = replace(line, **changes)
        place = self._places[key]
        self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))
        self._changed()

    def remove(self, keys: Iterable[int]) -> None:
        """Take curves out."""
        gone = {key for key in keys if key in self._lines}
        if len(gone) > 50:  # one by one would take long
            self.beginResetModel()
            self._forget(gone)
            self.endResetModel()
            return
        for key in gone:
            place = self._places[key]
            self.beginRemoveRows(QModelIndex(), place, place)
            self._forget({key})
            self.endRemoveRows()

    def place(self, key: int) -> QModelIndex:
        """Return where the curve with *key* stands."""
        return self.index(self._places[key], 0) if key in self._places else QModelIndex()

    def _forget(self, gone: set[int]) -> None:
        self._order = [key for key in self._order if key not in gone]
        self._session_order = [key for key in self._session_order if key not in gone]
        for key in gone:
            del self._lines[key]
        self._count()

    def _count(self) -> None:
        self._places = {key: place for place, key in enumerate(self._order)}

    def _changed(self) -> None:
        if self._sorted is not None and not self._sort_soon.isActive():
            self._sort_soon.start()

    @Slot()
    def sort_again(self) -> None:
        """Put the rows in order; what is marked stays marked."""
        order = self._sorted_keys()
        if order == self._order:
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        keys = [self._order[index.row()] for index in kept]
        self._order = order
        self._count()
        self.changePersistentIndexList(kept, [self.index(self._places[key], i.column()) for key, i in zip(keys, kept, strict=True)])
        self.layoutChanged.emit()

    def _sorted_keys(self) -> list[int]:
        if self._sorted is None:
            return list(self._session_order)
        column, order = COLUMNS[self._sorted[0]], self._sorted[1]
        known: list[tuple[Value, int]] = []
        rest: list[int] = []
        for key in self._session_order:
            value = column.value(self._lines[key])
            if value is None or value == "":
                rest.append(key)
            else:
                known.append((value.casefold() if isinstance(value, str) else value, key))
        known.sort(key=itemgetter(0), reverse=order is Qt.SortOrder.DescendingOrder)
        return [key for _, key in known] + rest


def _side(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _tip(line: Line, column: Column) -> str:
    text = column.text(line)
    if column.key == "name":
        return f"{line.entry.path}\n{wording.row(line.entry).detail}"
    return text if len(text) <= LONGEST_TIP else f"{text[:LONGEST_TIP]} …"


class BatchFilter(QSortFilterProxyModel):
    """Shows the curves that hold a text and have a light; the model below does the sorting."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._lights: frozenset[Light] = frozenset()
        self._alarms_only = False
        self.setDynamicSortFilter(True)

    def choose(self, text: str, lights: Iterable[Light], *, alarms_only: bool = False) -> None:
        """Show curves that hold every word of *text* and have one of *lights*; none stands for all."""
        self._words = tuple(text.casefold().split())
        self._lights = frozenset(lights)
        self._alarms_only = alarms_only
        self.invalidate()

    def filterAcceptsRow(self, row: int, _: Index) -> bool:
        """Return whether a row is shown."""
        model = self.sourceModel()
        if not isinstance(model, BatchModel) or not (self._words or self._lights or self._alarms_only):
            return True
        line = model.line(model.index(row, 0).data(KEY))
        if line is None or (self._lights and wording.light(line.entry) not in self._lights) or (self._alarms_only and not line.alarm):
            return False
        return all(word in _searched(line) for word in self._words) if self._words else True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Let the model sort: it knows a quicker way than comparing cells two by two."""
        self.sourceModel().sort(column, order)


def _searched(line: Line) -> str:
    analysis = line.entry.analysis
    verdict = "" if analysis is None else f"{analysis.hypothesis} {analysis.sentence}"
    return f"{line.entry.name} {wording.light(line.entry).words} {verdict} {line.entry.error or ''} {line.alarm}".casefold()


class BatchTable(QTableView):
    """Shows the table; says what is marked and what is current."""

    marked = Signal(object)  # tuple of keys
    chosen = Signal(object)  # key or None
    columns_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = BatchModel(self, theme)
        self.filter = BatchFilter(self)
        self.filter.setSourceModel(self.rows)
        self._quiet = False
        self._chosen_columns: dict[str, bool] = {}  # by the user
        self._kinds: frozenset[str] = frozenset()
        self.setModel(self.filter)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Table of curves")
        self.setToolTip("A row for each curve; click a heading to sort")
        self.setAccessibleDescription("Up and down choose a curve, Ctrl+C copies the marked ones, Ctrl+A marks all")
        self._set_heads()
        self._make_actions()
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self._show_columns()

    def _set_heads(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 8)
        heads = self.horizontalHeader()
        heads.setSectionsMovable(True)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.setSortIndicatorClearable(True)
        heads.setStretchLastSection(True)
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads.setHighlightSections(False)
        self.setSortingEnabled(True)
        scale = self.fontMetrics().height() / 17
        for i, column in enumerate(COLUMNS):
            wanted = round(scale * WIDTHS.get(column.key, WIDTH))
            self.setColumnWidth(i, max(wanted, heads.sectionSizeHint(i) + 4))

    def _make_actions(self) -> None:
        self.copy_action = QAction("Copy", self)
        self.copy_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.copy_action.setToolTip("Copy the marked rows, with the shown columns, as a table")
        self.copy_action.triggered.connect(self.copy)
        self.addAction(self.copy_action)
        self.column_menu = QMenu("Columns", self)
        for i, column in enumerate(COLUMNS):
            action = QAction(f"{column.hint}" if column.is_number else column.title, self.column_menu, checkable=True)
            action.setToolTip(column.hint)
            action.setData(i)
            action.setEnabled(i > 0)
            self.column_menu.addAction(action)
        self.column_menu.triggered.connect(self._on_column)
        self.column_menu.aboutToShow.connect(self._tick_columns)
        self.horizontalHeader().customContextMenuRequested.connect(self._on_heads_menu)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.rows.set_theme(theme)
        self.viewport().update()

    # -- columns -------------------------------------------------------------------------------------------------------

    def show_kinds(self, kinds: Iterable[str]) -> None:
        """Show the columns of the types that some curve holds, unless the user chose otherwise."""
        found = frozenset(kinds)
        if found != self._kinds:
            self._kinds = found
            self._show_columns()

    def choose_columns(self, chosen: dict[str, bool]) -> None:
        """Take up what the user chose earlier."""
        self._chosen_columns = dict(chosen)
        self._show_columns()

    @property
    def chosen_columns(self) -> dict[str, bool]:
        """What the user chose: shown or hidden, by the columns' keys."""
        return dict(self._chosen_columns)

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns that can be seen, from left to right."""
        heads = self.horizontalHeader()
        return tuple(COLUMNS[i] for i in map(heads.logicalIndex, range(len(COLUMNS))) if not self.isColumnHidden(i))

    def _show_columns(self) -> None:
        for i, column in enumerate(COLUMNS):
            by_itself = column.is_shown and (not column.kind or column.kind in self._kinds)
            self.setColumnHidden(i, not self._chosen_columns.get(column.key, by_itself) and i > 0)

    def _tick_columns(self) -> None:
        for action in self.column_menu.actions():
            action.setChecked(not self.isColumnHidden(action.data()))

    def _on_column(self, action: QAction) -> None:
        self._chosen_columns[COLUMNS[action.data()].key] = action.isChecked()
        self._show_columns()
        self.columns_changed.emit()

    def _on_heads_menu(self, at: Any) -> None:
        self.column_menu.popup(self.horizontalHeader().mapToGlobal(at))

    # -- rows ----------------------------------------------------------------------------------------------------------

    def shown_keys(self) -> tuple[int, ...]:
        """Keys of the rows that pass the filter, from top to bottom."""
        return tuple(self.filter.index(i, 0).data(KEY) for i in range(self.filter.rowCount()))

    def selected_keys(self) -> tuple[int, ...]:
        """Keys of the marked rows, from top to bottom."""
        return tuple(index.data(KEY) for index in sorted(self.selectionModel().selectedRows(), key=QModelIndex.row))

    def mark(self, keys: Iterable[int]) -> None:
        """Mark rows without saying so."""
        wanted = set(keys)
        if wanted == set(self.selected_keys()):
            return
        chosen = QItemSelection()
        for key in wanted:
            at = self.filter.mapFromSource(self.rows.place(key))
            if at.isValid():
                chosen.select(at, at)
        flags = QItemSelectionModel.SelectionFlag
        self._quiet = True
        self.selectionModel().select(chosen, flags.ClearAndSelect | flags.Rows)
        self._quiet = False

    def make_current(self, key: int | None) -> None:
        """Mark the row that is shown, without saying so."""
        at = self.filter.mapFromSource(self.rows.place(key)) if key is not None else QModelIndex()
        if at == self.currentIndex() or (at.isValid() and at.row() == self.currentIndex().row()):
            return
        flags = QItemSelectionModel.SelectionFlag
        self._quiet = True
        self.selectionModel().setCurrentIndex(at, flags.ClearAndSelect | flags.Rows)
        self._quiet = False

    def table_text(self) -> str:
        """Return the marked rows, or all that are shown, as lines of cells separated by tabs, with a head."""
        columns = self.shown_columns
        keys = self.selected_keys() or self.shown_keys()
        lines = [line for line in map(self.rows.line, keys) if line is not None]
        cells = [[column.title for column in columns], *([column.text(line) for column in columns] for line in lines)]
        return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in cells) + "\n"

    @Slot()
    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.table_text())

    def take_out(self, keys: Iterable[int]) -> None:
        """Remove rows without saying that something else is marked then."""
        self._quiet = True
        with QSignalBlocker(self):
            self.rows.remove(keys)
        self._quiet = False

    def _on_selection(self) -> None:
        if not self._quiet:
            self.marked.emit(self.selected_keys())

    def _on_current(self, index: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self.chosen.emit(index.data(KEY))
