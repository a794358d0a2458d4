r"""Half-plane section of a body of revolution, as functions that are negative inside.

A body is a list of pieces painted one over the other. With :math:`f_i(s, z)` negative inside piece i, region k is where

.. math:: F_k = \min_{i \in k} \max\left(f_i, \max_{j > i,\, j \notin k} -f_j\right)

is negative, and the body where :math:`\min_i f_i` is. Near its boundary each function is about the distance in nm, so that a
contour drawn through a grid is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece, Solid


@dataclass(frozen=True, slots=True)
class Extent:
    """Largest distance from the axis, and the ends along it [nm]."""

    radius: float
    low: float
    high: float

    @property
    def length(self) -> float:
        """End-to-end length along the axis [nm]."""
        return self.high - self.low


def extent(body: Body) -> Extent:
    """Return how far *body* reaches; zero for an empty one."""
    boxes = [_box(piece) for piece in body.pieces]
    boxes = [box for box in boxes if box.high > box.low]
    if not boxes:
        return Extent(0.0, 0.0, 0.0)
    return Extent(max(b.radius for b in boxes), min(b.low for b in boxes), max(b.high for b in boxes))


def _box(piece: Piece) -> Extent:
    radius, low, high = np.inf, -np.inf, np.inf
    for solid in piece.solids:
        match solid:
            case Ellipsoid():
                radius = min(radius, solid.equatorial)
                low, high = max(low, solid.centre - solid.polar), min(high, solid.centre + solid.polar)
            case Cylinder():
                radius = min(radius, solid.radius)
            case Above():
                low = max(low, solid.plane)
            case Below():
                high = min(high, solid.plane)
    return Extent(float(radius), float(low), float(high))


def outside_solid(solid: Solid, s: Array, z: Array) -> Array:
    """About the distance to *solid* [nm], negative inside."""
    match solid:
        case Ellipsoid():
            k: Array = np.hypot(s / solid.equatorial, (z - solid.centre) / solid.polar)
            return (k - 1) * min(solid.equatorial, solid.polar)
        case Cylinder():
            return np.abs(s) - solid.radius + 0 * z
        case Above():
            return solid.plane - z + 0 * s
        case Below():
            return z - solid.plane + 0 * s


def outside_piece(piece: Piece, s: Array, z: Array) -> Array:
    """About the distance to *piece* [nm], negative inside."""
    result: Array = np.maximum.reduce([outside_solid(solid, s, z) for solid in piece.solids])
    return result


def outside_body(body: Body, s: Array, z: Array) -> Array:
    """About the distance to *body* [nm], negative inside."""
    result: Array = np.minimum.reduce([outside_piece(piece, s, z) for piece in body.pieces])
    return result


def outside_region(body: Body, region: str, s: Array, z: Array) -> Array:
    """About the distance to one region of *body* [nm], negative inside; infinite where the region has no pieces."""
    result = np.full(np.broadcast(s, z).shape, np.inf)
    later = np.full_like(result, np.inf)  # distance to the other regions' pieces painted so far, from the last one down
    for piece in reversed(body.pieces):
        here = outside_piece(piece, s, z)
        if piece.region == region:
            result = np.minimum(result, np.maximum(here, -later))
        else:
            later = np.minimum(later, here)
    return result


def region_labels(body: Body, s: Array, z: Array) -> NDArray[np.intp]:
    """Index into ``body.regions`` of the region at each point, -1 in the solvent."""
    labels = np.full(np.broadcast(s, z).shape, -1, dtype=np.intp)
    for piece in body.pieces:
        labels[outside_piece(piece, s, z) <= 0] = body.regions.index(piece.region)
    return labels


def outward_normals(body: Body, s: Array, z: Array, step: float = 1e-3) -> tuple[Array, Array]:
    """Unit normals (s, z components) of the body's surface at points on it."""
    ds = outside_body(body, s + step, z) - outside_body(body, s - step, z)
    dz = outside_body(body, s, z + step) - outside_body(body, s, z - step)
    size = np.maximum(np.hypot(ds, dz), 1e-300)
    return ds / size, dz / size
