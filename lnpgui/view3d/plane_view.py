"""A plane through a particle or a map, in two dimensions: contrast as colour, axes in nm, the value under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.models.geometry import Body
from engine.models.voxel_map import VoxelMap
from engine.units import SLD_UNIT
from lnpgui.theme import Theme
from lnpgui.view3d.axis import Axis
from lnpgui.view3d.contrast_colours import rgba
from lnpgui.view3d.nm_axes import ticks
from lnpgui.view3d.overlay import draw_scale_bar
from lnpgui.view3d.subject import BodySubject, Box, MapSubject, Subject

PIXELS = 480
"""Pixels of the plane along its longer side."""

AROUND = 1.08
LEFT, BOTTOM, EDGE = 58, 44, 12
SEEN = {Axis.X: (1, 2), Axis.Y: (0, 2), Axis.Z: (0, 1)}
"""Axes to the right and upwards in a plane across each axis."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the plane lies in the widget: its rectangle, and the nm at its lower left corner and per pixel."""

    rect: QRectF
    low: tuple[float, float]
    nm_per_pixel: float

    def nm(self, place: QPointF) -> tuple[float, float]:
        """Return what a pixel shows [nm]."""
        right = self.low[0] + (place.x() - self.rect.left()) * self.nm_per_pixel
        return right, self.low[1] + (self.rect.bottom() - place.y()) * self.nm_per_pixel


class PlaneView(QWidget):
    """Shows a plane across one of the axes."""

    explanation = "This machine offers no OpenGL, so the particle is shown as slices only."
    pointed = Signal(str)  # what is under the mouse

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subject: Subject | None = None
        self._axis, self._position = Axis.Y, 0.0
        self._image: QImage | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(120, 120)
        self.setAccessibleName("Slice through the particle")

    @property
    def position(self) -> float:
        """Where the plane lies [nm]."""
        return self._position

    def show_body(self, body: Body | None) -> None:
        """Show *body*; None empties the picture."""
        self._show(BodySubject(body) if body is not None and body.pieces else None)

    def show_map(self, voxels: VoxelMap | None) -> None:
        """Show a voxel map, voxel by voxel."""
        self._show(None if voxels is None else MapSubject(voxels))

    def _show(self, subject: Subject | None) -> None:
        self._subject = subject
        self._paint_plane()

    def set_plane(self, axis: Axis, position: float) -> None:
        """Lie across *axis* at *position* [nm] on it."""
        self._axis, self._position = axis, position
        self._paint_plane()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.update()

    @property
    def is_alive(self) -> bool:
        """There is nothing that could be released."""
        return True

    def shut_down(self) -> None:
        """Nothing to do: there is nothing to release."""

    def _paint_plane(self) -> None:
        """Paint the plane anew when it is next seen."""
        self._image = None
        self.update()

    def frame(self, size: QSize) -> Frame | None:
        """Return where the plane is drawn in a picture of *size*; None where there is none."""
        if self._subject is None:
            return None
        box, (right, up) = self._subject.box, SEEN[self._axis]
        width, height = AROUND * box.size[right], AROUND * box.size[up]
        room_x, room_y = max(1, size.width() - LEFT - EDGE), max(1, size.height() - BOTTOM - EDGE)
        nm_per_pixel = max(width / room_x, height / room_y, 1e-9)
        across, along = width / nm_per_pixel, height / nm_per_pixel
        rect = QRectF(LEFT + (room_x - across) / 2, EDGE + (room_y - along) / 2, across, along)
        return Frame(rect, (box.middle[right] - width / 2, box.middle[up] - height / 2), nm_per_pixel)

    # -- Qt's events ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the plane with its axes."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.plot))
        self._draw(painter, self.size())
        painter.end()

    def snapshot(self, density: float = 2.0, *, transparent: bool = False) -> QImage:
        """Return the picture with *density* pixels per point of the screen; without its ground where *transparent*."""
        image = QImage(self.size() * density, QImage.Format.Format_RGBA8888)
        image.setDevicePixelRatio(density)
        image.fill(QColor(0, 0, 0, 0) if transparent else QColor(self._theme.plot))
        painter = QPainter(image)
        self._draw(painter, self.size())
        painter.end()
        return image

    def _draw(self, painter: QPainter, size: QSize) -> None:
        frame = self.frame(size)
        if frame is None or self._subject is None:
            return
        if self._image is None:
            self._image = plane_image(self._subject, self._axis, self._position)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=isinstance(self._subject, BodySubject))
        painter.drawImage(frame.rect, self._image)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawRect(frame.rect)
        self._draw_axes(painter, frame)
        draw_scale_bar(painter, size, frame.nm_per_pixel, self._theme.text)

    def _draw_axes(self, painter: QPainter, frame: Frame) -> None:
        right, up = SEEN[self._axis]
        rect, unit = frame.rect, frame.nm_per_pixel
        painter.setPen(QColor(self._theme.text))
        font = painter.font()
        font.setPointSizeF(8.5)
        painter.setFont(font)
        for value in ticks(frame.low[0], frame.low[0] + rect.width() * unit, rect.width()):
            x = rect.left() + (value - frame.low[0]) / unit
            painter.drawLine(QPointF(x, rect.bottom()), QPointF(x, rect.bottom() + 4))
            painter.drawText(QRectF(x - 30, rect.bottom() + 4, 60, 16), Qt.AlignmentFlag.AlignCenter, _number(value))
        for value in ticks(frame.low[1], frame.low[1] + rect.height() * unit, rect.height()):
            y = rect.bottom() - (value - frame.low[1]) / unit
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.left() - 4, y))
            place = QRectF(rect.left() - 46, y - 8, 38, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _number(value))
        painter.drawText(QRectF(rect.left(), rect.bottom() + 20, rect.width(), 18), Qt.AlignmentFlag.AlignCenter, f"{'xyz'[right]}, nm")
        painter.save()
        painter.translate(rect.left() - 50, rect.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, -9, 120, 18), Qt.AlignmentFlag.AlignCenter, f"{'xyz'[up]}, nm")
        painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what is under the mouse."""
        self.pointed.emit(self.words_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Say nothing more."""
        self.pointed.emit("")

    def words_at(self, place: QPointF) -> str:
        """Return what lies under a pixel, in words."""
        frame = self.frame(self.size())
        if frame is None or self._subject is None or not frame.rect.contains(place):
            return ""
        right, up = SEEN[self._axis]
        point = [0.0, 0.0, 0.0]
        point[right], point[up] = frame.nm(place)
        point[self._axis.value] = self._position
        value = float(self._subject.contrast(*(np.array([p]) for p in point))[0])
        where = ", ".join(f"{name} {_number(round(p, 1))}" for name, p in zip("xyz", point, strict=True))
        if not np.isfinite(value):
            return f"{where} nm: solvent"
        region = self._subject.name(point[0], point[1], point[2])
        return f"{where} nm: {region + ', ' if region else ''}{_number(value)} {SLD_UNIT}"


def plane_image(subject: Subject, axis: Axis, position: float) -> QImage:
    """Return the plane as a picture, transparent in the solvent."""
    box, (right, up) = subject.box, SEEN[axis]
    width, height = AROUND * box.size[right], AROUND * box.size[up]
    step = max(width, height) / PIXELS
    across, along = max(2, round(width / step)), max(2, round(height / step))
    points = [np.full((along, across), position) for _ in range(3)]
    points[right][:] = _line(box, right, width, across)
    points[up][:] = _line(box, up, height, along)[::-1, None]
    pixels = rgba(subject.contrast(*points), subject.end)
    return QImage(pixels.data, across, along, 4 * across, QImage.Format.Format_RGBA8888).copy()


def _line(box: Box, axis: int, length: float, count: int) -> np.ndarray:
    return box.middle[axis] - length / 2 + (np.arange(count) + 0.5) / count * length


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
