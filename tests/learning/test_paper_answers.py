"""Exact likelihood, bounds and answers on the paper's tasks, against closed forms and known truth."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest

from engine.learning.paper.answers import answer_classes, answer_numbers, draw_posterior, exchanged, fit
from engine.learning.paper.likelihood import Fit, Model, climb
from engine.learning.paper.limits import bound_of_numbers, expected_accuracy, least_variances
from engine.learning.paper.protocol import READINGS, TASKS, Measured, curves_of, measure

NARROW, WIDE = READINGS["0.1-0.4"], READINGS["1-4"]


def model_of(task, reading, *, scale=False):
    return Model(TASKS[task].types, reading, curves_of(reading), scale)


def some(task, reading, count, seed=12) -> Measured:
    rng = np.random.default_rng(seed)
    return measure(TASKS[task].draw(TASKS[task], count, reading, rng), curves_of(reading), rng)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(("task", "reading"), [("alpha", NARROW), ("weights", WIDE)])
def test_that_the_gradient_is_that_of_the_likelihood(task, reading, scale):
    model, measured, h = model_of(task, reading, scale=scale), some(task, reading, 4), 1e-6
    places = model.places(measured.samples)
    _, gradient, _ = model.derivatives(places, measured.log_intensity)
    for j in range(places.shape[1]):
        step = np.eye(places.shape[1])[j] * h
        up, down = (model.log_likelihood(places + sign * step, measured.log_intensity) for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, j], (up - down) / (2 * h), rtol=2e-3, atol=1e-2)


def test_that_the_information_is_the_covariance_of_the_gradient():
    model = model_of("alpha", WIDE)
    one = some("alpha", WIDE, 1).samples
    rng = np.random.default_rng(5)
    many = measure(one.take(np.zeros(4000, dtype=int)), curves_of(WIDE), rng)
    places = model.places(many.samples)
    _, gradient, information = model.derivatives(places, many.log_intensity)
    size = np.sqrt(np.diag(information[0]))
    np.testing.assert_allclose(np.cov(gradient.T) / np.outer(size, size), information[0] / np.outer(size, size), atol=0.08)


def test_that_the_noise_level_has_the_information_of_its_closed_form():
    model, measured = model_of("alpha", WIDE), some("alpha", WIDE, 1)
    places = model.places(measured.samples)
    ideal, level = measured.samples.ideal(curves_of(WIDE))[0], measured.samples.levels[0]
    share, variance = level / (ideal + level), np.log1p(level / ideal)
    expected = (share**2 / (4 * variance) + share**2 / (2 * variance**2)).sum() * model.width[5] ** 2
    assert model.derivatives(places)[2][0, 5, 5] == pytest.approx(expected, rel=1e-9)


class Linear:
    """Two numbers seen through a straight line with known noise: the bound has a closed form."""

    types = ("type 3", "type 4")
    width = np.ones(2)

    def __init__(self, information):
        self.information = information

    def derivatives(self, places):
        return np.zeros(len(places)), np.zeros_like(places), np.broadcast_to(self.information, (len(places), 2, 2))

    def numbers(self, places):
        return np.stack([places[:, 0], 1 - places[:, 0]], axis=1)


def test_that_the_bound_of_a_linear_problem_is_its_closed_form():
    a, b, c = 400.0, 90.0, 250.0
    got = least_variances(TASKS["alpha"], Linear(np.array([[a, b], [b, c]])), np.full((1, 2), 0.5))
    assert got[0, 0] == pytest.approx((c + 12) / ((a + 12) * (c + 12) - b * b))  # of the inverse, the prior's 12 added


def test_that_the_evidence_of_a_quadratic_likelihood_is_its_integral():
    p = 3
    model = Model(("type 4",), WIDE, curves_of(WIDE))
    information = np.diag([900.0, 2500.0, 1600.0])
    found = Fit(np.full((1, p), 0.5), np.array([2.0]), np.zeros((1, p)), information[None])
    places, weights, evidence = draw_posterior(model, found, draws=20_000)
    assert evidence[0] == pytest.approx(2.0 + 1.5 * np.log(2 * np.pi) - 0.5 * np.log(np.diag(information)).sum(), abs=0.03)
    np.testing.assert_allclose(np.einsum("d,dp->p", weights[0], places[0]), 0.5, atol=2e-3)


def test_that_the_accuracy_of_bayes_rule_is_right_where_it_is_known():
    # two Gaussians of sd 1 at -1 and 1: the rule is the sign, right with probability Phi(1)
    rng = np.random.default_rng(8)
    x = rng.choice([-1.0, 1.0], 200_000) + rng.standard_normal(200_000)
    second = 1 / (1 + np.exp(-2 * x))
    accuracy, error = expected_accuracy(np.stack([1 - second, second], axis=1))
    assert accuracy == pytest.approx((1 + erf(1 / sqrt(2))) / 2, abs=4 * error)
    assert 0 < error < 1e-3


def test_that_exchanged_types_swap_sizes_and_numbers():
    model, measured = model_of("weights", WIDE), some("weights", WIDE, 3)
    places = model.places(measured.samples)
    swapped = exchanged(model, places, 0, 2)
    np.testing.assert_allclose(model.numbers(swapped)[:, [2, 1, 0]], model.numbers(places))
    np.testing.assert_allclose(model.means(swapped)[:, [2, 1, 0]], model.means(places))
    np.testing.assert_allclose(exchanged(model, swapped, 0, 2), places)


@pytest.mark.parametrize("reading", READINGS.values(), ids=lambda reading: reading.key)
def test_that_the_search_finds_what_a_climb_from_the_truth_finds(reading):
    model, measured = model_of("alpha", reading), some("alpha", reading, 40)
    found = fit(model, measured.log_intensity)
    best = climb(model, model.places(measured.samples), measured.log_intensity)
    assert np.count_nonzero(found.likelihood < best.likelihood - 1) <= 1


@pytest.mark.parametrize("scale", [False, True])
def test_that_numbers_are_found_near_their_bound(scale):
    task, measured = TASKS["alpha"], some("alpha", NARROW, 60)
    if scale:
        measured = Measured(measured.samples, measured.log_intensity + np.linspace(-5, 5, 60)[:, None])
    answers = answer_numbers(task, NARROW, measured, scale=scale)
    errors = answers - task.target(measured.samples)
    bound = bound_of_numbers(task, NARROW, 400, scale=scale)[0]
    assert np.median(np.abs(errors)) < 0.003
    assert np.mean(np.clip(errors**2, 0, 100 * bound)) < 6 * bound


def test_that_classes_are_told_and_their_probabilities_sum_to_one():
    measured = some("classes", WIDE, 30)
    probabilities = answer_classes(TASKS["classes"], WIDE, measured)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert np.mean(probabilities.argmax(axis=1) == measured.samples.classes) >= 0.96
