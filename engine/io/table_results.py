"""Verdicts as a table of comma-separated text: one row per curve, the same columns in every table.

The numbers are those of the JSON file (:mod:`engine.io.results`). Titles hold the unit; ``low`` and ``high`` are the ends of the
90 % interval. A cell without a value is empty.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.inference.hypotheses import names
from engine.io.aside import write_text
from engine.io.results import Record
from engine.models.registry import LNP_TYPES

_WORDS = ("file", "dataset", "error", "status", "hypothesis")
_READING = {
    "q_unit": "q unit in file",
    "q_unit_reason": "q unit said by",
    "q_unit_certain": "q unit certain",
    "points": "points",
    "q_min": "q min [1/nm]",
    "q_max": "q max [1/nm]",
}
_FIT = {
    "chi2_reduced": "reduced chi2",
    "runs_p": "runs test p",
    "effective_samples": "effective samples",
    "seconds": "time [s]",
}
_FRACTIONS = {
    "number_fractions": "number fraction",
    "volume_fractions": "volume fraction",
    "scattering_fractions": "scattering fraction",
}
_SIZES = {"mean": "mean D [nm]", "sd": "sd of D [nm]"}
_SIZE_NUMBERS = {"equivalent_diameter": "diameter of sphere of equal volume [nm]", "radius_of_gyration": "Rg [nm]"}
_ENDS = {"value": "", "low": " low", "high": " high"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, results: Sequence[Record], *, model: str) -> None:
    """Write one row per entry of *results*, all of the table or nothing.

    Parameters
    ----------
    path : Path
        Any name; by habit it ends in ``.csv``.
    results : sequence of Record
        Entries of :func:`engine.io.results.answered` and :func:`engine.io.results.refused`.
    model : str
        Identity of the analyst that answered; the last column.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    rows = [dict(_cells(result, model)) for result in results]
    titles = list(rows[0]) if rows else [title for title, _ in _cells({}, model)]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, titles, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(path, text.getvalue())


def _cells(result: Record, model: str) -> Iterator[tuple[str, Any]]:
    """Yield (column title, cell) in the order of the table."""
    for key in _WORDS:
        yield key, _cell(result.get(key))
    yield "reasons", _cell(" ".join(result.get("reasons", ())))
    for key, title in (_READING | _FIT).items():
        yield title, _cell(result.get(key))
    for name in names(LNP_TYPES):
        yield f"probability of {name}", _cell(result.get("hypotheses", {}).get(name))
    for key, title in _FRACTIONS.items():
        for kind in LNP_TYPES:
            yield from _interval(f"{kind} {title}", result.get(key, {}).get(kind, {}))
    for kind in LNP_TYPES:
        size = result.get("sizes", {}).get(kind, {})
        for key, title in _SIZES.items():
            yield from _interval(f"{kind} {title}", size.get(key, {}))
        for key, title in _SIZE_NUMBERS.items():
            yield f"{kind} {title}", _cell(size.get(key))
    yield "model", _cell(model if result.get("error") is None else None)


def _interval(title: str, interval: Mapping[str, float]) -> Iterator[tuple[str, Any]]:
    for end, word in _ENDS.items():
        yield title + word, _cell(interval.get(end))


def _cell(value: Any) -> Any:
    """Return a number with all its digits, words, or an empty cell for what is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):  # a spreadsheet would run a name that begins so
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, int):
        return value
    return repr(float(value)) if math.isfinite(value) else ""
