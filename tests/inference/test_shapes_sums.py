"""Which sizes are summed over: as few as do, in groups, and never so few that the sum shows it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.inference import shapes
from engine.inference.shapes import curves_at, log_normal_weights
from tests.inference.made_up_types import KINDS, D, made


def some_sizes(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.log(rng.uniform(15, 150, count)), np.log(rng.uniform(0.02, 0.45, count))


def over_all(table, kind, log_mean, log_spread):
    weights = log_normal_weights(table.diameters, np.exp(log_mean), np.exp(log_spread))
    total, scale = table.curves[kind] @ weights, table.first[kind] @ weights
    return total / scale, scale


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 30, 2 * shapes.BATCH + 7])
def test_that_the_sum_over_few_sizes_is_that_over_all(kind, count):
    table = made()
    log_mean, log_spread = some_sizes(count)
    curves, scale = table.average(kind, log_mean, log_spread)
    expected, expected_scale = over_all(table, kind, log_mean, log_spread)
    np.testing.assert_allclose(scale, expected_scale, rtol=1e-4)
    np.testing.assert_allclose(curves, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("count", [1, shapes.BATCH, shapes.BATCH + 1, 1000])
def test_that_every_distribution_is_in_one_group_of_at_most_a_batch(count):
    log_mean, log_spread = some_sizes(count, seed=2)
    groups = list(shapes._batches(D, np.exp(log_mean), np.exp(log_spread), 2.0))
    assert sorted(np.concatenate([some for some, _ in groups]).tolist()) == list(range(count))
    assert max(some.size for some, _ in groups) <= shapes.BATCH
    for some, sizes in groups:
        used = D[sizes]
        low, high, broad = shapes._supports(np.exp(log_mean[some]), np.exp(log_spread[some]), D, 2.0)
        assert used[0] <= max(low.min(), D[0]) + 1e-9
        assert used[-1] >= min(high.max(), D[-1]) - 1.0
        assert (sizes.step == 2) == broad.all() == broad.any()


def test_that_small_particles_are_not_summed_over_the_sizes_of_large_ones():
    log_mean, _ = some_sizes(1000, seed=3)
    groups = shapes._batches(D, np.exp(log_mean), np.full(1000, 0.05), 2.0)
    assert sum(some.size * D[sizes].size for some, sizes in groups) < 0.4 * 1000 * D.size


def test_that_the_sizes_that_matter_hold_nearly_all_of_the_scattering():
    for mean, spread in ((30.0, 0.05), (50.0, 0.15), (60.0, 0.1)):
        low, high, _ = shapes._supports(np.array([mean]), np.array([spread]), D, 2.0)
        weights = log_normal_weights(D, np.array([mean]), np.array([spread]))[:, 0] * D**6
        outside = weights[(low[0] > D) | (high[0] < D)].sum() / weights.sum()
        assert outside < 1e-6
        inside = D[weights > 1e-9 * weights.max()]
        assert low[0] > 0.6 * inside[0]  # and no more than that
        assert high[0] < 1.4 * inside[-1]


def test_that_every_second_size_is_taken_only_of_broad_distributions_within_the_sizes_there_are():
    def is_broad(mean, spread, q_max=2.0, sizes=D):
        return bool(shapes._supports(np.array([mean]), np.array([spread]), sizes, q_max)[2][0])

    assert is_broad(50.0, 0.1)
    assert not is_broad(50.0, 0.01)
    assert not is_broad(12.0, 0.1)  # begins below the smallest
    assert not is_broad(120.0, 0.3)  # ends beyond the largest
    assert not is_broad(50.0, 0.1, q_max=7.0)  # curves change faster than steps of 1 nm follow
    assert not is_broad(50.0, 0.1, q_max=np.inf)
    assert not is_broad(50.0, 0.1, sizes=np.array([50.0]))
    assert not is_broad(50.0, 0.1, sizes=D[::4])
    # width in nm times (1/step - frequency) just around FINE, with the narrowest width there is
    edge = shapes.FINE / (1 - 2.0 / (2 * np.pi))
    assert is_broad(50.0, 1.03 * edge / 50)
    assert not is_broad(50.0, 0.97 * edge / 50)


def test_that_softer_data_keep_their_fit_and_have_smaller_chi_squared():
    table = made(noise=1.0)
    soft = table.softened(4.0)
    for kind in KINDS:
        np.testing.assert_allclose(soft.curves[kind], table.curves[kind] / 2)
        np.testing.assert_array_equal(soft.first[kind], table.first[kind])
    np.testing.assert_allclose(soft.data, table.data / 2)
    np.testing.assert_allclose(soft.flat, table.flat / 2)
    assert soft.q_max == table.q_max


def test_that_a_distribution_beyond_all_sizes_is_that_of_the_last():
    weights = log_normal_weights(D, np.array([5000.0, 0.5]), np.array([0.02, 0.02]))
    assert weights[-1, 0] == pytest.approx(1)
    np.testing.assert_allclose(weights.sum(axis=0), 1)


def test_that_curves_at_the_same_q_are_made_once():
    q = np.linspace(0.1, 1.0, 9)
    once, again = curves_at(default_basis(), q), curves_at(default_basis(), q.copy())
    assert once is again
    np.testing.assert_array_equal(once["type 4"], default_basis().at(q)["type 4"])
