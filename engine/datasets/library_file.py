"""The HDF5 file of a library of curves: its layout, how it is filled block by block, and how it is read.

While it is made it is called ``NAME.part``: all space is laid out at once and blocks are written in place, each marked when it is on
disk, so that a kill at any moment costs one block. The finished file is written compressed beside it and then renamed.

Layout: ``q`` [1/nm]; for each type a group of that name with ``diameters`` [nm], ``shell_thickness`` [nm] (empty for a type without
shell), ``pairs`` (indices of the two regions of each term; -1, -1 for a total) and ``terms``, shape (n_t, n_D, n_terms, n_q)
[nm⁶; totals: (1e-6/Å²)² nm⁶], as float32: a total made of partial terms is off by up to 6e-8 of the sum of their absolute values, which
shows only where contrasts nearly cancel. The attribute ``provenance`` is JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.errors import DataFileError
from engine.scattering.exact import region_pairs

SCHEMA = "lnpscope-library/1"
TOTAL = (-1, -1)
"""Stands in the place of a pair of regions for a total at the contrasts of the provenance."""

MAX_READ = 4e9
"""Largest table, in bytes, that is read into memory."""

MAX_ROW = 1_000_000
"""Most values of q or D that are read."""

_DIAMETERS_PER_CHUNK = 16


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What the curves of one type are called: sizes, shell thicknesses, and the pairs of regions of the terms."""

    diameters: Array  # (n_D,)
    shell_thickness: Array  # (n_t,), empty for a type without shell
    regions: tuple[str, ...]
    pairs: NDArray[np.intp]  # (n_terms, 2)

    @property
    def thicknesses(self) -> int:
        """Length of the first axis of the terms."""
        return max(1, self.shell_thickness.size)

    def shape(self, n_q: int) -> tuple[int, int, int, int]:
        """Shape of the terms."""
        return self.thicknesses, self.diameters.size, len(self.pairs), n_q


def part_of(path: Path) -> Path:
    """Return the name of the unfinished file."""
    return path.with_name(path.name + ".part")


class LibraryWriter:
    """An unfinished library, created or taken up again; use it as a context.

    Parameters
    ----------
    path : Path
        The file to be.
    q : ndarray
        Scattering vectors [1/nm].
    tables : mapping
        One :class:`Table` per type.
    provenance : mapping
        How the curves are made, all of it JSON. A file begun with another one is refused.
    blocks : int
        How many blocks will be written.
    """

    def __init__(self, path: Path, q: Array, tables: Mapping[str, Table], provenance: Mapping[str, Any], blocks: int) -> None:
        self._path = path
        self._tables = tables
        self._provenance = json.dumps({"schema": SCHEMA, **provenance}, sort_keys=True)
        part = part_of(path)
        if not part.exists():
            self._lay_out(part, q, blocks)
        try:
            self._file = h5py.File(part, "r+")
        except OSError as error:
            raise DataFileError(
                part, f"cannot be taken up again ({_first_line(error)}). If nothing else is writing it, delete it."
            ) from error
        if self._file.attrs.get("provenance") != self._provenance or "done" not in self._file or self._file["done"].shape != (blocks,):
            self._file.close()
            raise DataFileError(part, "was begun with other settings. Give the same settings, or delete it, or choose another name.")

    def _lay_out(self, part: Path, q: Array, blocks: int) -> None:
        fresh = part.with_name(part.name + ".new")
        _check_room(part, sum(4 * int(np.prod(table.shape(q.size))) for table in self._tables.values()))
        with h5py.File(fresh, "w") as file:
            _write_head(file, q, self._tables, self._provenance)
            file.create_dataset("done", data=np.zeros(blocks, dtype=np.uint8))
            for key, table in self._tables.items():
                file[key].create_dataset("terms", table.shape(q.size), "f4", dcpl=_laid_out_at_once())
        _to_disk(fresh)
        fresh.replace(part)

    def __enter__(self) -> LibraryWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def missing(self) -> NDArray[np.intp]:
        """Return the numbers of the blocks not yet on disk."""
        return np.flatnonzero(self._file["done"][:] == 0)

    def put(self, number: int, key: str, thickness: int, first: int, terms: NDArray[np.float32]) -> None:
        """Write a block of terms, shape (n_D, n_terms, n_q), and mark it when it is on disk."""
        self._file[key]["terms"][thickness, first : first + len(terms)] = terms
        self._sync()
        self._file["done"][number] = 1
        self._sync()

    def _sync(self) -> None:
        self._file.flush()
        with suppress(NotImplementedError, OSError):
            os.fsync(self._file.id.get_vfd_handle())

    def finish(self, date: str) -> None:
        """Write the finished file, compressed, and remove the unfinished one."""
        fresh = self._path.with_name(self._path.name + ".new")
        _check_room(self._path, part_of(self._path).stat().st_size)
        with h5py.File(fresh, "w") as file:
            _write_head(file, self._file["q"][:], self._tables, self._provenance)
            file.attrs["date"] = date
            for key, table in self._tables.items():
                shape = table.shape(self._file["q"].size)
                chunks = (1, min(_DIAMETERS_PER_CHUNK, shape[1]), *shape[2:])
                terms = file[key].create_dataset("terms", shape, "f4", chunks=chunks, compression="gzip", compression_opts=6, shuffle=True)
                for thickness in range(shape[0]):
                    terms[thickness] = self._file[key]["terms"][thickness]
        self._file.close()
        _to_disk(fresh)
        fresh.replace(self._path)
        part_of(self._path).unlink()


_SPARE = 2**16  # [bytes] of the file besides its tables


def _check_room(path: Path, count: int) -> None:
    """Refuse to begin a file of *count* bytes that has no room, because the HDF5 library ends the whole program when a disk is full.

    Raises
    ------
    DataFileError
        If there is none, or the folder can't be written.
    """
    probe = path.with_name(f".{path.name}.room")
    try:
        with probe.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, count + _SPARE)
    except OSError as error:
        raise DataFileError(
            path,
            f"cannot be written: {error.strerror}. It needs {(count + _SPARE) / 1e6:,.1f} MB; free some space, or choose another folder.",
        ) from error
    finally:
        probe.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@dataclass(frozen=True, slots=True, eq=False)
class LibraryPart:
    """What one type contributes at one shell thickness, as read from a finished file."""

    table: Table
    terms: Array  # (n_D, n_terms, n_q)


def read_library(path: Path, choose: Callable[[Table], int]) -> tuple[Array, Mapping[str, Any], dict[str, LibraryPart]]:
    """Return q, the provenance, and the terms of each type at the shell thickness that *choose* picks by its index.

    Raises
    ------
    DataFileError
        If the file is no finished library, or a table in it is damaged or larger than :data:`MAX_READ`.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("schema") != SCHEMA or "done" in file:
                raise DataFileError(path, f"is no finished library of curves ({SCHEMA}). Make one with `python main.py library`.")
            provenance = json.loads(file.attrs["provenance"])
            q = _read_row(file["q"])
            parts = {}
            for key in provenance["parameters"]:
                table = _read_table(file[key])
                parts[key] = LibraryPart(table, _read_terms(path, file[key]["terms"], table, choose(table), q.size))
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataFileError(path, f"cannot be read as a library of curves ({_first_line(error)}). Make it anew.") from error
    return q, provenance, parts


def _read_table(group: h5py.Group) -> Table:
    regions = tuple(str(name) for name in json.loads(group.attrs["regions"]))
    pairs = [TOTAL] if len(group["pairs"]) == 1 and tuple(group["pairs"][0]) == TOTAL else region_pairs(len(regions))
    if group["pairs"].shape != (len(pairs), 2) or not np.array_equal(group["pairs"][:], pairs):
        raise ValueError("pairs of regions are not in order")
    return Table(_read_row(group["diameters"]), _read_row(group["shell_thickness"]), regions, np.array(pairs, dtype=np.intp))


def _read_row(values: h5py.Dataset) -> Array:
    if values.ndim != 1 or values.size > MAX_ROW:
        raise ValueError(f"a row of shape {values.shape}")
    return np.asarray(values[:], dtype=np.float64)


def _read_terms(path: Path, terms: h5py.Dataset, table: Table, chosen: int, n_q: int) -> Array:
    if terms.shape != table.shape(n_q) or 8 * np.prod(terms.shape[1:], dtype=float) > MAX_READ:
        raise DataFileError(
            path, f"holds a table of shape {terms.shape} where {table.shape(n_q)}, below {MAX_READ / 1e9:g} GB, is expected."
        )
    values = np.asarray(terms[chosen], dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataFileError(path, "holds values that are no numbers. Make it anew.")
    return values


def _write_head(file: h5py.File, q: Array, tables: Mapping[str, Table], provenance: str) -> None:
    file.attrs["schema"] = SCHEMA
    file.attrs["provenance"] = provenance
    file.create_dataset("q", data=q).attrs["unit"] = "1/nm"
    for key, table in tables.items():
        group = file.create_group(key)
        group.attrs["regions"] = json.dumps(table.regions)
        group.create_dataset("diameters", data=table.diameters).attrs["unit"] = "nm"
        group.create_dataset("shell_thickness", data=table.shell_thickness).attrs["unit"] = "nm"
        group.create_dataset("pairs", data=table.pairs)


def _laid_out_at_once() -> Any:
    """Return the property that reserves the whole dataset at its creation, so that writing a block changes nothing else in the file."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return properties


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
