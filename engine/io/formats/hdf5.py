"""HDF5 files: NXcanSAS, else plain NeXus data; whichever is there."""

from __future__ import annotations

from engine.errors import DataFileError
from engine.io.formats import nxcansas, nxdata
from engine.io.hdf5_heaps import has_sound_heaps
from engine.io.hdf5_tree import BROKEN, SIGNATURE, groups, outside_links
from engine.io.limits import MAX_CURVES
from engine.io.nexus_signal import Findings
from engine.io.raw_curve import RawCurve
from engine.io.source import Source

_USER_BLOCKS = (0, 512, 1024, 2048, 4096, 8192)


def recognises(source: Source) -> bool:
    """Tell by the signature, at the start or behind a user block."""
    return any(source.head.startswith(SIGNATURE, start) for start in _USER_BLOCKS)


def read(source: Source) -> tuple[RawCurve, ...]:
    """Return the curves of every NXcanSAS data group, or of plain NXdata groups if there is none.

    Raises
    ------
    DataFileError
        If the file is broken, or holds no curve, or its curves lie in other files.
    """
    import h5py

    try:
        if not has_sound_heaps(source.path):
            raise OSError("a heap of words is garbled")
        with h5py.File(source.path, "r", locking=False) as file:
            found = Findings()
            all_groups = list(groups(file))
            curves = nxcansas.curves(all_groups, found) or nxdata.curves(all_groups, found)
            for group in all_groups[:1000]:
                found.outside.extend(outside_links(group))
    except BROKEN as error:
        raise DataFileError(source.path, "The HDF5 file is broken or cut short. Copy it again from where it was measured.") from error
    source.check_unchanged()
    if not curves:
        raise DataFileError(source.path, found.sentence())
    if len(curves) > MAX_CURVES:
        raise DataFileError(
            source.path, f"The file holds {len(curves)} curves; at most {MAX_CURVES} are read at once. Average frames or split it."
        )
    return tuple(curves)
