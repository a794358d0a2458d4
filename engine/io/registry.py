"""The formats the program reads, in the order in which a file is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.io.formats import (
    atsas,
    bm29,
    cansas_xml,
    hdf5,
    nist_abs,
    not_curves,
    numpy_array,
    pdh,
    plain_text,
    pyfai,
    raw_dat,
    xenocs,
)
from engine.io.raw_curve import RawCurve
from engine.io.source import Source


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is told from its content, and how it is read.

    Parameters
    ----------
    name : str
        For messages.
    recognises, read : callable
        Both take the :class:`Source`.
    has_columns : bool
        Whether it is a table without names of its own, so that ``read`` also takes a :class:`ColumnChoice`.
    """

    name: str
    recognises: Callable[[Source], bool]
    read: Callable[..., tuple[RawCurve, ...]]
    has_columns: bool = False


FORMATS: tuple[Format, ...] = (
    Format("HDF5", hdf5.recognises, hdf5.read),
    Format("NumPy array", numpy_array.recognises, numpy_array.read, has_columns=True),
    Format("no curve", not_curves.recognises, not_curves.read),
    Format("canSAS1D XML", cansas_xml.recognises, cansas_xml.read),
    Format("Anton Paar PDH", pdh.recognises, pdh.read),
    Format("NIST ABS", nist_abs.recognises, nist_abs.read, has_columns=True),
    Format("BioXTAS RAW", raw_dat.recognises, raw_dat.read, has_columns=True),
    Format("ATSAS", atsas.recognises, atsas.read, has_columns=True),
    Format("BM29", bm29.recognises, bm29.read, has_columns=True),
    Format("pyFAI", pyfai.recognises, pyfai.read, has_columns=True),
    Format("Xenocs", xenocs.recognises, xenocs.read, has_columns=True),
    Format("text", plain_text.recognises, plain_text.read, has_columns=True),
)


def format_of(source: Source) -> Format:
    """Return the format of a file by its content. The last, plain text, takes whatever no other does."""
    return next(format_ for format_ in FORMATS if format_.recognises(source))
