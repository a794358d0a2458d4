"""From points to bins: what is kept, what is estimated, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.errors import EngineError
from engine.inference.prepare import MIN_POINTS, point_scatter, prepare
from tests.inference.samples import Q, a_sample, ideal, measured, noise_free, noisy

Q_MAX = default_basis().q_max
SPHERES = ("type 4", 1.0, 50.0, 0.1)


def stated(curve, factor):
    return Curve(curve.q, curve.intensity, curve.sigma * factor)


def sharing_noise(width, seed=0, points=800):
    """A curve whose neighbouring points share noise, as after pixel splitting; the error of each point is right."""
    q = np.linspace(0.05, 3.0, points)
    clean = noisy(ideal(a_sample(SPHERES), q), q, seed=seed)
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= np.sqrt((kernel**2).sum())
    shared = np.convolve(np.random.default_rng(seed).normal(size=points + width - 1), kernel, mode="valid")
    return Curve(q, ideal(a_sample(SPHERES), q) + shared * clean.sigma, clean.sigma)


@given(st.floats(-1e3, 1e3), st.integers(0, 5), st.integers(15, 400))
def test_that_binning_keeps_a_constant(level, seed, points):
    rng = np.random.default_rng(seed)
    q = np.unique(rng.uniform(0.02, 4.0, points))
    prepared = prepare(Curve(q, np.full(q.size, level + 1e-9), rng.uniform(1, 3, q.size)), q_max=Q_MAX)
    np.testing.assert_allclose(prepared.intensity, level + 1e-9, rtol=1e-12)
    np.testing.assert_allclose(prepared.binning.sum(axis=1), 1.0, rtol=1e-12)


def test_that_bins_are_means_by_inverse_variance_with_the_error_of_such_means():
    curve = measured(SPHERES)
    prepared = prepare(curve, q_max=Q_MAX)
    weight = 1 / curve.sigma**2
    held = prepared.binning.toarray() > 0
    np.testing.assert_allclose(prepared.intensity, (held @ (weight * curve.intensity)) / (held @ weight), rtol=1e-12)
    np.testing.assert_allclose(prepared.sigma, 1 / np.sqrt(held @ weight), rtol=1e-12)
    assert (held.sum(axis=0) == 1).all()
    assert (np.diff(prepared.q) > 0).all()


@given(st.floats(0.5, 2.0), st.floats(-0.01, 0.01))
def test_that_chi2_over_bins_and_over_points_have_the_same_optimum(scale, background):
    # a model gathered with the same weights: chi² over points = chi² over bins + what points scatter inside bins + cross terms,
    # and the cross terms vanish where the model varies little in a bin; gradients therefore agree to a few per cent of their errors
    curve, shape = measured(SPHERES), ideal(a_sample(SPHERES))
    prepared = prepare(curve, q_max=Q_MAX)
    solve = np.linalg.lstsq
    points = solve(np.stack([shape, np.ones(Q.size)], axis=1) / curve.sigma[:, None], curve.intensity / curve.sigma, rcond=None)[0]
    design = np.stack([prepared.binning @ shape, np.ones(prepared.q.size)], axis=1)
    bins = solve(design / prepared.sigma[:, None], prepared.intensity / prepared.sigma, rcond=None)[0]
    error = np.sqrt(np.diag(np.linalg.inv((design / prepared.sigma[:, None]).T @ (design / prepared.sigma[:, None]))))
    np.testing.assert_array_less(np.abs(points - bins), 0.3 * error)


def test_that_binning_loses_little_information():
    # errors of scale and background from the bins are at most 2 % above those from all the points
    curve, shape = measured(SPHERES, q=np.linspace(0.05, 3.0, 2000)), ideal(a_sample(SPHERES), np.linspace(0.05, 3.0, 2000))
    prepared = prepare(curve, q_max=Q_MAX)

    def errors(model, sigma):
        design = np.stack([model, np.ones(model.size)], axis=1) / sigma[:, None]
        return np.sqrt(np.diag(np.linalg.inv(design.T @ design)))

    np.testing.assert_array_less(errors(prepared.binning @ shape, prepared.sigma), 1.02 * errors(shape, curve.sigma))


@pytest.mark.parametrize("points", [300, 1000, 2600])
def test_that_any_number_of_points_becomes_at_most_a_few_hundred_bins(points):
    prepared = prepare(measured(SPHERES, q=np.linspace(0.03, 4.5, points)), q_max=Q_MAX)
    assert MIN_POINTS <= prepared.q.size <= 320


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4), st.integers(7, 60), st.integers(0, 9))
def test_that_a_cubic_has_no_scatter(coefficients, points, seed):
    # each point is compared with the cubic through its four neighbours, on any grid; what is left is rounding
    q = np.cumsum(np.random.default_rng(seed).uniform(0.01, 0.1, points))
    intensity = np.polynomial.polynomial.polyval(q, coefficients)
    assert point_scatter(q, intensity).max() <= 1e-11 * (1 + np.abs(intensity).max())


def test_that_scatter_is_the_standard_deviation_of_white_noise():
    # a median over all 2000 points has an error of 2.6 %; neighbours share noise, so four times that
    rng = np.random.default_rng(3)
    scatter = point_scatter(np.linspace(0.1, 1, 2000), rng.normal(0, 0.7, 2000))
    assert np.median(scatter) == pytest.approx(0.7, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("points", [150, 500, 1500])
def test_that_a_missing_sigma_is_estimated_within_a_half(points, seed):
    # windows of a 24th of the points hold 12 to 60 of them: errors of 20 to 10 % from point to point, more where I bends.
    # Never below half a per cent of the intensity, the floor
    q = np.linspace(0.05, 3.0, points)
    truth = noisy(ideal(a_sample(SPHERES), q), q, noise=0.01, seed=seed)
    prepared = prepare(Curve(q, truth.intensity), q_max=Q_MAX)
    ratio = prepared.curve.sigma / np.maximum(truth.sigma, 0.005 * np.abs(truth.intensity))
    assert np.isnan(prepared.sigma_factor)
    assert "estimated from the scatter" in " ".join(prepared.notes)
    low, middle, high = np.quantile(ratio[q > 0.3], [0.1, 0.5, 0.9])
    assert middle == pytest.approx(1, abs=0.15)
    assert 0.5 < low < high < 2.0


@pytest.mark.parametrize("points", [200, 800])
@pytest.mark.parametrize("wrong", [1 / 4, 1 / 3, 1 / 2, 2.0, 3.0, 4.0])
def test_that_a_sigma_wrong_by_a_factor_is_found_out(wrong, points):
    # the median over 200 points has an error of about 9 %, twice that is allowed
    q = np.linspace(0.05, 3.0, points)
    prepared = prepare(stated(noisy(ideal(a_sample(SPHERES), q), q), wrong), q_max=Q_MAX)
    assert prepared.sigma_factor * wrong == pytest.approx(1, rel=0.2)
    assert ("more" if wrong < 1 else "less") + " than the stated sigma says" in " ".join(prepared.notes)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("points", [60, 200, 1000])
def test_that_a_right_sigma_is_kept_as_it_is(points, seed):
    q = np.linspace(0.05, 3.0, points)
    curve = noisy(ideal(a_sample(SPHERES), q), q, seed=seed)
    prepared = prepare(curve, q_max=Q_MAX)
    assert prepared.sigma_factor == 1
    assert prepared.notes == ()
    np.testing.assert_array_equal(prepared.curve.sigma, curve.sigma)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_that_noise_shared_by_neighbours_does_not_shrink_sigma(width):
    prepared = prepare(sharing_noise(width), q_max=Q_MAX)
    assert prepared.sigma_factor == 1


@pytest.mark.parametrize("width", [1, 3, 5])
def test_that_bins_of_points_that_share_noise_are_as_unsure_as_they_are(width):
    # pulls of the bins about the truth over ten curves: 1 within a quarter, whatever the noise that neighbours share
    pulls = []
    for seed in range(10):
        curve = sharing_noise(width, seed)
        prepared = prepare(curve, q_max=Q_MAX)
        many = np.bincount(prepared.binning.indices * 0 + np.repeat(np.arange(prepared.q.size), np.diff(prepared.binning.indptr))) > 3
        pulls.append(((prepared.intensity - prepared.binning @ ideal(a_sample(SPHERES), curve.q)) / prepared.sigma)[many])
    assert np.concatenate(pulls).std() == pytest.approx(1, abs=0.25)


def test_that_a_sigma_that_cannot_be_true_is_not_used():
    prepared = prepare(stated(measured(SPHERES), 1 / 50), q_max=Q_MAX)
    assert "cannot be true" in " ".join(prepared.notes)
    assert np.isnan(prepared.sigma_factor)
    assert np.median(prepared.curve.sigma / measured(SPHERES).sigma) == pytest.approx(1, abs=0.4)


def test_that_too_few_points_are_refused_with_their_number():
    curve = measured(SPHERES).select(np.arange(Q.size) < MIN_POINTS - 1)
    with pytest.raises(EngineError, match=rf"Too few points: {MIN_POINTS - 1} lie .* at least {MIN_POINTS} are needed. Check the q unit"):
        prepare(curve, q_max=Q_MAX)


@pytest.mark.parametrize("end", [0.505, 0.52])
def test_that_points_in_one_place_are_refused_with_the_place(end):
    q = np.linspace(0.5, end, 40)
    with pytest.raises(EngineError, match=r"40 points fall into only \d groups between 0\.5 and .* Measure a wider range"):
        prepare(Curve(q, np.exp(-q), 0.01 * np.exp(-q)), q_max=Q_MAX)


def test_that_a_curve_of_zeros_is_refused():
    with pytest.raises(EngineError, match="All intensities are zero"):
        prepare(Curve(Q, np.zeros(Q.size)), q_max=Q_MAX)


def test_that_points_beyond_the_basis_are_left_out_and_said_so():
    q = np.linspace(0.0, 8.0, 401)
    prepared = prepare(Curve(q, np.exp(-q), np.full(q.size, 0.1)), q_max=Q_MAX)
    outside = int(((q <= 0) | (q > Q_MAX)).sum())
    assert f"{outside} points outside 0 < q <= {Q_MAX:g} 1/nm are not used." in prepared.notes
    assert prepared.curve.q[0] > 0
    assert prepared.curve.q[-1] <= Q_MAX


@given(st.floats(0.001, 0.2))
def test_that_a_model_error_adds_in_squares(relative):
    prepared = prepare(noise_free(SPHERES), q_max=Q_MAX)
    loosened = prepared.with_model_error(relative)
    np.testing.assert_allclose(loosened.sigma**2, prepared.sigma**2 + (relative * prepared.intensity) ** 2)
    np.testing.assert_array_equal(loosened.intensity, prepared.intensity)


@given(st.floats(1e-6, 1e6))
def test_that_the_unit_of_intensity_does_not_matter(scale):
    one, other = prepare(measured(SPHERES), q_max=Q_MAX), prepare(measured(SPHERES, scale=scale), q_max=Q_MAX)
    np.testing.assert_allclose(other.intensity / scale, one.intensity, rtol=1e-9)
    np.testing.assert_allclose(other.sigma / scale, one.sigma, rtol=1e-9)
    assert one.notes == other.notes
