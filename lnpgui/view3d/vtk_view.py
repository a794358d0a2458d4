"""A widget that shows an off-screen VTK render window as an image.

No native child window: it works on every platform plugin of Qt, clips and stacks like any other widget, and ends when told to.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")  # before VTK tries an X server that is not there

import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the OpenGL classes
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkCommonCore import vtkLogger, vtkUnsignedCharArray
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from lnpgui.view3d.errors import NoOpenGL

Overlay = Callable[[QPainter, QSize], None]
"""Draws over the picture; told the size of the widget."""

_log = logging.getLogger(__name__)
_TURN = 7.5  # [degrees] of one arrow key
_ZOOM = 1.12


def make_render_window() -> Any:
    """Return an off-screen window.

    Raises
    ------
    NoOpenGL
        If this machine has no OpenGL that VTK can use. (Rendering all the same would end the process.)
    """
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # a machine without OpenGL is told in a sentence, not by a page of warnings
    try:
        window = vtkRenderWindow()
        window.SetOffScreenRendering(1)
        window.SetMultiSamples(0)
        is_usable = window.GetClassName() != "vtkOSOpenGLRenderWindow" and window.SupportsOpenGL()
    finally:
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_INFO)  # as it begins
    if not is_usable:
        _log.warning("No OpenGL: particles are shown as slices.")
        raise NoOpenGL("This machine offers no OpenGL.")
    return window


class VtkView(QWidget):
    """Paints a render window, passes mouse and keys on to it, and releases it in :meth:`shut_down`."""

    dragged = Signal(bool)  # a drag of the mouse has begun, or ended

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(60, 60)
        self.overlays: list[Overlay] = []
        self._image: QImage | None = None
        self._is_stale = True
        self._is_dead = False
        self._pixels: Any = vtkUnsignedCharArray()
        self._last = QPointF()
        self._window = make_render_window()
        self._timer = QTimer(self, interval=10)
        self._timer.timeout.connect(self._on_timer)
        self._interactor = self._make_interactor()

    def _make_interactor(self) -> Any:  # VTK's type hints know neither event names nor None
        interactor: Any = vtkGenericRenderWindowInteractor()
        interactor.SetRenderWindow(self._window)
        interactor.SetInteractorStyle(vtkInteractorStyleTrackballCamera())
        interactor.EnableRenderOff()  # VTK never renders by itself, it asks
        self._observers = [
            interactor.AddObserver("RenderEvent", lambda *_: self.schedule()),
            interactor.AddObserver("CreateTimerEvent", lambda *_: self._timer.start()),
            interactor.AddObserver("DestroyTimerEvent", lambda *_: self._timer.stop()),
        ]
        interactor.Initialize()
        return interactor

    def add_renderer(self, renderer: vtkRenderer) -> None:
        """Show what *renderer* holds."""
        self._window.AddRenderer(renderer)
        self.schedule()

    def schedule(self) -> None:
        """Render before the next paint; any number of calls until then cost one rendering."""
        self._is_stale = True
        self.update()

    def render(self) -> QImage:  # type: ignore[override]
        """Render now and return the picture."""
        scale = self.devicePixelRatioF()
        self._image = self._read(max(1, round(self.width() * scale)), max(1, round(self.height() * scale)), scale)
        self._is_stale = False
        return self._image

    def _read(self, width: int, height: int, scale: float) -> QImage:
        if tuple(self._window.GetSize()) != (width, height):
            self._window.SetSize(width, height)
            self._interactor.SetSize(width, height)
            self._window.SetDPI(round(72 * scale))
        self._window.Render()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, self._pixels, 0)
        image = QImage(memoryview(self._pixels), width, height, 3 * width, QImage.Format.Format_RGB888)
        image = image.flipped(Qt.Orientation.Vertical)
        image.setDevicePixelRatio(scale)
        return image

    def snapshot(self, density: float) -> QImage:
        """Return the picture anew with so many pixels per point of the screen, without what is painted over it."""
        size = max(1, round(self.width() * density)), max(1, round(self.height() * density))
        return self._read(*size, density)

    @property
    def interactor(self) -> Any:
        """What moves the camera and the widgets in the picture."""
        return self._interactor

    def shut_down(self) -> None:
        """Release everything, in the order VTK needs. Call it from the main window's closeEvent; more than once does no harm."""
        if self._is_dead:
            return
        self._is_dead = True
        self._timer.stop()
        for observer in self._observers:  # they hold this widget, and it holds them
            self._interactor.RemoveObserver(observer)
        self._interactor.SetInteractorStyle(None)
        renderers = self._window.GetRenderers()
        while renderers.GetNumberOfItems():
            renderer = renderers.GetItemAsObject(0)
            renderer.RemoveAllViewProps()
            self._window.RemoveRenderer(renderer)
        self._window.Finalize()  # while its context exists
        self._interactor.SetRenderWindow(None)
        self.overlays.clear()
        self._image = None

    @property
    def is_alive(self) -> bool:
        """False when everything was released."""
        return not self._is_dead

    # -- Qt's events ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, rendered anew if needed."""
        if self._is_dead:
            return
        painter = QPainter(self)
        try:  # an exception that leaves a paint event can end the process
            image = self.render() if self._is_stale or self._image is None else self._image
            painter.drawImage(0, 0, image)
            for overlay in self.overlays:
                overlay(painter, self.size())
        except (RuntimeError, ValueError, TypeError, ArithmeticError):
            _log.exception("painting the 3-D view failed")
        finally:
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Render in the new size."""
        self.schedule()

    def changeEvent(self, event: QEvent) -> None:
        """Render anew on a screen of another density."""
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.schedule()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn, move or zoom."""
        self._tell_mouse(event.position(), event.modifiers())
        self.dragged.emit(True)
        match event.button():
            case Qt.MouseButton.LeftButton:
                self._interactor.LeftButtonPressEvent()
            case Qt.MouseButton.RightButton:
                self._interactor.RightButtonPressEvent()
            case Qt.MouseButton.MiddleButton:
                self._interactor.MiddleButtonPressEvent()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what a press began."""
        self._tell_mouse(event.position(), event.modifiers())
        match event.button():
            case Qt.MouseButton.LeftButton:
                self._interactor.LeftButtonReleaseEvent()
            case Qt.MouseButton.RightButton:
                self._interactor.RightButtonReleaseEvent()
            case Qt.MouseButton.MiddleButton:
                self._interactor.MiddleButtonReleaseEvent()
        self.dragged.emit(event.buttons() != Qt.MouseButton.NoButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, move or zoom."""
        self._tell_mouse(event.position(), event.modifiers())
        self._interactor.MouseMoveEvent()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self._tell_mouse(event.position(), event.modifiers())
        if event.angleDelta().y() > 0:
            self._interactor.MouseWheelForwardEvent()
        else:
            self._interactor.MouseWheelBackwardEvent()
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Tell VTK where the mouse came in."""
        self._last = QPointF(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn with the arrow keys, zoom with plus and minus."""
        turns = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        zooms = {Qt.Key.Key_Plus: _ZOOM, Qt.Key.Key_Minus: 1 / _ZOOM}
        key = Qt.Key(event.key())
        if key in turns:
            self.turn(*(_TURN * n for n in turns[key]))
        elif key in zooms:
            self.zoom(zooms[key])
        else:
            super().keyPressEvent(event)

    def turn(self, azimuth: float, elevation: float) -> None:
        """Move the camera round the particle [degrees]."""
        camera = self._renderer().GetActiveCamera()
        camera.Azimuth(azimuth)
        camera.Elevation(elevation)
        camera.OrthogonalizeViewUp()
        self._renderer().ResetCameraClippingRange()
        self.schedule()

    def zoom(self, factor: float) -> None:
        """Bring the particle nearer."""
        self._renderer().GetActiveCamera().Zoom(factor)
        self.schedule()

    def _renderer(self) -> Any:
        return self._window.GetRenderers().GetFirstRenderer()

    def _tell_mouse(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        self._last = QPointF(position)
        scale = self.devicePixelRatioF()
        pixel = QPoint(round(position.x() * scale), round((self.height() - 1 - position.y()) * scale))
        control, shift = bool(keys & Qt.KeyboardModifier.ControlModifier), bool(keys & Qt.KeyboardModifier.ShiftModifier)
        self._interactor.SetEventInformation(pixel.x(), pixel.y(), control, shift, "\0", 0, None)

    def _on_timer(self) -> None:
        self._interactor.TimerEvent()
