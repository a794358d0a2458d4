"""The Analyse panel through real events, on a fake engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gui_clock import GapClock, OwnClock
from gui_fakes import Analyst, write_curve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.inference.analysis import Status
from engine.units import QUnit
from lnpgui.main_window import MainWindow
from lnpgui.session import State
from lnpgui.wording import Light
from lnpgui.workers import live_jobs

Drop = Callable[..., bool]

PATIENCE_MS = 30_000
"""How long a test waits for what comes at once, unless the machine is very busy."""


def settled(window: MainWindow, count: int) -> bool:
    """True when *count* curves are in the list, nothing more will happen to them, and everything is shown."""
    entries = window.session.entries
    still = not window.presenter.is_busy and window.is_shown
    return len(entries) == count and all(entry.is_settled for entry in entries) and still


def words_of(widget: QWidget) -> str:
    """All text that is visible on *widget*."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_that_a_dropped_curve_ends_in_a_verdict(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> None:
    file = write_curve(tmp_path / "sample.dat")
    assert drop(window, [file])
    qtbot.waitUntil(lambda: settled(window, 1))
    (row,) = window.analyse.list.rows()
    assert row.light is Light.IN_FAMILY
    assert row.detail == "type 3 + type 4 · 52, 52 nm · χ² 1.03"
    said = words_of(window.analyse.card)
    for part in (
        "In family",
        "Most probably type 3 + type 4",
        "60 %",
        "54 – 67",
        "52.0 nm",
        "told by the data",
        "Runner-up: type 2 + type 4",
    ):
        assert part in said
    assert "q read as 1/nm" in words_of(window.analyse.reading)
    assert window.fitted.chooser.count() == 2


@pytest.mark.parametrize(
    "place", [(0.1, 0.5), (0.5, 0.5), (0.9, 0.3), (0.9, 0.85), (0.5, 0.02)], ids=["list", "plot", "card", "3-D", "menu"]
)
def test_that_a_curve_can_be_dropped_anywhere_on_the_window(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, place: tuple[float, float]
) -> None:
    assert drop(window, [write_curve(tmp_path / "first.dat")])
    qtbot.waitUntil(lambda: settled(window, 1))  # only now the plot covers its place
    assert drop(window, [write_curve(tmp_path / "second.dat")], QPoint(round(place[0] * window.width()), round(place[1] * window.height())))
    qtbot.waitUntil(lambda: settled(window, 2))


def test_that_a_drop_without_files_is_refused(window: MainWindow, drop: Drop) -> None:
    assert not drop(window, [])
    assert not window.session.entries


def test_that_a_bad_file_among_good_ones_is_told_in_its_row_and_stops_nothing(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path
) -> None:
    folder = tmp_path / "mess 100 % ä"
    (folder / "deeper").mkdir(parents=True)
    write_curve(folder / "a.dat")
    (folder / "b.dat").write_text("no numbers in here\n")
    write_curve(folder / "deeper" / "c.dat")
    assert drop(window, [folder])
    qtbot.waitUntil(lambda: settled(window, 3))
    by_name = {row.name: row for row in window.analyse.list.rows()}
    assert by_name["b.dat"].light is Light.ERROR
    assert by_name["b.dat"].detail == "Line 1: it holds no rows of numbers; give a curve of q and I."
    assert {by_name[name].light for name in ("a.dat", "c.dat")} == {Light.IN_FAMILY}
    assert window.session.current is not None
    assert window.session.current.name == "a.dat"


def test_that_a_file_that_vanishes_is_told_and_nothing_is_lost(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> None:
    good, gone = write_curve(tmp_path / "good.dat"), tmp_path / "gone.dat"
    assert drop(window, [gone, good])
    qtbot.waitUntil(lambda: settled(window, 2))
    assert [entry.state for entry in window.session.entries] == [State.FAILED, State.DONE]
    assert window.session.current is not None
    assert window.session.current.name == "good.dat"  # rather a curve than an error


def test_that_one_click_flips_the_unit_and_analyses_again(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    drop(window, [write_curve(tmp_path / "sample.dat")])
    qtbot.waitUntil(lambda: settled(window, 1))
    button = window.analyse.reading.flip_button
    assert button.text() == "Read q as 1/Å"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: analyst.calls == 2 and settled(window, 1))
    (entry,) = window.session.entries
    assert entry.measurement is not None
    assert entry.measurement.q_unit is QUnit.PER_ANGSTROM
    assert analyst.curves[1].q[0] == pytest.approx(10 * analyst.curves[0].q[0])
    assert button.text() == "Read q as 1/nm"
    assert "you said so" in words_of(window.analyse.reading)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: analyst.calls == 3 and settled(window, 1))
    assert analyst.curves[2].q[0] == analyst.curves[0].q[0]


def test_that_a_click_on_stop_ends_all_work_within_half_a_second(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    analyst.gate = threading.Event()
    drop(window, [write_curve(tmp_path / f"{i}.dat") for i in range(4)])
    button = window.analyse.progress.stop_button
    qtbot.waitUntil(lambda: button.isVisible(), timeout=PATIENCE_MS)  # offered after a second
    clock = OwnClock()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: settled(window, 4), timeout=PATIENCE_MS)
    assert clock.seconds < 0.5
    assert {entry.state for entry in window.session.entries} == {State.STOPPED}
    assert not button.isVisible()
    assert analyst.calls == 1
    analyst.gate.set()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: window.session.entries[0].state is State.DONE)


def test_that_escape_stops_the_work_too(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst) -> None:
    analyst.gate = threading.Event()
    drop(window, [write_curve(tmp_path / "a.dat")])
    qtbot.waitUntil(lambda: analyst.calls == 1, timeout=PATIENCE_MS)
    clock = OwnClock()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: settled(window, 1), timeout=PATIENCE_MS)
    assert clock.seconds < 0.5


def test_that_removing_a_curve_in_work_drops_the_work(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    analyst.gate = threading.Event()
    drop(window, [write_curve(tmp_path / "a.dat"), write_curve(tmp_path / "b.dat")])
    qtbot.waitUntil(lambda: analyst.calls == 1)
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_Delete)
    analyst.gate.set()
    qtbot.waitUntil(lambda: settled(window, 1))
    assert window.session.entries[0].name == "b.dat"
    assert window.session.current is window.session.entries[0]
    assert [row.name for row in window.analyse.list.rows()] == ["b.dat"]


def test_that_arrow_keys_walk_the_list_and_show_each_curve(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> None:
    drop(window, [write_curve(tmp_path / f"{i}.dat") for i in range(3)])
    qtbot.waitUntil(lambda: settled(window, 3))
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_Down)
    assert window.session.current is not None
    assert window.session.current.name == "1.dat"
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_End)
    assert window.session.current.name == "2.dat"


def test_that_clearing_empties_everything(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> None:
    drop(window, [write_curve(tmp_path / "a.dat")])
    qtbot.waitUntil(lambda: settled(window, 1))
    window.analyse.clear_action.trigger()
    qtbot.waitUntil(lambda: settled(window, 0))
    assert "No curve chosen" in words_of(window.analyse.card)
    assert not window.fitted.chooser.isEnabled()
    assert not window.analyse.reading.isVisible()


def test_that_a_curve_dropped_again_is_read_again_and_stays_one_row(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    file = write_curve(tmp_path / "a.dat")
    drop(window, [file])
    qtbot.waitUntil(lambda: settled(window, 1))
    drop(window, [file])
    qtbot.waitUntil(lambda: analyst.calls == 2 and settled(window, 1))


def test_that_a_curve_outside_shows_its_reason_and_no_type(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    analyst.status = Status.OUTSIDE
    drop(window, [write_curve(tmp_path / "vesicle.dat")])
    qtbot.waitUntil(lambda: settled(window, 1))
    (row,) = window.analyse.list.rows()
    assert row.light is Light.OUTSIDE
    assert row.detail.startswith("No mixture of the known particles fits")
    said = words_of(window.analyse.card)
    assert "Outside" in said
    assert "Probabilities" not in said
    assert "Fractions" not in said


def test_that_closing_ends_the_work_and_releases_the_3d_view(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    analyst.gate = threading.Event()
    drop(window, [write_curve(tmp_path / f"{i}.dat") for i in range(3)])
    qtbot.waitUntil(lambda: analyst.calls == 1)
    picture = window.fitted.picture
    assert picture.is_alive
    window.close()
    assert not live_jobs()
    assert not picture.is_alive
    assert analyst.calls == 1


def test_that_the_window_stays_alive_while_curves_are_analysed(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    clock = GapClock()
    files = [write_curve(tmp_path / f"{i:03}.dat") for i in range(60)]
    clock.start()
    drop(window, files)
    qtbot.waitUntil(lambda: settled(window, 60), timeout=4 * PATIENCE_MS)
    assert clock.stop() <= 0.1


def test_that_what_is_marked_in_the_list_is_marked_in_the_session_and_the_other_way_round(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path
) -> None:
    assert drop(window, [write_curve(tmp_path / f"{i}.dat") for i in range(4)])
    qtbot.waitUntil(lambda: settled(window, 4))
    keys = [entry.key for entry in window.session.entries]
    curves = window.analyse.list
    qtbot.mouseClick(curves.viewport(), Qt.MouseButton.LeftButton, pos=curves.visualRect(curves.model().index(0, 0)).center())
    place = curves.visualRect(curves.model().index(2, 0)).center()
    qtbot.mouseClick(curves.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=place)
    assert set(window.session.selected) == {keys[0], keys[2]}
    window.session.select([keys[1], keys[3]])
    assert curves.selected_keys() == (keys[1], keys[3])


def test_that_thousands_of_rows_are_removed_at_once_and_the_shown_one_stays(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    entries = window.session.add([tmp_path / f"{i}.dat" for i in range(3000)])
    window.session.show(entries[2990].key)
    began = time.process_time()
    window.session.remove([entry.key for entry in entries[:2980]])
    assert time.process_time() - began < 0.5
    assert window.analyse.list.currentIndex().row() == 10
    assert len(window.analyse.list.rows()) == 20
