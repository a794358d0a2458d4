r"""Best fits: a coarse scan over all sizes, then Levenberg-Marquardt with the linear parameters projected out.

The model of a hypothesis with types k is :math:`I(q) = \sum_k a_k f_k(q; \mu_k, s_k) + b`, with a_k >= 0 and a background b of
either sign. For given sizes a and b follow in closed form (variable projection; Golub and Pereyra 2003, Inverse Problems 19:R1;
Jacobian after Kaufman 1975, BIT 15:49).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.inference.hypotheses import Hypothesis
from engine.inference.shapes import SIZE_BOX, SPREAD_BOX, Indices, ShapeTable

SCAN_SIZES = np.geomspace(16.0, 140.0, 56)
SCAN_SPREADS = np.array([0.02, 0.05, 0.09, 0.14, 0.20, 0.29, 0.42])
LOW = np.log([SIZE_BOX[0], SPREAD_BOX[0]])
HIGH = np.log([SIZE_BOX[1], SPREAD_BOX[1]])
EXCHANGED = 2
"""Of so many best fits of two types the sizes are also tried exchanged; of more types, those of the best fit, two by two."""

ROUGH, KEPT, FINAL = 8, 3, 40
"""Iterations by which all starts are compared, how many of them are then brought to their minimum, and by how many iterations."""

SETTLED = 3e-3
"""A fit is at its minimum when a step improves chi² by less than this, or by that share of a thousandth of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """A local best fit.

    Parameters
    ----------
    sizes : ndarray, shape (k, 2)
        ln mean [nm] and ln spread of each type.
    amplitudes : ndarray, shape (k,)
        Intensity of each type at the lowest q, at least 0.
    background : float
        Constant background.
    chi2 : float
        Sum of squares over the bins.
    """

    hypothesis: Hypothesis
    sizes: Array
    amplitudes: Array
    background: float
    chi2: float


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Whitened curves of a coarse grid of sizes for every type, with the background projected out."""

    grid: Array  # (g, 2): ln mean, ln spread
    curves: dict[str, Array]  # type -> (m, g), background removed
    data: Array  # (m,), background removed
    squares: dict[str, Array]  # type -> (g,)
    products: dict[str, Array]  # type -> (g,), with the data


def scan(shapes: ShapeTable) -> Scan:
    """Return the coarse grid of :data:`SCAN_SIZES` x :data:`SCAN_SPREADS` for one measurement."""
    grid = np.array([[np.log(mean), np.log(spread)] for mean in SCAN_SIZES for spread in SCAN_SPREADS])
    unit = shapes.flat / np.linalg.norm(shapes.flat)
    data = shapes.data - unit * (unit @ shapes.data)
    curves = {}
    for kind in shapes.curves:
        curve, _ = shapes.average(kind, grid[:, 0], grid[:, 1])
        curves[kind] = curve - np.outer(unit, unit @ curve)
    squares = {kind: np.einsum("ij,ij->j", curve, curve) for kind, curve in curves.items()}
    products = {kind: data @ curve for kind, curve in curves.items()}
    return Scan(grid, curves, data, squares, products)


def starts(scanned: Scan, hypothesis: Hypothesis, count: int) -> list[Array]:
    """Return up to *count* well-separated starting sizes (k, 2) for *hypothesis*, best first."""
    kinds = hypothesis.types
    if len(kinds) == 1:
        gain = np.maximum(scanned.products[kinds[0]], 0) ** 2 / scanned.squares[kinds[0]]
        return [scanned.grid[[i]] for i in _separate(gain[None, :], count)[:, 1]]
    if len(kinds) == 2:
        return [scanned.grid[pair] for pair in _separate(_pair_gain(scanned, *kinds), count)]
    return _greedy_starts(scanned, kinds, count)


def _pair_gain(scanned: Scan, first: str, second: str) -> Array:
    """Return the drop of chi² for every pair of grid points with both amplitudes at least 0, shape (g, g)."""
    a, c = scanned.squares[first][:, None], scanned.squares[second][None, :]
    b = scanned.curves[first].T @ scanned.curves[second]
    u, v = scanned.products[first][:, None], scanned.products[second][None, :]
    determinant = np.maximum(a * c - b * b, 1e-9 * a * c)
    x, y = (c * u - b * v) / determinant, (a * v - b * u) / determinant
    both = x * u + y * v
    alone = np.maximum(np.maximum(u, 0) ** 2 / a, np.maximum(v, 0) ** 2 / c)
    return np.asarray(np.where((x > 0) & (y > 0), both, alone))


def _separate(gain: Array, count: int) -> Indices:
    """Return index pairs of the largest gains that are not neighbours of one another on the size grid."""
    flat_gain, most = gain.ravel(), min(200 * count, gain.size)
    best = np.argpartition(-flat_gain, most - 1)[:most]
    order = best[np.argsort(-flat_gain[best])]
    chosen: list[tuple[int, int]] = []
    spreads = SCAN_SPREADS.size
    for flat in order:
        i, j = divmod(int(flat), gain.shape[1])
        if all(abs(i // spreads - k // spreads) > 2 or abs(j // spreads - m // spreads) > 2 for k, m in chosen):
            chosen.append((i, j))
            if len(chosen) == count:
                break
    return np.array(chosen)


def _greedy_starts(scanned: Scan, kinds: Sequence[str], count: int) -> list[Array]:
    """Return starts for three and more types: the best pairs, then each further type where it helps most."""
    found = []
    for first, second in combinations(range(len(kinds)), 2):
        gain = _pair_gain(scanned, kinds[first], kinds[second])
        i, j = divmod(int(np.argmax(gain)), gain.shape[1])
        sizes = {first: i, second: j}
        for other in (k for k in range(len(kinds)) if k not in sizes):
            basis = np.stack([scanned.curves[kinds[k]][:, g] for k, g in sizes.items()], axis=1)
            orthogonal, _ = np.linalg.qr(basis)
            rest = scanned.data - orthogonal @ (orthogonal.T @ scanned.data)
            curve = scanned.curves[kinds[other]]
            norm = scanned.squares[kinds[other]] - ((orthogonal.T @ curve) ** 2).sum(axis=0)
            sizes[other] = int(np.argmax((rest @ curve) ** 2 / np.maximum(norm, 1e-6 * scanned.squares[kinds[other]])))
        found.append((float(gain[i, j]), scanned.grid[[sizes[k] for k in range(len(kinds))]]))
    found.sort(key=lambda item: -item[0])
    return [sizes for _, sizes in found[:count]]


def refine(shapes: ShapeTable, hypothesis: Hypothesis, start: Array, *, iterations: int = 40) -> Mode:
    """Return the local best fit reached from *start* (k, 2)."""
    return refine_all(shapes, hypothesis, [start], iterations=iterations)[0]


def refine_all(
    shapes: ShapeTable, hypothesis: Hypothesis, starts: Sequence[Array], *, iterations: int = 40, limits: tuple[Array, Array] = (LOW, HIGH)
) -> list[Mode]:
    """Return the local best fits reached from each of the *starts* (k, 2), all of them improved at once (Levenberg-Marquardt).

    *limits* are the least and the largest ln mean and ln spread.
    """
    at = linearise(shapes, hypothesis, np.clip(np.stack(starts), *limits))
    damping = np.full(len(starts), 1e-3)
    going = np.arange(len(starts))
    for _ in range(iterations):
        step = _damped_step(at.jacobian[going], at.residual[going], damping[going])
        trial = linearise(shapes, hypothesis, np.clip(at.sizes[going] + np.clip(step, -0.3, 0.3), *limits))
        gain = at.chi2[going] - trial.chi2
        better = gain > 0
        done = np.where(better, gain < SETTLED * (1 + 1e-3 * at.chi2[going]), damping[going] * 6 > 1e6)
        damping[going] = np.where(better, np.maximum(damping[going] / 5, 1e-9), damping[going] * 6)
        at.take(going[better], trial, better)
        going = going[~done]
        if not going.size:
            break
    return [
        Mode(hypothesis, sizes, linear[:-1], float(linear[-1]), float(chi2))
        for sizes, linear, chi2 in zip(at.sizes, at.linear, at.chi2, strict=True)
    ]


@dataclass(slots=True, eq=False)
class Linearised:
    """Models at B sets of sizes: amplitudes and background, whitened residuals, and the projected derivative by the sizes."""

    sizes: Array  # (B, k, 2)
    linear: Array  # (B, k + 1)
    residual: Array  # (B, m)
    jacobian: Array  # (B, m, 2k)
    chi2: Array  # (B,)

    def take(self, places: Indices, other: Linearised, which: NDArray[np.bool_]) -> None:
        """Put those of *other* that are *which* into *places*."""
        for name in ("sizes", "linear", "residual", "jacobian", "chi2"):
            getattr(self, name)[places] = getattr(other, name)[which]


def _damped_step(jacobian: Array, residual: Array, damping: Array) -> Array:
    """Return the step of the sizes, shape (B, k, 2)."""
    across = jacobian.transpose(0, 2, 1)
    normal, gradient = across @ jacobian, across @ residual[..., None]
    places = np.arange(normal.shape[1])
    normal[:, places, places] += damping[:, None] * (normal[:, places, places] + 1e-9)
    return np.asarray(np.linalg.solve(normal, gradient).reshape(len(damping), -1, 2))


def linearise(shapes: ShapeTable, hypothesis: Hypothesis, sizes: Array) -> Linearised:
    """Return the models of *hypothesis* at *sizes* (B, k, 2)."""
    columns, derivatives = [], []
    for j, kind in enumerate(hypothesis.types):
        here, by_mean, by_spread = shapes.slopes(kind, sizes[:, j, 0], sizes[:, j, 1])
        columns.append(here)
        derivatives += [by_mean, by_spread]
    design = np.stack([*columns, np.broadcast_to(shapes.flat, columns[0].shape)], axis=-1)
    linear, orthogonal = positive_amplitudes(design, shapes.data)
    residual = shapes.data - (design @ linear[..., None])[..., 0]
    jacobian = np.stack(derivatives, axis=-1) * np.repeat(linear[:, :-1], 2, axis=1)[:, None]
    jacobian -= orthogonal @ (orthogonal.transpose(0, 2, 1) @ jacobian)
    return Linearised(sizes, linear, residual, jacobian, np.einsum("bi,bi->b", residual, residual))


def positive_amplitudes(design: Array, data: Array) -> tuple[Array, Array]:
    """Return least-squares coefficients, all but the last at least 0, and an orthonormal basis of the columns used.

    Parameters
    ----------
    design : ndarray, shape (..., m, c)
        Columns; of those that are nearly multiples of others only one is used.
    data : ndarray, shape (m,)
        What they are fitted to.

    Returns
    -------
    ndarray, shape (..., c)
        Coefficients; 0 for columns that are not used.
    ndarray, shape (..., m, c)
        The basis; zero for columns that are not used.
    """
    if design.ndim == 2:
        linear, orthogonal = positive_amplitudes(design[None], data)
        return linear[0], orthogonal[0]
    linear, orthogonal = np.zeros((design.shape[0], design.shape[2])), np.zeros_like(design)
    used = np.ones(linear.shape, dtype=bool)
    going = np.arange(design.shape[0])
    while going.size:
        again = []
        for some in _alike(used, going):
            columns = np.flatnonzero(used[some[0]])
            part = design[some][:, :, columns]
            values, basis = _least_squares(part, data)
            linear[some], orthogonal[some] = 0.0, 0.0
            linear[some[:, None], columns], orthogonal[some[:, None], :, columns] = values, basis.transpose(0, 2, 1)
            dropped = _to_drop(part, values, basis)
            used[some[dropped >= 0], columns[dropped[dropped >= 0]]] = False
            again.append(some[dropped >= 0])
        going = np.concatenate(again)
    return linear, orthogonal


def _alike(used: NDArray[np.bool_], going: Indices) -> list[Indices]:
    """Return *going* in groups that use the same columns."""
    if used[going].all():
        return [going]
    code = used[going] @ (1 << np.arange(used.shape[1]))
    return [going[code == one] for one in np.unique(code)]


def _least_squares(design: Array, data: Array) -> tuple[Array, Array]:
    """Return coefficients (B, c) and orthonormal columns (B, m, c); both 0 for a column that is nearly in the span of those before it."""
    orthogonal, triangle = np.linalg.qr(design)
    places = np.arange(design.shape[2])
    diagonal = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    within = diagonal <= 1e-10 * diagonal.max(axis=1, keepdims=True)
    triangle[:, places, places] = np.where(within, np.inf, np.diagonal(triangle, axis1=1, axis2=2))
    orthogonal *= ~within[:, None]
    return np.linalg.solve(triangle, (data @ orthogonal)[..., None])[..., 0], orthogonal


def _to_drop(design: Array, values: Array, orthogonal: Array) -> Indices:
    """Return for each fit the column to leave out: one that is nearly in the span of the others, or the most negative; -1 for none.

    The last column, the background, stays.
    """
    size = np.linalg.norm(design, axis=1)
    within = np.asarray(~orthogonal.any(axis=1))
    within[:, :-1] |= within[:, -1:] & (np.arange(within.shape[1] - 1) == within.shape[1] - 2)
    lowest = np.where(within, -np.inf, values * size)[:, :-1]
    if not lowest.shape[1]:
        return np.full(len(values), -1)
    worst = np.argmin(lowest, axis=1)
    return np.where(lowest[np.arange(len(worst)), worst] < 0, worst, -1)


def best_modes(
    shapes: ShapeTable, scanned: Scan, hypothesis: Hypothesis, *, count: int, more: Sequence[Array] = (), hopeless: float = np.inf
) -> list[Mode]:
    """Return the distinct local best fits of *hypothesis*, best first.

    From several starts, and from the best of these with the sizes exchanged between the types: types that look alike often have a
    second minimum there which no scan finds.

    Parameters
    ----------
    count : int
        Starts from the scan.
    more : sequence of ndarray, shape (k, 2)
        Further starts, e.g. sizes that a network proposes.
    hopeless : float
        A hypothesis that is still above this chi² after ``ROUGH`` iterations from every start is left there.
    """

    def refined(beginnings: Sequence[Array], iterations: int) -> list[Mode]:
        return sorted(refine_all(shapes, hypothesis, beginnings, iterations=iterations), key=lambda mode: mode.chi2)

    found = refined([*starts(scanned, hypothesis, count), *more], ROUGH)
    exchanged = [
        mode.sizes[order] for order in _exchanges(len(hypothesis.types)) for mode in found[: EXCHANGED if len(hypothesis.types) == 2 else 1]
    ]
    if exchanged:
        found = sorted([*found, *refined(exchanged, ROUGH)], key=lambda mode: mode.chi2)
    if found[0].chi2 > hopeless:
        return found[:1]
    found = refined([mode.sizes for mode in found[:KEPT]], FINAL)
    distinct: list[Mode] = []
    for mode in found:
        if all(np.abs(mode.sizes - other.sizes).max() > 0.01 for other in distinct):
            distinct.append(mode)
    return distinct


def _exchanges(count: int) -> Iterator[list[int]]:
    """Return each order of *count* types in which two have changed places."""
    for first, second in combinations(range(count), 2):
        order = list(range(count))
        order[first], order[second] = second, first
        yield order
