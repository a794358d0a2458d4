"""From an engine body to VTK actors: the body of revolution, cut open so that its regions are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkClipPolyData, vtkContourFilter, vtkStripper
from vtkmodules.vtkFiltersGeometry import vtkImageDataGeometryFilter
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from engine.curve import Array
from engine.models.geometry import Body
from lnpgui.view3d.contrast_colours import Rgb
from lnpgui.view3d.cut import Cut
from lnpgui.view3d.section import extent, outside_body, outside_region, outward_normals, region_labels

Z_CELLS = 160
"""Cells along the axis of the grid on which the section is drawn."""
TURN_STEP = 4.0
"""Degrees between two profiles of the surface."""
SHADE = 0.9
"""Brightness of the second face of the cut, so that the edge between the two is seen."""
JUST_INSIDE = 1e-3
"""How far under the surface its colour is read, as a share of the body's length."""


# VTK's own bridge to numpy bears no types
numpy_to_vtk: Any = numpy_support.numpy_to_vtk
numpy_to_vtk_ids: Any = numpy_support.numpy_to_vtkIdTypeArray
vtk_to_numpy: Any = numpy_support.vtk_to_numpy


@dataclass(frozen=True, slots=True)
class Grid:
    """Points of the half plane s >= 0 on which functions are contoured."""

    s: Array
    z: Array
    step: float

    def image(self, values: Array) -> vtkImageData:
        """Return *values*, shape (z, s), as an image in the plane of x = s and y = z."""
        image = vtkImageData()
        image.SetDimensions(self.s.size, self.z.size, 1)
        image.SetSpacing(self.step, self.step, 1)
        image.SetOrigin(self.s[0], self.z[0], 0)
        image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True))
        return image


def make_grid(body: Body) -> Grid:
    """Return a grid that covers *body*; it begins on the axis."""
    size = extent(body)
    step = max(size.length, 2 * size.radius, 1e-6) / Z_CELLS
    s = np.arange(0.0, size.radius + 3 * step, step)
    z = np.arange(size.low - 2 * step, size.high + 3 * step, step)
    return Grid(s, z, step)


def particle_actors(body: Body, cut: Cut, tint: Mapping[str, Rgb]) -> list[vtkActor]:
    """Actors of *body* with its axis along z: the outer surface, and the faces of the cut with the outlines of the regions.

    The part that is taken away lies about the direction -y.
    """
    if not body.pieces:
        return []
    grid = make_grid(body)
    half_gap = cut.value / 2
    actors = [_surface_actor(_surface(body, grid, tint, -90 + half_gap, 270 - half_gap))]
    if cut is not Cut.WHOLE:
        s, z = np.meshgrid(grid.s, grid.z)
        for region in body.regions:
            image = grid.image(np.clip(outside_region(body, region, s, z), -1e3, 1e3))
            for angle, shade in ((-90 + half_gap, 1.0), (-90 - half_gap, SHADE)):
                actors += [_face(image, [shade * c / 255 for c in tint[region]], angle), _outline(image, angle)]
    return actors


def _profiles(body: Body, grid: Grid) -> list[NDArray[np.float64]]:
    """Outline of the body in the half plane: chains of (s, z), shape (n, 2) each."""
    s, z = np.meshgrid(grid.s, grid.z)
    contour = vtkContourFilter()
    contour.SetInputData(grid.image(outside_body(body, s, z)))
    contour.SetValue(0, 0.0)
    chains = vtkStripper()
    chains.SetInputConnection(contour.GetOutputPort())
    chains.SetMaximumLength(100_000)
    chains.JoinContiguousSegmentsOn()
    chains.Update()
    result = chains.GetOutput()
    if not result.GetNumberOfPoints():
        return []
    points = vtk_to_numpy(result.GetPoints().GetData())[:, :2].astype(float)
    cells = result.GetLines()
    ends, ids = vtk_to_numpy(cells.GetOffsetsArray()), vtk_to_numpy(cells.GetConnectivityArray())
    return [points[ids[a:b]] for a, b in pairwise(ends)]


def _surface(body: Body, grid: Grid, tint: Mapping[str, Rgb], begin: float, end: float) -> vtkPolyData:
    """Revolve the outline about z from angle *begin* to *end* [degrees from x]."""
    angles = np.radians(np.linspace(begin, end, max(2, round((end - begin) / TURN_STEP) + 1)))
    sheets = [_sheet(body, chain, tint, angles) for chain in _profiles(body, grid)]
    points = np.concatenate([sheet.points for sheet in sheets]) if sheets else np.zeros((0, 3))
    data = vtkPolyData()
    place = vtkPoints()
    place.SetData(numpy_to_vtk(points, deep=True))
    data.SetPoints(place)
    if not sheets:
        return data
    first = np.cumsum([0, *(len(sheet.points) for sheet in sheets[:-1])])
    quads = np.concatenate([sheet.quads + start for sheet, start in zip(sheets, first, strict=True)])
    cells = vtkCellArray()
    offsets = numpy_to_vtk_ids(np.arange(0, quads.size + 1, 4), deep=True)
    cells.SetData(offsets, numpy_to_vtk_ids(np.ascontiguousarray(quads).ravel(), deep=True))
    data.SetPolys(cells)
    data.GetPointData().SetNormals(numpy_to_vtk(np.concatenate([sheet.normals for sheet in sheets]), deep=True))
    data.GetPointData().SetScalars(numpy_to_vtk(np.concatenate([sheet.tints for sheet in sheets]), deep=True))
    return data


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    points: Array  # (m, 3)
    normals: Array  # (m, 3)
    tints: NDArray[np.uint8]  # (m, 3)
    quads: NDArray[np.int64]  # (k, 4)


def _sheet(body: Body, chain: Array, tint: Mapping[str, Rgb], angles: Array) -> _Sheet:
    """Revolve one chain of the outline."""
    s, z = np.maximum(chain[:, 0], 0.0), chain[:, 1]
    ns, nz = outward_normals(body, s, z)
    if np.sum(np.diff(s) * nz[1:] - np.diff(z) * ns[1:]) < 0:  # the faces shall look outwards, else they are lit from behind
        s, z, ns, nz = s[::-1], z[::-1], ns[::-1], nz[::-1]
    depth = JUST_INSIDE * max(extent(body).length, 1e-6)
    labels = region_labels(body, s - depth * ns, z - depth * nz)
    palette = np.array([*(tint[region] for region in body.regions), (128, 128, 128)], dtype=np.uint8)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    flat = np.ones_like(cos)
    points = np.stack([cos * s, sin * s, flat * z], axis=-1).reshape(-1, 3)
    normals = np.stack([cos * ns, sin * ns, flat * nz], axis=-1).reshape(-1, 3)
    tints = np.tile(palette[labels], (angles.size, 1))
    here = (np.arange(angles.size - 1)[:, None] * s.size + np.arange(s.size - 1)).ravel()
    quads = np.stack([here, here + 1, here + s.size + 1, here + s.size], axis=1)
    return _Sheet(points, normals, tints, quads.astype(np.int64))


def _surface_actor(data: vtkPolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.SetColorModeToDirectScalars()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetAmbient(0.35)
    look.SetDiffuse(0.7)
    look.SetSpecular(0.18)
    look.SetSpecularPower(25)
    return actor


def _face(image: vtkImageData, colour: Sequence[float], angle: float) -> vtkActor:
    """Flat face of one region in the half plane at *angle* about z."""
    cells = vtkImageDataGeometryFilter()
    cells.SetInputData(image)
    clip = vtkClipPolyData()
    clip.SetInputConnection(cells.GetOutputPort())
    clip.SetValue(0.0)
    clip.InsideOutOn()
    clip.Update()
    actor = _flat_actor(clip.GetOutput(), angle)
    actor.GetProperty().SetColor(*colour)
    return actor


def _outline(image: vtkImageData, angle: float) -> vtkActor:
    """Boundary of one region in the half plane at *angle* about z."""
    contour = vtkContourFilter()
    contour.SetInputData(image)
    contour.SetValue(0, 0.0)
    contour.Update()
    actor = _flat_actor(contour.GetOutput(), angle)
    actor.GetMapper().SetRelativeCoincidentTopologyLineOffsetParameters(-2, -8)
    actor.GetProperty().SetColor(0.16, 0.18, 0.21)
    actor.GetProperty().SetLineWidth(1.2)
    return actor


def _flat_actor(data: vtkPolyData, angle: float) -> vtkActor:
    """Actor of what was drawn in the plane of s and z, stood up at *angle* and lit evenly."""
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.RotateZ(angle)
    actor.RotateX(90)  # the image's y becomes z
    actor.GetProperty().LightingOff()
    return actor
