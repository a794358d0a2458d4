"""Axes in nm along the edges of a box, painted over a picture of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.curve import Array
from lnpgui.view3d.subject import Box

Project = Callable[[Array], Array]
"""Takes points [nm], shape (n, 3), and returns pixels from the upper left, shape (n, 2)."""

LEAST_PIXELS = 48
"""An edge that is seen shorter than this has no ticks."""
BETWEEN_TICKS = 34
TICK = 5
TEXT = 19


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of the box as it is seen, and the direction away from the middle."""

    name: str
    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    first: QPointF
    last: QPointF
    outwards: QPointF


def nice_step(most: float) -> float:
    """Smallest of 1, 2 and 5 times powers of ten that is not below *most*."""
    if not (math.isfinite(most) and most > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= most * (1 - 1e-9))


def ticks(low: float, high: float, pixels: float) -> list[float]:
    """Return the round values [nm] from *low* to *high* that find room on so many pixels."""
    if not high > low or pixels < 1:
        return []
    step = nice_step((high - low) * BETWEEN_TICKS / pixels)
    return [step * n for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def outer_edges(box: Box, project: Project) -> Iterator[Edge]:
    """Yield, for each of x, y and z, the edge of the box that lies lowest (x, y) or furthest left (z) in the picture."""
    ends = (box.low, box.high)
    middle = project(np.array([box.middle]))[0]
    for axis, name in enumerate("xyz"):
        found = []
        for i, j in itertools.product((0, 1), repeat=2):
            corner = [0.0, 0.0, 0.0]
            others = [a for a in range(3) if a != axis]
            corner[others[0]], corner[others[1]] = ends[i][others[0]], ends[j][others[1]]
            corners = np.array([corner, corner])
            corners[0, axis], corners[1, axis] = box.low[axis], box.high[axis]
            first, last = project(corners)
            centre = (first + last) / 2
            found.append((centre[0] if name == "z" else -centre[1], corners, first, last, centre - middle))
        _, corners, first, last, away = min(found, key=lambda item: item[0])
        size = float(np.hypot(*away)) or 1.0
        begin, end = (tuple(map(float, corner)) for corner in corners)
        yield Edge(name, begin, end, QPointF(*first), QPointF(*last), QPointF(*(away / size)))  # type: ignore[arg-type]


def draw_box_axes(painter: QPainter, box: Box, project: Project, line: str, text: str) -> None:
    """Draw an axis with ticks in nm along one edge of the box for each of x, y and z."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPointSizeF(8.0)
    painter.setFont(font)
    for axis, edge in enumerate(outer_edges(box, project)):
        along = edge.last - edge.first
        length = math.hypot(along.x(), along.y())
        if length < LEAST_PIXELS:
            continue
        painter.setPen(QPen(QColor(line), 1.2))
        painter.drawLine(edge.first, edge.last)
        low, high = box.low[axis], box.high[axis]
        away = _across(along / length, edge.outwards)
        for value in ticks(low, high, length):
            place = edge.first + along * ((value - low) / (high - low))
            painter.setPen(QPen(QColor(line), 1.2))
            painter.drawLine(place, place + away * TICK)
            painter.setPen(QColor(text))
            _write(painter, place + away * TEXT, f"{value:g}".replace("-", "−"))
        painter.setPen(QColor(text))
        _write(painter, edge.first + along * 0.5 + away * (2.1 * TEXT + 16 * abs(away.x())), f"{edge.name}, nm")


def _across(direction: QPointF, outwards: QPointF) -> QPointF:
    """Unit vector across *direction*, on the side of *outwards*."""
    across = QPointF(-direction.y(), direction.x())
    return across if QPointF.dotProduct(across, outwards) >= 0 else -across


def _write(painter: QPainter, centre: QPointF, words: str) -> None:
    painter.drawText(QRectF(centre.x() - 30, centre.y() - 9, 60, 18), Qt.AlignmentFlag.AlignCenter, words)
