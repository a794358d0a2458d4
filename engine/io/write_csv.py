"""Curves as comma-separated text: commented header, titled columns, every digit of every number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.curve import Curve
from engine.io.aside import write_text
from engine.io.table_text import header_lines, rows_of


def write(path: Path, curve: Curve, *, title: str = "", metadata: Mapping[str, str] | None = None) -> None:
    """Write *curve* to *path*; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Any name; by habit it ends in ``.csv``.
    curve : Curve
        q is written in 1/nm, which the column title says.
    title : str
        First line of the header.
    metadata : mapping of str to str, optional
        Further lines ``# name: value``.

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    columns = ["q_nm^-1", "intensity"] + (["sigma"] if curve.sigma is not None else [])
    lines = [f"# {line}" for line in header_lines(title, metadata)] + [",".join(columns)]
    lines.extend(",".join(row) for row in rows_of(curve))
    write_text(path, "\n".join(lines) + "\n")
