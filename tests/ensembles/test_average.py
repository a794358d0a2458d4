"""Mixtures and the paper's sum over sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st

from engine.ensembles.average import PAPER_SIZES, Component, Mixture, mixture_intensity, of_size, one_by_one, size_average
from engine.ensembles.size_distribution import Gaussian, LogNormal
from engine.errors import ParameterError, UnsupportedModel
from engine.models.cylinder import SolidCylinder
from engine.models.solid_sphere import SolidSphere
from engine.models.two_lobed import TwoLobed
from engine.scattering.exact import form_factor, form_factors

Q = np.linspace(0.02, 1.0, 40)


def spheres(particles, q):
    return np.stack([(p.sld_shell * references.sphere_amplitude(q, p.diameter / 2)) ** 2 for p in particles])


def a_mixture(*fractions):
    return Mixture(tuple(Component(SolidSphere(diameter=30.0 + 10 * i), f) for i, f in enumerate(fractions)))


@given(st.floats(0, 1))
def test_that_the_intensity_of_a_mixture_is_linear_in_its_fractions(share):
    pure = [mixture_intensity(a_mixture(*one), Q, spheres) for one in ((1.0, 0.0), (0.0, 1.0))]
    mixed = mixture_intensity(a_mixture(share, 1 - share), Q, spheres)
    np.testing.assert_allclose(mixed, share * pure[0] + (1 - share) * pure[1], rtol=1e-12)


def test_that_a_component_split_in_two_is_the_same_sample():
    sizes = LogNormal(mean=40, sd=4)
    whole = Mixture((Component(SolidSphere(), 1.0, sizes),))
    split = Mixture((Component(SolidSphere(), 0.3, sizes), Component(SolidSphere(), 0.7, sizes)))
    np.testing.assert_allclose(mixture_intensity(split, Q, spheres), mixture_intensity(whole, Q, spheres), rtol=1e-12)


@pytest.mark.parametrize("fractions", [(), (0.5,), (0.5, 0.6), (1.5, -0.5), (math.nan,), (0.5, math.nan), (math.inf, 0.5)])
def test_that_fractions_that_do_not_sum_to_one_are_refused(fractions):
    with pytest.raises(ParameterError, match="sum to 1"):
        a_mixture(*fractions)


def test_that_thirds_are_taken_for_a_whole():
    assert len(a_mixture(1 / 3, 1 / 3, 1 / 3).components) == 3


@pytest.mark.parametrize(("mu", "sd"), [(52.0, 3.0), (99.0, 4.0), (60.0, 0.1)])
def test_that_the_paper_mode_is_the_plain_sum_over_its_81_sizes(mu, sd):
    assert PAPER_SIZES.tolist() == list(range(20, 101))
    share = np.exp(-0.5 * ((PAPER_SIZES - mu) / sd) ** 2)
    by_hand = share @ spheres([SolidSphere(diameter=float(d)) for d in PAPER_SIZES], Q) / share.sum()
    mode = size_average(SolidSphere(), Gaussian(mean=mu, sd=sd), Q, spheres, diameters=PAPER_SIZES)
    np.testing.assert_allclose(mode, by_hand, rtol=1e-12)


def test_that_the_one_nanometre_steps_of_the_paper_are_too_coarse_at_high_q():
    q, sizes = np.linspace(2.5, 3.0, 60), Gaussian(mean=60, sd=0.4)
    fine = size_average(SolidSphere(), sizes, q, spheres)
    coarse = size_average(SolidSphere(), sizes, q, spheres, diameters=PAPER_SIZES)
    assert np.abs(coarse / fine - 1).max() > 0.05


def test_that_a_size_changes_the_diameter_alone():
    particle = of_size(TwoLobed(diameter=50.0, shell_thickness=3.0), 70)
    assert (particle.diameter, particle.shell_thickness) == (70.0, 3.0)


def test_that_sizes_of_a_body_without_a_diameter_are_refused():
    with pytest.raises(UnsupportedModel, match="no diameter; leave the sizes out"):
        size_average(SolidCylinder(), LogNormal(mean=50, sd=5), Q, form_factors)


def test_that_a_solver_of_one_particle_serves_as_one_of_many():
    particles = [SolidSphere(diameter=d) for d in (20.0, 35.0)]
    np.testing.assert_allclose(one_by_one(form_factor)(particles, Q), form_factors(particles, Q), rtol=1e-9)
