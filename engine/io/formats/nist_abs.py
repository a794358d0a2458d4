"""NIST ``.ABS`` and ``.AVE``: q, I, sigma, resolution of q, mean q, shadow factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Tell by the line that explains the columns, or by those of its reduction."""
    head = source.head[:16384]
    return b"The 6 columns are" in head or (b"LABEL:" in head and b"MON CNT" in head) or b"EMP LEVEL:" in head


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve; a negative resolution marks slit-smeared data, and a note says so."""
    return tuple(_noted(curve, source) for curve in read_tables(source.text, "NIST ABS", choice))


def _noted(curve: RawCurve, source: Source) -> RawCurve:
    fourth = next((block.values[:, 3] for block in source.text.tables.blocks if block.values.shape[1] == 6 and len(block.values) > 2), None)
    if fourth is None or not (np.isfinite(fourth).all() and (fourth < 0).all()):
        return curve
    note = "A negative resolution in column 4 marks slit-smeared (USANS) data; sizes from it are too uncertain until it is desmeared."
    return replace(curve, notes=(*curve.notes, note))
