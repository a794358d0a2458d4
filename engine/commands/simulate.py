"""Writes the scattering curve of one particle, or its mean over a size distribution, as ``q,intensity``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.terminal import ProgressLine
from engine.errors import ParameterError
from engine.models.registry import MODELS

if TYPE_CHECKING:  # numpy loads while the work begins, not while arguments are refused
    from engine.curve import Array
    from engine.datasets.solvers import SolverChoice
    from engine.ensembles.size_distribution import SizeDistribution
    from engine.progress import Report

MAX_POINTS = 100_000
MAX_Q = 100.0

Q_RANGE = (0.02, 3.14, 500)
"""First q, last q [1/nm] and number of points when none are given."""

TYPES = tuple(key.removeprefix("type ") for key in MODELS)
"""What --type takes: the numbers of the paper's types, and the keys of the other particles."""

SOLVER_KEYS = ("exact", "nufft", "lattice")
"""What --solver takes, of the solvers in engine.datasets.solvers."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--type", choices=TYPES, help="particle type: 1 to 5, or a shape by name")
    which.add_argument("--particle", type=Path, metavar="FILE.toml", help="a particle of your own, as in resources/examples/acorn.toml")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other parameter of the type, e.g. axial_ratio=2; may be repeated",
    )
    parser.add_argument("--diameter", type=float, metavar="NM", help="length D along z; of type 4 the diameter, of type 5 the height")
    parser.add_argument("--radius", type=float, metavar="NM", help="radius of type 5 (default 10)")
    parser.add_argument("--shell", type=float, metavar="NM", help="shell thickness of types 1 to 3 (default 4)")
    for region, default in (("core", "16; 1 for type 5"), ("shell", "9"), ("fill", "9")):
        parser.add_argument(f"--sld-{region}", type=float, metavar="SLD", help=f"contrast of the {region} in 1e-6/A^2 (default {default})")
    parser.add_argument("--sd", type=float, metavar="NM", help="standard deviation of a log-normal distribution of D (default: one size)")
    parser.add_argument("--q-min", type=float, metavar="Q", help=f"first q in 1/nm (default {Q_RANGE[0]})")
    parser.add_argument("--q-max", type=float, metavar="Q", help=f"last q in 1/nm (default {Q_RANGE[1]})")
    parser.add_argument("--points", type=int, default=Q_RANGE[2], help="q points, equally spaced (default 500); 0: the solver's own")
    parser.add_argument("--solver", choices=SOLVER_KEYS, default="exact", help="default exact; lattice: the settings of the paper")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="file to write")


def run(arguments: argparse.Namespace) -> int:
    """Compute the curve and write it."""
    _check_wish(arguments)
    particle = make_particle(arguments)
    sizes = _sizes(particle, arguments.sd)
    with ProgressLine(f"{particle.title}, {arguments.solver}") as report:
        if arguments.points == 0:
            q, intensity = _lattice_bins(particle, sizes, arguments, report)
        else:
            q = _q_axis(arguments)
            intensity = _solver(arguments.solver).compute(particle, sizes, q, report)
    _write(arguments.out, q, intensity)
    print(f"{arguments.out}: {q.size} points of {particle.key}, {particle.title.lower()}.")
    return 0


def make_particle(arguments: argparse.Namespace) -> Any:
    """Return the particle the arguments describe; what its type does not have is left aside with a note.

    Raises
    ------
    ParameterError
        If a value is out of bounds or the size is missing.
    """
    wanted = {"diameter": arguments.diameter, "radius": arguments.radius, "shell_thickness": arguments.shell}
    wanted |= {name: getattr(arguments, name) for name in ("sld_core", "sld_shell", "sld_fill")}
    given = {name: value for name, value in wanted.items() if value is not None}
    if arguments.particle is not None:
        return _own_particle(arguments.particle, [*given, *arguments.set])
    key = f"type {arguments.type}" if arguments.type.isdigit() else arguments.type
    model = MODELS[key]
    if key == "type 5":  # its names differ
        given = {{"diameter": "height", "sld_core": "sld"}.get(name, name): value for name, value in given.items()}
    elif arguments.diameter is None:
        raise ParameterError(f"{key} needs a size; give --diameter in nm.", "diameter")
    known = set(model.__dataclass_fields__)
    for name in given.keys() - known:
        print(f"note: {key} ({model.title.lower()}) has no {name}; it is not used.", file=sys.stderr)
    used = {name: value for name, value in given.items() if name in known}
    return model(**used, **_settings(arguments.set, known - used.keys(), key))


def _own_particle(path: Path, refused: list[str]) -> Any:
    from engine.io.particles import read_particle

    if refused:
        raise ParameterError(f"{path.name} says all of the particle, so {', '.join(refused)} can't be given beside it; change the file.")
    return read_particle(path)


def _settings(words: list[str], free: set[str], key: str) -> dict[str, float]:
    """Return the parameters that --set names, each once."""
    values: dict[str, float] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in free or name in values:
            raise ParameterError(f"--set {word} is refused; {key} has {', '.join(sorted(free))} to set, each once.", "set")
        try:
            values[name] = float(text)
        except ValueError:
            raise ParameterError(f"--set {word} is not understood; write NAME=VALUE with a number.", "set") from None
    return values


def _check_wish(arguments: argparse.Namespace) -> None:
    """Refuse what no solver could do, before any work is done."""
    if not 0 <= arguments.points <= MAX_POINTS:
        raise ParameterError(f"--points {arguments.points} is refused; give 1 to {MAX_POINTS}, or 0 for the solver's own points.", "points")
    if arguments.points == 0 and arguments.solver != "lattice":
        raise ParameterError(f"The {arguments.solver} solver takes any q and has no points of its own; give --points.", "points")
    for name in ("q_min", "q_max"):
        value = getattr(arguments, name)
        if value is not None and not 0 <= value <= MAX_Q:
            raise ParameterError(f"--{name.replace('_', '-')} {value:g} 1/nm is refused; give 0 to {MAX_Q:g}.", name)
    first, last = _q_ends(arguments)
    if last <= first and arguments.points != 1:
        raise ParameterError(f"q must increase; --q-max {last:g} is not above --q-min {first:g} 1/nm.", "q_max")
    if not arguments.out.absolute().parent.is_dir():
        raise ParameterError(f"{arguments.out.absolute().parent} is no folder, so {arguments.out.name} can't be written there.", "out")
    if arguments.out.is_dir():
        raise ParameterError(f"{arguments.out} is a folder; --out takes the name of a file.", "out")


def _q_ends(arguments: argparse.Namespace) -> tuple[float, float]:
    """Return the ends of q that are asked for; of the solver's own points all, unless said otherwise."""
    first, last = (0.0, MAX_Q) if arguments.points == 0 else Q_RANGE[:2]
    return first if arguments.q_min is None else arguments.q_min, last if arguments.q_max is None else arguments.q_max


def _q_axis(arguments: argparse.Namespace) -> Array:
    import numpy as np

    return np.linspace(*_q_ends(arguments), arguments.points)


def _sizes(particle: Any, sd: float | None) -> SizeDistribution | None:
    """Return the log-normal distribution about the particle's own size, or None where all are alike."""
    from engine.ensembles.size_distribution import LogNormal

    if not sd:
        return None
    if not hasattr(particle, "diameter"):
        raise ParameterError(f"A {particle.title.lower()} has no diameter to distribute; leave --sd out.", "sd")
    return LogNormal(mean=particle.diameter, sd=sd)


def _solver(key: str) -> SolverChoice:
    from engine.datasets.solvers import SOLVERS

    return SOLVERS[key]


def _lattice_bins(particle: Any, sizes: SizeDistribution | None, arguments: argparse.Namespace, report: Report) -> tuple[Array, Array]:
    """Return the lattice solver's own q and intensity, all of them or between the ends that were asked for."""
    from engine.scattering.lattice import lattice_form_factor

    if sizes is not None:
        raise ParameterError("Each size has points of its own, so a spread of sizes needs common ones; give --points.", "points")
    curve = lattice_form_factor(particle, report=report)
    first, last = _q_ends(arguments)
    inside = (curve.q >= first) & (curve.q <= last)
    if not inside.any():
        ends = f"{curve.q[0]:.4g} to {curve.q[-1]:.4g}"
        raise ParameterError(f"The lattice has points from {ends} 1/nm, none between {first:g} and {last:g}.", "q_min")
    return curve.q[inside], curve.intensity[inside]


def _write(path: Path, q: Array, intensity: Array) -> None:
    from engine.io.aside import write_text

    rows = [f"{a:.12g},{b:.12g}\n" for a, b in zip(q, intensity, strict=True)]
    write_text(path, "q,intensity\n" + "".join(rows))
