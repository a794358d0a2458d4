r"""What else could have made the curve: cross-checks that know nothing of lipid nanoparticles.

Two questions are asked. Would a featureless curve do as well (a law of few parameters, or a sum of Gaussians)? And would one type
alone do, if its sizes were free of any form (a non-negative inversion over D)?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, nnls

from engine.curve import Array
from engine.inference.shapes import SIZE_BOX, ShapeTable

FEATURELESS_RADII = np.geomspace(0.3, 150.0, 140)
"""Radii of gyration [nm] of the Gaussians."""

SAME_GROUP = 4
"""Gaussians at most so many radii apart, a fifth, count as one."""

FORM_FREE_STEP = 1.0
"""Step of the sizes [nm] in the form-free inversion."""


LENGTHS = np.geomspace(0.3, 300.0, 80)
"""Lengths [nm] at which the laws of few parameters are tried before the best is refined."""


@dataclass(frozen=True, slots=True)
class Featureless:
    """The best featureless curve: its sum of squares over the bins and the parameters it needed."""

    chi2: float
    parameters: int


def featureless(shapes: ShapeTable, q: Array) -> Featureless:
    """Return the featureless curve with the smallest information criterion (Schwarz 1978), over the bins at *q* (m,).

    Rivals are the generalised Lorentz law (4 parameters), the Guinier-Porod law (5), and sums of Gaussians, each with a constant
    background.
    """
    lorentz = [np.array([np.log(length), power]) for length in LENGTHS for power in (0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 4, 6)]
    knees = [np.array([np.log(radius), s, d - s]) for radius in LENGTHS[::4] for s in (0.0, 0.5, 1.0, 2.0) for d in (2.5, 3.0, 3.5, 4.0)]
    rivals = (
        Featureless(_least(_lorentz, lorentz, ([-3.0, 0.2], [8.0, 20.0]), shapes, q), 4),
        Featureless(_least(_guinier_porod, knees, ([-3.0, 0.0, 0.2], [8.0, 2.8, 6.0]), shapes, q), 5),
        _gaussians(shapes, q),
    )
    return min(rivals, key=lambda rival: rival.chi2 + rival.parameters * float(np.log(q.size)))


def _lorentz(q: Array, log_length: float, power: float) -> Array:
    r"""Return :math:`(1 + q^2 \xi^2)^{-p}`: gels and coils (p = 1), two-phase media (2), and power laws below any length."""
    return np.asarray(np.exp(-power * np.log1p((q * np.exp(log_length)) ** 2)))


def _guinier_porod(q: Array, log_radius: float, s: float, rise: float) -> Array:
    r"""Return the Guinier-Porod law, but for its scale.

    .. math:: I = q^{-s} e^{-q^2 R_g^2/(3-s)} \; (q < q_1), \quad I = D q^{-d} \; (q \ge q_1), \quad
              q_1 = \frac{1}{R_g} \sqrt{\frac{(d-s)(3-s)}{2}}, \quad d = s + \mathrm{rise}

    References
    ----------
    Hammouda, J. Appl. Cryst. 43 (2010) 716, doi:10.1107/S0021889810015773.
    """
    radius = np.exp(log_radius)
    knee = np.sqrt(rise * (3 - s) / 2) / radius
    low = -s * np.log(q) - np.minimum((q * radius) ** 2 / (3 - s), 600.0)
    high = -rise / 2 + rise * np.log(knee) - (s + rise) * np.log(q)
    logarithm = np.where(q < knee, low, high)
    return np.asarray(np.exp(np.maximum(logarithm - logarithm.max(), -600.0)))


def _least(law: Callable[..., Array], starts: list[Array], limits: tuple[list[float], list[float]], shapes: ShapeTable, q: Array) -> float:
    """Return the smallest chi² of *law* times a positive scale plus a background: the best of all *starts*, refined."""
    flat = shapes.flat / np.linalg.norm(shapes.flat)
    data = shapes.data - flat * (flat @ shapes.data)

    def residual(x: Array) -> Array:
        shape = law(q, *x) * flat
        shape -= flat * (flat @ shape)
        return np.asarray(data - shape * max(float(data @ shape), 0.0) / max(float(shape @ shape), 1e-300))

    best = min(starts, key=lambda x: float((residual(x) ** 2).sum()))
    return float(2 * least_squares(residual, np.clip(best, *limits), bounds=limits, max_nfev=40).cost)


def _gaussians(shapes: ShapeTable, q: Array) -> Featureless:
    r"""Return the best sum of Gaussians with positive weights.

    .. math:: I(q) = \sum_i w_i e^{-q^2 R_i^2 / 3} + b, \quad w_i \ge 0

    By Bernstein's theorem these are the completely monotone functions of q², which have no shoulder and no minimum. Each group of
    neighbouring R counts as two parameters.
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
