"""What is meant when files and folders are dropped together."""

from __future__ import annotations

import os

import pytest

from engine.io import folder as folder_module
from engine.io.folder import FolderCut
from engine.io.limits import MAX_FOLDER_DEPTH
from engine.io.read import find_files


@pytest.fixture
def tree(tmp_path):
    for name in (
        "b.dat",
        "a.csv",
        "sub/c.xml",
        "sub/deeper/d.h5",
        "plain",
        ".hidden",
        ".git/e.dat",
        "photo.PNG",
        "notes.md",
        "script.py",
        "f.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1 2 3\n")
    return tmp_path


def names(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_that_a_folder_becomes_its_data_files_in_order(tree):
    assert names(find_files([tree]), tree) == ["a.csv", "b.dat", "f.txt", "plain", "sub/c.xml", "sub/deeper/d.h5"]


def test_that_a_file_that_is_dropped_itself_is_always_meant(tree):
    assert names(find_files([tree / "photo.PNG", tree / ".hidden"]), tree) == ["photo.PNG", ".hidden"]


def test_that_a_file_is_named_once(tree):
    assert names(find_files([tree / "b.dat", tree, tree / "b.dat"]), tree)[0] == "b.dat"
    assert len(find_files([tree, tree])) == 6


def test_that_a_missing_file_is_kept_for_its_sentence(tree):
    assert find_files([tree / "gone.dat"]) == (tree / "gone.dat",)


def test_that_more_files_than_can_be_taken_are_cut_and_said(tree, monkeypatch):
    monkeypatch.setattr(folder_module, "MAX_FILES", 4)
    said = []
    assert len(find_files([tree], report=said.append)) == 4
    assert said == [FolderCut(tree, 4)]


def test_that_depth_is_bounded(tmp_path):
    deep = tmp_path.joinpath(*[str(i) for i in range(MAX_FOLDER_DEPTH + 3)])
    deep.mkdir(parents=True)
    (deep / "a.dat").write_text("1 2\n")
    assert find_files([tmp_path]) == ()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_that_links_to_folders_are_not_walked(tree):
    try:
        (tree / "loop").symlink_to(tree, target_is_directory=True)
    except OSError:
        pytest.skip("this user may not make links")
    assert len(find_files([tree])) == 6
