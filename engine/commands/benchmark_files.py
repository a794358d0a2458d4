"""How many files a minute are read on one core."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.curve import Curve
from engine.io.read import read
from engine.io.write import NAMES, write

GOAL = 1000
"""Files a minute."""

POINTS = 1000
FILES = 50


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the table and return the figures: processor time of this process, so that a busy machine changes little."""
    del arguments
    curve = _curve()
    rows = []
    print(f"Files of {POINTS} points, {FILES} of each kind, one core; load of the machine {_load()}.\n")
    print(f"{'figure':40s} {'goal':>8s} {'measured':>9s}")
    with tempfile.TemporaryDirectory() as folder:
        for ending, name in NAMES.items():
            paths = [Path(folder) / f"{i}{ending}" for i in range(FILES)]
            for path in paths:
                write(path, curve, title="benchmark")
            row = _row(f"{name}, read a minute", _per_minute(lambda path: read(path), paths))
            print(f"{row['figure']:40s} {row['goal']:>8s} {row['measured']:9.0f}  {'met' if row['met'] else 'MISSED'}")
            rows.append(row)
    return {"benchmark": "files", "rows": rows}


def _per_minute(action: Callable[[Path], Any], paths: list[Path]) -> float:
    action(paths[0])  # libraries load once
    began = time.process_time()
    for path in paths:
        action(path)
    return 60.0 * len(paths) / (time.process_time() - began)


def _row(figure: str, measured: float) -> dict[str, Any]:
    return {"figure": figure, "goal": f"> {GOAL}", "measured": measured, "met": measured > GOAL}


def _curve() -> Curve:
    q = np.geomspace(0.03, 5.0, POINTS)
    true = 1000 / (1 + (10 * q) ** 2) ** 2 + 1e-2
    sigma = 0.01 * np.sqrt(true * q)
    return Curve(q, np.random.default_rng(1).normal(true, sigma), sigma)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
