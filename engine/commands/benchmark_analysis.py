"""The analyst on simulated curves of known truth, as a table of figures reached and missed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from engine.commands.terminal import ProgressLine
from engine.datasets.synthesis import Recipe, all_type_sets
from engine.inference.trials import Trial, coverage, error, least_error, run_trials
from engine.parallel import worker_count
from engine.progress import Step

NOISE = 0.005
"""sigma/I at q = 0.1/nm of the main table."""

SEED = 20260101
"""Of the curves that are judged; nothing was tuned on them."""


def _job(types: tuple[str, ...], noise: float, curves: int, known: bool) -> list[Trial]:
    return run_trials([types], Recipe(noise=noise), each=curves, seed=SEED, known=known)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the tables and return the figures."""
    pure, pairs = all_type_sets(1), all_type_sets(2)
    jobs = [(types, NOISE, arguments.curves, False) for types in (*pure, *pairs)]
    jobs += [(types, noise, arguments.curves, True) for noise in (NOISE, 0.02) for types in pairs]
    with (
        ProgressLine("analysing simulated curves") as report,
        ProcessPoolExecutor(worker_count(), mp_context=get_context("spawn")) as workers,
    ):
        results = []
        for i, trials in enumerate(workers.map(_job, *zip(*jobs, strict=True))):
            report(Step(i + 1, len(jobs), " + ".join(jobs[i][0])))
            results.append(trials)
    single = [trial for trials in results[: len(pure)] for trial in trials]
    mixed = [trial for trials in results[len(pure) : len(jobs) - 2 * len(pairs)] for trial in trials]
    told = dict(zip(jobs[-2 * len(pairs) :], results[-2 * len(pairs) :], strict=True))
    rows = _verdicts(single, mixed) + _fractions(told)
    print(f"{arguments.curves} curves for each set of types, sigma/I = {NOISE:.1%} at q = 0.1/nm, scale and background unknown,")
    print("means 25 to 95 nm, sd 5 to 20 %, 500 points from 0.05 to 3 /nm.\n")
    print(f"{'figure':66s} {'goal':>12s} {'measured':>9s}")
    for row in rows:
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(f"{row['figure']:66s} {row['goal']:>12s} {row['measured']:9.3f}  {mark}")
    return {"benchmark": "analysis", "curves": arguments.curves, "seed": SEED, "rows": rows}


def _row(figure: str, goal: str, measured: float, met: bool | None) -> dict[str, Any]:
    return {"figure": figure, "goal": goal, "measured": measured, "met": met}


def _share(trials: Sequence[Trial], wanted: str) -> float:
    return float(np.mean([trial.status.value == wanted for trial in trials]))


def _verdicts(single: Sequence[Trial], mixed: Sequence[Trial]) -> list[dict[str, Any]]:
    everything = [*single, *mixed]
    right = float(np.mean([trial.named_right for trial in single]))
    rows = [_row("pure type named right", ">= 0.95", right, right >= 0.95)]
    for name, pairs in (
        ("90 % intervals of number fractions, all curves, cover", [pair for t in everything for pair in t.fractions]),
        ("90 % intervals of mean sizes cover", [pair for t in everything for pair in t.means]),
        ("90 % intervals of standard deviations cover", [pair for t in everything for pair in t.sds]),
    ):
        covered = coverage(pairs)
        rows.append(_row(name, "0.85 .. 0.95", covered, 0.85 <= covered <= 0.95))
    rows.append(
        _row("90 % intervals of number fractions, mixtures only, cover", "", coverage([p for t in mixed for p in t.fractions]), None)
    )
    rows.append(_row("mixture of two named exactly right", "", float(np.mean([trial.named_right for trial in mixed])), None))
    rows.append(_row("called in family", "", _share(everything, "in family"), None))
    rows.append(_row("called outside", "", _share(everything, "outside"), None))
    rows.append(_row("median seconds a curve, one process of two", "< 2", float(np.median([t.seconds for t in everything])), None))
    rows.append(_row("median effective posterior draws", "", float(np.median([t.effective for t in everything])), None))
    return rows


def _fractions(told: dict[tuple[tuple[str, ...], float, int, bool], list[Trial]]) -> list[dict[str, Any]]:
    rows = []
    for (types, noise, _, _), trials in told.items():
        ratio = error(trials) / least_error(trials)
        name = f"fraction RMSE / bound, {' + '.join(types)}, noise {noise:.1%}"
        rows.append(_row(name, "<= 1.3", ratio, ratio <= 1.3))
    return rows
