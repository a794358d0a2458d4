"""How long a user waits: for the window, and for a verdict."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from engine.commands.terminal import ProgressLine
from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.synthesis import Recipe, draw_sample, measure
from engine.inference.analyse import analyse
from engine.io.read import read
from engine.io.write_dat import write as write_dat
from engine.progress import Step

REPEATS = 5
GOALS = {"first paint": 0.5, "plots": 1.0, "3-D": 2.0}
STAGE = re.compile(r"^(.+): ([0-9.]+) s, ([0-9.]+) s of processor$", re.MULTILINE)
PROGRAM = Path(__file__).resolve().parents[2] / "main.py"


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the table and return the figures: medians of several starts, since other programs disturb single ones."""
    del arguments
    with tempfile.TemporaryDirectory() as folder, ProgressLine("starting the program") as report:
        path = Path(folder) / "thousand_points.dat"
        write_dat(path, _thousand_points(), title="simulated: types 3 and 4")
        stages = []
        for i in range(REPEATS):
            report(Step(i, 2 * REPEATS, "window"))
            stages.append(window_stages(path))
        fresh = []
        for i in range(REPEATS):
            report(Step(REPEATS + i, 2 * REPEATS, "command line"))
            fresh.append(_seconds([sys.executable, str(PROGRAM), "analyze", str(path)]))
        warm = [_verdict(path) for _ in range(REPEATS)]
    rows = [_row(f"{name} after start of the window", goal, median(stage[name] for stage in stages)) for name, goal in GOALS.items()]
    rows.append(_row("file of 1000 points to verdict, program up", 2.0, median(warm)))
    rows.append(_row("file of 1000 points to verdict, fresh process", 6.0, median(fresh)))
    print(f"Medians of {REPEATS}, wall clock; load of the machine {_load()}.\n")
    print(f"{'figure':50s} {'goal, s':>8s} {'measured':>9s}")
    for row in rows:
        print(f"{row['figure']:50s} {row['goal']:>8s} {row['measured']:9.2f}  {'met' if row['met'] else 'MISSED'}")
    return {"benchmark": "start", "rows": rows}


def _row(figure: str, goal: float, measured: float) -> dict[str, Any]:
    return {"figure": figure, "goal": f"< {goal:g}", "measured": measured, "met": measured < goal}


def _thousand_points() -> Curve:
    basis, recipe, rng = default_basis(), Recipe(points=1000), np.random.default_rng(1)
    at_points = basis.at(recipe.q)
    sample = draw_sample(("type 3", "type 4"), recipe, basis, at_points, rng)
    return measure(sample, recipe, basis, at_points, rng)[0]


def window_stages(path: Path) -> dict[str, float]:
    """Return the seconds after which each stage of the window was there."""
    environment = {**os.environ, "LNPSCOPE_TIMES": "quit"}
    if not environment.get("DISPLAY") and sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(path)], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return {name: float(seconds) for name, seconds, _ in STAGE.findall(done.stdout + done.stderr)}


def _seconds(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, capture_output=True, check=True, timeout=120)
    return time.perf_counter() - began


def _verdict(path: Path) -> float:
    began = time.perf_counter()
    analyse(read(path)[0].curve)
    return time.perf_counter() - began


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
