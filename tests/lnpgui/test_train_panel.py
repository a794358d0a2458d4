"""The Train panel: the form refuses in words, a training is shown while it runs, models are listed, used and deleted."""

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from engine.learning import model_list
from engine.learning.config import Budget, NetworkConfig, TrainConfig
from engine.learning.coordinates import SETS
from engine.learning.model_folder import QUANTILES, Calibration, Model, expected_shapes, save_model
from engine.learning.training import STOP, TrainStep, Validated
from engine.progress import Step
from lnpgui.panels.train.presenter import TrainPresenter
from lnpgui.panels.train.request import minutes
from lnpgui.panels.train.view import TrainView
from lnpgui.theme import DARK, LIGHT
from lnpgui.workers import Failure, Job

SMALL = NetworkConfig(width=16, blocks=1, gaussians=1)
NAMES = ["type 1", "type 2"]
CARD = {
    "names": NAMES,
    "confusion": [[8, 2], [1, 9]],
    "accuracy": {"pure": 0.85},
    "reliability": [{"said": 0.5, "found": 0.55, "curves": 10}, {"said": 0.9, "found": 0.85, "curves": 10}],
    "ranks": {"share": [1, 2, 3, 2]},
    "parity": [{"true": t, "found": t, "low": t - 0.1, "high": t + 0.1, "bound": 0.02} for t in (0.2, 0.5, 0.8)],
    "sentences": ["Names the types right in 85 %."],
}


def put_model(folder, name="bench"):
    rng = np.random.default_rng(1)
    weights = {key: rng.normal(size=shape).astype(np.float32) for key, shape in expected_shapes(SMALL).items()}
    config = TrainConfig(name=name, network=SMALL, budget=Budget(curves=5000))
    calibration = Calibration(distances=tuple(float(v) for v in np.arange(QUANTILES)))
    save_model(folder, Model(config=config, weights=weights, calibration=calibration, basis="abc", curves=5000, card=CARD))
    assert len(SETS) == 15
    return folder


class FakeJob(Job):
    """A training that does what the test says."""

    def __init__(self, work):
        super().__init__(work)
        self.was_cancelled = False

    def _start(self):
        pass

    def wait(self, timeout_ms):
        return True

    def cancel(self):
        self.was_cancelled = True
        self._end("cancelled", None)

    def end(self, kind, payload=None):
        self._end(kind, payload)


@pytest.fixture
def panel(qtbot, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(model_list, "shipped_models", lambda: tmp_path / "shipped")
    view = TrainView(LIGHT)
    qtbot.addWidget(view)
    view.resize(1360, 800)
    view.show()
    jobs = []

    def make_job(work):
        jobs.append(FakeJob(work))
        return jobs[-1]

    presenter = TrainPresenter(view, settings, tmp_path / "own", view, make_job=make_job)
    view.jobs, view.presenter = jobs, presenter
    return view


def visible_refusals(view):
    return [label.text() for label in view.form._refusals.values() if label.isVisible()]


def test_that_without_models_the_panel_says_so(panel):
    assert "No model is there yet" in panel.card.text()
    assert not panel.use_button.isEnabled()
    assert not panel.delete_button.isEnabled()


def test_that_plots_without_anything_to_draw_say_so_instead_of_showing_axes(panel, qtbot, tmp_path):
    plots = (panel.loss, panel.confusion, panel.parity, panel.reliability, panel.ranks)
    assert panel.loss.said == "Nothing is trained yet."
    assert all(plot.said and not plot.plotItem.getAxis("left").isVisible() for plot in plots)
    put_model(tmp_path / "own" / "one")
    panel.presenter._list(None)
    panel.loss.add_training(512, 2.0, 3.0)
    assert not any(plot.said for plot in plots)
    assert all(plot.plotItem.getAxis("left").isVisible() for plot in plots)


def test_that_the_form_is_never_wider_than_its_place(panel, qtbot):
    area = panel.form.parentWidget().parentWidget()
    panel.resize(700, 600)  # as narrow as it can be
    for _ in range(2):
        qtbot.waitUntil(lambda: panel.form.width() >= panel.form.minimumSizeHint().width())
        assert panel.form.width() <= area.viewport().width()
        panel.form.start_button.setText("Start the training of a network for this very instrument, whatever it is")
        qtbot.waitUntil(lambda: panel.form.minimumSizeHint().width() > 400)


def test_that_a_form_without_types_is_refused_at_its_field(panel, qtbot):
    for box in panel.form.types.values():
        box.setChecked(False)
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    assert len(visible_refusals(panel)) == 1
    assert panel.form._refusals["types"].isVisible()
    assert "Candidate types" in panel.form._refusals["types"].text()
    assert not panel.jobs


def test_that_ranges_in_the_wrong_order_are_refused_at_their_field(panel, qtbot):
    panel.form.noise._boxes[0].setValue(50)
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    assert "two numbers in order" in panel.form._refusals["noise"].text()
    assert not panel.jobs


def test_that_matching_needs_a_curve_and_an_unreadable_one_is_told(panel, qtbot, tmp_path):
    panel.form.match.setChecked(True)
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    assert "Choose a curve" in panel.form._refusals["like"].text()
    broken = tmp_path / "broken.dat"
    broken.write_text("no numbers here\n", encoding="utf-8")
    panel.form.match_curve(broken)
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    assert "broken.dat" in panel.form._refusals["like"].text()
    assert not panel.jobs


def test_that_a_matched_instrument_is_the_one_of_the_curve(panel, tmp_path):
    import gui_fakes

    from lnpgui.panels.train.request import training_of

    path = gui_fakes.write_curve(tmp_path / "ours.dat", points=200)
    panel.form.match_curve(path)
    config = training_of(panel.form.request())
    assert len(config.instrument.grid) == 200


def test_that_a_training_is_shown_while_it_runs_and_its_model_is_listed(panel, qtbot, tmp_path):
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    (job,) = panel.jobs
    assert not panel.form.isEnabled()
    assert panel.progress.stop_button.isEnabled()
    for step in range(1, 31):
        job.reported.emit(TrainStep(step, 100, 2.0, 3.0, 5120.0))
    job.reported.emit(Validated(30, 100, 1.9, 2.9, 0.4, True))
    assert panel.loss.points == (4, 1)  # the first step is drawn at once
    assert panel.progress.bar.value() == 300
    assert "left" in panel.progress.words.text()
    job.reported.emit(Step(0, 1, "measuring the model"))
    assert panel.progress.words.text().startswith("Measuring")
    folder = put_model(tmp_path / "own" / "my-instrument", "my instrument")
    job.end("done", "my instrument 12345678")
    assert "Done" in panel._state.text()
    assert panel.form.isEnabled()
    assert panel.chosen_folder == folder
    assert "85 %" in panel.card.text()
    assert panel.jobs == [job]


def test_that_stop_asks_the_training_to_end_well_and_closing_cancels_it(panel, qtbot, tmp_path):
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.progress.stop_button, Qt.MouseButton.LeftButton)
    assert (tmp_path / "own" / "my-instrument" / STOP).exists()
    assert not panel.jobs[0].was_cancelled
    panel.jobs[0].reported.emit(TrainStep(10, 100, 2.0, 3.0, 5120.0))  # on its way when the training was asked to stop
    assert panel.progress.words.text().startswith("Stopping")
    assert not panel.progress.stop_button.isEnabled()
    panel.presenter.stop()
    assert panel.jobs[0].was_cancelled
    assert not panel.presenter.is_busy


def test_that_a_training_says_at_once_what_it_does_before_the_first_loss(panel, qtbot, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("lnpgui.panels.train.presenter.time.monotonic", lambda: now[0])
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    assert panel.progress.isVisible()
    assert "Starting a process for the training" in panel.progress.words.text()
    assert "left" in panel.progress.words.text()
    assert panel.progress.bar.maximum() == 0  # how far a start is nobody knows
    panel.jobs[0].reported.emit(Step(1, 2, "loading PyTorch"))
    assert panel.progress.words.text() == "Before it learns: loading PyTorch …"
    for done in range(11):
        panel.jobs[0].reported.emit(Step(done, 40, "simulating the first curves"))
        now[0] += 1.0
    assert panel.progress.words.text() == "Before it learns: simulating the first curves, about 30 s left …"
    assert panel.progress.bar.value() == 250
    panel.jobs[0].reported.emit(TrainStep(1, 100, 2.0, 3.0, 5120.0))
    assert panel.loss.points == (1, 0)
    panel.jobs[0].end("cancelled")
    assert not panel.progress.isVisible()


def test_that_a_training_that_fails_says_why(panel, qtbot):
    qtbot.mouseClick(panel.form.start_button, Qt.MouseButton.LeftButton)
    panel.jobs[0].end("failed", Failure("The disk is full."))
    assert panel._state.text() == "The disk is full."
    assert panel.form.isEnabled()


def test_that_a_model_can_be_used_and_deleted_after_a_question(panel, qtbot, settings, tmp_path):
    one, two = (put_model(tmp_path / "own" / name, name) for name in ("one", "two"))
    panel.presenter._list(one)
    with qtbot.waitSignal(panel.presenter.model_used) as used:
        qtbot.mouseClick(panel.use_button, Qt.MouseButton.LeftButton)
    assert used.args == [one]
    assert settings.active_model == one
    assert panel.models.item(0).text().startswith("● one")
    with mock.patch.object(QMessageBox, "question", return_value=QMessageBox.StandardButton.No):
        qtbot.mouseClick(panel.delete_button, Qt.MouseButton.LeftButton)
    assert one.exists()
    with mock.patch.object(QMessageBox, "question", return_value=QMessageBox.StandardButton.Yes):
        qtbot.mouseClick(panel.delete_button, Qt.MouseButton.LeftButton)
    assert not one.exists()
    assert two.exists()
    assert settings.active_model is None


def test_that_the_model_of_the_program_cannot_be_deleted(panel, tmp_path):
    put_model(tmp_path / "shipped" / "default", "default")
    panel.presenter._list(None)
    assert "comes with the program" in panel.models.item(0).text()
    assert not panel.delete_button.isEnabled()


def test_that_a_damaged_model_is_listed_with_its_fault(panel, tmp_path):
    folder = put_model(tmp_path / "own" / "bad")
    (folder / "model.json").write_text("{", encoding="utf-8")
    panel.presenter._list(folder)
    assert "can't be read" in panel.models.item(0).text()
    assert "not valid JSON" in panel.card.text()
    assert not panel.use_button.isEnabled()


@pytest.mark.parametrize("name", ["names", "sentences", "confusion", "ranks", "reliability", "parity", "accuracy"])
@pytest.mark.parametrize("content", [7, "words", [[1, "a"]], [[1], [1, 2]], {"a": {"b": 1}}, [{"true": None}], [None] * 3])
def test_that_the_card_of_a_stranger_can_hold_anything(panel, tmp_path, name, content):
    folder = put_model(tmp_path / "own" / "odd")
    (folder / "card.json").write_text(json.dumps({**CARD, name: content}), encoding="utf-8")
    panel.presenter._list(folder)
    assert panel.chosen_folder == folder


def test_that_only_models_of_ones_own_are_deleted(tmp_path):
    foreign = put_model(tmp_path / "elsewhere" / "model")
    with pytest.raises(model_list.DataFileError, match="nothing was deleted"):
        model_list.delete_model(foreign, tmp_path / "own")
    assert foreign.exists()


def test_that_names_make_folders_that_are_free(tmp_path):
    assert model_list.free_folder(tmp_path, "../../etc/passwd").parent == tmp_path
    assert model_list.free_folder(tmp_path, "  ").name == "model"
    (tmp_path / "a-b").mkdir()
    assert model_list.free_folder(tmp_path, "a b").name == "a-b-2"


def test_that_a_long_training_keeps_a_bounded_number_of_points(panel):
    for step in range(5000):
        panel.loss._training.append((step, 1.0, 1.0))
    panel.loss.add_training(5001, 1.0, 1.0)
    assert panel.loss.points[0] <= 2501


def test_that_dark_colours_reach_every_plot(panel, tmp_path):
    put_model(tmp_path / "own" / "one")
    panel.presenter._list(None)
    panel.set_theme(DARK)
    for plot in (panel.loss, panel.confusion, panel.parity, panel.reliability, panel.ranks):
        assert plot.backgroundBrush().color().name() == DARK.plot


@pytest.mark.parametrize(
    ("curves", "rate", "words"), [(10_000, 5000, "about 5 s"), (200_000, 5000, "about 40 s"), (2_000_000, 5000, "about 7 min")]
)
def test_that_times_are_said_in_round_words(curves, rate, words):
    assert minutes(curves, rate) == words


@pytest.mark.slow
def test_that_a_real_training_in_a_process_makes_a_model(qtbot, settings, tmp_path, monkeypatch):
    from lnpgui.panels.train import request as requests
    from lnpgui.workers import ProcessJob

    view = TrainView(LIGHT)
    qtbot.addWidget(view)
    presenter = TrainPresenter(view, settings, tmp_path / "own", view, make_job=ProcessJob)
    monkeypatch.setattr(requests, "BUDGETS", {"Tiny": 6000})
    view.form.budget.setItemData(1, ("Tiny", 6000))
    view.form.start_requested.emit()
    qtbot.waitUntil(lambda: not presenter.is_busy, timeout=400_000)  # half a minute, on a machine that does nothing else
    assert "Done" in view._state.text()
    assert isinstance(view.chosen_folder, Path)
