"""Plain NeXus: NXdata groups whose axis is q, one curve per frame.

https://manual.nexusformat.org/classes/base_classes/NXdata.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.io.hdf5_tree import word_of
from engine.io.nexus_signal import Findings, read_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py

    from engine.io.raw_curve import RawCurve


def curves(groups: Sequence[h5py.Group], found: Findings) -> list[RawCurve]:
    """Return the curves of the data groups that entries name as their default, or of all if none is named."""
    data = [group for group in groups if word_of(group, "NX_class") == "NXdata"]
    defaults = [group for group in data if _is_default(group)]
    for chosen in (defaults, data):
        read = [
            curve for group in chosen for curve in read_group(group, found, format_name="NeXus NXdata", name=_place(group), any_axis=False)
        ]
        if read:
            return read
    return []


def _is_default(group: h5py.Group) -> bool:
    place = str(group.name)
    parents = place.strip("/").split("/")
    above = group.parent
    for depth in range(len(parents) - 1, -1, -1):
        wanted = word_of(above, "default").strip("/")
        if wanted and (wanted in (place.strip("/"), "/".join(parents[depth:]))):
            return True
        if depth == 0:
            break
        above = above.parent
    return False


def _place(group: h5py.Group) -> str:
    return str(group.name).strip("/")[:80]
