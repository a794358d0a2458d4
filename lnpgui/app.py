"""Starts the window."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from lnpgui import faults, workers
from lnpgui.main_window import MainWindow
from lnpgui.paths import VERDICTS, data_folder
from lnpgui.settings import Settings

TIMES = "LNPSCOPE_TIMES"
"""Environment variable: "1" prints when each stage of the start was reached, "quit" closes the window after the first analyses too."""


_loaded = time.perf_counter()


def seconds_since_start() -> float:
    """Return the age of this process, to 0.01 s; where the system does not tell, the time since this module was loaded."""
    if sys.platform == "linux":
        ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.perf_counter() - _loaded


class Application(QApplication):
    """Takes the files that macOS sends as events; those that come before the window is there wait."""

    file_requested = Signal(object)  # Path

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        workers.use_threads(1)
        self.waiting: list[Path] = []
        self.setApplicationName("LNPScope")
        self.setApplicationDisplayName("LNPScope")
        self.setDesktopFileName("lnpscope")
        self.setStyle("Fusion")

    def event(self, event: QEvent) -> bool:
        """Take requests to open a file."""
        if isinstance(event, QFileOpenEvent):
            path = Path(event.file())
            self.waiting.append(path)
            self.file_requested.emit(path)
            return True
        return super().event(event)


class StartTimes(QObject):
    """Prints when each stage was reached, in seconds since the program began, and what of it the program was given to work."""

    def __init__(self, window: MainWindow, *, then_quit: bool) -> None:
        super().__init__(window)
        self._window = window
        self._then_quit = then_quit
        window.stage_reached.connect(self._on_stage)
        window.session.changed.connect(self._on_change)

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        sys.stdout.write(f"{stage}: {seconds_since_start():.2f} s, {time.process_time():.2f} s of processor\n")
        sys.stdout.flush()

    @Slot(object)
    def _on_change(self, _: object) -> None:
        if all(entry.is_settled for entry in self._window.session.entries):
            self._on_stage("analysed")
            if self._then_quit:
                QTimer.singleShot(0, self._window.close)


def _prune_verdicts() -> None:
    from lnpgui.verdicts import kept

    if (known := kept()) is not None:
        known.prune()


def main(files: Sequence[Path], prepare: Callable[[MainWindow], object] | None = None) -> int:
    """Open the window on *files*, or on an example, and return the exit code when it is closed; *prepare* gets it before it is shown."""
    app = Application(sys.argv[:1])
    faults.start_log()
    trouble = faults.Faults(app)
    trouble.install()
    window = MainWindow(Settings())
    app.file_requested.connect(lambda path: window.open([path]))
    folder = data_folder()
    if folder is not None:
        os.environ.setdefault(VERDICTS, str(folder / "verdicts"))  # for the processes that analyse
    crash = faults.last_crash()
    window.keeper.begin(folder, [*files, *app.waiting], restore=window.settings.restores_session)
    if crash:
        window.tell_last_crash(crash)
    if os.environ.get(TIMES):
        StartTimes(window, then_quit=os.environ[TIMES] == "quit")
    prepared = prepare(window) if prepare is not None else None
    window.show()
    code = app.exec()
    _prune_verdicts()
    del prepared
    if workers.live_jobs():  # a thread that will not stop cannot be ended safely; everything is saved, so leave without it
        sys.stdout.flush()
        os._exit(code)
    return code
