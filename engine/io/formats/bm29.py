"""Curves of the BioSAXS beamline BM29: text with a long commented header that names the unit in the column title."""

from __future__ import annotations

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Tell by the beamline's name or its pipeline's in the header."""
    head = source.head[:16384].lower()
    return b"bm29" in head or b"biosaxs" in head


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve."""
    return read_tables(source.text, "BM29", choice)
