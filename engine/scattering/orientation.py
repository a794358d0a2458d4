r"""Orientation means: over the points of a reciprocal lattice, and over the nodes of a quadrature on the sphere.

On a cubic lattice all points of equal :math:`n = |k|^2` lie on one sphere, so their sum and number (:class:`ShellSums`) are all
that any radial average needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array


class Average(Enum):
    """What the sum over a radial bin is divided by."""

    IMPROVED = "effective counts"
    """The sum of the weights that went into the bin."""

    ORIGINAL = "q squared"
    """The number 4 pi k² of points the bin would have on average (Schmidt-Rohr 2007)."""


@dataclass(frozen=True, slots=True, eq=False)
class ShellSums:
    """Sums over the points of a lattice at equal distance from its origin.

    Parameters
    ----------
    total : ndarray, shape (n,)
        Sum of the intensity over all points with k_x² + k_y² + k_z² equal to the index.
    count : ndarray, shape (n,)
        Number of these points.
    """

    total: Array
    count: Array


def radial_average(shells: ShellSums, bins: NDArray[np.intp], *, average: Average, sharing: bool) -> Array:
    r"""Mean intensity in radial bins of the lattice's own width.

    With sharing, a point at the distance k between the bins m and m + 1 gives the part m + 1 - k to m and the rest to m + 1:
    the nearest bin shares with its neighbour. Without, the nearest bin takes all.

    Parameters
    ----------
    shells : ShellSums
        Every point that reaches one of the bins.
    bins : ndarray of int, shape (m,)
        Radii in units of the lattice's spacing, at least 1.
    average : Average
        What the sums are divided by.
    sharing : bool
        Share a point between two bins.

    Returns
    -------
    ndarray, shape (m,)
        Mean intensity.

    References
    ----------
    K. Schmidt-Rohr, J. Appl. Cryst. 40 (2007) 16, doi:10.1107/S002188980604550X.
    """
    held = np.flatnonzero(shells.count)
    radius = np.sqrt(held.astype(np.float64))
    lower = np.floor(radius) if sharing else np.rint(radius)
    above = radius - lower if sharing else np.zeros(radius.shape)
    total = _binned(shells.total[held], lower, above, bins)
    if average is Average.ORIGINAL:
        return total / (4 * np.pi * bins.astype(np.float64) ** 2)
    return total / _binned(shells.count[held], lower, above, bins)


def _binned(values: Array, lower: Array, above: Array, bins: NDArray[np.intp]) -> Array:
    """Sum *values* into *bins*: the part *above* of each into the bin after *lower*, the rest into *lower*."""
    index = lower.astype(np.intp)
    size = int(max(bins.max(), index.max())) + 2
    sums = np.bincount(index, (1 - above) * values, size) + np.bincount(index + 1, above * values, size)
    return np.asarray(sums[bins], dtype=np.float64)


class Mirrors(Enum):
    """Mirror planes through the z axis under which |F(q)|² is known to stay the same; the value is how many times they fold it."""

    NONE = 1
    XY = 4
    """x -> -x and y -> -y."""

    DIAGONAL = 8
    """Also x <-> y."""


@dataclass(frozen=True, slots=True, eq=False)
class HemisphereRule:
    """Quadrature for functions on the sphere that are equal at opposite points, as |F(q)|² of a real density is.

    Parameters
    ----------
    directions : ndarray, shape (3, n)
        Unit vectors with z > 0.
    weights : ndarray, shape (n,)
        Positive; they sum to 1.
    """

    directions: Array
    weights: Array


def hemisphere_rule(degree: float, lateral_degree: float, mirrors: Mirrors = Mirrors.NONE) -> HemisphereRule:
    r"""Gauss-Legendre rule in cos(theta), with equal steps around z on each ring.

    A ring at theta needs no more steps than the function varies along it, which shrinks with sin(theta).

    Parameters
    ----------
    degree : float
        Largest degree of the spherical harmonics to be integrated exactly; for |F(q)|² of a density of diameter d it is q d plus
        :func:`margin`.
    lateral_degree : float
        The phase q d with the diameter d seen along z: the steps around the equator, less their margin.
    mirrors : Mirrors
        Symmetry of the function; directions that are mirror images of others are left out.

    Returns
    -------
    HemisphereRule
        About pi / 16 times degree times lateral degree directions, fewer by the number of times the mirrors fold the circle.
    """
    count = 2 * int(np.ceil((degree + 1) / 4))  # even, so that no ring lies on the equator
    node, weight = _gauss_legendre(count)
    fold = 2 if mirrors is Mirrors.NONE else mirrors.value
    directions, weights = [], []
    for u, w in zip(node[count // 2 :], weight[count // 2 :], strict=True):
        s = float(np.sqrt(1 - u * u))
        reach = lateral_degree * s
        steps = fold * int(np.ceil((reach + margin(reach) + 1) / fold))
        phi = (np.arange(steps // mirrors.value) + 0.5) * (2 * np.pi / steps)
        directions.append(np.stack([s * np.cos(phi), s * np.sin(phi), np.full(phi.shape, u)]))
        weights.append(np.full(phi.shape, w / phi.size))
    return HemisphereRule(np.concatenate(directions, axis=1), np.concatenate(weights))


def margin(degree: float) -> float:
    """How far the harmonics of a wave reach beyond *degree*, its phase across the body, before they fade as Bessel functions do."""
    return 4.0 + 1.5 * float(np.cbrt(degree))


@cache
def _gauss_legendre(count: int) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(count)
    return node, weight
