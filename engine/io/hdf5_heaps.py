"""A check of the heaps in which HDF5 keeps words, before its library walks them.

The library steps from object to object by the size each one states and does not notice a step of zero, and it reserves
the memory a reference asks for before it looks whether the heap holds that much: one wrong byte in a file then holds the
program for ever or fills the machine. Layout: HDF5 File Format Specification 3.0, III.E "Global Heap" and IV.A.2.d.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_COLLECTION_HEADER = 16
_OBJECT_HEADER = 16
_ALIGNMENT = 8
_LONGEST_WORDS = 2**24  # bytes in one reference
_MOST_COLLECTIONS = 1_000
_LAYOUT_OF_VIRTUAL_DATA = (0x0304, 0x0305)  # version and class of the message, which stand before an address of their own
_SEARCHED = 8 * 2**20  # bytes at either end of the file in which references are looked at; headers are there


def has_sound_heaps(path: Path) -> bool:
    """Tell whether the global heaps of a file and the references to them are such as the library can survive.

    Every collection must be a chain of objects that ends where it should, and no reference may ask for more bytes than
    any words have. Only addresses and lengths of eight bytes are known here; a file that uses others passes.

    Raises
    ------
    OSError, ValueError
        If the file cannot be looked at.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts = _collections(data)
        if not all(_is_sound(data, start) for start in starts):
            return False
        ends = {data[:_SEARCHED], data[-_SEARCHED:]}
        return not any(_asks_too_much(end, start) for start in starts[:_MOST_COLLECTIONS] for end in ends)


def _collections(data: mmap.mmap) -> list[int]:
    """Return where the collections begin."""
    starts = []
    start = data.find(_SIGNATURE)
    while start >= 0:
        starts.append(start)
        start = data.find(_SIGNATURE, start + len(_SIGNATURE))
    return starts


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


def _asks_too_much(data: bytes, collection: int) -> bool:
    """Tell whether a reference to a collection (length, address, index) asks for more than words have."""
    address = struct.pack("<Q", collection)
    at = data.find(address, 4)
    while at >= 0:
        (length,) = struct.unpack_from("<I", data, at - 4)
        (index,) = struct.unpack_from("<I", data, at + 8) if at + 12 <= len(data) else (0,)
        if length > _LONGEST_WORDS and 0 < index < 2**16 and length >> 16 not in _LAYOUT_OF_VIRTUAL_DATA:
            return True
        at = data.find(address, at + 1)
    return False
