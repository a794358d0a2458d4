"""Samples drawn at random and the curves one would measure of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.curve import Array, Curve
from engine.datasets.basis import Basis
from engine.datasets.noise import counting_noise
from engine.ensembles.size_distribution import LogNormal, weights
from engine.models.registry import LNP_TYPES

MINOR = 0.05
"""A type belongs to a mixture when it gives at least this share of the scattering at the lowest q."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mixture with log-normal sizes.

    Parameters
    ----------
    types : tuple of str
        Types present.
    number_fractions, means, spreads : tuple of float
        One for each type: number fraction, mean size [nm], sd/mean.
    """

    types: tuple[str, ...]
    number_fractions: tuple[float, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """From what samples and measurements are drawn.

    Parameters
    ----------
    means : tuple of float
        Range of the mean size [nm], uniform.
    spreads : tuple of float
        Range of sd/mean, uniform.
    minor : float
        Smallest share of the scattering at the lowest q that each type of a mixture gives; smaller ones are drawn again.
    noise : float
        sigma/I at q = 0.1/nm.
    background : float
        Largest constant background, of either sign, as a share of I at the lowest q.
    q_min, q_max, points : float, float, int
        The q axis [1/nm], linear.
    """

    means: tuple[float, float] = (25.0, 95.0)
    spreads: tuple[float, float] = (0.05, 0.20)
    minor: float = MINOR
    noise: float = 0.005
    background: float = 1e-3
    q_min: float = 0.05
    q_max: float = 3.0
    points: int = 500

    @property
    def q(self) -> Array:
        """The q axis [1/nm], shape (points,)."""
        return np.linspace(self.q_min, self.q_max, self.points)


def ideal_parts(sample: Sample, basis: Basis, at_points: dict[str, Array]) -> Array:
    """Return n_k I_k(q) of each type, shape (K, n), from a basis evaluated at the points."""
    return np.stack(
        [
            fraction * (weights(LogNormal(mean=mean, sd=spread * mean), basis.diameters) @ at_points[kind])
            for kind, fraction, mean, spread in zip(sample.types, sample.number_fractions, sample.means, sample.spreads, strict=True)
        ]
    )


def draw_sample(types: tuple[str, ...], recipe: Recipe, basis: Basis, at_points: dict[str, Array], rng: np.random.Generator) -> Sample:
    """Return a sample of exactly *types*: number fractions uniform on the simplex, drawn again with new sizes while a type is unseen."""
    k = len(types)
    while True:
        sample = Sample(
            types=types,
            number_fractions=tuple(map(float, rng.dirichlet(np.ones(k)))),
            means=tuple(map(float, rng.uniform(*recipe.means, k))),
            spreads=tuple(map(float, rng.uniform(*recipe.spreads, k))),
        )
        first = ideal_parts(sample, basis, at_points)[:, 0]
        if first.min() >= recipe.minor * first.sum():
            return sample


def measure(
    sample: Sample, recipe: Recipe, basis: Basis, at_points: dict[str, Array], rng: np.random.Generator
) -> tuple[Curve, Array, float]:
    """Return a noisy curve of random scale and background, the scaled parts n_k I_k in it, and the background."""
    q = recipe.q
    parts = ideal_parts(sample, basis, at_points)
    parts *= 10 ** rng.uniform(-3, 3) / parts[:, 0].sum()
    ideal = parts.sum(axis=0)
    background = float(rng.uniform(-1, 1) * recipe.background * ideal[0])
    sigma = counting_noise(q, ideal, relative=recipe.noise).sigma(q, ideal)
    return Curve(q, ideal + background + rng.normal(0.0, sigma), sigma), parts, background


def all_type_sets(size: int) -> tuple[tuple[str, ...], ...]:
    """Return every set of *size* LNP types."""
    return tuple(combinations(LNP_TYPES, size))
