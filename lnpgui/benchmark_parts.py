"""What ``benchmark window`` measures inside the real window, each part in a process of its own: ``python -m lnpgui.benchmark_parts PART``.

A part prints its figures as one line of JSON and closes the window.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from engine.io.folder import find_files
from lnpgui import app
from lnpgui.main_window import MainWindow
from lnpgui.session import State

FAULT = 70
WORK_SECONDS = 6.0
TURNS = 5


class GapClock(QObject):
    """The longest pause between two ticks of a 10 ms timer in the GUI thread, and how much of a pause the program itself can have caused.

    The second is the processor time of all its threads meanwhile: the rest was taken by other programs on the machine.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=10)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.pauses: list[float] = []
        self.own = 0.0

    def start(self) -> None:
        """Begin anew."""
        self.pauses, self.own = [], 0.0
        self._last = (time.perf_counter(), time.process_time())
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        now = (time.perf_counter(), time.process_time())
        pause, worked = now[0] - self._last[0], now[1] - self._last[1]
        self.pauses.append(pause)
        self.own = max(self.own, min(pause, worked))
        self._last = now

    def figures(self) -> dict[str, float]:
        """Return the longest pause, that which one in a thousand exceeds, and the longest of our own making [s]."""
        ranked = sorted(self.pauses, reverse=True) or [0.0]
        return {"gap": ranked[0], "gap in a thousand": ranked[len(ranked) // 1000], "own gap": self.own}


class Part(QObject):
    """Something that is measured once the window is complete and has judged what it was opened with."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.clock = GapClock(self)
        self._is_begun = False
        self._look = QTimer(self, interval=20)
        self._look.timeout.connect(self._on_look)
        self._look.start()

    @property
    def is_settled(self) -> bool:
        """True when nothing is at work and everything is shown."""
        entries = self.window.session.entries
        still = not self.window.presenter.is_busy and self.window.is_shown
        return bool(entries) and all(entry.is_settled for entry in entries) and still

    @Slot()
    def _on_look(self) -> None:
        if not self._is_begun:
            if self.is_settled:
                self._is_begun = True
                QTimer.singleShot(700, self.begin)  # all panels are there, the warm-up is over
        else:
            self.look()

    def begin(self) -> None:
        """Start what is measured."""
        raise NotImplementedError

    def look(self) -> None:
        """Look whether it has ended; called often."""

    def end(self, figures: dict[str, Any]) -> None:
        """Print the figures and close the window."""
        self._look.stop()
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
        self.window.close()


class Verdict(Part):
    """Seconds from a drop to the verdict on the screen, for one file after another (a verdict once given is kept)."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._left = list(find_files([folder]))[:TURNS]
        self._path = self._left[0]
        self._times: list[float] = []
        self._began: float | None = None

    def begin(self) -> None:
        """Drop the next file."""
        self._path = self._left.pop(0)
        self._began = time.perf_counter()
        self.window.drop.dropped.emit((self._path,))

    def look(self) -> None:
        """Note the time when its verdict is shown, and drop the next."""
        entry = next((entry for entry in self.window.session.entries if entry.path == self._path), None)
        if self._began is None or entry is None or entry.state is not State.DONE or not self.is_settled:
            return
        self._times.append(time.perf_counter() - self._began)
        self._began = None
        if self._left:
            QTimer.singleShot(200, self.begin)
        else:
            self.end({"seconds": self._times})


class Batch(Part):
    """Seconds from a drop of folders until every file has its row and is judged or refused, and the longest pause of the window meanwhile.

    The table is then written through the panel, as a user does.
    """

    def __init__(self, window: MainWindow, folders: Sequence[Path], export: Path) -> None:
        super().__init__(window)
        self._folders = tuple(folders)
        self._export = export
        self._files = set(find_files(folders))
        self._figures: dict[str, Any] = {}
        window.turn_to("Batch")

    def begin(self) -> None:
        """Drop the folders."""
        self.clock.start()
        self._began = time.perf_counter()
        self.window.drop.dropped.emit(self._folders)

    def look(self) -> None:
        """Write the table when every file has its row and its verdict, and end when that is written."""
        panel = self.window.panel("Batch")
        if self._figures:
            if not panel.presenter.is_busy:
                self.end(self._figures)
            return
        mine = [entry for entry in self.window.session.entries if entry.path in self._files]
        if len({entry.path for entry in mine}) < len(self._files) or not self.is_settled:
            return
        self._figures = {
            "seconds": time.perf_counter() - self._began,
            "files": len(self._files),
            "curves": len(mine),
            "judged": sum(entry.state is State.DONE for entry in mine),
            "refused": sum(entry.state is State.FAILED for entry in mine),
            "rows": _rows_of(panel.view.table.rows, {entry.key for entry in mine}),
            **self.clock.figures(),
        }
        panel.presenter.write_table(self._export)


def _rows_of(rows: Any, keys: set[int]) -> int:
    """Return how many of the curves with these keys have a row."""
    return sum(line.entry.key in keys for line in rows.lines)


class Simulation(Part):
    """The longest pause of the window while the Simulate panel computes what takes it long."""

    PRESET = 6  # all four types
    SOLVER = "nufft"

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._is_started, self._began = False, 0.0
        window.turn_to("Simulate")

    def begin(self) -> None:
        """Choose sample and solver; the work begins when the panel offers it."""
        view = self.window.panel("Simulate").view
        view.preset_chosen.emit(self.PRESET)
        view.solver.setCurrentIndex(view.solver.findData(self.SOLVER))

    def look(self) -> None:
        """Start, and end after some seconds of work."""
        panel = self.window.panel("Simulate")
        if self._is_started:
            if time.perf_counter() - self._began > WORK_SECONDS:
                self.end({"at work": not panel.is_shown, **self.clock.figures()})
        elif panel.is_shown and panel.view.solver.currentData() == self.SOLVER and panel.view.start_button.isEnabled():
            self._is_started = True
            self.clock.start()
            self._began = time.perf_counter()
            panel.view.start_button.click()


class Training(Part):
    """The longest pause of the window during a whole small training, and after how long its first loss is seen."""

    CURVES = 40_000

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._first_loss: float | None = None
        self._is_started, self._began = False, 0.0
        window.turn_to("Train")

    def begin(self) -> None:
        """Start the training as a click does."""
        form = self.window.panel("Train").view.form
        form.budget.setItemData(form.budget.currentIndex(), ("Benchmark", self.CURVES))
        self.clock.start()
        self._began = time.perf_counter()
        self._is_started = True
        form.start_button.click()

    def look(self) -> None:
        """Note when the first loss is drawn; end with the training."""
        if not self._is_started:
            return
        panel = self.window.panel("Train")
        now = time.perf_counter() - self._began
        if self._first_loss is None and panel.view.loss.points[0]:
            self._first_loss = now
        if not panel.presenter.is_busy:
            self.end({"seconds": now, "first loss": self._first_loss, **self.clock.figures()})


class Frames(Part):
    """Frames a second of the 3-D picture."""

    def begin(self) -> None:
        """Measure at once."""
        from lnpgui.view3d.errors import NoOpenGL
        from lnpgui.view3d.frame_rate import measure

        try:
            found = measure()
        except NoOpenGL:
            self.end({})
            return
        self.end({"surfaces": found.surfaces, "clipped": found.clipped, "volume": found.volume})


class Refresh(Part):
    """How long ten curves of 2000 points with error bars take to draw."""

    def begin(self) -> None:
        """Measure at once."""
        from lnpgui.plots.timing import measure

        found = measure()
        self.end({"refresh": found.refresh, "repaint": found.repaint})


class Closing(QObject):
    """Closes the window a while after its work has begun, and prints when that was."""

    def __init__(self, window: MainWindow, after: float) -> None:
        super().__init__(window)
        self._window = window
        self._after = after
        self._look = QTimer(self, interval=5)
        self._look.timeout.connect(self._on_look)
        self._look.start()

    @Slot()
    def _on_look(self) -> None:
        if self._window.presenter.is_busy:
            self._look.stop()
            QTimer.singleShot(round(1000 * self._after), self._close)

    @Slot()
    def _close(self) -> None:
        at_work = self._window.presenter.is_busy
        sys.stdout.write(json.dumps({"closed at": time.time(), "at work": at_work}) + "\n")
        sys.stdout.flush()
        self._window.close()


def main(words: Sequence[str] | None = None) -> int:
    """Run one part and return the exit code of the window."""
    parser = argparse.ArgumentParser(prog="python -m lnpgui.benchmark_parts", description="Measure one part of the window.")
    parser.add_argument("part", choices=["verdict", "batch", "simulation", "training", "refresh", "frames", "closing"])
    parser.add_argument("--path", type=Path, default=Path(), help="file or folder to drop")
    parser.add_argument("--with-folder", type=Path, help="batch: another folder that is dropped with it")
    parser.add_argument("--export", type=Path, default=Path("export.json"), help="batch: where the table is written")
    parser.add_argument("--after", type=float, default=1.0, help="closing: seconds after the work has begun")
    arguments = parser.parse_args(words)
    folders = [folder for folder in (arguments.path, arguments.with_folder) if folder is not None]
    parts: dict[str, Callable[[MainWindow], QObject]] = {
        "verdict": partial(Verdict, folder=arguments.path),
        "batch": partial(Batch, folders=folders, export=arguments.export),
        "simulation": Simulation,
        "training": Training,
        "refresh": Refresh,
        "frames": Frames,
        "closing": partial(Closing, after=arguments.after),
    }

    def prepare(window: MainWindow) -> QObject:
        sys.excepthook = _end_at_once  # in place of a dialog that nobody would answer
        return parts[arguments.part](window)

    files = sorted(arguments.path.iterdir()) if arguments.part == "closing" else []
    return app.main(files, prepare)


def _end_at_once(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(FAULT)


if __name__ == "__main__":
    sys.exit(main())
