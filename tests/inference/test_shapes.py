"""Size-averaged curves as matrix products: the same as summing particle by particle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.basis import default_basis
from engine.ensembles.average import size_average
from engine.ensembles.size_distribution import LogNormal
from engine.inference.shapes import MIN_SD, SINGLE, log_normal_weights
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


@pytest.mark.parametrize("kind", LNP_TYPES)
@pytest.mark.parametrize(("mean", "spread"), [(45.0, 0.12), (20.0, 0.3), (90.0, 0.02), (30.0, 0.011), (150.0, 0.2)])
def test_that_slopes_are_the_derivatives_of_the_averaged_curve(kind, mean, spread):
    _, shapes = shapes_of(CURVE)
    at, step = np.log([mean]), 1e-5
    width = np.log([spread])
    curve, by_mean, by_spread = shapes.slopes(kind, at, width)
    whole = np.abs(curve).max()
    np.testing.assert_allclose(curve[0], shapes.average(kind, at, width)[0][:, 0], atol=1e-9 * whole)
    for slope, up, down in ((by_mean, (at + step, width), (at - step, width)), (by_spread, (at, width + step), (at, width - step))):
        numerical = (shapes.average(kind, *up)[0] - shapes.average(kind, *down)[0])[:, 0] / (2 * step)
        # the supports of the two sums may differ by a size of weight 1e-6 each
        np.testing.assert_allclose(slope[0], numerical, atol=1e-4 * whole)


def test_that_a_width_that_is_held_has_no_slope_by_the_spread():
    _, shapes = shapes_of(CURVE)
    _, _, by_spread = shapes.slopes("type 4", np.log([40.0]), np.log([0.5 * MIN_SD / 40]))
    assert not by_spread.any()


def test_that_single_precision_is_used_only_where_chi2_does_not_feel_it():
    _, shapes = shapes_of(CURVE)
    single = shapes.single()
    assert single.curves["type 1"].dtype == np.float32
    sizes = np.log([[40.0, 0.1], [90.0, 0.3], [25.0, 0.05]])
    exact, rounded = (table.average("type 1", sizes[:, 0], sizes[:, 1])[0] for table in (shapes, single))
    level = shapes.data @ exact / (exact * exact).sum(axis=0)
    chi2 = [((shapes.data[:, None] - level * curve.astype(float)) ** 2).sum(axis=0) for curve in (exact, rounded)]
    np.testing.assert_allclose(chi2[1], chi2[0], rtol=1e-5, atol=0.02)
    known_better = shapes.softened((np.abs(shapes.data).max() / (2 * SINGLE)) ** 2)
    assert known_better.single() is known_better
