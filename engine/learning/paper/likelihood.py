r"""The exact likelihood of a noisy curve, and the most probable sizes, numbers and noise level under it.

With :math:`I(q) = \sum_k n_k I_k(q; \mathrm{mean}_k, \mathrm{sd}_k)` and log-normal noise, :math:`y = \ln I_{noisy}` is Gaussian with
variance :math:`v = \ln(1 + \alpha_n / I)` and mean :math:`\ln I - v/2`, plus ln scale where that is unknown. Every prior of the paper
is uniform in a box (means, spreads, numbers, :math:`\ln \alpha_n`), and parameters are given as places in it, from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.datasets.noise import PAPER_LEVELS
from engine.learning.paper.protocol import MEANS, Reading, Samples
from engine.learning.paper.sizes import SizedCurves
from engine.progress import Report, Step, silent

SCALES = (-10.0, 10.0)
"""Range of ln scale where the scale is unknown."""

_DAMPING = 1e-3  # at the start, and the factor by which it changes
_STEPS, _TOLERANCE = 40, 1e-3  # at most, and the gain in ln likelihood below which a curve is done
_ROUGH_STEPS = 12
_ROUGH_ERROR = 0.03  # relative error that a rough guess is forgiven
_BLOCK = 200  # curves at once


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Which types a curve may hold, and what is unknown about them.

    Parameters
    ----------
    types : tuple of str
        K types.
    reading : Reading
        Prior of the spreads.
    sized : SizedCurves
        Curves of all types.
    scale : bool
        Whether the curve has an unknown scale.
    """

    types: tuple[str, ...]
    reading: Reading
    sized: SizedCurves
    scale: bool = False

    @property
    def low(self) -> Array:
        """Lower ends of the box: means, spreads, numbers but the last, ln level, and ln scale if unknown."""
        return np.asarray(self._ends[0])

    @property
    def width(self) -> Array:
        """Widths of the box."""
        return np.asarray(self._ends[1] - self._ends[0])

    @property
    def _ends(self) -> Array:
        k = len(self.types)
        ranges = [MEANS] * k + [self.reading.sds] * k + [(0.0, 1.0)] * (k - 1) + [(np.log(PAPER_LEVELS[0]), np.log(PAPER_LEVELS[1]))]
        return np.array([*ranges, SCALES] if self.scale else ranges).T

    def places(self, samples: Samples, scales: Array | None = None) -> Array:
        """Return the places in the box of samples that hold these types, shape (n, p)."""
        columns = [samples.types.index(kind) for kind in self.types]
        values = [samples.means[:, columns], samples.sds[:, columns], samples.numbers[:, columns[:-1]], np.log(samples.levels)[:, None]]
        if self.scale:
            values.append(np.zeros((len(samples), 1)) if scales is None else np.log(scales)[:, None])
        return np.asarray((np.concatenate(values, axis=1) - self.low) / self.width)

    def values(self, places: Array) -> Array:
        """Return parameters in their units, shape (n, p)."""
        return np.asarray(self.low + self.width * places)

    def numbers(self, places: Array) -> Array:
        """Return the number fractions, shape (n, K)."""
        k = len(self.types)
        free = places[:, 2 * k : 3 * k - 1]
        return np.concatenate([free, 1 - free.sum(axis=1, keepdims=True)], axis=1)

    def means(self, places: Array) -> Array:
        """Return the mean sizes [nm], shape (n, K)."""
        return self.values(places)[:, : len(self.types)]

    def rough_variance(self, places: Array) -> Array:
        """Return the variance of ln I_noisy at these places, and some more for their roughness, shape (n, n_q)."""
        values = self.values(places)
        return np.asarray(self._gaussian(values, self._ideal(places, values)[0])[1] + _ROUGH_ERROR**2)

    def inside(self, places: Array) -> NDArray[np.bool_]:
        """Tell which places lie in the box and have no negative number, over the last axis."""
        k = len(self.types)
        return np.asarray(((places >= 0) & (places <= 1)).all(axis=-1) & (places[..., 2 * k : 3 * k - 1].sum(axis=-1) <= 1))

    def log_likelihood(self, places: Array, log_intensity: Array) -> Array:
        """Return ln of the probability density of each curve, shape (n,)."""
        values = self.values(places)
        k = len(self.types)
        numbers = self.numbers(places)
        ideal = sum(numbers[:, j, None] * self.sized.average(kind, values[:, j], values[:, k + j]) for j, kind in enumerate(self.types))
        mean, variance, _ = self._gaussian(values, np.asarray(ideal))
        return np.asarray(-((log_intensity - mean) ** 2 / variance + np.log(2 * np.pi * variance)).sum(axis=1) / 2)

    def derivatives(self, places: Array, log_intensity: Array | None = None, variance: Array | None = None) -> tuple[Array, Array, Array]:
        """Return ln likelihood (n,), its gradient (n, p) and the Fisher information (n, p, p) by the places in the box.

        Without curves the first two are those of curves that equal their mean. With a *variance* of ln I_noisy, shape (n, n_q), that
        is taken as known instead of the model's.
        """
        values = self.values(places)
        ideal, slopes = self._ideal(places, values)
        mean, own_variance, share = self._gaussian(values, ideal)
        if variance is not None:
            mean, share = mean + (own_variance - variance) / 2, np.zeros_like(share)
        else:
            variance = own_variance
        extra = np.zeros((len(places), slopes.shape[1], ideal.shape[1]))
        by_mean, by_variance = slopes * (1 + share / 2)[:, None], -slopes * share[:, None]
        level = 3 * len(self.types) - 1
        extra[:, level] = share
        by_mean, by_variance = by_mean - extra / 2, by_variance + extra
        if self.scale:
            by_mean[:, level + 1] = 1.0
        by_mean *= self.width[:, None]
        by_variance *= self.width[:, None]
        residual = (mean if log_intensity is None else log_intensity) - mean
        likelihood = -(residual**2 / variance + np.log(2 * np.pi * variance)).sum(axis=1) / 2
        gradient = by_mean @ (residual / variance)[:, :, None] + by_variance @ ((residual**2 / variance - 1) / (2 * variance))[:, :, None]
        scaled = np.concatenate([by_mean / np.sqrt(variance)[:, None], by_variance / (np.sqrt(2) * variance)[:, None]], axis=2)
        return likelihood, gradient[:, :, 0], scaled @ scaled.transpose(0, 2, 1)

    def _ideal(self, places: Array, values: Array) -> tuple[Array, Array]:
        """Return I (n, n_q) and the derivatives of ln I by the parameters in their units (n, p, n_q)."""
        k = len(self.types)
        numbers = self.numbers(places)
        parts = [self.sized.with_slopes(kind, values[:, j], values[:, k + j]) for j, kind in enumerate(self.types)]
        ideal = np.asarray(sum(numbers[:, j, None] * parts[j][0] for j in range(k)))
        slopes = np.zeros((len(places), places.shape[1], ideal.shape[1]))
        for j in range(k):
            slopes[:, j] = numbers[:, j, None] * parts[j][1]
            slopes[:, k + j] = numbers[:, j, None] * parts[j][2]
        for j in range(k - 1):
            slopes[:, 2 * k + j] = parts[j][0] - parts[-1][0]
        return ideal, slopes / ideal[:, None]

    def _gaussian(self, values: Array, ideal: Array) -> tuple[Array, Array, Array]:
        """Return mean and variance of ln I_noisy, and alpha_n / (I + alpha_n), each (n, n_q)."""
        level = np.exp(values[:, 3 * len(self.types) - 1, None])
        variance = np.log1p(level / ideal)
        mean = np.log(ideal) - variance / 2
        return (mean + values[:, -1:] if self.scale else mean), variance, level / (ideal + level)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The most probable places (n, p), and ln likelihood (n,), gradient (n, p) and Fisher information (n, p, p) there."""

    places: Array
    likelihood: Array
    gradient: Array
    information: Array

    def take(self, rows: NDArray[np.int64]) -> Fit:
        """Return the fits of some curves."""
        return Fit(self.places[rows], self.likelihood[rows], self.gradient[rows], self.information[rows])

    def better_of(self, other: Fit) -> Fit:
        """Return the likelier fit of each curve."""
        return self.with_better(np.arange(len(self.likelihood)), other)

    def with_better(self, rows: NDArray[np.int64], other: Fit) -> Fit:
        """Return these fits with those of *rows* replaced by the *other* ones where they are likelier."""
        wins = other.likelihood > self.likelihood[rows]
        result = self.take(np.arange(len(self.likelihood)))
        for mine, theirs in zip(
            (result.places, result.likelihood, result.gradient, result.information),
            (other.places, other.likelihood, other.gradient, other.information),
            strict=True,
        ):
            mine[rows[wins]] = theirs[wins]
        return result


def climb(model: Model, places: Array, log_intensity: Array, *, rough: bool = False, report: Report = silent) -> Fit:
    """Return the fits that damped Fisher scoring within the box reaches from *places*.

    Parameters
    ----------
    rough : bool
        Whether the places are rough guesses. Then a few steps are done at first with the noise held fixed: misfits would else be taken
        for noise, up to its highest level, where nothing tells sizes any more.
    """
    fits = []
    for i in range(0, len(places), _BLOCK):
        report(Step(i, len(places), " + ".join(model.types)))
        begin, curves = _into_box(model, places[i : i + _BLOCK]), log_intensity[i : i + _BLOCK]
        if rough:
            begin = _climb(model, begin, curves, _ROUGH_STEPS, 1.0, model.rough_variance(begin)).places
        fits.append(_climb(model, begin, curves, _STEPS, _TOLERANCE))
    return Fit(*(np.concatenate([getattr(fit, name) for fit in fits]) for name in ("places", "likelihood", "gradient", "information")))


def _climb(model: Model, places: Array, log_intensity: Array, steps: int, tolerance: float, variance: Array | None = None) -> Fit:
    likelihood, gradient, information = model.derivatives(places, log_intensity, variance)
    damping = np.full(len(places), _DAMPING)
    open_rows = np.arange(len(places))
    for _ in range(steps):
        if not open_rows.size:
            break
        step = _step(places[open_rows], gradient[open_rows], information[open_rows], damping[open_rows])
        tried = _into_box(model, places[open_rows] + step)
        new = model.derivatives(tried, log_intensity[open_rows], None if variance is None else variance[open_rows])
        gain = new[0] - likelihood[open_rows]
        better = gain > 0
        rows = open_rows[better]
        places[rows], likelihood[rows], gradient[rows], information[rows] = tried[better], *(value[better] for value in new)
        damping[open_rows] = np.where(better, damping[open_rows] * 0.2, damping[open_rows] * 8)
        finished = (better & (gain < tolerance)) | (damping[open_rows] > 1e7)
        open_rows = open_rows[~finished]
    return Fit(places, likelihood, gradient, information)


def _step(places: Array, gradient: Array, information: Array, damping: Array) -> Array:
    """Return damped steps; a parameter at an end of the box that wants out stays there."""
    held = ((places <= 0) & (gradient < 0)) | ((places >= 1) & (gradient > 0))
    gradient = np.where(held, 0.0, gradient)
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, information)
    diagonal = np.einsum("npp->np", matrix)
    size = np.where(held, 1.0, diagonal * (1 + damping[:, None]) + 12.0)  # 12 is the information of the prior on a place
    matrix = matrix.copy()
    np.einsum("npp->np", matrix)[...] = size
    return np.asarray(np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0])


def _into_box(model: Model, places: Array) -> Array:
    k = len(model.types)
    places = np.clip(places, 0.0, 1.0)
    free = places[:, 2 * k : 3 * k - 1]
    free /= np.maximum(free.sum(axis=1, keepdims=True), 1.0)
    return places
