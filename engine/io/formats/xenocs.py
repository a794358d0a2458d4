"""Xenocs and Foxtrot ``.dat``: the header of the detector image (EDF) as comments, then q(A-1), I(q), Sig(q)."""

from __future__ import annotations

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Tell by a commented EDF header or the mark of Foxtrot."""
    head = source.head[:16384]
    return head.lstrip().startswith(b"#") and (b"EDF_DataBlockID" in head or b"Foxtrot" in head)


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve."""
    return read_tables(source.text, "Xenocs EDF-header text", choice)
