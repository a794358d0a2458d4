import argparse

import pytest

from engine.commands import benchmark_learning
from engine.inference import evaluation
from engine.learning import model_folder


def test_that_rows_are_judged_by_their_goals(monkeypatch, capsys):
    monkeypatch.setattr(benchmark_learning, "_rate_row", lambda: benchmark_learning._row("rate", ">= 20000", 13_000.0, False))
    for name, value in {"CURVES": 256, "CHUNK": 128, "DRAWN_CURVES": 100, "EACH": 2}.items():
        monkeypatch.setattr(evaluation, name, value)
    figures = benchmark_learning.run(argparse.Namespace())
    rows = {row["figure"]: row for row in figures["rows"]}
    assert rows["rate"]["met"] is False
    assert rows["size of the shipped network [MB]"]["met"] is True
    assert sum("fraction error" in figure for figure in rows) == 6
    said = capsys.readouterr().out
    assert "MISSED" in said
    assert "test curves it never saw" in said


def test_that_a_missing_network_is_said(monkeypatch):
    monkeypatch.setattr(model_folder, "default_model", lambda: None)
    (row,) = benchmark_learning._model_rows()
    assert row["met"] is False
    assert "make train" in row["figure"]


def test_that_the_rate_counts_curves(monkeypatch):
    monkeypatch.setattr(benchmark_learning, "BATCHES", 2)
    monkeypatch.setattr(benchmark_learning, "WARM", 1)
    monkeypatch.setattr(benchmark_learning, "SIZE", 64)
    assert 10 < benchmark_learning.curves_per_second(0) < 10_000_000


@pytest.mark.parametrize(("error", "met"), [(0.01, True), (0.2, False)])
def test_that_the_calibration_error_has_a_goal(error, met):
    assert benchmark_learning._error({"expected_calibration_error": error}) == (error, met)
