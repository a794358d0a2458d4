"""Averages repeated exposures, without the frames that differ, and says which and why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.curve_files import add_file_arguments, check_output, describe_readings, listed, read_sets, write_result
from engine.errors import DataFileError, ParameterError

if TYPE_CHECKING:
    from engine.io.measurement import Measurement


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="exposures of one sample on the same q; a file may hold several"
    )
    parser.add_argument(
        "--significance", type=float, default=0.01, metavar="P", help="probability of leaving out any good frame (default 0.01)"
    )
    add_file_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Average the frames that can be read; 1 when a file was refused."""
    from engine.datasets.averaging import average

    check_output(arguments, arguments.files)
    frames, refusals = _read(arguments)
    if len(frames) < 2:
        raise ParameterError(f"{len(frames)} of {len(arguments.files)} files can be averaged, and two are needed.", "files")
    print("\n".join(describe_readings(frames)))
    averaged = average([frame.curve for frame in frames], significance=arguments.significance)
    names = [frame.name for frame in frames]
    out = [f"{names[item.frame]} (frame {item.frame + 1}): {item.reason}" for item in averaged.left_out]
    print("\n".join([*(f"Not in the mean: {reason}." for reason in out), *averaged.notes]) or "All frames agree.")
    origin = {"averaged": listed([names[i] for i in averaged.kept]), "notes": " ".join(averaged.notes)}
    if out:
        origin["not in the mean"] = listed(out)
    write_result(arguments, averaged.curve, f"mean of {len(averaged.kept)} of {len(frames)} frames", origin)
    return 1 if refusals else 0


def _read(arguments: argparse.Namespace) -> tuple[Sequence[Measurement], int]:
    """Return the frames of all files, and how many files were refused, each with a sentence on the error stream."""
    frames: list[Measurement] = []
    refusals = 0
    for path in arguments.files:
        try:
            frames.extend(read_sets(path, arguments))
        except DataFileError as error:
            print(f"refused: {error}", file=sys.stderr)
            refusals += 1
    return frames, refusals
