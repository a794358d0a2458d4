r"""Best fits: a coarse scan over all sizes, then Levenberg-Marquardt with the linear parameters projected out.

The model of a hypothesis with types k is :math:`I(q) = \sum_k a_k f_k(q; \mu_k, s_k) + b`, with a_k >= 0 and a background b of
either sign. For given sizes a and b follow in closed form (variable projection; Golub and Pereyra 2003, Inverse Problems 19:R1;
Jacobian after Kaufman 1975, BIT 15:49).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.curve import Array
from engine.inference.hypotheses import Hypothesis
from engine.inference.shapes import SIZE_BOX, SPREAD_BOX, ShapeTable

SCAN_SIZES = np.geomspace(16.0, 140.0, 56)
SCAN_SPREADS = np.array([0.02, 0.05, 0.09, 0.14, 0.20, 0.30])
LOW = np.log([SIZE_BOX[0], SPREAD_BOX[0]])
HIGH = np.log([SIZE_BOX[1], SPREAD_BOX[1]])
EXCHANGED = 2
"""Of so many best fits of two types the sizes are also tried exchanged; of more types, those of the best fit, two by two."""

ROUGH, KEPT = 8, 3
"""Iterations by which all starts are compared, and how many of them are then brought to their minimum."""

STEP = 1e-4
"""Step of ln mean and ln spread in the numerical derivative."""


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


def _separate(gain: Array, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.intp]]:
    """Return index pairs of the largest gains that are not neighbours of one another on the size grid."""
    order = np.argsort(gain, axis=None)[::-1][: 200 * count]
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
    sizes = np.clip(start, LOW, HIGH)
    linear, residual, jacobian = _linearise(shapes, hypothesis, sizes)
    chi2, damping = float(residual @ residual), 1e-3
    for _ in range(iterations):
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residual
        step = np.linalg.solve(normal + np.diag(damping * (np.diag(normal) + 1e-9)), gradient).reshape(-1, 2)
        trial = np.clip(sizes + np.clip(step, -0.3, 0.3), LOW, HIGH)
        new_linear, new_residual, new_jacobian = _linearise(shapes, hypothesis, trial)
        new_chi2 = float(new_residual @ new_residual)
        if new_chi2 < chi2:
            done = chi2 - new_chi2 < 1e-4 + 1e-7 * chi2
            sizes, linear, residual, jacobian, chi2 = trial, new_linear, new_residual, new_jacobian, new_chi2
            damping = max(damping / 5, 1e-9)
            if done:
                break
        else:
            damping *= 6
            if damping > 1e6:
                break
    return Mode(hypothesis, sizes, linear[:-1], float(linear[-1]), chi2)


def _linearise(shapes: ShapeTable, hypothesis: Hypothesis, sizes: Array) -> tuple[Array, Array, Array]:
    """Return amplitudes and background, whitened residuals, and the projected derivative of the model by the sizes."""
    columns, derivatives = [], []
    for kind, (mean, spread) in zip(hypothesis.types, sizes, strict=True):
        curve, _ = shapes.average(kind, np.array([mean, mean + STEP, mean]), np.array([spread, spread, spread + STEP]))
        columns.append(curve[:, 0])
        derivatives += [(curve[:, 1] - curve[:, 0]) / STEP, (curve[:, 2] - curve[:, 0]) / STEP]
    design = np.stack([*columns, shapes.flat], axis=1)
    linear, orthogonal = positive_amplitudes(design, shapes.data)
    residual = shapes.data - design @ linear
    jacobian = np.stack(derivatives, axis=1) * np.repeat(linear[:-1], 2)
    return linear, residual, jacobian - orthogonal @ (orthogonal.T @ jacobian)


def positive_amplitudes(design: Array, data: Array) -> tuple[Array, Array]:
    """Return least-squares coefficients, all but the last at least 0, and an orthonormal basis of the columns used."""
    used = np.ones(design.shape[1], dtype=bool)
    while True:
        orthogonal, triangle = np.linalg.qr(design[:, used])
        diagonal = np.abs(np.diag(triangle))
        if diagonal.min() > 1e-10 * diagonal.max():
            linear = np.zeros(design.shape[1])
            linear[used] = np.linalg.solve(triangle, orthogonal.T @ data)
        else:
            linear = np.zeros(design.shape[1])
            linear[used] = np.linalg.lstsq(design[:, used], data, rcond=1e-10)[0]
        negative = (linear < 0) & used
        negative[-1] = False
        if not negative.any():
            return linear, orthogonal
        used[np.argmin(np.where(negative, linear * np.linalg.norm(design, axis=0), np.inf))] = False


def best_modes(shapes: ShapeTable, scanned: Scan, hypothesis: Hypothesis, *, count: int) -> list[Mode]:
    """Return the distinct local best fits of *hypothesis*, best first.

    From several starts, and from the best of these with the sizes exchanged between the types: types that look alike often have a
    second minimum there which no scan finds.
    """

    def rough(sizes: Array) -> Mode:
        return refine(shapes, hypothesis, sizes, iterations=ROUGH)

    found = sorted((rough(start) for start in starts(scanned, hypothesis, count)), key=lambda mode: mode.chi2)
    for first, second in combinations(range(len(hypothesis.types)), 2):
        order = list(range(len(hypothesis.types)))
        order[first], order[second] = second, first
        found += [rough(mode.sizes[order]) for mode in found[: EXCHANGED if len(order) == 2 else 1]]
    found.sort(key=lambda mode: mode.chi2)
    found = sorted((refine(shapes, hypothesis, mode.sizes) for mode in found[:KEPT]), key=lambda mode: mode.chi2)
    distinct: list[Mode] = []
    for mode in found:
        if all(np.abs(mode.sizes - other.sizes).max() > 0.01 for other in distinct):
            distinct.append(mode)
    return distinct
