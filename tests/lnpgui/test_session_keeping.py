"""What comes back at the next start, and what can be undone, in the real window on a fake engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from gui_fakes import Analyst, write_curve
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.units import QUnit
from lnpgui import autosave, session_keeper
from lnpgui.autosave import NAME, Autosave
from lnpgui.engine_calls import EngineCalls
from lnpgui.main_window import MainWindow
from lnpgui.session import State
from lnpgui.session_file import SavedSession, read_session, write_session
from lnpgui.settings import Settings

Drop = Callable[..., bool]


def settled(window: MainWindow, count: int) -> bool:
    """True when *count* curves are in the list and nothing more will happen to them."""
    entries = window.session.entries
    return len(entries) == count and all(e.is_settled for e in entries) and not window.presenter.is_busy and window.is_shown


@pytest.fixture
def start(qtbot: QtBot, settings: Settings, calls: EngineCalls, tmp_path: Path) -> Callable[..., MainWindow]:
    """Return a starter of the program with the data folder of a user."""

    def begin(*files: Path, folder: Path | None = tmp_path / "data", restore: bool = True) -> MainWindow:
        window = MainWindow(settings, calls)
        qtbot.addWidget(window)
        window.keeper.begin(folder, files, restore=restore)
        with qtbot.waitSignal(window.stage_reached, timeout=20_000, check_params_cb=lambda stage: stage == "3-D"):
            window.show()
        window.activateWindow()
        return window

    return begin


def names(window: MainWindow) -> list[str]:
    """Names in the order of the list."""
    return [entry.name for entry in window.session.entries]


def test_that_the_session_comes_back_with_what_was_asked_of_it(
    start: Callable[..., MainWindow], qtbot: QtBot, drop: Drop, tmp_path: Path
) -> None:
    files = [write_curve(tmp_path / f"{name}.dat") for name in "abc"]
    first = start(*files)
    qtbot.waitUntil(lambda: settled(first, 3))
    first.presenter.show(first.session.entries[1].key)
    first.presenter.flip()
    qtbot.waitUntil(lambda: settled(first, 3))
    first.turn_to("Batch")
    qtbot.waitUntil(lambda: first.panel_in_front == "Batch")
    first.close()
    files[2].unlink()
    second = start()
    qtbot.waitUntil(lambda: settled(second, 3))
    assert names(second) == ["a.dat", "b.dat", "c.dat"]
    assert second.session.current is second.session.entries[1]
    assert [entry.request.q_unit for entry in second.session.entries] == [None, QUnit.PER_ANGSTROM, None]
    assert [entry.state for entry in second.session.entries] == [State.DONE, State.DONE, State.FAILED]
    assert "was it moved?" in (second.session.entries[2].error or "")
    assert second.panel_in_front == "Batch"
    second.close()
    third = start(write_curve(tmp_path / "d.dat"))  # files named at the start come in addition
    qtbot.waitUntil(lambda: settled(third, 4))
    third.close()
    fourth = start(restore=False)
    assert not fourth.session.entries
    fourth.close()


def test_that_a_kill_loses_a_few_seconds_at_most(
    start: Callable[..., MainWindow], qtbot: QtBot, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert autosave.LATEST_MS + 1000 < 10_000
    monkeypatch.setattr(autosave, "AFTER_MS", 20)
    window = start(write_curve(tmp_path / "a.dat"))
    saved = tmp_path / "data" / NAME
    qtbot.waitUntil(lambda: saved.exists() and len(read_session(saved).curves) == 1)
    drop(window, [write_curve(tmp_path / "b.dat")])
    qtbot.waitUntil(lambda: len(read_session(saved).curves) == 2)
    assert read_session(saved).curves[1].path == tmp_path / "b.dat"


def test_that_a_file_that_is_no_session_is_kept_aside_and_the_program_starts(start: Callable[..., MainWindow], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / NAME).write_text("nonsense", encoding="utf-8")
    window = start()
    assert "did not come back" in window.notice.words
    assert window.notice.isVisible()
    (aside,) = folder.glob("unread *.lnpsession")
    assert aside.read_text(encoding="utf-8") == "nonsense"
    assert window.keeper._autosave is not None
    assert window.keeper._autosave.is_on


def test_that_a_second_program_says_that_it_keeps_nothing(tmp_path: Path, qapp: object) -> None:
    write_session(tmp_path / NAME, SavedSession())
    before = (tmp_path / NAME).read_bytes()
    first, second = (Autosave(tmp_path, lambda: SavedSession(panel="Batch")) for _ in range(2))
    assert first.begin() == (SavedSession(), "")
    saved, words = second.begin()
    assert saved is None
    assert "second time" in words
    second.touch()
    second.end()
    assert (tmp_path / NAME).read_bytes() == before
    first.end()
    assert read_session(tmp_path / NAME).panel == "Batch"
    assert second.begin()[1] == ""  # the place is free again
    second.end()


def test_that_the_lock_of_a_program_that_was_killed_is_no_hindrance(tmp_path: Path, qapp: object) -> None:
    import subprocess
    import sys

    lock = str((tmp_path / NAME).with_suffix(".lock"))
    code = f"import os; from PySide6.QtCore import QLockFile; l = QLockFile({lock!r}); l.setStaleLockTime(0); l.tryLock(100); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 9
    assert Path(lock).exists()
    keeper = Autosave(tmp_path, SavedSession)
    assert keeper.begin() == (None, "")
    keeper.end()


@pytest.mark.parametrize("place", ["none", "file"])
def test_that_without_a_place_of_its_own_the_program_works_and_says_so(
    start: Callable[..., MainWindow], tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    window = start(folder=None if place == "none" else tmp_path / "file" / "data")
    assert "not kept" in window.notice.words
    window.close()


def test_that_the_first_start_shows_an_example_and_a_later_empty_one_does_not(
    start: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = write_curve(tmp_path / "example.dat")
    monkeypatch.setattr(session_keeper, "example_curves", lambda: (example,))
    first = start()
    qtbot.waitUntil(lambda: settled(first, 1))
    assert names(first) == ["example.dat"]
    first.keeper.new()
    first.close()
    second = start()
    assert not second.session.entries


def test_that_a_session_is_saved_and_opened_by_name_and_a_bad_one_refused(
    window: MainWindow, qtbot: QtBot, drop: Drop, tmp_path: Path
) -> None:
    drop(window, [write_curve(tmp_path / f"{name}.dat") for name in "ab"])
    qtbot.waitUntil(lambda: settled(window, 2))
    window.keeper.save(tmp_path / "mine")
    window.keeper.new()
    assert not window.session.entries
    window.keeper.open(tmp_path / "mine.lnpsession")
    qtbot.waitUntil(lambda: settled(window, 2))
    (tmp_path / "bad.lnpsession").write_text("{}", encoding="utf-8")
    window.keeper.open(tmp_path / "bad.lnpsession")
    assert "no session" in window.notice.words
    assert len(window.session.entries) == 2
    window.keeper.save(tmp_path / "nowhere" / "mine")
    assert "cannot be written" in window.notice.words


def test_that_the_particle_comes_back_when_its_panel_is_looked_at(start: Callable[..., MainWindow], qtbot: QtBot) -> None:
    first = start()
    first.turn_to("Particle")
    qtbot.waitUntil(lambda: "Particle" in first._panels and first.is_shown, timeout=20_000)
    first.panel("Particle").restore_state({"model": "type 4", "diameter": 61.5, "nonsense": "x"})
    qtbot.waitUntil(lambda: first.is_shown, timeout=20_000)
    first.close()
    second = start()
    second.turn_to("Particle")
    qtbot.waitUntil(lambda: "Particle" in second._panels and second.is_shown, timeout=20_000)
    state = second.panel("Particle").state()
    assert (state["model"], state["diameter"]) == ("type 4", 61.5)
    second.panel("Particle").restore_state({"model": "no such", "diameter": 3.0})
    assert second.panel("Particle").state() == state
    second.close()


# -- undo --------------------------------------------------------------------------------------------------------------


def test_that_a_flipped_unit_is_undone_with_its_verdict_at_once_and_redone(
    window: MainWindow, qtbot: QtBot, drop: Drop, tmp_path: Path, analyst: Analyst, settings: Settings
) -> None:
    drop(window, [write_curve(tmp_path / "a.dat")])
    qtbot.waitUntil(lambda: settled(window, 1))
    before = window.session.entries[0]
    window.presenter.flip()
    qtbot.waitUntil(lambda: analyst.calls == 2 and settled(window, 1))
    assert window.changes.stack.undoText() == "change of the unit of q of a.dat"
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    after = window.session.entries[0]
    assert after.analysis is before.analysis
    assert after.measurement is before.measurement
    assert after.request == before.request
    assert settings.confirmed_unit(tmp_path) is QUnit.PER_NM
    assert analyst.calls == 2
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: settled(window, 1) and window.session.entries[0].analysis is not None)
    assert window.session.entries[0].request.q_unit is QUnit.PER_ANGSTROM


@pytest.mark.parametrize("gone", [(0,), (1, 3), (4,), (0, 1, 2, 3, 4), (2, 3)])
def test_that_removed_curves_come_back_where_they_were_with_their_verdicts(
    window: MainWindow, qtbot: QtBot, drop: Drop, tmp_path: Path, analyst: Analyst, gone: tuple[int, ...]
) -> None:
    window.turn_to("Batch")
    qtbot.waitUntil(lambda: "Batch" in window._panels)
    drop(window, [write_curve(tmp_path / f"{i}.dat", points=40) for i in range(5)])
    qtbot.waitUntil(lambda: settled(window, 5))
    before = window.session.entries
    window.presenter.remove([before[i].key for i in gone])
    assert window.changes.stack.undoText() == ("remove 0.dat" if gone == (0,) else window.changes.stack.undoText())
    window.changes.stack.undo()
    assert window.session.entries == before
    assert [row.name for row in window.analyse.list.rows()] == [entry.name for entry in before]
    assert [line.entry.name for line in window.panel("Batch").view.table.rows.lines] == [entry.name for entry in before]
    assert analyst.calls == 5
    window.changes.stack.redo()
    assert len(window.session.entries) == 5 - len(gone)
    assert not window.changes.stack.canRedo()


def test_that_a_curve_removed_while_it_was_analysed_is_analysed_when_it_comes_back(
    window: MainWindow, qtbot: QtBot, drop: Drop, tmp_path: Path, analyst: Analyst
) -> None:
    analyst.gate = threading.Event()
    drop(window, [write_curve(tmp_path / "a.dat")])
    qtbot.waitUntil(lambda: analyst.calls == 1)
    window.presenter.clear()
    analyst.gate.set()
    window.changes.stack.undo()
    qtbot.waitUntil(lambda: settled(window, 1))
    assert window.session.entries[0].state is State.DONE
