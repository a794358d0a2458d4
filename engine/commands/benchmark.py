"""Measures the program against its figures and prints them: each subject of SUBJECTS is a module beside."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.errors import ParameterError

SUBJECTS = {
    "analysis": "pure types, intervals and fractions on simulated curves of known truth, against the Cramér-Rao bound",
    "paper": "the networks and tasks of Li (2025) by name: published, trained again, ours, and the best possible",
    "learning": "how fast training curves are simulated, and what the shipped network alone is worth",
    "limits": "the smallest minor component that a curve can show, by pair and noise",
    "start": "seconds until the window, the plots, the 3-D view and a verdict are there",
    "window": "how quick and calm the window is: start, verdict, hundreds of curves at once, memory, frames, closing during work",
    "files": "files of each format read in a minute on one core",
    "scattering": "accuracy and time of the solvers, against closed forms and sasmodels",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("subject", choices=list(SUBJECTS), help="; ".join(f"{name}: {phrase}" for name, phrase in SUBJECTS.items()))
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures here")
    parser.add_argument("--curves", type=int, default=4, metavar="N", help="analysis: simulated curves for each set of types (default 4)")
    parser.add_argument("--batch", type=int, default=100, metavar="N", help="window: curves in one drop (default 100; fully 500)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="window: files of yours that are dropped with them")
    parser.add_argument("--out", type=Path, metavar="DIR", help="scattering, analysis, paper: draw the comparisons into this folder")
    parser.add_argument(
        "--full",
        action="store_true",
        help="scattering: also make the whole basis and all 81 published sizes, which takes some minutes; "
        "analysis: four times the curves; limits: more samples, and write the table the verdicts quote; "
        "paper: every network on every task with every seed and the paper's 120 epochs, which takes hours",
    )
    parser.add_argument("--quick", action="store_true", help="paper: a few curves, to see that it runs; the figures mean nothing")


def subject(name: str) -> Any:
    """Return the module of a subject: ``run(arguments) -> dict`` prints its table and returns the figures."""
    if name == "analysis":
        from engine.commands import benchmark_analysis

        return benchmark_analysis
    if name == "paper":
        from engine.commands import benchmark_paper

        return benchmark_paper
    if name == "learning":
        from engine.commands import benchmark_learning

        return benchmark_learning
    if name == "limits":
        from engine.commands import benchmark_limits

        return benchmark_limits
    if name == "start":
        from engine.commands import benchmark_start

        return benchmark_start
    if name == "files":
        from engine.commands import benchmark_files

        return benchmark_files
    from engine.commands import benchmark_scattering

    return benchmark_scattering


def run(arguments: argparse.Namespace, screen: Any = None) -> int:
    """Run one benchmark, that of the window by *screen*; exit 0 when every figure is met, 1 when one is missed."""
    if arguments.subject == "window" and screen is None:
        raise ParameterError("The window can't be measured here; start the program by main.py.", "subject")
    figures = (screen or subject(arguments.subject)).run(arguments)
    if arguments.json:
        from engine.io.aside import written_aside

        with written_aside(arguments.json) as path:
            path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(row["met"] for row in figures["rows"] if row["met"] is not None) else 1
