"""What is drawn over a picture of a particle: a scale bar in nm, and which way the axes point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

MARGIN = 10


def bar_length(nm_per_pixel: float, width: int) -> float:
    """Length [nm] of 1, 2 or 5 times a power of ten that takes up to a quarter of *width* pixels."""
    most = nm_per_pixel * width / 4
    if not (math.isfinite(most) and most > 0):
        return 0.0
    power = 10.0 ** math.floor(math.log10(most))
    return max(n * power for n in (1, 2, 5) if n * power <= most * (1 + 1e-9))


def draw_scale_bar(painter: QPainter, size: QSize, nm_per_pixel: float, colour: str) -> None:
    """Draw a scale bar in the lower left corner."""
    length = bar_length(nm_per_pixel, size.width())
    if length <= 0:
        return
    pixels = length / nm_per_pixel
    y = size.height() - MARGIN - 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 2))
    painter.drawLine(QPointF(MARGIN, y), QPointF(MARGIN + pixels, y))
    for x in (MARGIN, MARGIN + pixels):
        painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 3))
    height = painter.fontMetrics().height()
    painter.drawText(QRectF(MARGIN, y - 5 - height, max(pixels, 80), height), Qt.AlignmentFlag.AlignLeft, f"{length:g} nm")


def draw_axes(painter: QPainter, size: QSize, directions: Sequence[tuple[str, float, float]], colour: str) -> None:
    """Draw axes in the lower right corner; each is a name and its direction to the right and up, at most 1 long."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    reach = 20
    centre = QPointF(size.width() - MARGIN - reach - 6, size.height() - MARGIN - reach - 6)
    painter.setPen(QPen(QColor(colour), 1.6))
    for name, right, up in directions:
        tip = centre + QPointF(right * reach, -up * reach)
        painter.drawLine(centre, tip)
        if math.hypot(right, up) > 0.25:
            label = tip + QPointF(right, -up) * (10 / math.hypot(right, up))  # beyond the tip, however short the axis looks
            painter.drawText(QRectF(label.x() - 8, label.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, name)
