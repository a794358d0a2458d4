"""MATLAB ``.mat``: the variable ``rhoS`` with the voxel centres ``X``, ``Y``, ``Z``, as the paper's author stores his models.

Versions 5 to 7.2 are read with SciPy, 7.3 is HDF5 and read with h5py. His axes run from -n/2 to n/2 in n points, though his voxels
measure 1 nm; axes of that form are therefore taken as voxels of 1 nm.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.curve import Array
from engine.errors import DataFileError
from engine.io.aside import written_aside
from engine.io.hdf5_heaps import has_sound_heaps
from engine.io.hdf5_packing import NotReadable, check_packing
from engine.io.hdf5_tree import BROKEN, SIGNATURE, OutsideLink, member
from engine.io.volumes.volume import Placement, Volume, check_kind, common_spacing, even_step, make_volume, unknown_placement
from engine.models.voxel_map import MAX_VOXELS, VoxelMap

if TYPE_CHECKING:
    import h5py

NAME = "MATLAB file"
VARIABLE = "rhoS"
AXES = ("X", "Y", "Z")
_SPACING = "spacing"
_HEADER_BYTES = 128
_COMPRESSED = 15
_MAX_ELEMENT_BYTES = 8 * MAX_VOXELS + 4096
_MAX_ELEMENTS = 1000
_NUMERIC = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
_BROKEN = (
    ValueError,
    OSError,
    NotImplementedError,
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    MemoryError,
    OverflowError,
    zlib.error,
    struct.error,
)


def recognises(head: bytes) -> bool:
    """Tell by the first word of the header, or by the first line of what Octave saves as text."""
    return head.startswith((b"MATLAB ", b"# Created by Octave"))


def read(path: Path, spacing: float | None) -> Volume:
    """Return the variable ``rhoS``, with its spacing from the axes.

    Raises
    ------
    DataFileError
        If the file is broken, has no such variable, or it can be no map.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(b"#"):
        raise DataFileError(path, "This is Octave's text format; save the map with save -v7.")
    variables = _read_hdf5(path) if head[512:].startswith(SIGNATURE) else _read_level_5(path)
    density = variables.pop(VARIABLE)
    return make_volume(path, density, _placement(path, density.shape, variables), NAME, spacing)


def _placement(path: Path, shape: tuple[int, ...], variables: Mapping[str, Array]) -> Placement:
    if not all(name in variables for name in AXES):
        return unknown_placement("the file has no axes X, Y and Z")
    axes = [_axis(path, variables[name], number, shape) for number, name in enumerate(AXES)]
    x, y, z = (float(axis[0]) for axis in axes)
    stated = variables.get(_SPACING)
    if stated is not None and stated.size == 1:
        return Placement(float(stated.ravel()[0]), (x, y, z), certain=True)
    if all(axis.size > 1 and np.allclose(axis, np.linspace(-axis.size / 2, axis.size / 2, axis.size)) for axis in axes):
        note = "voxels taken as 1 nm because the axes run from -n/2 to n/2 in n points, as in the paper's models"
        return Placement(1.0, (-axes[0].size / 2, -axes[1].size / 2, -axes[2].size / 2), certain=False, notes=(note,))
    steps = [even_step(path, name, axis) for name, axis in zip(AXES, axes, strict=True)]
    known = [step for step in steps if np.isfinite(step)]  # an axis of one voxel has no step
    return Placement(common_spacing(path, known), (x, y, z), certain=True) if known else unknown_placement("its axes have one point each")


def _axis(path: Path, values: Array, number: int, shape: tuple[int, ...]) -> Array:
    """Return one axis, from a row, a column, or a grid of the map's own shape."""
    if values.shape == shape and len(shape) == 3:
        grid = np.moveaxis(values, number, 0)
        axis = grid[:, 0, 0]
        if not np.allclose(grid, axis[:, None, None]):
            raise DataFileError(path, f"The grid {AXES[number]} varies along more than its own axis; store the map with ndgrid axes.")
    else:
        axis = values.ravel()
    if axis.size != shape[number]:
        raise DataFileError(path, f"The axis {AXES[number]} has {axis.size} points, the map {shape[number]} along it. Save both anew.")
    return axis


def _wanted() -> tuple[str, ...]:
    return (VARIABLE, *AXES, _SPACING)


def _no_variable(path: Path, present: list[str]) -> DataFileError:
    found = ", ".join(sorted(present)[:8]) or "no variable"
    return DataFileError(path, f"The file has no variable {VARIABLE}; it has {found}. Save the map under that name.")


def _read_level_5(path: Path) -> dict[str, Array]:
    import scipy.io
    from scipy.io.matlab import MatReadError

    try:
        _check_elements(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about variables we do not want
            listed = {name: (shape, kind) for name, shape, kind in scipy.io.whosmat(str(path), appendmat=False)}
            if VARIABLE not in listed:
                raise _no_variable(path, list(listed))
            wanted = [name for name in _wanted() if name in listed and listed[name][1] in _NUMERIC]
            shape, kind = listed[VARIABLE]
            check_kind(path, VARIABLE, np.dtype(np.float64 if kind in _NUMERIC else object), tuple(int(n) for n in shape))
            stored = scipy.io.loadmat(str(path), appendmat=False, variable_names=wanted)
    except (*_BROKEN, MatReadError) as error:
        raise DataFileError(path, "The MATLAB file is broken or cut short. Save it again with save -v7.") from error
    return _as_real(path, {name: stored[name] for name in wanted if name in stored})


def _as_real(path: Path, stored: Mapping[str, np.ndarray]) -> dict[str, Array]:
    for name, values in stored.items():
        if values.dtype.kind not in "fiub":
            raise DataFileError(path, f"{name} holds no real numbers; save it as double precision.")
    if VARIABLE not in stored:
        raise _no_variable(path, list(stored))
    return {name: np.asarray(values, dtype=np.float64) for name, values in stored.items()}


def _check_elements(path: Path) -> None:
    """Refuse a file whose elements claim to be larger than the file, or unpack to more than any map.

    Raises
    ------
    ValueError
        If one does, or if there are too many.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(_HEADER_BYTES)[-2:])
        if order is None:
            raise ValueError("no byte order")
        for _ in range(_MAX_ELEMENTS):
            tag = file.read(8)
            if len(tag) < 8:
                return
            kind, length = struct.unpack(f"{order}II", tag)
            end = file.tell() + length
            if end > size:
                raise ValueError("an element reaches beyond the file")
            if kind == _COMPRESSED:
                length = struct.unpack(f"{order}II", zlib.decompressobj().decompress(file.read(min(length, 4096)), 8))[1]
            if length > _MAX_ELEMENT_BYTES:
                raise ValueError("an element is larger than any map")
            file.seek(end)
    raise ValueError("too many elements")


def _read_hdf5(path: Path) -> dict[str, Array]:
    """Read version 7.3, which keeps arrays with their axes reversed."""
    import h5py

    try:
        if not has_sound_heaps(path):
            raise OSError("a heap of words is garbled")
        with h5py.File(path, "r", locking=False) as file:
            found = {name: dataset for name in _wanted() if (dataset := member(file, name)) is not None}
            if VARIABLE not in found:
                raise _no_variable(path, [name for name in list(file)[:100] if not name.startswith("#")])
            for name, dataset in found.items():
                _check_dataset(path, name, dataset)
            check_kind(path, VARIABLE, found[VARIABLE].dtype, found[VARIABLE].shape[::-1])
            return {name: np.asarray(dataset[()], dtype=np.float64).T for name, dataset in found.items()}
    except OutsideLink as error:
        raise DataFileError(path, f"The map lies in another file ({error}); only this one is read. Save it whole.") from error
    except BROKEN as error:
        raise DataFileError(path, "The MATLAB 7.3 file is broken or cut short. Save it again, best with save -v7.") from error


def _check_dataset(path: Path, name: str, dataset: h5py.Dataset) -> None:
    if dataset.is_virtual or dataset.external:
        raise OutsideLink(name)
    if dataset.dtype.kind not in "fiub" or dataset.shape is None or "MATLAB_empty" in dataset.attrs:
        raise DataFileError(path, f"{name} holds no real numbers; save it as double precision.")
    if int(np.prod([int(n) for n in dataset.shape], dtype=object)) > MAX_VOXELS:
        check_kind(path, name, dataset.dtype, dataset.shape[::-1])
    try:
        check_packing(dataset)
    except NotReadable as error:
        raise DataFileError(path, f"{error}; save it with save -v7.") from error


def write(path: Path, voxels: VoxelMap) -> None:
    """Write ``rhoS`` with the voxel centres ``X``, ``Y``, ``Z`` and the edge ``spacing``, all in nm, as version 5.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    import scipy.io

    variables = {VARIABLE: voxels.density, _SPACING: voxels.spacing} | {name: voxels.axis(i) for i, name in enumerate(AXES)}
    with written_aside(path) as aside:
        scipy.io.savemat(str(aside), variables, appendmat=False, do_compression=True)
