"""Many curves at once: the same answers, in order, whoever computes them, and an end when nobody waits any more."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.errors import Cancelled, EngineError
from engine.inference.analyse import analyse, analyse_many
from engine.inference.analysis import Analysis
from engine.inference.settings import AnalysisSettings
from engine.progress import Step
from tests.inference.samples import measured

SETTINGS = AnalysisSettings(types=("type 3", "type 4"), draws=200)
Q = np.linspace(0.05, 2.0, 80)
CURVES = [measured(("type 4", 1.0, 30.0 + 10 * i, 0.1), q=Q, seed=i) for i in range(3)]
EMPTY = Curve(Q[:5], np.ones(5), np.ones(5))


def size(answer):
    assert isinstance(answer, Analysis)
    return answer.sizes["type 4"].mean


@pytest.mark.parametrize("workers", [1, 2])
def test_that_a_batch_gives_each_curve_the_answer_it_has_alone(workers):
    answers = list(analyse_many([*CURVES[:2], EMPTY, CURVES[2]], settings=SETTINGS, workers=workers))
    assert [size(answer) for answer in answers if answer is not answers[2]] == [size(analyse(curve, settings=SETTINGS)) for curve in CURVES]
    assert isinstance(answers[2], EngineError)
    assert "Too few points" in str(answers[2])


def test_that_a_batch_tells_how_far_it_is():
    told = []
    list(analyse_many(CURVES, settings=SETTINGS, workers=1, report=told.append))
    assert [event.done for event in told if isinstance(event, Step) and event.message == "curves"] == [1, 2, 3]
    assert {event.total for event in told if event.message == "curves"} == {3}


def test_that_a_cancelled_batch_ends_soon_with_its_processes():
    def cancel(event):
        raise Cancelled

    began = os.times()
    with pytest.raises(Cancelled):
        list(analyse_many(CURVES * 100, settings=SETTINGS, workers=2, report=cancel))
    # processes that had to start must end too; their hundreds of curves would take them minutes of the processor
    ended = os.times()
    assert sum(ended[2:4]) - sum(began[2:4]) < 20


def test_that_answers_come_before_the_batch_is_done():
    answers = analyse_many(CURVES * 100, settings=SETTINGS, workers=1)
    assert size(next(answers)) == size(analyse(CURVES[0], settings=SETTINGS))
    answers.close()


def test_that_a_basis_can_be_sent_to_another_process():
    basis = default_basis()
    copy = pickle.loads(pickle.dumps(basis))
    assert copy.identity == basis.identity
    np.testing.assert_array_equal(copy.curves["type 2"], basis.curves["type 2"])
