"""Taking the scattering of the buffer off a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Curve
from engine.datasets.scaling import fit_ratio, interpolated
from engine.errors import ParameterError

HIGH_Q_SHARE = 0.2
"""Share of the common q range, at its upper end, where sample and buffer are taken to differ by a factor only."""

MIN_SCALE_POINTS = 10
"""Fewest points from which a scale is found."""

CLEARLY_DIFFERENT = 2.0
"""A reduced chi² above this says that sample and buffer differ by more than a factor."""


@dataclass(frozen=True, slots=True, eq=False)
class Subtracted:
    """The difference, and sentences on what was left out or assumed."""

    curve: Curve
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BufferScale:
    """Factor on the buffer found from the curves: value, standard deviation, and sentences on how."""

    value: float
    error: float
    notes: tuple[str, ...] = ()


def find_scale(sample: Curve, buffer: Curve, q_from: float | None = None) -> BufferScale:
    """Return the factor that makes the buffer equal the sample at high q, where the particles scatter next to nothing.

    What the particles do scatter there is taken for buffer, so the factor is an upper bound rather than a mean: with particle
    scattering p and buffer b it comes out too large by the share p / b.

    Parameters
    ----------
    sample, buffer : Curve
        q in 1/nm, intensities in one common unit.
    q_from : float, optional
        Where high q begins [1/nm]; the last fifth of the common range by default.

    Raises
    ------
    ParameterError
        If the curves have fewer than ten points in common there, or the buffer is not positive.
    """
    low, high = max(sample.q[0], buffer.q[0]), min(sample.q[-1], buffer.q[-1])
    start = high - HIGH_Q_SHARE * (high - low) if q_from is None else q_from
    region = (sample.q >= max(start, low)) & (sample.q <= high)
    if int(region.sum()) < MIN_SCALE_POINTS:
        raise ParameterError(
            f"Sample and buffer have {int(region.sum())} points in common beyond {start:.4g} 1/nm; {MIN_SCALE_POINTS} are needed to find "
            "the buffer scale. Give the scale as a number.",
            "scale",
        )
    part = sample.select(region)
    ratio = fit_ratio(part, interpolated(buffer, part.q))
    if not ratio.value > 0:
        raise ParameterError(
            f"Beyond {start:.4g} 1/nm the buffer is no positive multiple of the sample, so no scale can be found there. "
            "Give the scale as a number.",
            "scale",
        )
    notes = [
        f"The buffer scale {ratio.value:.5g} ± {ratio.error:.2g} makes buffer and sample equal at q = {part.q[0]:.4g} to {high:.4g} 1/nm "
        f"({ratio.points} points), as if the particles scattered nothing there."
    ]
    if ratio.chi2_reduced is not None and ratio.chi2_reduced > CLEARLY_DIFFERENT:
        notes.append(
            f"Sample and buffer differ there by more than a factor (reduced chi² {ratio.chi2_reduced:.1f}); the scale may be too large."
        )
    return BufferScale(ratio.value, ratio.error, tuple(notes))


def subtract(sample: Curve, buffer: Curve, scale: float = 1.0, *, scale_error: float = 0.0) -> Subtracted:
    r"""Sample less buffer on the points of the sample that the buffer covers.

    .. math:: I = I_s - k b, \quad b = \sum_j w_j I_{b,j}, \quad
        \sigma^2 = \sigma_s^2 + k^2 \sum_j w_j^2 \sigma_{b,j}^2 + \sigma_k^2 b^2

    with w the weights of the linear interpolation between the two buffer points about each q of the sample. Nothing is
    extrapolated. Without errors of the sample the result has none; without errors of the buffer those of the sample and of the
    scale remain. The error of the scale moves all points together; here it is counted at each.

    Parameters
    ----------
    sample, buffer : Curve
        q in 1/nm, intensities in one common unit.
    scale : float
        Factor k on the buffer, positive.
    scale_error : float
        Standard deviation of k, not negative.

    Raises
    ------
    ParameterError
        If the scale is not positive, or the buffer covers no point of the sample.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise ParameterError(f"The buffer scale must be a positive number; {scale} was given.", "scale")
    if not (math.isfinite(scale_error) and scale_error >= 0):
        raise ParameterError(f"The error of the buffer scale must not be negative; {scale_error} was given.", "scale_error")
    covered = (sample.q >= buffer.q[0]) & (sample.q <= buffer.q[-1])
    if not covered.any():
        raise ParameterError(
            f"The buffer covers {buffer.q[0]:.4g} to {buffer.q[-1]:.4g} 1/nm, the sample {sample.q[0]:.4g} to {sample.q[-1]:.4g} 1/nm: "
            "no point in common. Check the q units of both files."
        )
    kept = sample.select(covered)
    beside = interpolated(buffer, kept.q)
    intensity = kept.intensity - scale * beside.intensity
    notes = _notes(sample, buffer, int(np.count_nonzero(~covered)))
    if kept.sigma is None:
        return Subtracted(Curve(kept.q, intensity), notes)
    variance = kept.sigma**2 + (scale_error * beside.intensity) ** 2
    if beside.sigma is not None:
        variance = variance + (scale * beside.sigma) ** 2
    return Subtracted(Curve(kept.q, intensity, np.sqrt(variance)), notes)


def _notes(sample: Curve, buffer: Curve, uncovered: int) -> tuple[str, ...]:
    notes = []
    if uncovered:
        notes.append(f"{uncovered} points of the sample lie outside the q range of the buffer and were left out.")
    if sample.sigma is None and buffer.sigma is not None:
        notes.append("The sample has no errors, so those of the buffer are not used.")
    if sample.sigma is not None and buffer.sigma is None:
        notes.append("The buffer has no errors; those of the sample alone are used and are too small.")
    return tuple(notes)
