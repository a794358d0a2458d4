"""Finding the tables of numbers in a text, whatever separates and decorates them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.io.limits import MAX_COLUMNS, MAX_LINE_CHARS

Row = list[float]

_LINE_END = re.compile(r"\r\n|\r|\n")
_EMPTY = float("nan")
"""Stands for a cell without a number; told from a NaN that was written by being this very object."""

_MISSING = frozenset(
    ("", "-", "--", "---", "*", "na", "n/a", "nd", "null", "none", "nan", "-nan", "+nan", "nan(ind)", "-nan(ind)", "nanq", "#n/a", "#num!")
)
_MICROSOFT = re.compile(r"[-+]?\d\.#(?:IND|QNAN|SNAN|INF)\d*$", re.IGNORECASE)  # what old Windows programs print for NaN and infinity
_FORTRAN_D = re.compile(r"^([-+]?(?:\d+\.?\d*|\.\d+))[dDqQ]([-+]?\d+)$")
_FORTRAN_BARE = re.compile(r"^([-+]?\d*\.\d+)([-+]\d{3})$")  # three-digit exponent that left no room for its letter
_GLUED = re.compile(r"[-+]?\d*\.\d+(?:[eEdD][-+]?\d{1,3})?")
_LONGEST_CELL = 500
_SAMPLE_LINES = 200
_CONTEXT_LINES = 6
_RAGGED_RUN = 2
_LARGEST_GAP = 10.0  # steps of the first column


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the numbers of a text are separated and written.

    Parameters
    ----------
    separator : str
        Between two numbers; a blank stands for any run of blanks and tabs, "mixed" for any run of blanks, commas, semicolons.
    decimal_comma : bool
        Whether 0.5 is written 0,5.
    """

    separator: str
    decimal_comma: bool = False

    @property
    def words(self) -> str:
        """What a user would call it."""
        name = {" ": "blanks", "\t": "tabs", ",": "commas", ";": "semicolons"}.get(self.separator, "commas or blanks")
        return f"numbers separated by {name}" + (", with decimal commas" if self.decimal_comma else "")

    def cells(self, line: str) -> list[str]:
        """Split *line*."""
        if '"' in line or "'" in line:
            line = _unquoted(line, self)
        if self.separator == " ":
            return line.split()
        if self.separator == "mixed":
            return line.replace(",", " ").replace(";", " ").split()
        return [cell.strip() for cell in line.strip(" " if self.separator == "\t" else " \t").split(self.separator)]


PLAIN = Dialect(" ")
DIALECTS = (PLAIN, Dialect(","), Dialect(";"), Dialect(";", True), Dialect(" ", True), Dialect("\t"), Dialect("\t", True), Dialect("mixed"))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One table of numbers.

    Parameters
    ----------
    values : ndarray, shape (n, columns)
        The numbers, NaN where a cell is empty.
    rows : ndarray of int, shape (n,)
        Number of each row among the data rows of this table, from 1; broken rows count but are not in *values*.
    first_line : int
        Line of the file where the table begins, from 1.
    above : tuple of str
        The lines of words above it, the nearest last.
    broken : tuple of int
        Rows with another number of columns than their neighbours.
    """

    values: Array
    rows: NDArray[np.int64]
    first_line: int
    above: tuple[str, ...]
    broken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NumberTables:
    """All tables of a text, its words, and how it was read."""

    blocks: tuple[Block, ...]
    words: tuple[str, ...]
    dialect: Dialect
    single_numbers: int


@dataclass(slots=True)
class _Run:
    """Neighbouring rows of equal length, while they are collected."""

    rows: list[Row]
    numbers: list[int]
    first_line: int
    last_line: int
    above: list[str]
    broken: list[int]

    @property
    def columns(self) -> int:
        return len(self.rows[0])


def split_lines(text: str) -> list[str]:
    """Split *text* at CR, LF and CRLF, also where a file mixes them."""
    return _LINE_END.split(text) if "\r" in text else text.split("\n")


def number_tables(lines: Sequence[str]) -> NumberTables:
    """Return every run of lines that holds a table of numbers.

    A table is a run of lines with the same number of at least two numbers. Blank lines do not end it. A line or two of
    words or of another length do, unless the first column simply goes on behind them.

    Parameters
    ----------
    lines : sequence of str
        The lines of the file.
    """
    dialect = find_dialect(lines)
    runs, words, singles = _collect(lines, dialect)
    return NumberTables(tuple(_block(run) for run in _rejoined(runs)), tuple(words), dialect, singles)


def find_dialect(lines: Sequence[str]) -> Dialect:
    """Return the dialect in which the most lines of a sample are rows of numbers; the simpler one of two equals."""
    candidates = [line for line in lines if len(line) <= MAX_LINE_CHARS and any(map(str.isdigit, line))]
    step = max(1, len(candidates) // _SAMPLE_LINES)
    sample = candidates[::step]
    best, best_score = PLAIN, (0, 0.0)
    for dialect in DIALECTS:
        lengths = Counter(len(row) for line in sample if (row := parse_row(line, dialect)) is not None and len(row) > 1)
        if not lengths:
            continue
        score = (sum(lengths.values()), max(lengths.values()) / sum(lengths.values()))
        if score > best_score:
            best, best_score = dialect, score
        if score[0] > 0.5 * len(sample) and score[1] == 1.0:  # no line can be a row in two dialects of equal sense
            break
    return best


def parse_row(line: str, dialect: Dialect) -> Row | None:
    """Return the numbers of *line*, or None if it holds anything else."""
    if len(line) > MAX_LINE_CHARS:
        return None
    if dialect is PLAIN and "_" not in line:
        try:
            return [float(cell) for cell in line.split(None, MAX_COLUMNS)] or None
        except ValueError:
            pass
    cells = dialect.cells(line)
    if not cells or len(cells) > MAX_COLUMNS:
        return None
    row: Row = []
    for cell in cells:
        found = _numbers(cell, dialect.decimal_comma)
        if found is None:
            return None
        row.extend(found)
    return row if row and row[0] is not _EMPTY else None


def _numbers(cell: str, decimal_comma: bool) -> Row | None:
    """Return the number in *cell*, several if they were glued together, or None if it is a word."""
    if decimal_comma:
        if "." in cell and "#" not in cell:
            return None
        cell = cell.replace(",", ".", 1)
    if "_" in cell:
        return None
    try:
        return [float(cell)]
    except ValueError:
        pass
    if len(cell) > _LONGEST_CELL:  # the patterns below take a time that grows with its square
        return None
    if cell.lower() in _MISSING or not cell.strip("*"):
        return [_EMPTY]
    if _MICROSOFT.match(cell):
        return [float("nan")]
    cell = cell.replace("\u2212", "-")
    if match := _FORTRAN_D.match(cell) or _FORTRAN_BARE.match(cell):
        return [float(f"{match[1]}e{match[2]}")]
    return _glued(cell)


def _glued(cell: str) -> Row | None:
    """Return numbers that fixed-width columns left without a blank between them, such as 0.10E+01-0.20E-02."""
    parts = _GLUED.findall(cell)
    if len(parts) < 2 or "".join(parts) != cell or any(part[0] not in "+-" for part in parts[1:]):
        return None
    return [float(part.replace("D", "e").replace("d", "e")) for part in parts]


def _unquoted(line: str, dialect: Dialect) -> str:
    """Return *line* without quotation marks; within them a comma is a decimal comma."""
    if dialect.separator != ",":
        return line.replace('"', "").replace("'", "")
    inside, out = False, []
    for sign in line:
        if sign == '"':
            inside = not inside
        else:
            out.append("." if inside and sign == "," else sign)
    return "".join(out)


def _collect(lines: Sequence[str], dialect: Dialect) -> tuple[list[_Run], list[str], int]:
    runs: list[_Run] = []
    words: list[str] = []
    above: list[str] = []
    current: _Run | None = None
    singles = 0
    for number, line in enumerate(lines, start=1):
        if not line or not line.strip(" \t,;"):
            continue
        row = parse_row(line, dialect)
        if row is None or len(row) < 2:
            singles += row is not None
            words.append(line[:MAX_LINE_CHARS])
            above = [*above[1 - _CONTEXT_LINES :], line[:MAX_LINE_CHARS]]
            current = None
        elif current is not None and current.columns == len(row):
            current.rows.append(row)
            current.last_line = number
        else:
            current = _Run([row], [], number, number, above, [])
            runs.append(current)
    return runs, words, singles


def _rejoined(runs: list[_Run]) -> list[_Run]:
    """Join runs that a stray line cut although the first column goes on, and number their rows."""
    joined: list[_Run] = []
    waiting: list[_Run] = []  # short runs of another length since the last one joined
    for run in runs:
        run.numbers = list(range(1, len(run.rows) + 1))
        last = joined[-1] if joined else None
        if last is not None and run.columns == last.columns and _goes_on(last, run, waiting):
            for stray in waiting:
                last.broken.extend(last.numbers[-1] + 1 + i for i in range(len(stray.rows)))
            start = max([last.numbers[-1], *last.broken[-1:]])
            last.numbers.extend(start + n for n in run.numbers)
            last.rows.extend(run.rows)
            last.last_line = run.last_line
            waiting = []
        elif last is not None and run.columns != last.columns and len(run.rows) <= _RAGGED_RUN and not waiting:
            waiting = [run]
        else:
            joined.extend(waiting)
            joined.append(run)
            waiting = []
    return joined + waiting


def _goes_on(last: _Run, run: _Run, waiting: list[_Run]) -> bool:
    stray = sum(len(other.rows) for other in waiting)
    short_gap = run.first_line - last.last_line <= _RAGGED_RUN + stray + 1
    if not short_gap or len(last.rows) < 3:
        return False
    before = [row[0] for row in last.rows[-3:]]
    step = before[-1] - before[-2]
    return before == sorted(before) and 0 < run.rows[0][0] - before[-1] <= _LARGEST_GAP * step


def _block(run: _Run) -> Block:
    values = np.array(run.rows, dtype=np.float64)
    empty = np.array([all(cell is _EMPTY for cell in column) for column in zip(*run.rows, strict=True)])
    if empty.any() and (~empty).sum() >= 2:  # a separator at the end of every line, or two for one
        values = values[:, ~empty]
    return Block(values, np.array(run.numbers, dtype=np.int64), run.first_line, tuple(run.above), tuple(run.broken))
