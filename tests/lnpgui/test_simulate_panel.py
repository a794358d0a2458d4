"""The Simulate panel through real events: a table edited, an instrument changed, curves compared, exported, sent to the analysis."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from gui_fakes import make_analysis
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFileDialog, QSpinBox
from pytestqt.qtbot import QtBot

from engine.curve import Curve
from engine.datasets.simulation import Instrument, QAxis, SampleRecipe, Scaling, SimulatedCurve, make_population, presets, simulate
from engine.ensembles.average import Mixture
from engine.io.read import read as read_file
from engine.models.registry import MODELS
from engine.progress import Step
from lnpgui import workers
from lnpgui.main_window import MainWindow
from lnpgui.panels.registry import PANELS
from lnpgui.panels.simulate import presenter as presenter_module
from lnpgui.panels.simulate import work
from lnpgui.panels.simulate.presenter import SimulatePresenter
from lnpgui.panels.simulate.request import InstrumentWish, Refused, Request, Row, build, rows_of
from lnpgui.panels.simulate.view import SimulateView
from lnpgui.session import Session, State
from lnpgui.theme import DARK, LIGHT
from lnpgui.widgets.number_box import NumberBox

LEFT = Qt.MouseButton.LeftButton
FIRST = presets()[0]


class Panel:
    """The panel as a user finds it, with a session but without the window."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.session = Session()
        self.view = SimulateView(LIGHT)
        qtbot.addWidget(self.view)
        self.presenter = SimulatePresenter(self.view, self.session)
        self.view.resize(1360, 820)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.presenter.is_shown, timeout=20_000)

    def type_in(self, box: QDoubleSpinBox | QSpinBox, words: str) -> None:
        box.setFocus()
        box.selectAll()
        self.qtbot.keyClicks(box, words)
        self.qtbot.keyClick(box, Qt.Key.Key_Return)
        self.settle()

    @property
    def line(self) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.view.plot.drawn_line()
        return 10**x, 10**y

    @property
    def words(self) -> str:
        return self.view._words.text()

    def add_measured(self, tmp_path: Path, *, analysed: bool = False, sigma: bool = True) -> Curve:
        """Put a measured curve of the first preset into the session."""
        curve = simulate(
            FIRST.mixture, Instrument(q=QAxis(q_min=0.04, q_max=2.0, points=200).q, noise=0.01, scale=1e-9, background=1e-3)
        ).curve
        assert curve.sigma is not None
        path = tmp_path / "measured.dat"
        np.savetxt(path, np.column_stack([curve.q, curve.intensity, curve.sigma]))
        measurement = read_file(path)[0]
        if not sigma:
            measurement = dataclasses.replace(measurement, curve=Curve(curve.q, curve.intensity))
        (entry,) = self.session.add([path])
        self.session.update(entry.key, measurement=measurement, state=State.DONE, analysis=make_analysis(curve) if analysed else None)
        self.session.show(entry.key)
        self.settle()
        return curve


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[Panel]:
    result = Panel(qtbot)
    yield result
    result.presenter.stop()
    qtbot.waitUntil(lambda: not workers.live_jobs())


def expected(mixture: Mixture, **instrument: Any) -> SimulatedCurve:
    return simulate(mixture, Instrument(**({"q": QAxis().q, "noise": 0.01} | instrument)))


def test_that_the_panel_begins_with_a_simulated_sample(panel: Panel) -> None:
    found = expected(FIRST.mixture)
    np.testing.assert_allclose(panel.line[1], found.ideal, rtol=1e-4)
    assert panel.view.plot.drawn == ("with noise", "without noise", "type 3", "type 4")
    assert not any(handle.isVisible() for handle in panel.view.plot.handles.lines)  # nothing is judged here
    cells = [[panel.view.shares.item(i, j).text() for j in range(4)] for i in range(2)]
    assert cells[0][:2] == ["type 3", "60.0 %"]
    assert cells[1][3] == f"{100 * found.shares[1].scattering:.1f} %"
    assert cells[1][2] == f"{100 * found.shares[1].volume:.1f} %"


def test_that_an_edited_table_is_simulated_at_once(panel: Panel) -> None:
    first, second = panel.view.table.populations
    panel.type_in(first.mean, "60")
    panel.type_in(second.sd, "7")
    mixture = Mixture(
        (make_population(MODELS["type 3"](diameter=60.0), 0.6, 4.0), make_population(MODELS["type 4"](diameter=40.0), 0.4, 7.0))
    )
    np.testing.assert_allclose(panel.line[1], expected(mixture).ideal, rtol=1e-4)


def test_that_fractions_that_do_not_sum_to_one_are_refused_in_words_until_normalised(panel: Panel) -> None:
    before = panel.line[1]
    panel.type_in(panel.view.table.populations[0].percent, "20")
    assert "sum to 60 %" in panel.view.table._sum.text()
    assert panel.view.table._sum.isVisible()
    assert "last sample" in panel.words
    np.testing.assert_array_equal(panel.line[1], before)
    panel.qtbot.mouseClick(panel.view.table.normalise_button, LEFT)
    panel.settle()
    assert [row.percent for row in panel.view.table.rows] == [33.33, 66.67]
    assert not panel.view.table._sum.isVisible()
    assert not np.allclose(panel.line[1], before)


def test_that_an_impossible_population_is_refused_in_its_row(panel: Panel) -> None:
    first, second = panel.view.table.populations
    panel.type_in(second.sd, "90")
    assert second.refusal.isVisible()
    assert "between 0 and the mean (40 nm)" in second.refusal.text()
    assert not first.refusal.isVisible()
    panel.type_in(second.sd, "3")
    assert not second.refusal.isVisible()


def test_that_an_impossible_instrument_is_refused_at_its_field(panel: Panel) -> None:
    form = panel.view.instrument
    for name, words, sentence in (("q_min", "7", "more than the first"), ("noise", "-3", "noise of -3 %"), ("scale", "0", "scale of 0")):
        old = form.numbers[name].text().split()[0]
        panel.type_in(form.numbers[name], words)
        field = form.fields["q_max" if name == "q_min" else name]
        assert field.refusal.isVisible()
        assert sentence in field.refusal.text()
        panel.type_in(form.numbers[name], old)
        assert not field.refusal.isVisible()


def test_that_populations_are_added_and_removed(panel: Panel) -> None:
    table = panel.view.table
    panel.qtbot.mouseClick(table.populations[1].remove, LEFT)
    panel.settle()
    assert "sum to 60 %" in table._sum.text()
    panel.qtbot.mouseClick(table.add_button, LEFT)
    panel.settle()
    assert [(row.key, row.percent) for row in table.rows] == [("type 3", 60.0), ("type 4", 40.0)]
    assert panel.view.shares.rowCount() == 2
    for population in table.populations[::-1]:
        panel.qtbot.mouseClick(population.remove, LEFT)
    panel.settle()
    assert "no population" in table._sum.text()


def test_that_a_model_without_a_diameter_takes_no_sizes(panel: Panel) -> None:
    population = panel.view.table.populations[0]
    population.particle.setFocus()
    panel.qtbot.keyClick(population.particle, Qt.Key.Key_Home)
    for _ in range(4):
        panel.qtbot.keyClick(population.particle, Qt.Key.Key_Down)
    panel.settle()
    assert population.particle.currentData() == "type 5"
    assert not population.mean.isEnabled()
    assert not population.sd.isEnabled()
    assert panel.view.shares.item(0, 0).text() == "type 5"


def test_that_other_parameters_of_a_population_can_be_set(panel: Panel) -> None:
    panel.qtbot.mouseClick(panel.view.table.populations[1].more, LEFT)
    form = panel.view.table.form
    assert form is not None
    assert list(form.fields) == ["sld_shell"]
    panel.type_in(form.fields["sld_shell"].box, "18")
    core = make_population(MODELS["type 3"](diameter=52.0), 0.6, 4.0)
    mixture = Mixture((core, make_population(MODELS["type 4"](diameter=40.0, sld_shell=18.0), 0.4, 4.0)))
    np.testing.assert_allclose(panel.line[1], expected(mixture).ideal, rtol=1e-4)
    panel.qtbot.mouseClick(panel.view.table.populations[1].more, LEFT)
    assert panel.view.table.form is None


def test_that_noise_follows_the_seed(panel: Panel) -> None:
    def dots() -> np.ndarray:
        curve = panel.view.plot._curve
        assert curve is not None
        return curve.intensity

    first = dots()
    panel.type_in(panel.view.instrument.seed, "2")
    assert not np.allclose(dots(), first)
    panel.type_in(panel.view.instrument.seed, "1")
    np.testing.assert_array_equal(dots(), first)
    kind = panel.view.instrument.noise_kind
    kind.setFocus()
    panel.qtbot.keyClick(kind, Qt.Key.Key_Down)
    panel.settle()
    assert panel.view.instrument.fields["paper_noise"].isVisible()
    assert not panel.view.instrument.fields["noise"].isVisible()
    assert dots().min() > 0
    panel.qtbot.keyClick(kind, Qt.Key.Key_Down)
    panel.settle()
    assert panel.view.plot.drawn[0] == "without noise"


def test_that_smearing_axis_and_background_reach_the_curve(panel: Panel) -> None:
    form = panel.view.instrument
    form.smearing.setFocus()
    panel.qtbot.keyClick(form.smearing, Qt.Key.Key_Down)
    assert form.fields["pinhole"].isVisible()
    assert not form.fields["half_height"].isVisible()
    before = panel.line[1]
    panel.type_in(form.numbers["pinhole"], "0.03")
    assert not np.allclose(panel.line[1], before)
    panel.type_in(form.numbers["background"], "1")
    assert panel.line[1].min() > 0.009 * panel.line[1][0]
    panel.type_in(form.points, "50")
    form.axis.setFocus()
    panel.qtbot.keyClick(form.axis, Qt.Key.Key_Down)
    panel.settle()
    np.testing.assert_allclose(panel.line[0], np.linspace(0.05, 3.0, 50), rtol=1e-9)


def test_that_what_takes_long_waits_to_be_asked_for(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LIVE_SECONDS", 0.0)
    before = panel.line[1]
    panel.type_in(panel.view.table.populations[0].mean, "70")
    assert "press Simulate" in panel.words
    assert panel.view.start_button.isEnabled()
    np.testing.assert_array_equal(panel.line[1], before)
    panel.qtbot.mouseClick(panel.view.start_button, LEFT)
    panel.settle()
    assert not np.allclose(panel.line[1], before)
    panel.type_in(panel.view.table.populations[0].percent, "50")
    panel.type_in(panel.view.table.populations[1].percent, "50")
    assert "press Simulate" not in panel.words, "both populations are known already"


def test_that_solvers_say_their_time_and_why_they_cannot(panel: Panel) -> None:
    solver = panel.view.solver
    texts = {solver.itemData(i): solver.itemText(i) for i in range(solver.count())}
    assert texts["library"] == "Library — at once"
    assert "about" in texts["lattice"]
    panel.type_in(panel.view.instrument.numbers["q_max"], "6")
    index = solver.findData("lattice")
    assert "can't" in solver.itemText(index)
    assert "lower q" in solver.itemData(index, Qt.ItemDataRole.ToolTipRole)
    assert not solver.model().item(index).isEnabled()  # type: ignore[attr-defined]


def test_that_a_long_simulation_shows_progress_and_stops(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(*_: Any, report: Any, **__: Any) -> Any:
        while True:
            begun.set()
            report(Step(3, 4, "population 1 of 2"))

    monkeypatch.setattr(work, "simulate", endless)
    panel.view.instrument.seed.setValue(9)
    panel.qtbot.waitUntil(begun.is_set)
    panel.qtbot.waitUntil(panel.view.progress.stop_button.isVisible)
    assert panel.view.progress.bar.value() == 750
    panel.qtbot.mouseClick(panel.view.progress.stop_button, LEFT)
    panel.settle()
    assert not panel.view.progress.stop_button.isVisible()
    assert panel.view.start_button.isEnabled()


def test_that_the_sample_is_laid_over_a_measured_curve(panel: Panel, tmp_path: Path) -> None:
    curve = panel.add_measured(tmp_path)
    panel.view.measured.setFocus()
    panel.qtbot.keyClick(panel.view.measured, Qt.Key.Key_Down)
    panel.settle()
    assert panel.view.plot.drawn == ("measured", "simulated")
    assert "Scaled by" in panel.words
    panel.view.scaling.setFocus()
    panel.qtbot.keyClick(panel.view.scaling, Qt.Key.Key_Down)
    panel.settle()
    assert "with a background of" in panel.words
    chi2 = float(panel.words.split("χ² = ")[1].split()[0].rstrip("."))
    assert chi2 == pytest.approx(1.0, abs=0.3)
    np.testing.assert_allclose(panel.line[0], curve.q, rtol=1e-6)
    panel.view.instrument.axis.setCurrentIndex(2)
    panel.settle()
    assert not panel.view.instrument.fields["q_min"].isVisible()
    shown = panel.presenter._shown
    assert shown is not None
    assert shown.simulated is not None
    np.testing.assert_allclose(shown.simulated.curve.q, curve.q, rtol=1e-6)
    panel.session.remove([panel.session.entries[0].key])
    panel.settle()
    assert panel.view.instrument.wish.axis == "logarithmic"
    assert panel.view.plot.drawn[0] == "with noise"


def test_that_a_measured_curve_without_sigma_gets_no_chi_squared(panel: Panel, tmp_path: Path) -> None:
    panel.add_measured(tmp_path, sigma=False)
    panel.view.measured.setCurrentIndex(1)
    panel.settle()
    assert "no σ" in panel.words


def test_that_the_verdict_becomes_the_sample(panel: Panel, tmp_path: Path) -> None:
    preset = panel.view.preset
    assert not preset.model().item(1).isEnabled()  # type: ignore[attr-defined]
    panel.add_measured(tmp_path, analysed=True)
    assert preset.model().item(1).isEnabled()  # type: ignore[attr-defined]
    preset.setFocus()
    panel.qtbot.keyClick(preset, Qt.Key.Key_Up)
    panel.settle()
    first, second = panel.view.table.rows
    assert (first.key, first.percent, first.mean, first.sd) == ("type 3", 60.0, 52.0, 4.1)
    assert (second.key, second.percent) == ("type 4", 40.0)
    assert panel.view.measured.currentText() == "measured.dat"
    assert panel.view.scaling.currentData() is Scaling.FACTOR_AND_BACKGROUND


def answer(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the file dialog answer *path*."""
    reply: Any = staticmethod(lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", reply)


@pytest.mark.parametrize("ending", ["csv", "dat", "xml", "h5"])
def test_that_an_exported_curve_is_read_again_and_says_that_it_is_simulated(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"sample.{ending}"
    answer(monkeypatch, path)
    panel.qtbot.mouseClick(panel.view.export_button, LEFT)
    panel.settle()
    curve, shown = read_file(path)[0].curve, panel.presenter._shown
    assert shown is not None
    assert shown.simulated is not None
    np.testing.assert_allclose(curve.intensity, shown.simulated.curve.intensity, rtol=1e-12)
    np.testing.assert_allclose(curve.sigma, shown.simulated.curve.sigma, rtol=1e-12)
    content = path.read_bytes()
    assert b"simulated by LNPScope" in content
    assert b"type 3, number fraction 0.6" in content
    answer(monkeypatch, tmp_path / "nowhere" / f"sample.{ending}")
    panel.qtbot.mouseClick(panel.view.export_button, LEFT)
    panel.settle()
    assert "cannot be written" in panel.view._notice.text()


def test_that_the_curve_is_sent_to_the_analysis_under_a_new_name_each_time(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(presenter_module, "simulated_curves", lambda: tmp_path / "deep" / "simulated")
    made: list[Path] = []
    panel.presenter.curves_made.connect(made.extend)
    for _ in range(2):
        panel.qtbot.mouseClick(panel.view.analyse_button, LEFT)
        panel.settle()
    assert [path.name for path in made] == ["simulated_type_3_type_4_1.dat", "simulated_type_3_type_4_2.dat"]
    shown = panel.presenter._shown
    assert shown is not None
    assert shown.simulated is not None
    np.testing.assert_allclose(read_file(made[0])[0].curve.intensity, shown.simulated.curve.intensity, rtol=1e-12)


def test_that_a_change_while_a_simulation_runs_ends_at_the_last_value(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, asked = threading.Event(), []

    def slow(mixture: Mixture, *given: Any, **named: Any) -> Any:
        asked.append((mixture.components[0].particle.diameter, threading.current_thread() is threading.main_thread()))
        gate.wait(20)
        return simulate(mixture, *given, **named)

    monkeypatch.setattr(work, "simulate", slow)
    box = panel.view.table.populations[0].mean
    try:
        for value in (55.0, 56.0, 57.0):
            box.setValue(value)
            panel.qtbot.waitUntil(lambda: not panel.presenter._soon.isActive())
    finally:
        gate.set()
    panel.settle()
    assert asked == [(55.0, False), (57.0, False)]


def test_that_colours_reach_every_part_and_every_control_has_name_and_hint(panel: Panel) -> None:
    light = panel.view.grab().toImage()
    panel.view.set_theme(DARK)
    assert panel.view.grab().toImage() != light
    boxes = [*panel.view.findChildren(QDoubleSpinBox), *panel.view.findChildren(QSpinBox)]
    assert boxes
    for box in boxes:
        assert box.accessibleName(), box.objectName()
        assert box.toolTip()


def test_that_the_panel_fits_a_small_dense_screen(panel: Panel) -> None:
    assert panel.view.minimumSizeHint().width() <= 1060


def test_that_in_the_window_a_simulated_curve_is_analysed(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(presenter_module, "simulated_curves", lambda: tmp_path)
    number = next(i for i, line in enumerate(PANELS) if line.title == "Simulate")
    qtbot.keyClick(window, Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Simulate" in window._panels, timeout=20_000)
    view = window.panel("Simulate").view
    qtbot.waitUntil(view.analyse_button.isEnabled, timeout=20_000)
    qtbot.mouseClick(view.analyse_button, LEFT)
    qtbot.waitUntil(lambda: any(entry.is_settled for entry in window.session.entries), timeout=20_000)
    assert window.session.entries[0].name == "simulated_type_3_type_4_1.dat"


# -- without a window --------------------------------------------------------------------------------------------------


class Gestures(QObject):
    """The signals of the view without its widgets."""

    changed = Signal()
    preset_chosen = Signal(int)
    start_wanted = Signal()
    stop_wanted = Signal()
    file_given = Signal(object)
    analysis_wanted = Signal()


def test_that_the_presenter_works_on_any_view(qtbot: QtBot) -> None:
    gestures = Gestures()
    view = mock.create_autospec(SimulateView, instance=True)
    for name, value in vars(Gestures).items():
        if isinstance(value, Signal):
            setattr(view, name, getattr(gestures, name))
    wish = InstrumentWish(points=40, noise=0.0)
    view.request.return_value = Request(rows=rows_of(FIRST), instrument=wish, solver="automatic", over=None, scaling=Scaling.NONE)
    presenter = SimulatePresenter(view, Session())
    qtbot.waitUntil(lambda: presenter.is_shown, timeout=20_000)
    view.show_simulated.assert_called()
    curve = view.show_simulated.call_args.args[0]
    np.testing.assert_allclose(curve.intensity, simulate(FIRST.mixture, Instrument(q=QAxis(points=40).q)).curve.intensity, rtol=1e-4)
    view.request.return_value = Request(rows=(), instrument=wish, solver="automatic", over=None, scaling=Scaling.NONE)
    gestures.changed.emit()
    qtbot.waitUntil(lambda: presenter.is_shown)
    assert "no population" in view.show_refusals.call_args.args[0][0].sentence
    presenter.stop()


def test_that_every_fault_of_a_request_is_told_at_once() -> None:
    rows = (Row(key="type 4", percent=50.0, mean=2e4, sd=1.0), Row(key="type 5", percent=-50.0, mean=0.0, sd=3.0))
    wish = InstrumentWish(smearing="pinhole", pinhole=-1.0)
    with pytest.raises(Refused) as caught:
        build(Request(rows=rows, instrument=wish, solver="exact", over=None, scaling=Scaling.NONE), None)
    assert [(refusal.row, refusal.field) for refusal in caught.value.refusals] == [
        (0, "diameter"),
        (1, "sd"),
        (1, "percent"),
        (None, "pinhole"),
    ]


def test_that_the_points_of_a_measured_curve_need_one() -> None:
    wish = InstrumentWish(axis="measured")
    with pytest.raises(Refused, match="Choose a measured curve"):
        build(Request(rows=rows_of(FIRST), instrument=wish, solver="exact", over=None, scaling=Scaling.NONE), None)


def test_that_a_recipe_becomes_rows_and_a_sample_again() -> None:
    for recipe in presets():
        request = Request(rows=rows_of(recipe), instrument=InstrumentWish(), solver="exact", over=None, scaling=Scaling.NONE)
        assert build(request, None)[0] == recipe.mixture


def test_that_fractions_that_round_badly_still_sum_to_one() -> None:
    thirds = Mixture(tuple(make_population(MODELS[key](diameter=50.0), 1 / 3, 4.0) for key in ("type 1", "type 2", "type 3")))
    rows = rows_of(SampleRecipe("thirds", thirds))
    assert [row.percent for row in rows] == [33.34, 33.33, 33.33]
    request = Request(rows=rows, instrument=InstrumentWish(), solver="exact", over=None, scaling=Scaling.NONE)
    build(request, None)


@given(st.floats(-1e20, 1e20, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-20))
def test_that_a_number_box_shows_what_it_takes(value: float) -> None:
    box = NumberBox(1.0, "1/nm")
    box.setValue(value)
    assert box.valueFromText(box.text()) == pytest.approx(value, rel=1e-5, abs=1e-30)
    box.deleteLater()


def test_that_a_number_box_is_typed_into(qtbot: QtBot) -> None:
    box = NumberBox(1.0, "1/nm")
    qtbot.addWidget(box)
    box.selectAll()
    qtbot.keyClicks(box, "3,5e-11")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 3.5e-11
    assert box.text() == "3.5e-11 1/nm"
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == pytest.approx(3.85e-11)
