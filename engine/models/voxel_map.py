"""A particle given as contrasts on a cubic lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array, read_only
from engine.errors import ParameterError

MAX_VOXELS = 320**3
"""Most voxels of one map: 262 MB of contrasts."""

SPACINGS = (1e-3, 100.0)
"""Smallest and largest spacing [nm] of a map."""

MAX_CONTRAST = 1e9
"""Largest contrast [1e-6/Å²] either way; its square times the map's volume squared is still a number."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VoxelMap:
    """Contrasts to the solvent on a cubic lattice; outside the map there is solvent.

    Parameters
    ----------
    density : ndarray, shape (nx, ny, nz)
        Contrast [1e-6/Å²] of each voxel; x, y, z are the axes of the array in this order.
    spacing : float
        Edge of a voxel [nm], the same along x, y and z.
    origin : tuple of 3 floats
        Where the centre of voxel (0, 0, 0) lies [nm].

    Raises
    ------
    ParameterError
        If the array is not 3-D, empty, larger than :data:`MAX_VOXELS`, zero everywhere, or holds values that are no numbers or
        beyond :data:`MAX_CONTRAST`;
        if the spacing is outside :data:`SPACINGS`; if the origin is no point.
    """

    density: Array
    spacing: float = 1.0
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    key = "voxel map"
    title = "Voxel map"

    def __post_init__(self) -> None:
        check_shape(np.shape(self.density))
        density = read_only(self.density)
        _check_values(density)
        spacing, origin = float(self.spacing), tuple(float(x) for x in self.origin)
        if not SPACINGS[0] <= spacing <= SPACINGS[1]:
            raise ParameterError(f"A voxel of {spacing:g} nm is refused; give {SPACINGS[0]:g} to {SPACINGS[1]:g} nm.", "spacing")
        if len(origin) != 3 or not all(math.isfinite(x) for x in origin):
            raise ParameterError(f"The origin {self.origin} is no point; give three finite lengths in nm.", "origin")
        object.__setattr__(self, "density", density)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "origin", origin)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along x, y, z."""
        nx, ny, nz = self.density.shape
        return nx, ny, nz

    @property
    def filled(self) -> tuple[slice, slice, slice]:
        """Smallest box of voxels that holds everything but solvent."""
        x, y, z = (_filled_range(self.density, axis) for axis in range(3))
        return x, y, z

    def axis(self, number: int) -> Array:
        """Return the voxel centres [nm] along axis *number* (0, 1, 2 for x, y, z)."""
        return self.origin[number] + self.spacing * np.arange(self.density.shape[number], dtype=np.float64)


def check_shape(shape: tuple[int, ...]) -> None:
    """Refuse an array that can be no map by its shape alone, so that a file's header can be judged before its data are read.

    Raises
    ------
    ParameterError
        If the shape is not 3-D, empty, or of more than :data:`MAX_VOXELS` voxels.
    """
    if len(shape) != 3:
        raise ParameterError(f"A voxel map is 3-D; the array given has shape {tuple(shape)}.", "density")
    count = math.prod(shape)
    if count == 0:
        raise ParameterError(f"The voxel map of shape {tuple(shape)} holds no voxel.", "density")
    if count > MAX_VOXELS:
        raise ParameterError(
            f"The voxel map has {' x '.join(map(str, shape))} voxels, more than the {MAX_VOXELS} taken; cut it out or bin it.", "density"
        )


def _check_values(density: Array) -> None:
    strange = density.size - int(np.count_nonzero(np.isfinite(density)))
    if strange:
        raise ParameterError(f"The voxel map holds {strange} values that are no numbers; replace them.", "density")
    largest = float(max(density.max(), -density.min()))
    if largest > MAX_CONTRAST:
        raise ParameterError(f"The voxel map holds a contrast of {largest:.3g}; at most {MAX_CONTRAST:g} is taken. Rescale it.", "density")
    if largest == 0:
        raise ParameterError("The voxel map is zero everywhere, so nothing scatters; choose a map with contrast.", "density")


def _filled_range(density: Array, axis: int) -> slice:
    others = tuple(i for i in range(3) if i != axis)
    hits: NDArray[np.intp] = np.flatnonzero(density.any(axis=others))
    return slice(int(hits[0]), int(hits[-1]) + 1)
