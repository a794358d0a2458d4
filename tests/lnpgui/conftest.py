"""A window on a fake engine, real drops, and fixtures that fail a test which leaves something behind."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import gui_fakes
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, QSettings, Qt, QThread, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lnpgui import workers
from lnpgui.engine_calls import EngineCalls
from lnpgui.main_window import MainWindow
from lnpgui.panels.analyse.view import AnalyseView
from lnpgui.settings import Settings

PATIENCE = 20.0
"""How long [s] what has ended may take to be gone on a busy machine; what leaks stays for good."""

PATIENCE_MS = 30_000
"""How long [ms] what must come may take to come there."""

DROP_ARGUMENTS = (Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,)


def drop_on(window: QWidget, paths: Sequence[Path], at: QPoint | None = None) -> bool:
    """Drop files as the window system does: on the deepest widget at *at* that takes drops, each event only if the last was accepted."""
    place = at or window.rect().center()
    target: QWidget | None = window.childAt(place) or window
    while target is not None and not target.acceptDrops():
        target = target.parentWidget()
    if target is None:
        return False
    position = target.mapFrom(window, place) if target is not window else place
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    rest = (*DROP_ARGUMENTS, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(position, *rest)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        QApplication.sendEvent(target, QDragLeaveEvent())
        return False
    QApplication.sendEvent(target, QDragMoveEvent(position, *rest))
    drop = QDropEvent(QPointF(position), *rest)
    QApplication.sendEvent(target, drop)
    return drop.isAccepted()


@pytest.fixture(scope="session", autouse=True)
def qt_threads_are_measured() -> Iterator[None]:
    """Let coverage, when it measures, see the work on Qt's threads: it knows the threads of Python only."""

    def run(*arguments: Any) -> tuple[str, Any]:
        sys.settrace(threading.gettrace())
        return original(*arguments)

    original = workers._run
    with mock.patch.object(workers, "_run", run) if threading.gettrace() else contextlib.nullcontext():
        yield


class PatientBot(QtBot):
    """Waits longer for what comes: on a busy machine five seconds are soon over, and a test that passes does not wait longer for it."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **how: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **how)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **how: Any) -> Any:
        return super().waitSignals(signals, timeout=timeout, **how)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """Return the robot of pytest-qt, with more patience."""
    return PatientBot(request)


@pytest.fixture
def drop() -> Callable[..., bool]:
    """Return :func:`drop_on`."""
    return drop_on


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a user who has none yet."""
    folder = tmp_path / "settings"
    folder.mkdir()
    return Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def analyst() -> gui_fakes.Analyst:
    """Return an analyst that answers at once; give it a gate to make it slow."""
    return gui_fakes.Analyst()


@pytest.fixture
def calls(analyst: gui_fakes.Analyst) -> EngineCalls:
    """Return the fake engine."""
    return EngineCalls(gui_fakes.find_files, gui_fakes.read, analyst, lambda _: None)


@pytest.fixture
def make_window(qtbot: QtBot, settings: Settings) -> Callable[[EngineCalls | None], MainWindow]:
    """Return a maker of windows that are shown, with plots and the 3-D view in place."""

    def make(calls: EngineCalls | None) -> MainWindow:
        window = MainWindow(settings, calls)
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.stage_reached, timeout=20_000, check_params_cb=lambda stage: stage == "3-D"):
            window.show()
        window.activateWindow()  # shortcuts go to the active window only
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return make


@pytest.fixture
def window(make_window: Callable[[EngineCalls | None], MainWindow], calls: EngineCalls) -> MainWindow:
    """Return the real window on the fake engine."""
    return make_window(calls)


class Gestures(QObject):
    """The signals of the Analyse view without its widgets."""

    files_given = Signal(object)
    chosen = Signal(object)
    marked = Signal(object)
    remove_requested = Signal(object)
    clear_requested = Signal()
    again_requested = Signal(object)
    flip_requested = Signal()
    cancel_requested = Signal()
    drawn_as = Signal(int)
    scaled = Signal(bool)
    pointed = Signal(object)
    range_chosen = Signal(object)
    range_moved = Signal(float, float)
    range_typed = Signal(str, str)
    types_chosen = Signal(object)
    buffer_given = Signal(object)
    scale_typed = Signal(str)
    particles_typed = Signal(str, str)
    particles_reset = Signal()
    columns_wanted = Signal()
    columns_given = Signal(object, object)
    average_requested = Signal(object)
    merge_requested = Signal(object)
    curve_kept = Signal(object)
    report_kept = Signal(object)
    capsule_kept = Signal(object)


@pytest.fixture
def view() -> Iterator[mock.Mock]:
    """Return an Analyse view without widgets, whose signals work."""
    gestures = Gestures()
    result = mock.create_autospec(AnalyseView, instance=True)
    for name, value in vars(Gestures).items():
        if isinstance(value, Signal):
            setattr(result, name, getattr(gestures, name))
    yield result
    gestures.deleteLater()


def _vtk_objects() -> set[int]:
    return {id(o) for o in gc.get_objects() if type(o).__name__.startswith("vtk") and type(o).__module__.startswith("vtkmodules")}


def _running_threads() -> list[str]:
    python = [t.name for t in threading.enumerate() if t is not threading.main_thread() and not t.name.startswith("Dummy")]
    qt = [o for o in gc.get_objects() if issubclass(type(o), QThread)]  # isinstance would ask a deprecated stand-in of torch for its class
    return python + [repr(o) for o in qt if o.isRunning() and o is not QThread.currentThread()]


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a job, a thread, a window or a VTK object behind."""
    gc.collect()
    gc.freeze()  # what was here before is not searched again, neither for garbage nor for what is left: half a second a test
    windows, vtk, failures = set(qapp.topLevelWidgets()), _vtk_objects(), request.session.testsfailed
    threads = set(_running_threads())  # of other tests, as the event loop that dask keeps for good
    yield
    if request.session.testsfailed > failures:
        workers.shut_down()  # so that the next tests are not blamed for its jobs
        return  # the report of a failed test holds on to its window
    request.node.funcargs.clear()  # pytest keeps the fixtures' values longer than the test needs them
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert not workers.live_jobs(), "a job still runs"
    end = time.monotonic() + PATIENCE
    while (left := _left(qapp, windows, vtk, threads)) and time.monotonic() < end:  # a thread needs a processor once more to end
        time.sleep(0.02)
    assert not left, left


def _left(qapp: QApplication, windows: set[QWidget], vtk: set[int], threads: set[str]) -> str:
    """Return what is left beyond what was there before, in words; nothing when all is gone."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    if running := set(_running_threads()) - threads:
        return f"threads still run: {running}"
    if left := [w for w in qapp.topLevelWidgets() if w not in windows]:
        return f"windows are left: {left}"
    new = _vtk_objects() - vtk
    kinds = sorted({type(o).__name__ for o in gc.get_objects() if id(o) in new})
    return f"{len(new)} VTK objects are left: {kinds}" if new else ""
