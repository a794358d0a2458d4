"""A voxel map as a file gave it, and the checks all formats share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from engine.curve import Array
from engine.errors import DataFileError, ParameterError
from engine.models.voxel_map import VoxelMap, check_shape

MAX_FILE_BYTES = 2**30
"""Largest file of a voxel map; the largest map in float64 takes a quarter of it."""

CUBIC_WITHIN = 1e-3
"""Relative difference of the three voxel edges up to which a voxel counts as a cube; files round them."""

ASSUMED_SPACING = 1.0
"""Voxel edge [nm] where a file states none: the paper's."""

NANOMETRES_PER_ANGSTROM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """What a file of a voxel map said.

    Parameters
    ----------
    map : VoxelMap
        The map.
    format_name : str
        The format it was read as.
    spacing_certain : bool
        False where the file does not state the voxel's edge.
    notes : tuple of str
        Everything that was assumed, in sentences.
    """

    map: VoxelMap
    format_name: str
    spacing_certain: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a file says its voxels lie: edge [nm], centre of the first voxel [nm], whether that is certain, and what was assumed."""

    spacing: float
    origin: tuple[float, float, float]
    certain: bool
    notes: tuple[str, ...] = ()


def unknown_placement(reason: str) -> Placement:
    """Placement for a file that states no voxel edge, for the *reason* given."""
    return Placement(ASSUMED_SPACING, (0.0, 0.0, 0.0), certain=False, notes=(f"voxels taken as {ASSUMED_SPACING:g} nm because {reason}",))


def check_kind(path: Path, what: str, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> None:
    """Refuse an array that can be no map by its header, before its values are read.

    Raises
    ------
    DataFileError
        If it holds no real numbers, is not 3-D, or has too many voxels.
    """
    if dtype.kind not in "fiub":
        raise DataFileError(path, f"{what} holds {_kind_name(dtype)}; a voxel map holds real numbers. Save it as double precision.")
    try:
        check_shape(shape)
    except ParameterError as error:
        raise DataFileError(path, str(error)) from error


def make_volume(path: Path, density: ArrayLike, placement: Placement, format_name: str, spacing: float | None) -> Volume:
    """Return the volume, with *spacing* [nm] instead of the file's if the user gives one.

    Raises
    ------
    DataFileError
        If it is no possible map.
    """
    notes, certain = placement.notes, placement.certain
    if spacing is not None:
        notes, certain = (f"voxels taken as {spacing:g} nm because you said so",), True
    try:
        voxels = VoxelMap(
            density=np.asarray(density, dtype=np.float64),
            spacing=placement.spacing if spacing is None else spacing,
            origin=placement.origin,
        )
    except ParameterError as error:
        raise DataFileError(path, str(error)) from error
    return Volume(voxels, format_name, certain, notes)


def common_spacing(path: Path, edges: Sequence[float]) -> float:
    """Return the edge of cubic voxels.

    Raises
    ------
    DataFileError
        If the three *edges* [nm] differ by more than :data:`CUBIC_WITHIN`.
    """
    spread = (max(edges) - min(edges)) / max(abs(edge) for edge in edges)
    if not spread <= CUBIC_WITHIN:
        said = " x ".join(f"{edge:.4g}" for edge in edges)
        raise DataFileError(path, f"The voxels measure {said} nm; only cubes are taken. Resample the map to cubic voxels.")
    return float(sum(edges) / len(edges))


def even_step(path: Path, name: str, place: Array) -> float:
    """Return the step of evenly spaced coordinates [nm].

    Raises
    ------
    DataFileError
        If they are not evenly increasing.
    """
    steps = np.diff(place)
    step = float(steps.mean()) if steps.size else np.nan
    if not np.isfinite(place).all() or (steps.size and (not step > 0 or np.abs(steps - step).max() > CUBIC_WITHIN * step)):
        raise DataFileError(path, f"The axis {name} does not increase in equal steps, so the voxels are no cubes. Resample the map.")
    return step


def _kind_name(dtype: np.dtype[np.generic]) -> str:
    names = {"c": "complex numbers", "O": "Python objects", "V": "records", "U": "text", "S": "text", "M": "dates", "m": "times"}
    return names.get(dtype.kind, "no numbers")


def sniff(path: Path, count: int = 1024) -> bytes:
    """Return the first bytes of a file, refusing what can be no voxel map.

    Raises
    ------
    DataFileError
        If the file is missing, no file, empty, unreadable or larger than :data:`MAX_FILE_BYTES`.
    """
    try:
        if not path.is_file():
            raise DataFileError(path, "There is no such file." if not path.exists() else "This is no file but a folder or a device.")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DataFileError(
                path, f"The file has {size / 1e9:.1f} GB; at most {MAX_FILE_BYTES / 1e9:.1f} GB is read. Cut or bin the map."
            )
        with path.open("rb") as file:
            head = file.read(count)
    except OSError as error:
        raise DataFileError(path, f"can't be read: {error.strerror}.") from error
    if not head:
        raise DataFileError(path, "The file is empty.")
    return head
