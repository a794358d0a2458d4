"""Samples drawn at random, and curves as one would measure them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Recipe, Sample, all_type_sets, draw_sample, ideal_parts, measure
from engine.ensembles.average import Component, Mixture, mixture_intensity
from engine.ensembles.size_distribution import LogNormal
from engine.models.registry import LNP_TYPES, MODELS
from engine.scattering.exact import form_factors

RECIPE = Recipe(points=178)  # steps of 1/60 per nm, so that q = 0.1 is one of the points


@pytest.fixture(scope="module")
def basis():
    return default_basis()


@pytest.fixture(scope="module")
def at_points(basis):
    return basis.at(RECIPE.q)


def a_pair(share=0.3):
    return Sample(types=("type 1", "type 4"), number_fractions=(share, 1 - share), means=(45.0, 60.0), spreads=(0.1, 0.15))


def test_that_parts_from_the_basis_are_those_of_the_exact_solver(basis, at_points):
    # the basis has steps of 0.5 nm in D and of 0.008/nm in q; 2e-6 of the envelope is what it promises, the averages are flat
    sample = a_pair()
    exact = mixture_intensity(
        Mixture(
            tuple(
                Component(MODELS[kind](), n, LogNormal(mean=m, sd=s * m))
                for kind, n, m, s in zip(sample.types, sample.number_fractions, sample.means, sample.spreads, strict=True)
            )
        ),
        RECIPE.q,
        form_factors,
    )
    np.testing.assert_allclose(ideal_parts(sample, basis, at_points).sum(axis=0), exact, rtol=1e-3)


@pytest.mark.parametrize("types", [("type 2",), ("type 1", "type 4"), ("type 1", "type 3", "type 4")])
def test_that_samples_are_drawn_as_the_recipe_says(types, basis, at_points):
    rng = np.random.default_rng(1)
    drawn = [draw_sample(types, RECIPE, basis, at_points, rng) for _ in range(60)]
    for sample in drawn:
        first = ideal_parts(sample, basis, at_points)[:, 0]
        assert sample.types == types
        assert sum(sample.number_fractions) == pytest.approx(1)
        assert all(RECIPE.means[0] <= mean <= RECIPE.means[1] for mean in sample.means)
        assert all(RECIPE.spreads[0] <= spread <= RECIPE.spreads[1] for spread in sample.spreads)
        assert first.min() >= RECIPE.minor * first.sum()
    # spread over their ranges: 60 uniform draws leave more than a quarter empty at an end once in 3e7
    means = np.array([sample.means[0] for sample in drawn])
    width = RECIPE.means[1] - RECIPE.means[0]
    assert means.min() < RECIPE.means[0] + width / 4
    assert means.max() > RECIPE.means[1] - width / 4


def test_that_a_curve_has_the_noise_it_states(basis, at_points):
    rng, pulls = np.random.default_rng(2), []
    for _ in range(40):
        curve, parts, background = measure(a_pair(), RECIPE, basis, at_points, rng)
        pulls.append((curve.intensity - parts.sum(axis=0) - background) / curve.sigma)
    pulls = np.concatenate(pulls)  # 8000 of them: the mean is known to 0.011, the deviation to 0.008, five of each allowed
    assert abs(pulls.mean()) < 0.056
    assert abs(pulls.std() - 1) < 0.04
    assert abs(np.mean(np.abs(pulls) < 1) - 0.6827) < 0.026


def test_that_noise_is_of_the_level_asked_for_at_a_tenth_per_nm(basis, at_points):
    for level in (0.002, 0.02):
        curve, parts, _ = measure(a_pair(), dataclasses.replace(RECIPE, noise=level), basis, at_points, np.random.default_rng(3))
        ideal = parts.sum(axis=0)
        np.testing.assert_allclose(curve.sigma, counting_noise(RECIPE.q, ideal, relative=level).sigma(RECIPE.q, ideal))
        assert (curve.sigma / ideal)[3] == pytest.approx(level)


def test_that_scale_and_background_are_unknown_and_of_either_sign(basis, at_points):
    rng = np.random.default_rng(4)
    made = [measure(a_pair(), RECIPE, basis, at_points, rng) for _ in range(40)]
    scales = np.array([parts[:, 0].sum() for _, parts, _ in made])
    shares = np.array([background for _, _, background in made]) / scales
    assert scales.min() < 0.1
    assert scales.max() > 10
    assert np.abs(shares).max() <= RECIPE.background
    assert shares.min() < 0 < shares.max()


def test_that_intensities_are_not_clipped_at_zero(basis, at_points):
    noisy = dataclasses.replace(RECIPE, noise=0.1)
    curve, _, _ = measure(a_pair(), noisy, basis, at_points, np.random.default_rng(5))
    assert isinstance(curve, Curve)
    assert (curve.intensity < 0).any()


def test_that_parts_share_the_lowest_q_as_the_number_fractions_and_sizes_say(basis, at_points):
    sample = a_pair(0.5)
    parts = ideal_parts(sample, basis, at_points)
    swapped = ideal_parts(dataclasses.replace(sample, number_fractions=(0.25, 0.75)), basis, at_points)
    np.testing.assert_allclose(swapped / parts, np.array([[0.5], [1.5]]) * np.ones_like(parts), rtol=1e-12)


def test_that_the_same_seed_measures_the_same_curve(basis, at_points):
    one, two = (measure(a_pair(), RECIPE, basis, at_points, np.random.default_rng(6))[0] for _ in range(2))
    np.testing.assert_array_equal(one.intensity, two.intensity)


def test_that_every_set_of_types_is_listed_once():
    assert [len(all_type_sets(size)) for size in (1, 2, 3, 4)] == [4, 6, 4, 1]
    assert len(set(all_type_sets(2))) == 6
    assert set(all_type_sets(4)[0]) == set(LNP_TYPES)
