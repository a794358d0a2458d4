"""From the tables of a text to its curves; the formats that are text share this."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from engine.curve import Array
from engine.errors import DataFileError
from engine.io.column_choice import ColumnChoice, too_narrow
from engine.io.columns import CurveColumns, Role, choose_columns, chosen_columns, find_titles, find_units, foreign_axis, role_of
from engine.io.limits import MAX_COLUMNS, MAX_CURVES, MAX_POINTS, MIN_POINTS
from engine.io.measurement import Dropped
from engine.io.number_table import Block, NumberTables
from engine.io.raw_curve import Axis, RawCurve, UnitHint
from engine.io.text_file import TextFile
from engine.io.unit_words import hint_in_title, quoted

_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?$|nan$", re.IGNORECASE)
_LINES_LOOKED_AT = 100
_MOST_UNTITLED = 6  # columns
_SAME_START = 1.5
"""Two runs of one table are two curves if their first q agree within this factor."""


def read_tables(text: TextFile, format_name: str, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curves in the tables of *text*.

    Parameters
    ----------
    text : TextFile
        The file.
    format_name : str
        Name of the format for the screen.
    choice : ColumnChoice, optional
        The user's word on the columns; without it titles and order tell them.

    Raises
    ------
    DataFileError
        If no table has enough rows, or none has a scattering axis.
    """
    tables = text.tables if choice is None else text.tables_after(choice.skip_rows)
    blocks = _curve_blocks(text, tables) if choice is None else _chosen_blocks(text, tables, choice)
    read_as = (f"Read as {tables.dialect.words}.", *_encoding_note(text))
    curves = [
        _curve_of(text, block, part, columns, format_name, read_as)
        for block in blocks
        for part in _split_at_restart(block, 0 if choice is None else choice.q)
        for columns in (choose_columns(block) if choice is None else (chosen_columns(block, choice),))
    ]
    if not curves:
        axis = next((foreign_axis(block) for block in blocks), None)
        raise DataFileError(
            text.path,
            f"The first column is {quoted(axis or 'unknown')}, not a scattering vector. Export I against q and open that.",
            blocks[0].first_line,
        )
    if len(curves) > MAX_CURVES:
        raise DataFileError(text.path, f"The file holds {len(curves)} curves; at most {MAX_CURVES} are read at once. Split it.")
    return tuple(curves)


def _curve_blocks(text: TextFile, tables: NumberTables) -> list[Block]:
    """Return the tables long enough for a curve, that look like one."""
    long = _long_blocks(text, tables)
    titled = {block.values.shape[1] for block in long if find_titles(block.above, block.values.shape[1])}
    if titled:  # a table of another width has no titles of its own: an extrapolation, a table of parameters
        long = [block for block in long if block.values.shape[1] in titled]
    main = max(long, key=lambda block: len(block.values))
    if not titled and _is_image(main):
        raise DataFileError(
            text.path,
            f"A table of {main.values.shape[1]} columns without titles, whose first column neither rises nor falls, is no curve but an "
            "image. Integrate it first, or choose the columns of q and intensity.",
            main.first_line,
        )
    return [block for block in long if block is main or _has_axis(block.values[:, 0])]


def _long_blocks(text: TextFile, tables: NumberTables) -> list[Block]:
    long = [block for block in tables.blocks if len(block.values) >= MIN_POINTS]
    if not long:
        raise _no_table(text, tables)
    if max(len(block.values) for block in long) > MAX_POINTS:
        raise DataFileError(text.path, f"A table with more than {MAX_POINTS} rows is no curve. Export the curve I(q) alone.")
    return long


def _chosen_blocks(text: TextFile, tables: NumberTables, choice: ColumnChoice) -> list[Block]:
    """Return the longest table that has the chosen columns, and the others like it."""
    long = _long_blocks(text, tables)
    wide = [block for block in long if block.values.shape[1] >= choice.width]
    if not wide:
        raise DataFileError(text.path, too_narrow(choice, max(block.values.shape[1] for block in long)), long[0].first_line)
    main = max(wide, key=lambda block: len(block.values))
    alike = [block for block in wide if block.values.shape[1] == main.values.shape[1]]
    return [block for block in alike if block is main or _has_axis(block.values[:, choice.q])]


def _no_table(text: TextFile, tables: NumberTables) -> DataFileError:
    if not tables.blocks and tables.single_numbers >= MIN_POINTS:
        return DataFileError(
            text.path,
            f"The file holds {tables.single_numbers} lines with one number each; a curve needs q and I in each. "
            "If this is a detector image, integrate it first.",
        )
    wide = sum(_is_wide(line) for line in text.lines[:_LINES_LOOKED_AT])
    if not tables.blocks and wide >= MIN_POINTS:
        return DataFileError(
            text.path, f"Its lines hold more than {MAX_COLUMNS} numbers each, as those of an image do. Integrate it first and open I(q)."
        )
    if not tables.blocks:
        return DataFileError(text.path, "No line holds two numbers, so there is no curve in this file.")
    longest = max(tables.blocks, key=lambda block: len(block.values))
    return DataFileError(
        text.path,
        f"Too few points: the longest table of numbers has {len(longest.values)} rows, a curve needs at least {MIN_POINTS}.",
        longest.first_line,
    )


def _is_image(block: Block) -> bool:
    """Tell whether a table without titles has more columns than curves have, and none of q in front."""
    first = block.values[:, 0]
    return block.values.shape[1] > _MOST_UNTITLED and not _has_axis(first) and not _has_axis(first[::-1])


def _is_wide(line: str) -> bool:
    """Tell whether *line* begins with more numbers than a row of a table has."""
    cells = re.split(r"[\s,;]+", line[:20_000].strip(), maxsplit=MAX_COLUMNS + 1)[: MAX_COLUMNS + 1]
    return len(cells) > MAX_COLUMNS and all(_NUMBER.match(cell) for cell in cells)


def _has_axis(column: Array) -> bool:
    """Tell whether *column* increases nearly throughout, as the axis of a further curve does."""
    steps = np.diff(column)
    return bool(np.isfinite(column).all() and column[0] >= 0 and (np.count_nonzero(steps > 0) >= 0.95 * steps.size))


def _split_at_restart(block: Block, column: int) -> list[slice]:
    """Return the stretches of a table in which a column of q that starts anew begins another curve."""
    q = block.values[:, column]
    falls = np.flatnonzero(np.diff(q) < 0) + 1
    edges = [0, *falls.tolist(), len(q)]
    parts = [slice(a, b) for a, b in pairwise(edges)]
    starts, ends = q[edges[:-1]], q[np.array(edges[1:]) - 1]
    alike = (
        1 < len(parts) <= MAX_CURVES
        and all(part.stop - part.start >= MIN_POINTS for part in parts)
        and np.ptp(ends) <= 0.5 * abs(ends).max()
        and starts.max() - starts.min() <= 0.1 * abs(ends).max()
        and (starts.min() <= 0 or starts.max() <= _SAME_START * starts.min())
    )
    return parts if alike else [slice(0, len(q))]


def _curve_of(text: TextFile, block: Block, part: slice, columns: CurveColumns, format_name: str, read_as: tuple[str, ...]) -> RawCurve:
    values = block.values[part]
    axis = _axis_of(text, block, columns)
    q = values[:, columns.q]
    in_radian = axis is Axis.TWO_THETA and "rad" in (columns.q_title or "")
    return RawCurve(
        format_name=f"text, {block.values.shape[1]} columns" if format_name == "text" else format_name,
        name=columns.name,
        q=np.rad2deg(q) if in_radian else q,
        intensity=values[:, columns.intensity],
        sigma=None if columns.sigma is None else values[:, columns.sigma],
        axis=axis,
        wavelength=text.wavelength if axis is Axis.TWO_THETA else None,
        hint=_hint_of(text, block, columns),
        shadow=None if columns.shadow is None else values[:, columns.shadow],
        rows=block.rows[part],
        dropped=(Dropped("another number of columns than the neighbouring rows", block.broken),) if block.broken else (),
        notes=(*read_as, *columns.notes),
    )


def _axis_of(text: TextFile, block: Block, columns: CurveColumns) -> Axis:
    angle_in_words = columns.q_title is None and any(role_of(line) is Role.TWO_THETA for line in block.above)
    if columns.axis is Role.TWO_THETA or angle_in_words:
        return Axis.TWO_THETA
    return Axis.S if text.defines_s else Axis.Q


def _hint_of(text: TextFile, block: Block, columns: CurveColumns) -> UnitHint | None:
    """Return what is said of the unit of q: by its title, by a line of units under the titles, by the header."""
    titled = hint_in_title(columns.q_title) if columns.q_title else None
    if titled is not None:
        return titled
    units = find_units(block.above, block.values.shape[1])
    below = hint_in_title(units[columns.q]) if units else None
    return below or text.unit_hint


def _encoding_note(text: TextFile) -> tuple[str, ...]:
    return () if text.encoding in ("utf-8", "utf-8-sig") else (f"The text is no UTF-8; it was read as {text.encoding}.",)
