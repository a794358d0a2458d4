"""Parts that pyqtgraph lacks: error bars that stay quick, and a logarithmic axis whose labels do not collide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath

from lnpgui.plots.representation import Points

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class ErrorBars(pg.GraphicsObject):  # type: ignore[misc]
    """Vertical bars from ``low`` to ``high`` of placed points, drawn as one path."""

    def __init__(self) -> None:
        super().__init__()
        self._pen = pg.mkPen("#888888")
        self._path = QPainterPath()
        self._bounds: tuple[tuple[float, float], tuple[float, float]] | None = None

    def set_points(self, points: Points | None) -> None:
        """Draw the bars of *points*; None removes them."""
        self.prepareGeometryChange()
        if points is None or points.low is None or points.high is None or points.x.size == 0:
            self._path, self._bounds = QPainterPath(), None
        else:
            ends = np.empty(2 * points.x.size)
            ends[0::2], ends[1::2] = points.low, points.high
            self._path = pg.arrayToQPath(np.repeat(points.x, 2), ends, connect="pairs")
            bottom = min(float(points.y.min()), float(np.median(points.low)))  # single deep bars do not set the range
            self._bounds = ((float(points.x.min()), float(points.x.max())), (bottom, float(points.high.max())))
        self.informViewBoundsChanged()
        self.update()

    def set_pen(self, pen: Any) -> None:
        """Draw with *pen*."""
        self._pen = pen
        self.update()

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[float | None, float | None]:
        """Range along one axis that auto-range shall show."""
        return (None, None) if self._bounds is None else self._bounds[axis]

    def pixelPadding(self) -> int:
        """Room for the pen."""
        return 2

    def boundingRect(self) -> QRectF:
        """Everything that is painted."""
        return self._path.boundingRect()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the bars."""
        painter.setPen(self._pen)
        painter.drawPath(self._path)


class DecadeAxis(pg.AxisItem):  # type: ignore[misc]
    """Axis whose positions are log10 of the value: whole decades, or 1-2-5 steps where few decades are in view."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.setStyle(maxTickLevel=1)
        self._is_linear = False

    def set_linear(self, linear: bool) -> None:
        """Take positions for values themselves, or for their logarithms."""
        self._is_linear = linear
        self.picture = None
        self.update()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Positions of labelled ticks, and of the small ones between."""
        if self._is_linear:
            levels: list[tuple[float, list[float]]] = super().tickValues(low, high, size)
            return levels[:1]
        low, high = sorted((low, high))
        if not (math.isfinite(low) and math.isfinite(high)) or high - low > 600:
            return []
        decades = high - low
        room = max(1.0, size / 45)  # a label needs about 45 pixels
        if decades < 0.35:
            values: list[tuple[float, list[float]]] = super().tickValues(low, high, size)
            return values[:1]
        every = max(1, math.ceil(decades / room))
        first = math.floor(low)
        whole = [float(k) for k in range(first, math.ceil(high) + 1)]
        major = [k for k in whole if k % every == 0]
        if decades < 2.2:
            major += [k + math.log10(m) for k in whole for m in (2, 5)]
        minor = [k + math.log10(m) for k in whole for m in range(2, 10)] if every == 1 else whole
        labelled = sorted(x for x in major if low <= x <= high)
        between = sorted(x for x in minor if low <= x <= high and not any(abs(x - y) < 1e-9 for y in labelled))
        return [(1.0, labelled), (0.1, between)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Label powers of ten as such and everything else in figures; ticks between stay bare."""
        if self._is_linear:
            return [_plain(value, spacing) for value in values]
        if spacing == 0.1:
            return [""] * len(values)
        figures = max(3, 1 - math.floor(math.log10(spacing))) if spacing < 0.1 else 3
        return [_label(v, figures) for v in values]


def _plain(value: float, spacing: float) -> str:
    """Figures as far as the spacing needs them, with a power of ten where that is shorter."""
    if abs(value) < 1e-9 * spacing:
        return "0"
    size = math.floor(math.log10(abs(value)))
    last = math.floor(math.log10(spacing) + 1e-9)
    if abs(spacing / 10.0**last - round(spacing / 10.0**last)) > 1e-6:
        last -= 1
    figures = max(1, size - last + 1)
    if -4 < size < 5:
        return f"{value:.{max(0, figures - size - 1)}f}"
    return f"{value / 10.0**size:.{figures - 1}f}·10" + str(size).translate(_SUPERSCRIPT)


def _label(exponent: float, figures: int = 3) -> str:
    whole = round(exponent)
    if abs(exponent - whole) < 1e-9 and not -2 <= whole <= 2:
        return "10" + str(whole).translate(_SUPERSCRIPT)
    if -3 < exponent < 4:
        return f"{10**exponent:.{figures}g}"
    return f"{10 ** (exponent - math.floor(exponent)):.{figures}g}·10" + str(math.floor(exponent)).translate(_SUPERSCRIPT)
