"""Titles of columns, and what a table without them is taken for."""

from __future__ import annotations

import numpy as np
import pytest

from engine.io.columns import Role, role_of
from engine.io.read import read
from tests.io.curves import columns, sphere_curve, text_rows, written

TITLES = {
    Role.Q: (
        "q", "Q", "q(A-1)", "q [1/nm]", "q_nm^-1", "Q (1/A)", "s", "X", "<X>", "scattering vector (nm-1)", "q-vector", "q Å-1", "|q|",
        "q_values",
    ),
    Role.INTENSITY: (
        "I", "I(q)", "Intensity", "I(Q) (1/cm)", "Y", "<Y>", "counts", "J EXP", "exp_intensity", "I(q)Sub_xxxx_0011{0}", "I_1", "Iabs",
        "I [cm^-1]",
    ),
    Role.SIGMA: (
        "sigma", "Sig(q)", "sigma(q)", "error", "err", "dI", "dY", "<dY>", "<E>", "Idev", "std. dev. I(Q) (1/cm)", "sigma_I", "Sig cm-1",
        "ERROR",
        "I_err", "uncertainty", "σ", "stdev", "errors", "dI(q)", "sd I",
    ),
    Role.DQ: ("dq", "sigmaQ", "dQ (1/A)", "<dsigQ>", "Qdev", "q_err", "dx", "q resolution"),
    Role.FIT: ("fit", "I REG", "model_intensity", "I_calc", "J REG", "Ifit"),
    Role.SHADOW: ("ShadowFactor",),
    Role.MEAN_Q: ("meanQ",),
    Role.TWO_THETA: ("2th_deg", "2theta", "Two-Theta (deg)", "2θ", "tth"),
    Role.INDEX: ("#", "point", "No."),
    Role.FOREIGN: ("r", "R", "r_mm", "P(r)", "chi_deg", "time (s)", "d-spacing", "q^2", "Qx"),
    Role.UNKNOWN: ("beam", "abc", "", "x" * 500),
}  # fmt: skip


@pytest.mark.parametrize(("title", "role"), [(title, role) for role, titles in TITLES.items() for title in titles])
def test_that_a_title_has_its_meaning(title, role):
    assert role_of(title) is role


CURVE = sphere_curve(100)
TABLE = columns(CURVE)


def only(tmp_path, table, header=""):
    (measurement,) = read(written(tmp_path, header + text_rows(table)))
    return measurement


def test_that_without_titles_the_order_is_q_intensity_sigma(tmp_path):
    measurement = only(tmp_path, TABLE)
    np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma)
    assert any("No column titles" in note for note in measurement.notes)


@pytest.mark.parametrize("fourth", [0.05 * CURVE.q, CURVE.intensity * 1.01, np.sqrt(np.abs(CURVE.intensity))], ids=["dq", "fit", "other"])
def test_that_a_fourth_column_is_never_sigma(tmp_path, fourth):
    measurement = only(tmp_path, np.column_stack([TABLE, fourth]))
    np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma)
    measurement = only(tmp_path, np.column_stack([TABLE[:, :2], TABLE[:, 1] * 1.19e-6, fourth]))
    assert measurement.curve.sigma is None


def test_that_a_third_column_that_follows_the_intensity_is_a_fit(tmp_path):
    measurement = only(tmp_path, np.column_stack([TABLE[:, :2], TABLE[:, 1] * 1.02]))
    assert measurement.curve.sigma is None
    assert any("fit" in note for note in measurement.notes)


def test_that_large_error_bars_are_not_taken_for_a_fit(tmp_path):
    rng = np.random.default_rng(5)
    noisy = TABLE.copy()
    noisy[:, 2] = TABLE[:, 1].clip(1e-3) * rng.uniform(0.3, 3.0, len(TABLE))
    assert only(tmp_path, noisy).curve.sigma is not None


def test_that_a_column_of_point_numbers_is_skipped(tmp_path):
    measurement = only(tmp_path, np.column_stack([np.arange(1.0, 101.0), TABLE]))
    np.testing.assert_allclose(measurement.curve.q, CURVE.q)


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_that_titles_overrule_the_order(tmp_path, order):
    names = np.array(["q_nm^-1", "I", "sigma"])[list(order)]
    measurement = only(tmp_path, TABLE[:, list(order)], "  ".join(names) + "\n")
    np.testing.assert_allclose(measurement.curve.q, CURVE.q)
    np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma)


def test_that_s_is_sigma_where_q_is_called_q(tmp_path):
    measurement = only(tmp_path, TABLE, "q I s\n")
    np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma)
    np.testing.assert_allclose(only(tmp_path, TABLE, "s I err\n").curve.q, CURVE.q)


def test_that_a_shadow_factor_without_title_is_recognised_by_its_values(tmp_path):
    six = np.column_stack([TABLE, 0.01 * CURVE.q, CURVE.q, np.ones(100)])
    six[:2, 5] = (0.2, 0.7)
    assert only(tmp_path, six).dropped[0].rows == (1, 2)


def test_that_titles_with_units_in_a_line_below_still_count(tmp_path):
    measurement = only(tmp_path, TABLE, "q,I,sigma\n# units 1/nm a.u. a.u.\n".replace(",", "  "))
    assert any("titles" in note for note in measurement.notes)
