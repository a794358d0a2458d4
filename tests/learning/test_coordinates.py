import numpy as np
import pytest

from engine.learning.coordinates import COUNT, SETS, from_samples, set_index, to_posterior, used


def test_that_every_set_has_its_row():
    np.testing.assert_array_equal(set_index(SETS), np.arange(15))


def test_that_a_set_of_k_types_uses_3k_minus_1_coordinates():
    np.testing.assert_array_equal(used(SETS).sum(axis=1), 3 * SETS.sum(axis=1) - 1)
    assert used(SETS).shape == (15, COUNT)


@pytest.mark.parametrize("row", range(15))
def test_that_the_way_to_the_posterior_gives_the_sample_back(row):
    rng = np.random.default_rng(row)
    there = SETS[row]
    sizes = rng.normal([3.9, -2.2], 0.3, (1, 4, 2)).astype(np.float32)
    shares = np.where(there, rng.dirichlet(np.ones(4)), 0)[None].astype(np.float32)
    shares /= shares.sum()
    theta = from_samples(there[None], sizes, shares)[0]
    chosen = np.flatnonzero(used(SETS[row : row + 1])[0])
    assert (np.delete(theta, chosen) == 0).all()
    centre, covariance = to_posterior(row, theta[chosen].astype(float), np.eye(chosen.size))
    k = there.sum()
    np.testing.assert_allclose(centre[: 2 * k].reshape(k, 2), sizes[0, there], atol=1e-5)
    own = shares[0, there]
    np.testing.assert_allclose(centre[2 * k :], np.log(own[:-1] / own[-1]), atol=1e-4)
    assert covariance.shape == (3 * k - 1, 3 * k - 1)
