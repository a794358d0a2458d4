"""How often particles of another shell than the one taken for granted are read wrongly and yet surely, on seeds nothing was set on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.commands.terminal import ProgressLine
from engine.curve import Array
from engine.datasets.synthesis import Recipe, all_type_sets, draw_sample, measure
from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.inference.hypotheses import Hypothesis
from engine.inference.judgement import SURE
from engine.inference.other_shells import USUAL, shell_basis
from engine.models.registry import LNP_TYPES
from engine.parallel import in_order, worker_count
from engine.progress import Step

SEED = 20260303
THICKNESSES = (3.0, 3.5, 4.0, 4.5, 5.0)
RANGES = ((0.05, 3.0), (0.1, 1.5), (0.03, 0.8))
SETS = tuple(types for types in (*all_type_sets(1), *all_type_sets(2)) if types != ("type 4",))
"""Every type with a shell, and every pair."""


@dataclass(frozen=True, slots=True)
class ShellTask:
    """One curve; *number* gives its seed and its range of q."""

    thickness: float
    types: tuple[str, ...]
    number: int

    @property
    def recipe(self) -> Recipe:
        """The measurement, 0.5 % noise at 0.1/nm."""
        low, high = RANGES[self.number % len(RANGES)]
        return Recipe(means=(25.0, 80.0), spreads=(0.05, 0.15), q_min=low, q_max=high)


@dataclass(frozen=True, slots=True)
class ShellAnswer:
    """What was said of one curve."""

    is_right: bool
    is_in_family: bool
    probability: float


def answer(task: ShellTask) -> ShellAnswer:
    """Return what the analysis says by default."""
    recipe, basis = task.recipe, shell_basis(task.thickness)
    rng = np.random.default_rng([SEED, task.number, round(100 * task.thickness), *(LNP_TYPES.index(kind) for kind in task.types)])
    at_points = _at_points(task.thickness, recipe)
    curve, _, _ = measure(draw_sample(task.types, recipe, basis, at_points, rng), recipe, basis, at_points, rng)
    found = analyse(curve)
    name = max(found.hypotheses, key=lambda key: found.hypotheses[key], default="")
    return ShellAnswer(name == Hypothesis(task.types).name, found.status is Status.IN_FAMILY, found.hypotheses.get(name, 0.0))


@lru_cache(maxsize=2)
def _at_points(thickness: float, recipe: Recipe) -> dict[str, Array]:
    return shell_basis(thickness).at(recipe.q)


def shell_tasks(curves: int) -> list[ShellTask]:
    """Return all tasks, with *curves* to each set of types and shell."""
    return [ShellTask(thickness, types, number) for thickness in THICKNESSES for number in range(curves) for types in SETS]


def shell_rows(curves: int) -> list[dict[str, Any]]:
    """Return the shares of curves read wrongly, in family and with a probability above 90 %, by shell, and of doubts at the usual one."""
    todo = shell_tasks(curves)
    with ProgressLine("judging particles of other shells") as report:
        told = in_order(answer, todo, workers=worker_count(), still_wanted=lambda done: report(Step(done, len(todo), "curves")))
        return rows_of(list(zip(todo, told, strict=True)))


def rows_of(found: list[tuple[ShellTask, ShellAnswer]]) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    groups: dict[float, list[ShellAnswer]] = defaultdict(list)
    for task, told in found:
        groups[task.thickness].append(told)
    rows = [_row(f"shell of {t:g} nm, not stated: wrong, in family and surer than 90 %", map(_is_misled, g)) for t, g in groups.items()]
    others = [_is_misled(told) for t, group in groups.items() if t != USUAL for told in group]
    doubted = [not told.is_in_family for told in groups[USUAL]]
    return [
        *rows,
        _row("all shells but 4 nm, not stated: wrong, in family and surer than 90 %", others),
        _row("shell of 4 nm: not called in family", doubted),
    ]


def _is_misled(told: ShellAnswer) -> bool:
    return told.is_in_family and not told.is_right and told.probability > SURE


def _row(figure: str, said: Any) -> dict[str, Any]:
    values = list(said)
    return {"figure": figure, "goal": "", "measured": float(np.mean(values)), "met": None, "n": len(values)}
