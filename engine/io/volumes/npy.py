"""NumPy ``.npy``: a 3-D array of contrasts, axes x, y, z. It states no voxel edge."""

from __future__ import annotations

import tokenize
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from engine.errors import DataFileError
from engine.io.aside import written_aside
from engine.io.volumes.volume import Volume, check_kind, make_volume, unknown_placement
from engine.models.voxel_map import VoxelMap

NAME = "NumPy array"
_MAGIC = b"\x93NUMPY"
_BROKEN = (ValueError, OSError, EOFError, TypeError, SyntaxError, tokenize.TokenError, MemoryError, OverflowError, KeyError, RecursionError)


def recognises(head: bytes) -> bool:
    """Tell by the first six bytes."""
    return head.startswith(_MAGIC)


def read(path: Path, spacing: float | None) -> Volume:
    """Return the array as a map. Pickled objects are refused; the shape is judged before the values are read.

    Raises
    ------
    DataFileError
        If the file is broken or the array can be no map.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2
            dtype, shape = _header(file)
    except _BROKEN as error:
        raise _broken(path) from error
    if dtype.hasobject:
        raise DataFileError(path, "The array holds pickled Python objects, which could run code and are never read. Save numbers.")
    check_kind(path, "The array", dtype, shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = np.load(path, allow_pickle=False)
    except _BROKEN as error:
        raise _broken(path) from error
    return make_volume(path, stored, unknown_placement(".npy files state no voxel edge"), NAME, spacing)


def _header(file: BinaryIO) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(file)
    return dtype, shape


def _broken(path: Path) -> DataFileError:
    return DataFileError(path, "The NumPy array is broken or cut short. Save it again with numpy.save.")


def write(path: Path, voxels: VoxelMap) -> None:
    """Write the contrasts alone; spacing and origin are lost.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    with written_aside(path) as aside, aside.open("wb") as file:
        np.save(file, voxels.density, allow_pickle=False)
