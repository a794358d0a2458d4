"""The three solvers side by side: accuracy against closed forms, a quadrature, sasmodels and published curves; time and memory."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from engine.commands import benchmark_references as references
from engine.commands.benchmark_sasmodels import FINER, compare
from engine.commands.benchmark_sasmodels import version as sasmodels_version
from engine.commands.benchmark_timing import alone, machine, quickest
from engine.commands.terminal import ProgressLine
from engine.curve import Array
from engine.datasets.library import make_library
from engine.datasets.library_plan import LibrarySettings
from engine.models.registry import LNP_TYPES, MODELS
from engine.models.voxel_map import VoxelMap
from engine.parallel import worker_count
from engine.progress import Report, Step, silent
from engine.scattering import exact, lattice, nufft
from engine.scattering.voxelise import VoxelFactor, voxelise

COLUMNS = ("seconds", "peak GB", "error")
"""Of the table side by side."""

_UNKNOWN = "not told by this system"

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """How much is measured; the goals are meant for the defaults.

    Parameters
    ----------
    points : int
        q values, equally spaced up to pi [1/nm].
    diameter : float
        Size D [nm] of the single particles.
    sizes : (float, float, float)
        First, last and step of the sizes D [nm] of the many.
    published : sequence of int
        Sizes D [nm] at which the lattice solver is held against the published curves.
    repeats : int
        Runs of which the quickest counts, where one is short.
    basis : bool
        Also make the whole basis.
    """

    points: int = 500
    diameter: float = 100.0
    sizes: tuple[float, float, float] = (20.0, 100.0, 1.0)
    published: Sequence[int] = (20, 37, 50)
    repeats: int = 5
    basis: bool = False

    @property
    def q(self) -> Array:
        """Scattering vectors [1/nm]."""
        return np.linspace(0, np.pi, self.points + 1)[1:]

    @property
    def many(self) -> LibrarySettings:
        """The many curves as a library: types 1-4, every size, t = 4 nm, fixed contrasts."""
        first, last, step = self.sizes
        return LibrarySettings(
            diameter_min=first,
            diameter_max=last,
            diameter_step=step,
            shell_thicknesses=(4.0,),
            q_min=np.pi / self.points,
            q_points=self.points,
            fixed_contrasts=True,
        )


FULL = Scope(published=tuple(range(20, 101)), basis=True)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the tables, draw the pictures, and return the figures."""
    if arguments.out is not None:
        from engine.commands.benchmark_pictures import check_folder

        check_folder(arguments.out)
    at = machine()
    busy = f", load {at['load']:.1f}" if at["load"] is not None else ""
    print(f"{at['processor']}, {at['cores']} cores{busy}; {at['system']}\n")
    with ProgressLine("measuring") as report:
        rows = measure(FULL if arguments.full else Scope(), report)
    print_table(rows)
    print_side_by_side(rows)
    pictures: list[str] = []
    if arguments.out is not None:
        from engine.commands.benchmark_pictures import draw

        with ProgressLine("drawing") as report:
            pictures = [str(path) for path in draw(arguments.out, report)]
        print("\n" + "\n".join(pictures))
    return {"benchmark": "scattering", "machine": at, "rows": rows, "pictures": pictures}


def measure(scope: Scope, report: Report = silent) -> list[Row]:
    """Return all rows."""
    sections = [_exact_rows, _sasmodels_rows, _nufft_rows, _lattice_rows, _published_rows]
    if scope.basis:
        sections.append(_basis_rows)
    rows: list[Row] = []
    for i, section in enumerate(sections):
        report(Step(i, len(sections), section.__name__.strip("_").split("_")[0]))
        rows += section(scope)
    report(Step(len(sections), len(sections), ""))
    return rows


def print_table(rows: Sequence[Row]) -> None:
    """Print one line for each row, under a heading for each solver."""
    heading = None
    for row in rows:
        if row["solver"] != heading:
            heading = row["solver"]
            print(f"{heading:74s} {'goal':>10s} {'measured':>10s}")
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        measured = "" if row["measured"] is None else f"{row['measured']:.3g}"
        print(f"  {row['figure']:72s} {row['goal']:>10s} {measured:>10s}  {mark}{row['note']}")


def print_side_by_side(rows: Sequence[Row]) -> None:
    """Print time, memory and error of each solver on one line."""
    print(f"\n{'side by side':74s}" + "".join(f" {column:>12s}" for column in COLUMNS))
    for solver in dict.fromkeys(row["solver"] for row in rows if row["column"]):
        found = {row["column"]: row["measured"] for row in rows if row["solver"] == solver and row["column"]}
        values = [found.get(column) for column in COLUMNS]
        print(f"  {solver:72s}" + "".join(f" {'' if value is None else format(value, '.3g'):>12s}" for value in values))
    print("  error: of exact the largest, of the local envelope; of the others the median of |log10 I / I exact| for q < 2 /nm")


def _row(
    solver: str, figure: str, goal: float | None, measured: float | None, *, note: str = "", strict: bool = False, column: str = ""
) -> Row:
    """Return a row; its goal is an upper limit, which *strict* excludes. One with a *column* also goes into the table side by side."""
    met = None
    if goal is not None and measured is not None:
        met = bool(measured < goal) if strict else bool(measured <= goal)
    text = "" if goal is None else f"{'<' if strict else '<='} {goal:g}"
    return {"solver": solver, "figure": figure, "goal": text, "measured": measured, "met": met, "note": note, "column": column}


def _exact_rows(scope: Scope) -> Iterator[Row]:
    solver = "exact, errors of the local envelope"
    q, radius = scope.q, scope.diameter / 2
    core = radius - 4.0
    cases = (
        ("sphere", MODELS["type 4"](diameter=scope.diameter), scope.diameter, (9 * references.sphere(q, radius)) ** 2),
        (
            "core-shell sphere",
            MODELS["core-shell-sphere"](diameter=scope.diameter),
            scope.diameter,
            references.core_shell_sphere(q, core, radius, 16.0, 9.0),
        ),
        ("cylinder, by quadrature", MODELS["type 5"](), 54.0, references.cylinder(q, 10.0, 50.0)),
    )
    for name, particle, length, expected in cases:
        fringes = _envelope(particle, q, length)
        yield _row(
            solver, f"against the closed form: {name}", 1e-9, references.largest_error(exact.form_factor(particle, q), expected, fringes)
        )
    yield _row(
        solver,
        "against a quadrature over height and orientation: types 1-3, worst",
        1e-6,
        _quadrature_error(scope),
        strict=True,
        column="error",
    )
    count, cores = scope.many.curves, min(2, worker_count())
    (one, many, error), peak = alone(exact_times, scope, threads=1)
    yield _row(solver, f"{count} curves against a finer solver, worst", 1e-6, error, strict=True)
    yield _row(solver, f"one curve, type 1, D {scope.diameter:g}, {scope.points} q, one core [s]", None, one, column="seconds")
    yield _row(solver, f"{count} curves, one core [s]", None, many)
    yield _row(solver, "peak memory of that process [GB]", None, _gigabytes(peak), column="peak GB", note=_UNKNOWN if peak is None else "")
    seconds, _ = _library_figures(scope.many, cores)
    yield _row(solver, f"{count} curves as a library, {cores} processes, their start included [s]", 15.0, seconds)


def _envelope(particle: Any, q: Array, length: float) -> Array:
    return references.envelope(lambda near: exact.form_factor(particle, near), q, length)


def _quadrature_error(scope: Scope) -> float:
    q = np.array([0.013, 0.1, 0.37, 1.11, 2.3, np.pi])
    worst = 0.0
    for key in LNP_TYPES[:3]:
        for diameter in (20.0, scope.diameter):
            particle = MODELS[key](diameter=diameter)
            expected = references.by_quadrature(particle.body(), q)
            worst = max(worst, references.largest_error(exact.form_factor(particle, q), expected, _envelope(particle, q, diameter)))
    return worst


def exact_times(scope: Scope) -> tuple[float, float, float]:
    """Return the seconds of one curve and of many, and the largest difference of the many to a finer solver, of the local envelope."""
    q, single = scope.q, MODELS["type 1"](diameter=scope.diameter)
    one = quickest(lambda: exact.form_factor(single, q), scope.repeats)
    particles: list[Any] = [scope.many.particle(key, d, 4.0) for key in LNP_TYPES for d in scope.many.diameters]
    began = perf_counter()
    curves = exact.form_factors(particles, q)
    many = perf_counter() - began
    finer = exact.form_factors(particles, q, settings=exact.ExactSettings(refinement=1.5))
    worst = max(
        references.largest_error(curve, other, _running_maximum(other, q, particle.diameter))
        for particle, curve, other in zip(particles, curves, finer, strict=True)
    )
    return one, many, worst


def _running_maximum(intensity: Array, q: Array, diameter: float) -> Array:
    """Envelope from the points of the curve itself: the maximum within half a fringe."""
    near = np.abs(q[:, None] - q) <= np.pi / diameter + (q[1] - q[0])
    return np.asarray(np.where(near, intensity, 0.0).max(axis=1))


def _sasmodels_rows(scope: Scope) -> Iterator[Row]:
    solver = "exact against sasmodels, errors of the local envelope, one core each"
    if sasmodels_version() is None:
        yield _row(solver, "sasmodels", None, None, note="sasmodels is not installed; it comes with the extra 'dev'.")
        return
    found, _ = alone(compare, scope.points, scope.repeats, threads=1)
    for shape in found:
        yield _row(solver, f"{shape.name}, at its own quadrature order", 1e-4, shape.error)
        if shape.finer_error is not None:
            yield _row(solver, f"{shape.name}, at {FINER} nodes", None, shape.finer_error)
        yield _row(solver, f"{shape.name}, time of one curve, ours / theirs", None, shape.time_ratio)


def _nufft_rows(scope: Scope) -> Iterator[Row]:
    solver = f"non-uniform FFT, 1 nm voxels, D {scope.diameter:g}, {scope.points} q to pi"
    (seconds, error, sharp, plain), peak = alone(nufft_figures, scope, threads=min(2, worker_count()))
    yield _row(solver, "a map with the mirror planes of types 1-4, worst [s]", 5.0, seconds, column="seconds")
    yield _row(solver, "a map without symmetry [s]", 5.0, plain)
    yield _row(solver, "peak memory [GB]", 1.5, _gigabytes(peak), column="peak GB", note=_UNKNOWN if peak is None else "")
    yield _row(solver, "median |log10 I / I exact|, q < 2, volume means, worst of types 1-4", 0.002, error, strict=True, column="error")
    yield _row(solver, "the same for 0/1 voxels, the factor multiplied as the paper has it", None, sharp)


def nufft_figures(scope: Scope) -> tuple[float, float, float, float]:
    """Return the longest time, the largest median error for both kinds of voxels, and the time of a map without symmetry."""
    q, seconds, errors, sharp_errors = scope.q, [], [], []
    for key in LNP_TYPES:
        particle = MODELS[key](diameter=scope.diameter)
        expected = exact.form_factor(particle, q)
        time, intensity = _nufft_run(voxelise(particle), q, VoxelFactor.DIVIDE)
        seconds.append(time)
        errors.append(references.median_log_error(intensity, expected, q))
        _, intensity = _nufft_run(voxelise(particle, sharp=True), q, VoxelFactor.MULTIPLY)
        sharp_errors.append(references.median_log_error(intensity, expected, q))
    plain, _ = _nufft_run(_without_symmetry(scope.diameter), q, VoxelFactor.DIVIDE)
    return max(seconds), max(errors), max(sharp_errors), plain


def _nufft_run(placed: VoxelMap, q: Array, factor: VoxelFactor) -> tuple[float, Array]:
    began = perf_counter()
    intensity = nufft.form_factor(placed, q, settings=nufft.NufftSettings(voxel_factor=factor))
    return perf_counter() - began, intensity


def _without_symmetry(diameter: float) -> VoxelMap:
    """Map of a sphere, as many voxels as a map of that edge can have filled by one, with one voxel that breaks its mirror planes."""
    placed = voxelise(MODELS["type 4"](diameter=diameter))
    density = placed.density.copy()
    x, y, z = (size // 3 for size in density.shape)
    density[x, y + 1, z] *= 1.001
    return VoxelMap(density=density, spacing=placed.spacing, origin=placed.origin)


def _lattice_rows(scope: Scope) -> Iterator[Row]:
    solver = f"lattice FFT, the paper's pipeline, type 1, D {scope.diameter:g}, padding ratio 6"
    (seconds, error), peak = alone(lattice_figures, scope, threads=min(2, worker_count()))
    yield _row(solver, "time [s]", 45.0, seconds, column="seconds")
    yield _row(solver, "peak memory [GB]", 1.0, _gigabytes(peak), strict=True, column="peak GB", note=_UNKNOWN if peak is None else "")
    yield _row(solver, "median |log10 I / I exact|, q < 2", None, error, column="error")


def lattice_figures(scope: Scope) -> tuple[float, float]:
    """Return the time and the median error of the lattice solver with the paper's settings."""
    particle = MODELS["type 1"](diameter=scope.diameter)
    began = perf_counter()
    curve = lattice.lattice_form_factor(particle)
    seconds = perf_counter() - began
    return seconds, references.median_log_error(curve.intensity, exact.form_factor(particle, curve.q), curve.q)


def _published_rows(scope: Scope) -> Iterator[Row]:
    solver = "lattice FFT against the published curves, relative"
    folder = Path(os.environ.get("LNPSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "reference"
    for key in ("type 1", "type 4"):
        path = folder / f"paper_{key.replace(' ', '')}_raw.h5"
        figure = f"{key}, {len(scope.published)} sizes, worst"
        if path.is_file():
            yield _row(solver, figure, 1e-9, _published_error(path, key, scope.published))
        else:
            yield _row(solver, figure, None, None, note=f"no file {path.name} in the folder that LNPSCOPE_SHARED names.")


def _published_error(path: Path, key: str, diameters: Sequence[int]) -> float:
    import h5py

    worst = 0.0
    with h5py.File(path) as file:
        for diameter in diameters:
            s, intensity = file[f"d{diameter}_qIq"][:]
            curve = lattice.lattice_form_factor(MODELS[key](diameter=float(diameter)))
            if curve.q.size != s.size:
                return float("inf")
            worst = max(worst, float(np.max(np.abs(curve.intensity / intensity - 1))), float(np.max(np.abs(curve.q / (2 * np.pi * s) - 1))))
    return worst


def _basis_rows(scope: Scope) -> Iterator[Row]:
    solver = "full basis: types 1-4, D 20..100 step 0.5, t 3, 3.5, .., 5, partial terms"
    seconds, megabytes = _library_figures(LibrarySettings(), worker_count())
    yield _row(solver, f"time, {worker_count()} processes [min]", 4.0, seconds / 60)
    yield _row(solver, "file [MB]", 60.0, megabytes)


def _library_figures(wish: LibrarySettings, workers: int) -> tuple[float, float]:
    """Return the seconds a library takes, and the megabytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.h5"
        began = perf_counter()
        make_library(path, wish, workers=workers)
        return perf_counter() - began, path.stat().st_size / 1e6


def _gigabytes(peak: float | None) -> float | None:
    return None if peak is None else peak / 1e9
