"""The scale of colours with its numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.units import SLD_UNIT
from lnpgui.theme import Theme
from lnpgui.view3d.contrast_colours import rgba
from lnpgui.view3d.nm_axes import nice_step

BAR = 11
SHADES = 256
BETWEEN_TICKS = 56


class ColourBar(QWidget):
    """Shows which contrast has which colour, lying."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._low, self._high, self._end = 0.0, 1.0, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"Contrast to the solvent [{SLD_UNIT}]")
        self.setAccessibleName("Scale of colours")
        self.set_range(1.0, is_signed=False)

    def sizeHint(self) -> QSize:
        """Room for the bar, the numbers and the unit."""
        return QSize(200, BAR + 2 * self.fontMetrics().height() + 4)

    def minimumSizeHint(self) -> QSize:
        """As high as it is."""
        return QSize(120, self.sizeHint().height())

    def set_range(self, end: float, *, is_signed: bool) -> None:
        """Show the colours up to *end* [1e-6/Å²], from its negative if there are contrasts below the solvent's."""
        self._end, self._high, self._low = end, end, -end if is_signed else 0.0
        self.setAccessibleDescription(f"From {self._low:g} to {self._high:g} {SLD_UNIT}")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.update()

    @property
    def ticks(self) -> list[float]:
        """Contrasts that are labelled."""
        step = nice_step((self._high - self._low) * BETWEEN_TICKS / max(1, self.width()))
        return [step * n for n in range(int(np.ceil(self._low / step - 1e-9)), int(np.floor(self._high / step + 1e-9)) + 1)]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bar, ticks and unit."""
        painter = QPainter(self)
        margin, line = 14, self.fontMetrics().height()
        bar = QRectF(margin, 0.5, self.width() - 2 * margin, BAR)
        pixels = rgba(np.linspace(self._low, self._high, SHADES), self._end)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, QImage(pixels.data, SHADES, 1, 4 * SHADES, QImage.Format.Format_RGBA8888))
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawRect(bar)
        painter.setPen(QColor(self._theme.text))
        for value in self.ticks:
            x = bar.left() + bar.width() * (value - self._low) / (self._high - self._low)
            painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
            painter.drawText(QRectF(x - 40, bar.bottom() + 2, 80, line), Qt.AlignmentFlag.AlignCenter, f"{value:g}".replace("-", "−"))
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(QRectF(0, bar.bottom() + line + 1, self.width(), line), Qt.AlignmentFlag.AlignCenter, f"contrast, {SLD_UNIT}")
        painter.end()
