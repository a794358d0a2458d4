"""The size distributions of a verdict, ready to be drawn: density of each type with a 90 % band, and the sizes q can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.curve import Array
from engine.ensembles.size_distribution import LogNormal
from engine.inference.analysis import Analysis, Interval

POINTS = 400
DRAWS = 400
_NORMAL_90 = 1.6448536269514722
"""Half width of the central 90 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class SizeBand:
    """Number density of the sizes of one type.

    Parameters
    ----------
    kind : str
        The type.
    diameter : ndarray, shape (n,)
        D [nm].
    density : ndarray, shape (n,)
        Log-normal density of the fitted mean and spread, times the number fraction [1/nm].
    low, high : ndarray, shape (n,)
        90 % band, point by point.
    """

    kind: str
    diameter: Array
    density: Array
    low: Array
    high: Array


def visible_sizes(q: Array) -> tuple[float, float]:
    """Return the sizes that points from q[0] to q[-1] can tell [nm]: from 2 pi / q_max to pi / q_min."""
    first = float(q[q > 0][0]) if (q > 0).any() else math.inf
    return 2 * math.pi / float(q[-1]), math.pi / first


def size_bands(analysis: Analysis, seed: int = 0) -> tuple[SizeBand, ...]:
    """Return the size distribution of each type of the verdict.

    The band is drawn from the intervals of mean, spread and fraction, taken as independent.
    """
    rng = np.random.default_rng(seed)
    axis = _axis([(size.mean, size.sd) for size in analysis.sizes.values()])
    return tuple(
        _band(kind, axis, size.mean, size.sd, analysis.number_fractions[kind], rng)
        for kind, size in analysis.sizes.items()
        if kind in analysis.number_fractions
    )


def _axis(sizes: Sequence[tuple[Interval, Interval]]) -> Array:
    if not sizes:
        return np.empty(0)
    low = min(mean.low - 4 * sd.high for mean, sd in sizes)
    high = max(mean.high + 5 * sd.high for mean, sd in sizes)
    return np.linspace(max(0.5, low), high, POINTS)


def _band(kind: str, diameter: Array, mean: Interval, sd: Interval, fraction: Interval, rng: np.random.Generator) -> SizeBand:
    middle = fraction.value * LogNormal(mean=mean.value, sd=sd.value).density(diameter) if sd.value > 0 else np.zeros(diameter.size)
    drawn = np.empty((DRAWS, diameter.size))
    for i, (m, s, f) in enumerate(zip(_draws(mean, rng), _draws(sd, rng), _draws(fraction, rng, zero=True), strict=True)):
        drawn[i] = f * LogNormal(mean=float(m), sd=float(s)).density(diameter)
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    return SizeBand(kind, diameter, middle, np.minimum(low, middle), np.maximum(high, middle))


def _draws(interval: Interval, rng: np.random.Generator, *, zero: bool = False) -> Array:
    """Return draws of two half normals whose central 90 % is the interval; positive, or not negative."""
    z = rng.standard_normal(DRAWS) / _NORMAL_90
    values = interval.value + np.where(z > 0, z * (interval.high - interval.value), z * (interval.value - interval.low))
    return np.maximum(values, 0.0 if zero else max(1e-3 * interval.value, 1e-6))
