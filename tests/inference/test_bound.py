"""The Cramér-Rao bound: against the likelihood itself, and as information behaves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Sample, ideal_parts
from engine.inference.bound import bound
from engine.inference.fit import refine
from engine.inference.hypotheses import Hypothesis
from tests.inference.samples import NOISE, Q, a_sample, shapes_of

PAIR = (("type 3", 0.6, 55.0, 0.10), ("type 4", 0.4, 40.0, 0.12))
SCALE = 1e-9


@pytest.fixture(scope="module")
def basis():
    return default_basis()


def sigma_of(sample, basis, q, noise=NOISE):
    total = SCALE * ideal_parts(sample, basis, basis.at(q)).sum(axis=0)
    return counting_noise(q, total, relative=noise).sigma(q, total)


def bound_of(sample, basis, q=Q, factor=1.0, **how):
    return bound(sample, basis, basis.at(q), factor * sigma_of(sample, basis, q), SCALE, **how)


def all_of(found):
    return np.concatenate([found.number_fractions, found.means, found.spreads])


@pytest.mark.parametrize("parts", [(("type 4", 1.0, 50.0, 0.1),), PAIR])
def test_that_the_bound_is_the_inverse_curvature_of_the_likelihood(parts, basis):
    # chi²/2 of noise-free data as a function of all parameters, differenced twice; central differences of step h err by h² relative
    sample, points = a_sample(*parts), basis.at(Q)
    k, sigma = len(parts), sigma_of(sample, basis, Q)
    truth = SCALE * ideal_parts(sample, basis, points).sum(axis=0)

    def misfit(x):
        logs = x[: 3 * k].reshape(3, k)
        moved = Sample(
            types=sample.types,
            number_fractions=(1.0,) * k,
            means=tuple(np.array(sample.means) * np.exp(logs[0])),
            spreads=tuple(np.array(sample.spreads) * np.exp(logs[1])),
        )
        model = (SCALE * np.array(sample.number_fractions) * np.exp(logs[2])) @ ideal_parts(moved, basis, points) + x[-1] * sigma.mean()
        return 0.5 * (((truth - model) / sigma) ** 2).sum()

    n, h = 3 * k + 1, 2e-4
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            e, f = h * np.eye(n)[i], h * np.eye(n)[j]
            hessian[i, j] = (misfit(e + f) - misfit(e - f) - misfit(f - e) + misfit(-e - f)) / (4 * h * h)
    covariance = np.linalg.inv(hessian)
    numbers = np.array(sample.number_fractions)
    slope = np.diag(numbers) - np.outer(numbers, numbers)
    fractions = np.sqrt(np.maximum(np.diag(slope @ covariance[2 * k : 3 * k, 2 * k : 3 * k] @ slope), 0))
    found, log_sd = bound_of(sample, basis), np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found.means, log_sd[:k] * sample.means, rtol=0.01)
    np.testing.assert_allclose(found.spreads, log_sd[k : 2 * k] * sample.spreads, rtol=0.01)
    np.testing.assert_allclose(found.number_fractions, fractions, rtol=0.01, atol=1e-9)


def test_that_fits_scatter_as_the_bound_says(basis):
    # 60 noisy curves of one sample: the deviation of their fits is known to 9 %; three times that allowed. 0.5 % noise, where the
    # likelihood is Gaussian in the sizes
    sample, points = a_sample(*PAIR), basis.at(Q)
    truth, sigma = SCALE * ideal_parts(sample, basis, points).sum(axis=0), sigma_of(sample, basis, Q)
    start = np.log(np.stack([sample.means, sample.spreads], axis=1))
    rng, sizes = np.random.default_rng(8), []
    for _ in range(60):
        _, shapes = shapes_of(Curve(Q, truth + rng.normal(0, sigma), sigma), sample.types)
        sizes.append(refine(shapes, Hypothesis(sample.types), start).sizes)
    found = bound_of(sample, basis)
    np.testing.assert_allclose(np.std(sizes, axis=0)[:, 0] * sample.means, found.means, rtol=0.27)
    np.testing.assert_allclose(np.std(sizes, axis=0)[:, 1] * sample.spreads, found.spreads, rtol=0.27)


@pytest.mark.parametrize("factor", [0.1, 3.0, 10.0])
def test_that_the_bound_is_proportional_to_the_noise(factor, basis):
    sample = a_sample(*PAIR)
    np.testing.assert_allclose(all_of(bound_of(sample, basis, factor=factor)), factor * all_of(bound_of(sample, basis)), rtol=1e-4)


def test_that_more_points_never_tell_less(basis):
    sample = a_sample(*PAIR)
    half, whole = (bound_of(sample, basis, q=q) for q in (Q[::2], Q))
    assert (all_of(whole) < all_of(half)).all()
    less = bound(sample, basis, basis.at(Q[Q < 1.0]), sigma_of(sample, basis, Q)[Q < 1.0], SCALE)
    assert (all_of(whole) <= all_of(less) * (1 + 1e-9)).all()


@pytest.mark.parametrize("factor", [1.0, 30.0, 1000.0])
def test_that_knowing_more_beforehand_only_lowers_the_bound(factor, basis):
    sample = a_sample(*PAIR)
    free, known = bound_of(sample, basis, factor=factor), bound_of(sample, basis, factor=factor, with_prior=True)
    assert (all_of(known) <= all_of(free) * (1 + 1e-6)).all()


def test_that_without_data_only_the_prior_of_sizes_is_left(basis):
    # uniform ln D over a factor of five has a deviation of ln 5 / sqrt(12); ln spread one of 0.7
    sample = a_sample(*PAIR)
    found = bound_of(sample, basis, factor=1e6, with_prior=True)
    np.testing.assert_allclose(found.means, np.log(5) / np.sqrt(12) * np.array(sample.means), rtol=1e-3)
    np.testing.assert_allclose(found.spreads, 0.7 * np.array(sample.spreads), rtol=1e-3)


def test_that_fractions_of_a_pair_are_bound_alike(basis):
    found = bound_of(a_sample(*PAIR), basis)
    assert found.number_fractions[0] == pytest.approx(found.number_fractions[1])
    assert bound_of(a_sample(("type 4", 1.0, 50.0, 0.1)), basis).number_fractions[0] == pytest.approx(0, abs=1e-9)


def test_that_a_type_unlike_the_other_is_told_better(basis):
    # a septum tells types 2 and 3 apart less than a sphere from two lobes
    near = bound_of(a_sample(("type 1", 0.5, 50.0, 0.1), ("type 3", 0.5, 50.0, 0.1)), basis)
    far = bound_of(a_sample(("type 1", 0.5, 50.0, 0.1), ("type 4", 0.5, 38.0, 0.1)), basis)
    assert far.number_fractions[0] < near.number_fractions[0]


def test_that_the_unit_of_intensity_does_not_matter(basis):
    sample, points = a_sample(*PAIR), basis.at(Q)
    sigma = sigma_of(sample, basis, Q)
    other = bound(dataclasses.replace(sample), basis, points, 1e6 * sigma, 1e6 * SCALE)
    np.testing.assert_allclose(all_of(other), all_of(bound_of(sample, basis)), rtol=1e-4)
