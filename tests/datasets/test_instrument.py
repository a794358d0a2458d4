import dataclasses

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.instrument import BINS, EDGES, MIN_POINTS, InstrumentRanges, draw_instrument, folding, matched
from engine.errors import ParameterError


def test_that_drawn_instruments_stay_inside_their_ranges():
    ranges = InstrumentRanges(gaps=1.0)
    rng = np.random.default_rng(0)
    for _ in range(200):
        instrument = draw_instrument(ranges, rng)
        assert ranges.q_min[0] <= instrument.q[0]
        assert instrument.q[-1] <= ranges.q_max[1] * (1 + 1e-12)
        assert instrument.q.size >= MIN_POINTS
        assert (np.diff(instrument.q) > 0).all()
        assert 0 <= instrument.resolution <= ranges.resolution


def test_that_folding_takes_the_mean_of_the_points_in_each_bin_and_nothing_else():
    q = np.array([0.005, 0.0101, 0.0102, 0.5, 4.999, 5.1])  # the first and the last lie outside
    matrix, count = folding(q)
    assert count.sum() == 4
    values = np.array([9.0, 1.0, 3.0, 7.0, 8.0, 9.0])
    folded = matrix @ values
    assert folded[0] == pytest.approx(2.0)
    assert sorted(folded[count > 0]) == pytest.approx([2.0, 7.0, 8.0])
    assert (folded[count == 0] == 0).all()
    assert matrix.shape == (BINS, q.size)


def test_that_the_instrument_of_a_measured_curve_has_its_axis_and_noise():
    q = np.linspace(0.05, 2.0, 300)
    intensity = q**-2.0
    curve = Curve(q, intensity, 0.02 * intensity)
    ranges = matched(curve)
    np.testing.assert_array_equal(ranges.grid, q)
    assert ranges.noise[0] < 0.02 < ranges.noise[1]
    np.testing.assert_array_equal(draw_instrument(ranges, np.random.default_rng(1)).q, q)


def test_that_a_matched_curve_without_sigma_keeps_the_usual_noise():
    q = np.linspace(0.05, 2.0, 300)
    assert matched(Curve(q, np.ones_like(q))).noise == InstrumentRanges().noise


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("q_min", (0.2, 0.1), "two numbers in order"),
        ("q_max", (1.0, 9.0), "two numbers in order"),
        ("noise", (0.0, 0.1), "two numbers in order"),
        ("background", -1.0, "between 0 and 0.5"),
        ("gaps", 1.5, "between 0 and 1"),
        ("grid", (0.1, 0.2), "must hold"),
        ("grid", tuple(np.linspace(6, 9, 100)), "lie between"),
    ],
)
def test_that_impossible_instruments_are_refused_in_words(field, value, words):
    with pytest.raises(ParameterError, match=words) as refused:
        dataclasses.replace(InstrumentRanges(), **{field: value})
    assert refused.value.field == field


def test_that_the_bins_reach_from_0_01_to_5():
    assert (EDGES[0], EDGES[-1]) == pytest.approx((0.01, 5.0))
