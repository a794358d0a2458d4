r"""Size-averaged curves of each type on the bins of one measurement, as matrix products.

Everything here is *whitened*: divided by the standard deviation of each bin, so that sums of squares are chi².
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.inference.prepare import Prepared

SIZE_BOX = (12.0, 170.0)
"""Mean sizes [nm] that are tried; wider than the 20 to 100 nm of the family, so that a size outside is seen as such."""

SPREAD_BOX = (0.01, 0.5)
"""Relative standard deviations of the size that are tried."""

MIN_SD = 0.5
"""Narrower distributions [nm] look the same in a measured curve and are not told apart."""


REACH = 5.0
"""Widths of a log-normal distribution beyond which particles are left out; the scattering beyond is below 1e-6 of all."""

FINE = 0.97
"""Every second size is enough where the width [nm] times (1/step - highest frequency in D) is above this; see :func:`_supports`."""

SINGLE = 3e3
"""Largest intensity over its sigma for which single precision is enough: chi² is then wrong by less than about 0.02."""

BATCH = 200
"""Distributions of like size that are summed together."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapeTable:
    """Curves of every type over D, whitened, with the data.

    Parameters
    ----------
    diameters : ndarray, shape (d,)
        Uniform sizes [nm].
    curves : mapping of str to ndarray, shape (m, d)
        Whitened, binned intensities by type; columns contiguous.
    first : mapping of str to ndarray, shape (d,)
        Intensity at the lowest q, not whitened.
    data, flat : ndarray, shape (m,)
        Whitened data and whitened constant background of 1.
    q_max : float
        Largest q [1/nm]; it says how fast curves change with D.
    """

    diameters: Array
    curves: Mapping[str, Array]
    first: Mapping[str, Array]
    data: Array
    flat: Array
    q_max: float = float("inf")

    def single(self) -> ShapeTable:
        """Return the same with curves in single precision: half the time, for draws, whose weights need no more.

        Sums over the bins must still be taken in double precision. A curve known better than to ``SINGLE`` stays in double.
        """
        if np.abs(self.data).max() > SINGLE:
            return self
        return replace(self, curves={kind: curve.astype(np.float32) for kind, curve in self.curves.items()})

    def average(self, kind: str, log_mean: Array, log_spread: Array) -> tuple[Array, Array]:
        """Return size-averaged curves scaled to 1 at the lowest q, shape (m, N), and their scale, shape (N,).

        Only sizes that matter are summed over: those within ``REACH``, and every second one where the distribution is broad.

        Parameters
        ----------
        kind : str
            Type.
        log_mean, log_spread : ndarray, shape (N,)
            ln of the mean size [nm] and ln of sd/mean.
        """
        mean, spread = np.exp(log_mean), np.exp(log_spread)
        curves, first = self.curves[kind], self.first[kind]
        averaged, scale = np.empty((mean.size, curves.shape[0]), curves.dtype), np.empty(mean.size)
        for some, sizes in _batches(self.diameters, mean, spread, self.q_max):
            weights = log_normal_weights(self.diameters[sizes], mean[some], spread[some])
            scale[some] = first[sizes] @ weights
            weights /= scale[some]
            averaged[some] = weights.astype(curves.dtype, copy=False).T @ curves[:, sizes].T
        return averaged.T, scale

    def slopes(self, kind: str, log_mean: Array, log_spread: Array) -> tuple[Array, Array, Array]:
        """Return the curves of :meth:`average` and their derivatives by ln mean and by ln spread, each of shape (N, m)."""
        mean, spread = np.exp(log_mean), np.exp(log_spread)
        curves, first = self.curves[kind], self.first[kind]
        averaged = np.empty((3, mean.size, curves.shape[0]))
        for some, sizes in _batches(self.diameters, mean, spread, self.q_max):
            weights = np.concatenate(log_normal_slopes(self.diameters[sizes], mean[some], spread[some]), axis=1)
            scales = (first[sizes] @ weights).reshape(3, -1)
            summed = (weights.T @ curves[:, sizes].T).reshape(3, some.size, -1)
            summed /= scales[0, :, None]
            summed[1:] -= summed[0] * (scales[1:] / scales[0])[..., None]
            averaged[:, some] = summed
        return averaged[0], averaged[1], averaged[2]

    def softened(self, excess: float) -> ShapeTable:
        """Return the same with every variance *excess* times larger.

        What the family cannot explain then widens every interval instead of making it falsely narrow.
        """
        factor = float(np.sqrt(excess))
        curves = {kind: curve / factor for kind, curve in self.curves.items()}
        return replace(self, curves=curves, data=self.data / factor, flat=self.flat / factor)


def table(prepared: Prepared, basis: Basis, kinds: tuple[str, ...]) -> ShapeTable:
    """Return the :class:`ShapeTable` of one measurement for the types *kinds*."""
    at_points = curves_at(basis, prepared.curve.q)
    curves, first = {}, {}
    for kind in kinds:
        binned = prepared.binning @ at_points[kind].T
        first[kind] = np.ascontiguousarray(binned[0])
        curves[kind] = np.asfortranarray(binned / prepared.sigma[:, None])
    q_max = float(prepared.curve.q[-1])
    return ShapeTable(basis.diameters, curves, first, prepared.intensity / prepared.sigma, 1 / prepared.sigma, q_max)


def curves_at(basis: Basis, q: Array) -> dict[str, Array]:
    """Return the curves of *basis* at *q*, not to be changed; those of the last sets of q from memory.

    One curve is judged step by step, and the curves of a batch mostly share their q.
    """
    return _curves_at(basis, np.ascontiguousarray(q, dtype=np.float64).tobytes())


@lru_cache(maxsize=4)
def _curves_at(basis: Basis, q: bytes) -> dict[str, Array]:
    return basis.at(np.frombuffer(q))


Indices = NDArray[np.intp]


def _batches(diameters: Array, mean: Array, spread: Array, q_max: float) -> Iterator[tuple[Indices, slice]]:
    """Split distributions into groups of like size, each with the slice of *diameters* that holds what they scatter."""
    low, high, broad = _supports(mean, spread, diameters, q_max)
    for chosen, step in ((np.flatnonzero(broad), 2), (np.flatnonzero(~broad), 1)):
        ordered = chosen if chosen.size <= BATCH else chosen[np.argsort(high[chosen])]
        for start in range(0, ordered.size, BATCH):
            some = ordered[start : start + BATCH]
            first, last = np.searchsorted(diameters, [low[some].min(), high[some].max()])
            yield some, slice(max(int(first) - 1, 0), min(int(last) + 1, diameters.size), step)


def _supports(mean: Array, spread: Array, diameters: Array, q_max: float) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the smallest and largest sizes that matter in each distribution, and whether every second size is enough.

    The scattering of small particles goes as D⁶, so its share is log-normal too, of a mean larger by 6 variances. Curves change with D
    no faster than with the frequency q_max / 2 pi; the sum over a Gaussian of width s in steps of h is off by
    exp(-2 pi² s² (1/h - frequency)²) of that, hence by 1e-8 at ``FINE``.
    """
    variance = np.log1p(np.maximum(spread, MIN_SD / mean) ** 2)
    width, middle = np.sqrt(variance), np.log(mean) - variance / 2
    low, high = np.exp(middle - REACH * width), np.exp(middle + 6 * variance + REACH * width)
    step = 2 * (diameters[1] - diameters[0]) if diameters.size > 1 else 0.0
    frequency = q_max / (2 * np.pi)
    if step == 0.0 or step * frequency >= 1:
        return low, high, np.zeros(mean.size, dtype=bool)
    broad = (np.exp(middle) * width * (1 / step - frequency) > FINE) & (low > diameters[0]) & (high < diameters[-1])
    return low, high, broad


def log_normal_weights(diameters: Array, mean: Array, spread: Array) -> Array:
    """Return log-normal shares of numbers on a uniform grid, columns summing to 1, shape (d, N).

    Parameters
    ----------
    diameters : ndarray, shape (d,)
        Sizes [nm].
    mean, spread : ndarray, shape (N,)
        Mean size [nm] and sd/mean; an sd below ``MIN_SD`` is taken as ``MIN_SD``.
    """
    return _weights_and_places(diameters, mean, spread)[0]


def log_normal_slopes(diameters: Array, mean: Array, spread: Array) -> tuple[Array, Array, Array]:
    """Return :func:`log_normal_weights` and their derivatives by ln mean and ln spread, but for what keeps their sum, each (d, N).

    With x = ln(D / median) and v = ln(1 + spread²), ln w = -x²/2v - ln D + const: its derivative by ln mean is x/v, and by v is
    x²/2v² - x/2v. Where the sd is held at ``MIN_SD`` v follows the mean instead of the spread.
    """
    weights, x, variance = _weights_and_places(diameters, mean, spread)
    held = spread * mean < MIN_SD
    relative = np.maximum(spread, MIN_SD / mean) ** 2
    by_mean = x / variance
    by_broadness = by_mean * (by_mean - 1) * (relative / (1 + relative))  # by ln of the relative width: dv = 2 relative / (1 + relative)
    return weights, weights * (by_mean - held * by_broadness), weights * (~held * by_broadness)


def _weights_and_places(diameters: Array, mean: Array, spread: Array) -> tuple[Array, Array, Array]:
    """Return log-normal shares and ln(D / median), each (d, N), and the variances of ln D (N,)."""
    variance = np.log1p(np.maximum(spread, MIN_SD / mean) ** 2)
    log_d = np.log(diameters)[:, None]
    x = log_d - (np.log(mean) - variance / 2)
    exponent = -x * x / (2 * variance) - log_d
    exponent -= exponent.max(axis=0)  # a distribution wholly beyond the grid is that of the size at its end
    weights = np.exp(exponent, out=exponent)
    weights /= weights.sum(axis=0)
    return np.asarray(weights), x, variance
