"""NXcanSAS, with the attribute names of the definition and of the drafts before it; several entries and data groups.

https://manual.nexusformat.org/classes/applications/NXcanSAS.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.io.hdf5_tree import text_in, word_of
from engine.io.nexus_signal import Findings, read_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py

    from engine.io.raw_curve import RawCurve


def curves(groups: Sequence[h5py.Group], found: Findings) -> list[RawCurve]:
    """Return the curves of all groups of class SASdata."""
    data = [group for group in groups if "SASdata" in (word_of(group, "canSAS_class"), word_of(group, "NX_class"))]
    return [curve for group in data for curve in read_group(group, found, format_name="NXcanSAS", name=_name(group), any_axis=True)]


def _name(group: h5py.Group) -> str:
    """Return the data group's own name, else the title of its entry, else its place."""
    place = str(group.name).strip("/")
    return (word_of(group, "canSAS_name", "name") or text_in(group.parent, "title") or place)[:80]
