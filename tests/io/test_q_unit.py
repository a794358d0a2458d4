"""The user's word, the file's, the folder's, the likelier one: in this order, and never a silent factor of ten."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.io.measurement import UnitSource
from engine.io.plausibility import STRONG, guinier_knee, judge_unit
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import columns, sphere_curve, text_rows, written

NM, ANGSTROM = QUnit.PER_NM, QUnit.PER_ANGSTROM
CURVE = sphere_curve(150)
SILENT_NM, SILENT_ANGSTROM = text_rows(columns(CURVE)), text_rows(columns(CURVE, 0.1))
SAYS_NM = "q_nm^-1 I sigma\n" + SILENT_NM


def only(tmp_path, text, **keywords):
    (measurement,) = read(written(tmp_path, text), **keywords)
    return measurement


def test_that_the_file_speaks_first(tmp_path):
    measurement = only(tmp_path, SAYS_NM, confirmed=ANGSTROM)
    assert (measurement.q_unit, measurement.q_unit_source, measurement.q_unit_certain) == (NM, UnitSource.HEADER, True)
    assert measurement.q_unit_words == "q read as 1/nm because the column title says “q_nm^-1”."


def test_that_the_user_overrules_the_file_and_is_told(tmp_path):
    measurement = only(tmp_path, SAYS_NM, q_unit=ANGSTROM)
    assert (measurement.q_unit, measurement.q_unit_source, measurement.q_unit_certain) == (ANGSTROM, UnitSource.USER, True)
    np.testing.assert_allclose(measurement.curve.q, 10 * CURVE.q, rtol=1e-8)
    assert any("although the column title says" in note for note in measurement.notes)


@pytest.mark.parametrize("confirmed", [NM, ANGSTROM])
def test_that_the_folder_decides_where_the_file_is_silent_but_not_for_certain(tmp_path, confirmed):
    measurement = only(tmp_path, SILENT_NM, confirmed=confirmed)
    assert (measurement.q_unit, measurement.q_unit_source, measurement.q_unit_certain) == (confirmed, UnitSource.FOLDER, False)


@pytest.mark.parametrize(("text", "unit"), [(SILENT_NM, NM), (SILENT_ANGSTROM, ANGSTROM)])
def test_that_the_likelier_unit_is_taken_last_and_never_for_certain(tmp_path, text, unit):
    measurement = only(tmp_path, text)
    assert (measurement.q_unit, measurement.q_unit_source, measurement.q_unit_certain) == (unit, UnitSource.PLAUSIBILITY, False)
    assert "Please check" in measurement.q_unit_words
    np.testing.assert_allclose(measurement.curve.q, CURVE.q, rtol=1e-8)


def test_that_a_unit_mentioned_for_something_else_is_not_certain(tmp_path):
    measurement = only(tmp_path, "Radius=500A, Sv = 6e-5 1/A\n" + SILENT_ANGSTROM)
    assert (measurement.q_unit, measurement.q_unit_certain) == (ANGSTROM, False)
    assert "though not for q" in measurement.q_unit_words


def test_that_a_unit_mentioned_for_something_else_gives_way_to_the_numbers(tmp_path):
    measurement = only(tmp_path, "Radius=500A, Sv = 6e-5 1/A\n" + SILENT_NM)
    assert (measurement.q_unit, measurement.q_unit_certain) == (NM, False)


@pytest.mark.parametrize(("text", "declared"), [(SILENT_NM, "1/A"), (SILENT_ANGSTROM, "1/nm")])
def test_that_a_declared_unit_that_cannot_be_is_kept_and_flagged(tmp_path, text, declared):
    measurement = only(tmp_path, f"q ({declared})  I  sigma\n" + text)
    assert measurement.q_unit.value == declared
    assert not measurement.q_unit_certain
    assert any("ten-fold" in note for note in measurement.notes)


@pytest.mark.parametrize("unit", list(QUnit))
def test_that_the_unit_scales_q_and_nothing_else(tmp_path, unit):
    measurement = only(tmp_path, SILENT_NM, q_unit=unit)
    np.testing.assert_allclose(measurement.curve.q, CURVE.q * unit.to_per_nm, rtol=1e-8)
    np.testing.assert_allclose(measurement.curve.intensity, CURVE.intensity, rtol=1e-8)


@given(
    diameter=st.floats(20.0, 100.0),
    q_min=st.floats(0.03, 0.13),
    q_max=st.floats(1.0, 7.3),
    points=st.integers(60, 2600),
    background=st.floats(1e-5, 0.05),
    in_angstrom=st.booleans(),
)
def test_that_lipid_nanoparticles_on_usual_instruments_are_guessed_right(diameter, q_min, q_max, points, background, in_angstrom):
    """Sizes and q ranges as measured files on such particles have them."""
    q = np.geomspace(q_min, q_max, points)
    x = q * diameter / 2
    intensity = np.exp(-(x**2) / 5) + 4.5 / (1 + x**4) + background
    plausibility = judge_unit(q * (0.1 if in_angstrom else 1.0), intensity)
    assert plausibility.likelier is (ANGSTROM if in_angstrom else NM)
    assert plausibility.against(ANGSTROM if in_angstrom else NM) < -0.5


@given(diameter=st.floats(20.0, 100.0), q_min=st.floats(0.03, 0.08), q_max=st.floats(2.5, 7.3), in_angstrom=st.booleans())
def test_that_a_wrong_declaration_on_a_usual_range_is_noticed(diameter, q_min, q_max, in_angstrom):
    q = np.geomspace(q_min, q_max, 300)
    x = q * diameter / 2
    plausibility = judge_unit(q * (0.1 if in_angstrom else 1.0), np.exp(-(x**2) / 5) + 4.5 / (1 + x**4))
    right, wrong = (ANGSTROM, NM) if in_angstrom else (NM, ANGSTROM)
    assert plausibility.against(wrong) > 0.8 * STRONG  # ranges that end at 7/nm are nearly as usual ten-fold off
    assert plausibility.against(right) < -0.8 * STRONG


@given(rg=st.floats(3.0, 30.0), noise=st.floats(0.0, 0.03), scale=st.floats(1e-6, 1e8))
def test_that_the_knee_of_a_guinier_curve_is_at_one_over_rg(rg, noise, scale):
    """Tolerance: the steps of the grid and the noise at the 1/e point, together under 12 %."""
    q = np.geomspace(0.1 / rg, 12.0 / rg, 200)
    x = q * rg
    intensity = scale * (np.exp(-(x**2) / 3) + 1e-3) * (1 + noise * np.random.default_rng(1).normal(size=200))
    assert guinier_knee(q, intensity) == pytest.approx(1 / rg, rel=0.12)


def test_that_a_curve_without_a_flat_start_has_no_knee():
    q = np.geomspace(0.05, 3, 200)
    assert guinier_knee(q, q**-4.0) is None
    assert guinier_knee(q, np.ones(200)) is None
