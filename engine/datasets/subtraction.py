"""Taking the scattering of the buffer off a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Array, Curve
from engine.errors import ParameterError


@dataclass(frozen=True, slots=True, eq=False)
class Subtracted:
    """The difference, and sentences on what was left out or assumed."""

    curve: Curve
    notes: tuple[str, ...] = ()


def subtract(sample: Curve, buffer: Curve, scale: float = 1.0) -> Subtracted:
    r"""Sample less buffer on the points of the sample that the buffer covers.

    .. math:: I = I_s - k \sum_j w_j I_{b,j}, \quad \sigma^2 = \sigma_s^2 + k^2 \sum_j w_j^2 \sigma_{b,j}^2

    with w the weights of the linear interpolation between the two buffer points about each q of the sample. Nothing is
    extrapolated. Without errors of the sample the result has none; without errors of the buffer those of the sample remain.

    Parameters
    ----------
    sample, buffer : Curve
        q in 1/nm, intensities in one common unit.
    scale : float
        Factor k on the buffer, positive.

    Raises
    ------
    ParameterError
        If the scale is not positive, or the buffer covers no point of the sample.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise ParameterError(f"The buffer scale must be a positive number; {scale} was given.", "scale")
    covered = (sample.q >= buffer.q[0]) & (sample.q <= buffer.q[-1])
    if not covered.any():
        raise ParameterError(
            f"The buffer covers {buffer.q[0]:.4g} to {buffer.q[-1]:.4g} 1/nm, the sample {sample.q[0]:.4g} to {sample.q[-1]:.4g} 1/nm: "
            "no point in common. Check the q units of both files."
        )
    kept = sample.select(covered)
    left, right, share = _neighbours(buffer.q, kept.q)
    intensity = kept.intensity - scale * ((1 - share) * buffer.intensity[left] + share * buffer.intensity[right])
    notes = _notes(sample, buffer, int(np.count_nonzero(~covered)))
    if kept.sigma is None or buffer.sigma is None:
        return Subtracted(Curve(kept.q, intensity, kept.sigma), notes)
    variance = kept.sigma**2 + scale**2 * (((1 - share) * buffer.sigma[left]) ** 2 + (share * buffer.sigma[right]) ** 2)
    return Subtracted(Curve(kept.q, intensity, np.sqrt(variance)), notes)


def _neighbours(grid: Array, q: Array) -> tuple[np.ndarray, np.ndarray, Array]:
    """Return the indices of the grid points below and above each q, and the weight of the upper one."""
    right = np.clip(np.searchsorted(grid, q), min(1, grid.size - 1), grid.size - 1)
    left = np.maximum(right - 1, 0)
    step = grid[right] - grid[left]
    return left, right, np.divide(q - grid[left], step, out=np.zeros_like(q), where=step > 0)


def _notes(sample: Curve, buffer: Curve, uncovered: int) -> tuple[str, ...]:
    notes = []
    if uncovered:
        notes.append(f"{uncovered} points of the sample lie outside the q range of the buffer and were left out.")
    if sample.sigma is None and buffer.sigma is not None:
        notes.append("The sample has no errors, so those of the buffer are not used.")
    if sample.sigma is not None and buffer.sigma is None:
        notes.append("The buffer has no errors; those of the sample alone are used and are too small.")
    return tuple(notes)
