"""The 3-D picture of one particle: owns the renderer and its life."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget
from vtkmodules.vtkRenderingCore import vtkActor, vtkRenderer

from engine.models.geometry import Body, Ellipsoid, Piece
from lnpgui.theme import Theme
from lnpgui.view3d.contrast_colours import Rgb, colours
from lnpgui.view3d.cut import Cut
from lnpgui.view3d.overlay import draw_axes, draw_scale_bar
from lnpgui.view3d.particle_actor import particle_actors
from lnpgui.view3d.vtk_view import VtkView

ELEVATION = 18.0
AROUND = 1.12
"""Height of the picture over the length of the particle."""


class ParticleScene(QWidget):
    """Shows one body, cut open."""

    rendered = Signal(float)  # seconds the last change took to build

    explanation = ""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._body: Body | None = None
        self._tint: Mapping[str, Rgb] = {}
        self._cut = Cut.QUARTER
        self._actors: list[vtkActor] = []
        self._view = VtkView()
        self._view.setAccessibleName("Particle in three dimensions")
        self._view.setToolTip("Drag or arrow keys to turn, wheel or + and − to zoom, Shift and drag to move")
        self._view.overlays.append(self._draw_overlay)
        self._renderer = vtkRenderer()
        self._renderer.UseFXAAOn()
        self._renderer.GetActiveCamera().ParallelProjectionOn()  # lengths are true everywhere, so that a scale bar holds
        self._view.add_renderer(self._renderer)
        self.setFocusProxy(self._view)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._view)
        self.set_theme(theme)
        self._warm_up()

    def _warm_up(self) -> None:
        """Draw once unseen: the first picture compiles shaders, which shall not fall into somebody's work."""
        self.show_body(Body((Piece("core", (Ellipsoid(equatorial=1.0, polar=1.0),)),), {"core": 1.0}))
        self._view.render()
        self.show_body(None)

    def show_body(self, body: Body | None, tint: Mapping[str, Rgb] | None = None, *, keep_view: bool = False) -> None:
        """Show *body* with its regions in the colours *tint* (by their contrast when not given); None empties the picture.

        With *keep_view* it is seen from where the user looked at the one before.
        """
        keep_view = keep_view and bool(self._actors)
        self._body = body
        self._tint = tint or (colours(body.contrasts) if body is not None else {})
        self._build()
        if keep_view and self._actors:
            self._fill_frame()
            self._renderer.ResetCameraClippingRange()
        else:
            self.reset_view()

    def set_cut(self, cut: Cut) -> None:
        """Take another part of the body away."""
        self._cut = cut
        self._build()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        ground = QColor(theme.plot)
        self._renderer.SetBackground(ground.redF(), ground.greenF(), ground.blueF())
        self._view.schedule()

    def reset_view(self) -> None:
        """Look at the cut from the front and a little from above, with everything in view."""
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(0, -1, 0)
        camera.SetViewUp(0, 0, 1)
        self._renderer.ResetCamera()
        camera.Azimuth(-12)
        camera.Elevation(ELEVATION)
        camera.OrthogonalizeViewUp()
        if self._actors:
            self._fill_frame()
        self._renderer.ResetCameraClippingRange()
        self._view.schedule()

    def _fill_frame(self) -> None:
        """Zoom so that the box round the particle fills the picture."""
        x0, x1, y0, y1, z0, z1 = self._renderer.ComputeVisiblePropBounds()
        shape = self._view.width() / max(1, self._view.height())
        across = max(x1 - x0, y1 - y0)
        self._renderer.GetActiveCamera().SetParallelScale(AROUND * max(z1 - z0, across / max(shape, 0.1)) / 2)

    def resizeEvent(self, event: object) -> None:
        """Keep the particle in the frame."""
        if self._actors:
            self._fill_frame()

    @property
    def is_alive(self) -> bool:
        """False when everything was released."""
        return self._view.is_alive

    def shut_down(self) -> None:
        """Release everything that is VTK's."""
        self._view.shut_down()
        self._actors.clear()

    def _build(self) -> None:
        began = time.perf_counter()
        for actor in self._actors:
            self._renderer.RemoveActor(actor)
        self._actors = [] if self._body is None else particle_actors(self._body, self._cut, self._tint)
        for actor in self._actors:
            self._renderer.AddActor(actor)
        self._renderer.ResetCameraClippingRange()
        self._view.schedule()
        self.rendered.emit(time.perf_counter() - began)

    def _draw_overlay(self, painter: QPainter, size: QSize) -> None:
        if not self._actors:
            return
        camera = self._renderer.GetActiveCamera()
        draw_scale_bar(painter, size, 2 * camera.GetParallelScale() / max(1, size.height()), self._theme.text)
        turned = camera.GetViewTransformMatrix()
        axes = [(name, turned.GetElement(0, i), turned.GetElement(1, i)) for i, name in enumerate("xyz")]
        draw_axes(painter, size, axes, self._theme.muted)
