"""What is left out of a curve, why, and that it is written down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.io.beamstop import beamstop_rows
from engine.io.cleaning import clean
from engine.io.raw_curve import RawCurve
from engine.io.read import read
from engine.io.sigma import judge_sigma
from tests.io.curves import columns, sphere_curve, text_rows, written

CURVE = sphere_curve(150)


def raw(table: np.ndarray) -> RawCurve:
    return RawCurve(format_name="text", q=table[:, 0], intensity=table[:, 1], sigma=table[:, 2])


def cleaned(table, tmp_path):
    return clean(raw(table), tmp_path)


def rows(result):
    return {drop.reason.split(":")[0]: drop.rows for drop in result.dropped}


def test_that_every_kind_of_bad_row_is_listed_with_its_number(tmp_path):
    table = columns(CURVE)
    table[3, 1] = np.nan
    table[5, 0] = np.inf
    table[7] = (table[7, 0], 0.0, 0.0)
    table[9, 2] = 0.0
    table[11, 2] = -1.0
    table[13, 2] = np.nan
    table[20] = table[19] * [1, 1, 2]
    table[30, 0] = -0.2
    result = cleaned(table, tmp_path)
    assert rows(result) == {
        "no number in q or intensity": (4, 6),
        "q is zero or negative": (31,),
        "zero intensity": (8,),
        "sigma is zero, negative or no number": (10, 12, 14),
        "the same q as another point": (21,),
    }
    assert len(result.curve) == 150 - 8


def test_that_of_equal_q_the_better_known_point_is_kept(tmp_path):
    table = columns(CURVE)
    table[41] = (table[40, 0], 7.0, table[40, 2] / 2)
    result = cleaned(table, tmp_path)
    assert rows(result) == {"the same q as another point": (41,)}
    assert 7.0 in result.curve.intensity


def test_that_a_measured_zero_with_its_sigma_is_kept(tmp_path):
    table = columns(CURVE)
    table[100, 1] = 0.0
    assert not cleaned(table, tmp_path).dropped


def test_that_sigma_missing_at_most_points_is_given_up_rather_than_the_points(tmp_path):
    table = columns(CURVE)
    table[:100, 2] = 0.0
    result = cleaned(table, tmp_path)
    assert result.curve.sigma is None
    assert len(result.curve) == 150
    assert any("100 of 150" in note for note in result.notes)


def test_that_row_numbers_survive_sorting(tmp_path):
    table = columns(CURVE)[::-1].copy()
    table[9, 2] = 0.0
    assert rows(cleaned(table, tmp_path)) == {"sigma is zero, negative or no number": (10,)}


@pytest.mark.parametrize("fraction", [0.01, 0.05, 1e-6, 1.0])
@pytest.mark.parametrize("digits", [3, 12])
def test_that_a_fixed_fraction_of_the_intensity_is_no_measurement(fraction, digits):
    intensity = CURVE.intensity.clip(1e-4)
    sigma = np.array([float(f"{fraction * i:.{digits - 1}e}") for i in intensity])
    kept, notes = judge_sigma(intensity, sigma)
    assert kept is None
    assert "no measurement" in notes[0]


def test_that_a_true_sigma_is_kept_untouched():
    kept, notes = judge_sigma(CURVE.intensity, CURVE.sigma)
    assert kept is CURVE.sigma
    assert notes == ()


def test_that_a_floor_of_one_per_cent_is_still_a_measurement():
    sigma = np.maximum(0.01 * CURVE.intensity, CURVE.sigma)
    assert judge_sigma(CURVE.intensity, sigma)[0] is not None


@pytest.mark.parametrize("value", [0.0, -1.0, 1.0, np.nan])
def test_that_a_filler_is_no_sigma(value):
    kept, notes = judge_sigma(CURVE.intensity, np.full(150, value))
    assert kept is None
    assert notes


def test_that_a_shadow_behind_the_beamstop_is_left_out():
    shadow = np.array([2.1e-3, 2.3e-3, 2.0e-3, 3.8e-1, 0.4, 0.8])
    intensity = CURVE.intensity.copy()
    intensity[:6] *= shadow
    sigma = CURVE.sigma.clip(1e-4)
    count, reason = beamstop_rows(CURVE.q, intensity, sigma)
    assert 5 <= count <= 6
    assert "shadow" in reason


def test_that_the_direct_beam_is_left_out():
    q = np.arange(1, 901) * 0.0015
    intensity = 9e6 * np.exp(-((q / 0.008) ** 2)) + 2.0 * np.exp(-((q * 10) ** 2) / 3) + 0.01
    count, reason = beamstop_rows(q, intensity, None)
    assert 0.02 < q[count] < 0.06
    assert "direct beam" in reason


def sphere(x: np.ndarray) -> np.ndarray:
    return (3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2


@given(
    radius=st.floats(8.0, 60.0),
    q_min=st.floats(0.02, 0.15),
    points=st.integers(60, 1500),
    background=st.floats(0.0, 1e-3),
    logarithmic=st.booleans(),
)
def test_that_spheres_of_any_size_lose_no_point(radius, q_min, points, background, logarithmic):
    """Sharp minima are the sample's and not the beamstop's, as long as the curve begins before the first of them."""
    assume(q_min * radius < 4.2)
    q = np.geomspace(q_min, 4.0, points) if logarithmic else np.linspace(q_min, 4.0, points)
    intensity = sphere(q * radius) + background
    noise = np.random.default_rng(points).normal(size=points)
    sigma = 0.01 * intensity + 1e-7
    count, _ = beamstop_rows(q, intensity + sigma * noise, sigma)
    assert count == 0


@given(position=st.floats(0.25, 1.5), width=st.floats(0.01, 0.2))
def test_that_a_bragg_peak_is_no_beamstop(position, width):
    q = np.linspace(0.05, 4.0, 400)
    intensity = 1.0 + 100.0 / (1.0 + ((q - position) / width) ** 2)
    assert beamstop_rows(q, intensity, 0.02 * intensity)[0] == 0


def test_that_a_matched_particle_rising_from_zero_is_no_beamstop():
    q = np.geomspace(0.03, 4.0, 300)
    intensity = (sphere(q * 20.0) ** 0.5 - sphere(q * 16.0) ** 0.5) ** 2 + 1e-7
    assert beamstop_rows(q, intensity, 0.05 * intensity)[0] == 0


def test_that_a_charged_sample_with_a_correlation_hole_is_no_beamstop():
    q = np.geomspace(0.03, 3.0, 300)
    structure = 1.0 / (1.0 + 30.0 * np.exp(-((q / 0.12) ** 2)))
    intensity = sphere(q * 15.0) * structure + 1e-6
    assert beamstop_rows(q, intensity, 0.02 * intensity)[0] == 0


def test_that_one_high_point_at_the_start_is_kept():
    intensity = CURVE.intensity.copy()
    intensity[2] *= 20.0
    assert beamstop_rows(CURVE.q, intensity, CURVE.sigma)[0] == 0


@given(st.lists(st.tuples(st.floats(allow_nan=True), st.floats(allow_nan=True), st.floats(allow_nan=True)), max_size=40))
def test_that_any_numbers_give_a_curve_or_a_sentence(tmp_path_factory, extra):
    table = np.vstack([columns(CURVE), np.array(extra).reshape(-1, 3)])
    folder = tmp_path_factory.mktemp("any")
    (measurement,) = read(written(folder, "q_nm^-1 I sigma\n" + "".join(" ".join(map(repr, map(float, row))) + "\n" for row in table)))
    assert len(measurement.curve) + sum(len(drop.rows) for drop in measurement.dropped) == len(table)


def test_that_text_rows_keep_their_numbers_through_the_whole_reading(tmp_path):
    table = columns(CURVE)
    table[10, 2] = 0.0
    (measurement,) = read(written(tmp_path, "q_nm^-1 I sigma\n" + text_rows(table)))
    assert measurement.dropped[0].rows == (11,)
