"""The posterior against brute force: densities that integrate to one, evidence, quantiles, and seeds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.special import logsumexp

from engine.datasets.synthesis import MINOR
from engine.inference import posterior
from engine.inference.fit import HIGH, LOW, best_modes, scan
from engine.inference.hypotheses import Hypothesis
from engine.inference.posterior import (
    TRACE,
    draw_posterior,
    log_fraction_prior,
    log_posterior,
    log_size_prior,
    mixture_share,
    prior_scales,
)
from engine.inference.shapes import ShapeTable
from tests.inference.samples import measured, shapes_of


def drawn(curve, types, *, seed=0, count=1000):
    """Draws of the hypothesis *types*, with what they were drawn from."""
    _, shapes = shapes_of(curve, types)
    scanned, hypothesis = scan(shapes), Hypothesis(types)
    modes = best_modes(shapes, scanned, hypothesis, count=6)
    parents = [best_modes(shapes, scanned, Hypothesis((kind,)), count=3)[0] for kind in types] if len(types) == 2 else []
    share = shared(shapes, types)
    return draw_posterior(shapes, modes, parents, share=share, count=count, rng=np.random.default_rng(seed)), shapes, share


def shared(shapes, types):
    scales = prior_scales(shapes)
    return mixture_share([scales[kind] for kind in types])


def quantiles(values, weights, at=(0.05, 0.5, 0.95)):
    order = np.argsort(values)
    return np.interp(at, np.cumsum(weights[order]), values[order])


def fine_grid(shapes, draws, points=70):
    """Nodes (n², 2) of ln mean and ln spread over all that the posterior of a pure type holds, and the area of a cell."""
    mean, sd = np.average(draws.sizes[:, 0], axis=0, weights=draws.weights), None
    sd = np.sqrt(np.average((draws.sizes[:, 0] - mean) ** 2, axis=0, weights=draws.weights))
    axes = [np.linspace(max(m - 8 * s, lo), min(m + 8 * s, hi), points) for m, s, lo, hi in zip(mean, sd, LOW, HIGH, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return nodes, (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])


@pytest.mark.parametrize("part", [("type 3", 1.0, 50.0, 0.12), ("type 4", 1.0, 80.0, 0.07)])
@pytest.mark.parametrize("noise", [0.005, 0.1])
def test_that_a_pure_posterior_is_that_of_a_fine_grid(part, noise):
    curve = measured(part, noise=noise)
    draws, shapes, share = drawn(curve, (part[0],))
    nodes, cell = fine_grid(shapes, draws)
    log_density = log_posterior(shapes, draws.hypothesis, nodes, share)[0]
    # 1000 draws of an effective 700 and more: the mean of the weights, hence the evidence, has an error of 0.03, five of it allowed
    assert draws.log_evidence == pytest.approx(logsumexp(log_density) + np.log(cell), abs=0.15)
    weights = np.exp(log_density - logsumexp(log_density))
    for i in (0, 1):
        low, middle, high = quantiles(nodes[:, i], weights)
        # a 5 % quantile of 700 draws has an error of a tenth of a standard deviation, the interval 3.3 of them; a cell is 0.23
        np.testing.assert_allclose(quantiles(draws.sizes[:, 0, i], draws.weights), [low, middle, high], atol=0.12 * (high - low))


def test_that_scale_and_background_are_integrated_out():
    # ln of the double integral of exp(-chi²/2) over both, up to ln 2 pi that all hypotheses share
    rng = np.random.default_rng(2)
    g, flat = np.abs(rng.normal(size=(12, 1))), np.abs(rng.normal(size=12)) + 0.3
    data = 12 * g[:, 0] - 5 * flat + rng.normal(size=12)
    shapes = ShapeTable(np.ones(1), {}, {}, data, flat)
    design = np.stack([g[:, 0], flat], axis=1)
    centre, cov = np.linalg.lstsq(design, data, rcond=None)[0], np.linalg.inv(design.T @ design)
    reach = 8 * np.sqrt(np.diag(cov))
    total, _ = dblquad(
        lambda b, a: np.exp(-0.5 * ((data - a * g[:, 0] - b * flat) ** 2).sum()),
        *(centre[0] - reach[0], centre[0] + reach[0]), *(centre[1] - reach[1], centre[1] + reach[1]), epsabs=1e-14, epsrel=1e-9,
    )  # fmt: skip
    assert posterior._marginal_likelihood(g, shapes)[0] == pytest.approx(np.log(total) - np.log(2 * np.pi), abs=1e-6)


def test_that_particles_of_negative_scattering_are_impossible():
    flat = np.ones(12)
    shapes = ShapeTable(np.ones(1), {}, {}, -np.linspace(1, 2, 12), flat)
    assert posterior._marginal_likelihood(np.linspace(1, 2, 12)[:, None], shapes)[0] == -np.inf


def test_that_the_prior_of_sizes_integrates_to_one():
    # over a box far wider than the one that is tried; inside that one 98 % are left
    mean, spread = np.linspace(np.log(5), np.log(400), 2001), np.linspace(np.log(1e-3), np.log(10), 2001)
    density = np.exp(log_size_prior(np.stack(np.meshgrid(mean, spread, indexing="ij"), axis=-1)))
    assert np.trapezoid(np.trapezoid(density, spread, axis=1), mean) == pytest.approx(1, abs=1e-4)
    inside = (mean >= LOW[0]) & (mean <= HIGH[0]), (spread >= LOW[1]) & (spread <= HIGH[1])
    assert np.trapezoid(np.trapezoid(density[np.ix_(*inside)], spread[inside[1]], axis=1), mean[inside[0]]) > 0.97


@pytest.mark.parametrize("types", [("type 1", "type 4"), ("type 2", "type 3"), ("type 1", "type 3", "type 4")])
@pytest.mark.parametrize("q_min", [0.03, 0.05, 0.15])
def test_that_the_prior_of_fractions_integrates_to_one_over_sizes_and_logits(types, q_min):
    # logits are drawn from a wide Student t, sizes from their prior; with 200,000 draws the error is about 1 %, five times that allowed,
    # and 3 % for the share of mixtures, which the program itself knows from 16,000 draws only
    _, shapes = shapes_of(measured(("type 4", 1.0, 50.0, 0.1), q=np.linspace(q_min, 3.0, 300)), types)
    scales, k, count = prior_scales(shapes), len(types), 200_000
    rng = np.random.default_rng(1)
    stacked = np.stack([rng.choice(scales[kind], count) for kind in types], axis=1)
    logits = 3.0 * rng.standard_t(4, (count, k - 1))
    from scipy.stats import t

    proposal = (t.logpdf(logits / 3.0, 4) - np.log(3.0)).sum(axis=1)
    full = np.concatenate([logits, np.zeros((count, 1))], axis=1)
    log_fractions = full - logsumexp(full, axis=1, keepdims=True)
    density = log_fraction_prior(log_fractions, stacked, mixture_share([scales[kind] for kind in types]))
    weights = np.exp(density - proposal)
    assert weights.mean() == pytest.approx(1, abs=0.08)
    trace = log_fractions.min(axis=1) < np.log(MINOR)
    assert (weights * trace).mean() == pytest.approx(TRACE, abs=0.01)


def test_that_number_fractions_are_equally_likely_where_every_type_is_seen():
    # two types whose particles scatter alike and differently: the density of n is flat inside the region
    for ratio in (1.0, 30.0):
        number = np.linspace(0.2, 0.8, 50)
        scattering = number * ratio / (number * ratio + 1 - number)
        log_fractions = np.log(np.stack([scattering, 1 - scattering], axis=1))
        scales = np.tile([ratio, 1.0], (50, 1))
        density = log_fraction_prior(log_fractions, scales, 0.5) - log_fractions.sum(axis=1)  # of the fraction, not its logit
        slope = np.gradient(number, scattering)
        seen = (scattering > MINOR) & (scattering < 1 - MINOR)
        np.testing.assert_allclose(np.exp(density)[seen][1:-1], ((1 - TRACE) * slope / 0.5)[seen][1:-1], rtol=0.01)


@given(st.floats(1e-6, 1e6))
def test_that_the_evidence_of_one_type_against_another_does_not_depend_on_the_unit(factor):
    def odds(scale):
        _, shapes = shapes_of(measured(("type 3", 1.0, 50.0, 0.12), noise=0.05, scale=scale), ("type 1", "type 3"))
        z = np.log([[50.0, 0.12]])
        return np.diff([log_posterior(shapes, Hypothesis((kind,)), z, 1.0)[0][0] for kind in ("type 1", "type 3")])[0]

    assert odds(factor) == pytest.approx(odds(1.0), abs=1e-5)


@pytest.mark.parametrize(
    ("parts", "least"),
    [
        ((("type 1", 1.0, 40.0, 0.1),), 400),
        ((("type 4", 1.0, 90.0, 0.05),), 400),
        ((("type 3", 0.6, 55.0, 0.1), ("type 4", 0.4, 40.0, 0.12)), 200),
        ((("type 1", 0.5, 35.0, 0.1), ("type 4", 0.5, 70.0, 0.08)), 200),
    ],
)
def test_that_enough_draws_count(parts, least):
    draws, _, _ = drawn(measured(*parts), tuple(part[0] for part in parts))
    assert draws.effective >= least
    assert draws.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(draws.fractions.sum(axis=1), 1, rtol=1e-9)


def test_that_the_same_seed_draws_the_same_and_another_agrees():
    curve, types = measured(("type 3", 0.6, 55.0, 0.1), ("type 4", 0.4, 40.0, 0.12)), ("type 3", "type 4")
    one, same, other = (drawn(curve, types, seed=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.sizes, same.sizes)
    np.testing.assert_array_equal(one.weights, same.weights)
    assert one.log_evidence == same.log_evidence != other.log_evidence
    # an effective 400 draws leave 0.05 to the evidence of a Gaussian target, five times that between two
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=0.35)


def test_that_more_noise_widens_the_posterior_as_much():
    widths = []
    for noise in (0.005, 0.02):
        draws, _, _ = drawn(measured(("type 3", 1.0, 50.0, 0.12), noise=noise), ("type 3",))
        widths.append(np.diff(quantiles(draws.sizes[:, 0, 0], draws.weights, (0.05, 0.95)))[0])
    assert widths[1] / widths[0] == pytest.approx(4, rel=0.25)


def test_that_the_share_of_visible_mixtures_is_that_of_drawing_them():
    _, shapes = shapes_of(measured(("type 4", 1.0, 50.0, 0.1)), ("type 1", "type 4"))
    scales = prior_scales(shapes)
    rng = np.random.default_rng(11)
    parts = np.stack([rng.choice(scales[kind], 100_000) for kind in ("type 1", "type 4")], axis=1)
    parts *= rng.dirichlet(np.ones(2), 100_000)
    seen = (parts.min(axis=1) >= MINOR * parts.sum(axis=1)).mean()
    assert shared(shapes, ("type 1", "type 4")) == pytest.approx(seen, abs=0.02)


def test_that_a_hopeless_hypothesis_has_no_evidence_and_no_fault():
    curve = measured(("type 4", 1.0, 50.0, 0.1))
    draws, _, _ = drawn(dataclasses.replace(curve, intensity=-np.abs(curve.intensity)), ("type 3", "type 4"), count=200)
    assert draws.log_evidence == -np.inf
    assert np.isfinite(draws.weights).all()
