"""Curves of samples that are no lipid nanoparticles."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.outsiders import OUTSIDERS, SIMILAR_RIVALS, hard_spheres, outsider
from engine.datasets.synthesis import Recipe

RECIPE = Recipe(points=120, noise=0.01)


@pytest.mark.parametrize("family", OUTSIDERS)
def test_that_every_family_is_drawn_anew_and_reproducibly(family):
    one, same, other = (outsider(family, RECIPE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.intensity, same.intensity)
    assert not np.array_equal(one.intensity, other.intensity)
    assert one.q.size == 120
    assert np.isfinite(one.intensity).all()
    assert (one.sigma > 0).all()


def test_that_families_like_a_rival_are_named():
    assert set(SIMILAR_RIVALS) < set(OUTSIDERS)


def test_that_hard_spheres_do_not_interact_when_thin_and_are_hardly_compressible_when_dense():
    q = np.linspace(0.005, 2.0, 400)
    np.testing.assert_allclose(hard_spheres(q, 10.0, 1e-6), 1, atol=1e-4)
    for filling in (0.1, 0.3):
        # the compressibility of Percus and Yevick: S(0) = (1 - f)^4 / (1 + 2 f)²
        assert hard_spheres(q[:1], 10.0, filling)[0] == pytest.approx((1 - filling) ** 4 / (1 + 2 * filling) ** 2, rel=0.02)
    first = q[hard_spheres(q, 10.0, 0.4).argmax()]
    assert 2 * np.pi / first == pytest.approx(20.0, rel=0.15)  # spheres of 20 nm about one diameter apart


def test_that_onions_and_liquid_crystals_have_bragg_peaks():
    q = Recipe(points=600, q_max=4.0)
    for family in ("onions", "liquid crystals"):
        curve = outsider(family, q, np.random.default_rng(5))
        near = (curve.q > 0.6) & (curve.q < 2.0)
        rising = np.diff(curve.intensity[near]) > 3 * curve.sigma[near][1:]
        assert rising.any()
