"""From a voxel map to what VTK draws: its surfaces, or all of it as a translucent volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401 - registers what puts a ray-cast image on the screen
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkRenderingCore import vtkActor, vtkColorTransferFunction, vtkPolyDataMapper, vtkVolume, vtkVolumeProperty
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

from engine.curve import Array
from engine.models.voxel_map import VoxelMap
from lnpgui.view3d.contrast_colours import colour, stops

MOST_VOXELS = 128
"""Voxels along the longest edge of what is drawn; a larger map is drawn as means over cubes of its voxels."""

FAINTEST = 0.03
"""Contrast, as a share of the largest, below which a voxel is not seen in the volume."""
OPACITY = 0.22
"""Opacity of the largest contrast along a twentieth of the particle."""

numpy_to_vtk: Any = numpy_support.numpy_to_vtk  # bears no types


def image(voxels: VoxelMap) -> vtkImageData:
    """Return the map with one layer of solvent around it, so that surfaces close."""
    density = np.pad(voxels.density.astype(np.float32), 1)
    result = vtkImageData()
    result.SetDimensions(*density.shape)
    result.SetSpacing(voxels.spacing, voxels.spacing, voxels.spacing)
    result.SetOrigin(*(o - voxels.spacing for o in voxels.origin))
    result.GetPointData().SetScalars(numpy_to_vtk(density.ravel(order="F"), deep=True))
    return result


def surface_levels(density: Array) -> tuple[float, ...]:
    """Return the contrasts whose surfaces enclose what is above and what is below the solvent: half of the typical value of each."""
    above, below = density[density > 0], density[density < 0]
    return tuple(float(np.median(part)) / 2 for part in (above, below) if part.size)


def surface_actors(voxels: VoxelMap, end: float) -> list[vtkActor]:
    """Actors of the surfaces between the map and the solvent."""
    data = image(voxels)
    actors = []
    for level in surface_levels(voxels.density):
        surface = vtkFlyingEdges3D()
        surface.SetInputData(data)
        surface.SetValue(0, level)
        surface.ComputeNormalsOn()
        surface.ComputeScalarsOff()
        surface.Update()
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(surface.GetOutput())
        mapper.ScalarVisibilityOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        look = actor.GetProperty()
        look.SetColor(*(c / 255 for c in colour(max(-1.0, min(1.0, 2 * level / end)))))
        look.SetAmbient(0.35)
        look.SetDiffuse(0.7)
        look.SetSpecular(0.18)
        look.SetSpecularPower(25)
        actors.append(actor)
    return actors


def volume_actor(voxels: VoxelMap, end: float) -> vtkVolume:
    """Return the map as a translucent volume, in the colours of its contrasts on a scale that ends at *end*."""
    mapper = vtkFixedPointVolumeRayCastMapper()  # on the processor: with software OpenGL ten times as quick as the others
    mapper.SetInputData(image(voxels))
    mapper.SetBlendModeToComposite()
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetSampleDistance(voxels.spacing)
    colours, opacity = vtkColorTransferFunction(), vtkPiecewiseFunction()
    for relative, (red, green, blue) in stops():
        colours.AddRGBPoint(relative * end, red / 255, green / 255, blue / 255)
    for relative, share in ((-1.0, OPACITY), (-FAINTEST, 0.0), (FAINTEST, 0.0), (1.0, OPACITY)):
        opacity.AddPoint(relative * end, share)
    look = vtkVolumeProperty()
    look.SetColor(colours)
    look.SetScalarOpacity(opacity)
    look.SetInterpolationTypeToLinear()
    look.ShadeOff()
    look.SetScalarOpacityUnitDistance(max(voxels.shape) * voxels.spacing / 20)
    result = vtkVolume()
    result.SetMapper(mapper)
    result.SetProperty(look)
    return result
