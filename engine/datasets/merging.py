"""Joining two curves of one sample, measured over different q ranges, into one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.curve import Array, Curve
from engine.datasets.scaling import Ratio, fit_ratio, interpolated
from engine.errors import ParameterError

MIN_OVERLAP = 5
"""Fewest points of each curve in the overlap."""

DISAGREEMENT = 0.05
"""Typical relative difference in the overlap, beyond what the errors allow, from which on two curves are not of one sample."""

POOR_CHI2 = 3.0
"""Reduced chi² above which errors do not explain the differences in the overlap."""


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """One curve from two.

    Parameters
    ----------
    curve : Curve
        On the scale of the curve that begins at lower q.
    scale, scale_error : float
        Factor on the other one, and its standard deviation.
    overlap : tuple of float
        First and last q of the overlap [1/nm].
    notes : tuple of str
        What was assumed or is remarkable.
    """

    curve: Curve
    scale: float
    scale_error: float
    overlap: tuple[float, float]
    notes: tuple[str, ...] = ()


def merge(one: Curve, other: Curve) -> Merged:
    """Bring two curves to one scale by weighted least squares in their overlap, and average them there.

    In the overlap the points are those of the curve that has more there; the other one is interpolated linearly. The mean is weighted
    with the inverse variances; the error of the scale is counted at every point of the scaled curve.

    Parameters
    ----------
    one, other : Curve
        In any order; q in 1/nm.

    Raises
    ------
    ParameterError
        If they do not overlap by at least five points each, or have different shapes there.
    """
    low, high = (one, other) if one.q[0] <= other.q[0] else (other, one)
    first, last = float(max(low.q[0], high.q[0])), float(min(low.q[-1], high.q[-1]))
    counts = [int(((curve.q >= first) & (curve.q <= last)).sum()) for curve in (low, high)]
    if min(counts) < MIN_OVERLAP:
        raise ParameterError(
            f"The curves share too little: one covers {low.q[0]:.4g} to {low.q[-1]:.4g} 1/nm, the other {high.q[0]:.4g} to "
            f"{high.q[-1]:.4g} 1/nm, and {MIN_OVERLAP} points of each must lie in the overlap. Check the q units of both files."
        )
    q = _shared_points(low, high, first, last)
    here, there = interpolated(low, q), interpolated(high, q)
    ratio = fit_ratio(here, there)
    _refuse_disagreement(here, there, ratio)
    scaled = _scaled(high, ratio)
    middle = _mean(here, _scaled(there, ratio))
    return Merged(_joined(low, middle, scaled), ratio.value, ratio.error, (first, last), _notes(low, high, ratio))


def _shared_points(low: Curve, high: Curve, first: float, last: float) -> Array:
    """Return the points in the overlap of the curve that has more there."""
    inside = [curve.q[(curve.q >= first) & (curve.q <= last)] for curve in (low, high)]
    return max(inside, key=len)


def _refuse_disagreement(here: Curve, there: Curve, ratio: Ratio) -> None:
    if not ratio.value > 0:
        raise ParameterError("In the overlap one curve is no positive multiple of the other; they cannot be of one sample.")
    size = float(np.median(np.abs(here.intensity)))
    typical = float(np.median(np.abs(here.intensity - ratio.value * there.intensity))) / size if size > 0 else np.inf
    explained = ratio.chi2_reduced is not None and ratio.chi2_reduced <= POOR_CHI2
    if typical > DISAGREEMENT and not explained:
        raise ParameterError(
            f"In the overlap, {here.q[0]:.4g} to {here.q[-1]:.4g} 1/nm, the curves differ by {typical:.0%} after scaling, more than their "
            "errors allow. Check that both are of the same sample with the buffer taken off, and the q units of both files."
        )


def _scaled(curve: Curve, ratio: Ratio) -> Curve:
    k = ratio.value
    sigma = None if curve.sigma is None else np.sqrt((k * curve.sigma) ** 2 + (ratio.error * curve.intensity) ** 2)
    return Curve(curve.q, k * curve.intensity, sigma)


def _mean(here: Curve, there: Curve) -> Curve:
    if here.sigma is None or there.sigma is None:
        return Curve(here.q, (here.intensity + there.intensity) / 2)
    weights = np.stack([here.sigma, there.sigma]) ** -2.0
    total = weights.sum(axis=0)
    return Curve(here.q, (weights[0] * here.intensity + weights[1] * there.intensity) / total, total**-0.5)


def _joined(low: Curve, middle: Curve, high: Curve) -> Curve:
    """Return the points of *middle*, and those of the others outside its range; errors only if all have them."""
    pieces = [curve.select(mask) for curve, mask in _outside(low, high, middle) if mask.any()] + [middle]
    pieces.sort(key=lambda piece: float(piece.q[0]))
    sigmas = [piece.sigma for piece in pieces if piece.sigma is not None]
    return Curve(
        np.concatenate([piece.q for piece in pieces]),
        np.concatenate([piece.intensity for piece in pieces]),
        np.concatenate(sigmas) if len(sigmas) == len(pieces) else None,
    )


def _outside(low: Curve, high: Curve, middle: Curve) -> list[tuple[Curve, np.ndarray]]:
    """Return both curves with the points that lie below or above *middle*: the lower one's below, and above those of whichever goes on."""
    longest = max((low, high), key=lambda curve: float(curve.q[-1]))
    return [(low, low.q < middle.q[0]), (longest, longest.q > middle.q[-1])]


def _notes(low: Curve, high: Curve, ratio: Ratio) -> tuple[str, ...]:
    notes = [f"The curve that begins at {high.q[0]:.4g} 1/nm was multiplied by {ratio.value:.5g} ± {ratio.error:.2g}."]
    if low.sigma is None or high.sigma is None:
        notes.append("Not both curves have errors, so the merged one has none.")
    elif ratio.chi2_reduced is not None and ratio.chi2_reduced > POOR_CHI2:
        notes.append(f"In the overlap the curves differ by more than their errors (reduced chi² {ratio.chi2_reduced:.1f}).")
    return tuple(notes)
