"""Columns of numbers in any text."""

from __future__ import annotations

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Take everything that came this far; what is no text is refused while it is decoded."""
    return source.size > 0


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curves in the tables of the file."""
    return read_tables(source.text, "text", choice)
