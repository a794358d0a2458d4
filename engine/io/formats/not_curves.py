"""Files people drop by mistake: told by their first bytes and refused with advice."""

from __future__ import annotations

import re
from typing import NoReturn

from engine.errors import DataFileError
from engine.io.raw_curve import RawCurve
from engine.io.source import Source

_IMAGE = "This is a picture ({}), not a curve. Open the data the picture was made from."
_DETECTOR = "This is a detector image ({}), not a curve. Integrate it first (pyFAI, Foxtrot, RAW, Nika) and open the curve I(q)."
_ARCHIVE = "This is a packed file ({}). Unpack it and open what is inside."
_OFFICE = "This is a {} file. Export the sheet or the curve as CSV or text and open that."
_OTHER = "This is {}, not a curve. Export the curve as text, canSAS1D or NXcanSAS and open that."

_SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", _IMAGE, "PNG"),
    (b"\xff\xd8\xff", _IMAGE, "JPEG"),
    (b"GIF8", _IMAGE, "GIF"),
    (b"BM", _IMAGE, "BMP"),
    (b"II*\x00", _DETECTOR, "TIFF"),
    (b"MM\x00*", _DETECTOR, "TIFF"),
    (b"II+\x00", _DETECTOR, "TIFF"),
    (b"###CBF", _DETECTOR, "CBF"),
    (b"\xd0\xcf\x11\xe0", _OFFICE, "Microsoft Office"),
    (b"\x1f\x8b", _ARCHIVE, "gzip"),
    (b"BZh", _ARCHIVE, "bzip2"),
    (b"7z\xbc\xaf", _ARCHIVE, "7-Zip"),
    (b"Rar!", _ARCHIVE, "RAR"),
    (b"\xfd7zXZ", _ARCHIVE, "xz"),
    (b"%PDF", _OTHER, "a PDF document"),
    (b"{\\rtf", _OFFICE, "rich text"),
    (b"MATLAB 5.0", _OTHER, "a MATLAB file"),
    (b"MATLAB 7", _OTHER, "a MATLAB file"),
    (b"\x7fELF", _OTHER, "a program"),
    (b"MZ", _OTHER, "a program"),
    (b"SQLite format 3", _OTHER, "a database"),
    (b"IGOR", _OTHER, "an Igor file"),
    (b"\x80\x04\x95", _OTHER, "a Python pickle, which may run code when opened"),
)
_MUST_BE_BINARY = (b"BM", b"MZ", b"IGOR", b"\x80\x04\x95")  # letters a text could begin with
_EDF = re.compile(rb"^\s*\{\s*\r?\n?(?:[^}]{0,4000})(?:ByteOrder|Dim_1|HeaderID|EDF_)")


def recognises(source: Source) -> bool:
    """Tell by the first bytes."""
    return _refusal(source) is not None


def read(source: Source) -> tuple[RawCurve, ...]:
    """Refuse the file.

    Raises
    ------
    DataFileError
        Always, with what the file is and what to do.
    """
    _refuse(source)


def _refuse(source: Source) -> NoReturn:
    raise DataFileError(source.path, _refusal(source) or "This is no curve.")


def _refusal(source: Source) -> str | None:
    head = source.head
    for sign, sentence, name in _SIGNS:
        if head.startswith(sign) and (sign not in _MUST_BE_BINARY or b"\x00" in head[:4096]):
            return sentence.format(name)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _IMAGE.format("WebP")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(head)
    if head.startswith(b"{") and _EDF.match(head[:4096]):
        return _DETECTOR.format("EDF")
    if head[:2048].lstrip().lower().startswith((b"<!doctype html", b"<html", b"<svg")):
        return "This is a web page or drawing, not a curve. If you downloaded it, download the raw file instead."
    return None


def _zipped(head: bytes) -> str:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return _OFFICE.format("Microsoft Office (.xlsx, .docx)")
    if b"opendocument" in head[:200]:
        return _OFFICE.format("LibreOffice")
    if b".npy" in head[:200]:
        return "This is a NumPy archive (.npz) with several arrays. Save one array with q, intensity and sigma as .npy or text."
    return _ARCHIVE.format("zip")
