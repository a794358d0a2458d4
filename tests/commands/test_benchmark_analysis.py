"""``benchmark analysis``: its rows are judged by their goals, and its parts count what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine.commands import benchmark_analysis
from engine.commands.benchmark_analysis import (
    Task,
    alarm_rows,
    cell_rows,
    foreign_rows,
    fraction_rows,
    judge_one,
    pure_rows,
    tasks,
    variant,
)
from engine.commands.benchmark_shells import SETS, THICKNESSES, ShellAnswer, ShellTask, answer, rows_of, shell_tasks
from engine.datasets.outsiders import OUTSIDERS
from engine.datasets.synthesis import Recipe, Sample
from engine.inference.analysis import Interval, Status
from engine.inference.trials import Trial, calibration_error, central_coverage, pure_accuracy

SAMPLE = Sample(types=("type 4",), number_fractions=(1.0,), means=(50.0,), spreads=(0.1,))
GOOD = Trial(
    sample=SAMPLE, status=Status.IN_FAMILY, hypothesis="type 4", probability=0.9, fractions=((1.0, Interval(0.99, 0.9, 1.0)),),
    means=((50.0, Interval(50.0, 49.0, 51.0)),), sds=(), fraction_bound=0.02, seconds=0.5, effective=500.0,
    probabilities={"type 4": 0.9, "type 1": 0.1}, ranks=(("mean", 0.5),),
)  # fmt: skip


def test_that_tasks_cover_every_table_and_all_families():
    todo = tasks(2)
    assert {task.table for task in todo} == {"fractions", "pure", "cells", "foreign"}
    assert {task.family for task in todo if task.table == "foreign"} == set(OUTSIDERS)
    assert len({(t.table, t.types, t.recipe, t.number, t.family) for t in todo}) == len(todo)


def test_that_longer_runs_hold_the_curves_of_shorter_ones():
    assert set(tasks(2)) <= set(tasks(4))


def test_that_a_foreign_curve_has_a_status_and_a_known_one_a_trial():
    assert judge_one(Task("foreign", (), Recipe(points=150), 0, "coils")) in {"outside", "doubtful"}


def test_that_fractions_are_judged_by_their_bound():
    task = Task("fractions", ("type 1", "type 4"), Recipe(noise=0.005), 0)
    near, far = GOOD, dataclasses.replace(GOOD, fractions=((1.0, Interval(0.9, 0.8, 1.0)),))
    assert fraction_rows([(task, near)])[0]["met"] is True
    row = fraction_rows([(task, far)])[0]
    assert row["met"] is False
    assert row["measured"] == pytest.approx(5.0)


def test_that_pure_types_are_judged_by_what_is_possible():
    task = Task("pure", ("type 4",), Recipe(noise=0.02), 0)
    wrong = dataclasses.replace(GOOD, probabilities={"type 4": 0.1, "type 1": 0.9})
    assert pure_accuracy([GOOD, wrong]) == (0.5, pytest.approx(0.9))
    noises = [(dataclasses.replace(task, recipe=Recipe(noise=n)), trial) for n in (0.005, 0.02, 0.05) for trial in (GOOD, GOOD)]
    assert all(row["met"] for row in pure_rows(noises) if row["met"] is not None)
    assert pure_accuracy([dataclasses.replace(GOOD, probabilities={})])[0] == 0


def test_that_foreign_rows_count_what_is_not_in_family():
    found = [
        (Task("foreign", (), Recipe(), i, name), "in family" if name == "discs" else "outside") for name in OUTSIDERS for i in range(2)
    ]
    rows = {row["figure"]: row for row in foreign_rows(found, [GOOD, dataclasses.replace(GOOD, status=Status.DOUBTFUL)])}
    assert rows["known types not called in family (false alarm)"]["measured"] == 0.5
    assert rows["all families, not in family, worst"]["measured"] == 0
    assert next(row for name, row in rows.items() if name.startswith("vesicles"))["measured"] == 1


def test_that_false_alarms_are_counted_by_noise_and_range():
    doubtful = dataclasses.replace(GOOD, status=Status.DOUBTFUL)
    short, usual = Recipe(noise=0.02, q_max=0.8), Recipe(noise=0.005)
    found = [(Task("pure", ("type 4",), recipe, 0), trial) for recipe, trial in ((short, doubtful), (short, GOOD), (usual, GOOD))]
    assert [(row["measured"], row["n"]) for row in alarm_rows(found)] == [(0.0, 1), (0.5, 2)]


def test_that_a_pair_has_a_row_of_its_own_only_with_enough_curves():
    task = Task("fractions", ("type 1", "type 4"), Recipe(noise=0.005), 0)
    few, enough = fraction_rows([(task, GOOD)]), fraction_rows([(task, GOOD)] * benchmark_analysis.EACH_PAIR)
    assert ["all pairs together" in row["figure"] for row in few] == [True]
    assert ["all pairs together" in row["figure"] for row in enough] == [False, True]


def test_that_coverage_is_counted_in_each_cell():
    found = [
        (Task("cells", ("type 4",), Recipe(noise=noise, q_min=low, q_max=high), 0), GOOD)
        for noise in (0.005, 0.02)
        for low, high in benchmark_analysis.CELLS.values()
    ]
    covered = [row for row in cell_rows(found) if row["figure"].startswith("90 % intervals")]
    assert len(covered) == 6
    assert all(row["measured"] == 1 and row["n"] == 2 for row in covered)


def test_that_ranks_and_probabilities_are_scored_by_the_book():
    uniform = (np.arange(1000) + 0.5) / 1000
    assert central_coverage(list(uniform), 0.9) == pytest.approx(0.9, abs=0.002)
    assert central_coverage([0.0, 1.0, 0.5], 0.9) == pytest.approx(1 / 3)
    assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert calibration_error([0.95] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.45)


def test_that_variants_are_the_same_curve_in_other_units():
    one, other = variant("as measured", 0), variant("scale 1e6", 0)
    np.testing.assert_allclose(other.intensity, 1e6 * one.intensity)
    assert variant("60 points", 0).q.size == 60


def test_that_only_a_sure_wrong_answer_in_family_counts_as_misled():
    wrong = ShellAnswer(is_right=False, is_in_family=True, probability=0.95)
    harmless = [
        dataclasses.replace(wrong, is_right=True),
        dataclasses.replace(wrong, is_in_family=False),
        dataclasses.replace(wrong, probability=0.6),
    ]
    found = [(ShellTask(t, ("type 1",), i), told) for t in (3.0, 4.0) for i, told in enumerate([wrong, *harmless])]
    rows = {row["figure"]: row for row in rows_of(found)}
    assert rows["shell of 3 nm, not stated: wrong, in family and surer than 90 %"]["measured"] == 0.25
    assert rows["all shells but 4 nm, not stated: wrong, in family and surer than 90 %"]["n"] == 4
    assert rows["shell of 4 nm: not called in family"]["measured"] == 0.25


def test_that_every_shell_and_set_of_types_is_tried_and_a_curve_is_answered():
    todo = shell_tasks(2)
    assert len(set(todo)) == 2 * len(SETS) * len(THICKNESSES)
    assert set(shell_tasks(1)) <= set(todo)
    told = answer(ShellTask(4.5, ("type 3",), 2))
    assert 0 <= told.probability <= 1
