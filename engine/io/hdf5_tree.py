"""HDF5 from strangers: no links to other files followed, shapes and packed pieces checked before anything is read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.io.hdf5_packing import NotReadable, check_packing
from engine.io.limits import MAX_ARRAY_VALUES, MAX_HDF5_NODES

if TYPE_CHECKING:
    import h5py

    from engine.curve import Array

__all__ = [
    "BROKEN", "SIGNATURE", "NotReadable", "OutsideLink", "groups", "member", "names_in", "numbers", "outside_links", "text_in",
    "word_of", "words_of",
]  # fmt: skip

SIGNATURE = b"\x89HDF\r\n\x1a\n"
BROKEN = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, IndexError, zlib.error)
"""What h5py raises for files that are cut, garbled or use what this build cannot unpack."""

_MAX_ATTRIBUTE_BYTES = 65_536
_MAX_LINKS = 16


class OutsideLink(Exception):
    """An array or group that lies in another file; the message names it."""


def groups(root: h5py.File) -> Iterator[h5py.Group]:
    """Yield every group that hard links lead to, parents first, each once, a bounded number of them.

    Soft and external links are not followed: what they show inside this file has a place of its own.
    """
    import h5py

    waiting: list[h5py.Group] = [root["/"]]
    seen: set[Any] = set()
    looked_at = 0
    while waiting:
        group = waiting.pop(0)
        key = _address(group)
        if key in seen:
            continue
        seen.add(key)
        yield group
        for name in group:
            looked_at += 1
            if looked_at > MAX_HDF5_NODES:
                return
            if isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is h5py.Group:
                waiting.append(group[name])


def member(group: h5py.Group, name: str) -> h5py.Dataset | None:
    """Return the data set *name* of *group*, or None if there is none.

    Raises
    ------
    OutsideLink
        If the way to it leaves the file, or its values lie in other files (virtual or external storage).
    """
    import h5py

    found = _resolve(group, name, _MAX_LINKS)
    if not isinstance(found, h5py.Dataset):
        return None
    if found.is_virtual:  # before anything else: asking for its shape opens the other files
        raise OutsideLink(", ".join(sorted({str(source.file_name) for source in found.virtual_sources()}))[:120])
    if found.external:
        raise OutsideLink(str(found.external[0][0])[:120])
    return found


def numbers(dataset: h5py.Dataset) -> Array:
    """Return a data set as floats.

    Raises
    ------
    NotReadable
        If it is too large, packed in too large pieces, or holds no real numbers.
    """
    if dataset.dtype.kind not in "fiu" or dataset.shape is None:
        raise NotReadable(f"“{dataset.name}” holds no real numbers")
    if int(np.prod([int(n) for n in dataset.shape], dtype=object)) > MAX_ARRAY_VALUES:
        raise NotReadable(f"“{dataset.name}” has shape {dataset.shape}, too large for curves")
    check_packing(dataset)
    return np.asarray(dataset[()], dtype=np.float64)


def words_of(thing: h5py.Group | h5py.Dataset, *names: str) -> list[str]:
    """Return the words of the first of the attributes *names* that exists; several if it is a list."""
    import h5py

    plain = (h5py.h5t.TypeStringID, h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID)
    for name in names:
        if name not in thing.attrs:
            continue
        attribute = thing.attrs.get_id(name)
        if attribute.get_storage_size() > _MAX_ATTRIBUTE_BYTES or not isinstance(attribute.get_type(), plain):
            continue  # other kinds never hold a name, and garbled ones crash the library
        value = thing.attrs[name]
        items = np.asarray(value).reshape(-1).tolist() if not isinstance(value, (str, bytes)) else [value]
        return [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in items]
    return []


def word_of(thing: h5py.Group | h5py.Dataset, *names: str) -> str:
    """Return the first word of the first of the attributes *names* that exists, or an empty string."""
    found = words_of(thing, *names)
    return found[0].strip() if found else ""


def names_in(words: list[str]) -> list[str]:
    """Return the names in an attribute such as "Q", "Time,Q", "[b'Q']" or ["frame", "q"]."""
    return [name for word in words for name in re.split(r"[\s,:\[\]\"']+", word.replace("b'", "'")) if name]


def text_in(group: h5py.Group, name: str) -> str:
    """Return the text of a small data set such as a title, or an empty string."""
    import h5py

    try:
        dataset = member(group, name)
        if dataset is None or dataset.size != 1:
            return ""
        kind = dataset.id.get_type()
        if not isinstance(kind, h5py.h5t.TypeStringID):
            return ""
        if (_stated_length(dataset) if kind.is_variable_str() else kind.get_size()) > _MAX_ATTRIBUTE_BYTES:
            return ""
        check_packing(dataset)
        value = np.asarray(dataset[()]).reshape(-1)[0]
    except (*BROKEN, OutsideLink, NotReadable):
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _stated_length(dataset: h5py.Dataset) -> float:
    """Return the length of the words in a data set of one string [bytes], infinite where it cannot be seen beforehand.

    The library reserves what the file asks for before it looks whether the heap holds that much.
    """
    place = dataset.id.get_offset()
    if place is None:
        return float("inf")
    with Path(dataset.file.filename).open("rb") as file:
        file.seek(place)
        return int.from_bytes(file.read(4), "little")


def outside_links(group: h5py.Group) -> list[str]:
    """Return the files that external links of *group* point to."""
    import h5py

    links = [group.get(name, getlink=True) for name in list(group)[:100]]
    return [str(link.filename) for link in links if isinstance(link, h5py.ExternalLink)]


def _resolve(group: h5py.Group, path: str, links_left: int) -> Any:
    """Walk to *path* one name at a time, so that no step can leave the file unseen."""
    import h5py

    here: Any = group.file["/"] if path.startswith("/") else group
    for name in (part for part in path.split("/") if part not in ("", ".")):
        if not isinstance(here, h5py.Group) or name not in _names(here):
            return None
        link = here.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise OutsideLink(str(link.filename)[:120])
        if isinstance(link, h5py.SoftLink):
            if links_left == 0:
                return None
            here = _resolve(here, link.path, links_left - 1)
            links_left -= 1
        else:
            here = here[name]
    return here


def _names(group: h5py.Group) -> set[str]:
    return set(group)  # "name in group" would follow links


def _address(group: h5py.Group) -> Any:
    import h5py

    info = h5py.h5o.get_info(group.id)
    return info.fileno, info.addr
