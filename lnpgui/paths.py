"""Where the program's own files lie: beside the sources, or inside the packaged program."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QStandardPaths

VERDICTS = "LNPSCOPE_VERDICTS"
"""Environment variable with the folder of kept verdicts, which processes that analyse inherit; without it nothing is kept."""

FIRST_EXAMPLE = "two_compartment_and_solid"


def resources() -> Path:
    """Folder of icons, style sheet and example curves."""
    if getattr(sys, "frozen", False):
        return Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent)) / "resources"
    return Path(__file__).resolve().parent.parent / "resources"


def example_curves() -> tuple[Path, ...]:
    """Return the simulated curves that come with the program, the one to begin with first."""
    found = sorted((resources() / "examples").glob("*.dat"))
    return tuple(sorted(found, key=lambda path: path.stem != FIRST_EXAMPLE))


def own_models() -> Path:
    """Folder of the models trained here; it may not be there yet."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)) / "models"


def simulated_curves() -> Path:
    """Folder of the curves that were simulated to be analysed; made when the first is written."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)) / "simulated"


def data_folder() -> Path | None:
    """Folder of the program's own files, which may not be there yet; None where the system names none."""
    name = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(name) if name else None


def guide() -> Path:
    """Folder of the guide, with its pages and pictures."""
    return resources().parent / "docs" / "guide"


def log_file() -> Path:
    """File of the program's log; its folder is made if needed."""
    folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "lnpscope.log"


def crash_file() -> Path:
    """File beside the log for where the program was when it crashed below Python."""
    return log_file().with_name("lnpscope-crash.txt")
