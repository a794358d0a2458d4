r"""From a measured curve to the numbers that are fitted.

Points are gathered into at most a few hundred bins by inverse variance. The model is gathered with the same weights, so binning
costs a little information and no accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from engine.curve import Array, Curve
from engine.errors import EngineError

MIN_POINTS = 12
"""Fewer points than this between the limits of q cannot carry a type, a size, a width, a scale and a background."""

SIGMA_FLOOR = 0.005
"""Relative error assumed at least where a file gives none: calibration and smearing are rarely better."""

SCATTER_LIMITS = (0.2, 5.0)
"""True over stated sigma as seen in real files. Below, the factor is cut; above, the stated sigma is not used at all."""

STRIDES, MIN_SCATTER_POINTS = (1, 2, 3, 5, 9), 40
"""Distances between points over which shared noise is looked for, and points that are needed at each."""

SCATTER_TRUSTED = (0.75, 1.35)
"""The stated sigma is kept when the points scatter by a factor within these limits of it; wider ones where points are few."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A curve ready to be fitted.

    Parameters
    ----------
    curve : Curve
        The judged points, with the standard deviations that are used.
    sigma_factor : float
        Used over stated sigma; 1 when the stated one is kept, nan when none was stated.
    binning : csr_array, shape (m, n)
        Inverse-variance weights; rows sum to 1.
    q, intensity, sigma : ndarray, shape (m,)
        Binned data; q is the weighted mean.
    notes : tuple of str
        Sentences on what was done.
    """

    curve: Curve
    sigma_factor: float
    binning: csr_array
    q: Array
    intensity: Array
    sigma: Array
    notes: tuple[str, ...]

    def with_model_error(self, relative: float) -> Prepared:
        """Return the same bins with a model error of *relative* times the intensity added to each sigma."""
        return replace(self, sigma=np.hypot(self.sigma, relative * np.abs(self.intensity)))


def prepare(curve: Curve, *, q_max: float, q_range: tuple[float | None, float | None] = (None, None)) -> Prepared:
    """Return *curve* cut to (0, *q_max*] and to *q_range*, with usable standard deviations, and its bins.

    Raises
    ------
    EngineError
        If fewer than ``MIN_POINTS`` points are left.
    """
    known = (curve.q > 0) & (curve.q <= q_max)
    low, high = q_range
    asked = (curve.q >= (-np.inf if low is None else low)) & (curve.q <= (np.inf if high is None else high))
    inside = known & asked
    if inside.sum() < MIN_POINTS:
        where = f"between {low or 0:g} and {min(high or np.inf, q_max):g} 1/nm"
        raise EngineError(
            f"Too few points: {int(inside.sum())} lie {where}, at least {MIN_POINTS} are needed. "
            f"{'Check the q unit, or measure more of this range' if asked.all() else 'Judge a wider range of q'}."
        )
    notes = []
    if not known.all():
        notes.append(f"{int((~known).sum())} points outside 0 < q <= {q_max:g} 1/nm are not used.")
    if (known & ~asked).any():
        notes.append(f"{int((known & ~asked).sum())} points outside {_stated(low, high)} were left out, as asked.")
    kept = curve.select(inside)
    if not kept.intensity.any():
        raise EngineError("All intensities are zero; there is nothing to judge. Check the columns and the subtraction.")
    sigma, factor, length, said = _usable_sigma(kept)
    used = Curve(kept.q, kept.intensity, sigma)
    index = _bin_index(used.q)
    binning = _binning(index, sigma)
    if binning.shape[0] < MIN_POINTS:
        raise EngineError(
            f"The {len(used)} points fall into only {binning.shape[0]} groups between {used.q[0]:.3g} and {used.q[-1]:.3g} 1/nm; at least "
            f"{MIN_POINTS} are needed. Measure a wider range of q."
        )
    # neighbours that share noise tell less: a bin of n points counts as n / length of them
    shared = np.sqrt(np.minimum(length, np.bincount(index)))
    bin_sigma = shared / np.sqrt(np.bincount(index, weights=1 / sigma**2))
    return Prepared(used, factor, binning, binning @ used.q, binning @ used.intensity, bin_sigma, (*notes, *said))


def _stated(low: float | None, high: float | None) -> str:
    """Return a range of q in words."""
    return "".join(("" if low is None else f"{low:g} <= ", "q", "" if high is None else f" <= {high:g}", " 1/nm"))


def _usable_sigma(curve: Curve) -> tuple[Array, float, int, tuple[str, ...]]:
    """Return the sigma to use, its factor to the stated one (nan: none usable), the correlation length in points, and sentences."""
    stated = curve.sigma
    said = []
    if stated is not None:
        factor, length = _sigma_factor(curve.q, curve.intensity, stated)
        if factor <= SCATTER_LIMITS[1]:
            if factor != 1.0:
                word = "more" if factor > 1 else "less"
                said.append(f"The points scatter {word} than the stated sigma says; sigma was multiplied by {factor:.2g}.")
            if length > 1:
                said.append(f"About {length} neighbouring points share their noise; they are weighed as one.")
            return stated * factor, factor, length, tuple(said)
        said.append(f"The stated sigma cannot be true: the points scatter {factor:.3g} times more.")
    said.append("Standard deviations were estimated from the scatter of neighbouring points.")
    scatter = point_scatter(curve.q, curve.intensity)
    scatter = np.maximum(scatter, 1e-12 * np.abs(curve.intensity).max())
    factor, length = _sigma_factor(curve.q, curve.intensity, scatter)
    sigma = np.maximum(scatter * np.clip(factor, 1.0, SCATTER_LIMITS[1]), SIGMA_FLOOR * np.abs(curve.intensity))
    return sigma, float("nan"), length, tuple(said)


def _interpolation_residuals(q: Array, intensity: Array) -> tuple[Array, Array]:
    """Deviation of each inner point from the cubic through its four neighbours, and the noise gain of that deviation."""
    x = np.stack([q[:-4], q[1:-3], q[3:-1], q[4:]]) - q[2:-2]
    lagrange = np.ones_like(x)
    for i in range(4):
        for j in range(4):
            if i != j:
                lagrange[i] *= -x[j] / (x[i] - x[j])
    y = np.stack([intensity[:-4], intensity[1:-3], intensity[3:-1], intensity[4:]])
    return intensity[2:-2] - (lagrange * y).sum(axis=0), np.sqrt(1 + (lagrange**2).sum(axis=0))


def point_scatter(q: Array, intensity: Array) -> Array:
    """Return the local standard deviation of the points about a smooth curve, shape (n,).

    Each point is compared with the cubic through its four neighbours; the median of the absolute deviations in a running
    window, times 1.4826, is the estimate. Where points are sparse the curvature of I(q) enters, and the estimate is too large.
    """
    if q.size < 7:
        return np.zeros_like(q)
    deviation, gain = _interpolation_residuals(q, intensity)
    local = np.abs(deviation / gain)
    half = max(15, q.size // 24)
    padded = np.pad(local, half, mode="reflect" if local.size > half else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    spread = 1.4826 * np.median(windows, axis=1)
    return np.pad(spread, 2, mode="edge")


def _sigma_factor(q: Array, intensity: Array, sigma: Array) -> tuple[float, int]:
    """Return scatter over stated sigma (1 where they agree or points are too few to tell), and the correlation length in points.

    Neighbours of desmeared, smoothed or pixel-split data share noise and scatter little about one another. So a scatter below
    the stated sigma is believed only if points further apart say the same; the distance at which they stop sharing is the length.
    """
    strides = [stride for stride in STRIDES if q.size // stride >= MIN_SCATTER_POINTS]
    if not strides:
        return 1.0, 1
    near = _scatter_over_sigma(q, intensity, sigma, 1)
    doubt = 3 / np.sqrt(q.size)  # two to three deviations of the estimate from so many points
    if near >= SCATTER_TRUSTED[0] - doubt:
        return (near if near > SCATTER_TRUSTED[1] + doubt else 1.0), 1
    factors = [_scatter_over_sigma(q, intensity, sigma, stride) for stride in strides]
    widest = max(factors)
    length = next(stride for stride, factor in zip(strides, factors, strict=True) if factor >= 0.85 * widest)
    if widest >= SCATTER_TRUSTED[0] - doubt:
        return 1.0, length
    return max(widest, SCATTER_LIMITS[0]), length


def _scatter_over_sigma(q: Array, intensity: Array, sigma: Array, stride: int) -> float:
    """Return the robust scatter about the cubic through neighbours *stride* points away, over the expected one."""
    ratios = []
    for first in range(stride):
        part = slice(first, None, stride)
        deviation, gain = _interpolation_residuals(q[part], intensity[part])
        ratios.append(np.abs(deviation) / _expected_deviation(sigma[part], gain))
    return float(1.4826 * np.median(np.concatenate(ratios)))


def _expected_deviation(sigma: Array, gain: Array) -> Array:
    neighbours = np.stack([sigma[:-4], sigma[1:-3], sigma[2:-2], sigma[3:-1], sigma[4:]])
    return np.asarray(np.sqrt((neighbours**2).mean(axis=0)) * gain)


def _bin_edges(q_min: float, q_max: float) -> Array:
    """Edges that resolve the oscillations of 100 nm particles at low q and are logarithmic above."""
    edges = [q_min * (1 - 1e-9)]
    while edges[-1] <= q_max:
        q = edges[-1]
        edges.append(q + (0.015 * q if q > 0.4 else min(max(0.05 * q, 0.002), 0.006)))
    return np.array(edges)


def _bin_index(q: Array) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    raw = np.searchsorted(_bin_edges(float(q[0]), float(q[-1])), q, side="right")
    return np.unique(raw, return_inverse=True)[1]


def _binning(index: np.ndarray[tuple[int], np.dtype[np.intp]], sigma: Array) -> csr_array:
    weight = 1 / sigma**2
    share = weight / np.bincount(index, weights=weight)[index]
    return csr_array((share, (index, np.arange(index.size))), shape=(int(index[-1]) + 1, index.size))
