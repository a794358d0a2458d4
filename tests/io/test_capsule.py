"""Capsules: everything comes back, the numbers come out again, and a stranger's file does no harm."""

from __future__ import annotations

import dataclasses
import json
import shutil
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.errors import DataFileError
from engine.inference.analyse import AnalysisSettings, analyse
from engine.io.capsule import MAX_RAW_BYTES, MAX_RECORD_BYTES, SCHEMA, pack, read_capsule, write_capsule
from engine.io.read import read
from engine.io.results import answered
from engine.units import QUnit
from engine.version import VERSION

GROUP = "sasentry01/lnpscope_capsule"
SETTINGS = AnalysisSettings(draws=200, seed=7)


@pytest.fixture(scope="module")
def curve_file(root):
    return root / "resources" / "examples" / "solid.dat"


@pytest.fixture(scope="module")
def made(curve_file):
    (measurement,) = read(curve_file)
    analysis = analyse(measurement.curve, settings=SETTINGS)
    record = answered("solid.dat", measurement, analysis)
    return pack(measurement, record, settings=SETTINGS, basis=default_basis().identity, model=analysis.model)


@pytest.fixture
def path(made, tmp_path):
    write_capsule(tmp_path / "a.h5", made)
    return tmp_path / "a.h5"


def stored(root):
    return root / "tests" / "data" / "capsule-1.h5"


def numbers_of(result):
    return {key: value for key, value in result.items() if key not in ("file", "seconds")}


def reason(path):
    with pytest.raises(DataFileError) as refused:
        read_capsule(path)
    return refused.value.reason


def test_that_everything_comes_back(made, path, curve_file):
    found = read_capsule(path)
    assert found.raw == curve_file.read_bytes()
    assert (found.raw_name, found.settings, found.basis, found.model) == ("solid.dat", SETTINGS, made.basis, made.model)
    assert found.program == VERSION
    assert json.dumps(found.result) == json.dumps(json.loads(json.dumps(made.result)))
    for name in ("name", "format_name", "q_unit", "q_unit_source", "q_unit_words", "q_unit_certain", "notes"):
        assert getattr(found.measurement, name) == getattr(made.measurement, name)
    assert [(d.reason, d.rows) for d in found.measurement.dropped] == [(d.reason, d.rows) for d in made.measurement.dropped]
    for name in ("q", "intensity", "sigma"):
        np.testing.assert_array_equal(getattr(found.measurement.curve, name), getattr(made.measurement.curve, name))


def test_that_the_analysis_gives_the_same_numbers_again(path):
    found = read_capsule(path)
    again = answered("solid.dat", found.measurement, analyse(found.measurement.curve, settings=found.settings))
    assert numbers_of(again) == numbers_of(found.result)


def test_that_a_capsule_opens_with_the_record_of_its_first_reading(made, path):
    (measurement,) = read(path)
    assert measurement.path == path
    for name in ("name", "format_name", "q_unit", "q_unit_source", "q_unit_words", "q_unit_certain", "dropped"):
        assert getattr(measurement, name) == getattr(made.measurement, name)
    assert measurement.notes[:-1] == made.measurement.notes
    assert measurement.notes[-1].startswith(f"From a capsule of LNPScope {VERSION}")


def test_that_a_capsule_is_an_ordinary_curve_to_others_and_where_the_user_knows_better(made, path):
    (measurement,) = read(path, q_unit=QUnit.PER_NM)
    assert (measurement.format_name, measurement.q_unit_certain) == ("NXcanSAS", True)
    np.testing.assert_array_equal(measurement.curve.intensity, made.measurement.curve.intensity)
    np.testing.assert_array_equal(measurement.curve.sigma, made.measurement.curve.sigma)


def test_that_the_raw_file_in_it_opens_as_it_did(path, tmp_path):
    found = read_capsule(path)
    (tmp_path / found.raw_name).write_bytes(found.raw)
    (measurement,) = read(tmp_path / found.raw_name)
    np.testing.assert_array_equal(measurement.curve.intensity, found.measurement.curve.intensity)


def test_that_a_capsule_of_the_first_version_stays_readable(root):
    """Written once by version 0.1.0 with schema 1; never write it anew."""
    found = read_capsule(stored(root))
    assert (found.program, found.raw_name, found.basis) == ("0.1.0", "solid.dat", "3d83c517c23c")
    assert found.result["hypothesis"] == "type 4"
    assert found.result["sizes"]["type 4"]["mean"]["value"] == pytest.approx(52.0, abs=0.1)
    assert found.settings == AnalysisSettings(draws=200, seed=7, model="none")  # there were no networks then
    assert len(found.measurement.curve) == 400
    assert found.raw.startswith(b"#")


def change(path, place, value):
    with h5py.File(path, "r+") as file:
        del file[f"{GROUP}/{place}"]
        if value is not None:
            file[f"{GROUP}/{place}"] = value


def test_that_other_files_are_told_from_capsules(curve_file, tmp_path):
    assert reason(curve_file) == "This is no capsule. Open it as a curve."
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = 1
    assert reason(tmp_path / "b.h5") == "This is an HDF5 file but no capsule. Open it as a curve."
    assert "no such file" in reason(tmp_path / "gone.h5")


def test_that_a_newer_schema_is_refused_by_name(path):
    with h5py.File(path, "r+") as file:
        assert file[GROUP].attrs["schema"] == SCHEMA
        file[GROUP].attrs["schema"] = "lnpscope-capsule/2"
    assert reason(path) == "The capsule has the schema “lnpscope-capsule/2”; this program reads lnpscope-capsule/1. Use a newer version."


def test_that_a_changed_raw_file_is_noticed(path):
    with h5py.File(path, "r+") as file:
        file[f"{GROUP}/raw"][3] ^= 1
    assert "broken or was changed" in reason(path)


def test_that_links_to_other_files_are_not_followed(path, tmp_path):
    shutil.copy(path, tmp_path / "other.h5")
    for place in ("raw", "record"):
        change(path, place, h5py.ExternalLink("other.h5", f"/{GROUP}/{place}"))
        assert "other.h5" in reason(path)
        change(path, place, None)
        shutil.copy(tmp_path / "other.h5", path)


def test_that_sizes_are_checked_before_anything_is_read(path):
    with h5py.File(path, "r+") as file:
        del file[f"{GROUP}/raw"]
        file.create_dataset(f"{GROUP}/raw", shape=(2**40,), chunks=(1024,), dtype=np.uint8)
    assert "has the shape (1099511627776,)" in reason(path)


@pytest.mark.parametrize("words", [b"{}", b"[1]", b"not json", b"[" * 100_000, b"\xff\xfe"])
def test_that_a_garbled_record_is_refused(path, words):
    with h5py.File(path, "r+") as file:
        del file[f"{GROUP}/record"]
        file.create_dataset(f"{GROUP}/record", data=words, dtype=h5py.string_dtype("utf-8", len(words)))
    assert "broken or was changed" in reason(path)


def test_that_a_record_of_unknown_length_is_refused(path):
    change(path, "record", "words of any length")
    assert f"no string of at most {MAX_RECORD_BYTES} bytes" in reason(path)


def test_that_impossible_settings_are_refused(path):
    with h5py.File(path, "r+") as file:
        record = json.loads(file[f"{GROUP}/record"][()])
        record["settings"]["draws"] = 10**12
        text = json.dumps(record).encode()
        del file[f"{GROUP}/record"]
        file.create_dataset(f"{GROUP}/record", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    assert "impossible values: The number of draws" in reason(path)


@pytest.mark.parametrize(
    "change_record",
    [
        lambda record: record["settings"].update(model="\\\\stranger\\share\\model"),
        lambda record: record["settings"].update(model="//stranger/share/model"),
        lambda record: record["settings"].update(seed=float("inf")),
        lambda record: record["reading"].update(dropped=[{"reason": "x", "rows": [float("inf")]}]),
    ],
)
def test_that_a_capsule_that_points_to_other_machines_or_holds_no_numbers_is_refused(path, change_record):
    with h5py.File(path, "r+") as file:
        record = json.loads(file[f"{GROUP}/record"][()])
        change_record(record)
        text = json.dumps(record).encode()
        del file[f"{GROUP}/record"]
        file.create_dataset(f"{GROUP}/record", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    assert "broken or was changed" in reason(path)


@pytest.mark.parametrize("name", ["Q", "I"])
def test_that_a_capsule_without_its_curve_is_refused(path, name):
    with h5py.File(path, "r+") as file:
        del file[f"sasentry01/sasdata01/{name}"]
    assert "broken or was changed" in reason(path)


def test_that_a_curve_in_another_unit_of_q_is_refused(path):
    with h5py.File(path, "r+") as file:
        file["sasentry01/sasdata01/Q"].attrs["units"] = "1/angstrom"
    assert "broken or was changed" in reason(path)


def test_that_a_curve_of_two_dimensions_is_refused(path):
    with h5py.File(path, "r+") as file:
        rows = file["sasentry01/sasdata01/I"][()]
        del file["sasentry01/sasdata01/I"]
        file["sasentry01/sasdata01/I"] = np.stack([rows, rows])
    assert "has the shape (2," in reason(path)


@pytest.mark.parametrize("place", ["raw", "record"])
def test_that_a_capsule_without_one_of_its_parts_is_refused(path, place):
    with h5py.File(path, "r+") as file:
        del file[f"{GROUP}/{place}"]
    assert reason(path)


def test_that_a_result_that_is_no_mapping_is_refused(path):
    with h5py.File(path, "r+") as file:
        record = json.loads(file[f"{GROUP}/record"][()])
        text = json.dumps({**record, "result": [1, 2]}).encode()
        del file[f"{GROUP}/record"]
        file.create_dataset(f"{GROUP}/record", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    assert "broken or was changed" in reason(path)


def test_that_a_file_too_large_for_a_capsule_is_refused(made, curve_file, tmp_path):
    (measurement,) = read(curve_file)
    large = tmp_path / "large.dat"
    with large.open("wb") as file:
        file.truncate(MAX_RAW_BYTES + 1)
    with pytest.raises(DataFileError, match="MB"):
        pack(dataclasses.replace(measurement, path=large), made.result, settings=SETTINGS, basis=made.basis, model=made.model)


def test_that_a_capsule_cut_short_anywhere_is_refused(path, tmp_path):
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        cut = tmp_path / "cut.h5"
        cut.write_bytes(whole[: int(share * len(whole))])
        assert reason(cut)


def test_that_a_failed_write_leaves_the_old_capsule(made, path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr("engine.io.capsule.add_data", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataFileError, match="No space left"):
        write_capsule(path, made)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["a.h5"]


def test_that_a_raw_file_that_unpacks_without_end_is_refused_before_it_does(path):
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    with h5py.File(path, "r+") as file:
        del file[f"{GROUP}/raw"]
        raw = file.create_dataset(f"{GROUP}/raw", shape=(1000,), chunks=(1000,), dtype=np.uint8, compression="gzip")
        raw.id.write_direct_chunk((0,), bomb)
    assert "unpacks to more than it says" in reason(path)


@pytest.mark.parametrize("name", ["../../outside.dat", "/etc/passwd", "a/b/c.dat"])
def test_that_the_name_of_the_raw_file_leads_nowhere_else(path, name):
    with h5py.File(path, "r+") as file:
        record = json.loads(file[f"{GROUP}/record"][()])
        record["raw"]["name"] = name
        text = json.dumps(record).encode()
        del file[f"{GROUP}/record"]
        file.create_dataset(f"{GROUP}/record", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    found = read_capsule(path)
    assert found.raw_name == name.rsplit("/", 1)[-1]
    assert found.measurement.path.parent == Path()


def test_that_links_within_a_capsule_that_go_in_circles_are_refused(path):
    change(path, "raw", h5py.SoftLink(f"/{GROUP}/raw"))
    assert reason(path)
