from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curve import Curve
from engine.datasets.subtraction import find_scale, subtract
from engine.errors import ParameterError

Q = np.linspace(0.1, 2.0, 39)


def a_curve(q, level, sigma=None):
    return Curve(q, np.full(q.size, level), None if sigma is None else np.full(q.size, sigma))


@given(st.floats(0.01, 100), st.floats(-5, 5), st.floats(-3, 3))
def test_that_a_linear_buffer_is_taken_off_exactly_on_any_grid(scale, offset, slope):
    grid = np.array([0.05, 0.31, 0.9, 1.07, 2.2])
    sample = Curve(Q, 7.0 + scale * (offset + slope * Q))
    left = subtract(sample, Curve(grid, offset + slope * grid), scale)
    np.testing.assert_allclose(left.curve.intensity, 7.0, atol=1e-9 * scale)
    np.testing.assert_array_equal(left.curve.q, Q)
    assert left.notes == ()


def test_that_errors_add_in_squares_with_the_scale():
    left = subtract(a_curve(Q, 10.0, 3.0), a_curve(Q, 4.0, 2.0), 2.0)
    np.testing.assert_allclose(left.curve.intensity, 2.0)
    np.testing.assert_allclose(left.curve.sigma, 5.0)


def test_that_the_mean_of_two_buffer_points_is_surer_than_one():
    left = subtract(Curve(np.array([1.5]), np.array([1.0]), np.array([1e-9])), a_curve(np.array([1.0, 2.0]), 0.0, 1.0))
    np.testing.assert_allclose(left.curve.sigma, np.sqrt(0.5))


def test_that_the_errors_are_those_of_repeated_measurements():
    rng = np.random.default_rng(5)
    grid = np.linspace(0.0, 2.1, 17)
    sample, buffer = a_curve(Q, 3.0, 0.3), a_curve(grid, 1.0, 0.2)
    stated = subtract(sample, buffer, 1.7).curve.sigma
    repeats = [
        subtract(Curve(Q, rng.normal(3.0, 0.3, Q.size)), Curve(grid, rng.normal(1.0, 0.2, grid.size)), 1.7).curve.intensity
        for _ in range(4000)
    ]
    # a standard deviation from 4000 repeats is known to 1.1 %; four times that
    np.testing.assert_allclose(np.std(repeats, axis=0), stated, rtol=0.045)


def test_that_points_the_buffer_does_not_cover_are_left_out_and_counted():
    left = subtract(a_curve(Q, 1.0), a_curve(np.array([0.5, 1.0]), 0.5))
    assert left.curve.q[0] >= 0.5
    assert left.curve.q[-1] <= 1.0
    assert left.notes == (f"{Q.size - len(left.curve)} points of the sample lie outside the q range of the buffer and were left out.",)


def test_that_missing_errors_are_said():
    without_buffer_errors = subtract(a_curve(Q, 1.0, 0.1), a_curve(Q, 0.5))
    np.testing.assert_allclose(without_buffer_errors.curve.sigma, 0.1)
    assert without_buffer_errors.notes == ("The buffer has no errors; those of the sample alone are used and are too small.",)
    without_sample_errors = subtract(a_curve(Q, 1.0), a_curve(Q, 0.5, 0.1))
    assert without_sample_errors.curve.sigma is None
    assert without_sample_errors.notes == ("The sample has no errors, so those of the buffer are not used.",)


def test_that_a_buffer_of_one_point_covers_that_point():
    left = subtract(a_curve(np.array([0.9, 1.0, 1.1]), 3.0), a_curve(np.array([1.0]), 1.0))
    assert (left.curve.q.tolist(), left.curve.intensity.tolist()) == ([1.0], [2.0])


def test_that_no_overlap_is_refused_with_both_ranges():
    with pytest.raises(ParameterError, match=r"The buffer covers 3 to 4 1/nm, the sample 0\.1 to 2 1/nm: no point in common"):
        subtract(a_curve(Q, 1.0), a_curve(np.array([3.0, 4.0]), 1.0))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_that_a_scale_that_is_no_positive_number_is_refused(scale):
    with pytest.raises(ParameterError, match="must be a positive number"):
        subtract(a_curve(Q, 1.0), a_curve(Q, 1.0), scale)


def water(q):
    return 2.0 + 0.3 * q**2


def particles(q):
    return 100 / (1 + (6 * q) ** 2) ** 2


def noisy(q, true, rng, level=0.01):
    return Curve(q, rng.normal(true, level * true), level * true)


def test_that_the_scale_found_at_high_q_is_right_within_its_error():
    rng = np.random.default_rng(8)
    q, grid = np.linspace(0.05, 5.0, 400), np.linspace(0.02, 5.5, 300)
    found = [find_scale(noisy(q, particles(q) + 0.9 * water(q), rng), noisy(grid, water(grid), rng)) for _ in range(200)]
    values = np.array([scale.value for scale in found])
    assert values.mean() == pytest.approx(0.9, abs=2e-4)
    assert np.std(values) == pytest.approx(np.mean([scale.error for scale in found]), rel=0.3)  # interpolated points share noise
    assert "as if the particles scattered nothing there" in found[0].notes[0]
    assert len(found[0].notes) == 1


def test_that_the_error_of_the_scale_reaches_the_difference():
    left = subtract(a_curve(Q, 10.0, 3.0), a_curve(Q, 4.0, 2.0), 2.0, scale_error=3.0)
    np.testing.assert_allclose(left.curve.sigma, 13.0)
    without = subtract(a_curve(Q, 10.0, 5.0), a_curve(Q, 4.0), 2.0, scale_error=3.0)
    np.testing.assert_allclose(without.curve.sigma, 13.0)


def test_that_a_sample_of_another_shape_at_high_q_is_said():
    rng = np.random.default_rng(9)
    q = np.linspace(0.05, 5.0, 400)
    found = find_scale(noisy(q, water(q) * (1 + 0.5 * np.sin(20 * q)), rng), noisy(q, water(q), rng))
    assert "differ there by more than a factor" in found.notes[1]


def test_that_no_scale_is_invented():
    with pytest.raises(ParameterError, match=r"4 points in common beyond 1\.84 1/nm; 10 are needed"):
        find_scale(a_curve(Q, 1.0), a_curve(Q, 1.0), q_from=1.84)
    with pytest.raises(ParameterError, match="no positive multiple"):
        find_scale(a_curve(Q, 1.0), a_curve(Q, 0.0), q_from=1.0)
    with pytest.raises(ParameterError, match="no positive multiple"):
        find_scale(a_curve(Q, 1.0, 0.1), a_curve(Q, -1.0, 0.1), q_from=1.0)
    with pytest.raises(ParameterError, match="must not be negative"):
        subtract(a_curve(Q, 1.0), a_curve(Q, 1.0), scale_error=-1.0)
