"""Whatever is dropped gets a sentence, never a traceback, and never a guess."""

from __future__ import annotations

import os
import stat
import struct
import sys
import time
import zipfile
import zlib

import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io import source as source_module
from engine.io.limits import MAX_HDF5_BYTES, MAX_LINES, MAX_TEXT_BYTES, MIN_POINTS
from engine.io.read import read
from tests.io.curves import columns, sphere_curve, text_rows, written

TABLE = columns(sphere_curve(60))
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 0, 0, 0, 0) + struct.pack(">I", 0) + zlib.compress(b"\0\0")


def reason(path) -> str:
    with pytest.raises(DataFileError) as refused:
        read(path)
    assert refused.value.path == path
    assert str(refused.value).startswith(path.name)
    return refused.value.reason


def test_that_a_folder_is_refused(tmp_path):
    assert "folder" in reason(tmp_path)


def test_that_an_empty_file_is_refused(tmp_path):
    assert "empty" in reason(written(tmp_path, b""))


def test_that_a_file_of_blank_lines_is_refused(tmp_path):
    assert "No line holds two numbers" in reason(written(tmp_path, "\n \n\t\n" * 50))


def test_that_a_vanished_file_is_refused(tmp_path):
    assert "no such file" in reason(tmp_path / "gone.dat")


def test_that_a_name_no_system_takes_is_refused(tmp_path):
    assert "name" in reason(tmp_path / "a\0b.dat")


def test_that_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, text_rows(TABLE))
    decode = source_module.TextFile

    class Growing(source_module.Source):
        def _bytes(self, count):
            with path.open("a") as file:
                file.write("3.1 1e-3 1e-4\n")
            return super()._bytes(count)

    monkeypatch.setattr("engine.io.read.Source", Growing)
    assert "changed while" in reason(path)
    assert decode is source_module.TextFile


def test_that_a_file_that_vanishes_between_look_and_read_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, text_rows(TABLE))

    class Vanishing(source_module.Source):
        def _bytes(self, count):
            path.unlink(missing_ok=True)
            return super()._bytes(count)

    monkeypatch.setattr("engine.io.read.Source", Vanishing)
    assert "no such file" in reason(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the system lets root read everything")
def test_that_a_file_without_permission_is_refused(tmp_path):
    path = written(tmp_path, text_rows(TABLE))
    path.chmod(stat.S_IWUSR)
    assert "may not be read" in reason(path)


def test_that_missing_permission_is_said(tmp_path, monkeypatch):
    path = written(tmp_path, text_rows(TABLE))

    def forbid(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", forbid)
    assert "may not be read" in reason(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_that_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    path = tmp_path / "pipe.dat"
    os.mkfifo(path)
    assert "pipe" in reason(path)


@pytest.mark.parametrize("size", [MAX_TEXT_BYTES + 1, 200 * 2**20, MAX_HDF5_BYTES + 1])
def test_that_a_huge_text_file_is_refused_before_it_is_read(tmp_path, size):
    path = written(tmp_path, text_rows(TABLE))
    with path.open("r+b") as file:
        file.truncate(size)  # sparse: costs no disk
    start = time.process_time()
    assert " MB" in reason(path)
    assert time.process_time() - start < 0.5


def test_that_endless_lines_are_refused(tmp_path):
    assert "lines" in reason(written(tmp_path, b"1 2\n" * (MAX_LINES + 1)))


def test_that_one_endless_line_is_refused(tmp_path):
    assert "No line" in reason(written(tmp_path, b"1 2 " * 500_000))


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (PNG, "picture (PNG)"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "picture (JPEG)"),
        (b"II*\x00" + bytes(100), "Integrate it first"),
        (b"{\nEDF_DataBlockID = 0.Image.Psd ;\nDim_1 = 10 ;\n}\n" + bytes(400), "Integrate it first"),
        (b"###CBF: VERSION 1.5\r\n" + bytes(100), "Integrate it first"),
        (b"%PDF-1.7\n1 0 obj\n", "PDF"),
        (b"\x1f\x8b\x08" + bytes(30), "Unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "CSV"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200), "MATLAB"),
        (b"\x80\x04\x95\x00\x00" + bytes(50), "pickle"),
        (b"\x7fELF" + bytes(60), "program"),
        (b"<!DOCTYPE html><html><body>0.1 2.0</body></html>", "web page"),
        (bytes(range(256)) * 20, "binary"),
        (b"\x00\x00\x00\x01" * 500, "binary"),
    ],
)
def test_that_a_foreign_file_is_named_and_gets_advice(tmp_path, content, advice):
    assert advice in reason(written(tmp_path, content))


@pytest.mark.parametrize(("member", "advice"), [("xl/workbook.xml", "CSV"), ("data.npy", "NumPy archive"), ("a.txt", "Unpack")])
def test_that_packed_files_are_told_apart(tmp_path, member, advice):
    path = tmp_path / "curve.dat"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "1 2 3")
    assert advice in reason(path)


def test_that_a_text_may_begin_like_a_program(tmp_path):
    (measurement,) = read(written(tmp_path, "MZ run of BM beamline\nq_nm^-1 I sigma\n" + text_rows(TABLE)))
    assert len(measurement.curve) == 60


@pytest.mark.parametrize("points", [1, 3, MIN_POINTS - 1])
def test_that_a_few_points_are_refused_with_their_number(tmp_path, points):
    assert f"{points} rows" in reason(written(tmp_path, text_rows(TABLE[:points])))


def test_that_the_smallest_number_of_points_is_read(tmp_path):
    (measurement,) = read(written(tmp_path, text_rows(TABLE[:MIN_POINTS])))
    assert len(measurement.curve) == MIN_POINTS


def test_that_a_file_of_nan_is_refused(tmp_path):
    table = TABLE.copy()
    table[:, 1:] = np.nan
    assert "number" in reason(written(tmp_path, text_rows(table)))


def test_that_negative_intensities_throughout_are_refused(tmp_path):
    assert "negative" in reason(written(tmp_path, text_rows(TABLE * [1, -1, 1])))


def test_that_zero_intensities_throughout_are_refused(tmp_path):
    assert "zero" in reason(written(tmp_path, text_rows(TABLE * [1, 0, 1])))


def test_that_sigma_of_zero_throughout_means_no_sigma(tmp_path):
    (measurement,) = read(written(tmp_path, text_rows(TABLE * [1, 1, 0])))
    assert measurement.curve.sigma is None
    assert len(measurement.curve) == 60
    assert any("zero or negative throughout" in note for note in measurement.notes)


def test_that_an_image_in_one_column_is_refused_with_advice(tmp_path):
    assert "integrate" in reason(written(tmp_path, "DET IMAGE 128 x 128\n" + "0.279783\n" * 1000))


def test_that_a_matrix_of_pixels_is_refused(tmp_path):
    assert "more than 64 numbers each" in reason(written(tmp_path, "\n".join(" ".join(["3"] * 128) for _ in range(128))))
    pixels = np.random.default_rng(1).poisson(5.0, (50, 50))
    assert "no curve but an image" in reason(written(tmp_path, "\n".join(" ".join(map(str, row)) for row in pixels)))


def test_that_an_intensity_without_a_number_is_refused_and_sigma_not_taken_for_it(tmp_path):
    table = TABLE.copy()
    table[:, 1] = np.nan
    for separator in (" ", "\t", ","):
        assert "None of its" in reason(written(tmp_path, text_rows(table, separator=separator)))


@pytest.mark.parametrize("separator", [" ", "\t", ",", ";"])
def test_that_rows_without_q_are_counted_in_every_dialect(tmp_path, separator):
    table = TABLE.copy()
    table[[0, 1, 7], 0] = np.nan
    (found,) = read(written(tmp_path, text_rows(table, separator=separator)))
    assert [(drop.reason, drop.rows) for drop in found.dropped] == [("no number in q or intensity", (1, 2, 8))]


@pytest.mark.parametrize("cells", ["{0}\t\t{1}\t{2}\t", "{0}\t{1}\t\t{2}"], ids=["doubled_and_trailing", "doubled"])
def test_that_a_column_with_nothing_in_it_is_no_column(tmp_path, cells):
    rows = "\n".join(cells.format(*map(repr, row)) for row in TABLE.tolist())
    np.testing.assert_array_equal(read(written(tmp_path, rows))[0].curve.intensity, TABLE[:, 1])


def test_that_a_very_long_number_holds_nobody_up(tmp_path):
    began = time.process_time()
    assert reason(written(tmp_path, "0.1 " + "\n".join("9" * 3900 + "x 1" for _ in range(300))))
    assert time.process_time() - began < 0.5


def test_that_a_table_against_another_axis_is_refused_by_its_name(tmp_path):
    text = "r  P(r)  error\n" + text_rows(TABLE, separator="  ")
    assert "“r”" in reason(written(tmp_path, text))


def test_that_an_angle_without_a_wavelength_is_refused(tmp_path):
    assert "wavelength" in reason(written(tmp_path, "# 2th_deg I sigma\n" + text_rows(TABLE)))


def test_that_an_angle_named_in_a_line_of_its_own_is_noticed(tmp_path):
    assert "wavelength" in reason(written(tmp_path, "image.edf\n2-Theta Angle (Degrees)\nIntensity\n 60\n" + text_rows(TABLE)))


def test_that_a_listing_with_some_numbers_is_refused(tmp_path):
    assert "No line" in reason(written(tmp_path, "".join(f"file{i}.dat,text,{i},0.1\n" for i in range(50))))


def test_that_the_other_files_of_a_drop_are_still_read(tmp_path):
    good, bad = written(tmp_path, text_rows(TABLE), "a.dat"), written(tmp_path, PNG, "b.dat")
    answers = []
    for path in (bad, good):
        try:
            answers.append(len(read(path)[0].curve))
        except DataFileError as error:
            answers.append(error.reason)
    assert answers[1] == 60
