"""Joins two curves of one sample, measured over different q ranges, into one."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.commands.curve_files import add_file_arguments, check_output, describe_readings, read_one, write_result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("low", type=Path, metavar="LOW", help="the curve at lower q, whose scale is kept")
    parser.add_argument("high", type=Path, metavar="HIGH", help="the curve at higher q")
    add_file_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Merge the two curves."""
    from engine.datasets.merging import merge

    check_output(arguments, (arguments.low, arguments.high))
    low, high = (read_one(path, arguments) for path in (arguments.low, arguments.high))
    print("\n".join(describe_readings([low, high])))
    merged = merge(low.curve, high.curve)
    notes = [f"The curves share q = {merged.overlap[0]:.4g} to {merged.overlap[1]:.4g} 1/nm.", *merged.notes]
    print("\n".join(notes))
    write_result(arguments, merged.curve, f"{low.name} and {high.name} merged", {"notes": " ".join(notes)})
    return 0
