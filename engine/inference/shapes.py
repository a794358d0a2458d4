r"""Size-averaged curves of each type on the bins of one measurement, as matrix products.

Everything here is *whitened*: divided by the standard deviation of each bin, so that sums of squares are chi².
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.inference.prepare import Prepared

SIZE_BOX = (12.0, 170.0)
"""Mean sizes [nm] that are tried; wider than the 20 to 100 nm of the family, so that a size outside is seen as such."""

SPREAD_BOX = (0.01, 0.5)
"""Relative standard deviations of the size that are tried."""

MIN_SD = 0.5
"""Narrower distributions [nm] look the same in a measured curve and are not told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapeTable:
    """Curves of every type over D, whitened, with the data.

    Parameters
    ----------
    diameters : ndarray, shape (d,)
        Uniform sizes [nm].
    curves : mapping of str to ndarray, shape (m, d)
        Whitened, binned intensities by type.
    first : mapping of str to ndarray, shape (d,)
        Intensity at the lowest q, not whitened.
    data, flat : ndarray, shape (m,)
        Whitened data and whitened constant background of 1.
    """

    diameters: Array
    curves: Mapping[str, Array]
    first: Mapping[str, Array]
    data: Array
    flat: Array

    def average(self, kind: str, log_mean: Array, log_spread: Array) -> tuple[Array, Array]:
        """Return size-averaged curves scaled to 1 at the lowest q, shape (m, N), and their scale, shape (N,).

        Parameters
        ----------
        kind : str
            Type.
        log_mean, log_spread : ndarray, shape (N,)
            ln of the mean size [nm] and ln of sd/mean.
        """
        weights = log_normal_weights(self.diameters, np.exp(log_mean), np.exp(log_spread))
        scale = self.first[kind] @ weights
        weights /= scale
        return self.curves[kind] @ weights, scale


def table(prepared: Prepared, basis: Basis, kinds: tuple[str, ...]) -> ShapeTable:
    """Return the :class:`ShapeTable` of one measurement for the types *kinds*."""
    at_points = basis.at(prepared.curve.q)
    curves, first = {}, {}
    for kind in kinds:
        binned = prepared.binning @ at_points[kind].T
        first[kind] = np.ascontiguousarray(binned[0])
        curves[kind] = np.ascontiguousarray(binned / prepared.sigma[:, None])
    return ShapeTable(basis.diameters, curves, first, prepared.intensity / prepared.sigma, 1 / prepared.sigma)


def log_normal_weights(diameters: Array, mean: Array, spread: Array) -> Array:
    """Return log-normal shares of numbers on a uniform grid, columns summing to 1, shape (d, N).

    Parameters
    ----------
    diameters : ndarray, shape (d,)
        Sizes [nm].
    mean, spread : ndarray, shape (N,)
        Mean size [nm] and sd/mean; an sd below ``MIN_SD`` is taken as ``MIN_SD``.
    """
    variance = np.log1p(np.maximum(spread, MIN_SD / mean) ** 2)
    log_d = np.log(diameters)[:, None]
    x = log_d - (np.log(mean) - variance / 2)
    weights = np.exp(-x * x / (2 * variance) - log_d)
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1.0))
