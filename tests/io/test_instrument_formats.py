"""The text formats of instruments and programs, from files written here as they write them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io.measurement import UnitSource
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import columns, sphere_curve, text_rows, written

CURVE = sphere_curve(120)
IN_NM, IN_ANGSTROM = columns(CURVE), columns(CURVE, 0.1)
FIT = CURVE.intensity * 1.01
NM, ANGSTROM = QUnit.PER_NM, QUnit.PER_ANGSTROM

PDH_HEAD = """Lipid 12, 25 C
SAXS BOX
{points:9d}         0         0         0         0         0         0         0
  0.000000E+00   2.612000E+02   0.000000E+00   1.000000E+00   1.542000E-01
  3.000000E+01   5.639055E+00   0.000000E+00   0.000000E+00   0.000000E+00
"""
PDH_TAIL = """<?xml version="1.0" encoding="utf-8"?>
<fileinfo version="3.00">
  <column key="X"><value key="unit">{unit}</value><value key="quantity">SCATTERING_VECTOR</value></column>
  <column key="Y"><value key="unit">u_m^-2</value></column>
  <parameter key="CounterSlitLength"><value key="unit">{other}</value></parameter>
</fileinfo>"""
RAW_JSON = {
    "analysis": {},
    "load_path": "a.tiff",
    "normalizations": {"Counter_norms": [["/", "diode/259139"]], "roi": [1, 2, 3]},
    "unit": "",
}


def pdh(table, *, tail=""):
    return PDH_HEAD.format(points=len(table)) + text_rows(table, separator="   ", number="{:.6E}") + tail


def same(measurement, *, sigma=True):
    np.testing.assert_allclose(measurement.curve.q, CURVE.q, rtol=2e-6)
    np.testing.assert_allclose(measurement.curve.intensity, CURVE.intensity, rtol=2e-6)
    if sigma:
        np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma, rtol=2e-6)
    else:
        assert measurement.curve.sigma is None


@pytest.mark.parametrize(("unit", "other", "scale"), [("n_m^-1", "A^-1", 1.0), ("A^-1", "n_m^-1", 0.1), ("nm^-1", "none", 1.0)])
def test_that_the_tail_of_a_pdh_gives_the_unit(tmp_path, unit, other, scale):
    (measurement,) = read(written(tmp_path, pdh(columns(CURVE, scale), tail=PDH_TAIL.format(unit=unit, other=other)), "a.pdh"))
    assert measurement.format_name == "Anton Paar PDH"
    assert measurement.q_unit_source is UnitSource.ATTRIBUTE
    assert measurement.q_unit_certain
    assert unit in measurement.q_unit_words
    same(measurement)


@pytest.mark.parametrize("table", [IN_NM, IN_ANGSTROM])
def test_that_a_pdh_without_tail_is_asked_about_and_guessed_right(tmp_path, table):
    (measurement,) = read(written(tmp_path, pdh(table)))
    assert measurement.q_unit_source is UnitSource.PLAUSIBILITY
    assert not measurement.q_unit_certain
    same(measurement)


def test_that_a_pdh_cut_short_says_so(tmp_path):
    lines = pdh(IN_NM).splitlines(keepends=True)
    (measurement,) = read(written(tmp_path, "".join(lines[:70])))
    assert any("announces 120 points, the file has 65" in note for note in measurement.notes)


def test_that_bytes_that_look_like_a_pdh_only_before_decoding_are_refused(tmp_path):
    """The first two letters, turned into a byte-order mark, make every pair of letters one sign."""
    with pytest.raises(DataFileError):
        read(written(tmp_path, b"\xff\xfe" + pdh(IN_NM).encode()))


def test_that_a_hostile_tail_of_a_pdh_is_ignored(tmp_path):
    tail = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "n_m^-1">]>' + PDH_TAIL.format(unit="&b;", other="none").partition("?>")[2]
    (measurement,) = read(written(tmp_path, pdh(IN_NM, tail=tail)))
    assert not measurement.q_unit_certain


def raw(*, above, commented, count, head="      Q             I(Q)           Error     "):
    text = json.dumps(RAW_JSON, indent=4)
    header = "### HEADER:\n" + ("#\n" + "".join(f"#{line}\n" for line in text.splitlines()) if commented else f"\n{text}\n")
    table = f"### DATA:\n{'#' if commented else ''}\n{count}{'#' if commented else ''}{head}\n" + text_rows(IN_ANGSTROM, separator="  ")
    return header + "\n" + table if above else table + "\n\n" + header


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("commented", [True, False])
@pytest.mark.parametrize("count", ["# 120\n", "120\n", ""])
def test_that_a_raw_file_is_read_with_its_json_above_or_below(tmp_path, above, commented, count):
    (measurement,) = read(written(tmp_path, raw(above=above, commented=commented, count=count)))
    assert measurement.format_name == "BioXTAS RAW"
    assert measurement.q_unit is ANGSTROM
    assert not measurement.q_unit_certain
    same(measurement)


def test_that_a_unit_in_the_json_of_a_raw_file_counts_as_an_attribute(tmp_path):
    text = raw(above=False, commented=True, count="").replace('"unit": ""', '"q_unit": "A^-1"')
    (measurement,) = read(written(tmp_path, text))
    assert measurement.q_unit_source is UnitSource.ATTRIBUTE
    assert measurement.q_unit_certain


PYFAI = """# == pyFAI calibration ==
# Distance Sample to Detector: 3.1 m
# PONI: 3.000e-02, 3.000e-02 m
# Rotations: 0.000000 0.000000 0.000000 rad
#
# == Fit2d calibration ==
# Distance Sample-beamCenter: 3100.000 mm
# Center: x=300.000, y=300.000 pix
# Wavelength: {wavelength} m
# Polarization factor: 0.99
# --> curve.dat
#       {axis}             I           sigma
"""


@pytest.mark.parametrize(("axis", "table", "unit"), [("q_nm^-1", IN_NM, NM), ("q_A^-1", IN_ANGSTROM, ANGSTROM)])
def test_that_pyfai_names_its_axis(tmp_path, axis, table, unit):
    (measurement,) = read(written(tmp_path, PYFAI.format(axis=axis, wavelength="1.0e-10") + text_rows(table, separator="    ")))
    assert measurement.format_name == "pyFAI"
    assert (measurement.q_unit, measurement.q_unit_certain) == (unit, True)
    same(measurement)


@pytest.mark.parametrize(("axis", "turn"), [("2th_deg", np.rad2deg), ("2th_rad", lambda angle: angle)])
@pytest.mark.parametrize(("words", "wavelength"), [("1.0e-10", 0.1), ("1.5406e-10", 0.15406)])
def test_that_an_angle_becomes_q_with_the_wavelength(tmp_path, axis, turn, words, wavelength):
    table = IN_NM.copy()
    table[:, 0] = turn(2 * np.arcsin(CURVE.q * wavelength / (4 * math.pi)))
    (measurement,) = read(written(tmp_path, PYFAI.format(axis=axis, wavelength=words) + text_rows(table, separator="    ")))
    same(measurement)
    assert "2 theta" in measurement.q_unit_words


@pytest.mark.parametrize("axis", ["r_mm", "chi_deg"])
def test_that_an_axis_on_the_detector_is_refused_by_name(tmp_path, axis):
    with pytest.raises(DataFileError, match=axis):
        read(written(tmp_path, PYFAI.format(axis=axis, wavelength="1e-10") + text_rows(IN_NM, separator="    ")))


@pytest.mark.parametrize("line", ["# s = 2 sin(theta)/lambda [nm^-1]", "# s = q/2pi in 1/nm", "# s=q / (2*pi), unit nm-1"])
def test_that_s_is_multiplied_by_two_pi(tmp_path, line):
    table = IN_NM / [2 * math.pi, 1, 1]
    (measurement,) = read(written(tmp_path, f"{line}\ns [nm^-1]  I  sigma\n" + text_rows(table, separator="  ")))
    same(measurement)
    assert any("2 pi" in note for note in measurement.notes)


def test_that_the_s_of_atsas_is_q(tmp_path):
    (measurement,) = read(
        written(tmp_path, "Sample description: lipid\nSample:  c= 2 mg/ml\ns(1/nm)  I  err\n" + text_rows(IN_NM, separator="  "))
    )
    same(measurement)


def test_that_bm29_names_its_unit(tmp_path):
    head = "# BM29 BioSAXS pipeline\n# history-1 = averaged 10 frames of 0.5 s\n# WaveLength = 9.919e-11\n# q_nm^-1  I  sigma\n"
    (measurement,) = read(written(tmp_path, head + text_rows(IN_NM, separator="  ")))
    assert (measurement.format_name, measurement.q_unit, measurement.q_unit_certain) == ("BM29", NM, True)
    same(measurement)


def test_that_an_edf_header_of_a_xenocs_file_is_no_image(tmp_path):
    head = "#" * 80 + "\n# EDF_DataBlockID      0.Image.Psd\n# Dim_1         1028\n# WaveLength     1.54189e-10\n" + "#" * 80 + "\n"
    text = head + "q(A-1)                    I(q)                      Sig(q)\n" + text_rows(IN_ANGSTROM, separator="     ")
    (measurement,) = read(written(tmp_path, text))
    assert (measurement.format_name, measurement.q_unit, measurement.q_unit_certain) == ("Xenocs EDF-header text", ANGSTROM, True)
    same(measurement)


NIST = """FILE: sam1.SA3   CREATED: Mon, Jan 21, 2008 1:34:58 PM
LABEL: scatt 1m sam1
MON CNT   LAMBDA   DET ANG   DET DIST   TRANS   THICK   AVE   STEP
1e+08  6       25     1     0.5667     0.2C   1
BCENT(X,Y)   A1(mm)   A2(mm)   A1A2DIST(m)   DL/L   BSTOP(mm)   DET_TYP
114.58  64.22  50    12.7    3.914    0.124    50.8    ORNL
The 6 columns are | Q (1/A) | I(Q) (1/cm) | std. dev. I(Q) (1/cm) | sigmaQ | meanQ | ShadowFactor|
"""


def nist(shadow, dq=1e-3):
    return NIST + text_rows(np.column_stack([IN_ANGSTROM, np.full(120, dq), IN_ANGSTROM[:, 0], shadow]), separator="   ")


def test_that_points_in_the_shadow_of_a_nist_file_are_left_out(tmp_path):
    shadow = np.ones(120)
    shadow[:4] = (1e-10, 1e-3, 0.4, 0.97)
    (measurement,) = read(written(tmp_path, nist(shadow), "a.ABS"))
    assert measurement.format_name == "NIST ABS"
    assert measurement.dropped[0].rows == (1, 2, 3)
    assert "shadow" in measurement.dropped[0].reason
    np.testing.assert_allclose(measurement.curve.sigma, CURVE.sigma[3:])


def test_that_slit_smeared_nist_data_are_marked(tmp_path):
    (measurement,) = read(written(tmp_path, nist(np.full(120, -0.117), dq=-0.117)))
    assert any("slit" in note for note in measurement.notes)
    same(measurement)


GNOM = """
           ####    G N O M   ---   Version 4.6                       ####
  Number of points omitted at the beginning:        0
  Angular range:   from    {first:.4f}   to   {last:.4f}
      S          J EXP       ERROR       J REG       I REG

"""


def test_that_gnom_output_gives_the_experiment_and_not_p_of_r(tmp_path):
    table = np.column_stack([IN_ANGSTROM, FIT, FIT])
    extrapolated = text_rows(np.column_stack([IN_ANGSTROM[:15, 0] / 30, FIT[:15]]), separator="                                    ")
    distances = "\n          Distance distribution  function of particle\n      R          P(R)      ERROR\n\n"
    distances += text_rows(np.column_stack([np.arange(100.0), np.arange(100.0), np.ones(100)]), separator="  ")
    text = GNOM.format(first=0.005, last=0.3) + extrapolated + text_rows(table, separator="  ") + distances
    (measurement,) = read(written(tmp_path, text, "a.out"))
    assert measurement.format_name == "GNOM output"
    same(measurement)


def test_that_the_fit_in_a_fit_file_is_never_sigma(tmp_path):
    head = "  lipid.pdb  Dro:0.052  Ra:1.800  RGT:32.92  Vol: 93680.  Chi^2: 1.468\n"
    (four,) = read(written(tmp_path, head + text_rows(np.column_stack([IN_ANGSTROM, FIT]), separator="  "), "a.fit"))
    same(four)
    (three,) = read(written(tmp_path, head + text_rows(np.column_stack([IN_ANGSTROM[:, :2], FIT]), separator="  "), "b.fit"))
    same(three, sigma=False)
    assert any("fit" in note for note in three.notes)


def test_that_a_fir_file_keeps_its_sigma(tmp_path):
    (measurement,) = read(written(tmp_path, " ../a.dat \n" + text_rows(np.column_stack([IN_ANGSTROM, FIT]), separator="  "), "a.fir"))
    same(measurement)
    assert any("Column 4 not used" in note for note in measurement.notes)


def test_that_computed_intensities_have_no_sigma(tmp_path):
    parts = np.column_stack([IN_ANGSTROM[:, :2], 20 * FIT, 10 * FIT, FIT])
    (measurement,) = read(
        written(tmp_path, " Dif/Atom/Shape/Bord 1XIB.pd Dro: 0.030 Rg: 33.04\n" + text_rows(parts, separator="  "), "a.int")
    )
    same(measurement, sigma=False)


def npy(tmp_path, array):
    path = tmp_path / "curve.npy"
    np.save(path, array)
    return path


@pytest.mark.parametrize("table", [IN_NM, IN_NM.T, IN_NM[:, :2], IN_NM.astype(">f8"), np.asfortranarray(IN_NM)], ids=range(5))
def test_that_numpy_arrays_are_read_standing_or_lying(tmp_path, table):
    (measurement,) = read(npy(tmp_path, table))
    assert measurement.format_name == "NumPy array"
    assert not measurement.q_unit_certain
    same(measurement, sigma=3 in table.shape)


def test_that_named_columns_of_an_array_are_read_by_name(tmp_path):
    table = np.zeros(120, dtype=[("intensity", "f8"), ("q_nm^-1", "f8"), ("sigma", "f4")])
    table["q_nm^-1"], table["intensity"], table["sigma"] = CURVE.q, CURVE.intensity, CURVE.sigma
    (measurement,) = read(npy(tmp_path, table))
    assert measurement.q_unit_certain
    same(measurement)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((30, 40, 3)),
        np.zeros(100),
        np.zeros((300, 400)),
        np.array([[{}, 1]] * 20, dtype=object),
        np.zeros((20, 2), complex),
        np.array("abc"),
    ],
    ids=["cube", "row", "image", "objects", "complex", "word"],
)
def test_that_arrays_that_are_no_curve_are_refused(tmp_path, array):
    path = tmp_path / "curve.npy"
    np.save(path, array, allow_pickle=True)
    with pytest.raises(DataFileError) as refused:
        read(path)
    assert refused.value.reason.endswith(".")


def test_that_an_array_that_claims_to_be_huge_is_refused_unread(tmp_path):
    path = npy(tmp_path, IN_NM)
    path.write_bytes(path.read_bytes().replace(b"(120, 3)", b"(9000000000, 3)", 1))
    with pytest.raises(DataFileError, match="9000000000"):
        read(path)


def test_that_an_array_cut_short_is_refused(tmp_path):
    path = npy(tmp_path, IN_NM)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataFileError, match="ends too early"):
        read(path)
