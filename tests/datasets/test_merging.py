from __future__ import annotations

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.merging import merge
from engine.datasets.scaling import fit_ratio
from engine.errors import ParameterError

LOW, HIGH = np.linspace(0.05, 1.0, 200), np.linspace(0.6, 4.0, 500)


def form(q):
    return 1000 / (1 + (3 * q) ** 2) ** 2 + 2


def measured(q, scale, *, seed=1, level=0.02, shape=form):
    true = scale * shape(q)
    rng = np.random.default_rng(seed)
    return Curve(q, rng.normal(true, level * true), level * true)


def test_that_noiseless_pieces_give_back_the_whole():
    whole = np.linspace(0.05, 4.0, 800)
    merged = merge(Curve(whole[:300], form(whole[:300])), Curve(whole[200:], 5 * form(whole[200:])))
    np.testing.assert_array_equal(merged.curve.q, whole)
    np.testing.assert_allclose(merged.curve.intensity, form(whole), rtol=1e-12)
    assert merged.scale == pytest.approx(0.2)
    assert merged.curve.sigma is None
    assert "Not both curves have errors, so the merged one has none." in merged.notes


def test_that_the_order_does_not_matter():
    one, other = measured(LOW, 1.0), measured(HIGH, 7.0, seed=2)
    np.testing.assert_array_equal(merge(one, other).curve.intensity, merge(other, one).curve.intensity)


def test_that_the_scale_and_its_error_are_right():
    found = [merge(measured(LOW, 1.0, seed=2 * i), measured(HIGH, 4.0, seed=2 * i + 1)) for i in range(300)]
    scales = np.array([merged.scale for merged in found])
    assert scales.mean() == pytest.approx(0.25, rel=3e-4)
    assert scales.std() == pytest.approx(np.mean([merged.scale_error for merged in found]), rel=0.3)  # interpolated points share noise
    pulls = (found[0].curve.intensity - form(found[0].curve.q)) / found[0].curve.sigma
    assert np.std(pulls) == pytest.approx(1, abs=0.1)


def test_that_the_overlap_is_surer_than_either_piece():
    merged = merge(measured(LOW, 1.0), measured(LOW + 0.475, 1.0, seed=2)).curve
    inside = (merged.q >= 0.55) & (merged.q <= 1.0)
    assert (merged.sigma[inside] < 0.0185 * merged.intensity[inside]).all()
    assert np.median(merged.sigma[~inside] / form(merged.q[~inside])) == pytest.approx(0.02, rel=0.1)
    assert (np.diff(merged.q) > 0).all()


def test_that_a_piece_within_the_other_is_merged():
    merged = merge(measured(HIGH, 1.0), measured(np.linspace(1.0, 2.0, 50), 3.0, seed=2)).curve
    np.testing.assert_array_equal(merged.q, HIGH)


def test_that_noise_in_both_curves_does_not_make_the_factor_too_small():
    rng = np.random.default_rng(6)
    q, sigma = np.arange(1.0, 20_001.0), np.full(20_000, 1.0)
    ratio = fit_ratio(Curve(q, rng.normal(6.0, sigma), sigma), Curve(q, rng.normal(2.0, sigma), sigma))
    assert abs(ratio.value - 3.0) < 4 * ratio.error  # plain least squares: 2.4
    assert ratio.error < 0.02
    assert ratio.chi2_reduced == pytest.approx(1, abs=0.05)


def test_that_pieces_that_do_not_overlap_are_refused_with_both_ranges():
    with pytest.raises(ParameterError, match=r"one covers 0\.05 to 1 1/nm, the other 2 to 3 1/nm"):
        merge(measured(np.linspace(2, 3, 50), 1.0), measured(LOW, 1.0))
    with pytest.raises(ParameterError, match="share too little"):
        merge(measured(LOW, 1.0), measured(np.linspace(0.99, 3, 50), 1.0))


def test_that_pieces_of_different_samples_are_refused():
    with pytest.raises(ParameterError, match=r"the curves differ by \d+% after scaling, more than their errors allow"):
        merge(measured(LOW, 1.0), measured(HIGH, 1.0, shape=lambda q: np.exp(-((4 * q - 3) ** 2)) + 0.01))
    with pytest.raises(ParameterError, match="no positive multiple"):
        merge(measured(LOW, 1.0), Curve(HIGH, -form(HIGH), form(HIGH)))


def test_that_too_small_errors_are_said_but_do_not_stop_the_merging():
    low, high = measured(LOW, 1.0), measured(HIGH, 1.0, seed=2)
    merged = merge(Curve(LOW, low.intensity, low.sigma / 5), Curve(HIGH, high.intensity, high.sigma / 5))
    assert any("more than their errors" in note for note in merged.notes)
