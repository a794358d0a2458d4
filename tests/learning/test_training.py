import dataclasses

import numpy as np
import pytest

from engine.datasets.stream import CurveStream
from engine.errors import Cancelled, DataFileError
from engine.learning import training
from engine.learning.model_folder import is_model, load_model
from engine.learning.training import TrainStep, Validated, ask_to_stop, learning_rate, train


class StopAt:
    """A report that cancels at a step."""

    def __init__(self, step):
        self.step, self.events = step, []

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, TrainStep) and event.step == self.step:
            raise Cancelled


def weights_equal(one, other):
    assert one.weights.keys() == other.weights.keys()
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_that_the_same_seed_gives_the_same_weights_and_another_gives_others(tiny, basis, tmp_path):
    one = train(tiny, tmp_path / "one", basis)
    same = train(tiny, tmp_path / "same", basis)
    other = train(dataclasses.replace(tiny, seed=5), tmp_path / "other", basis)
    assert weights_equal(one, same)
    assert one.identity == same.identity != other.identity
    assert not weights_equal(one, other)


def test_that_training_lowers_the_loss_and_tells_of_it(longer, basis, tmp_path):
    seen = []
    train(longer, tmp_path / "model", basis, report=seen.append)
    validated = [event for event in seen if isinstance(event, Validated)]
    steps = [event for event in seen if isinstance(event, TrainStep)]
    assert [event.step for event in steps] == list(range(1, 101))
    assert validated[-1].density < validated[0].density
    assert validated[-1].step == validated[-1].total == 100


def test_that_an_interrupted_training_goes_on_to_the_same_end(tiny, basis, tmp_path):
    whole = train(tiny, tmp_path / "whole", basis)
    with pytest.raises(Cancelled):
        train(tiny, tmp_path / "broken", basis, report=StopAt(15))
    seen = []
    resumed = train(tiny, tmp_path / "broken", basis, report=seen.append)
    first = next(event for event in seen if isinstance(event, TrainStep))
    assert first.step == 13  # the last state was kept after step 12
    assert weights_equal(whole, resumed)
    assert not (tmp_path / "broken" / training.STATE).exists()


def test_that_a_cancelled_training_leaves_the_best_so_far(tiny, basis, tmp_path):
    with pytest.raises(Cancelled):
        train(tiny, tmp_path / "model", basis, report=StopAt(15))
    assert is_model(tmp_path / "model")
    assert load_model(tmp_path / "model").curves == 12 * 64


def test_that_a_training_asked_to_stop_ends_early_and_calibrated(tiny, basis, tmp_path):
    folder = tmp_path / "model"

    def stop_at_8(event):
        if isinstance(event, TrainStep) and event.step == 8:
            ask_to_stop(folder)

    model = train(tiny, folder, basis, report=stop_at_8)
    assert model.curves == 8 * 64
    assert len(model.calibration.distances) == 101
    assert not (folder / training.STOP).exists()


def test_that_a_training_of_another_configuration_is_not_continued(tiny, longer, basis, tmp_path):
    with pytest.raises(Cancelled):
        train(tiny, tmp_path / "model", basis, report=StopAt(15))
    with pytest.raises(DataFileError, match="another configuration"):
        train(longer, tmp_path / "model", basis)
    assert train(longer, tmp_path / "model", basis, resume=False).curves == 6400


@pytest.mark.parametrize("content", [b"", b"rubbish" * 100])
def test_that_a_damaged_state_is_told_in_words(tiny, basis, tmp_path, content):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / training.STATE).write_bytes(content)
    with pytest.raises(DataFileError, match="is damaged"):
        train(tiny, tmp_path / "model", basis)


def test_that_the_scaler_sees_training_curves_only(tiny, basis, tmp_path, monkeypatch):
    clean = train(tiny, tmp_path / "clean", basis)
    original = CurveStream.batch

    def poisoned(self, index, size):
        batch = original(self, index, size)
        return batch if self._seed[1] == 0 else batch._replace(intensity=batch.intensity * np.linspace(1, 50, 256, dtype=np.float32))

    monkeypatch.setattr(CurveStream, "batch", poisoned)
    poisoned_model = train(tiny, tmp_path / "poisoned", basis)
    np.testing.assert_array_equal(clean.weights["scaler.mean"], poisoned_model.weights["scaler.mean"])
    np.testing.assert_array_equal(clean.weights["scaler.deviation"], poisoned_model.weights["scaler.deviation"])


def test_that_the_learning_rate_rises_and_falls_to_nothing(longer):
    rates = [learning_rate(longer, step) for step in range(100)]
    top = int(np.argmax(rates))
    assert top == round(training.RISE * 100) - 1
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert max(rates) == longer.budget.learning_rate
    assert rates[-1] < 0.01 * max(rates)
    assert (np.diff(rates[top:]) <= 0).all()
