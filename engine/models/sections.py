r"""Where the surfaces of a body of revolution cross each other, and which region lies where.

Every curved solid is :math:`s^2 \le k_0 + k_1 z + k_2 z^2` with s the distance from the z axis; a plane is a value of z.
Everything here is closed form.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece, Solid

OUTSIDE = -1
"""Label of points that lie in no piece."""

_FAR = 1e12


@dataclass(frozen=True, slots=True)
class Quadric:
    """The surface s² = k0 + k1 z + k2 z² of a curved solid [nm]."""

    k0: float
    k1: float
    k2: float

    def squared_radius(self, z: Array) -> Array:
        """s² of the surface at height *z* [nm²]; negative where there is no surface."""
        return self.k0 + z * (self.k1 + z * self.k2)


def quadric(solid: Ellipsoid | Cylinder) -> Quadric:
    """Return the surface of a curved solid."""
    if isinstance(solid, Cylinder):
        return Quadric(solid.radius**2, 0.0, 0.0)
    ratio = (solid.equatorial / solid.polar) ** 2
    return Quadric(solid.equatorial**2 - ratio * solid.centre**2, 2 * ratio * solid.centre, -ratio)


def solids(body: Body) -> tuple[Solid, ...]:
    """Return every different solid of *body*, in painter's order."""
    return tuple(dict.fromkeys(solid for piece in body.pieces for solid in piece.solids))


def quadrics(body: Body) -> tuple[Quadric, ...]:
    """Return every different curved surface of *body*."""
    return tuple(dict.fromkeys(quadric(solid) for solid in solids(body) if isinstance(solid, Ellipsoid | Cylinder)))


def planes(body: Body) -> tuple[float, ...]:
    """Return the height of every different plane of *body* [nm]."""
    return tuple(dict.fromkeys(solid.plane for solid in solids(body) if isinstance(solid, Above | Below)))


def region_labels(body: Body, squared_s: Array, z: Array) -> NDArray[np.intp]:
    """Return the index in ``body.regions`` of the region at each point, :data:`OUTSIDE` where there is none."""
    shape = np.broadcast(squared_s, z).shape
    inside = {solid: np.broadcast_to(_contains(solid, squared_s, z), shape) for solid in solids(body)}
    labels = np.full(shape, OUTSIDE, dtype=np.intp)
    for piece in body.pieces:
        labels[np.logical_and.reduce([inside[solid] for solid in piece.solids])] = body.regions.index(piece.region)
    return labels


def _contains(solid: Solid, squared_s: Array, z: Array) -> NDArray[np.bool_]:
    if isinstance(solid, Above):
        return np.asarray(z >= solid.plane)
    if isinstance(solid, Below):
        return np.asarray(z <= solid.plane)
    return np.asarray(squared_s <= quadric(solid).squared_radius(z))


def real_roots(a: Array | float, b: Array | float, c: Array | float) -> Array:
    """Return both real roots of a x² + b x + c, NaN for a root that does not exist.

    Parameters
    ----------
    a, b, c : float or ndarray, broadcast to shape (...)
        Coefficients; any of them may be 0.

    Returns
    -------
    ndarray, shape (2, ...)
        Roots, free of cancellation; one beyond 1e12 counts as none, since no body [nm] reaches there.
    """
    a, b, c = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float), np.asarray(c, float))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        half = -0.5 * (b + np.copysign(np.sqrt(b * b - 4 * a * c), b))
        roots = np.stack([half / a, c / half])
    roots[~(np.abs(roots) < _FAR)] = np.nan
    return roots


def crossing_circles(body: Body) -> Array:
    """Return the circles where two surfaces of *body* cross, and the poles where one meets the axis.

    Returns
    -------
    ndarray, shape (n, 2)
        Height z [nm] and squared radius s² >= 0 [nm²] of each; also those that lie inside another piece.
    """
    curved, flat = quadrics(body), np.array(planes(body))
    points = [np.empty((0, 2))]
    for surface in curved:
        poles = real_roots(surface.k2, surface.k1, surface.k0)
        points.append(np.column_stack([poles, np.zeros(2)]))
        points.append(np.column_stack([flat, surface.squared_radius(flat)]))
    for one, other in combinations(curved, 2):
        z = real_roots(one.k2 - other.k2, one.k1 - other.k1, one.k0 - other.k0)
        points.append(np.column_stack([z, one.squared_radius(z)]))
    found = np.concatenate(points)
    return found[np.isfinite(found).all(axis=1) & (found[:, 1] >= 0)]


def break_heights(body: Body) -> Array:
    """Return the sorted heights z [nm] between which the section of *body* changes smoothly."""
    return np.unique(np.concatenate([crossing_circles(body)[:, 0], planes(body)]))


def extent(body: Body) -> tuple[float, float]:
    """Return the lowest and highest z of *body* [nm]; (0, 0) for a body without points."""
    breaks = break_heights(body)
    low, high = breaks[:-1], breaks[1:]
    middle = (low + high) / 2
    filled = np.zeros(middle.shape, dtype=bool)
    for piece in body.pieces:
        filled |= np.logical_and.reduce([_contains(solid, np.zeros(middle.shape), middle) for solid in piece.solids])
    return (float(low[filled].min()), float(high[filled].max())) if filled.any() else (0.0, 0.0)


def moved(body: Body, shift: float) -> Body:
    """Return *body* moved along z by *shift* [nm]."""
    return Body(
        tuple(Piece(piece.region, tuple(_moved(solid, shift) for solid in piece.solids)) for piece in body.pieces), dict(body.contrasts)
    )


def _moved(solid: Solid, shift: float) -> Solid:
    if isinstance(solid, Ellipsoid):
        return dataclasses.replace(solid, centre=solid.centre + shift)
    if isinstance(solid, Above | Below):
        return dataclasses.replace(solid, plane=solid.plane + shift)
    return solid
