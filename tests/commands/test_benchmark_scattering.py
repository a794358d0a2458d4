"""``benchmark scattering`` at a reduced size: every row is measured, judged by its goal, or says why not."""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np
import pytest
import references as independent

from engine.commands import benchmark_pictures, benchmark_references, benchmark_scattering
from engine.commands.benchmark_scattering import Scope, _row, measure, print_side_by_side, print_table
from engine.commands.benchmark_timing import alone, machine
from engine.errors import ParameterError
from engine.models.registry import MODELS
from engine.progress import Step

SMALL = Scope(points=60, diameter=24.0, sizes=(20.0, 24.0, 4.0), published=(20,), repeats=1)


@pytest.fixture(scope="module")
def rows():
    events = []
    found = measure(SMALL, events.append)
    assert [event.done for event in events if isinstance(event, Step)] == [0, 1, 2, 3, 4, 5]
    return found


def test_that_every_row_is_judged_by_its_goal_or_says_why_not(rows):
    assert len(rows) > 20
    for row in rows:
        assert {"figure", "goal", "measured", "met"} <= row.keys()
        if row["measured"] is None:
            assert row["met"] is None
            assert row["note"]
        else:
            assert np.isfinite(row["measured"])
            assert row["measured"] > 0
            assert (row["met"] is None) == (row["goal"] == "")


def test_that_every_accuracy_has_its_goal_met(rows):
    judged = [row for row in rows if row["met"] is not None and "[" not in row["figure"]]
    assert len(judged) >= 6
    assert [row["figure"] for row in judged if not row["met"]] == []


def test_that_the_solvers_stand_side_by_side_with_time_memory_and_error(rows, capsys):
    print_table(rows)
    print_side_by_side(rows)
    lines = capsys.readouterr().out.splitlines()
    table = lines[lines.index(next(line for line in lines if line.startswith("side by side"))) :]
    assert table[0].split()[3:] == ["seconds", "peak", "GB", "error"]
    assert [line.split(",")[0].strip() for line in table[1:4]] == ["exact", "non-uniform FFT", "lattice FFT"]
    assert all(row["figure"] in "\n".join(lines) for row in rows)


def test_that_a_goal_is_an_upper_limit():
    assert _row("s", "f", 2.0, 2.0)["met"] is True
    assert _row("s", "f", 2.0, 2.0, strict=True)["met"] is False
    assert _row("s", "f", 2.0, 2.1)["met"] is False
    assert _row("s", "f", 2.0, None)["met"] is None
    assert _row("s", "f", None, 1.0)["met"] is None


def test_that_absent_sasmodels_and_absent_curves_are_said(monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark_scattering, "sasmodels_version", lambda: None)
    monkeypatch.setenv("LNPSCOPE_SHARED", str(tmp_path))
    (one,) = benchmark_scattering._sasmodels_rows(SMALL)
    assert (one["measured"], one["met"]) == (None, None)
    assert "not installed" in one["note"]
    absent = list(benchmark_scattering._published_rows(SMALL))
    assert [(row["measured"], row["met"]) for row in absent] == [(None, None)] * 2
    assert all("no file" in row["note"] for row in absent)


def test_that_the_command_names_the_machine_and_returns_what_it_prints(monkeypatch, capsys, tmp_path):
    asked = []
    monkeypatch.setattr(benchmark_scattering, "measure", lambda scope, report: asked.append(scope) or [_row("s", "speed", 1.0, 3.0)])
    monkeypatch.setattr(benchmark_pictures, "draw", lambda folder, report: [folder / "a.png"])
    figures = benchmark_scattering.run(argparse.Namespace(full=True, out=tmp_path / "new"))
    printed = capsys.readouterr().out
    assert asked == [benchmark_scattering.FULL]
    assert machine()["processor"] in printed
    assert "MISSED" in printed
    assert (figures["benchmark"], figures["rows"][0]["met"]) == ("scattering", False)
    assert figures["pictures"] == [str(tmp_path / "new" / "a.png")]


@pytest.mark.parametrize("key", MODELS)
def test_that_the_quadrature_agrees_with_one_written_apart(key):
    body = MODELS[key]().body()
    q = np.array([0.0, 0.1, 0.9, 2.2])
    np.testing.assert_allclose(benchmark_references.by_quadrature(body, q), independent.body_of_revolution(body, q), rtol=1e-9)


def test_that_an_error_in_a_solver_would_be_seen():
    q = np.linspace(0.01, 3.0, 50)
    true = benchmark_references.core_shell_sphere(q, 21.0, 25.0, 16.0, 9.0)
    fringes = benchmark_references.envelope(lambda near: benchmark_references.core_shell_sphere(near, 21.0, 25.0, 16.0, 9.0), q, 50.0)
    assert benchmark_references.largest_error(true, true, fringes) == 0
    assert benchmark_references.largest_error(true + 1e-3 * fringes, true, fringes) == pytest.approx(1e-3)
    assert benchmark_references.median_log_error(10 * true, true, q) == pytest.approx(1.0)


def _allocate(size):
    return float(np.ones(size).sum())


def test_that_peak_memory_is_that_of_the_task_alone():
    ballast = np.ones(20_000_000)  # 160 MB here, which the other process must not be charged with
    results = [alone(_allocate, size, threads=1) for size in (10, 10_000_000)]
    assert [value for value, _ in results] == [10.0, 1e7]
    small, large = (peak for _, peak in results)
    if small is None or large is None:
        pytest.skip("this system does not tell a process's peak memory")
    assert 60e6 < large - small < 110e6
    assert ballast.size


def test_that_the_pictures_are_drawn(tmp_path):
    paths = benchmark_pictures.draw(tmp_path, ratios=(2.0, 3.0))
    assert [path.name[:5] for path in paths] == ["fig4_", "fig6_", "fig7_", "fig8_"]
    for path in paths:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 20_000


def test_that_pictures_which_cannot_be_made_are_refused_before_the_work(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match="can't be made"):
        benchmark_pictures.check_folder(tmp_path / "file")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ParameterError, match="matplotlib"):
        benchmark_pictures.check_folder(tmp_path)
