"""The 3-D picture of one particle or map: owns the renderer and its life."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget
from vtkmodules.vtkRenderingCore import vtkRenderer

from engine.curve import Array
from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.voxel_map import VoxelMap
from lnpgui.theme import Theme
from lnpgui.view3d.axis import Axis
from lnpgui.view3d.clip_plane import ClipPlane
from lnpgui.view3d.contrast_colours import Rgb, colours
from lnpgui.view3d.cut import Cut
from lnpgui.view3d.nm_axes import draw_box_axes
from lnpgui.view3d.overlay import draw_axes, draw_scale_bar
from lnpgui.view3d.particle_actor import particle_actors
from lnpgui.view3d.subject import BodySubject, MapSubject, Subject, coarser
from lnpgui.view3d.transparency import see_through
from lnpgui.view3d.voxel_actors import MOST_VOXELS, surface_actors, volume_actor
from lnpgui.view3d.vtk_view import VtkView

ELEVATION = 18.0
AROUND = 1.12
"""Height of the picture over the length of the particle."""
AXES_MARGIN = (84, 54)
"""Pixels left free at either side, and above and below, where axes in nm stand around it."""


class Look(Enum):
    """How a particle is drawn."""

    SURFACES = auto()
    VOLUME = auto()


class ParticleScene(QWidget):
    """Shows one body or voxel map, cut open."""

    rendered = Signal(float)  # seconds the last change took to build
    clip_moved = Signal()  # by the mouse

    explanation = ""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subject: Subject | None = None
        self._voxels: VoxelMap | None = None  # of the same particle, for the volume
        self._tint: Mapping[str, Rgb] = {}
        self._cut = Cut.QUARTER
        self._look = Look.SURFACES
        self._has_axes = False
        self._is_moving = False
        self._actors: list[Any] = []
        self._clip: ClipPlane | None = None
        self._view = VtkView()
        self._view.setAccessibleName("Particle in three dimensions")
        self._view.setToolTip("Drag or arrow keys to turn, wheel or + and − to zoom, Shift and drag to move")
        self._view.overlays.append(self._draw_overlay)
        self._view.dragged.connect(self.set_moving)
        self._renderer = vtkRenderer()
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

    def show_body(
        self, body: Body | None, tint: Mapping[str, Rgb] | None = None, *, voxels: VoxelMap | None = None, keep_view: bool = False
    ) -> None:
        """Show *body* with its regions in the colours *tint* (by their contrast when not given); None empties the picture.

        Its *voxels* are needed only where it is seen as a volume. With *keep_view* it is seen from where the user looked at the one before.
        """
        self._tint = tint or (colours(body.contrasts) if body is not None else {})
        self._show(BodySubject(body) if body is not None and body.pieces else None, voxels, keep_view=keep_view)

    def show_map(self, voxels: VoxelMap | None, *, keep_view: bool = False) -> None:
        """Show a voxel map; a large one coarser than it is."""
        drawn = None if voxels is None else coarser(voxels, MOST_VOXELS)
        self._show(None if voxels is None else MapSubject(voxels), drawn, keep_view=keep_view)

    def _show(self, subject: Subject | None, voxels: VoxelMap | None, *, keep_view: bool) -> None:
        keep_view = keep_view and bool(self._actors)
        self._subject, self._voxels = subject, voxels
        if self._clip is not None and subject is not None:
            self._clip.place(subject, keep=keep_view)
        self._build()
        if keep_view and self._actors:
            self._fill_frame()
            self._renderer.ResetCameraClippingRange()
        else:
            self.reset_view()

    def set_cut(self, cut: Cut) -> None:
        """Take another part of the body away; a clip plane takes its place while it is on."""
        self._cut = cut
        self._build()

    def set_look(self, look: Look) -> None:
        """Draw surfaces, or all of it as a translucent volume (of a body if its voxels are there)."""
        self._look = look
        self._build()

    def set_axes(self, *, on: bool) -> None:
        """Draw axes in nm around the particle, or only a scale bar."""
        self._has_axes = on
        if self._actors:
            self._fill_frame()
        self._view.schedule()

    @Slot(bool)
    def set_moving(self, moving: bool) -> None:
        """Draw quicker and a little coarser while the mouse moves the picture, and at its best once it rests."""
        self._is_moving = moving
        self._choose_quality()
        self._view.schedule()

    def _choose_quality(self) -> None:
        is_volume = self._look is Look.VOLUME and self._voxels is not None
        self._renderer.SetUseFXAA(not (self._is_moving or is_volume))
        if is_volume and self._voxels is not None and self._actors:
            mapper = self._actors[0].GetMapper()
            mapper.SetImageSampleDistance(2.0 if self._is_moving else 1.0)
            mapper.SetSampleDistance(self._voxels.spacing * (2.0 if self._is_moving else 1.0))

    # -- the clip plane ------------------------------------------------------------------------------------------------

    @property
    def clip(self) -> ClipPlane | None:
        """The clip plane, once there was one."""
        return self._clip

    def set_clip(self, *, on: bool) -> None:
        """Cut the picture open with a plane that the mouse moves, or don't."""
        if self._clip is None:
            if not on or not self._view.is_alive:
                return
            self._clip = ClipPlane(self._view.interactor, self._on_clip_moved)
            self._colour_clip()
            if self._subject is not None:
                self._clip.place(self._subject, keep=False)
        self._clip.switch(on=on)
        self._build()

    def set_clip_plane(self, axis: Axis, position: float) -> None:
        """Lay the clip plane across *axis* at *position* [nm]."""
        if self._clip is not None:
            self._clip.set_plane(axis, position)
            self._renderer.ResetCameraClippingRange()
            self._view.schedule()

    def _on_clip_moved(self) -> None:
        self._view.schedule()
        self.clip_moved.emit()

    def _colour_clip(self) -> None:
        if self._clip is not None:
            line = QColor(self._theme.accent)
            self._clip.set_colour((line.redF(), line.greenF(), line.blueF()))

    # -- the picture ---------------------------------------------------------------------------------------------------

    def snapshot(self, density: float = 2.0, *, transparent: bool = False) -> QImage:
        """Return the picture, without handles, with *density* pixels per point of the screen; without ground where *transparent*."""
        self._show_handles(shown=False)
        if transparent:
            self._renderer.UseFXAAOff()  # it smooths towards the ground
            image = see_through(*(self._on_ground(QColor(ground), density) for ground in ("black", "white")))
            self._choose_quality()
        else:
            image = self._view.snapshot(density)
        self._show_handles(shown=True)
        self.set_theme(self._theme)
        image.setDevicePixelRatio(density)
        painter = QPainter(image)
        for overlay in self._view.overlays:
            overlay(painter, self._view.size())
        painter.end()
        self._view.schedule()
        return image

    def _show_handles(self, *, shown: bool) -> None:
        if self._clip is not None and self._clip.is_on:
            self._clip.show_handles(shown=shown)

    def _on_ground(self, ground: QColor, density: float) -> QImage:
        self._renderer.SetBackground(ground.redF(), ground.greenF(), ground.blueF())
        return self._view.snapshot(density)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        ground = QColor(theme.plot)
        self._renderer.SetBackground(ground.redF(), ground.greenF(), ground.blueF())
        self._colour_clip()
        self._view.schedule()

    def reset_view(self) -> None:
        """Look at the cut from the front and a little from above, with everything in view."""
        camera = self._renderer.GetActiveCamera()
        x, y, z = (0.0, 0.0, 0.0) if self._subject is None else self._subject.box.middle
        camera.SetFocalPoint(x, y, z)
        camera.SetPosition(x, y - 1, z)
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
        if self._subject is None:
            return
        across_x, across_y, along = self._subject.box.size
        across = max(across_x, across_y)
        width, height = max(1, self._view.width()), max(1, self._view.height())
        if self._has_axes:  # the box as it is first seen must leave room for the words
            tilt = math.radians(ELEVATION)
            tall = (along * math.cos(tilt) + across * math.sin(tilt)) * height / max(height - 2 * AXES_MARGIN[1], height / 4)
            wide = AROUND * across * height / max(width - 2 * AXES_MARGIN[0], width / 4)
        else:
            tall, wide = AROUND * along, AROUND * across / max(width / height, 0.1)
        self._renderer.GetActiveCamera().SetParallelScale(max(tall, wide) / 2)

    def resizeEvent(self, event: object) -> None:
        """Keep the particle in the frame."""
        if self._actors:
            self._fill_frame()

    @property
    def view(self) -> VtkView:
        """The widget that paints what VTK draws."""
        return self._view

    @property
    def is_alive(self) -> bool:
        """False when everything was released."""
        return self._view.is_alive

    def shut_down(self) -> None:
        """Release everything that is VTK's."""
        if self._clip is not None:
            self._clip.shut_down()
            self._clip = None
        self._view.shut_down()
        self._actors.clear()

    def _build(self) -> None:
        began = time.perf_counter()
        for actor in self._actors:
            self._renderer.RemoveViewProp(actor)
        self._actors = [] if self._subject is None else self._make_actors(self._subject)
        for actor in self._actors:
            self._renderer.AddViewProp(actor)
        self._choose_quality()
        self._renderer.ResetCameraClippingRange()
        self._view.schedule()
        self.rendered.emit(time.perf_counter() - began)

    def _make_actors(self, subject: Subject) -> list[Any]:
        clip = self._clip if self._clip is not None and self._clip.is_on else None
        if self._look is Look.VOLUME and self._voxels is not None:
            actors: list[Any] = [volume_actor(self._voxels, subject.end)]
        elif isinstance(subject, BodySubject):
            actors = list(particle_actors(subject.body, Cut.WHOLE if clip else self._cut, self._tint))
        else:
            actors = [] if self._voxels is None else list(surface_actors(self._voxels, subject.end))
        if clip is not None:
            for actor in actors:
                actor.GetMapper().AddClippingPlane(clip.plane)
            if self._look is Look.SURFACES:
                actors.append(clip.actor)
        return actors

    def _draw_overlay(self, painter: QPainter, size: QSize) -> None:
        if not self._actors:
            return
        camera = self._renderer.GetActiveCamera()
        turned = camera.GetViewTransformMatrix()
        if self._has_axes and self._subject is not None:
            matrix = np.array([[turned.GetElement(i, j) for j in range(4)] for i in range(2)])
            scale = size.height() / (2 * camera.GetParallelScale())

            def project(points: Array) -> Array:
                seen = points @ matrix[:, :3].T + matrix[:, 3]
                return np.asarray(np.array([size.width() / 2, size.height() / 2]) + scale * seen * (1, -1))

            draw_box_axes(painter, self._subject.box, project, self._theme.muted, self._theme.text)
        else:
            draw_scale_bar(painter, size, 2 * camera.GetParallelScale() / max(1, size.height()), self._theme.text)
        axes = [(name, turned.GetElement(0, i), turned.GetElement(1, i)) for i, name in enumerate("xyz")]
        draw_axes(painter, size, axes, self._theme.muted)
