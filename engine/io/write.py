"""Writing a curve in the format its file name asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.curve import Curve
from engine.errors import DataFileError
from engine.io import write_cansas, write_csv, write_dat, write_nxcansas

WRITERS: dict[str, Callable[..., None]] = {
    ".csv": write_csv.write,
    ".dat": write_dat.write,
    ".xml": write_cansas.write,
    ".h5": write_nxcansas.write,
}
"""Writer by the ending of the file name; each takes ``(path, curve, *, title, metadata)``."""

NAMES = {".csv": "Comma-separated text", ".dat": "ATSAS text", ".xml": "canSAS1D XML", ".h5": "NXcanSAS"}
"""Name of each format for a file dialog."""


def write(path: Path, curve: Curve, *, title: str = "", metadata: Mapping[str, str] | None = None) -> None:
    """Write *curve* to *path* in the format its ending names.

    Raises
    ------
    DataFileError
        If the ending names no format, or the file cannot be written.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise DataFileError(path, f"“{path.suffix}” names no format this program writes. Choose one of {', '.join(WRITERS)}.")
    writer(path, curve, title=title, metadata=metadata)
