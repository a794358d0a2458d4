"""Further curves drawn over the shown one, each in a colour of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from engine.curve import Curve
from lnpgui.plots.representation import Representation
from lnpgui.theme import Theme

MOST_OVERLAYS = 20
"""More colours are not told apart, and more curves hide each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One further curve, and the factor by which it is multiplied where curves are brought to one scale."""

    name: str
    curve: Curve
    factor: float = 1.0


def colours(count: int, theme: Theme) -> tuple[str, ...]:
    """Return *count* colours that are told apart: hues a golden angle from each other, in two degrees of lightness."""
    light = (0.72, 0.9) if theme.is_dark else (0.42, 0.66)
    return tuple(pg.hsvColor((0.58 + 0.381966 * i) % 1.0, 0.85 if i % 2 == 0 else 0.7, light[i % 2]).name() for i in range(count))


class Overlays(pg.GraphicsObject):  # type: ignore[misc]
    """All overlays as one item, painted once and then copied until the view changes: dozens of thousands of points stay quick."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Overlay, ...] = ()
        self._layers: list[_Layer] = []
        self._samples: list[Any] = []
        self._bounds = QRectF()
        self.setZValue(-1)
        self.setCacheMode(self.CacheMode.DeviceCoordinateCache)

    @property
    def shown(self) -> tuple[Overlay, ...]:
        """What is drawn."""
        return self._shown

    @property
    def items(self) -> list[tuple[Any, str]]:
        """Samples and names, for the legend."""
        return [(sample, overlay.name) for sample, overlay in zip(self._samples, self._shown, strict=False)]

    def show_overlays(
        self, overlays: Sequence[Overlay], representation: Representation, theme: Theme, *, scaled: bool, dense: float
    ) -> None:
        """Draw *overlays* and nothing else, on a screen of *dense* pixels for each point."""
        self.prepareGeometryChange()
        self._shown = tuple(overlays[:MOST_OVERLAYS])
        tints = colours(len(self._shown), theme)
        self._layers, bounds = [], QRectF()
        while len(self._samples) < len(self._shown):
            self._samples.append(pg.ScatterPlotItem(size=6, pen=None))
        for sample, overlay, tint in zip(self._samples, self._shown, tints, strict=False):
            layer = _layer(overlay, representation, tint, scaled=scaled, dense=dense)
            self._layers.append(layer)
            sample.setBrush(pg.mkBrush(tint))
            bounds = bounds.united(layer.bounds)
        self._bounds = bounds
        self.informViewBoundsChanged()
        self.update()

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[float | None, float | None]:
        """Range along one axis that auto-range shall show."""
        if not self._layers or self._bounds.isNull():
            return None, None
        if axis == 0:
            return self._bounds.left(), self._bounds.right()
        return self._bounds.top(), self._bounds.bottom()

    def pixelPadding(self) -> int:
        """Room for the points."""
        return 4

    def boundingRect(self) -> QRectF:
        """Everything that is painted."""
        boxes = [self._bounds, *(layer.bars.boundingRect() for layer in self._layers)]
        whole = QRectF()
        for box in boxes:
            whole = whole.united(box)
        return whole

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the bars of all curves, then their points: small squares, which are drawn ten times as fast as discs."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for layer in self._layers:
            painter.setPen(layer.thin)
            painter.drawPath(layer.bars)
        to_pixels = painter.transform()
        painter.resetTransform()  # points stay square whatever the axes are
        for layer in self._layers:
            painter.setPen(layer.thick)
            painter.drawPoints(to_pixels.map(layer.dots))
        painter.setTransform(to_pixels)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """One overlay, ready to be painted."""

    dots: Any
    bars: QPainterPath
    bounds: QRectF
    thick: Any
    thin: Any


def _layer(overlay: Overlay, representation: Representation, tint: str, *, scaled: bool, dense: float) -> _Layer:
    factor = overlay.factor if scaled else 1.0
    curve = overlay.curve
    points = representation.points(curve.q, factor * curve.intensity, None if curve.sigma is None else factor * curve.sigma)
    bars = QPainterPath()
    if points.low is not None and points.high is not None and points.x.size:
        ends = np.empty(2 * points.x.size)
        ends[0::2], ends[1::2] = points.low, points.high
        bars = pg.arrayToQPath(np.repeat(points.x, 2), ends, connect="pairs")
    bounds = QRectF()
    if points.x.size:
        x, y = points.x, points.y
        bounds = QRectF(float(x.min()), float(y.min()), float(np.ptp(x)), float(np.ptp(y)))
    faint = pg.mkColor(tint)
    faint.setAlphaF(0.4)
    thick = pg.mkPen(tint, width=3 * dense)
    thick.setCapStyle(Qt.PenCapStyle.SquareCap)
    return _Layer(pg.functions.arrayToQPolygonF(points.x, points.y), bars, bounds, thick, pg.mkPen(faint, width=1))
