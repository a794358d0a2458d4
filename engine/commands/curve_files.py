"""What the commands that make one curve from others share: reading with a record on the terminal, and a file that replaces no other."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.column_arguments import add_column_arguments, chosen_columns
from engine.errors import ParameterError
from engine.units import QUnit

if TYPE_CHECKING:  # numpy loads while the work begins, not while arguments are refused
    from engine.curve import Curve
    from engine.io.measurement import Measurement

_LONGEST_LIST = 20


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is said of the files read and of the one written."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="F", help="file to write; its ending .csv, .dat, .xml or .h5 is its format"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    parser.add_argument("--q-unit", choices=[unit.value for unit in QUnit], help="unit of q in the files, if you know better than they do")
    add_column_arguments(parser)


def buffer_scale(word: str) -> float | None:
    """Return the factor on a buffer, None for one that is found."""
    try:
        return None if word == "auto" else float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid float value: {word!r}; give a number or auto") from None


def check_output(arguments: argparse.Namespace, inputs: Iterable[Path]) -> None:
    """Refuse an output that can't be written, would replace a file unasked, or is one of the files read.

    Raises
    ------
    ParameterError
        Before anything is read.
    """
    from engine.io.write import WRITERS

    out: Path = arguments.out
    if out.suffix.lower() not in WRITERS:
        raise ParameterError(f"{out.name} ends in no format this program writes; choose one of {', '.join(WRITERS)}.", "out")
    if not out.absolute().parent.is_dir():
        raise ParameterError(f"{out.absolute().parent} is no folder, so {out.name} can't be written there.", "out")
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise ParameterError(f"{out} is one of the files to read, and measured files are never changed; choose another name.", "out")
    if out.exists() and not arguments.overwrite:
        raise ParameterError(f"{out} is there already; choose another name, or --overwrite to replace it.", "out")


def read_sets(path: Path, arguments: argparse.Namespace) -> tuple[Measurement, ...]:
    """Return every data set of a file, read as the arguments say.

    Raises
    ------
    DataFileError
        If it holds no curve.
    """
    from engine.io.read import read

    unit = QUnit(arguments.q_unit) if arguments.q_unit else None
    return read(path, q_unit=unit, columns=chosen_columns(arguments))


def read_one(path: Path, arguments: argparse.Namespace) -> Measurement:
    """Return the one data set of a file.

    Raises
    ------
    DataFileError
        If it holds no curve.
    ParameterError
        If it holds several.
    """
    found = read_sets(path, arguments)
    if len(found) != 1:
        raise ParameterError(f"{path.name} holds {len(found)} curves and one is needed; save that one in a file of its own.")
    return found[0]


def describe_readings(measurements: Sequence[Measurement]) -> list[str]:
    """Return the record of reading some files: what is said of all of them once, and what differs below each."""
    records = [_record(measurement) for measurement in measurements]
    common = [line for line in records[0] if all(line in record for record in records[1:])] if len(records) > 1 else []
    lines = []
    for measurement, record in zip(measurements, records, strict=True):
        q = measurement.curve.q
        lines.append(f"{measurement.name}: {measurement.format_name}, {q.size} points, q = {q[0]:.4g} to {q[-1]:.4g} 1/nm.")
        lines.extend(f"  {line}" for line in record if line not in common)
    return lines + (["All of them:", *(f"  {line}" for line in common)] if common else [])


def write_result(arguments: argparse.Namespace, curve: Curve, title: str, origin: Mapping[str, str]) -> None:
    """Write the result with its origin, and say so.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    import numpy as np

    from engine.io.write import write
    from engine.version import VERSION

    write(arguments.out, curve, title=title, metadata={**origin, "program": f"LNPScope {VERSION}"})
    negative = int(np.count_nonzero(curve.intensity < 0))
    below = f", {negative} of them below zero" if negative else ""
    errors = "with errors" if curve.sigma is not None else "without errors"
    print(f"{arguments.out}: {title}; {len(curve)} points{below}, {errors}, q = {curve.q[0]:.4g} to {curve.q[-1]:.4g} 1/nm.")


def listed(names: Sequence[str]) -> str:
    """Return names for a header line, the first twenty of many."""
    more = f" and {len(names) - _LONGEST_LIST} more" if len(names) > _LONGEST_LIST else ""
    return ", ".join(names[:_LONGEST_LIST]) + more


def _record(measurement: Measurement) -> list[str]:
    return [
        measurement.q_unit_words + ("" if measurement.q_unit_certain else " Not certain: --q-unit says otherwise."),
        *measurement.notes,
        *(f"Left out: {len(dropped.rows)} rows, {dropped.reason}." for dropped in measurement.dropped),
    ]
