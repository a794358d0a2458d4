"""The benchmark of the window: how figures are judged, and that its parts measure the real program."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.commands import benchmark
from engine.errors import ParameterError
from engine.inference.analyse import analyse
from engine.io.read import read
from engine.io.results import answered, document, refused, write_json
from lnpgui import benchmark_window
from lnpgui.benchmark_parts import FAULT
from lnpgui.benchmark_window import (
    Measured,
    _batch_rows,
    _closing_rows,
    _row,
    _training_rows,
    compared,
    measure_batch,
    part,
    print_table,
    write_curves,
)


def closed(seconds: float, code: int = 0, errors: str = "") -> Measured:
    return Measured({"closed at": 1000.0, "at work": True}, code, errors, 1000.0 + seconds, None)


def test_that_a_figure_is_met_on_the_right_side_of_its_goal_and_unjudged_without_one() -> None:
    assert _row("t", "s", 1.5, 1.5)["met"] is True
    assert _row("t", "s", 1.5, 1.6)["met"] is False
    assert _row("f", "frames/s", 25, 24.0, more=True)["met"] is False
    assert _row("f", "frames/s", 25, None)["met"] is None
    assert _row("t", "s", None, 3.0)["met"] is None


def test_that_closings_are_counted_one_by_one_and_what_was_said_on_stderr_is_shown() -> None:
    rows = _closing_rows([closed(0.5), closed(3.5), closed(1.0, code=1, errors="Traceback\nValueError: x"), closed(1.0)])
    assert [row["measured"] for row in rows] == [3.0, 3.5, 3.0]
    assert [row["met"] for row in rows] == [False, False, False]
    assert rows[2]["note"] == "ValueError: x"
    assert rows[0]["note"] == "4 at work"
    assert all(row["met"] for row in _closing_rows([closed(0.5)] * 20))


def test_that_a_row_or_a_digit_that_is_missing_in_a_batch_is_a_miss(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"files": 100, "curves": 102, "judged": 100, "refused": 1, "rows": 102, "tried": 5, "differing": 1}
    found = {"seconds": 51.0, **counts, "gap": 0.09, "own gap": 0.05, "gap in a thousand": 0.02}
    rows = _batch_rows(Measured(found, 0, "", 0.0, 2e9))
    assert [row["met"] for row in rows] == [None, False, False, True, False]
    print_table(rows)
    table = capsys.readouterr().out
    assert "100 files in one drop" in table
    assert "2.00 curves/s" in table
    assert "50 ms of our own making; one in a thousand over 20 ms" in table
    assert table.count("MISSED") == 3


def test_that_a_part_without_figures_says_why() -> None:
    rows = _batch_rows(Measured({}, FAULT, "Traceback\nLookupError: no panel\n", 0.0, None))
    assert [row["measured"] for row in rows] == [None] * 5
    assert rows[0]["note"] == f"no figures, exit code {FAULT}: LookupError: no panel"
    assert _training_rows(Measured({}, 1, "", 0.0, None))[0]["note"] == "no figures, exit code 1: nothing was said"


def test_that_a_digit_of_an_export_that_a_single_analysis_does_not_give_is_counted(tmp_path: Path) -> None:
    write_curves(tmp_path, 1)
    path = next(tmp_path.iterdir())
    measurement = read(path)[0]
    record = answered(str(path), measurement, analyse(measurement.curve))
    export = tmp_path / "export.json"
    write_json(export, document([record, refused("gone.dat", "It is gone.")], model=""))
    assert compared(export) == {"tried": 1, "differing": 0}
    write_json(export, document([{**record, "chi2_reduced": record["chi2_reduced"] * (1 + 1e-15)}], model=""))
    assert compared(export) == {"tried": 1, "differing": 1}


def test_that_a_folder_that_is_none_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="is no folder"):
        benchmark_window.run(argparse.Namespace(batch=2, folder=tmp_path / "nowhere"))


def test_that_the_curves_of_the_benchmark_can_be_read(tmp_path: Path) -> None:
    write_curves(tmp_path, 3)
    assert [len(read(path)[0].curve) for path in sorted(tmp_path.iterdir())] == [500] * 3


def test_that_the_engine_alone_refuses_to_measure_the_window() -> None:
    with pytest.raises(ParameterError, match=r"main\.py"):
        benchmark.run(argparse.Namespace(subject="window", json=None))


@pytest.mark.slow
def test_that_the_real_window_closes_quietly_during_work_and_tells_its_memory(tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    write_curves(folder, 3)
    found = part("closing", tmp_path, "--path", str(folder), "--after", "2")
    assert (found.code, found.errors) == (0, "")
    assert found.ended - found.figures["closed at"] < benchmark_window.CLOSE_WITHIN + 2  # other programs may be at work
    assert found.memory is None or found.memory > 1e7


@pytest.mark.slow
def test_that_a_drop_of_simulated_and_given_files_is_measured_to_its_export(tmp_path: Path) -> None:
    (tmp_path / "batch").mkdir()
    write_curves(tmp_path / "batch", 2)
    given = tmp_path / "given"
    given.mkdir()
    (given / "words.dat").write_text("no numbers here\n", encoding="utf-8")
    found = measure_batch(tmp_path, given)
    assert (found.code, found.errors) == (0, "")
    counts = {name: found.figures[name] for name in ("files", "curves", "judged", "refused", "rows", "differing")}
    assert counts == {"files": 3, "curves": 3, "judged": 2, "refused": 1, "rows": 3, "differing": 0}


@pytest.mark.slow
def test_that_a_fault_in_a_part_ends_it_with_a_traceback_instead_of_a_dialog_that_nobody_answers(root: Path, tmp_path: Path) -> None:
    code = "import sys; from lnpgui import benchmark_parts as b; b.Simulation.begin = lambda _: 1 / 0; sys.exit(b.main(['simulation']))"
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env={**os.environ, **own}, capture_output=True, text=True, timeout=120)
    assert done.returncode == FAULT
    assert "ZeroDivisionError" in done.stderr
