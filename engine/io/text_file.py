"""A text file, cut into lines and tables once for all the formats that look at it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from engine.errors import DataFileError
from engine.io.limits import MAX_LINES
from engine.io.number_table import NumberTables, number_tables, split_lines
from engine.io.text_decoding import Decoded, decode

_HEADER_LINES = 2_000


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

    @property
    def words(self) -> tuple[str, ...]:
        """The first lines that are no numbers."""
        return self.tables.words[:_HEADER_LINES]

    def begins(self, count: int = 60) -> str:
        """Return the first *count* lines as one text."""
        return "\n".join(self.lines[:count])

    def mentions(self, *phrases: str) -> bool:
        """Tell whether every one of *phrases* occurs in the words of the file."""
        words = "\n".join(self.words)
        return all(phrase in words for phrase in phrases)
