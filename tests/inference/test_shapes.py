"""Size-averaged curves as matrix products: the same as summing particle by particle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.basis import default_basis
from engine.ensembles.average import size_average
from engine.ensembles.size_distribution import LogNormal
from engine.inference.shapes import MIN_SD, log_normal_weights
from engine.models.registry import LNP_TYPES, MODELS
from engine.scattering.exact import form_factors
from tests.inference.samples import measured, shapes_of

CURVE = measured(("type 4", 1.0, 50.0, 0.1))


@given(st.floats(np.log(15), np.log(140)), st.floats(np.log(0.02), np.log(0.3)))
def test_that_weights_are_those_of_the_log_normal_distribution(log_mean, log_spread):
    diameters = default_basis().diameters
    mean, spread = np.exp(log_mean), max(np.exp(log_spread), MIN_SD / np.exp(log_mean))
    share = log_normal_weights(diameters, np.exp([log_mean]), np.exp([log_spread]))[:, 0]
    density = LogNormal(mean=mean, sd=spread * mean).density(diameters)
    np.testing.assert_allclose(share, density / density.sum(), rtol=1e-9, atol=1e-300)
    assert share.sum() == pytest.approx(1)
    # the grid of sizes ends at 10 and 220 nm, which cuts the widest of the largest
    if 25 < mean < 90 and spread < 0.2:
        assert share @ diameters == pytest.approx(mean, rel=1e-3)


def test_that_distributions_narrower_than_can_be_seen_are_taken_as_the_narrowest():
    diameters = default_basis().diameters
    narrow, narrowest = (log_normal_weights(diameters, np.array([50.0]), np.array([spread])) for spread in (1e-4, MIN_SD / 50))
    np.testing.assert_array_equal(narrow, narrowest)


@pytest.mark.parametrize("kind", LNP_TYPES)
def test_that_a_column_is_the_binned_average_of_the_exact_solver(kind):
    prepared, shapes = shapes_of(CURVE)
    column, scale = shapes.average(kind, np.log([45.0]), np.log([0.12]))
    exact = prepared.binning @ size_average(MODELS[kind](), LogNormal(mean=45, sd=0.12 * 45), prepared.curve.q, form_factors)
    assert scale[0] == pytest.approx(exact[0], rel=1e-3)
    np.testing.assert_allclose(column[:, 0] * prepared.sigma, exact / exact[0], rtol=1e-3)


def test_that_whitened_data_have_unit_variance_and_curves_start_at_one():
    prepared, shapes = shapes_of(CURVE)
    np.testing.assert_allclose(shapes.data * prepared.sigma, prepared.intensity)
    np.testing.assert_allclose(shapes.flat * prepared.sigma, 1)
    columns, _ = shapes.average("type 2", np.log([30.0, 80.0]), np.log([0.1, 0.3]))
    np.testing.assert_allclose(columns[0] * prepared.sigma[0], 1)
