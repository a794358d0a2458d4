r"""What else could have made the curve: cross-checks that know nothing of lipid nanoparticles.

Two questions are asked. Would a featureless scatterer of any shape do as well (the Guinier-Porod law)? And would one type alone do,
if its sizes were free of any form (a non-negative inversion over D)?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, nnls

from engine.curve import Array
from engine.inference.shapes import SIZE_BOX, ShapeTable

FREE_PARAMETERS = 5
"""Of the Guinier-Porod law: Rg, s, d, amplitude and background."""

FORM_FREE_STEP = 1.0
"""Step of the sizes [nm] in the form-free inversion."""


def guinier_porod(q: Array, radius: float, s: float, d: float) -> Array:
    r"""Return the Guinier-Porod law, 1 at q -> 0 for s = 0.

    .. math:: I = q^{-s} e^{-q^2 R_g^2/(3-s)} \; (q < q_1), \quad I = D q^{-d} \; (q \ge q_1), \quad
              q_1 = \frac{1}{R_g} \sqrt{\frac{(d-s)(3-s)}{2}}

    References
    ----------
    Hammouda, J. Appl. Cryst. 43 (2010) 716, doi:10.1107/S0021889810015773.
    """
    knee = np.sqrt((d - s) * (3 - s) / 2) / radius
    low = q**-s * np.exp(-np.minimum((q * radius) ** 2 / (3 - s), 600.0))
    level = np.exp(-(d - s) / 2) * knee ** (d - s)
    return np.asarray(np.where(q < knee, low, level * q**-d))


def featureless_chi2(shapes: ShapeTable, q: Array) -> float:
    """Return chi² of the best Guinier-Porod law with a constant background, over the bins at *q* (m,)."""
    flat = shapes.flat / np.linalg.norm(shapes.flat)

    def residual(x: Array) -> Array:
        radius, s, rise = np.exp(x[0]), x[1], x[2]
        shape = guinier_porod(q, radius, s, s + rise) * flat
        design = np.stack([shape / max(float(np.linalg.norm(shape)), 1e-300), flat], axis=1)
        linear = np.linalg.lstsq(design, shapes.data, rcond=None)[0]
        return np.asarray(shapes.data - design @ linear)

    low, high = [np.log(0.3), 0.0, 0.2], [np.log(300.0), 2.8, 6.0]
    starts = [np.array([np.log(radius), s, 3.8 - s]) for radius in (4.0, 12.0, 30.0) for s in (0.1, 1.0)]
    best = min(starts, key=lambda x: float((residual(x) ** 2).sum()))
    found = least_squares(residual, best, bounds=(low, high), max_nfev=60)
    return float(2 * found.cost)


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
        try:
            chi2[kind] = float(nnls(design, shapes.data, maxiter=20 * design.shape[1])[1] ** 2)
        except RuntimeError:  # no convergence in the iterations allowed: no help from this type
            chi2[kind] = float(shapes.data @ shapes.data)
    return FormFree(chi2)
