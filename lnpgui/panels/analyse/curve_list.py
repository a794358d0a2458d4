"""The list of curves: traffic light, name, and below it the result or what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lnpgui.theme import Theme, icon
from lnpgui.wording import Light, Row

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
EDGE, GAP, LIGHT_SIZE = 8, 2, 20
MOST_LINES = 3
MOST_KNOWN = 10_000
MANY_ROWS, LINES_OF_MANY = 100, 2
"""A longer list has rows of equal height: else it would measure all of them whenever one changes, which takes longer than a blink."""


class RowModel(QAbstractListModel):
    """The rows, found by their keys."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._places: dict[int, int] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of curves."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, tool tip, spoken text or the row itself."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return row.tooltip
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
        return row if role == ROW else None

    def add(self, rows: Iterable[Row], after: int | None = None) -> None:
        """Put rows behind the one with the key *after*, or at the end."""
        new = list(rows)
        place = len(self._rows) if after is None else self._places.get(after, -1) + 1
        self.beginInsertRows(QModelIndex(), place, place + len(new) - 1)
        self._rows[place:place] = new
        self._count()
        self.endInsertRows()

    def replace(self, row: Row) -> None:
        """Show *row* in place of the one with its key."""
        at = self.at(row.key)
        if at.isValid() and self._rows[at.row()] != row:
            self._rows[at.row()] = row
            self.dataChanged.emit(at, at)

    def remove(self, keys: Iterable[int]) -> None:
        """Take rows out; many at once, since one by one would take seconds."""
        gone = {key for key in keys if key in self._places}
        if len(gone) > MANY_ROWS:
            self.beginResetModel()
            self._rows = [row for row in self._rows if row.key not in gone]
            self._count()
            self.endResetModel()
            return
        for key in gone:
            at = self.at(key)
            self.beginRemoveRows(QModelIndex(), at.row(), at.row())
            del self._rows[at.row()]
            self._count()
            self.endRemoveRows()

    def at(self, key: int) -> QModelIndex:
        """Place of the row with *key*."""
        return self.index(self._places[key]) if key in self._places else QModelIndex()

    def _count(self) -> None:
        self._places = {row.key: place for place, row in enumerate(self._rows)}


class RowPainter(QStyledItemDelegate):
    """Draws a row in two paragraphs."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._lights: dict[Light, QIcon] = {light: icon(light.value, theme.muted) for light in Light}
        self._theme = theme
        self._known_lines: dict[str, int] = {}
        self._width = 0

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        row: Row = index.data(ROW)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        self._ground(painter, area, chosen, bool(state & QStyle.StateFlag.State_MouseOver))
        metrics = QFontMetrics(option.font)
        self._lights[row.light].paint(painter, QRect(area.x() + EDGE, area.y() + EDGE, LIGHT_SIZE, LIGHT_SIZE))
        text = area.adjusted(EDGE * 2 + LIGHT_SIZE, EDGE - 1, -EDGE, -EDGE)
        painter.setPen(QColor(self._theme.text))
        painter.setFont(_bold(option.font))
        name = QFontMetrics(painter.font()).elidedText(row.name, Qt.TextElideMode.ElideMiddle, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(option.font)
        painter.setPen(QColor(self._theme.error if row.light is Light.ERROR else self._theme.muted))
        below = text.adjusted(0, metrics.height() + GAP, 0, 0)
        room = max(1, min(MOST_LINES, below.height() // metrics.height()))
        painter.drawText(below, Qt.TextFlag.TextWordWrap, _shortened(row.detail, metrics, below.width(), room))
        painter.restore()

    def _ground(self, painter: QPainter, area: QRect, chosen: bool, hovered: bool) -> None:
        if chosen or hovered:
            colour = QColor(self._theme.accent)
            colour.setAlphaF(0.20 if chosen else 0.07)
            painter.fillRect(area, colour)
        if chosen:
            painter.fillRect(QRect(area.x(), area.y(), 3, area.height()), QColor(self._theme.accent))
        painter.setPen(QColor(self._theme.grid))
        painter.drawLine(area.bottomLeft(), area.bottomRight())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Height of a row: one line for the name, up to three for the rest."""
        row: Row = index.data(ROW)
        metrics = QFontMetrics(option.font)
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QListView) else 240
        inner = width - EDGE * 3 - LIGHT_SIZE
        equal = isinstance(view, QListView) and view.uniformItemSizes()
        lines = LINES_OF_MANY if equal else self._lines(row.detail, metrics, inner)
        return QSize(60, EDGE * 2 + metrics.height() * (1 + lines) + GAP)

    def _lines(self, text: str, metrics: QFontMetrics, width: int) -> int:
        """Lines that *text* needs; remembered, since a list asks for every row whenever one changes."""
        if width != self._width or len(self._known_lines) > MOST_KNOWN:
            self._known_lines.clear()
            self._width = width
        if text not in self._known_lines:
            self._known_lines[text] = _line_count(text, metrics, width)
        return self._known_lines[text]


def _bold(font: QFont) -> QFont:
    result = QFont(font)
    result.setWeight(QFont.Weight.DemiBold)
    return result


def _line_count(text: str, metrics: QFontMetrics, width: int) -> int:
    height = metrics.boundingRect(QRect(0, 0, max(width, 40), 10_000), Qt.TextFlag.TextWordWrap, text).height()
    return min(MOST_LINES, max(1, round(height / metrics.lineSpacing())))


def _shortened(text: str, metrics: QFontMetrics, width: int, lines: int) -> str:
    """Return *text* cut so that it fits the lines a row has; the whole of it is in the tool tip."""
    if metrics.horizontalAdvance(text) <= width * (1 if lines == 1 else lines * 0.9):
        return text
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(width * lines * 0.9))


class CurveList(QListView):
    """Shows rows; says which is current and which are to go."""

    chosen = Signal(object)  # key or None
    marked = Signal(object)  # tuple of keys
    remove_requested = Signal(object)  # tuple of keys

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = RowModel(self)
        self._painter = RowPainter(theme, self)
        self._quiet = False  # while the program, not the user, moves the current row
        self.setModel(self._rows)
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setAccessibleName("Curves")
        self.setToolTip("The curves with their verdicts; mark several with Ctrl or Shift to draw them over each other")
        self.setAccessibleDescription("Up and down choose a curve, Delete removes it, F5 analyses it again")
        self.selectionModel().currentChanged.connect(self._on_current)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._painter.set_theme(theme)
        self.viewport().update()

    def add(self, rows: Iterable[Row], after: int | None = None) -> None:
        """Put rows behind the one with the key *after*, or at the end."""
        new = list(rows)
        self.setUniformItemSizes(self._rows.rowCount() + len(new) > MANY_ROWS)
        self._rows.add(new, after)

    def replace(self, row: Row) -> None:
        """Show *row* in place of the one with its key."""
        self._rows.replace(row)

    def remove(self, keys: Iterable[int]) -> None:
        """Take rows out; which one is current then is for the owner to say."""
        current = self.currentIndex().data(ROW) if self.currentIndex().isValid() else None
        self._quiet = True
        self._rows.remove(keys)
        self.setUniformItemSizes(self._rows.rowCount() > MANY_ROWS)
        self._quiet = False
        if current is not None and not self.currentIndex().isValid():
            self.make_current(current.key)

    def rows(self) -> tuple[Row, ...]:
        """Return the rows as shown."""
        return tuple(self._rows.index(i).data(ROW) for i in range(self._rows.rowCount()))

    def make_current(self, key: int | None) -> None:
        """Mark the row with *key* as the shown one, without saying so."""
        at = self._rows.at(key) if key is not None else QModelIndex()
        if at == self.currentIndex():
            return
        self._quiet = True
        self.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._quiet = False

    def mark(self, keys: Iterable[int]) -> None:
        """Mark the rows with *keys* without saying so."""
        wanted = set(keys)
        if wanted == set(self.selected_keys()):
            return
        chosen = QItemSelection()
        for at in map(self._rows.at, wanted):
            chosen.select(at, at)
        self._quiet = True
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._quiet = False

    def selected_keys(self) -> tuple[int, ...]:
        """Keys of the marked rows, in the order of the list."""
        return tuple(index.data(ROW).key for index in sorted(self.selectedIndexes(), key=lambda index: index.row()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the rows wrap anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _on_current(self, index: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet:
            self.chosen.emit(index.data(ROW).key if index.isValid() else None)

    def _on_selection(self) -> None:
        if not self._quiet:
            self.marked.emit(self.selected_keys())
