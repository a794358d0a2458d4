"""Makes a library of curves: many types, sizes and shell thicknesses in one HDF5 file."""

from __future__ import annotations

import argparse
import logging
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.terminal import ProgressLine
from engine.errors import ParameterError
from engine.parallel import worker_count

if TYPE_CHECKING:  # numpy loads while the work begins, not while arguments are refused
    from engine.datasets.library_plan import LibrarySettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.h5", help="file to make; an interrupted one is taken up again")
    parser.add_argument(
        "--types", nargs="+", default=["1", "2", "3", "4"], choices=["1", "2", "3", "4"], help="particle types (default all)"
    )
    parser.add_argument("--diameters", default="20:100:0.5", metavar="FIRST:LAST:STEP", help="sizes D in nm (default 20:100:0.5)")
    parser.add_argument("--shells", nargs="+", type=float, default=[3.0, 3.5, 4.0, 4.5, 5.0], metavar="NM", help="shell thicknesses in nm")
    parser.add_argument("--q-min", type=float, default=0.0, metavar="Q", help="first q in 1/nm (default 0, as the analysis needs it)")
    parser.add_argument("--q-max", type=float, default=math.pi, metavar="Q", help="last q in 1/nm (default pi)")
    parser.add_argument("--points", type=int, default=501, help="q points, equally spaced (default 501)")
    parser.add_argument("--fixed-contrasts", action="store_true", help="store totals at fixed contrasts, not partial terms: a small file")
    for region, default in (("core", 16), ("shell", 9), ("fill", 9)):
        parser.add_argument(f"--sld-{region}", type=float, metavar="SLD", help=f"contrast of the {region} in 1e-6/A^2 (default {default})")
    parser.add_argument("--septum", type=float, metavar="NM", help="thickness of the wall of types 2 and 3 (default 4)")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="compute on this dask.distributed cluster")
    parser.add_argument(
        "--workers", type=int, default=worker_count(), metavar="N", help="processes on this machine (default: one per core)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a finished file of that name")


def run(arguments: argparse.Namespace) -> int:
    """Make the library."""
    wish = settings(arguments)
    if not 1 <= arguments.workers <= 1024:
        raise ParameterError(f"--workers {arguments.workers} is refused; give 1 to 1024.", "workers")
    if arguments.scheduler is not None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is told in one sentence
    from engine.datasets.library import make_library

    with ProgressLine("Library") as report:
        make_library(
            arguments.out, wish, workers=arguments.workers, scheduler=arguments.scheduler, overwrite=arguments.overwrite, report=report
        )
    size = arguments.out.stat().st_size / 1e6
    print(f"{arguments.out}: {wish.curves} particles at {wish.q_points} q, {size:.1f} MB.", file=sys.stdout)
    return 0


def settings(arguments: argparse.Namespace) -> LibrarySettings:
    """Return what the arguments ask for."""
    from engine.datasets.library_plan import LibrarySettings

    first, last, step = _range(arguments.diameters)
    given = {
        "sld_core": arguments.sld_core,
        "sld_shell": arguments.sld_shell,
        "sld_fill": arguments.sld_fill,
        "septum_thickness": arguments.septum,
    }
    return LibrarySettings(
        types=tuple(f"type {number}" for number in arguments.types),
        diameter_min=first,
        diameter_max=last,
        diameter_step=step,
        shell_thicknesses=tuple(arguments.shells),
        q_min=arguments.q_min,
        q_max=arguments.q_max,
        q_points=arguments.points,
        fixed_contrasts=arguments.fixed_contrasts,
        overrides=tuple((name, value) for name, value in given.items() if value is not None),
    )


def _range(text: str) -> tuple[float, float, float]:
    try:
        first, last, step = (float(word) for word in text.split(":"))
    except ValueError:
        raise ParameterError(f"--diameters {text} is not understood; write FIRST:LAST:STEP in nm, as in 20:100:0.5.", "diameters") from None
    return first, last, step
