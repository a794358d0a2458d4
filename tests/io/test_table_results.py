"""The table of results: one row per curve, all numbers of the JSON file, units in the titles."""

from __future__ import annotations

import csv

import pytest

from engine.inference.analyse import analyse
from engine.io.read import read
from engine.io.results import answered, refused
from engine.io.table_results import write_csv


@pytest.fixture(scope="module")
def record(root):
    (measurement,) = read(root / "resources" / "examples" / "solid.dat")
    return answered("solid.dat", measurement, analyse(measurement.curve))


def table(path, records):
    write_csv(path, records, model="physics/1")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers_in(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_that_every_number_of_the_json_entry_is_in_the_row(tmp_path, record):
    (row,) = table(tmp_path / "a.csv", [record])
    cells = [float(cell) for cell in row.values() if cell.replace(".", "").replace("e-", "").isdigit()]
    missing = [number for number in numbers_in(record) if number not in cells]
    assert missing == []
    assert float(row["type 4 mean D [nm]"]) == record["sizes"]["type 4"]["mean"]["value"]
    assert float(row["type 3 number fraction high"]) == record["number_fractions"]["type 3"]["high"]
    assert float(row["probability of type 4"]) == record["hypotheses"]["type 4"]
    assert (row["q min [1/nm]"], row["q unit certain"], row["model"]) == ("0.05", "yes", "physics/1")
    assert row["type 1 mean D [nm]"] == ""


def test_that_a_refusal_is_a_row_with_the_reason(tmp_path, record):
    first, second = table(tmp_path / "a.csv", [refused("b.png", "b.png: is a picture, no curve."), record])
    assert (first["file"], first["error"], first["model"]) == ("b.png", "b.png: is a picture, no curve.", "")
    assert {value for key, value in first.items() if key not in ("file", "error")} == {""}
    assert second["status"] == "in family"


def test_that_numbers_that_are_none_and_names_that_would_run_are_harmless(tmp_path, record):
    (row,) = table(tmp_path / "a.csv", [record | {"runs_p": float("nan"), "file": '=cmd|"x"'}])
    assert (row["runs test p"], row["file"]) == ("", '\'=cmd|"x"')


def test_that_a_table_of_nothing_has_the_titles(tmp_path):
    assert table(tmp_path / "a.csv", []) == []
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").startswith("file,dataset,error,status,")
