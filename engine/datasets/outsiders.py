"""Curves of samples that are no lipid nanoparticles of the known types, to test that nobody takes them for one.

No threshold of the judgement is set on these curves; thresholds are set on simulated curves of the known types alone, at the false
alarms that are allowed. The judgement compares a curve with featureless laws and with ellipsoids, among them the very laws of the
families listed in :data:`SIMILAR_RIVALS`; all others are unlike anything that is fitted. Which rivals the judgement needs was found
on curves of the seeds [77, ...]; the benchmark draws others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gamma, j1

from engine.curve import Array, Curve
from engine.datasets.basis import default_basis
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Recipe, draw_sample, ideal_parts
from engine.ensembles.average import size_average
from engine.ensembles.size_distribution import LogNormal
from engine.models.core_shell_ellipsoid import CoreShellEllipsoid
from engine.models.cylinder import SolidCylinder
from engine.models.geometry import Particle
from engine.models.onion import Onion
from engine.models.registry import LNP_TYPES
from engine.models.vesicle import Vesicle
from engine.scattering.exact import form_factor, form_factors

Sampler = Callable[[Recipe, np.random.Generator], Curve]
"""Takes the q axis, noise and background of a measurement and a generator; returns one measured curve."""

RELATIVE_SIZES = np.linspace(-3.0, 3.0, 61)
"""Sizes over which homothetic bodies are averaged, in standard deviations of ln size."""


def outsider(family: str, recipe: Recipe, rng: np.random.Generator) -> Curve:
    """Return a measured curve of *family*, one of :data:`OUTSIDERS`, drawn at random."""
    return OUTSIDERS[family](recipe, rng)


def measured(ideal: Array, recipe: Recipe, rng: np.random.Generator) -> Curve:
    """Return *ideal*, shape (points,), as a counting detector would measure it on a constant background of either sign."""
    q = recipe.q
    ideal = ideal * 10 ** rng.uniform(-3, 3) / ideal[0]
    sigma = counting_noise(q, ideal, relative=recipe.noise).sigma(q, ideal)
    background = rng.uniform(-1, 1) * recipe.background * ideal[0]
    return Curve(q, ideal + background + rng.normal(0.0, sigma), sigma)


def _of(ideal: Callable[[Array, np.random.Generator], Array]) -> Sampler:
    """Return the sampler of an ideal curve."""
    return lambda recipe, rng: measured(ideal(recipe.q, rng), recipe, rng)


def _homothetic(particle: Particle, spread: float, q: Array) -> Array:
    """Return the mean intensity of bodies alike but in size, ln size normal with standard deviation *spread*.

    One curve is enough: I(q) of a body s times as large is s⁶ I(s q).
    """
    scales = np.exp(spread * RELATIVE_SIZES)
    fine = np.linspace(q[0] * scales[0], q[-1] * scales[-1], 4000)
    once = form_factor(particle, fine)
    shares = np.exp(-(RELATIVE_SIZES**2) / 2) * scales**6
    return np.asarray(sum(share * np.interp(q * scale, fine, once) for share, scale in zip(shares, scales, strict=True)))


def _short_cylinders(q: Array, rng: np.random.Generator) -> Array:
    radius = rng.uniform(5, 15)
    return _homothetic(SolidCylinder(radius=radius, height=2 * radius * rng.uniform(2, 5)), rng.uniform(0.03, 0.15), q)


def _long_cylinders(q: Array, rng: np.random.Generator) -> Array:
    """Rods or worms far longer than 1/q: the scattering of the cross-section over q (Porod 1951)."""
    radius, spread = rng.uniform(2, 12), rng.uniform(0.03, 0.15)
    x = np.outer(q, radius * np.exp(spread * RELATIVE_SIZES))
    return np.asarray(((2 * j1(x) / x) ** 2 @ np.exp(-(RELATIVE_SIZES**2) / 2 + 4 * spread * RELATIVE_SIZES)) / q)


def _discs(q: Array, rng: np.random.Generator) -> Array:
    return _homothetic(SolidCylinder(radius=rng.uniform(12, 45), height=rng.uniform(3, 8)), rng.uniform(0.03, 0.15), q)


def _ellipsoids(q: Array, rng: np.random.Generator) -> Array:
    """Homogeneous prolate ellipsoids, twice to four times as long as wide."""
    particle = CoreShellEllipsoid(diameter=rng.uniform(30, 120), axial_ratio=rng.uniform(2, 4), shell_thickness=0, sld_core=9, sld_shell=9)
    return _homothetic(particle, rng.uniform(0.03, 0.15), q)


def _vesicles(q: Array, rng: np.random.Generator) -> Array:
    mean = rng.uniform(40, 120)
    vesicle = Vesicle(diameter=mean, shell_thickness=rng.uniform(3, 5))
    return size_average(vesicle, LogNormal(mean=mean, sd=rng.uniform(0.05, 0.15) * mean), q, form_factors)


def _onions(q: Array, rng: np.random.Generator) -> Array:
    """Multilamellar vesicles with Bragg peaks: walls of water between walls of lipid to the very middle."""
    shells, shell, gap = int(rng.integers(4, 9)), rng.uniform(3, 4), rng.uniform(2, 3.5)
    mean = 2 * (shells * (shell + gap) + rng.uniform(0, 10))
    onion = Onion(diameter=mean, shells=shells, shell_thickness=shell, gap_thickness=gap, sld_core=0.0)
    return size_average(onion, LogNormal(mean=mean, sd=rng.uniform(0.05, 0.15) * mean), q, form_factors)


def _liquid_crystal(q: Array, rng: np.random.Generator) -> Array:
    """Lamellar Bragg peaks on a power law."""
    period, width = rng.uniform(4, 8), rng.uniform(0.01, 0.05)
    peaks = sum(0.3**order / (1 + ((q - 2 * np.pi * (order + 1) / period) / width) ** 2) for order in range(3))
    return np.asarray((q / q[0]) ** -rng.uniform(2, 4) + 10 ** rng.uniform(-3, -1) * peaks)


def _aggregates(q: Array, rng: np.random.Generator) -> Array:
    """Mass and surface fractals without end: a power law."""
    return np.asarray((q / q[0]) ** -rng.uniform(1.5, 4.0))


def _aggregated_particles(q: Array, rng: np.random.Generator) -> Array:
    """Clusters of lipid nanoparticles: their form times the structure factor of a fractal (Teixeira 1988)."""
    dimension, radius, length = rng.uniform(1.7, 2.7), rng.uniform(10, 25), rng.uniform(60, 300)
    structure = 1 + (
        dimension * gamma(dimension - 1) / (q * radius) ** dimension / (1 + (q * length) ** -2.0) ** ((dimension - 1) / 2)
    ) * np.sin((dimension - 1) * np.arctan(q * length))
    return np.asarray(_one_type(q, rng) * structure)


def _crowded(q: Array, rng: np.random.Generator) -> Array:
    """Lipid nanoparticles that repel each other as hard spheres somewhat larger than themselves do."""
    sample = draw_sample((str(rng.choice(LNP_TYPES)),), Recipe(spreads=(0.05, 0.12)), default_basis(), default_basis().at(q), rng)
    radius = 0.5 * sample.means[0] * rng.uniform(0.8, 1.2)
    form = ideal_parts(sample, default_basis(), default_basis().at(q))[0]
    return np.asarray(form * hard_spheres(q, radius, rng.uniform(0.15, 0.4)))


def hard_spheres(q: Array, radius: float, filling: float) -> Array:
    """Return the structure factor of hard spheres of *radius* [nm] that fill the share *filling* of the volume.

    Percus and Yevick's equation, solved by Wertheim (1963), in the form of Kinning and Thomas, Macromolecules 17 (1984) 1712.
    """
    eta = filling
    alpha, beta = (1 + 2 * eta) ** 2 / (1 - eta) ** 4, -6 * eta * (1 + eta / 2) ** 2 / (1 - eta) ** 4
    gamma = eta * alpha / 2
    a = 2 * radius * q
    sin, cos = np.sin(a), np.cos(a)
    g = alpha * (sin - a * cos) / a**2 + beta * (2 * a * sin + (2 - a**2) * cos - 2) / a**3
    g += gamma * (-(a**4) * cos + 4 * ((3 * a**2 - 6) * cos + (a**3 - 6 * a) * sin + 6)) / a**5
    return np.asarray(1 / (1 + 24 * eta * g / a))


def _wrong_buffer(q: Array, rng: np.random.Generator) -> Array:
    """A lipid nanoparticle from which the scattering of a capillary (q^-3 to q^-4) was taken off twice, or not at all."""
    rest = rng.choice([-1, 1]) * rng.uniform(0.1, 0.5) * (q / q[0]) ** -rng.uniform(3, 4)
    particle = _one_type(q, rng)
    return np.asarray(particle / particle[0] + rest)


def _one_type(q: Array, rng: np.random.Generator) -> Array:
    basis = default_basis()
    at_points = basis.at(q)
    sample = draw_sample((str(rng.choice(LNP_TYPES)),), Recipe(), basis, at_points, rng)
    return np.asarray(ideal_parts(sample, basis, at_points)[0])


def _other_unit(factor: float) -> Sampler:
    """A lipid nanoparticle whose q is written *factor* times too large."""

    def sampler(recipe: Recipe, rng: np.random.Generator) -> Curve:
        right = measured(_one_type(recipe.q, rng), recipe, rng)
        return Curve(factor * right.q, right.intensity, right.sigma)

    return sampler


def _proteins(q: Array, rng: np.random.Generator) -> Array:
    """Globular proteins: homogeneous ellipsoids of 4 to 12 nm."""
    particle = CoreShellEllipsoid(diameter=rng.uniform(4, 12), axial_ratio=rng.uniform(1, 2), shell_thickness=0, sld_core=9, sld_shell=9)
    return _homothetic(particle, 0.03, q)


def _coils(q: Array, rng: np.random.Generator) -> Array:
    """Gaussian coils (Debye 1947)."""
    x = (q * rng.uniform(3, 30)) ** 2
    return np.asarray(2 * (np.expm1(-x) + x) / x**2)


def _random_media(q: Array, rng: np.random.Generator) -> Array:
    """Two phases without order (Debye, Anderson and Brumberger 1957)."""
    return np.asarray(1 / (1 + (q * rng.uniform(3, 40)) ** 2) ** 2)


def _microemulsions(q: Array, rng: np.random.Generator) -> Array:
    """Bicontinuous microemulsions: one broad peak (Teubner and Strey 1987)."""
    k, decay = 2 * np.pi / rng.uniform(8, 40), 1 / rng.uniform(4, 15)
    return np.asarray(1 / ((k**2 + decay**2) ** 2 - 2 * (k**2 - decay**2) * q**2 + q**4))


def _noise(recipe: Recipe, rng: np.random.Generator) -> Curve:
    sigma = counting_noise(recipe.q, np.ones(recipe.points), relative=0.1).sigma(recipe.q, np.ones(recipe.points))
    return Curve(recipe.q, rng.normal(0.0, sigma), sigma)


def _buffers(recipe: Recipe, rng: np.random.Generator) -> Curve:
    """A buffer: flat, with a rise of water towards high q and a trace of a capillary at low q."""
    q = recipe.q
    ideal = 1 + rng.uniform(0, 0.05) * q**2 + rng.uniform(0, 0.3) * (q / q[0]) ** -3.0
    sigma = counting_noise(q, ideal, relative=recipe.noise).sigma(q, ideal)
    return Curve(q, ideal + rng.normal(0.0, sigma), sigma)


OUTSIDERS: dict[str, Sampler] = {
    "short cylinders": _of(_short_cylinders),
    "long cylinders": _of(_long_cylinders),
    "discs": _of(_discs),
    "ellipsoids": _of(_ellipsoids),
    "vesicles": _of(_vesicles),
    "onions": _of(_onions),
    "liquid crystals": _of(_liquid_crystal),
    "aggregates": _of(_aggregates),
    "aggregated particles": _of(_aggregated_particles),
    "crowded particles": _of(_crowded),
    "wrong buffer": _of(_wrong_buffer),
    "q ten times too large": _other_unit(10.0),
    "q ten times too small": _other_unit(0.1),
    "proteins": _of(_proteins),
    "coils": _of(_coils),
    "random media": _of(_random_media),
    "microemulsions": _of(_microemulsions),
    "noise": _noise,
    "buffers": _buffers,
}
"""Families by name."""

SIMILAR_RIVALS = ("ellipsoids", "proteins", "aggregates", "coils", "random media", "noise", "buffers")
"""Families whose law, or one very like it, is among the rivals of the judgement."""
