"""Times that are the program's own: on a busy machine, what other programs took is left out."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer


def waited(process: int | str = "self") -> float:
    """Return how long the threads of a process have stood ready without a processor, in all [s]; 0 where the system does not say."""
    total = 0
    for task in Path(f"/proc/{process}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue  # the thread has ended
    return total / 1e9


class OwnClock:
    """Measures a time less what the threads waited for a processor that other programs had; idle waiting counts in full."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), waited()

    @property
    def seconds(self) -> float:
        """Own time since the clock was made."""
        return max(0.0, time.perf_counter() - self._began[0] - (waited() - self._began[1]))


def time_to_end(process: subprocess.Popen[str], patience: float) -> float:
    """Return how long a process still took to end [s], less what it waited for a processor that other programs had."""
    began, before, after = time.perf_counter(), waited(process.pid), 0.0
    while process.poll() is None and time.perf_counter() - began < patience:
        after = max(after, waited(process.pid))  # a thread that has ended is no longer counted
        time.sleep(0.02)
    return max(0.0, time.perf_counter() - began - max(0.0, after - before))


class GapClock(QObject):
    """Measures the longest pause between two ticks of a 10 ms timer, less what other programs on the machine took of it."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=10)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self._last, self.worst = _now(), 0.0
        self._timer.start()

    def stop(self) -> float:
        """Return the longest pause [s]."""
        self._tick()
        self._timer.stop()
        return self.worst

    def _tick(self) -> None:
        now = _now()
        wall, worked, delayed = (after - before for after, before in zip(now, self._last, strict=True))
        self._last, self.worst = now, max(self.worst, min(wall - delayed, worked))


def _now() -> tuple[float, float, float]:
    """Return wall time, time of processor of all threads (also one that holds the interpreter), and waiting of this thread [s]."""
    try:
        delayed = int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        delayed = 0.0
    return time.perf_counter(), time.process_time(), delayed
