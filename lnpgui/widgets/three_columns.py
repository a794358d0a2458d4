"""A panel of columns side by side whose widths the user sets and finds again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

MARGIN = 8


class ThreeColumns(QWidget):
    """A view of three columns; call :meth:`set_columns` once."""

    def set_columns(self, columns: Sequence[QWidget], widths: Sequence[int], grow: Sequence[bool]) -> None:
        """Put *columns* side by side with these first *widths*; those that *grow* take what room there is more."""
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._columns.setChildrenCollapsible(False)
        for place, (column, grows) in enumerate(zip(columns, grow, strict=True)):
            self._columns.addWidget(column)
            self._columns.setStretchFactor(place, int(grows))
        self._columns.setSizes(list(widths))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        outer.addWidget(self._columns)

    def layout_state(self) -> QByteArray:
        """Return the widths of the columns, to be kept."""
        return self._columns.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Take up widths kept earlier."""
        self._columns.restoreState(state)
