"""MRC2014 maps of electron microscopy and tomography: lengths in Å, the fastest axis first."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DataFileError
from engine.io.aside import written_aside
from engine.io.volumes.volume import (
    NANOMETRES_PER_ANGSTROM,
    Placement,
    Volume,
    check_kind,
    common_spacing,
    make_volume,
    unknown_placement,
)
from engine.models.voxel_map import VoxelMap

NAME = "MRC map"
_MAP_AT = 208
_EXTENDED_HEADER_AT = 92
_STAMP_AT = 212
_BYTE_ORDERS = {b"\x44\x44": "<", b"\x44\x41": "<", b"\x11\x11": ">"}
_HEADER_BYTES = 1024
_BROKEN = (ValueError, OSError, EOFError, TypeError, KeyError, IndexError, AttributeError, MemoryError, OverflowError)


def recognises(head: bytes) -> bool:
    """Tell by the word ``MAP`` in byte 208."""
    return head[_MAP_AT : _MAP_AT + 4] in (b"MAP ", b"MAP\x00")


def read(path: Path, spacing: float | None) -> Volume:
    """Return the map, its axes in the order x, y, z whatever their order in the file.

    Raises
    ------
    DataFileError
        If the file is broken, its voxels are no cubes, or the map is none we can take.
    """
    import mrcfile

    _check_extended_header(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about bytes behind the data; what is wrong with the data raises
            with mrcfile.open(path, header_only=True) as file:
                header = file.header.copy()
                shape = (int(header.nx), int(header.ny), int(header.nz))
                check_kind(path, "The map", mrcfile.utils.data_dtype_from_header(header), shape)
            with mrcfile.open(path) as file:
                density = np.array(file.data, dtype=np.float64)
    except _BROKEN as error:
        raise DataFileError(path, f"The MRC map is broken, cut short or of a kind not known here ({error}).") from error
    check_kind(path, "The map", density.dtype, density.shape)  # not so for stacks of maps and single images
    return make_volume(path, density.transpose(_axes(path, header)), _placement(path, header), NAME, spacing)


def _check_extended_header(path: Path) -> None:
    """Refuse an extended header longer than the file before anything takes memory for it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES:
        raise DataFileError(path, "The MRC map is cut short within its header.")
    order = _BYTE_ORDERS.get(head[_STAMP_AT : _STAMP_AT + 2])
    if order is None:
        raise DataFileError(path, "The MRC map does not say the order of its bytes; its header is broken. Save it anew.")
    (claim,) = struct.unpack_from(f"{order}i", head, _EXTENDED_HEADER_AT)
    if not 0 <= claim <= size - _HEADER_BYTES:
        raise DataFileError(path, "The MRC map is cut short: its extended header is longer than the file.")


def _axes(path: Path, header: Any) -> tuple[int, int, int]:
    """Return which axis of the stored array (slowest first) is x, y and z."""
    named = [int(header.maps), int(header.mapr), int(header.mapc)]
    if sorted(named) != [1, 2, 3]:
        raise DataFileError(path, f"The MRC map calls its axes {named[::-1]}; they must be 1, 2 and 3 in some order.")
    return named.index(1), named.index(2), named.index(3)


def _placement(path: Path, header: Any) -> Placement:
    edges = []
    for length, count in zip(header.cella.tolist(), (header.mx, header.my, header.mz), strict=True):
        edges.append(float(length) / int(count) * NANOMETRES_PER_ANGSTROM if int(count) > 0 else 0.0)
    if not all(np.isfinite(edges)) or any(edge < 0 for edge in edges):
        raise DataFileError(path, "The MRC map states a voxel edge that is no length; give the voxel's edge in nm.")
    if not all(edges):
        return unknown_placement("the map states no voxel edge")
    x, y, z = (float(header.origin[name]) * NANOMETRES_PER_ANGSTROM for name in "xyz")
    return Placement(common_spacing(path, edges), (x, y, z), certain=True)


def write(path: Path, voxels: VoxelMap) -> None:
    """Write the map in single precision, with spacing and origin in Å.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    import mrcfile

    with written_aside(path) as aside, mrcfile.new(aside, overwrite=True) as file:
        file.set_data(np.ascontiguousarray(voxels.density.T, dtype=np.float32))
        file.set_volume()
        file.voxel_size = voxels.spacing / NANOMETRES_PER_ANGSTROM
        file.header.origin = tuple(x / NANOMETRES_PER_ANGSTROM for x in voxels.origin)
