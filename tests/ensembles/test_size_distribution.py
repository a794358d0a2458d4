"""Distributions of size: what their names promise, and that averages over them are converged."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st

from engine.ensembles.average import size_average
from engine.ensembles.size_distribution import MAX_NODES, Gaussian, LogNormal, Schulz, Table, grid, weights
from engine.errors import ParameterError
from engine.models.solid_sphere import SolidSphere
from engine.models.two_compartment import TwoCompartment
from engine.scattering.exact import form_factors

SHAPES = (LogNormal, Gaussian, Schulz)
CONVERGED = 1e-3
"""What halving the step in D may change, in units of the curve about that q: the figure promised for averages."""

means = st.floats(20.0, 100.0)
spreads = st.floats(0.01, 0.25)


def spheres(particles, q):
    """Solver for solid spheres in closed form: the average is under test, not what it averages."""
    return np.stack([(p.sld_shell * references.sphere_amplitude(q, p.diameter / 2)) ** 2 for p in particles])


def halved(nodes):
    return np.linspace(nodes[0], nodes[-1], 2 * nodes.size - 1)


@pytest.mark.parametrize("kind", SHAPES)
@given(means, spreads)
def test_that_a_distribution_has_the_mean_and_deviation_it_was_given(kind, mean, spread):
    # a fine rule over 8 deviations and more; the tails beyond hold less than 1e-8 of the numbers. Sizes below zero, a Gaussian's alone,
    # have no place in a sum over particles, but belong to its mean
    lowest = mean * (1 - 8 * spread)
    d = np.linspace(lowest if kind is Gaussian else max(lowest, mean * 1e-3), mean * (1 + 9 * spread + 9 * spread**2), 40_001)
    n = kind(mean=mean, sd=spread * mean).density(d)
    total = np.trapezoid(n, d)
    assert total == pytest.approx(1, abs=1e-6)
    assert np.trapezoid(n * d, d) == pytest.approx(mean, rel=1e-6)
    assert np.sqrt(np.trapezoid(n * (d - mean) ** 2, d)) == pytest.approx(spread * mean, rel=1e-4)


@given(means, spreads, st.integers(1, 6))
def test_that_log_normal_moments_follow_the_closed_form(mean, spread, power):
    # <D^n> = mean^n (1 + spread²)^(n(n-1)/2), on which volume fractions and D^6 weights rest
    distribution = LogNormal(mean=mean, sd=spread * mean)
    nodes = grid(distribution, 3.0)
    moment = weights(distribution, nodes) @ (nodes / mean) ** power
    assert moment == pytest.approx((1 + spread**2) ** (power * (power - 1) / 2), rel=1e-4)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("q_max", [0.1, 0.5, 3.0])
@pytest.mark.parametrize(("mean", "spread"), [(20, 0.02), (20, 0.2), (50, 0.05), (50, 0.4), (95, 0.1), (95, 0.25)])
def test_that_halving_the_step_leaves_the_average(kind, q_max, mean, spread):
    distribution, q = kind(mean=mean, sd=spread * mean), np.linspace(0.01, q_max, 160)
    nodes = grid(distribution, q_max, limits=(1.0, 1000.0))
    particle = SolidSphere()
    coarse, fine = (size_average(particle, distribution, q, spheres, diameters=d) for d in (nodes, halved(nodes)))
    level = references.local_envelope(lambda x: np.interp(x, q, fine), q, mean)
    np.testing.assert_array_less(np.abs(coarse - fine), CONVERGED * level)


def test_that_halving_the_step_leaves_the_average_of_the_exact_solver():
    # wider than any formulation, at a q where 1-nm steps are known to be too coarse
    q, distribution = np.linspace(0.05, 3.0, 120), LogNormal(mean=30, sd=4.5)
    nodes = grid(distribution, 3.0)
    for particle in (SolidSphere(), TwoCompartment()):
        coarse, fine = (size_average(particle, distribution, q, form_factors, diameters=d) for d in (nodes, halved(nodes)))
        level = references.local_envelope(lambda x, fine=fine: np.interp(x, q, fine), q, 30)
        np.testing.assert_array_less(np.abs(coarse - fine), CONVERGED * level)


@pytest.mark.parametrize("kind", SHAPES)
def test_that_the_ends_of_the_grid_hold_no_scattering(kind):
    # an average over a support five times as wide is the same: D^6 takes the sum far beyond the numbers
    distribution, q = kind(mean=40, sd=8), np.linspace(0.01, 1.0, 50)
    low, high = distribution.support()
    wide = np.linspace(low / 2, 2 * high, 8001)
    whole = size_average(SolidSphere(), distribution, q, spheres, diameters=wide[wide >= 1])
    np.testing.assert_allclose(size_average(SolidSphere(), distribution, q, spheres), whole, rtol=1e-4)


@pytest.mark.parametrize("kind", SHAPES)
def test_that_a_narrow_distribution_scatters_as_its_mean_particle(kind):
    # second order: I changes by sd²/2 I'', with |I''| about D² q² I at most, here (0.005 * 50)² * 0.5² / 2 and the 15 sd²/mean² of D^6
    q = np.linspace(0.01, 0.5, 60)
    narrow = size_average(SolidSphere(), kind(mean=50, sd=0.01), q, spheres)
    mean = spheres([SolidSphere(diameter=50.0)], q)[0]
    np.testing.assert_allclose(narrow, mean, atol=1e-6 * mean[0], rtol=1e-4)


def test_that_sizes_left_out_give_the_particle_itself():
    q = np.linspace(0.0, 1.0, 20)
    np.testing.assert_array_equal(size_average(SolidSphere(diameter=33.0), None, q, spheres), spheres([SolidSphere(diameter=33.0)], q)[0])


def test_that_scattering_at_q_zero_grows_as_the_sixth_moment():
    distribution = LogNormal(mean=50, sd=10)
    at_zero = size_average(SolidSphere(), distribution, np.array([0.0]), spheres)[0]
    one = spheres([SolidSphere(diameter=50.0)], np.array([0.0]))[0, 0]
    assert at_zero / one == pytest.approx((1 + 0.2**2) ** 15, rel=1e-4)


def test_that_two_tables_of_the_same_numbers_scatter_alike():
    # a table is linear between its points, so a point on the line between two others changes nothing
    q = np.linspace(0.02, 1.0, 40)
    coarse = size_average(SolidSphere(), Table([30.0, 50.0, 70.0], [0.0, 2.0, 0.0]), q, spheres)
    fine = size_average(SolidSphere(), Table([30.0, 40.0, 50.0, 58.0, 70.0], [0.0, 1.0, 2.0, 1.2, 0.0]), q, spheres)
    level = references.local_envelope(lambda x: np.interp(x, q, fine), q, 50)
    np.testing.assert_array_less(np.abs(coarse - fine), CONVERGED * level)


@pytest.mark.parametrize(
    ("sizes", "numbers"),
    [
        ([20, 50, 80], [0, 1, 0]),
        ([40, 60], [1, 1]),
        ([30, 31, 70], [1, 1, 0]),
        (np.linspace(20, 80, 13), np.exp(-(np.linspace(-3, 3, 13) ** 2) / 2)),
    ],
)
@pytest.mark.parametrize("q_max", [0.3, 3.0])
def test_that_the_average_over_a_table_is_its_integral(sizes, numbers, q_max):
    # against Gauss-Legendre on every straight piece, 200 nodes each, which is exact to rounding here
    q, table = np.linspace(0.01, q_max, 120), Table(np.array(sizes, float), np.array(numbers, float))
    node, weight = np.polynomial.legendre.leggauss(200)
    total, norm = np.zeros(q.size), 0.0
    for low, high in itertools.pairwise(table.diameters):
        d, w = (low + high) / 2 + (high - low) / 2 * node, weight * (high - low) / 2
        share = w * table.density(d)
        total, norm = total + share @ spheres([SolidSphere(diameter=float(x)) for x in d], q), norm + share.sum()
    np.testing.assert_allclose(size_average(SolidSphere(), table, q, spheres), total / norm, rtol=CONVERGED)


@given(means, spreads)
def test_that_weights_sum_to_one_and_follow_the_density(mean, spread):
    distribution = LogNormal(mean=mean, sd=spread * mean)
    nodes = grid(distribution, 1.0)
    share = weights(distribution, nodes)
    assert share.sum() == pytest.approx(1)
    assert (share >= 0).all()
    assert share @ nodes == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(
    ("mean", "sd", "field"), [(0, 1, "mean"), (-5, 1, "mean"), (math.nan, 1, "mean"), (50, 0, "sd"), (50, 50, "sd"), (50, math.inf, "sd")]
)
def test_that_impossible_sizes_are_refused_with_their_values(kind, mean, sd, field):
    with pytest.raises(ParameterError, match=r"must .* nm was given\.") as refusal:
        kind(mean=mean, sd=sd)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("sizes", "numbers"),
    [
        ([50], [1]),
        ([50, 40], [1, 1]),
        ([0, 40], [1, 1]),
        ([40, 50], [0, 0]),
        ([40, 50], [1, -1]),
        ([40, 50], [1, math.nan]),
        ([40, 50], [1, 1, 1]),
    ],
)
def test_that_a_table_without_sense_is_refused(sizes, numbers):
    with pytest.raises(ParameterError, match="size table needs"):
        Table(np.array(sizes, float), np.array(numbers, float))


def test_that_a_distribution_too_fine_to_sum_is_refused_with_the_count():
    with pytest.raises(ParameterError, match=rf"\d+ sizes would be needed .*the limit is {MAX_NODES}"):
        grid(LogNormal(mean=900, sd=800), 100.0)


def test_that_a_distribution_off_the_given_sizes_is_refused():
    with pytest.raises(ParameterError, match=r"No size of the distribution lies between 20 and 100 nm"):
        weights(LogNormal(mean=2000, sd=5), np.arange(20.0, 101.0))


@pytest.mark.parametrize("distribution", [Schulz(mean=50, sd=20), Schulz(mean=20, sd=6), LogNormal(mean=50, sd=25)])
def test_that_wide_distributions_of_ordinary_particles_can_be_summed(distribution):
    # sd/mean of 0.3 to 0.5 is common; the far ends of the support must not run into the bounds of a particle
    q = np.linspace(0.02, 0.5, 20)
    assert (size_average(SolidSphere(), distribution, q, spheres) > 0).all()
