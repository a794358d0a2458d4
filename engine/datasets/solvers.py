"""The ways to a sample's curve that a user can choose among: what each computes, refuses, and how long it takes."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.curve import Array
from engine.datasets.basis import default_basis
from engine.ensembles.average import PAPER_SIZES, of_size, one_by_one, size_average, size_limits
from engine.ensembles.size_distribution import SizeDistribution, grid, step_for, weights
from engine.errors import EngineError, UnsupportedModel
from engine.models.geometry import Ellipsoid, Particle
from engine.models.sections import extent, solids
from engine.progress import Report
from engine.scattering import exact, lattice, nufft

Compute = Callable[[Any, SizeDistribution | None, Array, Report], Array]
"""Takes a particle, the distribution of its size, q and a report; returns the number-weighted mean of |F|²."""

LIBRARY_STEP = 0.5
"""Step in D [nm] of the library; a sum over it is converged where :func:`step_for` allows so much."""

LIBRARY_LOSS = 1e-5
"""Largest share of the scattering at q = 0 that sizes beyond the library's may have."""

PAPER_LARGEST = 100.0
"""Largest D [nm] that the paper's lattice holds."""


@dataclass(frozen=True, slots=True)
class SolverChoice:
    """One solver as a user chooses it.

    Parameters
    ----------
    key, title, hint : str
        Word of the command line, name on the screen, and a sentence on when to take it.
    compute : Compute
        The number-weighted mean of |F|² [(1e-6/Å²)² nm⁶].
    refusal : callable
        Takes particle, sizes and q; returns a sentence where the solver can't, else an empty string.
    seconds : callable
        Takes the same; returns about how long it will take on one core of 2.5 GHz.
    """

    key: str
    title: str
    hint: str
    compute: Compute
    refusal: Callable[[Any, SizeDistribution | None, Array], str]
    seconds: Callable[[Any, SizeDistribution | None, Array], float]


# -- the library -------------------------------------------------------------------------------------------------------


def _library(particle: Any, sizes: SizeDistribution | None, q: Array, report: Report) -> Array:
    if sizes is None or (reason := _library_refusal(particle, sizes, q)):
        raise UnsupportedModel(reason if sizes is not None else "The library holds spreads of sizes; give a standard deviation.")
    return np.asarray(weights(sizes, default_basis().diameters) @ _library_at(np.asarray(q, dtype=np.float64).tobytes())[particle.key])


@lru_cache(maxsize=2)
def _library_at(q: bytes) -> dict[str, Array]:
    """Return the library's curves at the points *q*; the populations of a sample, and the next change of it, ask for the same."""
    return default_basis().at(np.frombuffer(q))


def _library_refusal(particle: Any, sizes: SizeDistribution | None, q: Array) -> str:
    basis = default_basis()
    key = getattr(particle, "key", "")
    if key not in basis.types:
        return f"The library holds {basis.types[0]} to {basis.types[-1]} only; take the exact solver."
    if sizes is None:
        return "The library holds spreads of sizes; give a standard deviation, or take the exact solver."
    if particle != of_size(type(particle)(), particle.diameter):
        return "The library holds the default contrasts and shell only; take the exact solver for others."
    if q.size and float(q.max()) > basis.q_max:
        return f"The library reaches to q = {basis.q_max:.3g} 1/nm; lower q, or take the exact solver."
    if _lost(sizes, basis.diameters) > LIBRARY_LOSS or step_for(sizes, float(q.max(initial=0.0))) < LIBRARY_STEP:
        ends = f"{basis.diameters[0]:g} to {basis.diameters[-1]:g} nm in steps of {LIBRARY_STEP:g}"
        return f"The library holds sizes from {ends}, which is too coarse or too short for this distribution; take the exact solver."
    return ""


def _lost(sizes: SizeDistribution, diameters: Array) -> float:
    """Share of the scattering at q = 0, which goes with D^6, of the sizes beyond *diameters*."""
    nodes = np.linspace(*sizes.support(), 2000)
    scattering = sizes.density(nodes) * nodes**6
    inside = (nodes >= diameters[0]) & (nodes <= diameters[-1])
    return 1 - float(scattering[inside].sum() / scattering.sum())


def _library_seconds(particle: Any, sizes: SizeDistribution | None, q: Array) -> float:
    del particle, sizes
    return 0.01 + 3e-5 * q.size


# -- the exact solver --------------------------------------------------------------------------------------------------


def _exact(particle: Any, sizes: SizeDistribution | None, q: Array, report: Report) -> Array:
    return size_average(particle, sizes, q, lambda particles, q: exact.form_factors(particles, q, report=report))


def _exact_refusal(particle: Any, sizes: SizeDistribution | None, q: Array) -> str:
    if not isinstance(particle, Particle):
        return "The exact solver takes bodies of revolution; take the non-uniform FFT for voxel maps."
    phase = float(q.max(initial=0.0)) * max(_lengths(particle, sizes, q), default=0.0)
    if phase > exact.MAX_PHASE:
        return f"q times the largest size reaches {phase:.0f}; the exact solver takes up to {exact.MAX_PHASE:.0f}. Lower q or the size."
    return ""


def _exact_seconds(particle: Any, sizes: SizeDistribution | None, q: Array) -> float:
    """Measured: 13, 24 and 68 ms a particle of types 1 to 3 at phases q D of 150, 300 and 600, 0.4 of it where many share tables."""
    lengths = _lengths(particle, sizes, q)
    if all(isinstance(solid, Ellipsoid) and solid.equatorial == solid.polar and solid.centre == 0 for solid in solids(particle.body())):
        return 2e-3 * len(lengths)
    phase = float(q.max(initial=0.0)) * lengths
    return (0.4 if phase.size > 8 else 1.0) * float(np.sum(4e-3 + 5e-5 * phase + 9e-8 * phase**2))


# -- the quickest of the two -------------------------------------------------------------------------------------------


def _automatic(particle: Any, sizes: SizeDistribution | None, q: Array, report: Report) -> Array:
    return (_exact if _library_refusal(particle, sizes, q) else _library)(particle, sizes, q, report)


def _automatic_seconds(particle: Any, sizes: SizeDistribution | None, q: Array) -> float:
    return (_exact_seconds if _library_refusal(particle, sizes, q) else _library_seconds)(particle, sizes, q)


# -- the solvers on a lattice ------------------------------------------------------------------------------------------


def _nufft(particle: Any, sizes: SizeDistribution | None, q: Array, report: Report) -> Array:
    return size_average(particle, sizes, q, one_by_one(partial(_reported, nufft.form_factor, report)))


def _reported(solve: Callable[..., Array], report: Report, particle: Any, q: Array) -> Array:
    return solve(particle, q, report=report)


def _nufft_refusal(particle: Any, sizes: SizeDistribution | None, q: Array) -> str:
    del sizes
    if importlib.util.find_spec("finufft") is None:
        return "The non-uniform FFT needs the library finufft, which is not part of this installation; `pip install finufft` adds it."
    spacing = getattr(particle, "spacing", nufft.DEFAULT.spacing)
    if float(q.max(initial=0.0)) > math.pi / spacing:
        return f"A voxel of {spacing:g} nm shows q up to {math.pi / spacing:.3g} 1/nm; lower q."
    return ""


def _nufft_seconds(particle: Any, sizes: SizeDistribution | None, q: Array) -> float:
    """Measured: 0.07 and 0.4 s for boxes of 70 000 and 730 000 voxels of 1 nm; the points of q hardly count for such bodies."""
    voxels = _lengths(particle, sizes, q) ** 3 / nufft.DEFAULT.spacing**3
    return float(np.sum(0.02 + 5e-7 * voxels))


def _lattice(particle: Any, sizes: SizeDistribution | None, q: Array, report: Report) -> Array:
    """As the paper: its settings, and its 81 sizes where they are spread."""
    solve = one_by_one(partial(_reported, lattice.form_factor, report))
    return size_average(particle, sizes, q, solve, diameters=PAPER_SIZES)


def _lattice_refusal(particle: Any, sizes: SizeDistribution | None, q: Array) -> str:
    if float(q.max(initial=0.0)) > math.pi * (1 + 1e-12):
        return f"The paper's lattice of 1 nm shows q up to {math.pi:.4g} 1/nm; lower q."
    if sizes is None and max(_lengths(particle, None, q), default=0.0) > PAPER_LARGEST:
        return f"The paper's lattice holds particles of up to {PAPER_LARGEST:g} nm; take another solver, or a smaller particle."
    return ""


def _lattice_seconds(particle: Any, sizes: SizeDistribution | None, q: Array) -> float:
    """Measured: 1.0 s for D = 100 nm, padded to 600³ points."""
    lengths = _lengths(particle, None, q) if sizes is None else PAPER_SIZES
    return float(np.sum(4.6e-9 * (lattice.PAPER.padding_ratio * np.asarray(lengths)) ** 3))


def _lengths(particle: Any, sizes: SizeDistribution | None, q: Array) -> Array:
    """Lengths [nm] of the particles that an average needs."""
    if sizes is not None:
        return grid(sizes, float(q.max(initial=0.0)), limits=size_limits(particle))
    if isinstance(particle, Particle):
        low, high = extent(particle.body())
        return np.array([high - low])
    return np.array([max(particle.shape) * particle.spacing])


SOLVERS: MappingProxyType[str, SolverChoice] = MappingProxyType(
    {
        choice.key: choice
        for choice in (
            SolverChoice(
                "automatic",
                "Automatic",
                "The library where it holds the particles, else the exact solver: both agree to 1e-5",
                _automatic,
                _exact_refusal,
                _automatic_seconds,
            ),
            SolverChoice(
                "library",
                "Library",
                "Sums curves that were computed beforehand: at once, for types 1 to 4 with the default contrasts and shell",
                _library,
                _library_refusal,
                _library_seconds,
            ),
            SolverChoice(
                "exact", "Exact", "Multipoles: every particle of the list at any size and q", _exact, _exact_refusal, _exact_seconds
            ),
            SolverChoice(
                "nufft",
                "Non-uniform FFT",
                "Voxels of 1 nm that hold volume means, transformed at any q; also for voxel maps",
                _nufft,
                _nufft_refusal,
                _nufft_seconds,
            ),
            SolverChoice("lattice", "Lattice FFT, as the paper", "The paper's steps", _lattice, _lattice_refusal, _lattice_seconds),
        )
    }
)
"""Every solver by its key. A new one is one line here."""


def refused(choice: SolverChoice, particle: Any, sizes: SizeDistribution | None, q: Array) -> str:
    """Return why *choice* can't compute this, in a sentence; empty where it can."""
    try:
        return choice.refusal(particle, sizes, q)
    except EngineError as error:
        return str(error)
