"""Judges measured curves: one readable answer for each; all of them as JSON or a table, a report and a capsule of each, if asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from engine.commands.analyze_outputs import Draw, Outputs, folder
from engine.commands.capsule_check import capsule_at, comparison
from engine.commands.column_arguments import add_column_arguments, chosen_columns
from engine.commands.curve_files import buffer_scale
from engine.commands.terminal import ProgressLine, rounded
from engine.errors import EngineError, ParameterError
from engine.units import QUnit

if TYPE_CHECKING:  # numpy and the rest load while the work begins, not while arguments are refused
    from engine.curve import Curve
    from engine.inference.analysis import Analysis, Interval
    from engine.inference.particles import Particles
    from engine.inference.settings import AnalysisSettings
    from engine.io.column_choice import ColumnChoice
    from engine.io.measurement import Measurement
    from engine.io.results import Record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="measured curves, and folders of them")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all answers to this file (schema lnpscope-analysis/1)")
    parser.add_argument("--q-unit", choices=[unit.value for unit in QUnit], help="unit of q in the files, if you know better than they do")
    parser.add_argument("--q-unit-unsaid", choices=[unit.value for unit in QUnit], help="unit of q in those files that do not say it")
    add_column_arguments(parser)
    parser.add_argument("--buffer", type=Path, metavar="FILE", help="curve of the buffer, taken off each of the others")
    parser.add_argument(
        "--buffer-scale",
        type=buffer_scale,
        default=1.0,
        metavar="K|auto",
        help="factor on the buffer (default 1); auto: from the high-q region",
    )
    parser.add_argument("--csv", type=Path, metavar="OUT", help="write all answers to this table, one row per curve")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a one-page report of each curve, as PDF and PNG, to this folder")
    parser.add_argument("--types", metavar="T,T", help="the types that may be there, e.g. 3,4 (default: all four)")
    parser.add_argument(
        "--prior", metavar="T=W,T=W", help="how likely types are against each other beforehand, e.g. 3=2,4=1 (default: alike)"
    )
    for option, phrase in (("--shell", "shell thickness [nm]"), ("--sld-core", "contrast of the core"), ("--sld-fill", "of the fill")):
        parser.add_argument(option, metavar="X|X:Y", help=f"{phrase}: a value, or a range in which it is free")
    parser.add_argument("--sld-shell", type=float, metavar="X", help="contrast of the shell, by which the others are measured [1e-6/Å²]")
    parser.add_argument("--q-min", type=float, metavar="Q", help="first q that is judged [1/nm]")
    parser.add_argument("--q-max", type=float, metavar="Q", help="last q that is judged [1/nm]")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random draws (default 0)")
    parser.add_argument("--model", default="default", metavar="DIR|none", help="network that is asked first; none: physics alone")
    parser.add_argument(
        "--capsule", type=Path, metavar="DIR", help="write a capsule of each curve (raw file, settings, result) to this folder"
    )


def _settings(arguments: argparse.Namespace) -> AnalysisSettings:
    """Return what the user said about the sample.

    Raises
    ------
    ParameterError
        If it is impossible or not understood.
    """
    from engine.inference.settings import DEFAULT_SETTINGS, AnalysisSettings

    types = tuple(map(_type, arguments.types.split(","))) if arguments.types is not None else DEFAULT_SETTINGS.types
    priors = dict(map(_weight, arguments.prior.split(","))) if arguments.prior is not None else None
    q_range = (arguments.q_min, arguments.q_max)
    return AnalysisSettings(
        types=types, priors=priors, q_range=q_range, particles=_particles(arguments), seed=arguments.seed, model=arguments.model
    )


def _particles(arguments: argparse.Namespace) -> Particles:
    """Return what the user said about shell and contrasts."""
    from engine.inference.particles import Particles, from_words

    words = {"shell_thickness": arguments.shell, "sld_core": arguments.sld_core, "sld_fill": arguments.sld_fill}
    stated: dict[str, Any] = {name: from_words(word) for name, word in words.items() if word is not None}
    if arguments.sld_shell is not None:
        stated["sld_shell"] = arguments.sld_shell
    return Particles(**stated)


def _type(word: str) -> str:
    """Return the key of a type from its number."""
    word = word.strip()
    return f"type {word}" if word.isdigit() else word


def _weight(word: str) -> tuple[str, float]:
    kind, _, weight = word.partition("=")
    try:
        return _type(kind), float(weight)
    except ValueError:
        raise ParameterError(f"--prior {word!r} is not understood; write TYPE=WEIGHT, as in 3=2,4=1.", "prior") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the user said about all files: the sample, unit of q, columns, buffer to take off, and its scale (None: find it)."""

    settings: AnalysisSettings
    q_unit: QUnit | None = None
    unsaid: QUnit | None = None
    columns: ColumnChoice | None = None
    buffer: Curve | None = None
    scale: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The entry of one data set for the JSON file, the analyst that answered (None: refused), and whether all that was asked was kept."""

    record: Record
    model: str | None = None
    is_kept: bool = True


def run(arguments: argparse.Namespace, draw: Draw | None = None) -> int:
    """Analyse the files; 0 when all were answered, 1 when some were refused. Reports need a *draw* from the screen's side."""
    for option in ("json", "csv"):
        _refuse_missing_folder(getattr(arguments, option), option)
    if arguments.report is not None and draw is None:
        raise ParameterError("Reports can't be drawn here; start the program by main.py.", "report")
    settings = _settings(arguments)
    unit = QUnit(arguments.q_unit) if arguments.q_unit else None
    columns = chosen_columns(arguments)
    buffer = _buffer(arguments.buffer, unit, columns) if arguments.buffer else None
    unsaid = QUnit(arguments.q_unit_unsaid) if arguments.q_unit_unsaid else None
    reading = Reading(settings=settings, q_unit=unit, unsaid=unsaid, columns=columns, buffer=buffer, scale=arguments.buffer_scale)
    outputs = Outputs(folder(arguments.report, "report"), folder(arguments.capsule, "capsule"), draw)
    answers: list[Answer] = []
    began = monotonic()
    try:
        for name in _files(arguments.files):
            answers += _answers(name, reading, outputs)
    finally:  # an interrupted batch keeps what it has
        _write(arguments, answers)
    if len(answers) > 1:
        refusals = sum(answer.model is None for answer in answers)
        print(f"{len(answers)} curves in {monotonic() - began:.0f} s: {len(answers) - refusals} answered, {refusals} refused.")
    return 1 if any(answer.model is None or not answer.is_kept for answer in answers) else 0


def _files(names: Sequence[str]) -> Iterator[str]:
    """Yield the files named and those in the folders named; a folder without any is yielded itself, and so refused."""
    from engine.io.read import find_files

    for name in names:
        inside = find_files([Path(name)]) if Path(name).is_dir() else ()
        yield from map(str, inside) if inside else (name,)


def _refuse_missing_folder(path: Path | None, option: str) -> None:
    if path is not None and not path.absolute().parent.is_dir():
        raise ParameterError(f"{path.absolute().parent} is no folder, so {path.name} can't be written there.", option)


def _write(arguments: argparse.Namespace, answers: Sequence[Answer]) -> None:
    """Write the answers as JSON and as a table, where asked."""
    model = next((answer.model for answer in answers if answer.model is not None), "")
    records = [answer.record for answer in answers]
    if arguments.json is not None:
        from engine.io.results import document, write_json

        write_json(arguments.json, document(records, model=model))
    if arguments.csv is not None:
        from engine.io.table_results import write_csv

        write_csv(arguments.csv, records, model=model)


def _buffer(path: Path, unit: QUnit | None, columns: ColumnChoice | None) -> Curve:
    """Return the one curve of the buffer file."""
    from engine.io.read import read

    found = read(path, q_unit=unit, columns=columns)
    if len(found) != 1:
        raise ParameterError(f"{path.name} holds {len(found)} curves; a buffer file must hold one.", "buffer")
    return found[0].curve


def _answers(name: str, reading: Reading, outputs: Outputs) -> Iterator[Answer]:
    """Answer each data set of one file, on the terminal, in files, and as entries for the JSON file."""
    from engine.inference.settings import DEFAULT_SETTINGS
    from engine.io.read import read
    from engine.io.results import refused

    try:
        measurements = read(Path(name), q_unit=reading.q_unit, confirmed=reading.unsaid, columns=reading.columns)
    except (EngineError, OSError) as error:
        yield _refuse(refused(name, _sentence(error)))
        return
    capsule = capsule_at(Path(name)) if reading == Reading(settings=DEFAULT_SETTINGS) else None
    if capsule is not None:
        reading = replace(reading, settings=capsule.settings)
    for measurement in measurements:
        answer = _answer(name, measurement, reading, outputs, {"dataset": measurement.name} if len(measurements) > 1 else {})
        if capsule is not None and answer.model is not None:
            print(f"  {comparison(capsule, answer.record, answer.model)}\n", flush=True)
        yield answer


def _answer(name: str, measurement: Measurement, reading: Reading, outputs: Outputs, more: Record) -> Answer:
    from engine.inference.analyse import analyse
    from engine.io.results import answered, refused

    try:
        measurement = _less_buffer(measurement, reading)
        with ProgressLine(measurement.name) as report:
            analysis = analyse(measurement.curve, settings=reading.settings, report=report)
    except EngineError as error:
        return _refuse(refused(name, _sentence(error), measurement) | more)
    print("\n".join(describe(measurement, analysis)), flush=True)
    record = answered(name, measurement, analysis) | more
    try:
        outputs.keep(measurement, analysis, record, reading.settings)
    except (EngineError, OSError) as error:
        print(f"not kept: {_sentence(error)}", file=sys.stderr, flush=True)
        return Answer(record, analysis.model, is_kept=False)
    return Answer(record, analysis.model)


def _less_buffer(measurement: Measurement, reading: Reading) -> Measurement:
    if reading.buffer is None:
        return measurement
    from engine.datasets.subtraction import BufferScale, find_scale, subtract

    scale = find_scale(measurement.curve, reading.buffer) if reading.scale is None else BufferScale(reading.scale, 0.0)
    subtracted = subtract(measurement.curve, reading.buffer, scale.value, scale_error=scale.error)
    notes = (*measurement.notes, *scale.notes, f"Buffer taken off, times {scale.value:g}.", *subtracted.notes)
    return replace(measurement, curve=subtracted.curve, notes=notes)


def _sentence(error: Exception) -> str:
    """Return one sentence for a fault of a file, whoever found it."""
    if isinstance(error, OSError):
        return f"{Path(error.filename).name if error.filename else 'The file'}: {error.strerror or error}."
    return str(error)


def _refuse(record: Record) -> Answer:
    """Say on the error stream why a file has no answer. The sentence names the file, or the name is put before it."""
    name = Path(record["file"]).name
    sentence = record["error"] if name in record["error"] else f"{name}: {record['error']}"
    sys.stdout.flush()
    print(f"refused: {sentence}", file=sys.stderr, flush=True)
    return Answer(record)


def describe(measurement: Measurement, analysis: Analysis) -> Sequence[str]:
    """Return the lines a person reads about one answer."""
    q = measurement.curve.q
    lines = [
        f"{measurement.name}: {analysis.status.value}",
        f"  {analysis.sentence}",
        *(f"  - {reason}" for reason in analysis.reasons),
        *_fraction_lines(analysis),
        *_size_lines(analysis),
        *_nuisance_lines(analysis),
        f"  Fit: reduced chi² {analysis.chi2_reduced:.2f}, runs test p = {analysis.runs_p:.2g}, {analysis.seconds:.1f} s.",
        f"  {measurement.format_name}, {len(measurement.curve)} points, q = {q[0]:.4g} to {q[-1]:.4g} 1/nm.",
        f"  {measurement.q_unit_words}" + ("" if measurement.q_unit_certain else " Not certain: --q-unit says otherwise."),
        *(f"  {note}" for note in measurement.notes),
        *(f"  Left out: {len(dropped.rows)} rows, {dropped.reason}." for dropped in measurement.dropped),
    ]
    return [*lines, ""]


def _fraction_lines(analysis: Analysis) -> Iterator[str]:
    for title, fractions in (
        ("By number", analysis.number_fractions),
        ("By volume", analysis.volume_fractions),
        ("By scattering", analysis.scattering_fractions),
    ):
        if fractions:
            yield f"  {title}: " + ", ".join(f"{kind} {_percent(share)}" for kind, share in _present(fractions).items())


def _present(fractions: Mapping[str, Interval]) -> Mapping[str, Interval]:
    """Return the fractions that may be more than half a percent."""
    return {kind: share for kind, share in fractions.items() if share.high >= 0.005}


def _size_lines(analysis: Analysis) -> Iterator[str]:
    for kind, size in analysis.sizes.items():
        yield (
            f"  Size of {kind}: D = {_length(size.mean)}, standard deviation {_length(size.sd)}; "
            f"sphere of equal volume {size.equivalent:.1f} nm, Rg {size.radius_of_gyration:.1f} nm."
        )


def _nuisance_lines(analysis: Analysis) -> Iterator[str]:
    for name, found in analysis.nuisances.items():
        yield (
            f"  {NUISANCES[name]}: {_length(found)}."
            if name == "shell_thickness"
            else (f"  {NUISANCES[name]}: {found.value:.3g} ({found.low:.3g} to {found.high:.3g}) e-6/Å².")
        )


NUISANCES = {"shell_thickness": "Shell thickness", "sld_core": "Contrast of the core", "sld_fill": "Contrast of the fill"}


def _percent(share: Interval) -> str:
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def _length(interval: Interval) -> str:
    width = interval.high - interval.low
    return f"{rounded(interval.value, width)} nm ({rounded(interval.low, width)} to {rounded(interval.high, width)})"
