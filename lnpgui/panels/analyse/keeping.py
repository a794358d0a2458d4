"""Writes what is known of the shown curve: the curve itself, a report, a capsule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from engine.progress import Report, Step
from lnpgui.panels.analyse.view import AnalyseView
from lnpgui.request import Request
from lnpgui.session import Entry, Session
from lnpgui.workers import Failure, JobQueue

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis
    from engine.io.measurement import Measurement


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is written."""

    path: Path
    measurement: Measurement
    analysis: Analysis | None
    request: Request


class Keeping(QObject):
    """Listens to the view; writes in a worker and says how it ended."""

    def __init__(self, view: AnalyseView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._writing = JobQueue(self)
        self._writing.done.connect(self._on_done)
        self._writing.failed.connect(self._on_failed)
        view.curve_kept.connect(self._on_curve)
        view.report_kept.connect(self._on_report)
        view.capsule_kept.connect(self._on_capsule)

    @property
    def is_busy(self) -> bool:
        """True while something is written."""
        return self._writing.is_busy

    def show(self, entry: Entry | None) -> None:
        """Offer what can be written of *entry*."""
        has_curve = entry is not None and entry.measurement is not None
        self._view.let_keep(curve=has_curve, verdict=has_curve and entry is not None and entry.analysis is not None)
        if entry is not None:
            self._view.set_stem(entry.path.stem)

    @Slot(object)
    def _on_curve(self, path: Path) -> None:
        self._write(path, write_curve)

    @Slot(object)
    def _on_report(self, path: Path) -> None:
        self._write(path, write_report)

    @Slot(object)
    def _on_capsule(self, path: Path) -> None:
        self._write(path, write_capsule)

    def _write(self, path: Path, how: Callable[[Path, Kept, Report], None]) -> None:
        entry = self._session.current
        if entry is None or entry.measurement is None:
            return
        if any(path == other.path for other in self._session.entries):
            self._view.show_notice(f"{path.name} is one of the measured files, and those are never changed. Choose another name.")
            return
        kept = Kept(entry.path, entry.measurement, entry.analysis, entry.request)
        self._writing.submit(path, partial(how, path, kept))

    @Slot(object, object)
    def _on_done(self, path: Path, _: Any) -> None:
        self._view.show_notice(f"Wrote {path}.", is_trouble=False)

    @Slot(object, object)
    def _on_failed(self, _: Any, failure: Failure) -> None:
        self._view.show_notice(failure.message)


def write_curve(path: Path, kept: Kept, report: Report) -> None:
    """Write the judged points, q in 1/nm, in the format the name asks for."""
    from engine.io.write import write

    report(Step(0, 1, f"writing {path.name}"))
    curve = kept.measurement.curve
    if kept.request.q_range is not None:
        low, high = kept.request.q_range
        curve = curve.select((curve.q >= low) & (curve.q <= high))
    notes = {"source": kept.path.name, "reading": " ".join((kept.measurement.q_unit_words, *kept.measurement.notes))}
    write(path, curve, title=kept.measurement.name, metadata=notes)


def write_report(path: Path, kept: Kept, report: Report) -> None:
    """Write the one-page report, as PDF and beside it as PNG."""
    from engine.io.report import collect
    from lnpgui.report import save

    report(Step(0, 1, f"drawing {path.name}"))
    if kept.analysis is not None:
        save(collect(kept.measurement, kept.analysis), path, path.with_suffix(".png"))


def write_capsule(path: Path, kept: Kept, report: Report) -> None:
    """Write raw file, settings and result into one file."""
    from engine.datasets.basis import default_basis
    from engine.io.capsule import pack
    from engine.io.capsule import write_capsule as write
    from engine.io.results import answered
    from lnpgui.engine_calls import settings_of

    report(Step(0, 1, f"writing {path.name}"))
    if kept.analysis is not None:
        record = answered(str(kept.path), kept.measurement, kept.analysis)
        settings, basis = settings_of(kept.request), default_basis().identity
        write(path, pack(kept.measurement, record, settings=settings, basis=basis, model=kept.analysis.model))
