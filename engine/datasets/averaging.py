r"""The mean of repeated exposures, without those that differ: radiation damage, a bubble, a beam that was lost.

A frame is compared with the pointwise median of all others by the longest run of like signs of their difference (the idea of
CorMap: Franke, Jeffries & Svergun 2015, Nature Methods 12:419, where pairs are compared). Frames of the same thing differ by noise,
whose signs are tosses of a coin; a frame with another shape stays above or below for long. No errors are needed, and wrong ones do no
harm. Noise that neighbouring points share (pixels split among bins) makes longer runs, so frames binned that way are rejected
too often. A run says nothing about a few wild points, so frames with errors are also left out when their mean squared deviation from
the median is several times that of the typical frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from engine.curve import Array, Curve
from engine.errors import ParameterError

MAX_FRAMES = 10_000
MAX_VALUES = 20_000_000
SAME_Q = 1e-5
"""Largest relative difference of q between frames."""

SAME_GRID = 0.9
"""Smallest share of points on the same q from which on two frames were measured alike."""

WILD = 3.0
"""A mean squared deviation this many times that of the typical frame is too large."""

MIN_FRAMES_FOR_ERRORS = 5
"""Fewest frames whose scatter gives an error where the frames have none."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A frame that is not in the mean, counted from 0, and why."""

    frame: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Averaged:
    """The mean, the frames that are in it (counted from 0), those that are not, and sentences on what was assumed."""

    curve: Curve
    kept: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()


def average(frames: Sequence[Curve], *, significance: float = 0.01) -> Averaged:
    r"""Return the mean of the frames that agree.

    .. math:: I = \sum_f w_f I_f / \sum_f w_f, \quad \sigma^2 = \sum_f w_f^2 \sigma_f^2 / (\sum_f w_f)^2

    with w_f the inverse of the variance of frame f relative to the others, one number per frame. A weight per point would give points
    that happened to count low a smaller sigma and so more weight, and bias the mean downwards.

    Parameters
    ----------
    frames : sequence of Curve
        At least two exposures on the same q; points that some of them lack are left out.
    significance : float
        Probability of leaving any good frame out, if the noise of different points is independent.

    Raises
    ------
    ParameterError
        If there are fewer than two frames, their q differ, or no majority of them agrees.
    """
    _check(frames, significance)
    frames, lost = _on_common_q(frames)
    intensities = np.stack([frame.intensity for frame in frames])
    left_out = _outliers(frames, intensities, significance)
    if 2 * len(left_out) >= len(frames):
        raise ParameterError(
            f"{len(left_out)} of {len(frames)} frames differ from the rest, so it cannot be said which are right. "
            "Look at the frames and choose those to average.",
            "frames",
        )
    out = {item.frame for item in left_out}
    kept = tuple(i for i in range(len(frames)) if i not in out)
    curve, notes = _mean([frames[i] for i in kept])
    return Averaged(curve, kept, left_out, (*lost, *notes))


def _check(frames: Sequence[Curve], significance: float) -> None:
    if not 2 <= len(frames) <= MAX_FRAMES:
        raise ParameterError(f"Between 2 and {MAX_FRAMES} frames can be averaged; {len(frames)} were given.", "frames")
    if not 0 < significance < 1:
        raise ParameterError(f"The significance must lie between 0 and 1; {significance} was given.", "significance")
    points = max(map(len, frames))
    if len(frames) * points > MAX_VALUES:
        raise ParameterError(f"{len(frames)} frames of {points} points are too many to average at once; average parts.", "frames")


def _on_common_q(frames: Sequence[Curve]) -> tuple[Sequence[Curve], tuple[str, ...]]:
    """Return the frames at the points that all of them have: cleaning may have left out a point of one and not of another."""
    first = frames[0].q
    shared = np.ones(first.size, dtype=np.bool_)
    places = []
    for i, frame in enumerate(frames, start=1):
        right = np.clip(np.searchsorted(frame.q, first), min(1, len(frame) - 1), len(frame) - 1)
        left = np.maximum(right - 1, 0)
        place = np.where(first - frame.q[left] < frame.q[right] - first, left, right)
        same = np.abs(frame.q[place] - first) <= SAME_Q * first
        if np.count_nonzero(same) < SAME_GRID * max(first.size, len(frame)):
            raise ParameterError(
                f"Frame {i} has other q than frame 1: {np.count_nonzero(same)} of {max(first.size, len(frame))} points agree. "
                "Only exposures on the same q can be averaged; check the q units.",
                "frames",
            )
        shared &= same
        places.append(place)
    if shared.all() and all(len(frame) == first.size for frame in frames):
        return frames, ()
    if np.count_nonzero(shared) < SAME_GRID / 2 * first.size:
        raise ParameterError(f"All {len(frames)} frames share {np.count_nonzero(shared)} points only; average fewer frames.", "frames")
    lost = max(map(len, frames)) - np.count_nonzero(shared)
    note = f"{lost} points that not every frame has are not in the mean."
    return [_at(frame, place[shared]) for frame, place in zip(frames, places, strict=True)], (note,)


def _at(frame: Curve, places: np.ndarray) -> Curve:
    return Curve(frame.q[places], frame.intensity[places], None if frame.sigma is None else frame.sigma[places])


def _outliers(frames: Sequence[Curve], intensities: Array, significance: float) -> tuple[LeftOut, ...]:
    medians = median_of_others(intensities)
    limit = significance / len(frames)  # Bonferroni: every frame is tested
    deviations = _deviations(frames, intensities - medians)
    typical = float(np.median(deviations)) if deviations is not None else np.nan
    found = []
    for i, difference in enumerate(intensities - medians):
        run = longest_run(difference)
        p = run_probability(difference.size, run)
        if p < limit:
            found.append(LeftOut(i, f"{run} points in a row lie on one side of the other frames' median (p = {p:.1g})"))
        elif deviations is not None and len(frames) > 2 and deviations[i] > WILD * typical:
            found.append(LeftOut(i, f"its deviation from the other frames' median is {deviations[i] / typical:.1f} times the usual"))
    return tuple(found)


def _deviations(frames: Sequence[Curve], differences: Array) -> Array | None:
    """Return the mean of (frame - median)² / variance for each frame, or None where frames have no errors.

    The variance is that of the frame and of the median, pi/2 times that of a mean.
    """
    sigmas = [frame.sigma for frame in frames if frame.sigma is not None]
    if len(sigmas) < len(frames):
        return None
    variances = np.stack(sigmas) ** 2
    others = len(frames) - 1
    of_medians = np.pi / 2 * (variances.sum(axis=0) - variances) / others**2
    return np.asarray(np.mean(differences**2 / (variances + of_medians), axis=1))


def median_of_others(values: Array) -> Array:
    """Return for each row the median of all other rows, column by column.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        At least two rows.

    Returns
    -------
    ndarray, shape (n, m)
        Found from one sorting: without row i, ranks above its own move down by one.
    """
    order = np.argsort(values, axis=0, kind="stable")
    ranks = np.argsort(order, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    others = values.shape[0] - 1
    low, high = (others - 1) // 2, others // 2
    return np.asarray(sum(np.take_along_axis(ordered, np.where(ranks <= k, k + 1, k), axis=0) for k in (low, high)) / 2)


def longest_run(difference: Array) -> int:
    """Return the length of the longest run of like signs; a difference of exactly 0 ends a run."""
    return max((len(list(group)) for sign, group in groupby(np.sign(difference).tolist()) if sign != 0), default=0)


def run_probability(tosses: int, run: int) -> float:
    r"""Return the probability that *tosses* of a coin hold a run of at least *run* like results (Schilling 1990).

    A run of r like results is a run of r - 1 "same as before" among tosses - 1. With k = r - 1, the probability P of no such run obeys
    :math:`P_n = P_{n-1} - 2^{-(k+1)} P_{n-k-1}`.
    """
    if run <= 1:
        return 1.0 if tosses >= run else 0.0
    n, k = tosses - 1, run - 1
    if n < k:
        return 0.0
    has = np.zeros(n + 1)  # 1 - P, so that small probabilities keep their digits
    has[k] = 0.5**k
    for i in range(k + 1, n + 1):
        has[i] = has[i - 1] + 0.5 ** (k + 1) * (1 - has[i - k - 1])
    return float(min(has[n], 1.0))


def _mean(frames: Sequence[Curve]) -> tuple[Curve, tuple[str, ...]]:
    intensities = np.stack([frame.intensity for frame in frames])
    sigmas = [frame.sigma for frame in frames if frame.sigma is not None]
    if len(sigmas) == len(frames):
        variances = np.stack(sigmas) ** 2
        weights = 1 / np.median(variances / variances.mean(axis=0), axis=1)
        weights = weights / weights.sum()
        return Curve(frames[0].q, weights @ intensities, np.sqrt(weights**2 @ variances)), ()
    mean = intensities.mean(axis=0)
    said = "Not all frames have errors, so all count equally"
    scatter = intensities.std(axis=0, ddof=1) / np.sqrt(len(frames)) if len(frames) >= MIN_FRAMES_FOR_ERRORS else np.zeros(mean.size)
    if (scatter > 0).all():
        return Curve(frames[0].q, mean, scatter), (f"{said} and the error is that of their scatter.",)
    return Curve(frames[0].q, mean), (f"{said} and the mean has none.",)
