"""What lies under the mouse, and the point of the curve nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt, Signal

from engine.curve import Curve
from lnpgui.plots.representation import Representation
from lnpgui.theme import Theme


@dataclass(frozen=True, slots=True)
class Pointed:
    """A place on the plot [1/nm, unit of the file], and the nearest point of the curve; sigma is None where it has none."""

    q: float
    intensity: float
    point_q: float
    point_intensity: float
    point_sigma: float | None


class Crosshair(QObject):
    """Two lines through the mouse and a ring round the nearest point; the arrow keys go from point to point."""

    pointed = Signal(object)  # Pointed, or None

    def __init__(self, plot: pg.PlotItem, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot
        self._curve: Curve | None = None
        self._representation: Representation | None = None
        self._at: int | None = None
        self._lines = (pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0))
        self._ring = pg.ScatterPlotItem(size=12, brush=None)
        self._ring.setZValue(15)
        for item in (*self._lines, self._ring):
            item.hide()
            plot.addItem(item, ignoreBounds=True)

    def show_curve(self, curve: Curve | None, representation: Representation) -> None:
        """Read from *curve* from now on."""
        self._curve, self._representation = curve, representation
        self.leave()

    def set_theme(self, theme: Theme, scale: float) -> None:
        """Use the colours of *theme*."""
        for line in self._lines:
            line.setPen(pg.mkPen(theme.muted, width=0.8 * scale, style=Qt.PenStyle.DotLine))
        self._ring.setPen(pg.mkPen(theme.accent, width=1.6 * scale))

    def move(self, scene_position: QPointF) -> None:
        """Follow the mouse at a place of the scene."""
        if self._curve is None or self._representation is None or not self._plot.vb.sceneBoundingRect().contains(scene_position):
            self.leave()
            return
        place = self._plot.vb.mapSceneToView(scene_position)
        q = self._representation.q_at(place.x())
        self._at = int(np.argmin(np.abs(self._representation.x_of(self._curve.q) - place.x())))
        self._show(q, self._representation.intensity_at(q, place.y()), place.x(), place.y())

    def step(self, steps: int) -> None:
        """Go to the point *steps* further along the curve."""
        if self._curve is None or self._representation is None:
            return
        last = len(self._curve) - 1
        self._at = 0 if self._at is None else min(last, max(0, self._at + steps))
        q, intensity = float(self._curve.q[self._at]), float(self._curve.intensity[self._at])
        points = self._representation.points(self._curve.q[[self._at]], self._curve.intensity[[self._at]])
        x = float(self._representation.x_of(self._curve.q[[self._at]])[0])
        self._show(q, intensity, x, float(points.y[0]) if points.y.size else None)

    def leave(self) -> None:
        """Show nothing."""
        self._at = None
        for item in (*self._lines, self._ring):
            item.hide()
        self.pointed.emit(None)

    def _show(self, q: float, intensity: float, x: float, y: float | None) -> None:
        if self._curve is None or self._representation is None or self._at is None:
            return
        self._lines[0].setValue(x)
        self._lines[0].show()
        self._lines[1].setVisible(y is not None)
        if y is not None:
            self._lines[1].setValue(y)
        points = self._representation.points(self._curve.q[[self._at]], self._curve.intensity[[self._at]])
        self._ring.setData(points.x, points.y)
        self._ring.show()
        sigma = None if self._curve.sigma is None else float(self._curve.sigma[self._at])
        self.pointed.emit(Pointed(q, intensity, float(self._curve.q[self._at]), float(self._curve.intensity[self._at]), sigma))
