"""What the ATSAS programs write: GNOM ``.out``, CRYSOL and DAMMIF ``.fit`` ``.fir``, CRYSOL ``.int``.

ATSAS calls q "s", in 1/Å or 1/nm as the data came; a ``.out`` also holds P(r), which is no curve.
"""

from __future__ import annotations

from dataclasses import replace

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables

_MARKS = {
    b"G N O M": "GNOM output",
    b"J EXP": "GNOM output",
    b"Dif/Atom/Shape/Bord": "CRYSOL intensities",
    b"Dro:": "ATSAS fit",
    b"Chi^2:": "ATSAS fit",
    b"Sample description:": "ATSAS",
}


def recognises(source: Source) -> bool:
    """Tell by the words these programs leave in the first lines."""
    return _kind(source) is not None


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the measured curve; the fit beside it is not used, and a computed curve has no sigma."""
    name = _kind(source) or "ATSAS"
    curves = read_tables(source.text, name, choice)
    if name == "CRYSOL intensities" and choice is None:
        note = "A curve computed from an atomic model; its other columns are parts of it, not sigma."
        return tuple(replace(curve, sigma=None, notes=(*curve.notes, note)) for curve in curves)
    return curves


def _kind(source: Source) -> str | None:
    head = source.head[:8192]
    return next((name for mark, name in _MARKS.items() if mark in head), None)
