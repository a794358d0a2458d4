"""Makes resources/examples: simulated curves with known truth, for the first start, the guide and the self-test.

Run from the top of the checkout: ``.venv/bin/python scripts/make_examples.py``. The same numbers come out every time.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.curve import Array  # noqa: E402 - after the path to the checkout
from engine.datasets.noise import counting_noise  # noqa: E402
from engine.ensembles.average import Component, Mixture, mixture_intensity  # noqa: E402
from engine.ensembles.size_distribution import LogNormal  # noqa: E402
from engine.models.geometry import Body, Ellipsoid, Piece  # noqa: E402
from engine.models.registry import MODELS  # noqa: E402
from engine.scattering.exact import form_factors  # noqa: E402

Q = np.geomspace(0.05, 3.0, 400)
INTENSITY_AT_0_1 = 12.5  # 1/cm


@dataclass(frozen=True, slots=True)
class Vesicle:
    """A bilayer as one shell 4 nm thick: no lipid nanoparticle type, so the right answer is *outside*."""

    diameter: float = 90.0
    key = "vesicle"
    title = "Vesicle"

    def body(self) -> Body:
        """Geometry and contrast; the water inside counts as none."""
        outer, inner = self.diameter / 2, self.diameter / 2 - 4
        ball = [Ellipsoid(equatorial=radius, polar=radius) for radius in (outer, inner)]
        return Body((Piece("bilayer", (ball[0],)), Piece("water", (ball[1],))), {"bilayer": 3.0, "water": 0.0})


@dataclass(frozen=True, slots=True)
class Population:
    """One part of an example."""

    particle: object
    number_fraction: float
    sd: float

    @property
    def words(self) -> str:
        """What the header says of it."""
        return f"{self.number_fraction:.0%} by number {self.particle.key} (D = {self.particle.diameter:g} nm, sd {self.sd:g} nm)"


def lnp(number: int, diameter: float, sd: float, fraction: float = 1.0) -> Population:
    """Return a population of LNP type *number*."""
    return Population(MODELS[f"type {number}"](diameter=diameter), fraction, sd)


EXAMPLES = {
    "two_compartment_and_solid": ([lnp(3, 62.0, 6.0, 0.6), lnp(4, 48.0, 5.0, 0.4)], 0.005),
    "two_lobed": ([lnp(1, 70.0, 7.0)], 0.005),
    "half_filled": ([lnp(2, 55.0, 6.0)], 0.01),
    "solid": ([lnp(4, 52.0, 5.0)], 0.005),
    "vesicle_outside": ([Population(Vesicle(), 1.0, 9.0)], 0.01),
}
"""File name: populations, and sigma/I at q = 0.1/nm."""


def make(populations: list[Population], noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return intensity and sigma [1/cm] as a counting detector would give them after buffer subtraction."""
    mixture = Mixture(tuple(Component(p.particle, p.number_fraction, LogNormal(mean=p.particle.diameter, sd=p.sd)) for p in populations))
    ideal = mixture_intensity(mixture, Q, form_factors)
    ideal *= INTENSITY_AT_0_1 / np.interp(0.1, Q, ideal)
    sigma = counting_noise(Q, ideal, relative=noise).sigma(Q, ideal)
    background = 2e-5 * ideal[0]
    return ideal + background + rng.normal(0.0, sigma), sigma


def main() -> None:
    """Write the files."""
    for seed, (name, (populations, noise)) in enumerate(EXAMPLES.items()):
        intensity, sigma = make(populations, noise, np.random.default_rng(2025 + seed))
        lines = [
            "# SIMULATED by LNPScope, not measured. Counting noise, constant background, arbitrary concentration.",
            f"# sample: {'; '.join(p.words for p in populations)}",
            "# q[1/nm]  I[1/cm]  sigma[1/cm]",
            *(f"{a:.6e}  {b:.6e}  {c:.6e}" for a, b, c in zip(Q, intensity, sigma, strict=True)),
        ]
        (ROOT / "resources" / "examples" / f"{name}.dat").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
