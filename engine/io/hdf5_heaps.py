"""A check of the heaps in which HDF5 keeps words, before its library walks them.

The library steps from object to object by the size each one states and does not notice a step of zero, and it reserves
the memory a reference asks for before it looks whether the heap holds that much: one wrong byte in a file then holds the
program for ever or fills the machine. Layout: HDF5 File Format Specification 3.0, III.E "Global Heap" and IV.A.2.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_COLLECTION_HEADER = 16
_OBJECT_HEADER = 16
_ALIGNMENT = 8
_LONGEST_WORDS = 2**24  # bytes in one reference
_MOST_WORDS = 4_096  # references in one attribute
_SEARCHED = 16 * 2**20  # bytes at either end of the file in which references are looked at; headers are there
_WORDS_TYPE = re.compile(rb"[\x19\x29\x39\x49].{3}\x10\x00\x00\x00[\x10\x20\x30\x13\x23\x33].{3}\x01\x00\x00\x00", re.DOTALL)
"""Datatype message of strings of variable length: class 9, 16 bytes, made of single bytes or characters."""

_TO_DATASPACE = (0, 4, 8)  # bytes: single bytes have properties, and old messages are padded


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
        if not all(_is_sound(data, start) for start in _collections(data)):
            return False
        return not any(_asks_too_much(end) for end in {data[:_SEARCHED], data[-_SEARCHED:]})


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


def _asks_too_much(data: bytes) -> bool:
    """Tell whether an attribute of words asks for more bytes than words have.

    In an attribute message the datatype is followed by the dataspace and that by the references: length, address, index.
    Where the same bytes are no attribute, the small numbers of another message follow.
    """
    for match in _WORDS_TYPE.finditer(data):
        for gap in _TO_DATASPACE:
            at, count = _behind_dataspace(data, match.end() + gap)
            references = range(at, min(at + 16 * count, len(data) - 16), 16)
            if any(int.from_bytes(data[i : i + 4], "little") > _LONGEST_WORDS for i in references):
                return True
            if count:
                break
    return False


def _behind_dataspace(data: bytes, start: int) -> tuple[int, int]:
    """Return where a dataspace message ends, and how many elements it spans; 0 if it is none."""
    if start + 8 > len(data) or data[start] not in (1, 2) or data[start + 1] > 2:
        return start, 0
    version, rank, has_maximum = data[start], data[start + 1], data[start + 2] & 1
    first = start + (8 if version == 1 else 4)
    sizes = [int.from_bytes(data[first + 8 * i : first + 8 * i + 8], "little") for i in range(rank)]
    return first + 8 * rank * (1 + has_maximum), min(math.prod(sizes), _MOST_WORDS)
