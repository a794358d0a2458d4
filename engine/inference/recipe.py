"""The sample that a verdict describes, to be simulated again."""

from __future__ import annotations

from engine.datasets.simulation import SampleRecipe, make_population, normalised
from engine.ensembles.average import Mixture
from engine.inference.analysis import Analysis, Status

ASSUMED_SPREAD = 0.1
"""sd/mean where the verdict tells no spread."""


def recipe_of(analysis: Analysis) -> SampleRecipe | None:
    """Return the best fit of *analysis* as a sample: its particles, their number fractions and the spreads of their sizes.

    None where the best fit has no particle. The sizes are log-normal, as in every analysis.
    """
    found = [(key, fraction, particle) for key, fraction, particle in analysis.particles if fraction > 0]
    if not found:
        return None
    notes = []
    if analysis.status is Status.OUTSIDE:
        notes.append("The curve is outside the family; this is only the nearest sample the program knows.")
    assumed = [key for key, _, _ in found if key not in analysis.sizes]
    if assumed:
        notes.append(f"The spread of {', '.join(assumed)} is assumed to be {100 * ASSUMED_SPREAD:.0f} % of the mean.")
    fractions = normalised([fraction for _, fraction, _ in found])
    populations = []
    for (key, _, particle), fraction in zip(found, fractions, strict=True):
        told = analysis.sizes.get(key)
        sd = told.sd.value if told is not None else ASSUMED_SPREAD * particle.diameter
        populations.append(make_population(particle, fraction, min(sd, 0.9 * particle.diameter)))
    return SampleRecipe(f"The verdict: {analysis.nearest}", Mixture(tuple(populations)), tuple(notes))
