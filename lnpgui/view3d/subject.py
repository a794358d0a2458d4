"""What can be looked at: a body of revolution or a voxel map, as a box and a contrast at every point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from engine.curve import Array
from engine.models.geometry import Body
from engine.models.voxel_map import VoxelMap
from lnpgui.view3d.contrast_colours import largest
from lnpgui.view3d.section import extent, region_labels


@dataclass(frozen=True, slots=True)
class Box:
    """Ends along x, y and z [nm]."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def middle(self) -> tuple[float, float, float]:
        """Middle [nm]."""
        x, y, z = ((a + b) / 2 for a, b in zip(self.low, self.high, strict=True))
        return x, y, z

    @property
    def size(self) -> tuple[float, float, float]:
        """Lengths along x, y and z [nm]."""
        x, y, z = (b - a for a, b in zip(self.low, self.high, strict=True))
        return x, y, z

    @property
    def bounds(self) -> tuple[float, float, float, float, float, float]:
        """As VTK wants it: x, x, y, y, z, z."""
        return self.low[0], self.high[0], self.low[1], self.high[1], self.low[2], self.high[2]


class Subject(Protocol):
    """What pictures need to know of a particle."""

    @property
    def box(self) -> Box:
        """Smallest box around it."""

    @property
    def end(self) -> float:
        """Largest contrast either way [1e-6/Å²], the end of the scale of colours."""

    @property
    def is_signed(self) -> bool:
        """True when there are contrasts below the solvent's."""

    def contrast(self, x: Array, y: Array, z: Array) -> Array:
        """Contrast at each point [1e-6/Å²]; NaN in the solvent."""

    def name(self, x: float, y: float, z: float) -> str:
        """Word for the place: its region, or nothing."""


@dataclass(frozen=True)
class BodySubject:
    """A body with its axis along z."""

    body: Body

    @cached_property
    def box(self) -> Box:
        """Smallest box around it."""
        size = extent(self.body)
        return Box((-size.radius, -size.radius, size.low), (size.radius, size.radius, size.high))

    @cached_property
    def end(self) -> float:
        """Largest contrast either way."""
        return largest(self.body.contrasts.values())

    @property
    def is_signed(self) -> bool:
        """True when there are contrasts below the solvent's."""
        return min(self.body.contrasts.values(), default=0.0) < 0

    def contrast(self, x: Array, y: Array, z: Array) -> Array:
        """Contrast at each point; NaN in the solvent."""
        table = np.array([*self.body.contrasts.values(), np.nan])
        return np.asarray(table[region_labels(self.body, np.hypot(x, y), z)])

    def name(self, x: float, y: float, z: float) -> str:
        """Region at a point."""
        label = int(region_labels(self.body, np.hypot([x], [y]), np.array([z]))[0])
        return self.body.regions[label] if label >= 0 else ""


@dataclass(frozen=True, eq=False)
class MapSubject:
    """A voxel map; voxels of contrast 0 are solvent."""

    voxels: VoxelMap

    @cached_property
    def box(self) -> Box:
        """Box of the voxels that hold something, with their whole edges."""
        a, origin = self.voxels.spacing, self.voxels.origin
        low = [o + a * (filled.start - 0.5) for o, filled in zip(origin, self.voxels.filled, strict=True)]
        high = [o + a * (filled.stop - 0.5) for o, filled in zip(origin, self.voxels.filled, strict=True)]
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @cached_property
    def end(self) -> float:
        """Largest contrast either way."""
        return float(max(self.voxels.density.max(), -self.voxels.density.min()))

    @cached_property
    def is_signed(self) -> bool:
        """True when there are contrasts below the solvent's."""
        return bool(self.voxels.density.min() < 0)

    def contrast(self, x: Array, y: Array, z: Array) -> Array:
        """Contrast of the voxel at each point; NaN in the solvent."""
        density = self.voxels.density
        places = [np.rint((p - o) / self.voxels.spacing).astype(np.intp) for p, o in zip((x, y, z), self.voxels.origin, strict=True)]
        inside = np.logical_and.reduce([(i >= 0) & (i < n) for i, n in zip(places, density.shape, strict=True)])
        i, j, k = (np.clip(place, 0, n - 1) for place, n in zip(places, density.shape, strict=True))
        values = density[i, j, k]
        return np.asarray(np.where(inside & (values != 0), values, np.nan))

    def name(self, x: float, y: float, z: float) -> str:
        """Voxels have no names."""
        return ""


def coarser(voxels: VoxelMap, most: int) -> VoxelMap:
    """Return *voxels* as means over cubes of them, at most *most* along each edge, around what it holds; for pictures."""
    step = max(1, -(-max(part.stop - part.start for part in voxels.filled) // most))
    filled = voxels.density[voxels.filled]
    padded = np.pad(filled, [(0, -n % step) for n in filled.shape])
    cubes = padded.reshape([m for n in padded.shape for m in (n // step, step)])
    origin = [o + voxels.spacing * (part.start + (step - 1) / 2) for o, part in zip(voxels.origin, voxels.filled, strict=True)]
    return VoxelMap(density=cubes.mean(axis=(1, 3, 5)), spacing=step * voxels.spacing, origin=(origin[0], origin[1], origin[2]))
