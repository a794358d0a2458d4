"""A plane that cuts a picture open, moved by the mouse, with the section it makes painted on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkInteractionWidgets import vtkImplicitPlaneRepresentation, vtkImplicitPlaneWidget2
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from lnpgui.view3d.axis import Axis
from lnpgui.view3d.contrast_colours import rgba
from lnpgui.view3d.subject import Subject

PIXELS = 320
"""Pixels of the painted section along each edge."""

LARGER = 1.1
"""Edge of the frame in which the plane moves, over that of the particle."""

numpy_to_vtk: Any = numpy_support.numpy_to_vtk  # bears no types


class ClipPlane:
    """The plane, the handles to move it, and its painted section. Off until it is placed and switched on."""

    def __init__(self, interactor: Any, moved: Callable[[], None]) -> None:
        self.plane = vtkPlane()
        self.plane.SetNormal(*Axis.Y.normal)
        self.actor = vtkActor()
        self._moved = moved
        self._subject: Subject | None = None
        self._quad = vtkPlaneSource()
        self._texture = vtkTexture()
        self._make_actor()
        self._handles = vtkImplicitPlaneRepresentation()
        self._widget: Any = vtkImplicitPlaneWidget2()
        self._make_widget(interactor)

    def _make_actor(self) -> None:
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._quad.GetOutputPort())
        mapper.SetResolveCoincidentTopologyToPolygonOffset()
        self._texture.InterpolateOn()
        self.actor.SetMapper(mapper)
        self.actor.SetTexture(self._texture)
        self.actor.GetProperty().LightingOff()

    def _make_widget(self, interactor: Any) -> None:
        handles = self._handles
        handles.DrawPlaneOff()  # the section is there instead
        handles.OutlineTranslationOff()
        handles.ScaleEnabledOff()
        handles.OutsideBoundsOff()
        handles.SetPlaceFactor(LARGER)
        handles.SetHandleSize(8)
        handles.TubingOff()
        handles.GetEdgesProperty().SetLineWidth(2)
        handles.SetDrawOutline(0)  # the axes in nm stand there
        self._widget.SetInteractor(interactor)
        self._widget.SetRepresentation(handles)
        self._tag = self._widget.AddObserver("InteractionEvent", lambda *_: self._on_moved())

    @property
    def is_on(self) -> bool:
        """True while it cuts."""
        return bool(self._widget.GetEnabled())

    def along(self, axis: Axis) -> float:
        """Where the plane crosses the line along *axis* through the middle [nm]; the nearest end of the box where it does not."""
        normal, origin = np.array(self.plane.GetNormal()), np.array(self.plane.GetOrigin())
        if self._subject is None or abs(normal[axis.value]) < 1e-3:
            return float(origin[axis.value])
        middle = np.array(self._subject.box.middle)
        return float(middle[axis.value] + (origin - middle) @ normal / normal[axis.value])

    def switch(self, *, on: bool) -> None:
        """Cut, or don't."""
        if on and self._subject is not None:
            self._widget.On()
            self._read()
        elif not on:
            self._widget.Off()

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Draw the frame in *colour*."""
        self._handles.SetEdgeColor(*colour)
        for look in (self._handles.GetEdgesProperty(), self._handles.GetNormalProperty()):
            look.SetColor(*colour)

    def show_handles(self, *, shown: bool) -> None:
        """Draw the frame and the arrow, or don't; the plane cuts all the same."""
        self._handles.SetVisibility(int(shown))

    def place(self, subject: Subject, *, keep: bool) -> None:
        """Cut *subject*, from now on; where it did so before if *keep*, else across its middle."""
        origin, normal = self.plane.GetOrigin(), self.plane.GetNormal()
        self._subject = subject
        bounds = subject.box.bounds
        self._handles.PlaceWidget(list(bounds))
        middle = subject.box.middle
        inside = all(low <= x <= high for x, low, high in zip(origin, subject.box.low, subject.box.high, strict=True))
        self._put(origin if keep and inside else middle, normal)

    def set_plane(self, axis: Axis, position: float) -> None:
        """Lie across *axis* at *position* [nm] on it."""
        if self._subject is None:
            return
        origin = list(self._subject.box.middle)
        origin[axis.value] = position
        self._put((origin[0], origin[1], origin[2]), axis.normal)

    def _put(self, origin: tuple[float, float, float], normal: tuple[float, float, float]) -> None:
        self._handles.SetOrigin(*origin)
        self._handles.SetNormal(*normal)
        self._read()

    def _on_moved(self) -> None:
        self._read()
        self._moved()

    def _read(self) -> None:
        """Take the plane from the handles and paint its section."""
        self._handles.GetPlane(self.plane)
        if self._subject is not None:
            self._paint(self._subject)

    def _paint(self, subject: Subject) -> None:
        origin, normal = np.array(self.plane.GetOrigin()), np.array(self.plane.GetNormal())
        middle = np.array(subject.box.middle)
        centre = middle + normal * float((origin - middle) @ normal)
        u = np.cross(normal, (0.0, 0.0, 1.0) if abs(normal[2]) < 0.9 else (1.0, 0.0, 0.0))
        u /= np.linalg.norm(u)
        v = np.cross(normal, u)
        half = 0.5 * float(np.linalg.norm(subject.box.size))
        self._quad.SetOrigin(*(centre - half * (u + v)))
        self._quad.SetPoint1(*(centre + half * (u - v)))
        self._quad.SetPoint2(*(centre + half * (v - u)))
        along = ((np.arange(PIXELS) + 0.5) / PIXELS * 2 - 1) * half
        points = centre + along[None, :, None] * u + along[:, None, None] * v
        pixels = rgba(subject.contrast(points[..., 0], points[..., 1], points[..., 2]), subject.end)
        data = vtkImageData()
        data.SetDimensions(PIXELS, PIXELS, 1)
        data.GetPointData().SetScalars(numpy_to_vtk(pixels.reshape(-1, 4), deep=True))
        self._texture.SetInputData(data)

    def shut_down(self) -> None:
        """Release the handles, while their interactor lives."""
        self._widget.RemoveObserver(self._tag)
        self._widget.Off()
        self._widget.SetInteractor(None)
        self._widget.SetRepresentation(None)
        self._subject = None
