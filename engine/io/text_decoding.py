"""From bytes to text: UTF-8 first, then what Western Windows programs write."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataFileError

_MARKS = (  # longest first: the UTF-32 mark begins with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26}) + b"\x7f"
_SAMPLE = 65_536
MAX_CONTROL_SHARE = 0.01
"""More control characters than this and a file is no text."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file and how it was encoded."""

    text: str
    encoding: str


def decode(path: Path, data: bytes) -> Decoded:
    """Return *data* as text.

    A byte-order mark decides; then UTF-8; then cp1252, in which a byte without a letter becomes U+FFFD.

    Raises
    ------
    DataFileError
        If the bytes are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(data.decode(encoding, "replace").lstrip("\ufeff"), encoding)
    if is_binary(data[:_SAMPLE]):
        raise DataFileError(path, "This is a binary file of a kind this program does not know. Export the curve as text or NXcanSAS.")
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return Decoded(data.decode("cp1252", "replace"), "cp1252")


def is_binary(sample: bytes) -> bool:
    """Tell whether *sample* holds bytes that no text without a byte-order mark holds."""
    if not sample:
        return False
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return b"\x00" in sample or controls > MAX_CONTROL_SHARE * len(sample)
