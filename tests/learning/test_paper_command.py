"""``benchmark paper`` from the command line, at a size that takes seconds."""

from __future__ import annotations

import json

import numpy as np
import pytest

import main
from engine.commands import benchmark_paper
from engine.commands.benchmark_paper import QUICK, Scope, list_jobs, scores
from engine.learning.paper.networks import NETWORKS
from engine.learning.paper.protocol import READINGS, TASKS


@pytest.mark.slow
def test_that_the_quick_run_prints_the_table_writes_the_figures_and_draws(tmp_path, capsys):
    assert main.main(["benchmark", "paper", "--quick", "--json", str(tmp_path / "a.json"), "--out", str(tmp_path / "pictures")]) == 0
    text = capsys.readouterr().out
    figures = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert {(row["task"], row["reading"]) for row in figures["rows"]} == {(task, reading) for task in TASKS for reading in READINGS}
    for row in figures["rows"]:
        assert np.isfinite([row["ours"]["mean"], row["bound"]]).all()
        assert row["figure"] in text
    sets = {result["test set"] for result in figures["results"] if "test set" in result}
    assert len(sets) == len(TASKS) * len(READINGS)
    assert all(digest in text for digest in sets)
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert len(pictures) == len(TASKS) * len(READINGS)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["--quick", "--full"], "exclude each other"), (["--out", "main.py/pictures"], "can't be made")],
)
def test_that_bad_arguments_are_refused_before_any_work(words, reason, capsys, monkeypatch, root):
    monkeypatch.setattr(benchmark_paper, "work", lambda *arguments: pytest.fail("work began"))
    monkeypatch.chdir(root)
    assert main.main(["benchmark", "paper", *words]) == main.WRONG_USE
    assert reason in capsys.readouterr().err


def test_that_an_interrupt_ends_the_command(monkeypatch):
    def interrupted(scope, jobs):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(benchmark_paper, "work", interrupted)
    assert main.main(["benchmark", "paper", "--quick"]) == main.INTERRUPTED


def test_that_the_full_run_trains_every_network_on_every_task_with_every_seed():
    jobs = list_jobs(benchmark_paper.FULL)
    assert len(set(jobs)) == len(jobs)
    trained = {(job.kind, job.task, job.reading, job.seed) for job in jobs if job.kind in NETWORKS}
    expected = {
        (name, task, reading, seed)
        for name in NETWORKS
        for task in TASKS
        if name != "three-weight" or task == "weights"
        for reading in READINGS
        for seed in (0, 1, 2)
    }
    assert trained == expected


def test_that_the_default_run_does_the_published_tasks_with_three_seeds():
    jobs = [job for job in list_jobs(Scope()) if job.kind == "ours" and not job.scale]
    for task in ("classes", "alpha"):
        assert {(job.reading, job.seed) for job in jobs if job.task == task} == {(r, s) for r in READINGS for s in (0, 1, 2)}


def test_that_processes_give_what_this_process_gives():
    jobs = [job for job in list_jobs(QUICK) if job.kind == "bound" and job.task == "alpha"]
    here = dict(benchmark_paper.work(QUICK, jobs))
    there = dict(benchmark_paper.work(Scope(bound=QUICK.bound, workers=2), jobs))
    assert here == there


def test_that_scores_are_those_of_their_definitions():
    predicted, truth = np.eye(3)[[0, 0, 1, 2]], np.array([0, 1, 1, 2])
    assert scores(TASKS["classes"], predicted, truth) == {"accuracy": 0.75, "F1": [pytest.approx(2 / 3), pytest.approx(2 / 3), 1.0]}
    found = scores(TASKS["alpha"], np.array([[0.1], [0.5]]), np.array([[0.0], [1.0]]))
    assert found == {"MSE": pytest.approx(0.13), "R²": pytest.approx(1 - 0.13 / 0.25)}
