"""Azimuthal integrations by pyFAI: the axis is named in the last header line, q_nm^-1, q_A^-1 or 2th_deg.

An axis in millimetres on the detector or along the ring is refused by its title.
"""

from __future__ import annotations

from engine.io.column_choice import ColumnChoice
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.text_curves import read_tables


def recognises(source: Source) -> bool:
    """Tell by the title of its calibration block."""
    head = source.head[:16384]
    return b"pyFAI calibration" in head or b"pyfai_version" in head.lower() or b"Fit2d calibration" in head


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve; an angle is turned into q with the wavelength of the header."""
    return read_tables(source.text, "pyFAI", choice)
