"""One q axis for all curves: spline inside, Guinier below, nothing above."""

from __future__ import annotations

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from engine.curve import Curve
from engine.errors import ParameterError
from engine.scattering.resampling import guinier, resample

RADIUS = 20.0


def sphere(q: np.ndarray) -> np.ndarray:
    return references.concentric_spheres(q, 1.0, RADIUS, 9.0, 9.0)


def curve(first: float, last: float = 3.0, points: int = 600) -> Curve:
    q = np.linspace(first, last, points)
    return Curve(q, sphere(q))


def test_that_a_curve_keeps_its_own_points():
    given_curve = curve(0.02)
    np.testing.assert_allclose(resample(given_curve, given_curve.q), given_curve.intensity, rtol=1e-12)


def test_that_between_its_points_a_smooth_curve_is_met_closely():
    q = np.linspace(0.02, 3, 1234)
    envelope = sphere(np.array([0.0])) / (1 + (q * RADIUS) ** 4)
    assert (np.abs(resample(curve(0.02), q) - sphere(q)) / envelope).max() < 1e-3


def test_that_the_spline_reaches_down_to_the_first_point():
    coarse = curve(0.02, 0.2, 8)
    between = np.linspace(coarse.q[0], coarse.q[1], 9)
    np.testing.assert_allclose(resample(coarse, between), CubicSpline(coarse.q, coarse.intensity)(between), rtol=1e-12)


def test_that_any_order_of_q_is_taken():
    q = np.array([2.0, 0.0, 0.5, 0.01, 3.0])
    np.testing.assert_array_equal(resample(curve(0.02), q), resample(curve(0.02), np.sort(q))[np.argsort(np.argsort(q))])


@given(st.floats(0.2, 1.0))
def test_that_below_the_first_point_guinier_gives_the_forward_scattering(first):
    start = first / (np.sqrt(0.6) * RADIUS)  # q Rg = first
    zero = resample(curve(start, 3.0, 3000), np.array([0.0]))[0]
    assert zero == pytest.approx(sphere(np.array([0.0]))[0], rel=0.06)


def test_that_the_law_of_guinier_itself_is_continued_exactly():
    q = np.linspace(0.01, 0.2, 100)
    law = Curve(q, 7.0 * np.exp(-((12.0 * q) ** 2) / 3))
    below = np.array([0.0, 0.003, 0.009])
    np.testing.assert_allclose(guinier(law, below), 7.0 * np.exp(-((12.0 * below) ** 2) / 3), rtol=1e-12)


def test_that_the_curve_is_continuous_where_guinier_takes_over():
    bent = curve(0.05, 3.0, 60)
    np.testing.assert_allclose(resample(bent, np.array([0.05 - 1e-12])), bent.intensity[:1], rtol=1e-9)


def test_that_a_curve_that_rises_from_low_q_is_continued_downwards_not_upwards():
    q = np.linspace(0.05, 1, 50)
    below = resample(Curve(q, 1 + q**2), np.array([0.0]))[0]
    assert 0.99 < below < 1.0025


@pytest.mark.parametrize("empty", [-1e-6, 0.0])
def test_that_noise_below_zero_and_empty_points_far_out_do_not_disturb_guinier(empty):
    q = np.linspace(0.01, 1, 100)
    values = np.exp(-((12.0 * q) ** 2) / 3)
    values[40:] = empty
    assert resample(Curve(q, values), np.array([0.0]))[0] == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("given_curve", "q", "words"),
    [
        (curve(0.02), [3.1], "ends at 3 1/nm"),
        (curve(0.02), [-0.1], "q must"),
        (curve(0.02), [np.nan], "q must"),
        (Curve(np.array([0.1, 0.2, 0.3]), np.ones(3)), [0.1], "3 points"),
        (Curve(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 1.0, 1.0])), [0.05], "positive"),
    ],
)
def test_that_what_can_not_be_continued_is_refused(given_curve, q, words):
    with pytest.raises(ParameterError, match=words):
        resample(given_curve, np.array(q))


def test_that_rounding_at_the_last_point_is_forgiven():
    assert resample(curve(0.02), np.array([3.0 * (1 + 1e-15)]))[0] == pytest.approx(sphere(np.array([3.0]))[0], rel=1e-9)
