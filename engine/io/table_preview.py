"""What the table of a file looks like, for the user who wants to say which column is what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import DataFileError
from engine.io.columns import find_titles
from engine.io.formats import numpy_array
from engine.io.limits import MIN_POINTS
from engine.io.registry import format_of
from engine.io.source import Source

ROWS_SHOWN = 8
LONGEST_LINE = 160
WIDEST = 40
"""Columns shown; a table with more is hardly one curve."""


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The longest table of a file.

    Parameters
    ----------
    columns : int
        How many columns it has.
    titles : tuple of str
        Their titles, empty if there are none.
    above : tuple of str
        The lines before the table, the nearest last.
    rows : tuple of tuple of str
        Its first rows.
    total : int
        How many rows it has.
    """

    columns: int
    titles: tuple[str, ...]
    above: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int

    @property
    def layout(self) -> str:
        """Number and titles of the columns: files of one layout can be read alike."""
        return f"{self.columns}: {' | '.join(self.titles)}"[:LONGEST_LINE]


def preview(path: Path) -> TablePreview:
    """Return the head of the longest table in a file.

    Raises
    ------
    DataFileError
        If the file has none, or its format names the columns itself.
    """
    with np.errstate(all="ignore"):
        source = Source(Path(path))
        found = format_of(source)
        if not found.has_columns:
            raise DataFileError(source.path, f"The columns of {found.name} are named in the file and can't be chosen.")
        return _of_array(source) if numpy_array.recognises(source) else _of_text(source)


def _of_array(source: Source) -> TablePreview:
    values, titles = numpy_array.array_of(source)
    return TablePreview(values.shape[1], tuple(titles), (), _rows(values), len(values))


def _of_text(source: Source) -> TablePreview:
    blocks = [block for block in source.text.tables.blocks if len(block.values) >= MIN_POINTS]
    if not blocks:
        raise DataFileError(source.path, f"The file has no table of at least {MIN_POINTS} rows of numbers.")
    block = max(blocks, key=lambda block: len(block.values))
    columns = block.values.shape[1]
    titled = find_titles(block.above, columns)
    above = tuple(line[:LONGEST_LINE] for line in block.above)
    return TablePreview(columns, () if titled is None else titled.titles, above, _rows(block.values), len(block.values))


def _rows(values: np.ndarray) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"{value:.6g}" for value in row[:WIDEST]) for row in values[:ROWS_SHOWN])
