"""What the Analyse panel decides, without a window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import pytest
from gui_fakes import Analyst, find_files, read, write_curve
from pytestqt.qtbot import QtBot

from engine.errors import DataFileError
from engine.io.measurement import Measurement
from engine.progress import Report
from engine.units import QUnit
from lnpgui.engine_calls import EngineCalls
from lnpgui.panels.analyse import presenter as module
from lnpgui.panels.analyse.presenter import AnalysePresenter
from lnpgui.request import Habit, Request
from lnpgui.session import Session, State
from lnpgui.settings import Settings


class Desk:
    """A presenter with everything round it."""

    def __init__(self, view: mock.Mock, settings: Settings, calls: EngineCalls, qtbot: QtBot) -> None:
        self.view, self.settings, self.qtbot = view, settings, qtbot
        self.session = Session()
        self.presenter = AnalysePresenter(view, self.session, settings, calls)

    def states(self) -> list[State]:
        """States in the order of the list."""
        return [entry.state for entry in self.session.entries]

    def settle(self, count: int) -> None:
        """Wait until *count* curves are in the list and nothing is at work."""
        self.qtbot.waitUntil(
            lambda: len(self.states()) == count and not self.presenter.is_busy and all(e.is_settled for e in self.session.entries)
        )


@pytest.fixture
def make_desk(view: mock.Mock, settings: Settings, calls: EngineCalls, qtbot: QtBot) -> Callable[..., Desk]:
    """Return a maker of desks; fields of the engine can be replaced."""

    def make(**changes: object) -> Desk:
        engine = {"find_files": calls.find_files, "read": calls.read, "analyse": calls.analyse, "kept_request": calls.kept_request}
        fields = {**engine, **changes}
        return Desk(view, settings, EngineCalls(**fields), qtbot)  # type: ignore[arg-type]

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """Return a desk with the fake engine."""
    return make_desk()


def test_that_a_late_answer_about_an_older_reading_is_dropped(desk: Desk, analyst: Analyst, tmp_path: Path) -> None:
    analyst.gate = threading.Event()
    desk.presenter.open([write_curve(tmp_path / "a.dat")])
    desk.qtbot.waitUntil(lambda: analyst.calls == 1)
    desk.presenter.flip()  # while the first analysis is still at work
    desk.qtbot.waitUntil(lambda: analyst.calls == 2)
    analyst.gate.set()
    desk.settle(1)
    (entry,) = desk.session.entries
    assert entry.measurement is not None
    assert entry.measurement.q_unit is QUnit.PER_ANGSTROM
    assert entry.analysis is not None
    assert entry.analysis.fit.q[0] == entry.measurement.curve.q[0]


def test_that_a_flip_is_remembered_for_the_folder_and_only_for_it(desk: Desk, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        write_curve(folder / "a.dat")
    desk.presenter.open([here / "a.dat"])
    desk.settle(1)
    desk.presenter.flip()
    desk.settle(1)
    assert desk.settings.confirmed_unit(here) is QUnit.PER_ANGSTROM
    assert desk.settings.confirmed_unit(there) is None


def test_that_every_data_set_of_a_file_gets_a_row_and_all_flip_together(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    import dataclasses

    def read_two(path: Path, request: Request, habit: Habit, report: Report) -> tuple[Measurement, ...]:
        (only,) = read(path, request, habit, report)
        return tuple(dataclasses.replace(only, name=f"{path.name} [{i}]") for i in (1, 2))

    desk = make_desk(read=read_two)
    desk.presenter.open([write_curve(tmp_path / "a.dat"), write_curve(tmp_path / "b.dat")])
    desk.settle(4)
    assert [entry.name for entry in desk.session.entries] == ["a.dat [1]", "a.dat [2]", "b.dat [1]", "b.dat [2]"]
    desk.presenter.flip()
    desk.settle(4)
    units = [entry.measurement.q_unit for entry in desk.session.entries if entry.measurement is not None]
    assert units == [QUnit.PER_ANGSTROM] * 2 + [QUnit.PER_NM] * 2


def test_that_our_own_fault_in_one_curve_is_told_in_its_row_and_stops_nothing(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    def read_badly(path: Path, request: Request, habit: Habit, report: Report) -> tuple[Measurement, ...]:
        if path.name == "a.dat":
            raise RuntimeError("a slip")
        return read(path, request, habit, report)

    desk = make_desk(read=read_badly)
    desk.presenter.open([write_curve(tmp_path / "a.dat"), write_curve(tmp_path / "b.dat")])
    desk.settle(2)
    assert desk.states() == [State.FAILED, State.DONE]
    assert "fault of ours" in (desk.session.entries[0].error or "")


def test_that_a_folder_that_cannot_be_looked_through_is_told(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    def refuse(paths: Sequence[Path]) -> tuple[Path, ...]:
        raise DataFileError(paths[0], "the folder may not be opened; ask its owner.")

    desk = make_desk(find_files=refuse)
    desk.presenter.open([tmp_path])
    desk.settle(1)
    assert desk.session.entries[0].error == f"{tmp_path.name}: the folder may not be opened; ask its owner."


def test_that_an_empty_folder_is_told(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    desk.presenter.open([folder])
    desk.qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    desk.view.show_notice.assert_called_with("No files were found there.")


def test_that_more_files_than_the_list_takes_are_told(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CURVES", 3)
    desk.presenter.open([write_curve(tmp_path / f"{i}.dat") for i in range(5)])
    desk.settle(3)
    assert "2 of 5 files were left out" in desk.view.show_notice.call_args.args[0]


def test_that_many_files_come_into_the_list_in_turns_in_their_order_and_once(
    desk: Desk, analyst: Analyst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKEN_AT_ONCE", 4)
    paths = [write_curve(tmp_path / f"{i:02}.dat", points=40) for i in range(11)]
    counts: list[int] = []
    desk.session.added.connect(lambda entries, _: counts.append(len(entries)))
    desk.presenter._take_files(paths)
    assert counts == [4]
    assert desk.session.current is desk.session.entries[0]
    assert desk.presenter.is_busy
    desk.presenter._take_files(paths)  # dropped again while the rest waits
    desk.settle(11)
    assert [entry.path for entry in desk.session.entries] == paths
    assert all(count <= 4 for count in counts)


def test_that_stopping_leaves_out_the_files_that_still_wait_for_the_list(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKEN_AT_ONCE", 4)
    desk.presenter._take_files([write_curve(tmp_path / f"{i:02}.dat", points=40) for i in range(11)])
    desk.presenter.cancel()
    desk.qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    assert len(desk.session.entries) == 4
    assert set(desk.states()) == {State.STOPPED}


def test_that_quick_work_shows_no_progress(desk: Desk, tmp_path: Path) -> None:
    desk.presenter.open([write_curve(tmp_path / "a.dat")])
    desk.settle(1)
    assert all(call.args == (None,) for call in desk.view.show_progress.call_args_list)


def test_that_long_work_shows_how_far_it_is(
    desk: Desk, analyst: Analyst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_desk: Callable[..., Desk]
) -> None:
    monkeypatch.setattr(module, "PROGRESS_AFTER_MS", 20)
    desk = make_desk()
    analyst.gate = threading.Event()
    desk.presenter.open([write_curve(tmp_path / f"{i}.dat") for i in range(4)])
    desk.qtbot.waitUntil(lambda: any(c.args[0] and "1 of 4 curves: fitting" in c.args[0].words for c in desk.view.show_progress.mock_calls))
    analyst.gate.set()
    desk.settle(4)
    shares = [call.args[0].share for call in desk.view.show_progress.call_args_list if call.args[0] is not None]
    assert shares == sorted(shares)
    desk.view.show_progress.assert_called_with(None)
    desk.view.show_busy.assert_called_with(False)


def test_that_the_curve_one_looks_at_is_analysed_next(desk: Desk, analyst: Analyst, tmp_path: Path) -> None:
    analyst.gate = threading.Event()
    paths = [write_curve(tmp_path / f"{i}.dat", radius=20.0 + i, points=100 + i) for i in range(5)]
    desk.presenter.open(paths)
    desk.qtbot.waitUntil(lambda: [e.state for e in desk.session.entries][1:] == [State.WAITING] * 4 and len(desk.session.entries) == 5)
    desk.presenter.show(desk.session.entries[3].key)
    analyst.gate.set()
    desk.settle(5)
    assert [len(curve) for curve in analyst.curves] == [100, 103, 101, 102, 104]


def test_that_what_is_dropped_is_shown(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "a.dat"
    bad.write_text("nothing")
    desk.presenter.open([bad])
    desk.settle(1)
    desk.presenter.show(desk.session.entries[0].key)
    desk.presenter.open([write_curve(tmp_path / "b.dat")])
    desk.qtbot.waitUntil(lambda: len(desk.session.entries) == 2 and not desk.presenter.is_busy)
    assert desk.session.current is not None
    assert desk.session.current.name == "b.dat"


def test_that_the_folder_of_the_last_file_is_remembered(desk: Desk, tmp_path: Path) -> None:
    desk.presenter.open([write_curve(tmp_path / "a.dat")])
    desk.settle(1)
    assert desk.settings.folder == tmp_path
    assert find_files([tmp_path])


def test_that_files_that_come_by_themselves_are_analysed_and_leave_in_view_what_is_in_view(desk: Desk, tmp_path: Path) -> None:
    desk.presenter.open([write_curve(tmp_path / "a.dat")])
    desk.settle(1)
    desk.session.offer([write_curve(tmp_path / "b.dat")])
    desk.settle(2)
    assert desk.states() == [State.DONE, State.DONE]
    assert desk.session.current is not None
    assert desk.session.current.name == "a.dat"


def test_that_a_range_of_q_judges_anew_without_reading_the_file_again(desk: Desk, analyst: Analyst, tmp_path: Path) -> None:
    path = write_curve(tmp_path / "a.dat")
    desk.presenter.open([path])
    desk.settle(1)
    path.unlink()
    desk.view.range_chosen.emit((0.1, 1.0))
    desk.settle(1)
    assert analyst.requests[-1] == Request(q_range=(0.1, 1.0))
    (entry,) = desk.session.entries
    assert entry.state is State.DONE
    assert entry.before is not None
    assert entry.before[0] == Request()


def test_that_undoing_a_buffer_reads_the_file_again_and_says_the_effect_the_other_way(desk: Desk, analyst: Analyst, tmp_path: Path) -> None:
    desk.presenter.open([write_curve(tmp_path / "a.dat")])
    desk.settle(1)
    desk.view.buffer_given.emit(tmp_path / "b.dat")
    desk.settle(1)
    (entry,) = desk.session.entries
    desk.session.ask(entry.key, Request())
    desk.settle(1)
    desk.qtbot.waitUntil(lambda: "Now (no buffer taken off)" in desk.view.show_choices.call_args.args[0].effect)
    assert analyst.requests[-1] == Request()


def test_that_two_marked_curves_are_merged_and_three_are_not(desk: Desk, tmp_path: Path) -> None:
    desk.presenter.open([write_curve(tmp_path / f"{i}.dat") for i in range(3)])
    desk.settle(3)
    keys = [entry.key for entry in desk.session.entries]
    desk.view.merge_requested.emit(tuple(keys))
    assert len(desk.session.entries) == 3
    desk.view.show_notice.assert_called_with("Mark the two curves to merge (Ctrl while clicking).")
    desk.view.merge_requested.emit(tuple(keys[:2]))
    desk.settle(4)
    made = desk.session.current
    assert made is not None
    assert [part.path.name for part in made.request.parts] == ["0.dat", "1.dat"]
