"""The section of a particle in two dimensions, for machines without OpenGL."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.models.geometry import Body
from lnpgui.theme import Theme
from lnpgui.view3d.contrast_colours import Rgb, colours
from lnpgui.view3d.overlay import draw_axes, draw_scale_bar
from lnpgui.view3d.section import Extent, extent, region_labels

PIXELS = 480
"""Pixels of the picture along the longer side."""
AROUND = 1.16


class SliceView(QWidget):
    """Shows the plane that holds the axis, with the axis upwards."""

    explanation = "This machine offers no OpenGL, so the particle is shown as a slice through its axis."

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self._extent = Extent(0, 0, 0)
        self.setMinimumSize(60, 60)
        self.setAccessibleName("Slice through the particle")

    def show_body(self, body: Body | None, tint: Mapping[str, Rgb] | None = None, *, keep_view: bool = False) -> None:
        """Show *body* with its regions in the colours *tint* (by their contrast when not given); None empties the picture.

        A slice is always seen from the same side, so *keep_view* changes nothing.
        """
        self._image = None
        if body is not None and body.pieces:
            self._extent = extent(body)
            self._image = section_image(body, tint or colours(body.contrasts))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.update()

    def reset_view(self) -> None:
        """Nothing to do: a slice is always seen whole."""

    @property
    def is_alive(self) -> bool:
        """There is nothing that could be released."""
        return True

    def shut_down(self) -> None:
        """Nothing to do: there is nothing to release."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the slice with its scale bar."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.plot))
        if self._image is not None:
            size = self._extent
            nm_per_pixel = AROUND * max(size.length / max(1, self.height()), 2 * size.radius / max(1, self.width()))
            width, height = 2 * size.radius / nm_per_pixel, size.length / nm_per_pixel
            centre = QPointF(self.rect().center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height), self._image)
            draw_scale_bar(painter, self.size(), nm_per_pixel, self._theme.text)
            draw_axes(painter, self.size(), [("s", 1, 0), ("z", 0, 1)], self._theme.muted)
        painter.end()


def section_image(body: Body, tint: Mapping[str, Rgb]) -> QImage:
    """Return the plane that holds the axis as a picture, transparent in the solvent."""
    size = extent(body)
    step = max(size.length, 2 * size.radius) / PIXELS
    across, along = max(2, round(2 * size.radius / step)), max(2, round(size.length / step))
    s = (np.arange(across) + 0.5) / across * 2 * size.radius - size.radius
    z = size.high - (np.arange(along) + 0.5) / along * size.length
    labels = region_labels(body, *np.meshgrid(np.abs(s), z))
    palette = np.array([*((*tint[region], 255) for region in body.regions), (0, 0, 0, 0)], dtype=np.uint8)
    pixels = np.ascontiguousarray(palette[labels])
    return QImage(pixels.data, across, along, 4 * across, QImage.Format.Format_RGBA8888).copy()
