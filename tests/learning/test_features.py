import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.instrument import BINS
from engine.learning.features import WIDTH, Scaler, bin_curve, bridge, fit_scaler, raw_features, spanned

RNG = np.random.default_rng(8)


def some_curves(n=16):
    filled = RNG.random((n, BINS)) < 0.7
    filled[:, 50:60] = True
    intensity = np.where(filled, RNG.lognormal(size=(n, BINS)), 0).astype(np.float32)
    sigma = np.where(filled, 0.1 * RNG.lognormal(size=(n, BINS)), 1).astype(np.float32)
    return intensity, sigma, filled


def test_that_features_do_not_know_the_unit_of_intensity():
    intensity, sigma, filled = some_curves()
    for factor in (1e-6, 1e6):
        scaled = raw_features(intensity * np.float32(factor), sigma * np.float32(factor), filled)
        for one, other in zip(raw_features(intensity, sigma, filled), scaled, strict=True):
            seen = np.broadcast_to(spanned(filled)[:, None], one.shape) if one.ndim == 3 else np.ones_like(one, bool)
            np.testing.assert_allclose(one[seen], other[seen], rtol=1e-4, atol=1e-4)


def test_that_standardised_features_have_mean_0_and_deviation_1_where_they_were_fitted():
    data = some_curves(4000)
    scaler = fit_scaler([data])
    features = scaler.features(*data)
    assert features.shape == (4000, WIDTH)
    channels = features[:, : 3 * BINS].reshape(-1, 3, BINS)
    for channel in range(3):
        values = channels[:, channel][spanned(data[2])]
        assert values.mean() == pytest.approx(0, abs=1e-3)
        assert values.std() == pytest.approx(1, abs=1e-2)


def test_that_empty_bins_are_zero_whatever_they_hold():
    intensity, sigma, filled = some_curves()
    scaler = fit_scaler([(intensity, sigma, filled)])
    other = np.where(filled, intensity, 7.0).astype(np.float32)
    np.testing.assert_array_equal(scaler.features(intensity, sigma, filled), scaler.features(other, sigma, filled))


def test_that_a_bin_never_seen_in_training_stays_finite():
    intensity, sigma, filled = some_curves()
    filled[:, :10] = False
    scaler = fit_scaler([(intensity, sigma, filled)])
    filled[:, 3] = True
    assert np.isfinite(scaler.features(intensity, sigma, filled)).all()


def test_that_binning_weighs_points_by_their_precision_and_keeps_to_its_bins():
    q = np.array([0.1000, 0.1002, 2.0])
    curve = Curve(q, np.array([1.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0]))
    intensity, sigma, filled = bin_curve(curve)
    assert filled.sum() == 2
    first, last = np.flatnonzero(filled[0])
    mean = (1.0 / 1 + 4.0 / 4) / (1 + 0.25)
    assert intensity[0, first] / intensity[0, last] == pytest.approx(mean / 9.0)
    assert sigma[0, first] / intensity[0, first] == pytest.approx((1 / np.sqrt(1.25)) / mean)


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_that_binning_survives_any_unit(factor):
    q = np.linspace(0.05, 2, 200)
    curve = Curve(q, factor * q**-2.0, 0.01 * factor * q**-2.0)
    scaler = Scaler(np.zeros((3, BINS), np.float32), np.ones((3, BINS), np.float32))
    assert np.isfinite(scaler.features(*bin_curve(curve))).all()


def test_that_a_curve_without_sigma_is_a_slip_of_the_programmer():
    with pytest.raises(ValueError, match="without sigma"):
        bin_curve(Curve(np.array([0.1, 0.2]), np.ones(2)))


def test_that_gaps_are_bridged_by_straight_lines_and_nothing_is_extrapolated():
    filled = np.zeros((1, BINS), bool)
    filled[0, [20, 24, 30]] = True
    values = np.full((1, BINS), 9.0, np.float32)
    values[0, [20, 24, 30]] = 1.0, 3.0, 0.0
    bridged = bridge(values, filled)[0]
    np.testing.assert_allclose(bridged[20:25], [1, 1.5, 2, 2.5, 3])
    np.testing.assert_allclose(bridged[24:31], [3, 2.5, 2, 1.5, 1, 0.5, 0], atol=1e-6)
    assert (np.delete(bridged, np.arange(20, 31)) == 9.0).all()
    np.testing.assert_array_equal(np.flatnonzero(spanned(filled)[0]), np.arange(20, 31))


def test_that_a_grid_with_holes_shows_little_of_itself():
    # a straight line in the bins' numbers looks the same through any grid, but for the channel that says which bins hold points
    place = np.arange(BINS, dtype=np.float32)
    values = np.tile(2.0 + place / 100, (2, 1)).astype(np.float32)
    filled = np.zeros((2, BINS), bool)
    filled[0, 40:200] = True
    filled[1, 40:200:3] = True
    channels, _ = raw_features(values, 0.1 * values, filled)
    np.testing.assert_allclose(channels[0, :, 60:190] - channels[0, :, 60:61], channels[1, :, 60:190] - channels[1, :, 60:61], atol=1e-3)
