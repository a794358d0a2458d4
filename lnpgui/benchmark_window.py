"""``benchmark window``: how quick and how calm the window is. Prints every figure with its goal, and whether it was met.

The real program is measured from outside, each part in a fresh process, with the settings of a user who has none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from engine.commands.benchmark_start import window_stages
from engine.commands.terminal import ProgressLine
from engine.datasets.basis import default_basis
from engine.datasets.synthesis import Recipe, all_type_sets, draw_sample, measure
from engine.errors import ParameterError
from engine.io.write_dat import write as write_dat
from engine.parallel import worker_count
from engine.progress import Report, Step

ROOT = Path(__file__).resolve().parents[1]
STARTS = 5
BATCH = 100
TRIED = 5
"""Curves of a batch that are analysed alone too, to compare."""

CLOSINGS = 20
CLOSE_WITHIN = 3.0
PATIENCE, PATIENCE_WITH_BATCH, PATIENCE_WITH_TRAINING = 300, 7200, 900
"""Seconds after which a part is ended."""

MEMORY_GOAL = 1.5e9


@dataclass(frozen=True, slots=True)
class Measured:
    """How one process ended: its last line, exit code, error stream, end [s since 1970], and peak memory of it and its children [bytes]."""

    figures: dict[str, Any]
    code: int
    errors: str
    ended: float
    memory: float | None

    @property
    def why_not(self) -> str:
        """Why there are no figures; nothing where there are some."""
        if self.figures:
            return ""
        last = next((line for line in reversed(self.errors.splitlines()) if line.strip()), "nothing was said")
        return f"no figures, exit code {self.code}: {last}"


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure everything, print the table and return the figures."""
    count = getattr(arguments, "batch", None) or BATCH
    given = getattr(arguments, "folder", None)
    if given is not None and not given.is_dir():
        raise ParameterError(f"{given} is no folder; name one that holds measured curves.", "folder")
    with tempfile.TemporaryDirectory() as folder, ProgressLine("measuring the window") as report:
        rows = rows_of(Path(folder), count, given, report)
    print_table(rows)
    return {"benchmark": "window", "rows": rows}


def rows_of(folder: Path, count: int, given: Path | None, report: Report) -> list[dict[str, Any]]:
    """Return one row for each figure."""
    (folder / "batch").mkdir()
    (folder / "few").mkdir()
    report(Step(0, 8, "simulating curves"))
    write_curves(folder / "batch", count)
    write_curves(folder / "few", 12)
    one = next(iter(sorted((folder / "few").iterdir())))
    report(Step(1, 8, "starts"))
    stages = [window_stages(one) for _ in range(STARTS)]
    report(Step(2, 8, "verdicts"))
    verdict = part("verdict", folder, "--path", str(folder / "few"))
    report(Step(3, 8, "simulation"))
    simulation = part("simulation", folder)
    report(Step(4, 8, "a small training"))
    training = part("training", folder, patience=PATIENCE_WITH_TRAINING)
    report(Step(5, 8, "frames"))
    refresh = part("refresh", folder)
    frames = part("frames", folder)
    report(Step(6, 8, f"{count} curves"))
    batch = measure_batch(folder, given)
    closings = []
    for i in range(CLOSINGS):
        report(Step(7, 8, f"closing {i + 1}"))
        closings.append(part("closing", folder, "--path", str(folder / "few"), "--after", f"{0.15 * i:.2f}"))
    return [
        *_start_rows(stages),
        _row("drop to verdict", "s", 1.5, _median(verdict.figures.get("seconds")), note=_spread(verdict.figures.get("seconds"))),
        *_batch_rows(batch),
        _gap_row("longest gap of a 10 ms timer, simulation", simulation),
        *_training_rows(training),
        _row("10 curves x 2000 points with bars, full refresh", "ms", 100, _ms(refresh.figures.get("refresh")), note=refresh.why_not),
        _row("  repaint", "ms", 15, _ms(refresh.figures.get("repaint"))),
        _row("3-D view, surfaces, 800 x 600", "frames/s", 25, frames.figures.get("surfaces"), more=True),
        _row("3-D view, volume, 800 x 600", "frames/s", 25, frames.figures.get("volume"), more=True),
        *_closing_rows(closings),
    ]


def measure_batch(folder: Path, given: Path | None) -> Measured:
    """Drop the simulated curves, and what lies in *given*, on a window; compare the table it writes with single analyses."""
    words = ["--path", str(folder / "batch"), "--export", str(folder / "export.json")]
    words += ["--with-folder", str(given.resolve())] if given is not None else []
    found = part("batch", folder, *words, patience=PATIENCE_WITH_BATCH)
    if found.figures:
        found.figures.update(compared(folder / "export.json"))
    return found


def compared(export: Path) -> dict[str, int]:
    """Return how many of the curves in a written table were analysed alone too, and how many of them differ in any digit."""
    from engine.inference.analyse import analyse
    from engine.io.read import read
    from engine.io.results import answered, to_json

    written = json.loads(export.read_text(encoding="utf-8"))["results"]
    judged = [record for record in written if record["error"] is None and "dataset" not in record]
    tried = judged[:: max(1, len(judged) // TRIED)][:TRIED]
    differing = 0
    for record in tried:
        measurement = read(Path(record["file"]))[0]
        alone = json.loads(to_json(answered(record["file"], measurement, analyse(measurement.curve))))
        differing += {**record, "seconds": None} != {**alone, "seconds": None}
    return {"tried": len(tried), "differing": differing}


def _start_rows(stages: list[dict[str, float]]) -> list[dict[str, Any]]:
    goals = {"first paint": 0.5, "3-D": 2.0}
    names = {"first paint": "first paint after the start", "3-D": "all panels usable after the start"}
    return [_row(names[key], "s", goal, median(stage[key] for stage in stages)) for key, goal in goals.items()]


def _batch_rows(batch: Measured) -> list[dict[str, Any]]:
    found = batch.figures
    seconds = found.get("seconds")
    pace = (
        f"{found['curves'] / seconds:.2f} curves/s on {worker_count()} processors; {found['refused']} refused in words" if seconds else ""
    )
    memory = None if batch.memory is None or not found else batch.memory / 1e9
    missing = float(found["curves"] - min(found["judged"] + found["refused"], found["rows"])) if found else None
    tried = f"of {found['tried']} that were tried" if "tried" in found else ""
    return [
        _row(f"{found.get('files', 'many')} files in one drop, all settled", "s", None, seconds, note=batch.why_not or pace),
        _row("  rows missing in the table", "", 0, missing),
        _row("  rows that differ from single analyses", "", 0, _float(found.get("differing")), note=tried),
        _gap_row("  longest gap of a 10 ms timer", batch),
        _row("  peak memory, with its processes", "GB", MEMORY_GOAL / 1e9, memory),
    ]


def _training_rows(training: Measured) -> list[dict[str, Any]]:
    found = training.figures
    return [
        _gap_row("longest gap of a 10 ms timer, training", training),
        _row("  first loss after the start", "s", None, found.get("first loss"), note=training.why_not),
        _row("  whole training, measured and calibrated", "s", None, found.get("seconds")),
    ]


def _gap_row(figure: str, found: Measured) -> dict[str, Any]:
    return _row(figure, "s", 0.1, found.figures.get("gap"), note=found.why_not or _thousandth(found.figures))


def _closing_rows(closings: list[Measured]) -> list[dict[str, Any]]:
    took = [closing.ended - closing.figures["closed at"] for closing in closings if "closed at" in closing.figures]
    clean = sum(closing.code == 0 and not closing.errors for closing in closings)
    in_time = sum(seconds <= CLOSE_WITHIN for seconds in took)
    busy = sum(bool(closing.figures.get("at work")) for closing in closings)
    said = next((closing.errors.strip().splitlines()[-1] for closing in closings if closing.errors.strip()), "")
    return [
        _row(
            f"closing, exit within {CLOSE_WITHIN:g} s, of {len(closings)}",
            "",
            len(closings),
            float(in_time),
            more=True,
            note=f"{busy} at work",
        ),
        _row("  longest", "s", CLOSE_WITHIN, max(took, default=None)),
        _row(f"  exit code 0 and nothing on stderr, of {len(closings)}", "", len(closings), float(clean), more=True, note=said[:70]),
    ]


def _row(figure: str, unit: str, goal: float | None, measured: float | None, *, more: bool = False, note: str = "") -> dict[str, Any]:
    """Return one line of the table; *more* says that larger is better."""
    met = None
    if goal is not None and measured is not None:
        met = bool(measured >= goal if more else measured <= goal)
    words = "" if goal is None else f"{'>=' if more else '<='} {goal:g}"
    return {"figure": figure, "unit": unit, "goal": words, "measured": measured, "met": met, "note": note}


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the figures."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    lines = [f"Wall clock, {worker_count()} processors, load of the machine at the end {load}.", ""]
    lines.append(f"{'figure':48s} {'unit':>8s} {'goal':>8s} {'measured':>9s}")
    for row in rows:
        value = "-" if row["measured"] is None else f"{row['measured']:.3g}"
        verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
        lines.append(f"{row['figure']:48s} {row['unit']:>8s} {row['goal']:>8s} {value:>9s}  {verdict:6s} {row['note']}".rstrip())
    sys.stdout.write("\n".join(lines) + "\n")


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _median(values: list[float] | None) -> float | None:
    return median(values) if values else None


def _spread(values: list[float] | None) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else ""


def _thousandth(found: dict[str, Any]) -> str:
    if "own gap" not in found:
        return ""
    return f"{1000 * found['own gap']:.0f} ms of our own making; one in a thousand over {1000 * found['gap in a thousand']:.0f} ms"


def write_curves(folder: Path, count: int) -> None:
    """Write simulated curves of pure types and mixtures of two, one file each."""
    basis, recipe, rng = default_basis(), Recipe(points=500), np.random.default_rng(1)
    at_points = basis.at(recipe.q)
    sets = (*all_type_sets(1), *all_type_sets(2))
    for i in range(count):
        sample = draw_sample(sets[i % len(sets)], recipe, basis, at_points, rng)
        write_dat(folder / f"simulated_{i:04d}.dat", measure(sample, recipe, basis, at_points, rng)[0], title="simulated")


def part(name: str, folder: Path, *words: str, patience: float = PATIENCE) -> Measured:
    """Run one part of :mod:`lnpgui.benchmark_parts` as a user who never ran the program, and return how it went."""
    command = [sys.executable, "-m", "lnpgui.benchmark_parts", name, *words]
    home = tempfile.mkdtemp(prefix=f"{name}-", dir=folder)  # a verdict that an earlier part kept would make this one quicker than it is
    own = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA"), home)
    environment = {**os.environ, **own}
    if sys.platform.startswith("linux") and not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    memory = _Memory(process.pid)
    try:
        out, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        errors += f"\nended by us after {patience:g} s"
    ended = time.time()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return Measured(json.loads(lines[-1]) if lines else {}, process.returncode, _of_ours(errors), ended, memory.stop())


def _of_ours(errors: str) -> str:
    """Return what the program itself said; the offscreen platform, used where there is no display, grumbles about a hint."""
    return "\n".join(line for line in errors.splitlines() if "propagateSizeHints" not in line)


class _Memory:
    """Watches the memory of a process and its children from outside, so that nothing is added to what it does. Linux only."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float | None:
        """Return the peak [bytes]; None where the system does not tell."""
        self._stop.set()
        self._thread.join()
        return self._peak or None

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._peak = max(self._peak, sum(_memory_of(pid) for pid in _family(self._pid)))


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        words = " ".join(path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return [pid]
    return [pid, *(one for child in words.split() for one in _family(int(child)))]


def _memory_of(pid: int) -> float:
    """Return the memory of a process, with what it shares counted in part [bytes]."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return 1024 * float(line.split()[1])
    except OSError:
        return 0.0
    return 0.0
