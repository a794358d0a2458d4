r"""What else could have made the curve: cross-checks that know nothing of lipid nanoparticles.

Two questions are asked. Would a featureless curve do as well (a sum of Gaussians)? And would one type alone do,
if its sizes were free of any form (a non-negative inversion over D)?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from engine.curve import Array
from engine.inference.shapes import SIZE_BOX, ShapeTable

FEATURELESS_RADII = np.geomspace(0.3, 150.0, 140)
"""Radii of gyration [nm] of the Gaussians."""

SAME_GROUP = 4
"""Gaussians at most so many radii apart, a fifth, count as one."""

FORM_FREE_STEP = 1.0
"""Step of the sizes [nm] in the form-free inversion."""


@dataclass(frozen=True, slots=True)
class Featureless:
    """The best featureless curve: its sum of squares over the bins and the parameters it needed."""

    chi2: float
    parameters: int


def featureless(shapes: ShapeTable, q: Array) -> Featureless:
    r"""Return the best sum of Gaussians with positive weights and a constant background, over the bins at *q* (m,).

    .. math:: I(q) = \sum_i w_i e^{-q^2 R_i^2 / 3} + b, \quad w_i \ge 0

    By Bernstein's theorem these are the completely monotone functions of q²: Guinier's law, coils, gels, exponentials, Debye-Bueche,
    Ornstein-Zernike and power laws, and no curve with a shoulder or a minimum. Each group of neighbouring R counts as two parameters.
    """
    gaussians = np.exp(-(np.outer(q, FEATURELESS_RADII) ** 2) / 3) * shapes.flat[:, None]
    size = np.maximum(np.linalg.norm(gaussians, axis=0), 1e-300)
    flat = shapes.flat / np.linalg.norm(shapes.flat)
    weights, root = _nnls(np.column_stack([gaussians / size, flat, -flat]), shapes.data)
    used = np.flatnonzero(weights[:-2] > 0)
    groups = 1 + int(np.count_nonzero(np.diff(used) > SAME_GROUP))
    return Featureless(root**2, 2 * groups + 1)


def _nnls(design: Array, data: Array) -> tuple[Array, float]:
    """Return non-negative least squares (Lawson and Hanson 1974) and the root of its sum of squares; no fit at all if it fails."""
    try:
        weights, root = nnls(design, data, maxiter=30 * design.shape[1])
    except RuntimeError:  # no convergence in the iterations allowed: no help from this rival
        return np.zeros(design.shape[1]), float(np.linalg.norm(data))
    return weights, float(root)


@dataclass(frozen=True, slots=True)
class FormFree:
    """Sums of squares over the bins when one type alone has sizes of any distribution, by type."""

    chi2: Mapping[str, float]

    @property
    def best(self) -> str:
        """Type with the smallest chi²."""
        return min(self.chi2, key=lambda kind: self.chi2[kind])

    @property
    def lead(self) -> float:
        """Second smallest over smallest chi²; inf with a single type."""
        ordered: list[float] = sorted(self.chi2.values())
        return ordered[1] / max(ordered[0], 1e-12) if len(ordered) > 1 else float("inf")


def form_free(shapes: ShapeTable) -> FormFree:
    """Return how well each type alone fits when its sizes may have any distribution between the ends of ``SIZE_BOX``.

    Non-negative least squares (Lawson and Hanson 1974) over D and a background of either sign.
    """
    step = max(1, round(FORM_FREE_STEP / float(shapes.diameters[1] - shapes.diameters[0])))
    inside = (shapes.diameters >= SIZE_BOX[0]) & (shapes.diameters <= SIZE_BOX[1])
    chosen = np.flatnonzero(inside)[::step]
    flat = shapes.flat / np.linalg.norm(shapes.flat)
    chi2 = {}
    for kind, curves in shapes.curves.items():
        columns = curves[:, chosen]
        design = np.column_stack([columns / np.linalg.norm(columns, axis=0), flat, -flat])
        chi2[kind] = _nnls(design, shapes.data)[1] ** 2
    return FormFree(chi2)
