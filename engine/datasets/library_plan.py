"""What a library of curves holds, cut into blocks of work."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.datasets.library_file import TOTAL, Table
from engine.errors import ParameterError
from engine.models.geometry import Particle
from engine.models.parameters import parameters
from engine.models.registry import LNP_TYPES, MODELS
from engine.scattering.exact import DEFAULT, MAX_PHASE, ExactSettings, form_factors, many_partial_terms, region_pairs
from engine.units import FORM_FACTOR_UNIT
from engine.version import VERSION

MAX_BYTES = 20e9
"""Largest library that is made, counted before compression."""

_SIZES = ("diameter", "shell_thickness")
_DIAMETERS_PER_BLOCK = 24


@dataclass(frozen=True, kw_only=True)
class LibrarySettings:
    """Which curves a library holds.

    Parameters
    ----------
    types : tuple of str
        Keys of :data:`engine.models.registry.MODELS` that have a diameter.
    diameter_min, diameter_max, diameter_step : float
        Sizes D [nm].
    shell_thicknesses : tuple of float
        Thicknesses t [nm] of the types that have a shell.
    q_min, q_max, q_points : float, float, int
        Equally spaced scattering vectors [1/nm].
    fixed_contrasts : bool
        Store totals at the contrasts of *overrides* (a small file) instead of partial terms, which leave the contrasts free.
    overrides : tuple of (str, float)
        Parameters other than their defaults, for every type that has them, e.g. ``(("septum_thickness", 5.0),)``.
    solver : ExactSettings
        Fineness of the exact solver.
    """

    types: tuple[str, ...] = LNP_TYPES
    diameter_min: float = 20.0
    diameter_max: float = 100.0
    diameter_step: float = 0.5
    shell_thicknesses: tuple[float, ...] = (3.0, 3.5, 4.0, 4.5, 5.0)
    q_min: float = 0.0
    q_max: float = float(np.pi)
    q_points: int = 501
    fixed_contrasts: bool = False
    overrides: tuple[tuple[str, float], ...] = ()
    solver: ExactSettings = DEFAULT

    def __post_init__(self) -> None:
        faults = [*_faults_of_axes(self), *_faults_of_types(self)]
        if faults:
            raise ParameterError(" ".join(faults))
        if self.nbytes > MAX_BYTES:
            raise ParameterError(
                f"This library would hold {self.nbytes / 1e9:.0f} GB; the limit is {MAX_BYTES / 1e9:.0f} GB. Take coarser steps."
            )
        for key in self.types:
            self.particle(key, self.diameter_max, self.shell_thicknesses[0] if self.shell_thicknesses else None)

    @property
    def q(self) -> Array:
        """Scattering vectors [1/nm]."""
        return np.linspace(self.q_min, self.q_max, self.q_points)

    @property
    def diameters(self) -> Array:
        """Sizes D [nm]."""
        count = int(np.floor((self.diameter_max - self.diameter_min) / self.diameter_step + 1e-6)) + 1
        return np.asarray(self.diameter_min + self.diameter_step * np.arange(count, dtype=np.float64))

    @property
    def curves(self) -> int:
        """Number of particles."""
        return sum(table.thicknesses * table.diameters.size for table in self.tables().values())

    @property
    def nbytes(self) -> float:
        """Bytes of all terms, before compression."""
        return float(sum(4 * np.prod(table.shape(self.q_points), dtype=float) for table in self.tables().values()))

    def particle(self, key: str, diameter: float, thickness: float | None) -> Particle:
        """Return the particle of one curve."""
        declared = {p.name for p in parameters(MODELS[key])}
        values = {name: value for name, value in self.overrides if name in declared}
        if "shell_thickness" in declared and thickness is not None:
            values["shell_thickness"] = thickness
        particle: Particle = MODELS[key](**values, diameter=diameter)
        return particle

    def tables(self) -> dict[str, Table]:
        """Return what the file holds of each type."""
        found = {}
        for key in self.types:
            regions = self.particle(key, self.diameters[-1], None).body().regions
            pairs = [TOTAL] if self.fixed_contrasts else region_pairs(len(regions))
            shells = self.shell_thicknesses if _has(key, "shell_thickness") else ()
            found[key] = Table(self.diameters, np.array(shells, dtype=np.float64), regions, np.array(pairs, dtype=np.intp))
        return found

    def provenance(self) -> dict[str, Any]:
        """Return how the curves are made, as JSON."""
        return {
            "kind": "totals" if self.fixed_contrasts else "partial terms",
            "code_version": VERSION,
            "solver": {"name": "exact", **dataclasses.asdict(self.solver)},
            "unit": FORM_FACTOR_UNIT if self.fixed_contrasts else "nm⁶",
            "precision": "float32: each term is rounded to 6e-8 of itself",
            "parameters": {key: self._parameters(key) for key in self.types},
            "diameters": [self.diameter_min, self.diameter_max, self.diameter_step],
            "shell_thicknesses": list(self.shell_thicknesses),
            "q": [self.q_min, self.q_max, self.q_points],
        }

    def _parameters(self, key: str) -> dict[str, float]:
        particle = self.particle(key, self.diameter_max, None)
        return {p.name: float(getattr(particle, p.name)) for p in parameters(particle) if p.name not in _SIZES}


def _has(key: str, parameter: str) -> bool:
    return parameter in {p.name for p in parameters(MODELS[key])}


def _faults_of_axes(wish: LibrarySettings) -> Iterator[str]:
    if not (0 < wish.diameter_min <= wish.diameter_max <= 1000 and wish.diameter_step >= 0.001):
        yield (
            f"Diameters {wish.diameter_min:g} to {wish.diameter_max:g} nm in steps of {wish.diameter_step:g} nm are refused; "
            "give 0 < first <= last <= 1000 nm and a step of at least 0.001 nm."
        )
    if not (0 <= wish.q_min < wish.q_max and 2 <= wish.q_points <= 100_000):
        yield (
            f"q from {wish.q_min:g} to {wish.q_max:g} 1/nm at {wish.q_points} points is refused; "
            "give 0 <= first < last and 2 to 100000 points."
        )
    if wish.q_max * wish.diameter_max > MAX_PHASE:
        yield f"q times D reaches {wish.q_max * wish.diameter_max:.0f}; the exact solver takes up to {MAX_PHASE:.0f}. Lower q or the sizes."
    if len(set(wish.shell_thicknesses)) < len(wish.shell_thicknesses) or not all(0 <= t <= 100 for t in wish.shell_thicknesses):
        yield f"Shell thicknesses {wish.shell_thicknesses} are refused; give different values from 0 to 100 nm."


def _faults_of_types(wish: LibrarySettings) -> Iterator[str]:
    usable = [key for key in MODELS if _has(key, "diameter")]
    if not wish.types or len(set(wish.types)) < len(wish.types) or not set(wish.types) <= set(usable):
        yield f"Types {', '.join(wish.types) or '(none)'} are refused; choose from {', '.join(usable)}, each once."
        return
    if not wish.shell_thicknesses and any(_has(key, "shell_thickness") for key in wish.types):
        yield "A type with a shell needs at least one shell thickness."
    unknown = [name for name, _ in wish.overrides if name in _SIZES or not any(_has(key, name) for key in wish.types)]
    if unknown:
        yield f"None of the types chosen has a parameter {', '.join(unknown)} that could be set for all curves."


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring sizes of one type and shell thickness, computed and written together."""

    number: int
    key: str
    thickness: int
    first: int
    last: int


def plan(wish: LibrarySettings) -> list[Block]:
    """Return every block of a library, in order."""
    blocks: list[Block] = []
    for key, table in wish.tables().items():
        for thickness in range(table.thicknesses):
            for first in range(0, table.diameters.size, _DIAMETERS_PER_BLOCK):
                last = min(first + _DIAMETERS_PER_BLOCK, table.diameters.size)
                blocks.append(Block(len(blocks), key, thickness, first, last))
    return blocks


def compute(wish: LibrarySettings, block: Block) -> NDArray[np.float32]:
    """Return the terms of one block, shape (n_D, n_terms, n_q)."""
    table = wish.tables()[block.key]
    thickness = float(table.shell_thickness[block.thickness]) if table.shell_thickness.size else None
    particles = [wish.particle(block.key, float(d), thickness) for d in table.diameters[block.first : block.last]]
    if wish.fixed_contrasts:
        return form_factors(particles, wish.q, settings=wish.solver)[:, np.newaxis].astype(np.float32)
    return np.stack([one.terms for one in many_partial_terms(particles, wish.q, settings=wish.solver)]).astype(np.float32)


Result = tuple[Block, NDArray[np.float32]] | None
"""A finished block, or None when some time has passed without one."""

Compute = Callable[[list[Block]], Iterator[Result]]
"""Takes blocks and gives them finished, in any order."""
