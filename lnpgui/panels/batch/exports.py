"""What is written of the whole batch: one table, or a report or capsule of each curve. Done in workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ParameterError
from engine.progress import Report, Step
from lnpgui.engine_calls import settings_of
from lnpgui.request import PLAIN, Request
from lnpgui.session import Entry, State

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis
    from engine.io.measurement import Measurement
    from engine.io.results import Record

TABLE_KINDS = {".csv": "Table (*.csv)", ".json": "JSON (*.json)"}


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """What is written of one curve. *dataset* is empty where its file holds no other."""

    path: Path
    dataset: str
    measurement: Measurement | None
    analysis: Analysis | None
    error: str | None
    request: Request = PLAIN


def items(entries: Sequence[Entry]) -> tuple[Item, ...]:
    """Return what is to be written of *entries*; those still at work or stopped have nothing yet."""
    shared: dict[Path, int] = {}
    for entry in entries:
        shared[entry.path] = shared.get(entry.path, 0) + 1
    return tuple(
        Item(entry.path, entry.name if shared[entry.path] > 1 else "", entry.measurement, entry.analysis, entry.error, entry.request)
        for entry in entries
        if (entry.state is State.DONE and entry.analysis is not None and entry.measurement is not None) or entry.state is State.FAILED
    )


def record(item: Item) -> Record:
    """Return the entry of one curve, the same as the command line writes."""
    from engine.io.results import answered, refused

    more = {"dataset": item.dataset} if item.dataset else {}
    if item.analysis is None or item.measurement is None:
        return refused(str(item.path), item.error or "It was not analysed.", item.measurement) | more
    return answered(str(item.path), item.measurement, item.analysis) | more


def write_table(path: Path, written: Sequence[Item], report: Report) -> Path:
    """Write one table of all curves, as JSON where the name ends so and comma-separated otherwise, all of it or nothing.

    Raises
    ------
    DataFileError
        If it cannot be written there.
    """
    from engine.io.results import document, write_json
    from engine.io.table_results import write_csv

    records = []
    for done, item in enumerate(written):
        report(Step(done, len(written), "collecting"))
        records.append(record(item))
    model = next((item.analysis.model for item in written if item.analysis is not None), "")
    report(Step(len(written), len(written), "writing"))
    if path.suffix.lower() == ".json":
        write_json(path, document(records, model=model))
    else:
        write_csv(path, records, model=model)
    return path


def names(written: Sequence[Item]) -> tuple[str, ...]:
    """Return a file name for each, none twice."""
    from engine.commands.analyze_outputs import Outputs

    outputs = Outputs()
    return tuple(outputs.free_name(item.dataset or item.path.name) for item in written)


def make_folder(folder: Path, report: Report) -> Path:
    """Make sure that there is a folder which takes files.

    Raises
    ------
    EngineError
        If it cannot be made or refuses files.
    """
    from engine.commands.analyze_outputs import folder as made
    from engine.io.aside import written_aside

    report(Step(0, 1, "preparing"))
    if made(folder, "folder") is None:
        raise ParameterError("No folder was chosen.", "folder")
    probe = folder / ".lnpscope-probe"
    with written_aside(probe):  # a refusal is told before hundreds of pages are drawn
        pass
    probe.unlink(missing_ok=True)
    return folder


def write_report(folder: Path, name: str, item: Item, report: Report) -> None:
    """Write the one-page report of one curve, as PDF and PNG."""
    from engine.io.report import collect
    from lnpgui.report import save

    report(Step(0, 1, f"report of {name}"))
    if item.measurement is not None and item.analysis is not None:
        save(collect(item.measurement, item.analysis), folder / f"{name}-report.pdf", folder / f"{name}-report.png")


def write_capsule(folder: Path, name: str, item: Item, report: Report) -> None:
    """Write the capsule of one curve."""
    from engine.datasets.basis import default_basis
    from engine.io.capsule import pack
    from engine.io.capsule import write_capsule as write

    report(Step(0, 1, f"capsule of {name}"))
    if item.measurement is not None and item.analysis is not None:
        settings, basis = settings_of(item.request), default_basis().identity
        packed = pack(item.measurement, record(item), settings=settings, basis=basis, model=item.analysis.model)
        write(folder / f"{name}-capsule.h5", packed)
