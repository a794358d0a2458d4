"""The paper's networks and tasks on its own protocol: published / its network trained again / ours / the best possible."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import numpy as np

from engine.commands.terminal import ProgressLine
from engine.curve import Array
from engine.errors import ParameterError
from engine.learning.paper.answers import answer_classes, answer_numbers
from engine.learning.paper.limits import bayes_accuracy, bound_of_numbers
from engine.learning.paper.networks import NETWORKS
from engine.learning.paper.protocol import CURVES, READINGS, TASKS, Task, simulate
from engine.learning.paper.training import Schedule, train
from engine.parallel import worker_count
from engine.progress import Step

SEEDS = (0, 1, 2)
"""Of curves, splits and first weights; nothing of ours was chosen by looking at them."""

PUBLISHED = {("classes", "0.1-0.4", "accuracy"): 0.96, ("alpha", "0.1-0.4", "MSE"): 0.003019, ("alpha", "0.1-0.4", "R²"): 0.9636}
"""The paper's own figures."""

OWN = {"classes": "two-block", "purity": "two-block", "alpha": "three-block", "mu": "three-block", "weights": "three-weight"}
"""The network the paper uses for each task."""

QUICK_TO_TRAIN = {**OWN, "alpha": "simple", "mu": "simple"}
"""The paper's networks that the default run trains: SimpleCNN stands for the three-block CNN, which takes nine times as long."""

_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is done.

    Parameters
    ----------
    curves : int
        Curves of a task, test and validation among them.
    seeds : tuple of int
        Repetitions of the tasks with published figures; the others are done with the first alone, unless *everything*.
    schedule : Schedule
        Training of the networks.
    bound, judged : int
        Samples over which the bound of numbers and Bayes' accuracy are averaged.
    test : int
        Most test curves that ours answers.
    of_four : int
        The same, also for Bayes' accuracy, where mixtures of four types have to be fitted, which takes ten times as long.
    everything : bool
        Every network on every task it fits, with every seed.
    workers : int
        Processes; 0 for one a core, 1 for none beside this one.
    """

    curves: int = CURVES
    seeds: tuple[int, ...] = SEEDS
    schedule: Schedule = field(default_factory=lambda: Schedule(epochs=10, patience=4))
    bound: int = 2000
    judged: int = 600
    test: int = CURVES
    of_four: int = 240
    everything: bool = False
    workers: int = 0

    def seeds_of(self, task: str) -> tuple[int, ...]:
        """Return the seeds a task is done with."""
        return self.seeds if self.everything or task in ("classes", "alpha") else self.seeds[:1]

    def networks_of(self, task: str) -> tuple[str, ...]:
        """Return the networks trained for a task, the paper's own first."""
        if not self.everything:
            return (QUICK_TO_TRAIN[task],)
        return (OWN[task], *(name for name in NETWORKS if name != OWN[task] and name != "three-weight"))


FULL = Scope(schedule=Schedule(), everything=True, judged=2000, of_four=CURVES)
QUICK = Scope(curves=60, seeds=(0,), schedule=Schedule(epochs=1, batch=32), bound=10, judged=3, test=3, of_four=2, workers=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work: a network (by name), ours, or the bound; of one task, reading and seed."""

    kind: str
    task: str
    reading: str
    seed: int
    scale: bool = False


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the table, draw the pictures, and return the figures."""
    if arguments.full and arguments.quick:
        raise ParameterError("--full and --quick exclude each other; name one.", "quick")
    if arguments.out is not None:
        from engine.commands.benchmark_pictures import check_folder

        check_folder(arguments.out)
    scope = FULL if arguments.full else QUICK if arguments.quick else Scope()
    began = perf_counter()
    jobs = list_jobs(scope)
    results: dict[Job, dict[str, Any]] = {}
    with ProgressLine("the paper's tasks") as report:
        for job, result in work(scope, jobs):
            results[job] = result
            report(Step(len(results), len(jobs), f"{job.kind}, {job.task}, sd {job.reading} nm"))
    rows = [row for task in TASKS.values() for reading in READINGS for row in _rows(scope, task, reading, results)]
    if arguments.quick:
        rows = [row | {"met": None} for row in rows]
    _print(scope, rows, results, perf_counter() - began)
    pictures: list[str] = []
    if arguments.out is not None:
        from engine.commands.benchmark_paper_pictures import draw

        pictures = [
            str(path) for path in draw(arguments.out, {job: result for job, result in results.items() if job.seed == scope.seeds[0]})
        ]
        print("\n" + "\n".join(pictures))
    plain = [
        {"kind": j.kind, "task": j.task, "reading": j.reading, "seed": j.seed, "scale unknown": j.scale, **_without_arrays(r)}
        for j, r in results.items()
    ]
    return {"benchmark": "paper", "curves": scope.curves, "seeds": list(scope.seeds), "rows": rows, "results": plain, "pictures": pictures}


def list_jobs(scope: Scope) -> list[Job]:
    """Return all work, the longest first."""
    jobs = []
    for task in TASKS:
        for reading in READINGS:
            for seed in scope.seeds_of(task):
                jobs += [Job(kind=name, task=task, reading=reading, seed=seed) for name in scope.networks_of(task)]
                jobs.append(Job(kind="ours", task=task, reading=reading, seed=seed))
                if task == "alpha":
                    jobs.append(Job(kind="ours", task=task, reading=reading, seed=seed, scale=True))
            jobs.append(Job(kind="bound", task=task, reading=reading, seed=0))
            if task == "alpha":
                jobs.append(Job(kind="bound", task=task, reading=reading, seed=0, scale=True))
    order = ["three-block", "resnet", "two-block", "three-weight", "simple", "ours", "bound"]
    return sorted(jobs, key=lambda job: order.index(job.kind))


def work(scope: Scope, jobs: Sequence[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Give each job and its result as it is done, in as many processes as there are cores; leaving early ends them."""
    workers = scope.workers or worker_count()
    if workers == 1:
        yield from ((job, _do(job, scope)) for job in jobs)
        return
    os.environ.update({name: os.environ.get(name, value) for name, value in _THREADS.items()})  # the processes inherit it
    with get_context("spawn").Pool(workers, initializer=_leave_interrupts_to_the_owner) as pool:
        yield from pool.imap_unordered(_do_one, [(job, scope) for job in jobs])


def _leave_interrupts_to_the_owner() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do_one(pair: tuple[Job, Scope]) -> tuple[Job, dict[str, Any]]:
    return pair[0], _do(*pair)


def _do(job: Job, scope: Scope) -> dict[str, Any]:
    task, reading = TASKS[job.task], READINGS[job.reading]
    most = scope.of_four if len(task.types) > 3 else scope.test
    if job.kind == "bound":
        if task.classes:
            accuracy, error = bayes_accuracy(task, reading, min(scope.judged, most))
            return {"accuracy": accuracy, "Monte Carlo error": error}
        return {"MSE": float(bound_of_numbers(task, reading, scope.bound, scale=job.scale).mean())}
    split = simulate(task, reading, job.seed, scope.curves)
    test = split.test
    extra: dict[str, Any] = {"test set": test.digest}
    began = perf_counter()
    if job.kind == "ours":
        test = test.take(np.arange(min(most, len(test.samples))))
        predicted = answer_classes(task, reading, test) if task.classes else answer_numbers(task, reading, test, scale=job.scale)
    else:
        import torch

        torch.set_num_threads(1)
        trained = train(job.kind, task, split, job.seed, scope.schedule)
        predicted = trained.predict(test)
        extra |= {"epochs": len(trained.losses), "best epoch": trained.best}
    truth: Array = test.samples.classes.astype(np.float64) if task.classes else task.target(test.samples)
    return {**scores(task, predicted, truth), **extra, "seconds": perf_counter() - began, "predicted": predicted, "truth": truth}


def scores(task: Task, predicted: Array, truth: Array) -> dict[str, Any]:
    """Return accuracy and F1 of each class, or mean square error and R² over all numbers asked for."""
    if not task.classes:
        errors = ((predicted - truth) ** 2).mean(axis=0)
        return {"MSE": float(errors.mean()), "R²": float((1 - errors / truth.var(axis=0)).mean())}
    named = predicted.argmax(axis=1)
    right = [np.count_nonzero((named == c) & (truth == c)) for c in range(len(task.classes))]
    total = [np.count_nonzero(named == c) + np.count_nonzero(truth == c) for c in range(len(task.classes))]
    return {
        "accuracy": float((named == truth).mean()),
        "F1": [2 * r / t if t else 0.0 for r, t in zip(right, total, strict=True)],
    }


def _rows(scope: Scope, task: Task, reading: str, results: dict[Job, dict[str, Any]]) -> Iterator[Row]:
    def found(kind: str, measure: str, *, scale: bool) -> list[float]:
        return [r[measure] for j, r in results.items() if (j.kind, j.task, j.reading, j.scale) == (kind, task.key, reading, scale)]

    for scale in (False, True) if task.key == "alpha" else (False,):
        for measure in ("accuracy",) if task.classes else ("MSE", "R²"):
            ours = found("ours", measure, scale=scale)
            names = () if scale else scope.networks_of(task.key)
            bound = _bound(task, measure, found("bound", "accuracy" if task.classes else "MSE", scale=scale)[0])
            row: Row = {
                "task": task.key,
                "figure": task.title + (", scale unknown" if scale else ""),
                "reading": reading,
                "measure": measure,
                "paper": None if scale else PUBLISHED.get((task.key, reading, measure)),
                "networks": {NETWORKS[name].title: _mean_and_sd(found(name, measure, scale=False)) for name in names},
                "ours": _mean_and_sd(ours),
                "bound": bound,
            }
            yield row | _judged(row, ours, scale=scale)


def _bound(task: Task, measure: str, value: float) -> float:
    """Return the bound of a measure; that of R² follows from the variance of the prior."""
    if measure != "R²":
        return value
    variance = {"alpha": 1 / 12, "weights": 1 / 18}.get(task.key)
    if variance is None:  # of the mean of two sizes: E[a² + (1 - a)²] var(D)
        variance = 2 / 3 * (task.limits[1] - task.limits[0]) ** 2 / 12
    return 1 - value / variance


def _judged(row: Row, ours: Sequence[float], *, scale: bool) -> Row:
    """Return the goal of a row and whether ours meets it on average."""
    mean = float(np.mean(ours))
    match row["task"], row["measure"]:
        case "classes", _:
            return {"goal": ">= 0.985 or bound - 0.005", "met": mean >= min(0.985, row["bound"] - 0.005)}
        case "alpha", "MSE":
            limit = 5e-4 if scale else 1e-4
            return {"goal": f"<= {limit:.0e}", "met": mean <= limit}
        case "alpha", "R²" if not scale:
            return {"goal": ">= 0.998", "met": mean >= 0.998}
    return {"goal": "", "met": None}


def _mean_and_sd(values: Sequence[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, "seeds": float(len(values))}


def _print(scope: Scope, rows: Sequence[Row], results: dict[Job, dict[str, Any]], seconds: float) -> None:
    print(f"{scope.curves} curves a task, 500 q points up to pi, log-normal sizes and noise; seeds {', '.join(map(str, scope.seeds))}.")
    print("Mean and standard deviation over seeds; 'bound' is Cramér-Rao with the prior's information, or the accuracy of Bayes' rule.\n")
    print(f"{'figure':36s} {'sd [nm]':8s} {'':9s} {'paper':>9s}  {'its network, trained again':40s} {'ours':>21s} {'bound':>10s}")
    for row in rows:
        paper = "-" if row["paper"] is None else f"{row['paper']:.4g}"
        networks = [f"{name} {_spread(row, value)}" for name, value in row["networks"].items()] or ["-"]
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        first = f"{row['figure']:36s} {row['reading']:8s} {row['measure']:9s} {paper:>9s}"
        print(f"{first}  {networks[0]:40s} {_spread(row, row['ours']):>21s} {_value(row, row['bound']):>10s}  {mark}")
        for more in networks[1:]:
            print(f"{'':66s}{more}")
    print("\nF1 of type 3, type 4, mixture (paper: 0.97, 0.98, 0.93):")
    for job, result in results.items():
        if job.task == "classes" and job.kind != "bound" and job.seed == scope.seeds[0]:
            print(f"  {job.kind:12s} sd {job.reading:8s} " + ", ".join(f"{value:.3f}" for value in result["F1"]))
    print("\ntest sets (first 12 digits of SHA-256):")
    sets = {(j.task, j.reading, j.seed): r["test set"] for j, r in results.items() if "test set" in r}
    for (task, reading, seed), digest in sorted(sets.items()):
        print(f"  {task:8s} sd {reading:8s} seed {seed}  {digest}")
    print(f"\nat most {scope.schedule.epochs} epochs, patience {scope.schedule.patience}; {seconds / 60:.1f} minutes")
    if not scope.everything:
        print("--full trains every network (the three-block CNN and ResNet too) for up to 120 epochs on every task.")


def _spread(row: Row, value: dict[str, float]) -> str:
    text = _value(row, value["mean"])
    return text if value["seeds"] < 2 else f"{text} ± {_value(row, value['sd'], spread=True)}"


def _value(row: Row, value: float, *, spread: bool = False) -> str:
    if row["measure"] == "MSE":
        return f"{value:.1e}" if spread else f"{value:.3g}"
    return f"{value:.4f}"


def _without_arrays(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if not isinstance(value, np.ndarray)}
