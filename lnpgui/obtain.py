"""Carries out the reading part of a request: the file, the columns and the unit, the buffer, the curves it is made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.commands.capsule_check import capsule_at
from engine.errors import DataFileError, EngineError, ParameterError
from engine.inference.settings import NOBODY, SHIPPED, AnalysisSettings
from engine.io.derived import averaged, less_buffer, merged
from engine.io.measurement import Measurement
from engine.io.read import read
from engine.io.table_preview import preview
from engine.learning.model_folder import is_model
from engine.progress import Report, Step, silent
from engine.units import QUnit
from lnpgui.request import Habit, Request, Way

LARGEST_Q = 1e4
"""Beyond every curve [1/nm]; the end of a range that has none."""


def obtain(path: Path, request: Request, habit: Habit, report: Report = silent) -> tuple[Measurement, ...]:
    """Return the data sets of a file, or the one curve that is made from several, as *request* wants them.

    Parameters
    ----------
    path : Path
        The file; of no account for a curve made from others.
    request : Request
        The user's word on this curve.
    habit : Habit
        What the user confirmed for files of this folder, used where the request says nothing.
    report : Report
        Told of each file; may raise Cancelled.

    Raises
    ------
    EngineError
        If something cannot be read or does not fit together.
    """
    found = (_made(request, habit, report),) if request.parts else _read(path, request, habit)
    if request.buffer is None:
        return found
    buffer = _one(request.buffer, request.q_unit or found[0].q_unit)
    try:
        return tuple(less_buffer(m, buffer.curve, request.buffer_scale, f"Buffer {request.buffer.name}") for m in found)
    except EngineError as error:
        raise ParameterError(f"Buffer {request.buffer.name}: {error}", "buffer") from error


def kept_request(path: Path) -> Request | None:
    """Return the request that a capsule was made by; None for every other file."""
    capsule = capsule_at(path)
    return None if capsule is None else _request_of(capsule.settings)


def _request_of(settings: AnalysisSettings) -> Request:
    low, high = settings.q_range
    everything = low is None and high is None
    q_range = None if everything else (low or 0.0, LARGEST_Q if high is None else high)
    is_here = settings.model == NOBODY or is_model(Path(settings.model))  # a capsule may come from another machine
    model = settings.model if is_here else SHIPPED
    return Request(types=settings.candidates, q_range=q_range, particles=settings.particles, model=model)


def _capsule_note(path: Path) -> tuple[str, ...]:
    """Say what the verdict in a capsule was, and whether the window asks the same question."""
    capsule = capsule_at(path)
    if capsule is None:
        return ()
    said = f"The capsule's verdict: {capsule.result.get('status')}, {capsule.result.get('hypothesis') or 'no type'} ({capsule.model})."
    request = _request_of(capsule.settings)
    asked = AnalysisSettings(types=request.types, q_range=capsule.settings.q_range, particles=request.particles, model=request.model)
    if asked == capsule.settings:
        return (said,)
    return (
        said,
        "It was judged with settings that this window does not have (seed, weights or network); analyze repeats them.",
    )


def _read(path: Path, request: Request, habit: Habit) -> tuple[Measurement, ...]:
    if request.q_unit is None and request.columns is None and (note := _capsule_note(path)):
        return tuple(replace(m, notes=(*note, *m.notes)) for m in read(path))
    if request.columns is not None or habit.columns is None or not _is_laid_out(path, habit.layout):
        return read(path, q_unit=request.q_unit, confirmed=habit.q_unit, columns=request.columns)
    return read(path, q_unit=request.q_unit, confirmed=habit.q_unit, columns=habit.columns)


def _is_laid_out(path: Path, layout: str) -> bool:
    try:
        return preview(path).layout == layout
    except DataFileError:
        return False


def _one(path: Path, unit: QUnit) -> Measurement:
    """Return the one curve of a buffer file; where it does not say its unit, it has that of the sample."""
    found = read(path, confirmed=unit)
    if len(found) != 1:
        raise ParameterError(f"{path.name} holds {len(found)} curves; a buffer file must hold one.", "buffer")
    return found[0]


def _made(request: Request, habit: Habit, report: Report) -> Measurement:
    measurements = []
    for done, part in enumerate(request.parts):
        report(Step(done, len(request.parts), f"reading {part.path.name}"))
        found = obtain(part.path, part.request, habit)
        if part.part >= len(found):
            raise ParameterError(f"{part.path.name} no longer holds {part.part + 1} data sets. Average the curves anew.", "parts")
        measurements.append(_within(found[part.part], part.request.q_range))
    return merged(measurements) if request.way is Way.MERGE else averaged(measurements)


def _within(measurement: Measurement, q_range: tuple[float, float] | None) -> Measurement:
    """Return the points in *q_range* only, for curves that are joined where they are good."""
    if q_range is None:
        return measurement
    curve, (low, high) = measurement.curve, q_range
    inside = (curve.q >= low) & (curve.q <= high)
    if not inside.any():
        raise ParameterError(f"{measurement.name} has no point between {low:.4g} and {high:.4g} 1/nm.", "q_range")
    note = f"Of {measurement.name}, q = {low:.4g} to {high:.4g} 1/nm was used."
    return replace(measurement, curve=curve.select(inside), notes=(*measurement.notes, note))
