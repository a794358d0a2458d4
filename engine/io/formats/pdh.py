"""Anton Paar ``.pdh``: five header lines, q I sigma, and (newer files) an XML tail that names the unit of q.

Line 3 begins with the number of points. Files without the tail do not declare their unit: 1/nm and 1/Å both occur.
"""

from __future__ import annotations

import re

import numpy as np

from engine.errors import DataFileError
from engine.io.limits import MAX_POINTS, MIN_POINTS
from engine.io.measurement import UnitSource
from engine.io.number_table import PLAIN, parse_row
from engine.io.raw_curve import RawCurve, UnitHint
from engine.io.source import Source
from engine.io.unit_words import unit_of_attribute
from engine.io.xml_tree import XmlRefused, local_name, parse_xml

_HEADER_LINES = 5
_HEAD = re.compile(rb"^[^\r\n]*(?:\r\n|\r|\n)SAXS[^\r\n]*(?:\r\n|\r|\n)\s*\d{1,9}(?:\s+-?\d+){7}\s*(?:\r\n|\r|\n)")


def recognises(source: Source) -> bool:
    """Tell by the keyword SAXS in line 2 and the eight whole numbers in line 3."""
    return _HEAD.match(source.head) is not None


def read(source: Source) -> tuple[RawCurve, ...]:
    """Return the curve.

    Raises
    ------
    DataFileError
        If there are too few points.
    """
    lines = source.text.lines
    stated = _stated_points(lines)
    rows = []
    for line in lines[_HEADER_LINES : _HEADER_LINES + MAX_POINTS]:
        row = parse_row(line, PLAIN) if line.strip() else None
        if row is None or len(row) < 2:
            break
        rows.append((*row[:3], float("nan"))[:3])
    if len(rows) < MIN_POINTS:
        raise DataFileError(
            source.path, f"Too few points: the file has {len(rows)}, a curve needs at least {MIN_POINTS}.", _HEADER_LINES + 1
        )
    values = np.array(rows)
    notes = []
    if stated != len(rows):
        notes.append(f"The header announces {stated or 'no'} points, the file has {len(rows)}; it may have been cut short.")
    tail = "\n".join(lines[_HEADER_LINES + len(rows) :]).strip()
    hint = _unit_of_tail(tail)
    if hint is None:
        notes.append("The file has no XML tail that names the unit of q.")
    sigma = values[:, 2]
    return (
        RawCurve(
            format_name="Anton Paar PDH",
            name=lines[0].strip()[:80],
            q=values[:, 0],
            intensity=values[:, 1],
            sigma=None if np.isnan(sigma).all() else sigma,
            hint=hint,
            notes=tuple(notes),
        ),
    )


def _stated_points(lines: list[str]) -> int | None:
    """Return the number of points line 3 announces, None where the bytes looked like a header and the letters do not."""
    words = lines[2].split() if len(lines) > 2 else []
    return int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 10 else None


def _unit_of_tail(tail: str) -> UnitHint | None:
    """Return the unit of the column X in the XML tail."""
    start = tail.find("<")
    if start < 0:
        return None
    body = re.sub(r"^<\?xml[^>]*\?>", "", tail[start:])  # the text is decoded already, whatever the declaration says
    try:
        root = parse_xml(body.strip().encode("utf-8"))
    except XmlRefused:
        return None
    for column in root.iter():
        if local_name(column) == "column" and column.get("key") == "X":
            text = next((value.text or "" for value in column if value.get("key") == "unit"), "")
            unit = unit_of_attribute(text)
            if unit is not None:
                return UnitHint(unit=unit, source=UnitSource.ATTRIBUTE, words=f"the XML tail gives column X in {text.strip()[:20]}")
    return None
