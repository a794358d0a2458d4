"""The basis: I(q) of every type and size at stated contrasts, ready at any q."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.sparse import csr_array, diags_array

from engine.curve import Array, read_only
from engine.datasets.library_file import TOTAL, LibraryPart, Table, read_library
from engine.errors import DataFileError, ParameterError

_DEGREE = 9
_MARGIN = 16  # points at the upper end that only steady the spline
_MIRRORED = 40  # points of negative q that do so at the lower end
_KNEE = 0.02  # [1/nm]; the largest particles of interest leave their plateau there


@dataclass(frozen=True, eq=False)
class Basis:
    """Curves of one particle per type and size.

    Parameters
    ----------
    q : ndarray, shape (n_q,)
        Scattering vectors [1/nm], equally spaced from 0.
    diameters : ndarray, shape (n_D,)
        Sizes D [nm], equally spaced.
    curves : mapping of type key to ndarray, shape (n_D, n_q)
        Orientation means of |F|² [(1e-6/Å²)² nm⁶].
    contrasts : mapping of type key to mapping of region to float
        Contrasts [1e-6/Å²] of the curves.
    shell_thickness : float
        Shell thickness t [nm] of the types that have one.
    provenance : mapping
        How the curves were made.
    """

    q: Array
    diameters: Array
    curves: Mapping[str, Array]
    contrasts: Mapping[str, Mapping[str, float]]
    shell_thickness: float
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        q, diameters = read_only(self.q), read_only(self.diameters)
        if q.size < 2 * _MARGIN or q[0] != 0 or not _is_even(q):
            raise ParameterError(f"A basis needs at least {2 * _MARGIN} equally spaced q from 0; make the library with --q-min 0.", "q")
        if not _is_even(diameters):
            raise ParameterError("A basis needs at least two equally spaced diameters.", "diameters")
        for key, rows in self.curves.items():
            if rows.shape != (diameters.size, q.size):
                raise ParameterError(f"The curves of {key} have shape {rows.shape}; {(diameters.size, q.size)} is needed.", "curves")
        object.__setattr__(self, "q", q)
        object.__setattr__(self, "diameters", diameters)
        object.__setattr__(self, "curves", MappingProxyType({key: read_only(rows) for key, rows in self.curves.items()}))
        object.__setattr__(self, "contrasts", MappingProxyType({key: MappingProxyType(dict(c)) for key, c in self.contrasts.items()}))

    def __reduce__(self) -> tuple[type[Basis], tuple[Any, ...]]:
        contrasts = {key: dict(values) for key, values in self.contrasts.items()}
        return Basis, (self.q, self.diameters, dict(self.curves), contrasts, self.shell_thickness, dict(self.provenance))

    @property
    def types(self) -> tuple[str, ...]:
        """Keys of the types, in order."""
        return tuple(self.curves)

    @property
    def diameter_step(self) -> float:
        """Distance of two sizes [nm]."""
        return float(self.diameters[1] - self.diameters[0])

    @property
    def q_max(self) -> float:
        """Largest q [1/nm] that :meth:`at` takes; a little less than the last of :attr:`q`."""
        return q_limit(self.q)

    @cached_property
    def identity(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of all that the curves are."""
        digest = hashlib.sha256(
            json.dumps([self.shell_thickness, {k: dict(c) for k, c in self.contrasts.items()}], sort_keys=True).encode()
        )
        for name, array in [("q", self.q), ("diameters", self.diameters), *self.curves.items()]:
            digest.update(name.encode())
            digest.update(array.tobytes())
        return digest.hexdigest()[:12]

    def at(self, q: Array) -> dict[str, Array]:
        """Return the curves at other q, by a spline of degree 9 through the curves flattened by their q⁻⁴ fall.

        With the q step of the default basis, 0.008/nm, the error is below 2e-6 of the local envelope for D up to 160 nm and below 1e-4
        up to 220 nm.

        Parameters
        ----------
        q : ndarray, shape (n,)
            Scattering vectors [1/nm] from 0 to :attr:`q_max`, in any order.

        Returns
        -------
        dict of type key to ndarray, shape (n_D, n)
            I(q) [(1e-6/Å²)² nm⁶].

        Raises
        ------
        ParameterError
            If a q lies outside.
        """
        return self.folded(self.interpolation(q))

    def interpolation(self, q: Array) -> csr_array:
        """Return what :meth:`at` does as a matrix, for :meth:`folded`, shape (n, coefficients of the spline); errors as there."""
        q = np.asarray(q, dtype=np.float64)
        if q.ndim != 1 or not (np.isfinite(q).all() and (q >= 0).all() and (q <= self.q_max * (1 + 1e-12)).all()):
            raise ParameterError(f"The basis reaches from q = 0 to {self.q_max:g} 1/nm; leave out the points beyond.", "q")
        return csr_array(diags_array(1 / _flattening(q)) @ BSpline.design_matrix(q, self._spline[0], _DEGREE))

    def folded(self, matrix: csr_array) -> dict[str, Array]:
        """Return the curves under a linear map that begins with :meth:`interpolation`, e.g. smeared or binned, each (n_D, rows)."""
        values = np.asarray(matrix @ self._spline[1]).T
        return {key: np.ascontiguousarray(rows) for key, rows in zip(self.types, np.split(values, len(self.types)), strict=True)}

    @cached_property
    def _spline(self) -> tuple[Array, Array]:
        """Knots, and coefficients of shape (n_knots, n_types * n_D); curves are continued to negative q, where they are even."""
        count = min(_MIRRORED, self.q.size - 1)
        rows = np.concatenate([self.curves[key] for key in self.types])
        q = np.concatenate([-self.q[count:0:-1], self.q])
        values = np.concatenate([rows[:, count:0:-1], rows], axis=1) * _flattening(q)
        spline = make_interp_spline(q, values.T, k=_DEGREE)
        return spline.t, np.ascontiguousarray(spline.c)


def q_limit(q: Array) -> float:
    """Return the largest q [1/nm] that a basis on the axis *q* takes."""
    return float(q[-1 - _MARGIN])


def _is_even(values: Array) -> bool:
    steps = np.diff(values)
    return bool(steps.size and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6, atol=0))


def _flattening(q: Array) -> Array:
    """Return the weight that turns a plateau and a q⁻⁴ fall into something flat; a polynomial, so it keeps the bandwidth in q."""
    return np.asarray((q * q + _KNEE**2) ** 2)


def load_basis(path: Path | str, *, contrasts: Mapping[str, float] | None = None, shell_thickness: float | None = None) -> Basis:
    """Return the basis that a library holds.

    Parameters
    ----------
    path : Path
        A file made by :func:`engine.datasets.library.make_library`.
    contrasts : mapping of region to float, optional
        Contrasts [1e-6/Å²] of ``core``, ``shell``, ``fill``; those left out are the library's defaults. A library of totals
        has one set only.
    shell_thickness : float, optional
        Shell thickness t [nm], one of the library's; may be left out when there is one only.

    Raises
    ------
    DataFileError
        If the file is no library, or holds other contrasts or thicknesses than asked for.
    """
    path = Path(path)
    q, provenance, parts = read_library(path, lambda table: _choose(path, table, shell_thickness))
    if not parts:
        raise DataFileError(path, "holds no curves.")
    used = {key: _contrasts(path, provenance, key, part.table, contrasts or {}) for key, part in parts.items()}
    _refuse_unknown(contrasts or {}, {region for part in parts.values() for region in part.table.regions})
    shells = {float(t) for part in parts.values() for t in part.table.shell_thickness}
    try:
        return Basis(
            q=q,
            diameters=next(iter(parts.values())).table.diameters,
            curves={key: _total(part, used[key]) for key, part in parts.items()},
            contrasts=used,
            shell_thickness=shell_thickness if shell_thickness is not None else min(shells, default=0.0),
            provenance=provenance,
        )
    except ParameterError as error:
        raise DataFileError(path, str(error)) from error


@lru_cache(maxsize=1)
def default_basis() -> Basis:
    """Return the basis that comes with the program: types 1 to 4, D from 10 to 220 nm, t = 4 nm, default contrasts, q to 5/nm."""
    with as_file(files("engine.datasets") / "data" / "default_basis.h5") as path:
        return load_basis(path)


def _choose(path: Path, table: Table, wanted: float | None) -> int:
    shells = table.shell_thickness
    if not shells.size or (shells.size == 1 and wanted is None):
        return 0
    near = np.flatnonzero(np.isclose(shells, np.nan if wanted is None else wanted, atol=1e-6))
    if not near.size:
        known = ", ".join(f"{t:g}" for t in shells)
        raise DataFileError(
            path, f"holds shell thicknesses {known} nm; {'one must be chosen' if wanted is None else f'{wanted:g} nm is not there'}."
        )
    return int(near[0])


def _contrasts(path: Path, provenance: Mapping[str, Any], key: str, table: Table, wanted: Mapping[str, float]) -> dict[str, float]:
    """Return the contrasts to use for a type; those of a total are fixed."""
    try:
        recorded = {region: float(provenance["parameters"][key][f"sld_{region}"]) for region in table.regions}
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(path, f"does not say the contrasts of {key}. Make it anew.") from error
    used = {region: float(wanted.get(region, value)) for region, value in recorded.items()}
    if tuple(table.pairs[0]) == TOTAL and used != recorded:
        held = ", ".join(f"{region} {value:g}" for region, value in recorded.items())
        raise DataFileError(path, f"holds {key} at fixed contrasts only ({held}). Use a library of partial terms for others.")
    return used


def _refuse_unknown(contrasts: Mapping[str, float], regions: set[str]) -> None:
    unknown = [name for name in contrasts if name not in regions]
    if unknown:
        raise ParameterError(f"No type has a region {', '.join(unknown)}; known are {', '.join(sorted(regions))}.", "contrasts")


def _total(part: LibraryPart, contrasts: Mapping[str, float]) -> Array:
    if tuple(part.table.pairs[0]) == TOTAL:
        return part.terms[:, 0]
    values = [contrasts[name] for name in part.table.regions]
    weights = np.array([values[i] * values[j] * (1 if i == j else 2) for i, j in part.table.pairs])
    return np.asarray(np.einsum("p,dpq->dq", weights, part.terms))
