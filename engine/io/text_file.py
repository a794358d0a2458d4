"""A text file, cut into lines and tables once for all the formats that look at it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from engine.errors import DataFileError
from engine.io.limits import MAX_LINES
from engine.io.number_table import NumberTables, number_tables, split_lines
from engine.io.raw_curve import UnitHint
from engine.io.text_decoding import Decoded, decode
from engine.io.unit_words import hint_in_header, means_s, wavelength_in

_HEADER_LINES = 300
_HEADER_CHARS = 1_000


class TextFile:
    """The text of one file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    data : bytes
        Its content.

    Raises
    ------
    DataFileError
        If the bytes are no text, or more lines than any curve has.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        if max(data.count(b"\n"), data.count(b"\r")) > MAX_LINES:
            raise DataFileError(path, f"The file has more than {MAX_LINES} lines, so it is no curve. Export the curve I(q) alone.")
        self.path = path
        self._decoded: Decoded = decode(path, data)

    @property
    def encoding(self) -> str:
        """How the bytes were turned into letters."""
        return self._decoded.encoding

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file, without their ends."""
        return split_lines(self._decoded.text)

    @cached_property
    def tables(self) -> NumberTables:
        """Every table of numbers in the file, and the words around them."""
        return number_tables(self.lines)

    def tables_after(self, lines: int) -> NumberTables:
        """Return the tables that begin behind the first *lines* lines; their places are still counted from the top."""
        return number_tables([*[""] * min(lines, len(self.lines)), *self.lines[lines:]]) if lines else self.tables

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The lines that are no numbers: the first ones and the last ones, where headers and footers are."""
        words = self.tables.words
        kept = words if len(words) <= 2 * _HEADER_LINES else words[:_HEADER_LINES] + words[-_HEADER_LINES:]
        return tuple(line[:_HEADER_CHARS] for line in kept)

    @cached_property
    def unit_hint(self) -> UnitHint | None:
        """What header and footer say of the unit of q."""
        return hint_in_header(self.words)

    @cached_property
    def defines_s(self) -> bool:
        """Whether the header defines the axis as s = q / 2 pi."""
        return means_s(self.words)

    @cached_property
    def wavelength(self) -> float | None:
        """The wavelength the header names [nm]."""
        return wavelength_in(self.words)
