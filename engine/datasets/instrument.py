"""Instruments drawn at random: where they measure q, how they blur it, and how the points fall into the network's bins."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from engine.curve import Array, Curve, read_only
from engine.errors import ParameterError

BINS = 256
"""Bins of equal width in ln q; see :data:`EDGES`."""

EDGES = np.geomspace(0.01, 5.0, BINS + 1)
"""Ends of the bins [1/nm]."""

MIN_POINTS, MAX_POINTS = 20, 20_000
SMALLEST_GAP, LARGEST_GAP = 0.02, 0.25
"""Share of the points that a gap takes (the seams between detector modules, a masked arc)."""


def _pair(text: str, unit: str, low: float, high: float) -> dict[str, object]:
    return {"phrase": text, "unit": unit, "bounds": (low, high)}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRanges:
    """From what instruments and measurements are drawn.

    Parameters
    ----------
    q_min, q_max : (float, float)
        Ranges of the first and last q [1/nm], log-uniform.
    points : (int, int)
        Range of the number of points, log-uniform.
    noise : (float, float)
        Range of sigma/I at q = 0.1/nm, log-uniform.
    background : float
        Largest constant background of either sign, as a share of I at the lowest q.
    resolution : float
        Largest standard deviation of the smearing, as a share of q; half of the instruments are free of it.
    calibration : float
        Standard deviation of the relative error of the q axis.
    gaps : float
        Probability that some of the points are missing.
    grid : tuple of float
        The q axis [1/nm] of one known instrument; empty to draw it. Ranges of q and of points do not count then.
    """

    q_min: tuple[float, float] = field(default=(0.03, 0.13), metadata=_pair("first q", "1/nm", 0.01, 1.0))
    q_max: tuple[float, float] = field(default=(1.0, 5.0), metadata=_pair("last q", "1/nm", 0.2, 5.0))
    points: tuple[int, int] = field(default=(60, 2600), metadata=_pair("number of points", "", MIN_POINTS, MAX_POINTS))
    noise: tuple[float, float] = field(default=(0.001, 0.08), metadata=_pair("sigma/I at q = 0.1/nm", "", 1e-5, 1.0))
    background: float = field(default=0.003, metadata={"phrase": "largest background over I(q_min)", "unit": "", "bounds": (0.0, 0.5)})
    resolution: float = field(default=0.02, metadata={"phrase": "largest resolution dq/q", "unit": "", "bounds": (0.0, 0.2)})
    calibration: float = field(default=0.001, metadata={"phrase": "error of the q axis", "unit": "", "bounds": (0.0, 0.05)})
    gaps: float = field(default=0.15, metadata={"phrase": "probability of a gap", "unit": "", "bounds": (0.0, 1.0)})
    grid: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("q_min", "q_max", "points", "noise"):
            self._check_pair(name)
        for name in ("background", "resolution", "calibration", "gaps"):
            self._check_number(name)
        if self.q_min[1] >= self.q_max[0] and not self.grid:
            raise ParameterError(
                f"The first q may reach {self.q_min[1]:g} 1/nm, the last q begins at {self.q_max[0]:g}; keep them apart.", "q_min"
            )
        if self.grid:
            self._check_grid()

    def _check_pair(self, name: str) -> None:
        low, high = getattr(self, name)
        floor, ceiling = self._bounds(name)
        if not floor <= low <= high <= ceiling:
            raise ParameterError(
                f"{name} = ({low:g}, {high:g}) is refused: give two numbers in order between {floor:g} and {ceiling:g}.", name
            )

    def _check_number(self, name: str) -> None:
        value = getattr(self, name)
        floor, ceiling = self._bounds(name)
        if not floor <= value <= ceiling:
            raise ParameterError(f"{name} = {value:g} is refused: give a number between {floor:g} and {ceiling:g}.", name)

    def _bounds(self, name: str) -> tuple[float, float]:
        low, high = self.__dataclass_fields__[name].metadata["bounds"]
        return float(low), float(high)

    def _check_grid(self) -> None:
        q = np.asarray(self.grid, dtype=np.float64)
        if not (MIN_POINTS <= q.size <= MAX_POINTS and np.isfinite(q).all() and (np.diff(q) > 0).all()):
            raise ParameterError(f"The q axis must hold {MIN_POINTS} to {MAX_POINTS} increasing numbers; {q.size} were given.", "grid")
        inside = (q >= EDGES[0]) & (q < EDGES[-1])
        if inside.sum() < MIN_POINTS:
            raise ParameterError(
                f"Only {int(inside.sum())} of the {q.size} q lie between {EDGES[0]:g} and {EDGES[-1]:g} 1/nm; {MIN_POINTS} are needed.",
                "grid",
            )


def matched(curve: Curve) -> InstrumentRanges:
    """Return the ranges of the one instrument that measured *curve*: its q axis, and its noise within a factor of two each way."""
    inside = (curve.q >= EDGES[0]) & (curve.q < EDGES[-1])
    grid = tuple(float(q) for q in curve.q[inside][:MAX_POINTS])
    noise = InstrumentRanges().noise
    if curve.sigma is not None and (curve.intensity > 0).any():
        relative = curve.sigma / np.where(curve.intensity > 0, curve.intensity, np.nan)
        near = np.abs(np.log(np.maximum(curve.q, 1e-6) / 0.1)) < 0.3
        level = float(np.nanmedian(relative[near] if near.any() else relative[:10]))
        if np.isfinite(level):
            noise = (float(np.clip(level / 2, 1e-5, 0.5)), float(np.clip(level * 2, 2e-5, 1.0)))
    return InstrumentRanges(grid=grid, noise=noise, gaps=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One instrument: the q it measures at [1/nm], its relative resolution, and the factor by which its q axis is wrong."""

    q: Array
    resolution: float
    stretch: float


def draw_instrument(ranges: InstrumentRanges, rng: np.random.Generator) -> Instrument:
    """Return an instrument drawn from *ranges*."""
    q = read_only(ranges.grid) if ranges.grid else _draw_axis(ranges, rng)
    if rng.random() < ranges.gaps:
        width = int(rng.uniform(SMALLEST_GAP, LARGEST_GAP) * q.size)
        first = int(rng.integers(1, max(2, q.size - width)))
        kept = np.delete(q, slice(first, first + width))
        q = kept if kept.size >= MIN_POINTS else q
    resolution = float(rng.uniform(0, ranges.resolution)) if rng.random() < 0.5 else 0.0
    return Instrument(q, resolution, float(np.exp(rng.normal(0, ranges.calibration))))


def _draw_axis(ranges: InstrumentRanges, rng: np.random.Generator) -> Array:
    """Return a q axis: linear, logarithmic, or two linear ones merged."""
    first, last, count = (float(log_uniform(limits, 1, rng)[0]) for limits in (ranges.q_min, ranges.q_max, ranges.points))
    kind = rng.choice(3, p=(0.6, 0.25, 0.15))
    if kind == 0:
        return np.asarray(np.linspace(first, last, round(count)))
    if kind == 1:
        return np.asarray(np.geomspace(first, last, round(count)))
    middle = np.exp(rng.uniform(np.log(first) * 0.6 + np.log(last) * 0.4, np.log(last)))
    near = max(2, int(count * rng.uniform(0.3, 0.7)))
    both = np.concatenate([np.linspace(first, middle, near), np.linspace(0.9 * middle, last, max(2, round(count) - near))])
    return np.unique(both)


def log_uniform(limits: tuple[float, float], n: int, rng: np.random.Generator) -> Array:
    """Return *n* numbers between two positive *limits*, uniform in their logarithm."""
    return np.asarray(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]), n)))


def bin_of(q: Array) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the bin of each q; -1 below the first and ``BINS`` above the last."""
    return np.asarray(np.searchsorted(EDGES, q, side="right") - 1, dtype=np.intp)


def folding(q: Array) -> tuple[csr_array, Array]:
    """Return the mean over the points in each bin as a matrix (``BINS``, n), and the number of points in each bin."""
    place = bin_of(q)
    inside = (place >= 0) & (place < BINS)
    count = np.bincount(place[inside], minlength=BINS).astype(np.float64)
    share = 1 / count[place[inside]]
    return csr_array((share, (place[inside], np.flatnonzero(inside))), shape=(BINS, q.size)), count
