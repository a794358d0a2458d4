"""Trials on curves of known truth: reproducible, and scored by the book."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from engine.datasets.synthesis import Recipe
from engine.inference.analysis import Interval, Status
from engine.inference.trials import Trial, coverage, error, least_error, run_trials

RECIPE = Recipe(points=150, means=(35.0, 80.0))


def a_trial(truth, value, bound):
    return Trial(
        sample=None, status=Status.IN_FAMILY, hypothesis="type 4", probability=1.0, fractions=((truth, Interval(value, 0.0, 1.0)),),
        means=(), sds=(), fraction_bound=bound, seconds=0.1, effective=500.0,
    )  # fmt: skip


def test_that_coverage_is_the_share_of_truths_inside():
    pairs = [(1.0, Interval(1, 0.5, 1.5)), (2.0, Interval(1, 0.5, 1.5)), (1.5, Interval(1, 0.5, 1.5)), (0.4, Interval(1, 0.5, 1.5))]
    assert coverage(pairs) == 0.5
    assert math.isnan(coverage([]))


def test_that_errors_and_bounds_are_root_mean_squares_over_the_same_curves():
    trials = [a_trial(0.5, 0.8, 0.1), a_trial(0.5, 0.1, 0.3), dataclasses.replace(a_trial(0.5, 0.5, 9.0), fractions=())]
    assert error(trials) == pytest.approx(np.sqrt((0.09 + 0.16) / 2))
    assert least_error(trials) == pytest.approx(np.sqrt((0.01 + 0.09) / 2))


def test_that_trials_are_reproducible_and_say_how_far_they_are():
    seen = []
    one = run_trials([("type 4",)], RECIPE, each=2, seed=1, report=seen.append)
    same = run_trials([("type 4",)], RECIPE, each=1, seed=1)
    assert len(one) == 2
    assert [(step.done, step.total, step.message) for step in seen] == [(0, 2, "type 4"), (1, 2, "type 4")]
    assert dataclasses.replace(one[0], seconds=0.0) == dataclasses.replace(same[0], seconds=0.0)
    assert one[0].sample != one[1].sample
    for trial in one:
        assert [name for name, _ in trial.ranks] == (["mean", "sd"] if trial.means else [])
        assert all(0 <= rank <= 1 for _, rank in trial.ranks)
        assert trial.named_right == (trial.hypothesis == "type 4")
        assert trial.fraction_bound == pytest.approx(0, abs=1e-9)
        assert trial.means[0][0] == trial.sample.means[0]
        assert trial.sds[0][0] == pytest.approx(trial.sample.means[0] * trial.sample.spreads[0])


def test_that_told_candidates_leave_no_other_type():
    trial = run_trials([("type 2", "type 4")], RECIPE, each=1, seed=2, known=True)[0]
    assert trial.hypothesis in ("type 2", "type 4", "type 2 + type 4")
    assert sum(truth for truth, _ in trial.fractions) == pytest.approx(1)
    assert trial.fraction_bound > 0


@pytest.mark.slow
def test_that_pure_types_are_named_and_covered_as_promised():
    # 8 curves of each type: one miss in twenty is the promise, four of 32 leave a chance of 2 % of a false alarm;
    # 64 intervals of 90 % cover 0.83 to 0.97 within two deviations
    trials = run_trials([(kind,) for kind in ("type 1", "type 2", "type 3", "type 4")], Recipe(), each=8, seed=2024)
    assert sum(not trial.named_right for trial in trials) <= 4
    assert 0.78 <= coverage([pair for trial in trials for pair in (*trial.means, *trial.sds)]) <= 1


@pytest.mark.slow
def test_that_mixtures_of_known_types_come_near_the_bound():
    trials = run_trials([("type 1", "type 4"), ("type 2", "type 4")], Recipe(), each=12, seed=2025, known=True)
    assert error(trials) < 2 * least_error(trials)
    assert coverage([pair for trial in trials for pair in trial.fractions]) > 0.7
