r"""Orientation means: over the points of a reciprocal lattice, and over the nodes of a quadrature on the sphere.

On a cubic lattice all points of equal :math:`n = |k|^2` lie on one sphere, so their sum and number (:class:`ShellSums`) are all
that any radial average needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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
