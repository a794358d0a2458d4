"""The first points of a curve that show the beamstop rather than the sample."""

from __future__ import annotations

import math

import numpy as np

from engine.curve import Array

_SHADOW_SLOPE = 6.0
"""A matched particle's intensity rises at most as q^4 from zero; what rises faster is the edge of a shadow."""
_SHADOW_RISE = 5.0
_LASTING = 0.6  # the highest point of noise stands alone
_STEP = 1.05
_GENTLE = 1.3
_GENTLE_WIDTH = 1.15
_SHADOW_SHARE = 0.15
_GLARE_SLOPE = 7.0
"""Sharp surfaces fall as q^-4, soft ones as q^-6; what falls faster for a whole octave is the direct beam."""
_GLARE_FALL = 1e3
_OCTAVE = 2.0
_GLARE_SHARE = 0.05
"""The beam is over within this share of the range of q; a particle without a sharp surface falls as steeply, but later."""
_DEEPEST = 1e-9


def beamstop_rows(q: Array, intensity: Array, sigma: Array | None) -> tuple[int, str]:
    """Return how many leading points belong to the beamstop, and the reason to show.

    Parameters
    ----------
    q : ndarray, shape (n,)
        Positive and increasing, any unit.
    intensity, sigma : ndarray, shape (n,)
        I(q) and its standard deviation.
    """
    if q.size < 16:
        return 0, ""
    glare = _glare_rows(q, intensity)
    if glare:
        return glare, "the direct beam beside the beamstop: falls far steeper than any particle scatters"
    return _shadow_rows(q, intensity, sigma), "in the beamstop's shadow: rises far steeper than any particle scatters"


def _shadow_rows(q: Array, intensity: Array, sigma: Array | None) -> int:
    """Count the leading points up to the end of a rise that no particle has.

    The rise must lead to the highest intensity of the curve within its first rows, be five-fold in all, and somewhere
    steeper than q^6 over at least 5 % of q and 5 standard deviations. A curve that begins in a minimum of its form factor
    looks the same and loses the bottom of it.
    """
    leading = max(6, int(_SHADOW_SHARE * q.size))
    top = int(np.argmax(intensity))
    if top == 0 or top > leading or intensity[top] <= 0:
        return 0
    before = np.minimum(np.searchsorted(q, q[1 : top + 1] / _STEP, side="right") - 1, np.arange(top))
    after = np.arange(1, top + 1)
    after, before = after[before >= 0], before[before >= 0]
    rise = np.maximum(intensity[: top + 1], 1e-9 * intensity[top])
    slope = np.log(rise[after] / rise[before]) / np.log(q[after] / q[before])
    noise = 0.0 if sigma is None else 5.0 * np.hypot(sigma[after], sigma[before])
    steep = after[(slope > _SHADOW_SLOPE) & (intensity[after] - intensity[before] > noise)]
    if steep.size == 0:
        return 0
    end = int(steep[-1])
    high = intensity[top] > _SHADOW_RISE * intensity[0] and np.median(intensity[top : top + 5]) > _LASTING * intensity[top]
    return end if high and _descends_gently(q, intensity, top) else 0


def _descends_gently(q: Array, intensity: Array, top: int) -> bool:
    """Tell whether the curve falls slower behind *top* than it rose before: an edge does, a Bragg peak or an outlier not."""
    half = 0.5 * intensity[top]
    lower = np.flatnonzero(intensity[top:] < half)
    right = np.log(q[top + lower[0]] / q[top]) if lower.size else np.log(q[-1] / q[top])
    left = np.log(q[top] / q[np.flatnonzero(intensity[:top] < half)[-1]])
    return bool(right > _GENTLE * left and right > np.log(_GENTLE_WIDTH))


def _glare_rows(q: Array, intensity: Array) -> int:
    """Count the points of a direct-beam spike: highest at the first rows, falling 1000-fold, steeper than q^-7 for an octave.

    The highest intensity from each point on is looked at: behind the minimum of a form factor it is high again, behind
    the beam it is not. What is left behind the spike bounds how deep a fall can be seen.
    """
    highest = float(intensity.max())
    if highest <= 0 or intensity[:3].max() < highest:
        return 0
    envelope = np.maximum.accumulate(intensity[::-1])[::-1]
    level = np.log(np.maximum(envelope, highest * _DEEPEST))
    octave_on = np.searchsorted(q, _OCTAVE * q)
    inside = np.flatnonzero(_OCTAVE * q < _GLARE_SHARE * q[-1])
    fall = level[inside] - level[octave_on[inside]]
    steep = inside[fall > _GLARE_SLOPE * np.log(q[octave_on[inside]] / q[inside])]
    if steep.size == 0:
        return 0
    last = int(steep[-1])
    bottom = level[octave_on[last]] + math.log(2.0)
    end = last + int(np.argmax(level[last:] <= bottom))
    return end if level[0] - level[end] > np.log(_GLARE_FALL) else 0
