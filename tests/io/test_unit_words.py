"""Which words of a header name which unit of q."""

from __future__ import annotations

import pytest

from engine.io.measurement import UnitSource
from engine.io.unit_words import hint_in_header, means_s, said_of_q, unit_in, wavelength_in
from engine.units import QUnit

NM, ANGSTROM = QUnit.PER_NM, QUnit.PER_ANGSTROM

SAYS_NM = (
    "q_nm^-1", "q (nm-1)", "q [1/nm]", "q/nm^-1", "Q(NM-1)", "q nm⁻¹", "q [nm**-1]", "q (nm^{-1})", "q $nm^{-1}$", "1 / nm", "n_m^-1",
    "q (1/nanometer)", "inverse nm", "inv_nm", "nm_inv", "q (/nm)", "q in reciprocal nanometres",
)  # fmt: skip
SAYS_ANGSTROM = (
    "q_A^-1", "q (A-1)", "q [1/A]", "Q (1/Å)", "q Å⁻¹", "q Å-1", "q [Å^-1]", "q (Å^{−1})", "1/angstrom", "1/Angstrom", "Angstroms^-1",
    "q[A-1]",
    "q (1/Ang)", "inverse Angstrom", "invA", "A_inv", "q (\\AA^{-1})", "q (1/\u212b)", "q \ufffd-1", "q Ã…-1", "q (1/ A)",
)  # fmt: skip
SAYS_NOTHING = (
    "q", "I(q) cm-1", "I (1/cm)", "A-12", "1/A^2", "1e-6 A^-2", "Sv in A^-5", "NaCl-1", "data-1", "ma-1", "nm", "10 nm", "Å",
    "lambda = 1.54 A",
    "21/A", "cm^-1A^-4", "1/Amp", "nm-10",
)  # fmt: skip


@pytest.mark.parametrize("text", SAYS_NM)
def test_that_words_mean_per_nanometre(text):
    assert unit_in(text) is NM


@pytest.mark.parametrize("text", SAYS_ANGSTROM)
def test_that_words_mean_per_angstrom(text):
    assert unit_in(text) is ANGSTROM


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_that_other_words_mean_neither(text):
    assert unit_in(text) is None


def test_that_words_that_name_both_decide_nothing():
    assert unit_in("1/nm or 1/A") is None


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("The 6 columns are | Q (1/A) | I(Q) (1/cm) | sigmaQ", ANGSTROM),
        ("# q range: 0.01 to 3 1/nm, wavelength 1 A", NM),
        ("Scattering vector in nm^-1", NM),
        ("X axis unit: A^-1", ANGSTROM),
        ("Angular range: from 0.01 to 0.5 [1/nm]", NM),
        ("Run 3, momentum transfer (1/Å), cross section (1/cm)", ANGSTROM),
    ],
)
def test_that_a_line_that_speaks_of_q_gives_its_unit(line, unit):
    assert said_of_q(line)[0] is unit
    assert hint_in_header(["words", line]).of_q


@pytest.mark.parametrize("line", ["Radius=500A; Sv = 6e-5 1/A", "sample A-1", "slit height of 0.117 1/A"])
def test_that_a_unit_of_something_else_is_weak(line):
    assert said_of_q(line) is None
    assert not hint_in_header([line]).of_q


def test_that_lines_that_contradict_each_other_decide_nothing():
    assert hint_in_header(["q in 1/nm", "q in 1/A"]) is None


def test_that_json_counts_as_an_attribute():
    assert hint_in_header(['#    "q_unit": "1/nm",']).source is UnitSource.ATTRIBUTE
    assert hint_in_header(["# q unit 1/nm"]).source is UnitSource.HEADER


@pytest.mark.parametrize("line", ["s = 2 sin(theta)/lambda", "s = q/2pi", "# s=q / (2*pi)", "s = 2*sin(θ)/λ"])
def test_that_a_definition_of_s_is_seen(line):
    assert means_s([line])


@pytest.mark.parametrize("line", ["s = 4 pi sin(theta)/lambda", "times = 2 sinks", "q = 4*pi*sin(theta)/lambda"])
def test_that_other_definitions_are_not_that_of_s(line):
    assert not means_s([line])


@pytest.mark.parametrize(
    ("line", "nanometres"),
    [
        ("# Wavelength: 1.0e-10 m", 0.1),
        ("WaveLength   1.54189e-10", 0.154189),
        ("wavelength (A) = 1.54", 0.154),
        ("lambda = 0.154 nm", 0.154),
        ("Wavelength 1.54 Å", 0.154),
        ("λ: 6 A", 0.6),
        ("Wavelength: 154.06 pm", 0.15406),
    ],
)
def test_that_a_wavelength_is_found_in_nanometres(line, nanometres):
    assert wavelength_in(["first", line]) == pytest.approx(nanometres)


@pytest.mark.parametrize("line", ["wavelength: none", "no words", "lambda"])
def test_that_no_wavelength_is_none(line):
    assert wavelength_in([line]) is None
