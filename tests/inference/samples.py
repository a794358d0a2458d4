"""Samples and curves the tests of the analysis are made from. All are simulated; the truth is known."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from references import concentric_spheres

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Sample, ideal_parts
from engine.inference.prepare import Prepared, prepare
from engine.inference.shapes import ShapeTable, table
from engine.models.registry import LNP_TYPES

NOISE = 0.005
"""sigma/I at q = 0.1/nm of the curves, unless said otherwise."""

Q = np.linspace(0.05, 3.0, 300)


@lru_cache(maxsize=8)
def _at(key: bytes) -> dict[str, np.ndarray]:
    return default_basis().at(np.frombuffer(key))


def a_sample(*parts: tuple[str, float, float, float]) -> Sample:
    """A sample of (type, share of the scattering at q = 0.05/nm, mean [nm], sd/mean)."""
    types, shares, means, spreads = zip(*parts, strict=True)
    alone = [_one(kind, mean, spread, np.array([Q[0]]))[0] for kind, mean, spread in zip(types, means, spreads, strict=True)]
    numbers = np.array(shares) / np.array(alone)
    return Sample(types=types, number_fractions=tuple(map(float, numbers / numbers.sum())), means=means, spreads=spreads)


def _one(kind: str, mean: float, spread: float, q: np.ndarray) -> np.ndarray:
    alone = Sample(types=(kind,), number_fractions=(1.0,), means=(mean,), spreads=(spread,))
    return ideal_parts(alone, default_basis(), _at(q.tobytes()))[0]


def ideal(sample: Sample, q: np.ndarray = Q) -> np.ndarray:
    """The curve without noise and background, 1 at the lowest q."""
    total = ideal_parts(sample, default_basis(), _at(q.tobytes())).sum(axis=0)
    return total / total[0]


def noisy(
    intensity: np.ndarray, q: np.ndarray = Q, *, noise: float = NOISE, seed: int = 0, background: float = 5e-4, scale: float = 1.0
) -> Curve:
    """A curve as a counting detector would measure *intensity*, on a constant background, in another unit if *scale* is not 1."""
    sigma = counting_noise(q, intensity, relative=noise).sigma(q, intensity)
    measured = intensity + background * intensity[0] + np.random.default_rng(seed).normal(0.0, sigma)
    return Curve(q, scale * measured, scale * sigma)


def measured(*parts: tuple[str, float, float, float], q: np.ndarray = Q, **how) -> Curve:
    """A noisy curve of :func:`a_sample`."""
    return noisy(ideal(a_sample(*parts), q), q, **how)


def noise_free(*parts: tuple[str, float, float, float], q: np.ndarray = Q, background: float = 5e-4) -> Curve:
    """The ideal curve with the error bars of a measured one."""
    intensity = ideal(a_sample(*parts), q)
    return Curve(q, intensity + background, counting_noise(q, intensity, relative=NOISE).sigma(q, intensity))


def shapes_of(curve: Curve, types: tuple[str, ...] = LNP_TYPES) -> tuple[Prepared, ShapeTable]:
    """What is fitted of a curve."""
    prepared = prepare(curve, q_max=default_basis().q_max)
    return prepared, table(prepared, default_basis(), types)


def power_law(q: np.ndarray, exponent: float) -> np.ndarray:
    """Scattering of a fractal or of large aggregates."""
    return (q / q[0]) ** -exponent


def gaussian_coil(q: np.ndarray, radius: float) -> np.ndarray:
    """Debye's law of a polymer, Rg = *radius* [nm]."""
    x = (q * radius) ** 2
    return 2 * (np.exp(-x) + x - 1) / x**2


def two_phase(q: np.ndarray, length: float) -> np.ndarray:
    """Debye, Anderson and Brumberger's law of a random two-phase medium."""
    return 1 / (1 + (q * length) ** 2) ** 2


def guinier_porod(q: np.ndarray, radius: float, s: float, d: float) -> np.ndarray:
    """Hammouda, J. Appl. Cryst. 43 (2010) 716: Guinier's law of an object of dimension 3 - s, then a power law."""
    knee = np.sqrt((d - s) * (3 - s) / 2) / radius
    level = np.exp(-(d - s) / 2) * knee ** (d - s)
    return np.where(q < knee, q**-s * np.exp(-((q * radius) ** 2) / (3 - s)), level * q**-d)


def vesicle(q: np.ndarray, radius: float, shell: float, spread: float) -> np.ndarray:
    """Hollow spheres of Gaussian outer radii [nm]: an empty liposome with a shell of one density."""
    radii = radius * (1 + spread * np.linspace(-4, 4, 161))
    share = np.exp(-0.5 * np.linspace(-4, 4, 161) ** 2)
    total = sum(w * concentric_spheres(q, r - shell, r, 0.0, 1.0) for w, r in zip(share, radii, strict=True))
    return np.asarray(total / total[0])
