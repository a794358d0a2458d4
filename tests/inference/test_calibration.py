"""Intervals of the posterior hold the truth as often as they say, on samples drawn from the prior itself."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.datasets.synthesis import MINOR, Recipe, Sample, ideal_parts, measure
from engine.inference.fit import HIGH, LOW, best_modes, scan
from engine.inference.hypotheses import Hypothesis
from engine.inference.posterior import SIZE_PRIOR, SPREAD_PRIOR, draw_posterior, mixture_share, prior_scales
from tests.inference.samples import shapes_of


def sizes_of_the_prior(rng, count):
    """ln mean within the family and ln spread within what is tried, of each type."""
    mean = rng.uniform(*np.log(SIZE_PRIOR), count)
    spread = rng.normal(np.log(SPREAD_PRIOR[0]), SPREAD_PRIOR[1], count)
    return np.stack([mean, spread], axis=1) if (spread > LOW[1]).all() and (spread < HIGH[1]).all() else sizes_of_the_prior(rng, count)


def sample_of_the_prior(types, at_points, rng):
    """Number fractions equally likely where each type gives at least ``MINOR`` of the scattering."""
    while True:
        sizes = np.exp(sizes_of_the_prior(rng, len(types)))
        sample = Sample(
            types=types, number_fractions=tuple(rng.dirichlet(np.ones(len(types)))), means=tuple(sizes[:, 0]), spreads=tuple(sizes[:, 1])
        )
        first = ideal_parts(sample, default_basis(), at_points)[:, 0]
        if first.min() >= MINOR * first.sum():
            return sample


def ranks(types, recipe, count, seed):
    """Posterior probability below the truth, for every size, spread and number fraction of each of *count* curves."""
    at_points, hypothesis = default_basis().at(recipe.q), Hypothesis(types)
    found = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        sample = sample_of_the_prior(types, at_points, rng)
        curve, _, _ = measure(sample, recipe, default_basis(), at_points, rng)
        _, shapes = shapes_of(curve, types)
        scanned, scales = scan(shapes), prior_scales(shapes)
        modes = best_modes(shapes, scanned, hypothesis, count=6)
        parents = [best_modes(shapes, scanned, Hypothesis((kind,)), count=3)[0] for kind in types] if len(types) > 1 else []
        share = mixture_share([scales[kind] for kind in types])
        draws = draw_posterior(shapes, modes, parents, share=share, count=1000, rng=rng)
        number = draws.fractions / draws.scales
        number /= number.sum(axis=1, keepdims=True)
        truth = [*np.log(sample.means), *np.log(sample.spreads), *sample.number_fractions[1:]]
        drawn = [*draws.sizes[:, :, 0].T, *draws.sizes[:, :, 1].T, *number.T[1:]]
        found.append([draws.weights @ (values < true) for values, true in zip(drawn, truth, strict=True)])
    return np.array(found)


@pytest.mark.parametrize(("types", "count"), [(("type 3",), 100), (("type 3", "type 4"), 40)], ids=["pure", "pair"])
@pytest.mark.parametrize("noise", [0.005, 0.05])
def test_that_intervals_hold_the_truth_as_often_as_they_say(types, count, noise):
    found = ranks(types, Recipe(noise=noise, points=200), count, seed=77)
    # the numbers of one curve depend on each other, so each kind is counted alone: 4 deviations of a binomial of probability p
    for level in (0.5, 0.9):
        inside = (np.abs(found - 0.5) < level / 2).mean(axis=0)
        np.testing.assert_allclose(inside, level, atol=4 * np.sqrt(level * (1 - level) / count))
    # a truth outside of all draws is one that was not looked for; beyond 1 in 1000 on either side one expects 0.002
    assert ((found < 1e-3) | (found > 1 - 1e-3)).mean() < 0.025
