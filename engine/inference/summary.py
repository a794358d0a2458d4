"""From weighted draws of all hypotheses to probabilities, fractions, sizes and their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import logsumexp

from engine.curve import Array
from engine.datasets.synthesis import MINOR
from engine.inference.analysis import Interval
from engine.inference.hypotheses import Hypothesis
from engine.inference.posterior import SIZE_PRIOR, SPREAD_PRIOR, Draws

LEVEL = 0.9
"""Probability inside every interval that is reported."""


NOTHING = 1e-7
"""Draws of less weight than this, over the largest, change no number that is reported."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Draws of all hypotheses together, one column a type; a type that is absent has fraction 0 and sizes nan.

    Parameters
    ----------
    weights : ndarray, shape (N,)
        Sum to 1.
    scattering, number, volume : ndarray, shape (N, T)
        Fractions; each row sums to 1.
    mean, spread : ndarray, shape (N, T)
        Mean size [nm] and sd/mean.
    nuisances : ndarray, shape (N, p)
        What is free of the particles.
    """

    types: tuple[str, ...]
    weights: Array
    scattering: Array
    number: Array
    volume: Array
    mean: Array
    spread: Array
    nuisances: Array

    @property
    def effective(self) -> float:
        """Effective number of draws."""
        return float(1 / (self.weights**2).sum())


def pool(drawn: Sequence[Draws], prior: Mapping[Hypothesis, float], types: tuple[str, ...], unit_volumes: Mapping[str, float]) -> Pool:
    """Return all draws weighted by evidence times *prior*.

    Parameters
    ----------
    unit_volumes : mapping of str to float
        Volume of each type at D = 1; particles of one type are geometrically alike on the outside, so V = unit D³.
    """
    possible = [draws for draws in drawn if np.isfinite(draws.log_evidence)]
    drawn = possible or [replace(draws, log_evidence=0.0) for draws in drawn[:1]]  # nothing fits at all: the judgement says so
    log_mass = np.array([draws.log_evidence + np.log(prior[draws.hypothesis]) for draws in drawn])
    mass = np.exp(log_mass - logsumexp(log_mass))
    parts = [_spread_out(draws, types, unit_volumes) for draws in drawn]
    weights = np.concatenate([m * draws.weights for m, draws in zip(mass, drawn, strict=True)])
    kept = weights >= NOTHING * weights.max()
    columns = [np.concatenate([part[i] for part in parts])[kept] for i in range(6)]
    return Pool(types, weights[kept] / weights[kept].sum(), *columns)


def _spread_out(draws: Draws, types: tuple[str, ...], unit_volumes: Mapping[str, float]) -> tuple[Array, ...]:
    shape = (draws.weights.size, len(types))
    place = [types.index(kind) for kind in draws.hypothesis.types]
    scattering, number, volume = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    mean, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    scattering[:, place] = draws.fractions
    # a draw without weight may lie anywhere; its sizes are kept where their cubes are numbers
    mean[:, place], spread[:, place] = np.exp(np.clip(draws.sizes[..., 0], -50, 50)), np.exp(np.clip(draws.sizes[..., 1], -50, 50))
    raw = draws.fractions / draws.scales
    number[:, place] = raw / raw.sum(axis=1, keepdims=True)
    # mean of D³ of a log-normal: mean³ (1 + spread²)³
    cubes = np.array([unit_volumes[kind] for kind in draws.hypothesis.types]) * mean[:, place] ** 3 * (1 + spread[:, place] ** 2) ** 3
    filled = raw * cubes
    volume[:, place] = filled / filled.sum(axis=1, keepdims=True)
    return scattering, number, volume, mean, spread, np.tile(np.array(draws.nuisances, dtype=np.float64), (shape[0], 1))


def labels(pooled: Pool) -> list[Hypothesis]:
    """Return the hypothesis that each draw stands for: the types that give at least ``MINOR`` of the scattering."""
    present = pooled.scattering >= MINOR
    code = present @ (1 << np.arange(len(pooled.types)))
    known = {int(c): Hypothesis(tuple(kind for i, kind in enumerate(pooled.types) if int(c) >> i & 1)) for c in np.unique(code)}
    return [known[int(c)] for c in code]


def probabilities(pooled: Pool, labelled: Sequence[Hypothesis], all_names: Sequence[str]) -> dict[str, float]:
    """Return the posterior probability of each reported name, most in the order of *all_names*; they sum to 1."""
    total = dict.fromkeys(all_names, 0.0)
    name_of = {hypothesis: hypothesis.name for hypothesis in set(labelled)}
    for hypothesis, weight in zip(labelled, pooled.weights, strict=True):
        total[name_of[hypothesis]] += float(weight)
    return total


def interval(values: Array, weights: Array) -> Interval:
    """Return the weighted mean with the central interval of probability ``LEVEL``, the mean cut to the interval."""
    order = np.argsort(values)
    sorted_values, sorted_weights = values[order], weights[order]
    share = (np.cumsum(sorted_weights) - 0.5 * sorted_weights) / sorted_weights.sum()
    low, high = np.interp([(1 - LEVEL) / 2, (1 + LEVEL) / 2], share, sorted_values)
    return Interval(float(np.clip(np.average(values, weights=weights), low, high)), float(low), float(high))


def variance(values: Array, weights: Array) -> float:
    """Return the weighted variance."""
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights))


@lru_cache(maxsize=1)
def prior_variances() -> tuple[float, float, float]:
    """Return the prior variances of a number fraction, a mean size [nm²] and a standard deviation [nm²].

    Of the priors of :mod:`engine.inference.posterior`; the fraction's for two types, uniform.
    """
    rng = np.random.default_rng(20250501)
    mean = np.exp(rng.uniform(np.log(SIZE_PRIOR[0]), np.log(SIZE_PRIOR[1]), 40_000))
    sd = mean * np.exp(rng.normal(np.log(SPREAD_PRIOR[0]), SPREAD_PRIOR[1], 40_000))
    return 1 / 12, float(mean.var()), float(sd.var())
