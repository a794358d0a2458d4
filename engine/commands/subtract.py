"""Takes the scattering of the buffer off a sample, times a factor that is given or found at high q."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.commands.curve_files import add_file_arguments, buffer_scale, check_output, describe_readings, read_one, write_result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("sample", type=Path, metavar="SAMPLE", help="the sample in its buffer")
    parser.add_argument("buffer", type=Path, metavar="BUFFER", help="the buffer alone")
    parser.add_argument(
        "--scale", type=buffer_scale, default=1.0, metavar="K|auto", help="factor on the buffer (default 1); auto: from the high-q region"
    )
    add_file_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Subtract the buffer."""
    from engine.datasets.subtraction import BufferScale, find_scale, subtract

    check_output(arguments, (arguments.sample, arguments.buffer))
    sample, buffer = (read_one(path, arguments) for path in (arguments.sample, arguments.buffer))
    print("\n".join(describe_readings([sample, buffer])))
    scale = find_scale(sample.curve, buffer.curve) if arguments.scale is None else BufferScale(arguments.scale, 0.0)
    subtracted = subtract(sample.curve, buffer.curve, scale.value, scale_error=scale.error)
    notes = [*scale.notes, *subtracted.notes]
    print("\n".join([*notes, f"Buffer taken off, times {scale.value:g}."]))
    origin = {"buffer": buffer.name, "buffer scale": f"{scale.value!r} +/- {scale.error:.2g}", "notes": " ".join(notes)}
    write_result(arguments, subtracted.curve, f"{sample.name} less {scale.value:g} times {buffer.name}", origin)
    return 0
