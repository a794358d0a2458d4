"""The user's word on the columns goes before titles and order, and the record says so."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import DataFileError, ParameterError
from engine.io.column_choice import ColumnChoice
from engine.io.measurement import UnitSource
from engine.io.read import read
from tests.io.curves import cansas, cansas_entry, columns, sphere_curve, text_rows, written

CURVE = sphere_curve(100)
TABLE = columns(CURVE)
SHUFFLED = np.column_stack([0.05 * CURVE.q, CURVE.sigma, CURVE.q, np.arange(100.0), CURVE.intensity])  # dq, sigma, q, number, I
CHOICE = ColumnChoice(q=2, intensity=4, sigma=1)


@pytest.mark.parametrize("separator", [" ", "\t", ",", ";"])
def test_that_chosen_columns_are_read_whatever_separates_them(tmp_path, separator):
    (found,) = read(written(tmp_path, text_rows(SHUFFLED, separator=separator)), columns=CHOICE)
    np.testing.assert_allclose(found.curve.q, CURVE.q)
    np.testing.assert_allclose(found.curve.intensity, CURVE.intensity)
    np.testing.assert_allclose(found.curve.sigma, CURVE.sigma)
    assert "Columns as you chose: q is column 3, intensity column 5, sigma is column 2." in found.notes


def test_that_the_choice_goes_before_the_titles_which_still_tell_the_unit(tmp_path):
    (found,) = read(written(tmp_path, "q(1/nm) I sigma\n" + text_rows(TABLE)), columns=ColumnChoice(q=0, intensity=2))
    np.testing.assert_allclose(found.curve.intensity, CURVE.sigma)
    assert found.curve.sigma is None
    assert (found.q_unit_source, found.q_unit_certain) == (UnitSource.HEADER, True)


def test_that_a_third_column_called_a_fit_is_taken_when_chosen(tmp_path):
    table = np.column_stack([TABLE[:, :2], TABLE[:, 1] * np.linspace(0.9, 1.1, 100)])
    path = written(tmp_path, text_rows(table))
    assert read(path)[0].curve.sigma is None
    chosen = read(path, columns=ColumnChoice(sigma=2))[0]
    assert chosen.curve.sigma is not None


def test_that_a_column_said_to_be_foreign_can_be_chosen(tmp_path):
    path = written(tmp_path, "r q I\n" + text_rows(np.column_stack([np.arange(100.0), TABLE[:, :2]])))
    (found,) = read(path, columns=ColumnChoice(q=1, intensity=2))
    np.testing.assert_allclose(found.curve.q, CURVE.q)


def test_that_skipped_rows_are_not_read_but_still_name_the_unit(tmp_path):
    header = "# q in 1/nm\n"
    path = written(tmp_path, header + text_rows(TABLE))
    (found,) = read(path, columns=ColumnChoice(sigma=2, skip_rows=11))
    np.testing.assert_allclose(found.curve.q, CURVE.q[10:])
    assert found.q_unit_certain
    with pytest.raises(DataFileError, match="no curve in this file"):
        read(path, columns=ColumnChoice(skip_rows=400))


def test_that_a_numpy_array_takes_a_choice(tmp_path):
    np.save(tmp_path / "array.npy", SHUFFLED)
    (found,) = read(tmp_path / "array.npy", columns=ColumnChoice(q=2, intensity=4, sigma=1, skip_rows=5))
    np.testing.assert_allclose(found.curve.intensity, CURVE.intensity[5:])


def test_that_a_choice_beyond_the_table_is_refused_with_its_width(tmp_path):
    np.save(tmp_path / "array.npy", TABLE)
    for path in (written(tmp_path, text_rows(TABLE)), tmp_path / "array.npy"):
        with pytest.raises(DataFileError, match="Column 6 was chosen, and the table has 3"):
            read(path, columns=ColumnChoice(sigma=5))


def test_that_formats_with_names_of_their_own_take_no_choice(tmp_path):
    path = written(tmp_path, cansas(cansas_entry(TABLE)), "curve.xml")
    with pytest.raises(DataFileError, match="can't be chosen"):
        read(path, columns=CHOICE)


@pytest.mark.parametrize(
    "wrong", [{"q": 1}, {"sigma": 0}, {"sigma": 1}, {"q": -1}, {"intensity": 64}, {"skip_rows": -1}, {"skip_rows": 10**9}], ids=str
)
def test_that_an_impossible_choice_is_refused(wrong):
    with pytest.raises(ParameterError, match=r"\.$"):
        ColumnChoice(**wrong)
