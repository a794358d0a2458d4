"""The Batch panel in the real window: a large drop, a watched folder, both through to the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gui_clock import GapClock, OwnClock
from gui_fakes import Analyst, write_curve
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from lnpgui.main_window import MainWindow
from lnpgui.session import State

Drop = Callable[..., bool]


def open_batch(qtbot: QtBot, window: MainWindow) -> None:
    """Turn to the Batch panel by its key."""
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Batch" in window._panels)


def test_that_five_hundred_curves_in_one_drop_fill_the_table_while_the_window_answers(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path
) -> None:
    open_batch(qtbot, window)
    first = write_curve(tmp_path / "c000.dat", points=100).read_bytes()
    for i in range(1, 500):
        (tmp_path / f"c{i:03d}.dat").write_bytes(first)
    clock = GapClock()
    files = sorted(tmp_path.glob("c*.dat"))
    assert drop(window, files)
    qtbot.waitUntil(lambda: len(window.session.entries) == 500 and not window.presenter.is_busy, timeout=120_000)
    qtbot.waitUntil(lambda: window.is_shown, timeout=30_000)
    assert window.panel("Batch").view.table.rows.rowCount() == 500
    assert {entry.state for entry in window.session.entries} == {State.DONE}
    assert [line.entry.name for line in window.panel("Batch").view.table.rows.lines] == [path.name for path in files]
    assert len(window.panel("Batch").view.trend.points) == 500
    assert clock.worst < 0.25  # most of the 500 verdicts come within a second or two; the real ones are a hundred times slower


def test_that_the_work_on_many_curves_stops_within_half_a_second(
    qtbot: QtBot, window: MainWindow, analyst: Analyst, drop: Drop, tmp_path: Path
) -> None:
    import threading

    analyst.gate = threading.Event()
    open_batch(qtbot, window)
    first = write_curve(tmp_path / "c000.dat", points=100).read_bytes()
    for i in range(1, 200):
        (tmp_path / f"c{i:03d}.dat").write_bytes(first)
    assert drop(window, sorted(tmp_path.glob("c*.dat")))
    qtbot.waitUntil(lambda: analyst.calls > 0, timeout=30_000)
    qtbot.wait(100)
    clock = OwnClock()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.presenter.is_busy, timeout=30_000)
    assert clock.seconds < 0.5
    assert State.STOPPED in {entry.state for entry in window.session.entries}


def test_that_curves_of_a_watched_folder_are_analysed_and_the_view_stays_where_it_is(
    qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "live"
    folder.mkdir()
    assert drop(window, [write_curve(tmp_path / "shown.dat")])
    qtbot.waitUntil(lambda: bool(window.session.entries) and not window.presenter.is_busy)
    open_batch(qtbot, window)
    live = window.panel("Batch").presenter.live
    window.panel("Batch").view.live.choose(folder)
    live._timer.setInterval(20)
    qtbot.mouseClick(window.panel("Batch").view.live.toggle, Qt.MouseButton.LeftButton)
    for i in range(3):
        write_curve(folder / f"frame_{i}.dat", points=50)
        (folder / "half.dat").write_text("not yet a curve\n")
    qtbot.waitUntil(lambda: sum(entry.state is State.DONE for entry in window.session.entries) == 4, timeout=10_000)
    qtbot.waitUntil(lambda: any(entry.state is State.FAILED for entry in window.session.entries), timeout=10_000)
    write_curve(folder / "half.dat", points=50)
    qtbot.waitUntil(lambda: sum(entry.state is State.DONE for entry in window.session.entries) == 5, timeout=10_000)
    assert window.session.current is not None
    assert window.session.current.name == "shown.dat"
    qtbot.mouseClick(window.panel("Batch").view.live.toggle, Qt.MouseButton.LeftButton)
    assert not live.is_watching


def test_that_a_row_chosen_in_the_table_is_shown_in_the_analyse_panel(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> None:
    assert drop(window, [write_curve(tmp_path / f"{i}.dat", points=50) for i in range(3)])
    qtbot.waitUntil(lambda: len(window.session.entries) == 3 and not window.presenter.is_busy)
    open_batch(qtbot, window)
    table = window.panel("Batch").view.table
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.filter.index(2, 0)).center())
    assert window.analyse.list.currentIndex().row() == 2
    table.selectAll()
    assert len(window.analyse.list.selected_keys()) == 3
