r"""What the instrument does to a curve: pinhole and slit smearing as one sparse matrix.

A smeared point is a weighted mean of the model over nearby q. The mean is a quadrature, the model between the points of its grid a
cubic through the four nearest, so the smeared curve is a matrix times the model on the grid, its rows summing to 1. The matrix
depends on the measurement alone: make it once, use it for every model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from engine.curve import Array, read_only
from engine.errors import ParameterError

TAIL = 5.0
"""Standard deviations at which the Gaussian of a pinhole is cut; the rest is 6e-7 of it."""

NARROWEST = 1e-12
"""A slit this narrow [1/nm] is none; weights in proportion to its width would underflow."""

_STENCIL = 4
_SMALLEST_RULE = 41
_PANEL_NODES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Pinhole:
    r"""Gaussian smearing of a pinhole instrument, as NXcanSAS states it in dQ.

    .. math:: I_s(q) = \int \frac{1}{\sqrt{2\pi}\sigma} e^{-(p-q)^2 / 2\sigma^2} I(|p|) \, dp

    Parameters
    ----------
    sigma : float or ndarray, shape (n,)
        Standard deviation of q at each point [1/nm]; 0 leaves a point as it is.
    """

    sigma: Array | float

    def __post_init__(self) -> None:
        sigma = read_only(self.sigma)
        if sigma.ndim > 1 or not np.isfinite(sigma).all() or (sigma < 0).any():
            raise ParameterError("The resolution dq must be one number or a row of numbers of at least 0.", "sigma")
        object.__setattr__(self, "sigma", sigma)


@dataclass(frozen=True, slots=True)
class Slit:
    r"""Smearing by a slit of uniform profile, as NXcanSAS states it in dQl (height) and dQw (width).

    .. math:: I_s(q) = \frac{1}{2 w h} \int_{-w}^{w} du \int_0^h dv \; I\big(\sqrt{(q + u)^2 + v^2}\big)

    Parameters
    ----------
    half_height : float
        h, half of the slit's length across the scanning direction [1/nm].
    half_width : float
        w, half of its width along the scanning direction [1/nm].

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955), section 4.2.
    """

    half_height: float = 0.0
    half_width: float = 0.0

    def __post_init__(self) -> None:
        for name in ("half_height", "half_width"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ParameterError(f"{name} = {value} is refused; give a number of at least 0 in 1/nm.", name)


Resolution = Pinhole | Slit


def needed_range(q: Array, resolution: Resolution) -> tuple[float, float]:
    """Lowest and highest q [1/nm] the model must be known at to be smeared at *q*."""
    if isinstance(resolution, Pinhole):
        reach = TAIL * np.broadcast_to(resolution.sigma, np.shape(q))
        return max(float(np.min(q - reach)), 0.0), float(np.max(q + reach))
    low = max(float(np.min(q)) - resolution.half_width, 0.0)
    return low, float(np.hypot(np.max(q) + resolution.half_width, resolution.half_height))


def smearing_matrix(q: Array, grid: Array, resolution: Resolution) -> scipy.sparse.csr_array:
    """Matrix that turns a model on *grid* into the smeared model at *q*.

    Parameters
    ----------
    q : ndarray, shape (n,)
        Measured scattering vectors [1/nm], not negative.
    grid : ndarray, shape (m,)
        Where the model is computed [1/nm], increasing, at least 4 points that cover :func:`needed_range` and resolve the model.
    resolution : Pinhole or Slit
        The instrument.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, m)
        Rows sum to 1. With zero width and q on the grid it picks the points themselves.

    Raises
    ------
    ParameterError
        If q or the grid is impossible, the grid does not reach far enough, or the resolution does not fit to q.
    """
    q, grid = _checked(q, grid, resolution)
    rows = []
    for index, value in enumerate(q):
        if isinstance(resolution, Pinhole):
            place, weight = _pinhole_rule(value, _sigma_at(resolution, index), grid)
        else:
            place, weight = _slit_rule(value, resolution, grid)
        rows.append(_row(np.clip(place, grid[0], grid[-1]), weight / weight.sum(), grid))
    columns, values = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    starts = np.concatenate([[0], np.cumsum([row[0].size for row in rows])])
    return scipy.sparse.csr_array((values, columns, starts), shape=(q.size, grid.size))


def _checked(q: Array, grid: Array, resolution: Resolution) -> tuple[Array, Array]:
    q, grid = np.asarray(q, dtype=np.float64), np.asarray(grid, dtype=np.float64)
    if q.ndim != 1 or q.size == 0 or not np.isfinite(q).all() or (q < 0).any():
        raise ParameterError("q must be a row of finite values of at least 0.", "q")
    if grid.ndim != 1 or grid.size < _STENCIL or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any() or grid[0] < 0:
        raise ParameterError(f"The model's grid must be at least {_STENCIL} increasing values of q, none negative.", "grid")
    if isinstance(resolution, Pinhole) and np.ndim(resolution.sigma) == 1 and np.shape(resolution.sigma) != q.shape:
        raise ParameterError(f"There are {np.size(resolution.sigma)} values of dq for {q.size} of q; they must agree.", "sigma")
    low, high = needed_range(q, resolution)
    slack = 1e-9 * high
    if grid[0] > low + slack or grid[-1] < high - slack:
        raise ParameterError(
            f"Smearing needs the model from {low:.4g} to {high:.4g} 1/nm; the grid goes from {grid[0]:.4g} to {grid[-1]:.4g}. Widen it.",
            "grid",
        )
    return q, grid


def _sigma_at(resolution: Pinhole, index: int) -> float:
    sigma = np.asarray(resolution.sigma)
    return float(sigma if sigma.ndim == 0 else sigma[index])


def _pinhole_rule(q: float, sigma: float, grid: Array) -> tuple[Array, Array]:
    """Nodes and weights: the trapezoidal rule, which for a Gaussian is exact to its tail."""
    if sigma == 0:
        return np.array([q]), np.ones(1)
    deviation = np.linspace(-TAIL, TAIL, max(_SMALLEST_RULE, 2 * _points_between(grid, q - TAIL * sigma, q + TAIL * sigma)))
    return np.abs(q + sigma * deviation), np.exp(-(deviation**2) / 2)


def _slit_rule(q: float, slit: Slit, grid: Array) -> tuple[Array, Array]:
    """Nodes and weights: Gauss-Legendre over width and height, in panels of a few points of the grid."""
    slit = Slit(*(size if size > NARROWEST else 0.0 for size in (slit.half_height, slit.half_width)))
    width = np.array([-slit.half_width, slit.half_width])
    u, u_weight = _panels(width, _points_between(grid, q - slit.half_width, q + slit.half_width))
    parts = []
    edges = _heights(q, slit)
    for low, high in pairwise(edges):
        parts.append(_panels(np.array([low, high]), _points_between(grid, float(np.hypot(q, low)), float(np.hypot(q, high)))))
    v, v_weight = (np.concatenate(values) for values in zip(*parts, strict=True))
    return np.hypot((q + u)[:, None], v[None, :]).ravel(), np.outer(u_weight / u_weight.sum(), v_weight / v_weight.sum()).ravel()


def _heights(q: float, slit: Slit) -> list[float]:
    """Ends of panels over the height: doubling from q on, since a falling curve varies over distances of its own q."""
    edges = [0.0]
    step = max(q, slit.half_height / 256)
    while step < slit.half_height:
        edges.append(step)
        step *= 2
    return [*edges, slit.half_height]


def _panels(ends: Array, points: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights between two *ends*, about three for every two *points* of the grid in between."""
    if ends[0] == ends[1]:
        return ends[:1], np.ones(1)
    node, weight = np.polynomial.legendre.leggauss(_PANEL_NODES)
    edges = np.linspace(ends[0], ends[1], 2 + 3 * points // (2 * _PANEL_NODES))
    half = np.diff(edges) / 2
    middle = edges[:-1] + half
    return (middle[:, None] + half[:, None] * node).ravel(), (half[:, None] * weight).ravel()


def _points_between(grid: Array, low: float, high: float) -> int:
    first, last = np.searchsorted(grid, [low, high])
    return int(last - first)


def _row(places: Array, weights: Array, grid: Array) -> tuple[NDArray[np.intp], Array]:
    """Columns and values of one row: the weighted sum of cubics, each through the four points of *grid* around its place."""
    first = np.clip(np.searchsorted(grid, places, side="right") - 2, 0, grid.size - _STENCIL)
    knots = grid[first[:, None] + np.arange(_STENCIL)]
    lowest = int(first.min())
    sums = np.zeros(int(first.max()) - lowest + _STENCIL)
    for i in range(_STENCIL):
        others = [j for j in range(_STENCIL) if j != i]
        share = np.prod((places[:, None] - knots[:, others]) / (knots[:, i, None] - knots[:, others]), axis=1)
        sums += np.bincount(first - lowest + i, weights * share, sums.size)
    used = np.flatnonzero(sums)
    return used + lowest, sums[used]
