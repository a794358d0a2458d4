"""The basis for what a user states of the particles."""

from __future__ import annotations

from functools import lru_cache

from engine.datasets.basis import Basis, default_basis
from engine.datasets.particle_terms import ParticleTerms, particle_terms, thicknesses_for
from engine.inference.particles import DEFAULT_PARTICLES, Known, Particles
from engine.models.geometry import Particle
from engine.models.parameters import parameters
from engine.models.registry import MODELS
from engine.progress import Report, silent


def basis_for(particles: Particles, types: tuple[str, ...], *, report: Report = silent) -> Basis:
    """Return the basis of *types* for particles of known thickness and contrasts; of free ones, at the middle of their ranges.

    That of the program where it fits; another is computed once and kept, see :func:`engine.datasets.particle_terms.particle_terms`.
    """
    wanted = particles.middle
    if _ratios(wanted) == _ratios(DEFAULT_PARTICLES):
        return default_basis()
    terms = terms_for(particles, types, report=report)
    return _basis(terms, float(_one(wanted.shell_thickness)), _ratios(wanted))


def particle(kind: str, diameter: float, particles: Particles) -> Particle:
    """Return the particle of a type and size [nm]; what is free stands at the middle of its range."""
    declared = {parameter.name for parameter in parameters(MODELS[kind])}
    values = {name: value for name, value in particles.middle.as_record().items() if name in declared}
    found: Particle = MODELS[kind](diameter=diameter, **values)
    return found


def terms_for(particles: Particles, types: tuple[str, ...], *, report: Report = silent) -> ParticleTerms:
    """Return the partial terms of *types* over all thicknesses that are possible; where contrasts are known, whole curves."""
    return settled(particle_terms(types, thicknesses_for(particles.shell_thickness), report=report), particles)


@lru_cache(maxsize=1)
def settled(terms: ParticleTerms, particles: Particles) -> ParticleTerms:
    """Return *terms* with the contrasts of *particles* put in, unless one of them is free."""
    if set(particles.ranges) - {"shell_thickness"}:
        return terms
    return terms.at_contrasts(_contrasts(particles.middle))


@lru_cache(maxsize=2)
def _basis(terms: ParticleTerms, shell_thickness: float, ratios: tuple[float, float, float]) -> Basis:
    _, core, fill = ratios
    return terms.basis(shell_thickness, {"core": core, "shell": DEFAULT_PARTICLES.sld_shell, "fill": fill})


def _contrasts(particles: Particles) -> dict[str, float]:
    _, core, fill = _ratios(particles)
    return {"core": core, "shell": DEFAULT_PARTICLES.sld_shell, "fill": fill}


def _ratios(particles: Particles) -> tuple[float, float, float]:
    """Return thickness [nm], and contrasts of core and fill where that of the shell is the default one."""
    scale = DEFAULT_PARTICLES.sld_shell / particles.sld_shell
    return _one(particles.shell_thickness), scale * _one(particles.sld_core), scale * _one(particles.sld_fill)


def _one(value: Known) -> float:
    if isinstance(value, tuple):
        raise TypeError("a range has no one value")
    return float(value)
