"""Curves as canSAS1D XML 1.1.

https://www.cansas.org/formats/canSAS1d/1.1/doc/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.curve import Curve
from engine.io.aside import write_text
from engine.io.table_text import printable, rows_of

_NAME_SPACE = "urn:cansas1d:1.1"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"


def write(
    path: Path, curve: Curve, *, title: str = "", metadata: Mapping[str, str] | None = None, run: str = "1", intensity_unit: str = "a.u."
) -> None:
    """Write *curve* to *path*; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Any name; by habit it ends in ``.xml``.
    curve : Curve
        q is written in 1/nm.
    title : str
        Title of the entry; the schema asks for one, so an empty one becomes the file's name.
    metadata : mapping of str to str, optional
        Terms of the process note.
    run : str
        Run of the entry.
    intensity_unit : str
        Unit of the intensity and its uncertainty, e.g. "1/cm".

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    root = Element(
        "SASroot", {"version": "1.1", "xmlns": _NAME_SPACE, "xmlns:xsi": _SCHEMA, "xsi:schemaLocation": f"{_NAME_SPACE} cansas1d.xsd"}
    )
    entry = SubElement(root, "SASentry")
    SubElement(entry, "Title").text = printable(title) or path.name
    SubElement(entry, "Run").text = printable(run)
    _add_points(SubElement(entry, "SASdata"), curve, printable(intensity_unit))
    _add_surroundings(entry, printable(title) or path.name, metadata or {})
    indent(root)
    write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n")


def _add_points(data: Element, curve: Curve, intensity_unit: str) -> None:
    names = (("Q", "1/nm"), ("I", intensity_unit), ("Idev", intensity_unit))
    for row in rows_of(curve):
        point = SubElement(data, "Idata")
        for (name, unit), number in zip(names, row, strict=False):
            SubElement(point, name, {"unit": unit}).text = number


def _add_surroundings(entry: Element, title: str, metadata: Mapping[str, str]) -> None:
    """Add what the schema demands of every entry, and the process note."""
    sample = SubElement(entry, "SASsample")
    SubElement(sample, "ID").text = title
    instrument = SubElement(entry, "SASinstrument")
    SubElement(instrument, "name").text = "not stated"
    SubElement(SubElement(instrument, "SASsource"), "radiation").text = "x-ray"
    SubElement(instrument, "SAScollimation")
    SubElement(SubElement(instrument, "SASdetector"), "name").text = "not stated"
    process = SubElement(entry, "SASprocess")
    SubElement(process, "name").text = "LNPScope"
    for name, value in metadata.items():
        SubElement(process, "term", {"name": printable(name)}).text = printable(value)
    SubElement(process, "SASprocessnote")
    SubElement(entry, "SASnote")
