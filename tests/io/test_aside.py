from __future__ import annotations

import os
import stat

import h5py
import pytest

from engine.errors import DataFileError
from engine.io.aside import hdf5_written_aside, write_text, written_aside


def test_that_a_finished_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "größe μ.csv"
    path.write_text("old", encoding="utf-8")
    write_text(path, "new Å\n")
    assert path.read_bytes() == "new Å\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_that_a_fault_while_writing_leaves_the_old_file(tmp_path, fault):
    path = tmp_path / "a.csv"
    path.write_text("old", encoding="utf-8")

    def write_and_fail():
        with written_aside(path) as aside:
            aside.write_text("half", encoding="utf-8")
            raise fault

    with pytest.raises(fault):
        write_and_fail()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(DataFileError, match=r"^a\.csv: cannot be written in .*none: No such file or directory\. Choose another folder\.$"):
        write_text(tmp_path / "none" / "a.csv", "")


def test_that_a_folder_in_the_way_is_a_sentence(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataFileError, match="The file is as it was before"):
        write_text(tmp_path / "a.csv", "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_that_a_written_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "ordinary").touch()
    write_text(tmp_path / "ours", "")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "ordinary").stat().st_mode)


def test_that_names_of_bytes_that_are_no_characters_do_not_stop_a_table(tmp_path):
    write_text(tmp_path / "a.csv", "gr\udcf6\udcdfe, größe\n")  # as Python names a file of Latin-1
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "gr��e, größe\n"
    write_text(tmp_path / "a.csv", "\ud800\n")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "?\n"


def test_that_an_hdf5_file_that_cannot_be_made_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")

    def write_and_fail():
        with hdf5_written_aside(path) as file:
            file["x"] = 1.0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert path.read_bytes() == b"old"
    with hdf5_written_aside(path) as file:
        file["x"] = 2.0
    with h5py.File(path) as file:
        assert file["x"][()] == 2.0
    assert list(tmp_path.iterdir()) == [path]
