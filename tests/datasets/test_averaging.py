from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.averaging import average, longest_run, median_of_others, run_probability
from engine.errors import ParameterError

Q = np.linspace(0.05, 3.0, 500)
TRUE = 1000 / (1 + (5 * Q) ** 2) ** 2 + 1


def frames(count, *, seed=1, sigmas=True, level=0.02, shape=TRUE):
    rng = np.random.default_rng(seed)
    sigma = level * TRUE
    return [Curve(Q, rng.normal(shape, sigma), sigma if sigmas else None) for _ in range(count)]


@pytest.mark.parametrize("tosses", [1, 2, 5, 10])
def test_that_the_probability_of_a_run_is_that_of_all_sequences_counted(tosses):
    sequences = list(product([-1.0, 1.0], repeat=tosses))
    for run in range(tosses + 2):
        counted = np.mean([longest_run(np.array(sequence)) >= run for sequence in sequences])
        assert run_probability(tosses, run) == pytest.approx(counted)


def test_that_tiny_probabilities_keep_their_digits():
    # among n - r + 1 places a run of r begins; that long ones overlap is negligible
    assert run_probability(1000, 80) == pytest.approx((2 + 920) * 0.5**80, rel=0.01)


@pytest.mark.parametrize("count", [2, 3, 6, 9])
def test_that_the_median_of_the_others_is_that_without_the_row(count):
    values = np.random.default_rng(2).normal(size=(count, 7)).round(1)  # with ties
    expected = [np.median(np.delete(values, i, axis=0), axis=0) for i in range(count)]
    np.testing.assert_allclose(median_of_others(values), expected)


def test_that_good_frames_are_rarely_left_out():
    lost = sum(bool(average(frames(10, seed=seed)).left_out) for seed in range(200))
    assert lost <= 8  # one in a hundred of 200 is 2; more than 8 happens once in 4000 times


@pytest.mark.parametrize("sigmas", [True, False])
def test_that_a_frame_of_damaged_particles_is_left_out_with_the_reason(sigmas):
    measured = frames(10, sigmas=sigmas)
    measured[7] = frames(1, seed=99, sigmas=sigmas, shape=TRUE * (1 + 0.1 * np.exp(-3 * Q)))[0]
    found = average(measured)
    assert [item.frame for item in found.left_out] == [7]
    assert "points in a row lie on one side" in found.left_out[0].reason
    assert found.kept == (0, 1, 2, 3, 4, 5, 6, 8, 9)


def test_that_a_frame_with_wild_points_is_left_out():
    measured = frames(10)
    wild = measured[3].intensity.copy()
    wild[100] *= 10
    measured[3] = Curve(Q, wild, measured[3].sigma)
    found = average(measured)
    assert [item.frame for item in found.left_out] == [3]
    assert "times the usual" in found.left_out[0].reason


def test_that_the_error_of_the_mean_is_that_of_repeated_means():
    sigma = np.repeat([[0.01], [0.03], [0.03]], Q.size, axis=1) * TRUE
    rng = np.random.default_rng(3)
    means = [average([Curve(Q, rng.normal(TRUE, s), s) for s in sigma], significance=1e-9) for _ in range(300)]
    stated = means[0].curve.sigma
    np.testing.assert_allclose(stated, (1 / (1 / sigma**2).sum(axis=0)) ** 0.5)
    actual = np.std([mean.curve.intensity for mean in means], axis=0)
    assert np.mean(actual / stated) == pytest.approx(1, abs=0.01)


def test_that_counting_noise_does_not_bias_the_mean():
    rng = np.random.default_rng(4)
    level = np.full(2000, 20.0)
    counted = [Curve(np.arange(1.0, 2001.0), counts, np.sqrt(counts)) for counts in np.maximum(rng.poisson(level, (30, 2000)), 1.0)]
    mean = average(counted, significance=1e-6).curve
    assert mean.intensity.mean() == pytest.approx(20.0, abs=5 * np.sqrt(20 / 60_000))  # weights by point would give 19


def test_that_frames_without_errors_get_those_of_their_scatter_if_there_are_enough():
    many = average(frames(50, sigmas=False))
    assert np.mean((many.curve.sigma / (0.02 * TRUE)) ** 2) == pytest.approx(1 / 50, rel=0.04)
    few = average(frames(3, sigmas=False))
    assert few.curve.sigma is None
    assert few.notes == ("Not all frames have errors, so all count equally and the mean has none.",)


def test_that_two_frames_that_differ_are_refused():
    with pytest.raises(ParameterError, match="2 of 2 frames differ from the rest, so it cannot be said which are right"):
        average([*frames(1), *frames(1, seed=5, shape=1.2 * TRUE)])


def test_that_frames_on_other_q_and_single_frames_are_refused():
    with pytest.raises(ParameterError, match="Frame 2 has other q than frame 1"):
        average([Curve(Q, TRUE), Curve(1.001 * Q, TRUE)])
    with pytest.raises(ParameterError, match="Between 2 and"):
        average(frames(1))
    with pytest.raises(ParameterError, match="significance"):
        average(frames(2), significance=0.0)
