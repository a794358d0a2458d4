"""Tells a panel how far its work is: not before it has lasted a while, so that quick work does not flicker, and with the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.progress import Pace
from lnpgui import wording
from lnpgui.widgets.progress_line import Progress


class Telling(QObject):
    """What is told of one piece of work after another.

    Parameters
    ----------
    after_ms : int
        So long work must last before anything is told.
    clock : callable
        Seconds that are never set back.
    """

    told = Signal(object)  # Progress, or None when the work is over

    def __init__(self, parent: QObject, *, after_ms: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._pace = Pace(clock())
        self._newest: Progress | None = None
        self._first = QTimer(self, singleShot=True, interval=after_ms)
        self._first.timeout.connect(self._tell)

    def begin(self, words: str = "", share: float | None = 0.0) -> None:
        """Begin anew; the time left is reckoned from now on."""
        self._pace = Pace(self._clock())
        self._newest = Progress(share, words)
        self._first.start()

    def step(self, share: float, words: str = "", *, with_rest: bool = True) -> None:
        """Tell that *share* of the work is done, and how long the rest takes once that can be reckoned."""
        if self._newest is None:
            return  # a step that was on its way when the work ended
        rest = wording.time_left(self._pace.left(share, self._clock())) if with_rest else ""
        self._newest = Progress(share, ", ".join(part for part in (words, rest) if part))
        if not self._first.isActive():
            self._tell()

    def end(self) -> None:
        """Tell that it is over."""
        self._first.stop()
        self._newest = None
        self.told.emit(None)

    @Slot()
    def _tell(self) -> None:
        if self._newest is not None:
            self.told.emit(self._newest)
