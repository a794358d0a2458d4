"""Decides what the watched folder does: looks again and again in a worker, and offers what is complete to the session."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from engine.io.watch import (
    Event,
    FolderBack,
    FolderLost,
    Full,
    GivenUp,
    Look,
    Ready,
    Vanished,
    Watcher,
    WatchSettings,
    WillRetry,
    look,
    patterns,
)
from engine.progress import Report
from lnpgui import wording
from lnpgui.panels.batch.live_bar import LiveBar, WatchRequest
from lnpgui.session import Entry, Session, State
from lnpgui.settings import Settings
from lnpgui.workers import Failure, Job, ThreadJob

REST = 4.0
"""After a look that took long, as on a slow network, so many times its length pass before the next."""

PATTERN = "live pattern"


class LivePresenter(QObject):
    """Watches one folder at a time."""

    def __init__(self, view: LiveBar, session: Session, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._settings = settings
        self._clock: Callable[[], float] = time.monotonic
        self._request: WatchRequest | None = None
        self._watcher: Watcher | None = None
        self._job: Job | None = None
        self._began = 0.0
        self._rest_until = 0.0
        self._offered: set[Path] = set()
        self._last: float | None = None
        self._trouble = ""
        self._timer = QTimer(self, interval=round(1000 * settings.live_seconds))
        self._timer.timeout.connect(self.tick)
        view.started.connect(self.start)
        view.stopped.connect(self.stop)
        session.changed.connect(self._on_changed)
        view.choose(settings.live_folder, settings.text(PATTERN))

    @property
    def is_watching(self) -> bool:
        """True from start until stop."""
        return self._watcher is not None

    @Slot(object)
    def start(self, request: WatchRequest) -> None:
        """Watch a folder. What the session holds of it already is not read again."""
        self.stop()
        self._request = request
        self._settings.live_folder = request.folder
        self._settings.keep_text(PATTERN, request.pattern)
        known = tuple({entry.path for entry in self._session.entries if entry.path.is_relative_to(request.folder)})
        self._watcher = Watcher(known, settings=WatchSettings(old_too=request.old_too))
        self._offered.clear()
        self._last, self._trouble, self._rest_until = None, "", 0.0
        self._view.show_watching(True)
        self._timer.start()
        self.tick()

    @Slot()
    def stop(self) -> None:
        """Watch no longer; a look that is under way is left to end unheard."""
        if self._watcher is None:
            return
        self._timer.stop()
        self._drop_look()
        self._watcher = None
        self._view.show_watching(False)
        self._view.show_state(f"Stopped. {self._count()} came in." if self._offered else "")

    @Slot()
    def tick(self) -> None:
        """Begin a look, unless the last one is still under way, and say how it goes."""
        if self._watcher is None or self._request is None:
            return
        now = self._clock()
        if self._job is None and now >= self._rest_until:
            self._began = now
            job = self._job = ThreadJob(partial(_look, self._request.folder, patterns(self._request.pattern)))
            job.done.connect(self._on_look)
            job.failed.connect(self._on_failed)
            job.start()
        self._show_state()

    # -- answers -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_look(self, found: Look) -> None:
        if self._watcher is None:
            return
        now = self._clock()
        self._job = None
        self._rest_until = now + REST * (now - self._began) if now - self._began > 0.5 else 0.0
        self._take(self._watcher.take(found, now))

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._trouble = failure.message
        self._show_state()

    @Slot(object)
    def _on_changed(self, entry: Entry) -> None:
        """Tell the watcher whether a file it gave out could be read."""
        watcher = self._watcher
        if watcher is None or entry.path not in self._offered:
            return
        if entry.state is State.FAILED and entry.measurement is None:
            self._take(watcher.refused(entry.path, wording.without_name(entry.error or "", entry.path), self._clock()))
        elif entry.state is not State.READING:
            watcher.accepted(entry.path)

    def _take(self, events: tuple[Event, ...]) -> None:
        ready = tuple(event.path for event in events if isinstance(event, Ready))
        for event in events:
            words = said(event)
            if words is not None:
                self._trouble = words
        if ready:
            self._offered.update(ready)
            self._last = self._clock()
            self._session.offer(ready)
        self._show_state()

    def _drop_look(self) -> None:
        if self._job is not None:
            self._job.done.disconnect(self._on_look)
            self._job.failed.disconnect(self._on_failed)
            self._job.cancel()
            self._job = None

    # -- showing -------------------------------------------------------------------------------------------------------

    def _count(self) -> str:
        n = len(self._offered)
        return f"{n} {'curve' if n == 1 else 'curves'}"

    def _show_state(self) -> None:
        watcher = self._watcher
        if watcher is None or self._request is None:
            return
        parts = [f"Watching {self._request.folder.name or self._request.folder}", self._count()]
        if self._last is not None:
            parts.append(f"last {ago(self._clock() - self._last)} ago")
        if watcher.growing:
            parts.append(f"{watcher.growing} not complete yet")
        words = " · ".join(parts)
        self._view.show_state(f"{words}. {self._trouble}" if self._trouble else words, is_trouble=watcher.is_lost)


def said(event: Event) -> str | None:
    """Return what the user is told of *event*; None where that is nothing, and no words where an earlier message is over."""
    match event:
        case Vanished(path):
            return f"{path.name} disappeared before it was complete."
        case FolderLost(reason):
            return f"The folder cannot be looked at ({reason}). It is watched on as soon as it is back."
        case FolderBack():
            return ""
        case Full(left_out, is_cut):
            number = f"More than {left_out}" if is_cut else f"{left_out}"
            return f"{number} files are left out, there are too many. Watch a smaller folder, or give a pattern of names."
        case WillRetry(path, reason, wait):
            return f"{path.name} could not be read and is tried again in {wait:.0f} s: {reason}"
        case GivenUp(path, reason, tries):
            return f"{path.name} could not be read in {tries} attempts and is tried again when it changes: {reason}"
    return None


def ago(seconds: float) -> str:
    """Return a time gone by as one says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def _look(folder: Path, wanted: tuple[str, ...], report: Report) -> Look:
    return look(folder, wanted, report=report)
