"""canSAS1D in both versions, and XML made to hurt."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import cansas, cansas_entry, columns, sphere_curve, written

CURVE = sphere_curve(60)
TABLE = columns(CURVE, 0.1)


def reason(path):
    with pytest.raises(DataFileError) as refused:
        read(path)
    return refused.value.reason


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("name", ["curve.xml", "curve.txt", "curve"])
def test_that_both_versions_are_read_under_any_name(tmp_path, version, name):
    (measurement,) = read(written(tmp_path, cansas(cansas_entry(TABLE), version=version), name))
    assert measurement.format_name == "canSAS1D XML"
    assert measurement.q_unit is QUnit.PER_ANGSTROM
    assert measurement.q_unit_certain
    np.testing.assert_allclose(measurement.curve.q, CURVE.q)
    np.testing.assert_array_equal(measurement.curve.intensity, CURVE.intensity)
    np.testing.assert_array_equal(measurement.curve.sigma, CURVE.sigma)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_that_the_declared_encoding_is_obeyed(tmp_path, encoding):
    text = cansas(cansas_entry(TABLE, unit="1/Å")).replace('version="1.0"?', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"?')
    (measurement,) = read(written(tmp_path, text, encoding=encoding))
    assert measurement.q_unit is QUnit.PER_ANGSTROM


def test_that_several_entries_are_several_measurements(tmp_path):
    text = cansas(cansas_entry(TABLE, name="first"), cansas_entry(columns(CURVE), unit="1/nm", name="second"))
    first, second = read(written(tmp_path, text))
    np.testing.assert_allclose(first.curve.q, second.curve.q)
    assert (first.name, second.name) == ("curve.dat [first]", "curve.dat [second]")


def test_that_an_unusable_data_set_costs_itself_only(tmp_path):
    (measurement,) = read(written(tmp_path, cansas(cansas_entry(TABLE), cansas_entry(TABLE[:3]))))
    assert any("1 of 2 data sets" in note for note in measurement.notes)


def test_that_points_without_a_unit_leave_it_open(tmp_path):
    (measurement,) = read(written(tmp_path, cansas(cansas_entry(TABLE)).replace('<Q unit="1/A">', "<Q>")))
    assert not measurement.q_unit_certain


def test_that_points_in_mixed_units_are_brought_to_one(tmp_path):
    entry = cansas_entry(TABLE)
    head, tail = entry.split("</Idata>", 30)[:30], entry.split("</Idata>", 30)[30]
    table = columns(CURVE)
    other = cansas_entry(table, unit="1/nm").split("</Idata>", 30)[30]
    assert tail != other
    (measurement,) = read(written(tmp_path, cansas("</Idata>".join([*head, other]))))
    np.testing.assert_allclose(measurement.curve.q, CURVE.q)
    assert any("different units" in note for note in measurement.notes)


def test_that_missing_sigma_is_no_sigma(tmp_path):
    (measurement,) = read(written(tmp_path, cansas(cansas_entry(TABLE[:, :2]))))
    assert measurement.curve.sigma is None


def test_that_xml_of_another_kind_is_refused(tmp_path):
    assert "another kind" in reason(written(tmp_path, '<?xml version="1.0"?><svg><path d="1 2 3"/></svg>'))


def test_that_canSAS_without_points_is_refused(tmp_path):  # noqa: N802
    assert "no points" in reason(written(tmp_path, cansas("<SASentry><SASdata/></SASentry>")))


def test_that_broken_xml_is_refused_with_its_line(tmp_path):
    assert "line" in reason(written(tmp_path, cansas(cansas_entry(TABLE))[:-300]))


BOMB = '<?xml version="1.0"?>\n<!DOCTYPE b [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
)  # a billion laughs
OUTSIDE = '<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("text", [BOMB + "]>\n<SASroot>&j;</SASroot>", OUTSIDE + "<SASroot>&x;</SASroot>"])
def test_that_entities_are_refused_at_once(tmp_path, text):
    start = time.process_time()
    assert "defines entities" in reason(written(tmp_path, text))
    assert time.process_time() - start < 1.0


def test_that_deep_xml_is_refused(tmp_path):
    assert "deep" in reason(written(tmp_path, '<?xml version="1.0"?>' + "<a>" * 200_000))


def test_that_an_unknown_encoding_is_refused(tmp_path):
    assert reason(written(tmp_path, '<?xml version="1.0" encoding="klingon"?><SASroot/>')).endswith(".")
