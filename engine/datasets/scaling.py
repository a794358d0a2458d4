"""The factor between two curves that differ by a scale, and curves brought onto other points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Array, Curve

ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class Ratio:
    """Factor k between two curves.

    Parameters
    ----------
    value, error : float
        k and its standard deviation, widened by the square root of the reduced chi² where that is above 1.
    chi2_reduced : float or None
        How well one factor explains all points; None where a curve has no errors.
    points : int
        Number of points compared.
    """

    value: float
    error: float
    chi2_reduced: float | None
    points: int


def fit_ratio(target: Curve, other: Curve) -> Ratio:
    r"""Find k with target = k other, both measured at the same points, both with errors.

    Minimises :math:`\sum_i (t_i - k o_i)^2 / V_i` with :math:`V_i = \sigma_{t,i}^2 + k^2 \sigma_{o,i}^2`, the maximum likelihood
    when the true values are unknown. Setting its derivative to zero gives the fixed point iterated here,
    :math:`k = \sum_i b_i t_i / V_i \big/ \sum_i b_i o_i / V_i` with b the best estimate of the true values of *other*. Plain least
    squares on o would make k too small by the share of noise in the sum of o². If one curve has no errors all points count equally.

    Parameters
    ----------
    target, other : Curve
        Curves with the same q, at least two points.

    Returns
    -------
    Ratio
        NaN for value and error where *other* holds no signal.
    """
    t, o = target.intensity, other.intensity
    known = target.sigma is not None and other.sigma is not None
    t_variance = target.sigma**2 if known and target.sigma is not None else np.ones(t.size)
    o_variance = other.sigma**2 if known and other.sigma is not None else np.zeros(o.size)
    k = _plain(t, o, t_variance)
    for _ in range(ITERATIONS):
        variance = t_variance + k * k * o_variance
        true = (o * t_variance + k * t * o_variance) / variance
        signal = float(np.sum(true * o / variance))
        before, k = k, float(np.sum(true * t / variance)) / signal if signal != 0 else math.nan
        if not abs(k - before) > 1e-12 * abs(k):
            break
    variance = t_variance + k * k * o_variance
    true = (o * t_variance + k * t * o_variance) / variance
    information = float(np.sum((true**2 - o_variance * t_variance / variance) / variance))
    chi2 = float(np.sum((t - k * o) ** 2 / variance)) / max(t.size - 1, 1)
    if not (math.isfinite(k) and information > 0):
        return Ratio(math.nan, math.nan, None, t.size)
    widened = max(1.0, chi2) if known else chi2
    return Ratio(k, math.sqrt(widened / information), chi2 if known else None, t.size)


def _plain(t: Array, o: Array, variance: Array) -> float:
    square = float(np.sum(o * o / variance))
    return float(np.sum(o * t / variance)) / square if square > 0 else math.nan


def interpolated(curve: Curve, q: Array) -> Curve:
    """Return *curve* at other points by linear interpolation, errors propagated.

    Parameters
    ----------
    curve : Curve
        The curve.
    q : ndarray, shape (n,)
        Points [1/nm], increasing, within the range of the curve.
    """
    left, right, share = _neighbours(curve.q, q)
    intensity = (1 - share) * curve.intensity[left] + share * curve.intensity[right]
    if curve.sigma is None:
        return Curve(q, intensity)
    return Curve(q, intensity, np.sqrt(((1 - share) * curve.sigma[left]) ** 2 + (share * curve.sigma[right]) ** 2))


def _neighbours(grid: Array, q: Array) -> tuple[np.ndarray, np.ndarray, Array]:
    """Return the indices of the grid points below and above each q, and the weight of the upper one."""
    right = np.clip(np.searchsorted(grid, q), min(1, grid.size - 1), grid.size - 1)
    left = np.maximum(right - 1, 0)
    step = grid[right] - grid[left]
    return left, right, np.divide(q - grid[left], step, out=np.zeros_like(q), where=step > 0)


def common_scale(target: Curve, other: Curve) -> float:
    """Return the factor that brings *other* to the scale of *target* where their q overlap; 1 where nothing tells it."""
    inside = (target.q >= other.q[0]) & (target.q <= other.q[-1])
    if np.count_nonzero(inside) < 2:
        return 1.0
    part = target.select(inside)
    factor = fit_ratio(part, interpolated(other, part.q)).value
    return factor if math.isfinite(factor) and factor > 0 else 1.0
