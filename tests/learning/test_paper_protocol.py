"""The paper's protocol: q axis, noise, sizes, tasks, splits."""

from __future__ import annotations

import numpy as np
import pytest
from references import sphere_amplitude

from engine.datasets.basis import default_basis
from engine.datasets.noise import PAPER_LEVELS, LogNormalNoise, draw_paper_levels
from engine.ensembles.size_distribution import LogNormal
from engine.errors import ParameterError
from engine.learning.paper.protocol import MEANS, READINGS, TASKS, curves_of, q_axis, simulate
from engine.learning.paper.sizes import sized_curves

NARROW, WIDE = READINGS["0.1-0.4"], READINGS["1-4"]
FEW = 120


def test_that_the_q_axis_is_the_papers():
    q = q_axis()
    assert q.size == 500
    assert (q[0], q[-1]) == (pytest.approx(2 * np.pi / 300), pytest.approx(np.pi))


def test_that_log_normal_noise_keeps_the_mean_and_has_the_relative_variance_of_its_level():
    noise = LogNormalNoise(level=4e4)
    intensity = np.full(400_000, 1e5)
    drawn = np.exp(noise.draw_log(intensity, np.random.default_rng(1)))
    assert drawn.mean() == pytest.approx(1e5, rel=5e-3)
    assert drawn.var() / 1e10 == pytest.approx(0.4, rel=0.03)  # level / I
    assert (drawn > 0).all()


def test_that_noise_levels_are_log_uniform():
    levels = np.log(draw_paper_levels(20_000, np.random.default_rng(2)))
    low, high = np.log(PAPER_LEVELS)
    assert low < levels.min() < levels.max() < high
    np.testing.assert_allclose(np.quantile((levels - low) / (high - low), [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.02)


@pytest.mark.parametrize("level", [0.0, -1.0, np.nan, np.inf, np.array([[1.0], [0.0]])])
def test_that_an_impossible_level_is_refused(level):
    with pytest.raises(ParameterError, match="positive level"):
        LogNormalNoise(level=level)


@pytest.mark.parametrize(("reading", "sd"), [(NARROW, 0.1), (NARROW, 0.4), (WIDE, 1.0), (WIDE, 4.0)])
@pytest.mark.parametrize("mean", [25.0, 60.3, 95.0])
def test_that_curves_of_narrow_and_wide_sizes_are_converged_in_d(reading, sd, mean):
    sizes = LogNormal(mean=mean, sd=sd)
    diameters = np.linspace(*sizes.support(), 1201)
    numbers = sizes.density(diameters)
    q = q_axis()[::25]
    expected = sum(n * (9.0 * sphere_amplitude(q, d / 2)) ** 2 for d, n in zip(diameters, numbers, strict=True)) / numbers.sum()
    got = curves_of(reading).average("type 4", np.array([mean]), np.array([sd]))[0][::25]
    np.testing.assert_allclose(got, expected, rtol=2e-4)  # far below the noise; the basis' spline in D limits it


@pytest.mark.parametrize("reading", READINGS.values(), ids=lambda reading: reading.key)
def test_that_the_slopes_are_those_of_the_curves(reading):
    sized, h = curves_of(reading), 1e-4
    means, sds = np.array([31.0, 58.0, 93.0]), np.linspace(*reading.sds, 5)[1:4]
    _, by_mean, by_sd = sized.with_slopes("type 3", means, sds)
    up, down = sized.average("type 3", means + h, sds), sized.average("type 3", means - h, sds)
    np.testing.assert_allclose(by_mean, (up - down) / (2 * h), rtol=1e-4, atol=1e-6 * np.abs(by_mean).max())
    up, down = sized.average("type 3", means, sds + h), sized.average("type 3", means, sds - h)
    np.testing.assert_allclose(by_sd, (up - down) / (2 * h), rtol=1e-4, atol=1e-6 * np.abs(by_sd).max())


def test_that_a_basis_which_ends_too_soon_is_refused():
    with pytest.raises(ParameterError, match="the basis ends at"):
        sized_curves(default_basis(), q_axis(), types=("type 4",), means=(25.0, 200.0), least_sd=1.0)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
def test_that_each_task_draws_what_it_says(task):
    samples = task.draw(task, FEW, WIDE, np.random.default_rng(3))
    np.testing.assert_allclose(samples.numbers.sum(axis=1), 1.0)
    assert (samples.numbers >= 0).all()
    assert MEANS[0] <= samples.means.min()
    assert samples.means.max() <= MEANS[1]
    assert WIDE.sds[0] <= samples.sds.min()
    assert samples.sds.max() <= WIDE.sds[1]
    if task.classes:
        assert set(np.bincount(samples.classes)) == {FEW // len(task.classes)}
        pure = (samples.numbers == 1).any(axis=1)
        np.testing.assert_array_equal(pure, samples.classes != len(task.classes) - 1)
    else:
        target = task.target(samples)
        assert target.shape == (FEW, len(task.targets))
        assert task.limits[0] <= target.min()
        assert target.max() <= task.limits[1]


def test_that_the_mean_size_of_a_mixture_is_weighted_by_numbers():
    task = TASKS["mu"]
    samples = task.draw(task, 5, WIDE, np.random.default_rng(4))
    expected = [n[0] * m[0] + n[1] * m[1] for n, m in zip(samples.numbers, samples.means, strict=True)]
    np.testing.assert_allclose(task.target(samples)[:, 0], expected)


def test_that_splits_are_those_of_the_seed_and_share_no_curve():
    first, again, other = (simulate(TASKS["alpha"], WIDE, seed, FEW) for seed in (1, 1, 2))
    assert [len(part.samples) for part in (first.train, first.validation, first.test)] == [77, 19, 24]
    assert first.test.digest == again.test.digest != other.test.digest
    levels = np.concatenate([part.samples.levels for part in (first.train, first.validation, first.test)])
    assert np.unique(levels).size == FEW


def test_that_readings_and_tasks_share_no_random_numbers():
    digests = {simulate(task, reading, 1, 20).test.digest for task in TASKS.values() for reading in READINGS.values()}
    assert len(digests) == len(TASKS) * len(READINGS)


def test_that_a_changed_curve_changes_the_digest():
    test = simulate(TASKS["alpha"], WIDE, 1, 20).test
    before = test.digest
    test.log_intensity[0, 0] += 1e-9
    assert test.digest != before
