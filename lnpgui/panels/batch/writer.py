"""Has results of the batch written in workers, one request at a time, and says how far that is and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.progress import Report, Step
from lnpgui.panels.batch import exports
from lnpgui.panels.batch.exports import Item
from lnpgui.telling import Telling
from lnpgui.workers import Failure, JobQueue, Processes, Work, most_processes

Page = Callable[[Path, str, Item, Report], None]
"""Writes one page: takes the folder, a name, the curve and a report."""


def page_jobs() -> tuple[Callable[[Work], Any], int, Callable[[], None]]:
    """Return what makes the jobs that draw pages, how many run at once, and what is called at the end.

    Drawing keeps the interpreter, so it is done in processes; those end with the request.
    """
    processes = Processes(most_processes())
    return processes.job, most_processes(), processes.close


class Writer(QObject):
    """Writes a table, or a page for each curve."""

    told = Signal(object)  # Progress, or None when nothing is written
    ended = Signal(str, bool)  # words, and whether they tell of trouble

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files = JobQueue(self)  # of the table, and of the folder for pages
        self._files.reported.connect(self._on_reported)
        self._files.done.connect(self._on_done)
        self._files.failed.connect(self._on_failed)
        self._files.cancelled.connect(self._on_cancelled)
        self._pages: JobQueue | None = None
        self._close: Callable[[], None] | None = None
        self._items: Sequence[Item] = ()
        self._what = ""
        self._write: Page | None = None
        self._target = Path()
        self._left = 0
        self._stopped = 0
        self._faults: list[str] = []
        self._telling = Telling(self, after_ms=0)
        self._telling.told.connect(self.told)
        self.is_busy = False

    def table(self, items: Sequence[Item], path: Path) -> None:
        """Write one table of *items*."""
        self._begin(items, "table", path)
        self._files.submit("table", partial(exports.write_table, path, tuple(items)))

    def pages(self, items: Sequence[Item], folder: Path, what: str, write: Page) -> None:
        """Write a page, a *what*, of each of *items* into *folder*."""
        self._begin(items, what, folder)
        self._write = write
        self._files.submit("folder", partial(exports.make_folder, folder))

    def cancel(self) -> None:
        """Stop; what is written stays."""
        self._files.cancel()
        if self._pages is not None:
            self._pages.cancel()

    def _begin(self, items: Sequence[Item], what: str, target: Path) -> None:
        if self.is_busy:
            raise RuntimeError("another request is under way")
        self.is_busy = True
        self._items, self._what, self._target = items, what, target
        self._faults = []
        self._telling.begin(f"Writing the {what} …" if what == "table" else f"Writing {what}s …")

    def _end(self, words: str, *, is_trouble: bool) -> None:
        if self._close is not None:
            self._close()
        self._pages, self._close = None, None
        self._items = ()
        self.is_busy = False
        self._telling.end()
        self.ended.emit(words, is_trouble)

    # -- one file ------------------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_reported(self, ticket: str, event: object) -> None:
        if ticket == "table" and isinstance(event, Step):
            self._telling.step(event.done / max(1, event.total), "Writing the table …")

    @Slot(object, object)
    def _on_done(self, ticket: str, _: object) -> None:
        if ticket == "table":
            self._end(f"Wrote {_number(len(self._items), 'curve')} to {self._target}.", is_trouble=False)
        elif self._write is not None:
            self._begin_pages(self._write)

    @Slot(object, object)
    def _on_failed(self, _: str, failure: Failure) -> None:
        self._end(failure.message, is_trouble=True)

    @Slot(object)
    def _on_cancelled(self, ticket: str) -> None:
        self._end(
            "Stopped: the table was not written." if ticket == "table" else f"Stopped: no {self._what} was written.", is_trouble=False
        )

    # -- many pages ----------------------------------------------------------------------------------------------------

    def _begin_pages(self, write: Page) -> None:
        make_job, width, self._close = page_jobs()
        pages = self._pages = JobQueue(self, make_job=make_job, width=width)
        pages.done.connect(self._on_page)
        pages.failed.connect(self._on_page_failed)
        pages.cancelled.connect(self._on_page_cancelled)
        pages.idle.connect(self._on_idle)
        self._left = len(self._items)
        self._stopped = 0
        for name, item in zip(exports.names(self._items), self._items, strict=True):
            pages.submit(name, partial(write, self._target, name, item))

    @Slot(object, object)
    def _on_page(self, _: str, __: object) -> None:
        self._left -= 1
        total = len(self._items)
        self._telling.step(1 - self._left / total, f"{total - self._left} of {_number(total, self._what)}")

    @Slot(object, object)
    def _on_page_failed(self, name: str, failure: Failure) -> None:
        self._faults.append(f"{name}: {failure.message}")
        self._on_page(name, None)

    @Slot(object)
    def _on_page_cancelled(self, _: str) -> None:
        self._stopped += 1

    @Slot()
    def _on_idle(self) -> None:
        total = len(self._items)
        written = total - self._stopped - len(self._faults)
        if self._stopped:
            self._end(f"Stopped: {written} of {_number(total, self._what)} are in {self._target}.", is_trouble=False)
        elif self._faults:
            self._end(f"{len(self._faults)} of {_number(total, self._what)} could not be written. {self._faults[0]}", is_trouble=True)
        else:
            self._end(f"Wrote {_number(total, self._what)} to {self._target}.", is_trouble=False)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
