"""Whether the packed pieces of an HDF5 array unpack to what the array says, before the library unpacks them without a bound.

The library inflates a piece for as long as its bytes last, whatever size the array states: two megabytes of a file can become two
gigabytes of memory. It also loads code for packings it does not know from folders outside the file. Only packings of
known growth are let through here, each piece once unpacked under a limit.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any

from engine.io.limits import MAX_CHUNK_BYTES, MAX_CHUNKS, MAX_UNPACKED_BYTES

if TYPE_CHECKING:
    import h5py

_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF = 1, 2, 3, 32000
_PACKERS = {_DEFLATE, _LZF}
_LZF_GROWTH = 88  # three bytes stand for at most 264
_CHECKSUM_BYTES = 4


class NotReadable(Exception):
    """An array that is too large or of another kind than numbers; the message says which."""


def check_packing(dataset: h5py.Dataset) -> None:
    """Refuse an array whose pieces are too large, too many, packed in an unknown way, or unpack to more than they should.

    Raises
    ------
    NotReadable
        Before anything is unpacked by the library.
    """
    if not dataset.chunks:
        return
    size = math.prod(int(n) for n in dataset.chunks) * dataset.dtype.itemsize
    if size > MAX_CHUNK_BYTES:
        raise NotReadable(f"“{dataset.name}” is packed in pieces of {dataset.chunks}, too large to unpack")
    filters = _filters(dataset)
    if not filters:
        return
    if not set(filters) <= {_DEFLATE, _SHUFFLE, _CHECKSUM, _LZF} or sum(code in _PACKERS for code in filters) > 1:
        raise NotReadable(f"“{dataset.name}” is packed in a way this program does not unpack")
    pieces = _pieces(dataset)
    if len(pieces) > MAX_CHUNKS or len(pieces) * size > MAX_UNPACKED_BYTES:
        raise NotReadable(f"“{dataset.name}” is packed in {len(pieces)} pieces of {dataset.chunks}, too many to unpack")
    for offset, mask, stored in pieces:
        if not all(_unpacks_to(dataset, code, offset, stored, size) for i, code in enumerate(filters) if not mask >> i & 1):
            raise NotReadable(f"“{dataset.name}” unpacks to more than it says")


def _filters(dataset: h5py.Dataset) -> list[int]:
    properties = dataset.id.get_create_plist()
    return [int(properties.get_filter(i)[0]) for i in range(properties.get_nfilters())]


def _pieces(dataset: h5py.Dataset) -> list[tuple[tuple[int, ...], int, int]]:
    """Return where each piece lies in the array, which filters it skipped, and its size in the file [bytes]; one more than are allowed."""
    found: list[tuple[tuple[int, ...], int, int]] = []

    def note(piece: Any) -> bool | None:
        found.append((piece.chunk_offset, int(piece.filter_mask), int(piece.size)))
        return True if len(found) > MAX_CHUNKS else None  # anything but None ends the walk

    dataset.id.chunk_iter(note)
    return found


def _unpacks_to(dataset: h5py.Dataset, code: int, offset: tuple[int, ...], stored: int, size: int) -> bool:
    """Tell whether one piece can be given to the library: it grows to no more than *size* bytes and a checksum."""
    if code == _LZF:
        return stored * _LZF_GROWTH <= MAX_UNPACKED_BYTES
    if code != _DEFLATE:
        return True
    if stored > size + size // 100 + 1024:  # deflate never makes anything longer than that
        return False
    unpacked = zlib.decompressobj().decompress(dataset.id.read_direct_chunk(offset)[1], size + _CHECKSUM_BYTES + 1)
    return len(unpacked) <= size + _CHECKSUM_BYTES
