"""Text as instruments and spreadsheets all over the world write it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.io.measurement import UnitSource
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import columns, sphere_curve, text_rows, written

NM, ANGSTROM = QUnit.PER_NM, QUnit.PER_ANGSTROM
CURVE = sphere_curve(120)
IN_NM, IN_ANGSTROM = columns(CURVE), columns(CURVE, 0.1)

HEADER = "Run 17 of 2024-03-05, 298.15 K, 120 frames\n12.4 keV 3.1 m\n"
FOOTER = "\nend of run 17, 120 points\n2024 3 5\n"
SIX = np.column_stack([IN_ANGSTROM, np.full(120, 1e-4), IN_ANGSTROM[:, 0] * 1.01, np.ones(120)])
FOUR = np.column_stack([IN_NM, 0.05 * IN_NM[:, 0]])
ZEROS = np.vstack([np.column_stack([IN_NM[0, 0] * np.array([0.4, 0.6, 0.8]), np.zeros(3), np.zeros(3)]), IN_NM])


def nan_rows(table: np.ndarray) -> str:
    return "0.010 nan nan\n0.020 NaN -1.#IND\n" + text_rows(table)


def quoted(table: np.ndarray) -> str:
    return "".join(",".join(f'"{x:.9e}"'.replace(".", ",") for x in row) + "\n" for row in table)


DIALECTS: dict[str, tuple[str | bytes, QUnit]] = {
    "blanks": ("# q(nm^-1) I(q) Sig(q)\n" + text_rows(IN_NM), NM),
    "tabs with trailing tabs": ("q (1/A)\tI\tdI\n" + text_rows(IN_ANGSTROM, separator="\t", end="\t\t\n"), ANGSTROM),
    "commas": ("q_A^-1,I,sigma\n" + text_rows(IN_ANGSTROM, separator=","), ANGSTROM),
    "commas and blanks": ("q [1/nm], I(q), error\n" + text_rows(IN_NM, separator=" , "), NM),
    "semicolons": ("q/nm-1;I;sigma\n" + text_rows(IN_NM, separator="; "), NM),
    "semicolons and decimal commas": ("q (nm-1);I (a.u.);sd I\n" + text_rows(IN_NM, separator=";", decimal=","), NM),
    "tabs and decimal commas": ("q [nm^-1]\tI\tSigma\n" + text_rows(IN_NM, separator="\t", decimal=","), NM),
    "blanks and decimal commas": ("# q[A-1] I sigma\n" + text_rows(IN_ANGSTROM, separator="   ", decimal=","), ANGSTROM),
    "quoted decimal commas": ('"q (1/nm)","I","sigma"\n' + quoted(IN_NM), NM),
    "byte-order mark": (b"\xef\xbb\xbf" + ("q_nm^-1,I,sigma\n" + text_rows(IN_NM, separator=",")).encode(), NM),
    "UTF-16": (("q [nm⁻¹]\tI\tσ\n" + text_rows(IN_NM, separator="\t")).encode("utf-16"), NM),
    "cp1252 with Å": (("q (Å-1)\tI (cm-1)\tSig (cm-1)\n" + text_rows(IN_ANGSTROM, separator="\t")).encode("cp1252"), ANGSTROM),
    "D exponents": ("  Q(1/NM)   I(Q)   ERROR\n" + text_rows(IN_NM, separator="  ").replace("e", "D"), NM),
    "CR": (("q (1/A) I sigma\n" + text_rows(IN_ANGSTROM)).replace("\n", "\r"), ANGSTROM),
    "CRLF": (("q (1/A) I sigma\n" + text_rows(IN_ANGSTROM)).replace("\n", "\r\n"), ANGSTROM),
    "CR, LF and CRLF mixed": (
        "q_nm^-1 I sigma\r\n" + text_rows(IN_NM[:40], end="\r") + text_rows(IN_NM[40:80]) + text_rows(IN_NM[80:], end="\r\n"), NM,
    ),
    "header and footer of numbers": (HEADER + "q in nm-1, I, sigma\n" + text_rows(IN_NM) + FOOTER, NM),
    "leading NaN rows": ("# q_nm^-1 I sigma\n" + nan_rows(IN_NM), NM),
    "leading zero rows": ("# q_nm^-1 I sigma\n" + text_rows(ZEROS), NM),
    "four columns": ("# q_nm^-1 I sigma dq\n" + text_rows(FOUR), NM),
    "six columns": (
        "The 6 columns are | Q (1/A) | I(Q) (1/cm) | std. dev. I(Q) (1/cm) | sigmaQ | meanQ | ShadowFactor|\n" + text_rows(SIX), ANGSTROM,
    ),
    "intensity first": ("I(q) q[1/nm] sigma\n" + text_rows(IN_NM[:, [1, 0, 2]]), NM),
    "point numbers first": ("point q_nm^-1 I sigma\n" + text_rows(np.column_stack([np.arange(120.0), IN_NM])), NM),
    "units in a line below the titles": ("q;I;sigma\n1/nm;a.u.;a.u.\n" + text_rows(IN_NM, separator=";"), NM),
    "units in brackets below the titles": ("q  I  sigma\n[A^-1]  [cm^-1]  [cm^-1]\n" + text_rows(IN_ANGSTROM, separator="  "), ANGSTROM),
    "titles in lines of their own": ("image.edf\nQ (Inverse Nanometres)\nIntensity\n 120\n" + text_rows(IN_NM), NM),
    "unit in a line of its own": ("Scattering vector, unit: 1/nm\nq I sigma\n" + text_rows(IN_NM), NM),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_that_a_dialect_is_read_right(name, tmp_path):
    content, unit = DIALECTS[name]
    (measurement,) = read(written(tmp_path, content))
    curve = measurement.curve
    assert measurement.q_unit is unit
    assert measurement.q_unit_certain, measurement.q_unit_words
    assert measurement.q_unit_source is UnitSource.HEADER
    assert len(curve) == len(CURVE)
    np.testing.assert_allclose(curve.q, CURVE.q, rtol=1e-8)
    np.testing.assert_allclose(curve.intensity, CURVE.intensity, rtol=1e-8)
    np.testing.assert_allclose(curve.sigma, CURVE.sigma, rtol=1e-8)


def test_that_two_columns_have_no_sigma_and_a_note(tmp_path):
    (measurement,) = read(written(tmp_path, "q_nm^-1,I\n" + text_rows(IN_NM[:, :2], separator=",")))
    assert measurement.curve.sigma is None
    assert any("no sigma" in note for note in measurement.notes)


def test_that_leading_rows_without_measurement_are_counted(tmp_path):
    (nans,) = read(written(tmp_path, DIALECTS["leading NaN rows"][0]))
    (zeros,) = read(written(tmp_path, DIALECTS["leading zero rows"][0]))
    assert [row for drop in nans.dropped for row in drop.rows] == [1, 2]
    assert [row for drop in zeros.dropped for row in drop.rows] == [1, 2, 3]


def test_that_the_raw_file_is_never_changed(tmp_path):
    path = written(tmp_path, DIALECTS["CR"][0])
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before


def test_that_numbers_glued_by_fixed_width_columns_are_parted(tmp_path):
    text = "".join(f"{q:13.6E}{-i if n % 5 == 0 else i:13.6E}{s:13.6E}\n" for n, (q, i, s) in enumerate(IN_NM))
    assert "E-02-" in text  # no blank between q and a negative intensity
    (measurement,) = read(written(tmp_path, "q_nm^-1 I sigma\n" + text))
    np.testing.assert_allclose(np.abs(measurement.curve.intensity), np.abs(CURVE.intensity), rtol=1e-6)


def test_that_a_stray_line_does_not_cut_a_curve(tmp_path):
    text = "q_nm^-1 I sigma\n" + text_rows(IN_NM[:50]) + "# detector 2 from here\n" + text_rows(IN_NM[50:])
    (measurement,) = read(written(tmp_path, text))
    assert len(measurement.curve) == 120


def test_that_a_row_of_another_length_is_left_out_and_listed(tmp_path):
    text = "q_nm^-1 I sigma\n" + text_rows(IN_NM[:50]) + "0.5 3.1\n" + text_rows(IN_NM[50:])
    (measurement,) = read(written(tmp_path, text))
    assert len(measurement.curve) == 120
    assert measurement.dropped[0].rows == (51,)


def test_that_a_missing_cell_costs_its_row_only(tmp_path):
    lines = text_rows(IN_NM, separator=";").splitlines()
    lines[7] = lines[7].split(";")[0] + ";;"
    (measurement,) = read(written(tmp_path, "q_nm^-1;I;sigma\n" + "\n".join(lines)))
    assert len(measurement.curve) == 119
    assert measurement.dropped[0].rows == (8,)


def test_that_two_curves_below_each_other_are_two_measurements(tmp_path):
    text = "sample A\nq_nm^-1 I sigma\n" + text_rows(IN_NM) + "\nsample B\nq_nm^-1 I sigma\n" + text_rows(IN_NM * [1, 2, 2])
    first, second = read(written(tmp_path, text))
    assert (first.name, second.name) == ("curve.dat [1]", "curve.dat [2]")
    np.testing.assert_allclose(second.curve.intensity, 2 * first.curve.intensity, rtol=1e-8)


def test_that_two_curves_without_a_word_between_are_two_measurements(tmp_path):
    first, second = read(written(tmp_path, text_rows(np.vstack([IN_NM, IN_NM * [1, 2, 2]]))))
    assert len(first.curve) == len(second.curve) == 120


def test_that_two_curves_side_by_side_are_two_measurements(tmp_path):
    text = "q_nm^-1,I_1,sigma_1,q_nm^-1,I_2,sigma_2\n" + text_rows(np.hstack([IN_NM, IN_NM * [1, 3, 3]]), separator=",")
    first, second = read(written(tmp_path, text))
    np.testing.assert_allclose(second.curve.intensity, 3 * first.curve.intensity, rtol=1e-8)
    assert first.name != second.name


def test_that_overlapping_detectors_in_one_table_are_one_sorted_curve(tmp_path):
    (measurement,) = read(written(tmp_path, text_rows(np.vstack([IN_NM[:80], IN_NM[60:] * [1.001, 1, 1]]))))
    assert len(measurement.curve) == 140
    assert any("sorted" in note for note in measurement.notes)


def test_that_falling_q_is_reversed(tmp_path):
    (measurement,) = read(written(tmp_path, text_rows(IN_NM[::-1])))
    np.testing.assert_allclose(measurement.curve.q, CURVE.q, rtol=1e-8)
    assert any("reversed" in note for note in measurement.notes)
