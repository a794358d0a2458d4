"""Partial terms of the LNP types over size and shell thickness, from which curves at any thickness and contrast are put together.

The program comes with curves at the default thickness and contrasts only. Those of others are computed when they are first asked for and
kept in the user's cache folder, one file for each type and set of thicknesses; between thicknesses they are interpolated.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from multiprocessing import parent_process
from pathlib import Path

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis, q_limit
from engine.datasets.library import make_library
from engine.datasets.library_file import Table, read_library
from engine.datasets.library_plan import LibrarySettings
from engine.errors import DataFileError
from engine.models.parameters import parameters
from engine.models.registry import MODELS
from engine.parallel import worker_count
from engine.progress import Report, Step, silent

STEP = 0.25
"""Distance of the shell thicknesses [nm] between which curves are interpolated."""

STENCIL = 6
"""Thicknesses that take part in one interpolation, of degree one less."""

FEW = 1000
"""So many particles are computed sooner here than by processes that must start first."""

WHOLE = "whole"
"""Stands in the place of the regions where contrasts are settled."""

CACHE_VARIABLE = "LNPSCOPE_CACHE"
"""Environment variable that names another cache folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Sizes [nm] and scattering vectors [1/nm] of the terms."""

    diameter_max: float = 160.0
    q_max: float = 3.328
    diameter_min: float = 10.0
    diameter_step: float = 0.5
    q_step: float = 0.008

    def library(self, kind: str, thicknesses: tuple[float, ...]) -> LibrarySettings:
        """Return what is computed of one type."""
        return LibrarySettings(
            types=(kind,),
            diameter_min=self.diameter_min,
            diameter_max=self.diameter_max,
            diameter_step=self.diameter_step,
            shell_thicknesses=thicknesses,
            q_max=self.q_max,
            q_points=round(self.q_max / self.q_step) + 1,
        )


DEFAULT_GRID = Grid()


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Partial terms of one type.

    Parameters
    ----------
    regions : tuple of str
        Names of its regions.
    pairs : tuple of (int, int)
        Regions of each term.
    curves : ndarray, shape (n_t, n_terms, n_D, n_q)
        Terms at every thickness; one "thickness" for a type without a shell.
    """

    regions: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    curves: Array


@dataclass(frozen=True, slots=True, eq=False)
class ParticleTerms:
    """Partial terms of several types.

    Parameters
    ----------
    q, diameters, thicknesses : ndarray
        Their axes [1/nm, nm, nm].
    terms : mapping of str to Terms
        By type.
    """

    q: Array
    diameters: Array
    thicknesses: Array
    terms: Mapping[str, Terms]

    @property
    def q_max(self) -> float:
        """Largest q [1/nm] of a basis made of them."""
        return q_limit(self.q)

    def weights(self, kind: str, shell_thickness: float, contrasts: Mapping[str, float]) -> Array:
        """Return the factor of each term of a type in its curve, shape (n_t, n_terms)."""
        terms = self.terms[kind]
        of_thickness = interpolation(self.thicknesses, shell_thickness) if len(terms.curves) > 1 else np.ones(1)
        return np.outer(of_thickness, _of_pairs(terms, contrasts))

    def at_contrasts(self, contrasts: Mapping[str, float]) -> ParticleTerms:
        """Return the same with one term for each type, its curve at these contrasts; that is much smaller."""
        merged = {}
        for kind, terms in self.terms.items():
            curves = np.einsum("p,tpdq->tdq", _of_pairs(terms, contrasts), terms.curves)
            merged[kind] = Terms((WHOLE,), ((0, 0),), curves[:, None])
        return ParticleTerms(self.q, self.diameters, self.thicknesses, merged)

    def basis(self, shell_thickness: float, contrasts: Mapping[str, float]) -> Basis:
        """Return the basis at one thickness [nm] and one set of contrasts [1e-6/Å²] of ``core``, ``shell`` and ``fill``."""
        curves = {
            kind: np.tensordot(self.weights(kind, shell_thickness, contrasts), terms.curves, axes=2) for kind, terms in self.terms.items()
        }
        used = {kind: {region: contrasts[region] for region in terms.regions if region != WHOLE} for kind, terms in self.terms.items()}
        return Basis(self.q, self.diameters, curves, used, shell_thickness, {"kind": "interpolated partial terms"})

    def parts(self) -> Basis:
        """Return every term as a curve of a basis, named (type, thickness, term) by :func:`part_name`."""
        curves = {
            part_name(kind, i, j): terms.curves[i, j]
            for kind, terms in self.terms.items()
            for i, j in product(range(terms.curves.shape[0]), range(terms.curves.shape[1]))
        }
        return Basis(self.q, self.diameters, curves, {}, float(self.thicknesses[0]), {"kind": "partial terms"})


def _of_pairs(terms: Terms, contrasts: Mapping[str, float]) -> Array:
    """Return the factor of each term of a type, shape (n_terms,)."""
    values = [1.0 if region == WHOLE else contrasts[region] for region in terms.regions]
    return np.array([values[i] * values[j] * (1 if i == j else 2) for i, j in terms.pairs])


def part_name(kind: str, thickness: int, term: int) -> str:
    """Return the name of one term at one thickness, by their places."""
    return f"{kind}/{thickness}/{term}"


def interpolation(nodes: Array, at: float) -> Array:
    """Return the weights of *nodes* in the value *at* a point: Lagrange's polynomial through the ``STENCIL`` nearest, shape (n,)."""
    count = min(STENCIL, nodes.size)
    first = int(np.clip(np.searchsorted(nodes, at) - count // 2, 0, nodes.size - count))
    near = nodes[first : first + count]
    weights = np.zeros(nodes.size)
    for i in range(count):
        others = np.delete(near, i)
        weights[first + i] = np.prod((at - others) / (near[i] - others))
    return weights


def thicknesses_for(stated: float | tuple[float, float]) -> tuple[float, ...]:
    """Return the shell thicknesses that are computed for a value or for a range."""
    if not isinstance(stated, tuple):
        return (float(stated),)
    first, last = int(np.floor(stated[0] / STEP + 1e-9)), int(np.ceil(stated[1] / STEP - 1e-9))
    missing = max(0, STENCIL - (last - first + 1))
    first = max(1, first - (missing + 1) // 2)
    last = max(last, first + STENCIL - 1)
    return tuple(STEP * i for i in range(first, last + 1))


def particle_terms(
    types: Sequence[str], thicknesses: Sequence[float], *, grid: Grid = DEFAULT_GRID, folder: Path | None = None, report: Report = silent
) -> ParticleTerms:
    """Return the terms of *types*, read from the cache *folder*; what is missing there is computed first.

    Computing takes about a quarter of a minute of one processor for each thickness of all types. *report* is told of the steps
    and may raise Cancelled; types that are finished are kept.

    Raises
    ------
    DataFileError
        If the folder can't be written.
    """
    folder, chosen = folder or cache_folder(), tuple(thicknesses)
    missing = [kind for kind in types if not _path(folder, grid, kind, chosen).exists()]
    for done, kind in enumerate(missing):
        _make(folder, grid, kind, chosen, partial(_tell, report, done, len(missing)))
    return _read_all(tuple(types), chosen, grid, folder)


def _tell(report: Report, done: int, total: int, event: object) -> None:
    """Report the progress of one type as that of all."""
    if isinstance(event, Step):
        event = Step(done * event.total + event.done, total * event.total, "computing particles of another shell or contrast, once")
    report(event)


@lru_cache(maxsize=2)
def _read_all(types: tuple[str, ...], thicknesses: tuple[float, ...], grid: Grid, folder: Path) -> ParticleTerms:
    found = {}
    for kind in types:
        path, count = _path(folder, grid, kind, thicknesses), len(thicknesses) if _has_shell(kind) else 1
        parts = []
        for place in range(count):
            q, _, of_types = read_library(path, partial(_at_place, place))
            parts.append(of_types[kind])
        table = parts[0].table
        pairs = tuple((int(i), int(j)) for i, j in table.pairs)
        found[kind] = Terms(table.regions, pairs, np.stack([part.terms.transpose(1, 0, 2) for part in parts]))
    return ParticleTerms(q, table.diameters, np.array(thicknesses), found)


def _at_place(place: int, table: Table) -> int:
    return place


def _make(folder: Path, grid: Grid, kind: str, thicknesses: tuple[float, ...], report: Report) -> None:
    """Compute one file under a name of this process, then rename it: two programs may do so at once."""
    path = _path(folder, grid, kind, thicknesses)
    aside = path.with_name(f"{path.stem}-{os.getpid()}.h5")
    wish = grid.library(kind, thicknesses)
    workers = 1 if parent_process() is not None or wish.curves < FEW else worker_count()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        make_library(aside, wish, workers=workers, overwrite=True, report=report)
        aside.replace(path)
    except OSError as error:
        raise DataFileError(
            path, f"can't be written ({error.strerror}). Free some space, or name another folder in the variable {CACHE_VARIABLE}."
        ) from error


def _path(folder: Path, grid: Grid, kind: str, thicknesses: tuple[float, ...]) -> Path:
    """Return the file of one type; its name tells apart whatever changes its content, also the version of the program."""
    wish = json.dumps(grid.library(kind, thicknesses if _has_shell(kind) else (4.0,)).provenance(), sort_keys=True)
    return folder / f"{kind.replace(' ', '')}-{hashlib.sha256(wish.encode()).hexdigest()[:16]}.h5"


def _has_shell(kind: str) -> bool:
    return "shell_thickness" in {p.name for p in parameters(MODELS[kind])}


def cache_folder() -> Path:
    """Return the folder for what can be computed again."""
    stated = os.environ.get(CACHE_VARIABLE)
    if stated:
        return Path(stated)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "LNPScope" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "LNPScope"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lnpscope"
