"""The analyst on curves of known truth and of foreign samples, as tables of figures reached and missed.

Each curve is a task of its own for the worker processes, and its seed follows from its table, so that runs of any length agree on the
curves they share. No threshold was set on these curves; see ``engine.datasets.outsiders``.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.commands.benchmark_known import known_rows
from engine.commands.benchmark_limits import print_table as print_limits
from engine.commands.benchmark_shells import shell_rows
from engine.commands.terminal import ProgressLine
from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.outsiders import OUTSIDERS, SIMILAR_RIVALS, outsider
from engine.datasets.synthesis import Recipe, all_type_sets, draw_sample, measure
from engine.errors import EngineError
from engine.inference.analyse import analyse, analyse_many
from engine.inference.analysis import Analysis, Status
from engine.inference.detection import shipped_limits
from engine.inference.trials import Trial, calibration_error, central_coverage, coverage, error, least_error, pure_accuracy, run_trials
from engine.parallel import in_order, worker_count
from engine.progress import Step

SEED = 20260101
"""Of the curves that are judged; nothing was tuned on them."""

LEVELS = (0.5, 0.8, 0.9, 0.95)
CELLS = {
    "q 0.05 to 3": (0.05, 3.0),
    "q 0.1 to 1.5": (0.1, 1.5),
    "q 0.03 to 0.8": (0.03, 0.8),
}
FOREIGN_NOISE = (0.005, 0.02)
VARIANTS = ("as measured", "scale 1e-6", "scale 1e6", "in 1/Å", "60 points", "2000 points")
BATCH = 100
"""Curves in the batch that is timed."""

EACH = {"fractions": 6, "pure": 6, "cells": 2, "foreign": 1}
"""Curves of each kind of sample in a table, in units of ``--curves``: more where a figure is wanted to a few per cent."""

EACH_PAIR = 8
"""Curves of a pair and noise below which its own fraction error says nothing."""


@dataclass(frozen=True, slots=True)
class Task:
    """One curve: of *types* (known to the analyst or not), or of a foreign *family*; *number* gives its seed."""

    table: str
    types: tuple[str, ...]
    recipe: Recipe
    number: int
    family: str = ""


def judge_one(task: Task) -> Trial | str:
    """Return the trial of a curve of known types, or the status of a foreign one."""
    if task.family:
        rng = np.random.default_rng([SEED, 4, task.number, list(OUTSIDERS).index(task.family)])
        try:
            return analyse(outsider(task.family, task.recipe, rng)).status.value
        except EngineError:
            return "refused"
    place = (*all_type_sets(1), *all_type_sets(2)).index(task.types)
    seed = SEED + 100_000 * task.number + 1000 * place + round(1000 * task.recipe.noise) + round(10 * task.recipe.q_max)
    return run_trials([task.types], task.recipe, each=1, seed=seed, known=task.table == "fractions")[0]


def tasks(curves: int) -> list[Task]:
    """Return all tasks, with *curves* times ``EACH`` to each pair, pure type and family of a table."""
    pure, pairs = all_type_sets(1), all_type_sets(2)
    numbers = {name: range(factor * curves) for name, factor in EACH.items()}
    made = [Task("fractions", t, Recipe(noise=noise), number) for noise in (0.005, 0.02) for t in pairs for number in numbers["fractions"]]
    made += [Task("pure", types, Recipe(noise=n), number) for n in (0.005, 0.02, 0.05) for types in pure for number in numbers["pure"]]
    for noise in (0.005, 0.02):
        for q_min, q_max in CELLS.values():
            recipe = Recipe(noise=noise, q_min=q_min, q_max=q_max)
            made += [Task("cells", types, recipe, 1000 + number) for types in (*pairs, *pure) for number in numbers["cells"]]
    made += [
        Task("foreign", (), Recipe(noise=noise), number, family)
        for family in OUTSIDERS
        for noise in FOREIGN_NOISE
        for number in numbers["foreign"]
    ]
    return made


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the tables and return the figures."""
    curves = arguments.curves * (4 if arguments.full else 1)
    todo = tasks(curves)
    results: list[Trial | str] = []
    with ProgressLine("judging simulated curves") as report:
        answers = in_order(
            judge_one,
            todo,
            workers=worker_count(),
            still_wanted=lambda done: report(Step(done, len(todo), todo[min(done, len(todo) - 1)].table)),
        )
        results.extend(answers)
    found: dict[str, list[tuple[Task, Any]]] = defaultdict(list)
    for task, result in zip(todo, results, strict=True):
        found[task.table].append((task, result))
    rows = [
        *fraction_rows(found["fractions"]),
        *pure_rows(found["pure"]),
        *cell_rows(found["cells"]),
        *foreign_rows(found["foreign"], [trial for _, trial in found["pure"] + found["cells"]]),
        *alarm_rows(found["pure"] + found["cells"]),
        *shell_rows(3 if not arguments.full else 6),
        *invariance_rows(4 if not arguments.full else 8),
        *time_rows(),
        *known_rows(),
    ]
    print("Scale and background unknown, means 25 to 95 nm, sd 5 to 20 %, 500 points.\n")
    print_table(rows)
    print_limits(dict(shipped_limits()))
    figures = {"benchmark": "analysis", "curves": curves, "seed": SEED, "rows": rows}
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        figures["pictures"] = [
            str(path) for path in draw(arguments.out, [trial for _, trial in found["cells"]], [t for _, t in found["pure"]])
        ]
    return figures


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print figure, goal and what was measured."""
    print(f"{'figure':84s} {'goal':>14s} {'measured':>9s} {'curves':>6s}")
    for row in rows:
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(f"{row['figure']:84s} {row['goal']:>14s} {row['measured']:9.3f} {row['n']:6d}  {mark}")
    print()


def _row(figure: str, goal: str, measured: float, met: bool | None, n: int) -> dict[str, Any]:
    return {"figure": figure, "goal": goal, "measured": float(measured), "met": None if met is None else bool(met), "n": n}


def fraction_rows(found: Sequence[tuple[Task, Trial]]) -> list[dict[str, Any]]:
    """Fraction error over its bound, by noise and, from ``EACH_PAIR`` curves on, by pair; types known."""
    rows = []
    for noise, goal in ((0.005, 1.2), (0.02, 1.3)):
        by_pair: dict[tuple[str, ...], list[Trial]] = defaultdict(list)
        for task, trial in found:
            if task.recipe.noise == noise:
                by_pair[task.types].append(trial)
        for types, trials in by_pair.items():
            if len(trials) < EACH_PAIR:
                continue
            ratio = error(trials) / least_error(trials)
            rows.append(
                _row(f"fraction RMSE / bound, {' + '.join(types)}, noise {noise:.1%}", f"<= {goal}", ratio, ratio <= goal, len(trials))
            )
        everything = [trial for trials in by_pair.values() for trial in trials]
        if not everything:
            continue
        ratio = error(everything) / least_error(everything)
        rows.append(
            _row(f"fraction RMSE / bound, all pairs together, noise {noise:.1%}", f"<= {goal}", ratio, ratio <= goal, len(everything))
        )
    return rows


def pure_rows(found: Sequence[tuple[Task, Trial]]) -> list[dict[str, Any]]:
    """Pure types named right, beside what Bayes' rule allows."""
    rows = []
    for noise in (0.005, 0.02, 0.05):
        trials = [trial for task, trial in found if task.recipe.noise == noise]
        right, possible = pure_accuracy(trials)
        goal, met = (">= 0.99", right >= 0.99) if noise == 0.005 else (f">= {possible - 0.02:.3f}", right >= possible - 0.02)
        rows.append(
            _row(f"pure type right among the four, noise {noise:.1%} (Bayes accuracy {possible:.3f})", goal, right, met, len(trials))
        )
        named = float(np.mean([trial.named_right for trial in trials]))
        rows.append(_row(f"pure sample called exactly that, mixtures possible, noise {noise:.1%}", "", named, None, len(trials)))
    said = [max(trial.probabilities.values()) for _, trial in found if trial.probabilities]
    hits = [trial.named_right for _, trial in found if trial.probabilities]
    rows.append(_row("expected calibration error of the probabilities, pure samples", "", calibration_error(said, hits), None, len(said)))
    return rows


def cell_rows(found: Sequence[tuple[Task, Trial]]) -> list[dict[str, Any]]:
    """Coverage of intervals by noise and range of q."""
    rows = []
    for noise in (0.005, 0.02):
        for name, (_, q_max) in CELLS.items():
            trials = [t for task, t in found if task.recipe.noise == noise and task.recipe.q_max == q_max]
            pairs = [pair for t in trials for pair in (*t.fractions, *t.means, *t.sds)]
            covered = coverage(pairs)
            figure = f"90 % intervals of fractions, means and sds cover, {name} /nm, noise {noise:.1%} (± {_chance(trials, covered):.2f})"
            rows.append(_row(figure, "0.86 .. 0.94", covered, 0.86 <= covered <= 0.94, len(pairs)))
    for kind in ("fraction", "mean", "sd"):
        ranks = [rank for _, t in found for name, rank in t.ranks if name == kind]
        for level in LEVELS:
            rows.append(
                _row(
                    f"central {level:.0%} of the draws hold the true {kind}, all cells",
                    f"{level:.2f}",
                    central_coverage(ranks, level),
                    None,
                    len(ranks),
                )
            )
    said = [max(trial.probabilities.values()) for _, trial in found if trial.probabilities]
    hits = [trial.named_right for _, trial in found if trial.probabilities]
    rows.append(_row("expected calibration error of the probabilities, all cells", "", calibration_error(said, hits), None, len(said)))
    return rows


def _chance(trials: Sequence[Trial], covered: float) -> float:
    """Return two standard deviations of a coverage; the intervals of one curve are right or wrong together, so curves are counted."""
    hits = [[answer.low <= truth <= answer.high for truth, answer in (*t.fractions, *t.means, *t.sds)] for t in trials]
    excess = [sum(curve) - covered * len(curve) for curve in hits]
    return 2 * float(np.sqrt(np.sum(np.square(excess)))) / max(sum(len(curve) for curve in hits), 1)


def foreign_rows(found: Sequence[tuple[Task, str]], family: Sequence[Trial]) -> list[dict[str, Any]]:
    """Foreign samples that are not called in family, by kind, and the false alarms that costs."""
    alarms = float(np.mean([trial.status is not Status.IN_FAMILY for trial in family]))
    rows = [_row("known types not called in family (false alarm)", "<= 0.05", alarms, alarms <= 0.05, len(family))]
    thrown = float(np.mean([trial.status is Status.OUTSIDE for trial in family]))
    rows.append(_row("known types called outside", "", thrown, None, len(family)))
    shares: dict[str, float] = {}
    for name in OUTSIDERS:
        mine = [status for task, status in found if task.family == name]
        shares[name] = float(np.mean([status != Status.IN_FAMILY.value for status in mine]))
        outside = float(np.mean([status in (Status.OUTSIDE.value, "refused") for status in mine]))
        figure = f"{name}{' (like a rival)' if name in SIMILAR_RIVALS else ''}: not in family; outside {outside:.2f}"
        rows.append(_row(figure, ">= 0.80", shares[name], shares[name] >= 0.8, len(mine)))
    unlike = [share for name, share in shares.items() if name not in SIMILAR_RIVALS]
    mean = float(np.mean(unlike))
    rows.append(_row("families unlike any rival, not in family, mean", ">= 0.95", mean, mean >= 0.95, len(unlike)))
    worst = min(shares.values())
    rows.append(_row("all families, not in family, worst", ">= 0.80", worst, worst >= 0.8, len(shares)))
    return rows


def alarm_rows(found: Sequence[tuple[Task, Trial]]) -> list[dict[str, Any]]:
    """False alarms by noise and range of q: less light and a shorter range leave more room for other bodies, and so for doubts."""
    groups: dict[tuple[float, float, float], list[bool]] = defaultdict(list)
    for task, trial in found:
        groups[task.recipe.noise, task.recipe.q_min, task.recipe.q_max].append(trial.status is not Status.IN_FAMILY)
    return [
        _row(f"known types not called in family, q {low:g} to {high:g} /nm, noise {noise:.1%}", "", float(np.mean(said)), None, len(said))
        for (noise, low, high), said in sorted(groups.items())
    ]


def variant(name: str, number: int) -> Curve:
    """Return the same noisy curve in another unit, or the same sample at another number of points with the same information."""
    points = {"60 points": 60, "2000 points": 2000}.get(name, 500)
    recipe = Recipe(noise=0.005 * float(np.sqrt(points / 500)), points=points, q_max=1.5, means=(30.0, 60.0))
    basis = default_basis()
    at_points = basis.at(recipe.q)
    types = (*all_type_sets(1), *all_type_sets(2))[(3 * number) % 10]
    sample = draw_sample(types, Recipe(means=recipe.means), basis, basis.at(Recipe().q), np.random.default_rng([SEED, 5, number]))
    curve = measure(sample, recipe, basis, at_points, np.random.default_rng([SEED, 6, number]))[0]
    factor = {"scale 1e-6": 1e-6, "scale 1e6": 1e6}.get(name, 1.0)
    q = (curve.q / 10) * 10 if name == "in 1/Å" else curve.q
    return Curve(q, factor * curve.intensity, None if curve.sigma is None else factor * curve.sigma)


def invariance_rows(curves: int) -> list[dict[str, Any]]:
    """The same sample in other units and grids: the same type, and fractions that differ by little of their own deviation."""
    same: dict[str, list[bool]] = defaultdict(list)
    moved: dict[str, list[float]] = defaultdict(list)
    every = [(number, name) for number in range(curves) for name in VARIANTS]
    with ProgressLine("judging the same samples in other units and grids") as report:
        answers = list(
            in_order(_answer_variant, every, workers=worker_count(), still_wanted=lambda done: report(Step(done, len(every), "curves")))
        )
    for (number, name), answer in zip(every, answers, strict=True):
        reference = answers[every.index((number, VARIANTS[0]))]
        same[name].append(answer.nearest == reference.nearest)
        moved[name].append(_moved(answer, reference))
    rows = []
    for name in VARIANTS[1:]:
        goal = ">= 0.995" if "points" not in name else ""
        share, most = float(np.mean(same[name])), float(np.max(moved[name]))
        rows.append(_row(f"same type named, {name}", goal, share, share >= 0.995 if goal else None, curves))
        rows.append(
            _row(
                f"largest move of a fraction over its own sd, {name}", "<= 0.2" if goal else "", most, most <= 0.2 if goal else None, curves
            )
        )
    return rows


def _answer_variant(which: tuple[int, str]) -> Analysis:
    return analyse(variant(which[1], which[0]))


def _moved(answer: Analysis, reference: Analysis) -> float:
    if not answer.number_fractions or not reference.number_fractions:
        return 0.0 if answer.status is reference.status else float("inf")
    return max(
        abs(answer.number_fractions[kind].value - other.value) / max((other.high - other.low) / 3.29, 1e-3)
        for kind, other in reference.number_fractions.items()
    )


def time_rows() -> list[dict[str, Any]]:
    """Seconds for one curve, and for one of a *batch* on all processors."""
    curves = [variant("as measured", number) for number in range(10)]
    alone = []
    for curve in curves[:5]:
        began = time.perf_counter()
        analyse(curve)
        alone.append(time.perf_counter() - began)
    began = time.perf_counter()
    with ProgressLine("timing a batch") as report:
        done = sum(1 for _ in analyse_many(curves * (BATCH // 10), report=report))
    each = (time.perf_counter() - began) / done
    middle = float(np.median(alone))
    return [
        _row("seconds for one curve, median of 5, program up", "<= 1", middle, middle <= 1, 5),
        _row(f"seconds for each curve of a batch of {BATCH}, on {worker_count()} processors", "<= 0.4", each, each <= 0.4, done),
    ]


def draw(folder: Path, cells: Sequence[Trial], pure: Sequence[Trial]) -> list[Path]:
    """Draw ranks of the truth among the draws, and probability said against share right; nothing where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return []
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for kind in ("fraction", "mean", "sd"):
        ranks = [rank for trial in cells for name, rank in trial.ranks if name == kind]
        if ranks:
            left.plot(np.sort(ranks), np.linspace(0, 1, len(ranks)), drawstyle="steps-post", label=f"{kind} ({len(ranks)})")
    left.plot([0, 1], [0, 1], color="0.7")
    left.set(xlabel="rank of the truth among the draws", ylabel="share of curves below", title="Uniform where the intervals are true")
    left.legend()
    trials = [trial for trial in (*cells, *pure) if trial.probabilities]
    said = np.array([max(trial.probabilities.values()) for trial in trials])
    hit = np.array([trial.named_right for trial in trials], dtype=float)
    bins = np.minimum((said * 8).astype(int), 7)
    points = [(said[bins == b].mean(), hit[bins == b].mean(), (bins == b).sum()) for b in range(8) if (bins == b).any()]
    right.plot([0, 1], [0, 1], color="0.7")
    for x, y, count in points:
        right.errorbar(x, y, yerr=np.sqrt(max(y * (1 - y), 0.02) / count), fmt="o", color="C0")
    right.set(xlabel="probability said", ylabel="share right", title="Are the probabilities true?", xlim=(0, 1), ylim=(0, 1))
    path = folder / "calibration.png"
    figure.savefig(path, dpi=100)
    return [path]
