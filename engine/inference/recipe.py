"""The sample that a verdict describes, to be simulated again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis, default_basis
from engine.datasets.simulation import SampleRecipe, make_population, normalised
from engine.ensembles.average import Mixture
from engine.errors import ParameterError
from engine.inference.analysis import Analysis, Fit, Status
from engine.inference.shapes import MIN_SD, log_normal_weights

ASSUMED_SPREAD = 0.1
"""sd/mean where neither the fit nor the verdict tells a spread."""

SPREADS = np.geomspace(0.005, 0.5, 200)
"""Values of sd/mean among which that of the best fit is looked for."""

SAME = 0.01
"""Largest difference of logarithms of a part of the fit and the curve that is taken for it."""


def has_recipe(analysis: Analysis) -> bool:
    """Tell whether :func:`recipe_of` will find a sample."""
    return any(fraction > 0 for _, fraction, _ in analysis.particles)


def recipe_of(analysis: Analysis) -> SampleRecipe | None:
    """Return the best fit of *analysis* as a sample: its particles, number fractions and spreads of log-normal sizes.

    What the fit does not tell, because it was made with curves other than those of the library, is taken from the verdict's means.
    None where the best fit has no particle.
    """
    if not has_recipe(analysis):
        return None
    found = [(key, fraction, particle) for key, fraction, particle in analysis.particles if fraction > 0]
    notes = []
    if analysis.status is Status.OUTSIDE:
        notes.append("The curve is outside the family; this is only the nearest sample the program knows.")
    parts = [_part_of_fit(analysis.fit, key, particle) for key, _, particle in found]
    spreads, numbers = [], []
    if all(part is not None for part in parts):
        spreads, numbers = [part[0] for part in parts if part], [part[1] for part in parts if part]
    else:
        numbers = [fraction for _, fraction, _ in found]
        spreads = [analysis.sizes[key].sd.value if key in analysis.sizes else ASSUMED_SPREAD * p.diameter for key, _, p in found]
        if assumed := [key for key, _, _ in found if key not in analysis.sizes]:
            notes.append(f"The spread of {', '.join(assumed)} is assumed to be {100 * ASSUMED_SPREAD:.0f} % of the mean.")
    populations = [
        make_population(particle, fraction, min(sd, 0.9 * particle.diameter))
        for (_, _, particle), fraction, sd in zip(found, normalised(numbers), spreads, strict=True)
    ]
    return SampleRecipe(f"The verdict: {analysis.nearest}", Mixture(tuple(populations)), tuple(notes))


def _part_of_fit(fit: Fit, key: str, particle: Any) -> tuple[float, float] | None:
    """Return sd [nm] and number of particles of one part of the best fit; None where it is no curve of the library."""
    basis = default_basis()
    part = fit.components.get(key)
    if part is None or key not in basis.types or particle != type(particle)(diameter=particle.diameter):
        return None
    try:
        curves = basis.at(fit.q)[key]
    except ParameterError:
        return None
    used = part > 0
    if np.count_nonzero(used) < 2:
        return None
    return _nearest(np.log(part[used]), curves[:, used], basis, particle.diameter)


def _nearest(part: Array, curves: Array, basis: Basis, mean: float) -> tuple[float, float] | None:
    def apart(spreads: Array) -> tuple[Array, Array]:
        """Scatter and mean of the logarithm of the ratio, for each spread."""
        shapes = curves.T @ log_normal_weights(basis.diameters, np.full(spreads.size, mean), spreads)
        ratio = part[:, None] - np.log(np.maximum(shapes, 1e-300))
        return ratio.std(axis=0), ratio.mean(axis=0)

    spreads = SPREADS
    for _ in range(3):
        scatter, level = apart(spreads)
        best = int(np.argmin(scatter))
        found = float(spreads[best]), float(scatter[best]), float(level[best])
        spreads = np.linspace(spreads[max(best - 1, 0)], spreads[min(best + 1, spreads.size - 1)], 41)
    if not found[1] < SAME:
        return None
    return max(MIN_SD, found[0] * mean), math.exp(min(found[2], 600.0))
