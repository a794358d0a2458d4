"""Keeps the session on disk while the user works, so that a crash, a kill or a power cut loses a few seconds at most."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal, Slot

from engine.errors import DataFileError
from engine.progress import Report
from lnpgui.session_file import ENDING, SavedSession, read_session, write_session
from lnpgui.workers import Failure, JobQueue

AFTER_MS, LATEST_MS = 1500, 5000
"""So long after the last change, and at the latest so long after the first one, the session is written."""
NAME = f"last{ENDING}"
_log = logging.getLogger(__name__)


class Autosave(QObject):
    """Writes what *current* returns into *folder* when told that it changed; only the first of several programs does.

    Parameters
    ----------
    folder : Path or None
        Where; None when the user has no place of his own.
    current : callable
        Returns the session as it is.
    """

    troubled = Signal(str)  # a sentence: from now on, or this time, the session is not kept

    def __init__(self, folder: Path | None, current: Callable[[], SavedSession], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self._path = None if folder is None else folder / NAME
        self._lock: QLockFile | None = None
        self._written = ""
        self._is_troubled = False
        self._queue = JobQueue(self)
        self._queue.failed.connect(self._on_failed)
        self._queue.done.connect(self._on_done)
        self._soon = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._soon.timeout.connect(self.save)
        self._latest = QTimer(self, singleShot=True, interval=LATEST_MS)
        self._latest.timeout.connect(self.save)

    @property
    def is_on(self) -> bool:
        """True when changes are kept."""
        return self._lock is not None

    def begin(self) -> tuple[SavedSession | None, str]:
        """Return the session of the last time, None if there is none, and a sentence on what is wrong, "" if nothing is."""
        if self._path is None:
            return None, "There is no folder for the program's own files; this session is not kept."
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return None, f"{self._path.parent} cannot be made ({error.strerror}); this session is not kept."
        lock = QLockFile(str(self._path.with_suffix(".lock")))
        lock.setStaleLockTime(0)  # a long day is no reason; a process that is gone is
        if not lock.tryLock(100):
            if lock.error() is QLockFile.LockError.LockFailedError:
                return None, "LNPScope runs a second time; the session of this window is not kept."
            return None, f"{self._path.parent} cannot be written; this session is not kept."
        self._lock = lock
        if not self._path.exists():
            return None, ""
        try:
            return read_session(self._path), ""
        except DataFileError as error:
            return None, f"The last session did not come back. {error} {self._put_aside()}"

    def _put_aside(self) -> str:
        """Rename a file that is no session, so that it is not overwritten, and say so."""
        if self._path is None:
            return ""
        aside = self._path.with_name(f"unread {datetime.now():%Y-%m-%d %H%M%S}{ENDING}")
        try:
            self._path.replace(aside)
        except OSError:
            return "It will be written over."
        return f"It is kept as {aside.name}."

    @Slot()
    def touch(self) -> None:
        """Hear that something changed."""
        if self.is_on:
            self._soon.start()
            if not self._latest.isActive():
                self._latest.start()

    @Slot()
    def save(self) -> None:
        """Write the session in a worker, unless it is as it was."""
        self._soon.stop()
        self._latest.stop()
        if self._lock is None or self._path is None:
            return
        if self._queue.is_busy:
            self._soon.start()
            return
        saved = self._current()
        text = saved.to_json()
        if text != self._written:
            path = self._path

            def write(_: Report) -> None:
                write_session(path, saved)

            self._queue.submit(text, write)

    @Slot(object, object)
    def _on_done(self, text: str, _: object) -> None:
        self._written = text
        self._is_troubled = False

    @Slot(object, object)
    def _on_failed(self, _: object, failure: Failure) -> None:
        if not self._is_troubled:  # once is enough, until it goes well again
            self._is_troubled = True
            self.troubled.emit(f"The session is not kept. {failure.message}")

    def end(self) -> None:
        """Write for the last time, at once, and let another program have the place."""
        self._soon.stop()
        self._latest.stop()
        if self._lock is None or self._path is None:
            return
        with contextlib.suppress(DataFileError):
            write_session(self._path, self._current())
        self._lock.unlock()
        self._lock = None
