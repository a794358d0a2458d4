"""Curves as the ATSAS programs read them: words first, then q, I and sigma in columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.curve import Curve
from engine.io.aside import write_text
from engine.io.table_text import header_lines, rows_of

_WIDTH = 26


def write(path: Path, curve: Curve, *, title: str = "", metadata: Mapping[str, str] | None = None) -> None:
    """Write *curve* to *path*; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Any name; by habit it ends in ``.dat``.
    curve : Curve
        q is written in 1/nm, which the column title says.
    title : str
        The sample description.
    metadata : mapping of str to str, optional
        Further header lines ``# name: value``.

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    first, *others = header_lines(title, metadata) or [""]
    columns = ["q[1/nm]", "I(q)"] + (["sigma(I)"] if curve.sigma is not None else [])
    lines = [f"Sample description: {first}", *(f"# {line}" for line in others)]
    lines.append("#" + "".join(name.rjust(_WIDTH) for name in columns)[1:])
    lines.extend("".join(cell.rjust(_WIDTH) for cell in row) for row in rows_of(curve))
    write_text(path, "\n".join(lines) + "\n")
