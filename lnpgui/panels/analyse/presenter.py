"""Decides what the Analyse panel does: reads, analyses, drops late answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from engine.progress import Report, Step
from lnpgui import wording
from lnpgui.engine_calls import EngineCalls, warm_up
from lnpgui.panels.analyse.choosing import Choosing
from lnpgui.panels.analyse.drawing import Drawing
from lnpgui.panels.analyse.keeping import Keeping
from lnpgui.panels.analyse.view import AnalyseView
from lnpgui.request import PLAIN, Habit, Request
from lnpgui.session import Entry, Session, State, Ticket
from lnpgui.settings import Settings
from lnpgui.telling import Telling
from lnpgui.workers import Failure, JobQueue, Processes, most_processes

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis
    from engine.io.measurement import Measurement

MOST_CURVES = 5000
"""So many fit the list; more would be a wrong folder rather than a day's work."""
TAKEN_AT_ONCE = 200
"""So many found files are put in the list in one turn of the event loop, so that thousands in one drop do not hold up the window."""
PROGRESS_AFTER_MS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was read, and the request a capsule holds."""

    measurements: tuple[Measurement, ...]
    request: Request | None


class AnalysePresenter(QObject):
    """Listens to the view and the session, calls the engine in two queues, one reading and one analysing."""

    def __init__(
        self, view: AnalyseView, session: Session, settings: Settings, calls: EngineCalls | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._settings = settings
        self._calls = calls or EngineCalls()
        self._reading = JobQueue(self)
        self._processes = Processes(most_processes()) if self._calls.may_work_apart else None
        self._analysing = self._make_analysing()
        self._batch: set[int] = set()  # keys of the curves given since the last pause
        self._to_take: deque[Path] = deque()  # found files that are not in the list yet, or not asked for again
        self._shows_taken = False
        self._is_begun = False
        self._is_current_ours = False  # the shown curve was chosen by us, not by the user
        self._steps: dict[Any, Step] = {}  # of what is at work, by ticket
        self._telling = Telling(self, after_ms=PROGRESS_AFTER_MS)
        self._telling.told.connect(view.show_progress)
        self._show_soon = QTimer(self, singleShot=True, interval=0)  # several changes in one turn are shown once
        self._show_soon.timeout.connect(self._show)
        self._drawing = Drawing(view, session, self)
        self._choosing = Choosing(view, session, settings, self)
        self._choosing.made.connect(self.again)
        self._keeping = Keeping(view, session, self)
        view.set_folder(settings.folder)
        self._listen()

    def _make_analysing(self) -> JobQueue:
        """Return the queue of analyses: on all processors in processes of their own, so that the window never waits for one."""
        if self._processes is None:
            return JobQueue(self)
        return JobQueue(self, make_job=self._processes.job, width=most_processes())

    def _listen(self) -> None:
        view, session = self._view, self._session
        view.files_given.connect(self.open)
        view.chosen.connect(self.show)
        view.remove_requested.connect(self.remove)
        view.clear_requested.connect(self.clear)
        view.again_requested.connect(self.again)
        view.flip_requested.connect(self.flip)
        view.cancel_requested.connect(self.cancel)
        view.marked.connect(session.select)
        session.selected_changed.connect(view.mark_rows)
        session.offered.connect(self.take_in)
        session.asked.connect(self._on_asked)
        session.added.connect(self._on_added)
        session.changed.connect(self._on_changed)
        session.removed.connect(self._on_removed)
        session.current_changed.connect(self._on_current)
        session.numbers_changed.connect(self._show_soon.start)
        for queue, done in ((self._reading, self._on_read), (self._analysing, self._on_analysed)):
            queue.done.connect(done)
            queue.started.connect(self._on_started)
            queue.failed.connect(self._on_failed)
            queue.cancelled.connect(self._on_cancelled)
            queue.idle.connect(self._on_idle)
        self._analysing.reported.connect(self._on_reported)

    @property
    def is_busy(self) -> bool:
        """True while something is read, analysed or written."""
        return bool(self._to_take) or any(part.is_busy for part in (self._reading, self._analysing, self._choosing, self._keeping))

    @property
    def is_shown(self) -> bool:
        """True when the view shows the session as it is."""
        return not self._show_soon.isActive() and self._drawing.is_shown

    # -- what the user asks --------------------------------------------------------------------------------------------

    @Slot(object)
    def open(self, paths: Sequence[Path]) -> None:
        """Read and analyse files, and every file in the folders among them."""
        if paths:
            first = paths[0]
            self._settings.folder = first if first.is_dir() else first.parent
            self._view.set_folder(self._settings.folder)
            self._view.show_notice("")
            self._reading.submit(tuple(paths), partial(_find, self._calls, tuple(paths)))
            self._begin()

    @Slot(object)
    def take_in(self, files: Sequence[Path]) -> None:
        """Read and analyse files that came by themselves; what is in view stays."""
        self._take_files(files, show=False)

    @Slot(object)
    def show(self, key: int | None) -> None:
        """Show the curve the user chose."""
        self._is_current_ours = False
        self._session.show(key)

    @Slot(object)
    def remove(self, keys: Sequence[int]) -> None:
        """Take curves off the list and drop the work on them."""
        self._session.remove(keys)
        self._drop_work_on(set(keys))

    @Slot()
    def clear(self) -> None:
        """Take all curves off the list."""
        self._session.remove([entry.key for entry in self._session.entries])
        self.cancel()

    @Slot(object)
    def again(self, keys: Sequence[int]) -> None:
        """Read and analyse curves again."""
        for key in keys:
            entry = self._session.entry(key)
            if entry is not None:
                self._read(entry, first=False)

    @Slot()
    def flip(self) -> None:
        """Read the shown file with q in the other unit, and remember that for its folder."""
        entry = self._session.current
        if entry is None or entry.measurement is None or entry.request.parts:
            return
        unit = entry.measurement.q_unit.other
        self._settings.confirm_unit(entry.path.parent, unit)
        for other in self._session.entries:
            if other.path == entry.path and not other.request.parts:
                self._session.ask(other.key, replace(other.request, q_unit=unit))

    @Slot()
    def cancel(self) -> None:
        """Stop everything that runs or waits."""
        self._to_take.clear()
        self._reading.cancel()
        self._analysing.cancel()
        self._on_idle()

    @Slot()
    def stop(self) -> None:
        """Stop everything; the window closes."""
        self.cancel()

    # -- asking the engine ---------------------------------------------------------------------------------------------

    def _read(self, entry: Entry, *, first: bool) -> None:
        key = entry.key
        entry = self._session.update(key, state=State.READING, error=None, analysis=None, revision=entry.revision + 1)
        if entry.revision > 1:
            self._drop_work_on({key})
        work = partial(_read, self._calls, entry.path, entry.request, self._settings.habit(entry.path.parent))
        self._batch.add(key)
        self._reading.submit(Ticket(key, entry.revision), work, first=first)
        self._begin()

    @Slot(object, object, object)
    def _on_asked(self, entry: Entry, old: Request, new: Request) -> None:
        """Do what a changed request needs: read the file again, or judge what was read."""
        measurement = entry.measurement
        if measurement is None or old.reading != new.reading:
            self._read(entry, first=True)
            return
        self._drop_work_on({entry.key})
        self._analyse(self._session.update(entry.key, analysis=None, error=None), measurement, first=True)
        self._begin()

    def _analyse(self, entry: Entry, measurement: Measurement, *, first: bool) -> None:
        entry = self._session.update(entry.key, state=State.WAITING, revision=entry.revision + 1)
        self._batch.add(entry.key)
        self._analysing.submit(
            Ticket(entry.key, entry.revision), partial(self._calls.analyse, measurement.curve, entry.request), first=first
        )

    def _drop_work_on(self, keys: set[int]) -> None:
        for queue in (self._reading, self._analysing):
            queue.cancel(lambda ticket: isinstance(ticket, Ticket) and ticket.key in keys)

    # -- answers -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_started(self, ticket: Any) -> None:
        entry = self._session.waiting_for(ticket) if isinstance(ticket, Ticket) else None
        if entry is not None and entry.state is State.WAITING:
            self._session.update(entry.key, state=State.ANALYSING)

    @Slot(object, object)
    def _on_reported(self, ticket: Any, event: object) -> None:
        match event:
            case Step():
                self._steps[ticket] = event
                self._tell_progress()

    @Slot(object, object)
    def _on_read(self, ticket: Any, result: Any) -> None:
        if isinstance(ticket, Ticket):
            self._take_measurements(ticket, result)
        else:
            self._take_files(result)

    def _take_files(self, files: Sequence[Path], *, show: bool = True) -> None:
        """Put found files in the list and read them; those in the list already are read again."""
        known, waiting = self._known(), set(self._to_take)
        fresh = [path for path in files if path not in known and path not in waiting]
        room = max(0, MOST_CURVES - len(self._session.entries) - len(waiting - known.keys()))
        if not files:
            self._view.show_notice("No files were found there.")
        elif len(fresh) > room:
            self._view.show_notice(
                f"{len(fresh) - room} of {len(fresh)} files were left out: the list takes {MOST_CURVES} curves. Clear it first."
            )
        self._to_take.extend((*fresh[:room], *(path for path in files if path in known)))
        self._shows_taken = show
        self._take_some()

    def _known(self) -> dict[Path, Entry]:
        return {entry.path: entry for entry in self._session.entries if entry.part == 0 and not entry.request.parts}

    @Slot()
    def _take_some(self) -> None:
        """Take as many of the found files as do not hold up the window, and the rest in the next turn."""
        some = [self._to_take.popleft() for _ in range(min(TAKEN_AT_ONCE, len(self._to_take)))]
        known = self._known()
        new = self._session.add([path for path in some if path not in known])
        old = [known[path] for path in some if path in known]
        for entry in (*old, *new):
            self._read(entry, first=False)
        if (shown := (*new, *old)) and (self._shows_taken or self._session.current is None):  # a drop is a wish to see what was dropped
            self._session.show(shown[0].key)
            self._is_current_ours, self._shows_taken = True, False
        if self._to_take:
            QTimer.singleShot(0, self, self._take_some)

    def _take_measurements(self, ticket: Ticket, found: Found) -> None:
        entry = self._session.waiting_for(ticket)
        if entry is None:
            return
        measurements = found.measurements
        if found.request is not None:  # a capsule's own, which nobody changed
            entry = self._session.update(entry.key, request=found.request)
        known = {other.part for other in self._session.entries if other.path == entry.path and not other.request.parts}
        mine = measurements[min(entry.part, len(measurements) - 1)]
        if self._session.current is None or (self._is_current_ours and self._session.current.state is State.FAILED):
            self._session.show(entry.key)  # rather a curve than the error we happened to begin with
        first = self._session.current is not None and self._session.current.key == entry.key
        self._analyse(self._session.update(entry.key, measurement=mine, name=mine.name), mine, first=first)
        if entry.part == 0 and len(known) == 1 and len(measurements) > 1 and not entry.request.parts:
            for part in self._session.add_parts(entry, measurements[1:]):
                if part.measurement is not None:
                    self._analyse(part, part.measurement, first=False)

    @Slot(object, object)
    def _on_analysed(self, ticket: Ticket, analysis: Analysis) -> None:
        self._steps.pop(ticket, None)
        if self._session.waiting_for(ticket) is not None:
            self._session.update(ticket.key, state=State.DONE, analysis=analysis)

    @Slot(object, object)
    def _on_failed(self, ticket: Any, failure: Failure) -> None:
        self._steps.pop(ticket, None)
        if not isinstance(ticket, Ticket):
            self._fail_paths(ticket, failure)
        elif self._session.waiting_for(ticket) is not None:
            self._session.update(ticket.key, state=State.FAILED, error=failure.message)

    def _fail_paths(self, paths: Sequence[Path], failure: Failure) -> None:
        """Show what became of a drop that could not even be looked through."""
        for entry in self._session.add(paths):
            self._session.update(entry.key, state=State.FAILED, error=failure.message)

    @Slot(object)
    def _on_cancelled(self, ticket: Any) -> None:
        self._steps.pop(ticket, None)
        entry = self._session.waiting_for(ticket) if isinstance(ticket, Ticket) else None
        if entry is not None:
            self._session.update(entry.key, state=State.STOPPED, revision=entry.revision + 1)

    @Slot()
    def _on_idle(self) -> None:
        if not self.is_busy:
            self._batch.clear()
            self._steps.clear()
            self._is_begun = False
            self._telling.end()
            self._view.show_busy(False)

    # -- showing -------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Offer to stop at once, and show the progress if the work lasts."""
        if self.is_busy and not self._is_begun:
            self._is_begun = True
            self._telling.begin("Reading")
            if self._processes is not None:
                self._processes.warm(warm_up)
            self._view.show_busy(True)

    def _tell_progress(self) -> None:
        left = sum(entry.key in self._batch and not entry.is_settled for entry in self._session.entries)
        total = max(1, len(self._batch))
        done = total - max(1, left)
        begun = sum(step.done / max(1, step.total) for step in self._steps.values())
        share = min(1.0, (done + min(begun, left)) / total)
        newest = next((step.message for step in reversed(self._steps.values()) if step.message), "")
        words = f"{done + 1} of {total} curves" if total > 1 else "Analysing"
        words = f"{words}: {newest}" if newest else words
        self._telling.step(share, words, with_rest=total > 1)

    @Slot(object, object)
    def _on_added(self, entries: Sequence[Entry], after: int | None) -> None:
        self._view.add_rows([wording.row(entry) for entry in entries], after)

    @Slot(object)
    def _on_changed(self, entry: Entry) -> None:
        self._view.replace_row(wording.row(entry))
        if self._session.current is not None and self._session.current.key == entry.key:
            self._show_soon.start()

    @Slot(object)
    def _on_removed(self, keys: Sequence[int]) -> None:
        self._view.remove_rows(keys)

    @Slot(object)
    def _on_current(self, entry: Entry | None) -> None:
        self._view.make_current(None if entry is None else entry.key)
        self._show_soon.start()
        if entry is not None:
            self._analysing.promote(Ticket(entry.key, entry.revision))  # who looks at it waits for it

    @Slot()
    def _show(self) -> None:
        entry = self._session.current
        measurement = None if entry is None else entry.measurement
        is_made = entry is not None and bool(entry.request.parts)
        self._drawing.show(entry)
        self._choosing.show(entry)
        self._keeping.show(entry)
        self._view.show_reading(None if measurement is None else wording.reading(measurement, is_made=is_made))
        self._view.show_card(None if entry is None else wording.card(entry, self._session.numbers))


# -- work, done in a worker --------------------------------------------------------------------------------------------


def _find(calls: EngineCalls, paths: tuple[Path, ...], report: Report) -> tuple[Path, ...]:
    report(Step(0, 1, "looking for files"))
    return calls.find_files(paths)


def _read(calls: EngineCalls, path: Path, request: Request, habit: Habit, report: Report) -> Found:
    report(Step(0, 1, f"reading {path.name}"))
    return Found(
        calls.read(path, request, habit, report),
        calls.kept_request(path) if replace(request, model=PLAIN.model, types=PLAIN.types) == PLAIN else None,
    )
