"""What a reader returns: the curve, and a record of everything that was assumed on the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from engine.curve import Curve
from engine.units import QUnit


class UnitSource(Enum):
    """Who said what unit q has, the most trustworthy first. The value is the word written to JSON."""

    USER = "user"  # flipped or given by the user
    HEADER = "header"  # words in the file: a column title, a header line
    ATTRIBUTE = "attribute"  # XML, JSON or HDF5 attribute
    FORMAT = "format"  # the format knows one unit only
    FOLDER = "folder"  # what files of this folder were last confirmed to be
    PLAUSIBILITY = "plausibility"  # particles of 20 to 100 nm would be seen in this range; never certain


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that were left out, and why. Rows are counted from 1 among the data rows of the file."""

    reason: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measurement:
    """One data set of one file, cleaned, with the record of its reading.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        File name; with the data set's own name where the file holds several.
    curve : Curve
        q in 1/nm.
    format_name : str
        Name of the format on the screen, e.g. "text, 3 columns" or "NXcanSAS".
    q_unit : QUnit
        Unit in which the file's numbers were taken to be.
    q_unit_source : UnitSource
        Where that came from.
    q_unit_words : str
        One sentence for the user: "q read as 1/nm because the header says q_nm^-1".
    q_unit_certain : bool
        False when the unit is a guess the user should look at.
    notes : tuple of str
        Sentences on columns, sigma, encoding, and everything else assumed.
    dropped : tuple of Dropped
        Every row that was left out.
    """

    path: Path
    name: str
    curve: Curve
    format_name: str
    q_unit: QUnit
    q_unit_source: UnitSource
    q_unit_words: str
    q_unit_certain: bool
    notes: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
