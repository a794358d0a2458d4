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

from engine.progress import Report, Step
from lnpgui import app
from lnpgui.main_window import MainWindow
from lnpgui.session import State
from lnpgui.workers import JobQueue

FAULT = 70
WORK_SECONDS = 5.0
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
    """Seconds from a drop to the verdict on the screen, several times."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self._path = path
        self._times: list[float] = []
        self._began: float | None = None

    def begin(self) -> None:
        """Drop the file."""
        self._began = time.perf_counter()
        self.window.drop.dropped.emit((self._path,))

    def look(self) -> None:
        """Note the time when its verdict is shown, and drop it again."""
        entry = next((entry for entry in self.window.session.entries if entry.path == self._path), None)
        if self._began is None or entry is None or entry.state is not State.DONE or not self.is_settled:
            return
        self._times.append(time.perf_counter() - self._began)
        self._began = None
        if len(self._times) < TURNS:
            QTimer.singleShot(200, self.begin)
        else:
            self.end({"seconds": self._times})


class Batch(Part):
    """Seconds from a drop of a folder until its table is complete, and the longest pause of the window meanwhile."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._folder = folder
        self._count = sum(1 for _ in folder.iterdir())
        window.turn_to("Batch")

    def begin(self) -> None:
        """Drop the folder."""
        self.clock.start()
        self._began = time.perf_counter()
        self.window.drop.dropped.emit((self._folder,))

    def look(self) -> None:
        """End when every curve of the folder has its row and its verdict."""
        mine = [entry for entry in self.window.session.entries if entry.path.parent == self._folder]
        if len(mine) < self._count or not self.is_settled:
            return
        judged = sum(entry.state is State.DONE for entry in mine)
        seconds = time.perf_counter() - self._began
        rows = self.window.panel("Batch").view.table.rows.rowCount()
        self.end({"seconds": seconds, "judged": judged, "rows": rows, "same": self._equals_alone(), **self.clock.figures()})

    def _equals_alone(self) -> bool:
        """Return whether the export holds, to the last digit, what an analysis of the curve alone gives; three curves are tried."""
        from engine.inference.analyse import analyse
        from engine.io.read import read
        from engine.io.results import answered, to_json
        from lnpgui.panels.batch.exports import items, record

        def words(found: dict[str, Any]) -> str:
            return to_json({**found, "seconds": None})

        written = [item for item in items(self.window.session.entries) if item.path.parent == self._folder and item.analysis is not None]
        for item in written[:: max(1, len(written) // 3)][:3]:
            alone = read(item.path)[0]
            if words(record(item)) != words(answered(str(item.path), alone, analyse(alone.curve))):
                return False
        return bool(written)


class Simulation(Part):
    """The longest pause of the window while a simulation runs on its thread."""

    def begin(self) -> None:
        """Start the work."""
        self._queue = JobQueue(self)
        self._queue.done.connect(self._on_done)
        self.clock.start()
        self._queue.submit("simulation", _simulate)

    @Slot(object, object)
    def _on_done(self, _: object, curves: int) -> None:
        self.end({"curves": curves, **self.clock.figures()})


def _simulate(report: Report) -> int:
    """Compute exact curves for some seconds and return how many."""
    import numpy as np

    from engine.models.two_compartment import TwoCompartment
    from engine.scattering.exact import form_factor

    q, began, done = np.linspace(0.02, 3.14, 500), time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < WORK_SECONDS:
        report(Step(round(passed), round(WORK_SECONDS)))
        form_factor(TwoCompartment(diameter=60.0 + done % 40), q)
        done += 1
    return done


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
    parser.add_argument("part", choices=["verdict", "batch", "simulation", "refresh", "frames", "closing"])
    parser.add_argument("--path", type=Path, default=Path(), help="file or folder to drop")
    parser.add_argument("--after", type=float, default=1.0, help="closing: seconds after the work has begun")
    arguments = parser.parse_args(words)
    parts: dict[str, Callable[[MainWindow], QObject]] = {
        "verdict": partial(Verdict, path=arguments.path),
        "batch": partial(Batch, folder=arguments.path),
        "simulation": Simulation,
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
