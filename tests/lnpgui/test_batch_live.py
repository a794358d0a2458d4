"""The watched folder as the screen runs it: real files, a clock moved by hand, and a session that listens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import write_curve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.io.watch import FolderBack, Full, GivenUp, Ready, Stamp, Vanished
from lnpgui import workers
from lnpgui.panels.batch import live as module
from lnpgui.panels.batch.live import LivePresenter, ago, said
from lnpgui.panels.batch.live_bar import LiveBar, WatchRequest
from lnpgui.session import Session, State
from lnpgui.settings import Settings


class Watch:
    """A live bar, its presenter and a session; looks are taken when the test says so."""

    def __init__(self, qtbot: QtBot, settings: Settings, folder: Path) -> None:
        self.qtbot, self.folder, self.now = qtbot, folder, 1000.0
        self.session = Session()
        self.bar = LiveBar()
        qtbot.addWidget(self.bar)
        self.presenter = LivePresenter(self.bar, self.session, settings)
        self.presenter._clock = lambda: self.now
        self.offered: list[str] = []
        self.session.offered.connect(self._on_offered)

    def _on_offered(self, paths: tuple[Path, ...]) -> None:
        self.offered += [path.name for path in paths]
        known = {entry.path for entry in self.session.entries}
        self.session.add([path for path in paths if path not in known])

    def start(self, pattern: str = "", *, old_too: bool = True) -> None:
        """Watch, with the clock in the test's hand."""
        self.presenter.start(WatchRequest(self.folder, pattern, old_too))
        self.presenter._timer.stop()
        self._finish()

    def look(self, times: int = 1, seconds: float = 1.0) -> None:
        """Take further looks."""
        for _ in range(times):
            self.now += seconds
            self.presenter.tick()
            self._finish()

    def _finish(self) -> None:
        self.qtbot.waitUntil(lambda: self.presenter._job is None)

    @property
    def words(self) -> str:
        """What the bar says."""
        return self.bar.state.text()


@pytest.fixture
def watch(qtbot: QtBot, settings: Settings, tmp_path: Path) -> Iterator[Watch]:
    """Return a watch on an empty folder, not yet begun."""
    folder = tmp_path / "beamline"
    folder.mkdir()
    result = Watch(qtbot, settings, folder)
    yield result
    result.presenter.stop()
    workers.shut_down(2000)


def test_that_a_curve_that_appears_is_offered_once_it_keeps_still(watch: Watch) -> None:
    watch.start()
    assert watch.words == "Watching beamline · 0 curves"
    write_curve(watch.folder / "a.dat", points=40)
    watch.look()
    assert watch.words.endswith("1 not complete yet")
    watch.look(2)
    assert watch.offered == ["a.dat"]
    watch.look(3, seconds=10.0)
    assert watch.offered == ["a.dat"]
    assert watch.words == "Watching beamline · 1 curve · last 30 s ago"


def test_that_what_the_session_holds_is_not_read_again_after_a_restart(watch: Watch) -> None:
    write_curve(watch.folder / "a.dat", points=40)
    watch.session.add([watch.folder / "a.dat"])
    watch.start()
    write_curve(watch.folder / "b.dat", points=40)
    watch.look(4)
    assert watch.offered == ["b.dat"]
    watch.presenter.stop()
    watch.start()
    watch.look(4)
    assert watch.offered == ["b.dat"]


def test_that_only_new_files_of_the_pattern_are_taken_if_so_wished(watch: Watch) -> None:
    write_curve(watch.folder / "old_sub.dat", points=40)
    watch.start("*_sub.dat", old_too=False)
    for name in ("new_sub.dat", "new_raw.dat"):
        write_curve(watch.folder / name, points=40)
    watch.look(4)
    assert watch.offered == ["new_sub.dat"]


def test_that_a_file_that_cannot_be_read_is_tried_again_and_the_sentence_says_so(watch: Watch) -> None:
    watch.start()
    write_curve(watch.folder / "a.h5", points=40)
    watch.look(3)
    (entry,) = watch.session.entries
    watch.session.update(entry.key, state=State.FAILED, error="a.h5: The HDF5 file is broken or cut short.")
    assert "a.h5 could not be read and is tried again in 2 s: The HDF5 file is broken or cut short." in watch.words
    watch.look()
    assert watch.offered == ["a.h5"]
    watch.look()
    assert watch.offered == ["a.h5", "a.h5"]
    watch.session.update(entry.key, state=State.WAITING, error=None)
    watch.look(5, seconds=100.0)
    assert watch.offered == ["a.h5", "a.h5"]


def test_that_the_folder_may_go_and_come_back(watch: Watch) -> None:
    watch.start()
    shutil.rmtree(watch.folder)
    watch.look(2)
    assert "The folder cannot be looked at (No such file or directory)" in watch.words
    assert watch.bar.state.property("role") == "error"
    watch.folder.mkdir()
    write_curve(watch.folder / "a.dat", points=40)
    watch.look(3)
    assert watch.offered == ["a.dat"]
    assert "cannot" not in watch.words
    assert watch.bar.state.property("role") == "muted"


def test_that_a_slow_drive_is_given_time_to_rest(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    true_look = module.look

    def slow_look(*arguments: object, **keywords: object) -> object:
        looks.append(watch.now)
        watch.now += 5.0  # so long it takes
        return true_look(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "look", slow_look)
    watch.start()
    watch.look(25)
    assert looks == [1000.0, 1025.0]


def test_that_a_look_still_under_way_when_watching_stops_is_not_heard(watch: Watch, qtbot: QtBot) -> None:
    watch.start()
    write_curve(watch.folder / "a.dat", points=40)
    watch.look(2)
    watch.now += 1
    watch.presenter.tick()
    watch.presenter.stop()
    qtbot.waitUntil(lambda: not workers.live_jobs())
    assert watch.offered == []
    assert not watch.presenter.is_watching


def test_that_the_button_starts_and_stops_on_the_chosen_folder_and_both_are_remembered(
    qtbot: QtBot, watch: Watch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = watch.bar
    bar.show()
    assert not bar.toggle.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(watch.folder))
    qtbot.mouseClick(bar.choose_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(bar.pattern, "*.dat")
    qtbot.mouseClick(bar.toggle, Qt.MouseButton.LeftButton)
    assert watch.presenter.is_watching
    assert bar.toggle.text() == "Stop watching"
    assert not bar.pattern.isEnabled()
    qtbot.mouseClick(bar.toggle, Qt.MouseButton.LeftButton)
    assert not watch.presenter.is_watching
    other = Watch(qtbot, settings, watch.folder)
    assert other.bar.folder_label.text() == str(watch.folder)
    assert other.bar.pattern.text() == "*.dat"
    assert not other.presenter.is_watching


def test_that_events_are_said_in_sentences() -> None:
    path = Path("/x/a.dat")
    assert said(Vanished(path)) == "a.dat disappeared before it was complete."
    too_many = "files are left out, there are too many. Watch a smaller folder, or give a pattern of names."
    assert said(Full(7)) == f"7 {too_many}"
    assert said(Full(7, is_cut=True)) == f"More than 7 {too_many}"
    given_up = "a.dat could not be read in 6 attempts and is tried again when it changes: It is empty."
    assert said(GivenUp(path, "It is empty.", 6)) == given_up
    assert said(FolderBack()) == ""
    assert said(Ready(path, Stamp(1, 1))) is None
    assert [ago(seconds) for seconds in (3.2, 300.0, 7200.0)] == ["3 s", "5 min", "2 h"]
