"""Intensities of size distributions and mixtures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.curve import Array
from engine.ensembles.size_distribution import SizeDistribution, grid, weights
from engine.errors import ParameterError, UnsupportedModel
from engine.models.parameters import parameters

Solver = Callable[[Sequence[Any], Array], Array]
"""Takes particles and q (n,), returns the orientation means of |F|² (number of particles, n)."""

PAPER_SIZES = np.arange(20.0, 101.0)
"""The 81 sizes [nm] over which the paper sums."""


@dataclass(frozen=True, slots=True)
class Component:
    """One population of a mixture: a particle, its share of the numbers, and its sizes (None: all alike)."""

    particle: Any
    number_fraction: float
    sizes: SizeDistribution | None = None


@dataclass(frozen=True, slots=True)
class Mixture:
    """Populations whose number fractions sum to 1.

    Raises
    ------
    ParameterError
        If a fraction is negative or they do not sum to 1 within 1e-6.
    """

    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        fractions = [component.number_fraction for component in self.components]
        if not fractions or min(fractions) < 0 or not abs(sum(fractions) - 1) <= 1e-6:
            raise ParameterError(f"Number fractions must be at least 0 and sum to 1; {fractions} sum to {sum(fractions):g}.")


def one_by_one(solver: Callable[[Any, Array], Array]) -> Solver:
    """Return a :data:`Solver` from one that takes a single particle."""

    def solve(particles: Sequence[Any], q: Array) -> Array:
        return np.stack([solver(particle, q) for particle in particles])

    return solve


def of_size(particle: Any, diameter: float) -> Any:
    """Return *particle* with another diameter [nm], all else equal.

    Raises
    ------
    UnsupportedModel
        If the particle has no diameter.
    """
    if not hasattr(particle, "diameter"):
        raise UnsupportedModel(f"A {getattr(particle, 'title', type(particle).__name__)} has no diameter; leave the sizes out.")
    return dataclasses.replace(particle, diameter=float(diameter))


def size_average(particle: Any, sizes: SizeDistribution | None, q: Array, solver: Solver, *, diameters: Array | None = None) -> Array:
    """Return the number-weighted mean of |F(q)|² over the sizes, shape (n,), in (1e-6/Å²)² nm⁶.

    Parameters
    ----------
    particle : dataclass with a ``diameter``
        Everything but the size.
    sizes : SizeDistribution or None
        None takes the particle as it is.
    q : ndarray, shape (n,)
        Scattering vector [1/nm].
    solver : Solver
        What computes |F|².
    diameters : ndarray, optional
        Uniform sizes [nm] to sum over, e.g. :data:`PAPER_SIZES`; by default fine enough to be converged.
    """
    if sizes is None:
        return np.asarray(solver([particle], q)[0])
    nodes = grid(sizes, float(q.max(initial=0.0)), limits=size_limits(particle)) if diameters is None else diameters
    share = weights(sizes, nodes, halve_ends=diameters is None)
    used = share > share.max() * 1e-14
    return np.asarray(share[used] @ solver([of_size(particle, d) for d in nodes[used]], q))


def size_limits(particle: Any) -> tuple[float, float]:
    """Return the bounds [nm] that the particle declares for its diameter."""
    return next(((p.low, p.high) for p in parameters(particle) if p.name == "diameter"), (0.0, math.inf))


def mixture_intensity(mixture: Mixture, q: Array, solver: Solver) -> Array:
    """Return I(q) per particle of the mixture, the sum of n_k I_k, shape (n,), in (1e-6/Å²)² nm⁶."""
    return np.asarray(
        sum(component.number_fraction * size_average(component.particle, component.sizes, q, solver) for component in mixture.components)
    )
