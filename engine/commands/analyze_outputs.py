"""What ``analyze`` leaves behind for each curve besides its answer on the terminal: a report and a capsule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ParameterError

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis
    from engine.inference.settings import AnalysisSettings
    from engine.io.measurement import Measurement
    from engine.io.report import ReportContent
    from engine.io.results import Record

Draw = Callable[["ReportContent", Path, Path], None]
"""Draws a report into a PDF file and a PNG file; the screen's part of the program has one."""

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Outputs:
    """Folders for reports and capsules, None where none are wanted, and the names given so far."""

    reports: Path | None = None
    capsules: Path | None = None
    draw: Draw | None = None
    taken: set[str] = field(default_factory=set)

    def keep(self, measurement: Measurement, analysis: Analysis, record: Record, settings: AnalysisSettings) -> None:
        """Write what is wanted for one curve.

        Raises
        ------
        DataFileError
            If a file can't be written.
        """
        name = self.free_name(measurement.name)
        if self.reports is not None and self.draw is not None:
            from engine.io.report import collect

            self.draw(collect(measurement, analysis), self.reports / f"{name}-report.pdf", self.reports / f"{name}-report.png")
        if self.capsules is not None:
            from engine.datasets.basis import default_basis
            from engine.io.capsule import pack, write_capsule

            capsule = pack(measurement, record, settings=settings, basis=default_basis().identity, model=analysis.model)
            write_capsule(self.capsules / f"{name}-capsule.h5", capsule)

    def free_name(self, wanted: str) -> str:
        """Return *wanted* as a file name that no other curve of this run has. It never is the name of a measured file."""
        stem = re.sub(r"[^\w.-]+", "_", wanted).strip("_.")[:_LONGEST_NAME] or "curve"
        name, count = stem, 1
        while name.casefold() in self.taken:
            count += 1
            name = f"{stem}-{count}"
        self.taken.add(name.casefold())
        return name


def folder(path: Path | None, field_name: str) -> Path | None:
    """Return the folder *path*, made if needed.

    Raises
    ------
    ParameterError
        If it can't be made.
    """
    if path is None:
        return None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"The folder {path} can't be made: {error.strerror}. Choose another one.", field_name) from error
    return path
