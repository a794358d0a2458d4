"""Curves of log-normal sizes, and how they change with mean and spread, for many samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.sparse import csr_array

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.ensembles.size_distribution import LogNormal, step_for
from engine.errors import ParameterError

_DEGREE = 9
_BLOCK = 256  # samples at once, so that their weights stay in the cache
_NEGLIGIBLE = 1e-18  # of the largest weight; D^6 lifts the upper tail a thousandfold at most


@dataclass(frozen=True, eq=False)
class SizedCurves:
    """Curves of particles on a fine grid of sizes, ready to be averaged.

    Parameters
    ----------
    q : ndarray, shape (n_q,)
        Scattering vectors [1/nm].
    diameters : ndarray, shape (n_D,)
        Sizes [nm], equally spaced.
    curves : dict of type key to ndarray, shape (n_D, n_q)
        I(q) of one particle [(1e-6/Å²)² nm⁶].
    """

    q: Array
    diameters: Array
    curves: dict[str, Array]

    def average(self, kind: str, means: Array, sds: Array) -> Array:
        """Return the mean curves of log-normal sizes, shape (n, n_q).

        Parameters
        ----------
        means, sds : ndarray, shape (n,)
            Mean and standard deviation of the sizes [nm], of each sample.
        """
        return np.concatenate([_times(_weights(self.diameters, m, s)[0], self.curves[kind]) for m, s in _blocks(means, sds)])

    def with_slopes(self, kind: str, means: Array, sds: Array) -> tuple[Array, Array, Array]:
        """Return the mean curves and their derivatives by mean and by standard deviation, each of shape (n, n_q)."""
        parts = []
        for m, s in _blocks(means, sds):
            weights, by_mean, by_sd = _weights(self.diameters, m, s)
            curves = self.curves[kind]
            parts.append((_times(weights, curves), _times(by_mean, curves), _times(by_sd, curves)))
        return tuple(np.concatenate(rows) for rows in zip(*parts, strict=True))  # type: ignore[return-value]


def sized_curves(basis: Basis, q: Array, *, types: tuple[str, ...], means: tuple[float, float], least_sd: float) -> SizedCurves:
    """Return curves fine enough in D for every log-normal of a mean within *means* [nm] and a spread of at least *least_sd* [nm].

    The basis is refined in D by a spline of degree 9. At fixed q the intensity oscillates in D with at most q, so for the step of
    0.5 nm and q up to pi that is exact to about 1e-6 of the local envelope.

    Raises
    ------
    ParameterError
        If the basis does not reach far enough.
    """
    step = min(step_for(LogNormal(mean=means[0], sd=least_sd), float(q[-1])), basis.diameter_step)
    low, high = float(basis.diameters[0]), 1.45 * means[1]
    if high > basis.diameters[-1]:
        raise ParameterError(f"Sizes up to {high:g} nm are needed; the basis ends at {basis.diameters[-1]:g} nm.")
    diameters = np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
    at_points = basis.at(q)
    fine = {kind: np.ascontiguousarray(make_interp_spline(basis.diameters, at_points[kind], k=_DEGREE)(diameters)) for kind in types}
    return SizedCurves(q, diameters, fine)


def _blocks(means: Array, sds: Array) -> list[tuple[Array, Array]]:
    starts = range(0, max(len(means), 1), _BLOCK)
    return [(means[i : i + _BLOCK], sds[i : i + _BLOCK]) for i in starts]


def _times(weights: Array, curves: Array) -> Array:
    return np.asarray(csr_array(weights) @ curves)


def _weights(diameters: Array, means: Array, sds: Array) -> tuple[Array, Array, Array]:
    """Return the shares of numbers at each size, summing to 1, and their derivatives by mean and sd; each of shape (n, n_D)."""
    mean, sd = means[:, None], sds[:, None]
    ratio = (sd / mean) ** 2
    variance = np.log1p(ratio)
    x = np.log(diameters) - np.log(mean) + variance / 2
    log_density = -(x**2) / (2 * variance) - np.log(diameters)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    density[density < _NEGLIGIBLE] = 0.0
    weights = density / density.sum(axis=1, keepdims=True)
    results = [weights]
    for slope_of_variance, slope_of_log_mean in ((-2 * ratio / mean / (1 + ratio), 1 / mean), (2 * ratio / sd / (1 + ratio), 0.0)):
        slope_of_x = slope_of_variance / 2 - slope_of_log_mean
        by = x**2 / (2 * variance**2) * slope_of_variance - x / variance * slope_of_x
        results.append(weights * (by - (weights * by).sum(axis=1, keepdims=True)))
    return results[0], results[1], results[2]
