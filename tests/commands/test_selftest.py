from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import contextmanager

import pytest

from engine.commands import selftest
from engine.commands.selftest import Check, CheckFailed


def run(checks, monkeypatch, out=None):
    monkeypatch.setattr(selftest, "CHECKS", tuple(checks))
    return selftest.run(argparse.Namespace(out=out))


def good():
    return "fine"


def wrong():
    raise CheckFailed("two and two are five")


def broken():
    raise ZeroDivisionError("division by zero")


def test_that_one_failed_check_fails_the_whole(monkeypatch, capsys):
    assert run([Check("first", good), Check("second", wrong)], monkeypatch) == 1
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(maxsplit=4) for line in lines[:2]] == [
        ["pass", "first", "0.0", "s", "fine"],
        ["FAIL", "second", "0.0", "s", "two and two are five"],
    ]
    assert lines[-1].startswith("1 of 2 checks FAILED in ")


def test_that_a_crash_in_a_check_is_a_line_of_the_table_and_the_others_still_run(monkeypatch, capsys):
    assert run([Check("first", broken), Check("second", good)], monkeypatch) == 1
    _, first, second, *_ = capsys.readouterr().out.splitlines()
    assert "ZeroDivisionError: division by zero (test_selftest.py, line " in first
    assert second.split()[:2] == ["pass", "second"]


def test_that_the_table_is_written_to_a_file_as_printed(monkeypatch, capsys, tmp_path):
    assert run([Check("first", good)], monkeypatch, tmp_path / "table.txt") == 0
    lines = (tmp_path / "table.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("LNPScope ")
    assert lines == capsys.readouterr().out.splitlines()
    assert "Python " in lines[-2]


HANGING = """
import argparse, threading
from engine.commands import selftest
selftest.TIME_LIMIT, selftest.patience = 0.5, lambda: 1.0
selftest.CHECKS = (selftest.Check("hangs", lambda: str(threading.Event().wait(60))),)
selftest.run(argparse.Namespace(out=None))
"""


def test_that_a_check_that_hangs_ends_the_program_with_a_trace(root):
    done = subprocess.run([sys.executable, "-c", HANGING], cwd=root, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "Timeout (0:00:00.4" in done.stderr


@pytest.mark.parametrize(("load", "wanted"), [(0.1, 1.0), (2.0, 1.0), (6.0, 3.0), (50.0, selftest.MOST_PATIENCE)])
def test_that_the_limit_grows_with_the_load_of_the_machine_up_to_a_bound(monkeypatch, load, wanted):
    monkeypatch.setattr(selftest.os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    monkeypatch.setattr(selftest.os, "cpu_count", lambda: 2)
    assert selftest.patience() == wanted


def test_that_a_load_that_comes_during_the_checks_stretches_the_time_left(monkeypatch):
    given = []

    @contextmanager
    def note(seconds):
        given.append(seconds)
        yield

    monkeypatch.setattr(selftest, "time_limit", note)
    monkeypatch.setattr(selftest, "patience", iter([1.0, 4.0, 2.0]).__next__)
    assert run([Check(name, good) for name in "abc"], monkeypatch) == 0
    assert [round(seconds / selftest.TIME_LIMIT, 1) for seconds in given] == [1.0, 4.0, 4.0]


def test_that_a_wrong_simulation_is_noticed(monkeypatch):
    import engine.scattering.exact as exact

    right = exact.form_factor
    monkeypatch.setattr(exact, "form_factor", lambda particle, q: right(particle, q) * 1.00001)
    with pytest.raises(CheckFailed, match=r"off its closed form by 1\.\de-05"):
        selftest.sphere_matches_closed_form()


def test_that_the_example_is_told_from_another_curve(monkeypatch):
    monkeypatch.setattr(selftest, "EXAMPLE", selftest.EXAMPLE.with_name("solid.dat"))
    with pytest.raises(CheckFailed, match="is type 3 \\+ type 4, but the answer is type 4"):
        selftest.example_is_recognised()


def test_that_the_model_of_the_program_names_the_example_and_another_curve_is_noticed(monkeypatch):
    assert "names type 3 + type 4" in selftest.model_names_the_example()
    monkeypatch.setattr(selftest, "EXAMPLE", selftest.EXAMPLE.with_name("solid.dat"))
    with pytest.raises(CheckFailed, match=r"is type 3 \+ type 4, but default [0-9a-f]{8} says type 4"):
        selftest.model_names_the_example()


def test_that_a_program_without_its_model_is_noticed(monkeypatch):
    from engine.learning import model_folder

    monkeypatch.setattr(model_folder, "default_model", lambda: None)
    with pytest.raises(CheckFailed, match="the model that comes with the program is missing"):
        selftest.model_names_the_example()


def test_that_a_training_that_learns_nothing_is_noticed(monkeypatch):
    from engine.learning import model_folder

    monkeypatch.setattr(model_folder, "load_model", lambda folder: argparse.Namespace(curves=1280))
    monkeypatch.setattr(selftest, "in_another_process", lambda work, given: (9.0, 9.0, "torch"))
    with pytest.raises(CheckFailed, match=r"the loss went from 9\.00 to 9\.00"):
        selftest.training_works()


def test_that_a_network_is_asked_without_loading_torch(root):
    code = "import sys; from engine.commands.selftest import model_names_the_example as look; look(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60, check=False).returncode == 0


@pytest.mark.slow
def test_that_the_self_test_of_this_installation_passes_without_a_home_a_path_or_a_language(run_main):
    bare = dict.fromkeys(("HOME", "PATH", "LANG", "LC_ALL", "QT_QPA_PLATFORM", "DISPLAY"))
    done = run_main("selftest", PYTHONWARNINGS=None, **bare)  # warnings of libraries that we only start here are not ours
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All checks passed in " in done.stdout
