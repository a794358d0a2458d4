"""Real and foreign files, each read as the table beside them says."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import DataFileError
from engine.io.limits import MIN_POINTS
from engine.io.measurement import Measurement
from engine.io.read import find_files, read
from engine.units import QUnit

pytestmark = pytest.mark.shared

CONTRADICTS_ITSELF = {"sasdata_tests/Anton-Paar.pdh"}
"""Listed as 1/Å, though its own XML tail says n_m^-1 and the same bytes are listed as 1/nm in another folder."""

NOT_SCATTERING = {
    "sasdata_tests/corrupt.png",
    "sasdata_tests/test_2_columns.txt",
    "sasdata_tests/test_2_columns.date",
    "cansas1d/cansas1d.xml",
}
NO_MEASURED_SIGMA = {  # a sigma column that is a fixed fraction of the intensity, or zero throughout
    "cansas1d/C14_ESRF_ID02_USAXS.xml",
    "mcsas3gui_roundrobin/quickstartdemo1.csv",
    "sasdata_1d/100nmPinholeSphere.txt",
    "sasdata_1d/100nmSpheresNodQ.txt",
    "sasdata_1d/1umSlitSmearSphere.ABS",
    "sasdata_1d/APS_DND-CAT.TXT",
    "sim_pyirena/CSS_300A_20A_40A_solv50_core0_10_20_SF450_0.3.h5",
    "sim_pyirena/CS_300A_10A_50_20_0.h5",
    "sim_pyirena/CS_300A_30A_10_50_0.h5",
}
FORMATS = {  # word of the table: how the program calls it
    "canSAS1D XML": ("canSAS1D XML",),
    "HDF5/NXcanSAS": ("NXcanSAS",),
    "PDH": ("Anton Paar PDH",),
    "NIST ABS": ("NIST ABS",),
    "csv": ("text",),
    "text": ("text", "ATSAS", "NIST ABS", "Xenocs EDF-header text"),
}


@dataclass(frozen=True)
class Expected:
    path: str
    format: str
    unit: QUnit
    points: int
    q_min: float
    q_max: float
    has_sigma: str


def folder() -> Path:
    return Path(os.environ.get("LNPSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "curves"


def table() -> list[Expected]:
    listing = folder() / "expected.csv"
    if not listing.is_file():
        return []
    units = {"1/A": QUnit.PER_ANGSTROM, "1/nm": QUnit.PER_NM}
    with listing.open(newline="", encoding="utf-8") as file:
        return [
            Expected(
                row["path"],
                row["format"],
                units[row["q_unit_in_file"]],
                int(row["n_points"]),
                float(row["q_min_per_nm"]),
                float(row["q_max_per_nm"]),
                row["has_sigma"],
            )
            for row in csv.DictReader(file)
        ]


TABLE = table()
CURVES = [row for row in TABLE if row.points >= MIN_POINTS]
TOO_SMALL = [row for row in TABLE if row.points < MIN_POINTS]
as_cases = {"argnames": "row", "ids": lambda row: row.path}


@pytest.mark.parametrize(argvalues=CURVES, **as_cases)
def test_that_a_listed_curve_is_read_whole_in_its_unit(row, shared_dir):
    """Each row is kept or listed as dropped, and the q range is the listed one.

    The table counts rows of NaN in some files and not in others, and leaves rows without positive intensity out of the q
    range of some: hence the 2 % on q, which is far from any factor of ten.
    """
    measurement = read(shared_dir / "curves" / row.path, q_unit=row.unit)[0]
    curve = measurement.curve
    names = next(names for word, names in FORMATS.items() if row.format.startswith(word))
    assert measurement.format_name.startswith(names)
    nans = sum(len(drop.rows) for drop in measurement.dropped if drop.reason == "no number in q or intensity")
    dropped = sum(len(drop.rows) for drop in measurement.dropped) - nans
    assert len(curve) + dropped <= row.points <= len(curve) + dropped + nans
    assert dropped <= max(6, 0.06 * row.points), measurement.dropped
    assert curve.q[-1] == pytest.approx(row.q_max, rel=0.02)
    if any("beamstop" in drop.reason for drop in measurement.dropped):
        assert row.q_min < curve.q[0] < 0.1 * row.q_max
    else:
        assert curve.q[0] == pytest.approx(row.q_min, rel=1e-3)
    assert (curve.sigma is not None) == (row.has_sigma == "y" and row.path not in NO_MEASURED_SIGMA)
    if row.has_sigma == "y" and curve.sigma is None:
        assert any("igma is" in note for note in measurement.notes)


@pytest.mark.parametrize(argvalues=CURVES, **as_cases)
def test_that_q_is_right_or_asked_about(row, shared_dir):
    measurement = read(shared_dir / "curves" / row.path)[0]
    if row.path in CONTRADICTS_ITSELF:
        assert measurement.q_unit is QUnit.PER_NM
        return
    assert measurement.q_unit is row.unit or not measurement.q_unit_certain
    assert measurement.q_unit_words


def test_that_the_guess_is_right_for_most_files_that_do_not_say(shared_dir):
    guesses = [(row, read(shared_dir / "curves" / row.path)[0]) for row in CURVES]
    asked = [(row, m) for row, m in guesses if not m.q_unit_certain]
    wrong = [row.path for row, m in asked if m.q_unit is not row.unit]
    assert len(asked) > 30
    assert set(wrong) <= {"mcsas3gui_roundrobin/quickstartdemo1.csv", "sasdata_1d/testdata_line.txt", "sasdata_1d/testdata_line3.txt"}


@pytest.mark.parametrize(argvalues=TOO_SMALL, **as_cases)
def test_that_a_listed_file_without_a_curve_is_refused_with_a_sentence(row, shared_dir):
    with pytest.raises(DataFileError) as refused:
        read(shared_dir / "curves" / row.path)
    assert refused.value.reason.endswith(".")
    if row.path not in NOT_SCATTERING:
        assert "Too few points" in refused.value.reason


def test_that_dropping_the_whole_folder_answers_every_file(shared_dir):
    files = find_files([shared_dir / "curves"])
    assert {str(path.relative_to(shared_dir / "curves")) for path in files} >= {row.path for row in CURVES}
    answers = [answer(path) for path in files]
    assert all(isinstance(found, str) or all(math.isfinite(m.curve.intensity.sum()) for m in found) for found in answers)
    refusals = [found for found in answers if isinstance(found, str)]
    assert all(len(sentence) > 20 and sentence.endswith(".") for sentence in refusals)
    assert len(refusals) < 25


def answer(path: Path) -> str | tuple[Measurement, ...]:
    try:
        return read(path)
    except DataFileError as error:
        return error.reason


def test_that_both_encodings_of_one_file_read_the_same(shared_dir):
    ansi, utf8 = (read(shared_dir / "curves/sasdata_tests" / f"encoding_{name}.txt")[0] for name in ("ANSI", "UTF_8"))
    assert (ansi.curve.q == utf8.curve.q).all()
    assert (ansi.curve.intensity == utf8.curve.intensity).all()
    assert ansi.q_unit is utf8.q_unit is QUnit.PER_ANGSTROM
    assert ansi.q_unit_certain


def test_that_the_peaks_of_a_calibrant_land_where_they_belong(shared_dir):
    """Cholesteryl palmitate, layers of 5.4 nm."""
    curve = read(shared_dir / "curves/fairchem_pdh/CholPal_20220214.pdh")[0].curve
    for peak in (1.163, 2.336, 3.518):
        near = abs(curve.q - peak) < 0.15
        assert curve.q[near][curve.intensity[near].argmax()] == pytest.approx(peak, abs=0.02)


def test_that_several_data_sets_of_a_file_are_told_apart(shared_dir):
    first, second = read(shared_dir / "curves/sasdata_1d/latex_smeared.xml")
    assert (len(first.curve), len(second.curve)) == (299, 82)  # two repeated q in the first
    assert first.name != second.name
