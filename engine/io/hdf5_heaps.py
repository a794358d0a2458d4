"""A check of the heaps in which HDF5 keeps words, before its library walks them.

The library steps from object to object by the size each one states and does not notice a step of zero: one wrong byte
in a file then holds it for ever. Layout: HDF5 File Format Specification 3.0, III.E "Global Heap".
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_COLLECTION_HEADER = 16
_OBJECT_HEADER = 16
_ALIGNMENT = 8


def has_sound_heaps(path: Path) -> bool:
    """Tell whether every global heap collection in the file is a chain of objects that ends where it should.

    Only lengths of eight bytes are known here; a file that uses others passes, as far as this check goes.

    Raises
    ------
    OSError, ValueError
        If the file cannot be looked at.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(_SIGNATURE)
        while start >= 0:
            if not _is_sound(data, start):
                return False
            start = data.find(_SIGNATURE, start + len(_SIGNATURE))
    return True


def _is_sound(data: mmap.mmap, start: int) -> bool:
    """Walk one collection as the library would."""
    if start + _COLLECTION_HEADER > len(data):
        return False
    (size,) = struct.unpack_from("<Q", data, start + 8)
    end = start + size
    if size < _COLLECTION_HEADER or end > len(data):
        return False
    at = start + _COLLECTION_HEADER
    while end - at >= _OBJECT_HEADER:
        index, length = struct.unpack_from("<H6xQ", data, at)
        step = length if index == 0 else _OBJECT_HEADER + -(-length // _ALIGNMENT) * _ALIGNMENT
        if not _OBJECT_HEADER <= step <= end - at:
            return False
        at += step
    return True
