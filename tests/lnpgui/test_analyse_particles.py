"""Shell and contrasts stated or left free in the window, through real events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import Analyst, make_analysis, write_curve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.inference.analysis import Interval
from engine.inference.particles import DEFAULT_PARTICLES, Particles
from engine.inference.settings import AnalysisSettings
from engine.io.read import read
from engine.progress import Report, Step
from lnpgui.engine_calls import EngineCalls, settings_of
from lnpgui.main_window import MainWindow
from lnpgui.panels.analyse.particles_line import ParticlesLine
from lnpgui.request import PLAIN, Request
from lnpgui.session import Entry, State
from lnpgui.wording import card, card_text, effect

Drop = Callable[..., bool]


@pytest.fixture
def shown(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> MainWindow:
    """A window with two analysed curves and the fields of the particles in view."""
    drop(window, [write_curve(tmp_path / f"{i}.dat", radius=22.0 + i) for i in range(2)])
    settle(qtbot, window)
    qtbot.mouseClick(line_of(window).opener, Qt.MouseButton.LeftButton)
    return window


def line_of(window: MainWindow) -> ParticlesLine:
    return window.analyse.choices.particles


def settle(qtbot: QtBot, window: MainWindow) -> None:
    def still() -> bool:
        entries = window.session.entries
        return len(entries) == 2 and all(e.is_settled for e in entries) and not window.presenter.is_busy and window.is_shown

    qtbot.waitUntil(still, timeout=20_000)


def type_in(qtbot: QtBot, field: QLineEdit, words: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, words)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_that_the_fields_are_out_of_the_way_until_they_are_wanted(qtbot: QtBot, shown: MainWindow) -> None:
    line = line_of(shown)
    assert all(field.isVisible() for field in line.fields.values())
    assert [field.text() for field in line.fields.values()] == ["4", "16", "9", "9"]
    line.opener.setFocus()
    qtbot.keyClick(line.opener, Qt.Key.Key_Space)
    assert not any(field.isVisible() for field in line.fields.values())
    assert line.summary.isVisible()
    assert line.summary.text() == "shell 4 nm; contrasts: core 16, shell 9, fill 9"
    assert not line.reset.isVisible()


TYPED = (
    ("shell_thickness", "3.5", Particles(shell_thickness=3.5)),
    ("shell_thickness", "3:5", Particles(shell_thickness=(3.0, 5.0))),
    ("sld_core", "14,5", Particles(sld_core=14.5)),
    ("sld_fill", "8:10", Particles(sld_fill=(8.0, 10.0))),
    ("sld_shell", "8", Particles(sld_shell=8.0)),
)
REFUSED = (
    ("shell_thickness", "thick", "'thick' is not understood; write a value or FIRST:LAST"),
    ("shell_thickness", "5:3", "A shell thickness of 5:3 is refused"),
    ("shell_thickness", "40", "within 1 to 8 nm"),
    ("sld_shell", "8:10", "the measure of the others"),
    ("sld_shell", "0", "must not be 0"),
    ("sld_core", "1e9", "A contrast of the core of 1e+09 is refused"),
    ("sld_fill", "", "is not understood"),
)


def test_that_what_is_typed_is_asked_of_the_engine_and_undone_in_one_step(qtbot: QtBot, shown: MainWindow, analyst: Analyst) -> None:
    for name, words, stated in TYPED:
        state_and_undo(qtbot, shown, analyst, name, words, stated)


def state_and_undo(qtbot: QtBot, shown: MainWindow, analyst: Analyst, name: str, words: str, stated: Particles) -> None:
    line, before = line_of(shown), analyst.calls
    type_in(qtbot, line.fields[name], words)
    qtbot.waitUntil(lambda: analyst.calls == before + 1)
    settle(qtbot, shown)
    assert analyst.requests[-1] == Request(particles=stated)
    assert settings_of(analyst.requests[-1]) == AnalysisSettings(particles=stated)
    assert line.reset.isVisible()
    stack = shown.changes.stack
    assert stack.undoText().startswith("change of shell or contrasts of ")
    qtbot.keyClick(shown, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, shown)
    entry = shown.session.current
    assert entry is not None
    assert entry.request == PLAIN
    assert line.fields[name].text() == {"shell_thickness": "4", "sld_core": "16"}.get(name, "9")


def test_that_what_cannot_be_is_refused_beside_its_field(qtbot: QtBot, shown: MainWindow, analyst: Analyst) -> None:
    line, before = line_of(shown), analyst.calls
    for name, words, refusal in REFUSED:
        type_in(qtbot, line.fields[name], words)
        assert refusal in line.refusals[name].text()
        assert [other for other, label in line.refusals.items() if label.isVisible()] == [name]
        assert analyst.calls == before
        assert shown.session.current is not None
        assert shown.session.current.request == PLAIN
    type_in(qtbot, line.fields["sld_core"], "15")
    qtbot.waitUntil(lambda: analyst.calls == before + 1)
    settle(qtbot, shown)
    assert not line.refusals[name].isVisible()


def test_that_all_marked_curves_are_asked_and_one_click_takes_the_usual_particles_again(
    qtbot: QtBot, shown: MainWindow, analyst: Analyst
) -> None:
    shown.analyse.list.setFocus()
    qtbot.keyClick(shown.analyse.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    line, before = line_of(shown), analyst.calls
    type_in(qtbot, line.fields["shell_thickness"], "3:5")
    qtbot.waitUntil(lambda: analyst.calls == before + 2)
    settle(qtbot, shown)
    assert [entry.request.particles.shell_thickness for entry in shown.session.entries] == [(3.0, 5.0)] * 2
    assert line.summary.text() == "shell 3–5 (free) nm; contrasts: core 16, shell 9, fill 9"
    qtbot.mouseClick(line.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: analyst.calls == before + 4)
    settle(qtbot, shown)
    assert [entry.request.particles for entry in shown.session.entries] == [DEFAULT_PARTICLES] * 2


def test_that_the_making_of_a_table_is_told_and_can_be_stopped(
    qtbot: QtBot, make_window: Callable[[EngineCalls], MainWindow], calls: EngineCalls, drop: Drop, tmp_path: Path
) -> None:
    making = threading.Event()

    def analyse(curve: object, request: Request, report: Report) -> object:
        while request.particles.ranges:
            making.set()
            report(Step(3, 100, "computing particles of another shell or contrast, once"))
            threading.Event().wait(0.005)
        return make_analysis(curve)  # type: ignore[arg-type]

    window = make_window(replace(calls, analyse=analyse))  # type: ignore[arg-type]
    drop(window, [write_curve(tmp_path / f"{i}.dat") for i in range(2)])
    settle(qtbot, window)
    qtbot.mouseClick(line_of(window).opener, Qt.MouseButton.LeftButton)
    type_in(qtbot, line_of(window).fields["shell_thickness"], "3:5")
    qtbot.waitUntil(making.is_set)
    qtbot.waitUntil(lambda: "computing particles of another shell" in window.analyse.progress.words.text(), timeout=10_000)
    assert window.analyse.progress.stop_button.isVisible()
    qtbot.mouseClick(window.analyse.progress.stop_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.session.current is not None
    assert window.session.current.state is State.STOPPED
    assert not window.analyse.progress.stop_button.isVisible()


def test_that_the_verdict_says_what_was_found_and_what_the_change_did(tmp_path: Path) -> None:
    found = {"shell_thickness": Interval(3.52, 3.41, 3.63), "sld_core": Interval(15.9, 15.2, 16.6)}
    curve = tmp_path / "a.dat"
    write_curve(curve)
    analysis = make_analysis(read(curve)[0].curve)
    free = Request(particles=Particles(shell_thickness=(3.0, 5.0), sld_core=(14.0, 18.0)))
    entry = Entry(
        key=1,
        path=curve,
        name="a.dat",
        state=State.DONE,
        request=free,
        analysis=replace(analysis, nuisances=found),
        before=(PLAIN, analysis),
    )
    shown = card(entry)
    assert shown.found == "Shell thickness 3.52 nm (3.41 – 3.63)\nContrast of the core 15.9 1e-6/Å² (15.2 – 16.6)"
    assert "Found, with 90 % intervals\nShell thickness 3.52 nm" in card_text(shown)
    assert effect(entry).startswith("Before (shell 4 nm; contrasts: core 16")
    assert "Now (shell 3–5 (free) nm; contrasts: core 14–18 (free)" in effect(entry)
    assert card(replace(entry, analysis=analysis)).found == ""
