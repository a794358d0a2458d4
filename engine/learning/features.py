"""What a network sees of a curve: four numbers in each of 256 bins of ln q, and four of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array, Curve
from engine.datasets.instrument import BINS, bin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Single = NDArray[np.float32]

CHANNELS, SCALARS = 4, 4
WIDTH = BINS * CHANNELS + SCALARS
"""Numbers a network sees."""

SCALE_BINS = 8
"""Filled bins at the lowest q whose root mean square is the scale that is divided out."""


def raw_features(intensity: Single, sigma: Single, filled: NDArray[np.bool_]) -> tuple[Single, Single]:
    """Return the channels, shape (B, 3, BINS), and the scalars, shape (B, 4), before they are standardised.

    The channels are asinh(I / 2 sigma), which is signal over noise and takes any sign; ln max(I, sigma / 3) and ln sigma, both over the
    scale. Bins without points between filled ones hold what lies on the straight line between their neighbours, so that the grid of an
    instrument shows as little as it can; those outside hold anything. Nothing changes when I and sigma are multiplied by a number.
    """
    intensity, sigma = bridge(intensity, filled), bridge(sigma, filled)
    early = filled & (np.cumsum(filled, axis=1) <= SCALE_BINS)
    scale = np.sqrt((np.where(early, intensity, 0.0) ** 2).sum(axis=1) / np.maximum(early.sum(axis=1), 1))
    scale = np.maximum(scale, 1e-30)[:, None]
    clear = np.arcsinh(intensity / (2 * sigma))
    logarithm = np.log(np.maximum(intensity, sigma / 3) / scale)
    error = np.log(sigma / scale)
    count = filled.sum(axis=1)
    first, last = filled.argmax(axis=1), BINS - 1 - filled[:, ::-1].argmax(axis=1)
    told = np.where(filled, clear, 0.0).sum(axis=1) / np.maximum(count, 1)
    scalars = np.stack([first / BINS, last / BINS, count / BINS, told / 5], axis=1)
    return np.stack([clear, logarithm, error], axis=1).astype(np.float32), scalars.astype(np.float32)


def bridge(values: Single, filled: NDArray[np.bool_]) -> Single:
    """Return *values* (B, BINS) with bins between filled ones interpolated, by the bin's number; the others as they are."""
    place = np.arange(BINS)
    left = np.maximum.accumulate(np.where(filled, place, -1), axis=1)
    right = np.minimum.accumulate(np.where(filled, place, BINS)[:, ::-1], axis=1)[:, ::-1]
    inside = (left >= 0) & (right < BINS)
    left, right = np.where(inside, left, place), np.where(inside, right, place)
    share = ((place - left) / np.maximum(right - left, 1)).astype(np.float32)
    return np.asarray(np.take_along_axis(values, left, 1) * (1 - share) + np.take_along_axis(values, right, 1) * share)


def spanned(filled: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the bins from the first filled one to the last, shape (B, BINS)."""
    return np.asarray(np.logical_or.accumulate(filled, axis=1) & np.logical_or.accumulate(filled[:, ::-1], axis=1)[:, ::-1])


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """Mean and standard deviation of each channel in each bin over the spanned ones, shape (3, BINS); fitted on training data only."""

    mean: Single
    deviation: Single

    def features(self, intensity: Single, sigma: Single, filled: NDArray[np.bool_]) -> Single:
        """Return what the network sees, shape (B, WIDTH): channels, 0 outside the measured range; which bins hold points; scalars."""
        channels, scalars = raw_features(intensity, sigma, filled)
        standard = (channels - self.mean) / self.deviation * spanned(filled)[:, None]
        rows = intensity.shape[0]
        return np.concatenate([standard.reshape(rows, -1), filled.astype(np.float32), scalars], axis=1)


def fit_scaler(batches: Iterable[tuple[Single, Single, NDArray[np.bool_]]]) -> Scaler:
    """Return the scaler of some (intensity, sigma, filled); a bin that is never spanned keeps mean 0 and deviation 1."""
    total, squares, count = np.zeros((3, BINS)), np.zeros((3, BINS)), np.zeros(BINS)
    for intensity, sigma, filled in batches:
        channels, _ = raw_features(intensity, sigma, filled)
        inside = spanned(filled)
        seen = np.where(inside[:, None], channels, 0.0).astype(np.float64)
        total += seen.sum(axis=0)
        squares += (seen**2).sum(axis=0)
        count += inside.sum(axis=0)
    n = np.maximum(count, 1)
    mean = total / n
    variance = np.maximum(squares / n - mean**2, 0.0)
    deviation = np.where((count > 1) & (variance > 1e-6), np.sqrt(variance), 1.0)
    return Scaler(mean.astype(np.float32), deviation.astype(np.float32))


def bin_curve(curve: Curve) -> tuple[Single, Single, NDArray[np.bool_]]:
    """Return intensity, sigma and which bins are filled, each shape (1, BINS): inverse-variance means of the points in each bin.

    Nothing is interpolated or extrapolated. The curve must have its sigma.
    """
    if curve.sigma is None:
        raise ValueError("a curve without sigma can't be binned; prepare it first")
    place = bin_of(curve.q)
    inside = (place >= 0) & (place < BINS)
    weight = 1 / curve.sigma[inside] ** 2
    total = np.bincount(place[inside], weights=weight, minlength=BINS)
    filled = total > 0
    safe = np.where(filled, total, 1.0)
    mean: Array = np.bincount(place[inside], weights=weight * curve.intensity[inside], minlength=BINS) / safe
    size = float(np.abs(mean).max()) or 1.0  # float32 must hold it, whatever its unit
    intensity = np.where(filled, mean / size, 0.0).astype(np.float32)
    sigma = np.where(filled, np.maximum(1 / np.sqrt(safe) / size, 1e-12), 1.0).astype(np.float32)
    return intensity[None], sigma[None], filled[None]
