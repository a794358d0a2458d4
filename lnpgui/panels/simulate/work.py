"""What the panel asks of the engine in a worker: a simulated curve, what each solver would take, and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.curve import Curve
from engine.datasets.simulation import Instrument, Known, Scaling, SimulatedCurve, estimated_seconds, is_known, refusal, simulate
from engine.datasets.solvers import SOLVERS
from engine.ensembles.average import Mixture
from engine.errors import DataFileError
from engine.progress import Report

LIVE_SECONDS = 0.3
"""What takes no longer is simulated at every change."""

MOST_SIMULATED = 10_000


@dataclass(frozen=True, slots=True)
class Offer:
    """One solver: about how long it would take, or why it can't."""

    key: str
    title: str
    hint: str
    seconds: float
    refusal: str


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One simulation to be done."""

    mixture: Mixture
    instrument: Instrument
    solver: str
    over: Curve | None
    scaling: Scaling


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a task: the offers of the solvers, and the curve unless it has to be asked for."""

    task: Task
    offers: tuple[Offer, ...]
    simulated: SimulatedCurve | None


def offers_for(task: Task) -> tuple[Offer, ...]:
    """Return what each solver says of a task."""
    found = []
    for choice in SOLVERS.values():
        reason = refusal(task.mixture, task.instrument, choice)
        seconds = 0.0 if reason else estimated_seconds(task.mixture, task.instrument, choice)
        found.append(Offer(choice.key, choice.title, choice.hint, seconds, reason))
    return tuple(found)


def run(task: Task, known: Known, asked: bool, report: Report) -> Outcome:
    """Simulate *task*, if it is quick or was *asked* for."""
    offers, solver = offers_for(task), SOLVERS[task.solver]
    chosen = next(offer for offer in offers if offer.key == task.solver)
    if (
        not asked
        and not chosen.refusal
        and chosen.seconds > LIVE_SECONDS
        and not is_known(task.mixture, task.instrument, solver, task.over, known)
    ):
        return Outcome(task, offers, None)
    simulated = simulate(task.mixture, task.instrument, solver=solver, over=task.over, scaling=task.scaling, known=known, report=report)
    return Outcome(task, offers, simulated)


def save(path: Path, curve: Curve, title: str, metadata: Mapping[str, str], report: Report) -> Path:
    """Write *curve* in the format that the ending of *path* names, and return the path."""
    from engine.io.write import write

    write(path, curve, title=title, metadata=metadata)
    return path


def keep(folder: Path, name: str, curve: Curve, title: str, metadata: Mapping[str, str], report: Report) -> Path:
    """Write *curve* into *folder* under a name that is not taken yet, and return the path.

    Raises
    ------
    DataFileError
        If the folder cannot be made, or is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFileError(folder, f"The folder cannot be made: {error.strerror}.") from error
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:60] or "sample"
    for number in range(1, MOST_SIMULATED):
        path = folder / f"simulated_{stem}_{number}.dat"
        if not path.exists():
            return save(path, curve, title, metadata, report)
    raise DataFileError(folder, f"{MOST_SIMULATED} simulated curves lie there already; remove some.")
