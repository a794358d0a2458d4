"""BioXTAS RAW ``.dat``: three or four columns and a JSON header above or below them.

The header holds settings of the reduction; its ``unit`` is usually empty, so the unit is mostly not declared.
"""

from __future__ import annotations

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Tell by the two section marks, in either order."""
    return b"### HEADER" in source.head or b"### DATA" in source.head


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve; header words may name the unit."""
    return read_tables(source.text, "BioXTAS RAW", choice)
