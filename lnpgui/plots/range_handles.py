"""Two handles on a plot that mark the first and the last q that are judged."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Signal

from lnpgui.plots.representation import Representation
from lnpgui.theme import Theme

NEAR_END = 0.01
"""A handle let go within this share of the axis of the curve's end marks the end."""

QRange = tuple[float, float]


class RangeHandles(QObject):
    """Keeps two lines in order, within the curve; speaks in q."""

    moved = Signal(float, float)  # while a handle is dragged
    released = Signal(object)  # QRange, or None when both mark the ends of the curve

    def __init__(self, plot: pg.PlotItem, representation: Representation, parent: QObject) -> None:
        super().__init__(parent)
        self._representation = representation
        self._ends: QRange | None = None
        self._quiet = False
        self.lines = tuple(pg.InfiniteLine(angle=90, movable=True) for _ in range(2))
        for line in self.lines:
            line.setZValue(20)
            line.setCursor(Qt.CursorShape.SizeHorCursor)
            line.addMarker("<|>", position=0.03, size=11)
            plot.addItem(line, ignoreBounds=True)
            line.sigDragged.connect(self._on_dragged)
            line.sigPositionChangeFinished.connect(self._on_released)

    @property
    def value(self) -> QRange:
        """Marked first and last q [1/nm]."""
        first, last = sorted(self._representation.q_at(float(line.value())) for line in self.lines)
        return first, last

    def place(self, representation: Representation, ends: QRange | None, marked: QRange | None) -> None:
        """Stand at *marked*, or at the *ends* of the curve; without a curve nowhere."""
        import numpy as np

        self._representation, self._ends = representation, ends
        for line in self.lines:
            line.setVisible(ends is not None)
        if ends is None:
            return
        marked = marked or ends
        inside = np.clip(np.asarray(marked, dtype=float), *ends)
        positions = representation.x_of(inside)
        bounds = representation.x_of(np.asarray(ends, dtype=float))
        self._quiet = True
        for line, position in zip(self.lines, positions, strict=True):
            line.setBounds(tuple(float(b) for b in bounds))
            line.setValue(float(position))
        self._quiet = False

    def set_theme(self, theme: Theme, scale: float) -> None:
        """Use the colours of *theme*."""
        for line in self.lines:
            line.setPen(pg.mkPen(theme.accent, width=1.2 * scale, style=Qt.PenStyle.DashLine))
            line.setHoverPen(pg.mkPen(theme.accent, width=3 * scale))

    def _on_dragged(self, _: object) -> None:
        if not self._quiet:
            self.moved.emit(*self.value)

    def _on_released(self, _: object) -> None:
        if self._quiet or self._ends is None:
            return
        first, last = self.value
        if not first < last:
            self.released.emit(None)
            return
        import numpy as np

        at = self._representation.x_of(np.array([self._ends[0], first, last, self._ends[1]], dtype=float))
        near = NEAR_END * (at[3] - at[0])
        first = self._ends[0] if at[1] - at[0] < near else first
        last = self._ends[1] if at[3] - at[2] < near else last
        self.released.emit(None if (first, last) == self._ends else (first, last))
