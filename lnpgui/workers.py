"""Long work off the GUI thread: jobs on threads, in processes, in warm processes, and a queue of jobs. The one module that knows threads.

A job is started once and ends once. Its signals are ``reported`` (any event of the work), then exactly one of ``done``,
``failed`` and ``cancelled``, then ``finished``. All arrive in the GUI thread, provided that they are connected to bound methods
of QObjects (plain functions and lambdas connected to another thread's signal would run in that thread).
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import threading
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from engine.errors import Cancelled, EngineError
from engine.parallel import worker_count
from engine.progress import Report, Step
from lnpgui import crashes

Work = Callable[[Report], Any]
"""Takes ``report`` and returns the result. Work for a process must be importable: a module's function or a partial of one."""

STEP_INTERVAL = 0.03  # [s]; more frequent steps than the eye can follow only fill the GUI's event queue
KILL_AFTER_MS = 2000
GONE_WITHIN = 1.0  # [s]; a child that has sent its result and does not go by itself is killed
QUEUE_LIMIT = 10_000
MOST_PROCESSES = 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job has no result: a sentence for the user, and a traceback when the fault is ours (else empty)."""

    message: str
    details: str = ""


def _failure(error: BaseException) -> Failure:
    """Return what to show for *error*; log it with its traceback unless the user can mend it."""
    if isinstance(error, EngineError):
        return Failure(str(error))
    details = "".join(traceback.format_exception(error))
    return Failure(f"A fault of ours, not of your file: {type(error).__name__}: {error}", details)


def _death(exit_code: int | None, trace: crashes.Trace) -> Failure:
    """Return what to show of a child process that has ended without a word."""
    cause = crashes.cause(exit_code)
    return Failure(f"The worker process ended unexpectedly ({cause}). Try again.", f"{cause}\n{trace.read()}".rstrip())


def _run(work: Work, report: Report) -> tuple[str, Any]:
    """Return how *work* ended, and its result or Failure. Nothing leaves it."""
    try:
        return "done", work(report)
    except Cancelled:
        return "cancelled", None
    except BaseException as error:
        return "failed", _failure(error)


class _Troubles(QObject):
    """Tells of every fault of ours in a job, whoever started it."""

    told = Signal(str, str)  # sentence, details


troubles = _Troubles()


class _Throttle:
    """Lets every event through but steps that follow one another too closely."""

    def __init__(self) -> None:
        self._last = -1.0

    def passes(self, event: object) -> bool:
        if not isinstance(event, Step):
            return True
        now = time.monotonic()
        if event.done < event.total and now - self._last < STEP_INTERVAL:
            return False
        self._last = now
        return True


_live: set[Job] = set()


def most_processes() -> int:
    """Return how many processes analyse at once: one for each processor, but not more than memory allows (each takes some 150 MB)."""
    return min(MOST_PROCESSES, worker_count())


def use_threads(count: int) -> None:
    """Let numerical libraries that are not loaded yet use *count* threads.

    The matrices of a fit are small: on two cores a second thread makes it five times slower, and takes the core that paints.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = str(count)


class Job(QObject):
    """One piece of long work."""

    reported = Signal(object)
    done = Signal(object)
    failed = Signal(object)  # Failure
    cancelled = Signal()
    finished = Signal()

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    @property
    def is_running(self) -> bool:
        """True from start until the end was told."""
        return self in _live

    def start(self) -> None:
        """Begin; the job keeps itself alive until it has finished."""
        _live.add(self)
        self._start()

    def cancel(self) -> None:
        """Ask the work to stop; it obeys at its next report. No result will come."""
        raise NotImplementedError

    def wait(self, timeout_ms: int) -> bool:
        """Block until the work has ended; False if it has not in time. For the end of the program only."""
        raise NotImplementedError

    def _start(self) -> None:
        raise NotImplementedError

    def _end(self, kind: str, payload: Any) -> None:
        if self not in _live:
            return
        if kind == "done":
            self.done.emit(payload)
        elif kind == "failed":
            if payload.details:
                _log.error("%s\n%s", payload.message, payload.details)
                troubles.told.emit(payload.message, payload.details)
            self.failed.emit(payload)
        else:
            self.cancelled.emit()
        _live.discard(self)
        self.finished.emit()


class _Runner(QObject):
    """Lives in the thread and does the work there."""

    reported = Signal(object)
    ended = Signal(str, object)

    def __init__(self, work: Work, stop: threading.Event) -> None:
        super().__init__()
        self._work = work
        self._stop = stop
        self._throttle = _Throttle()

    @Slot()
    def run(self) -> None:
        kind, payload = _run(self._work, self._report)
        self.ended.emit(*(("cancelled", None) if self._stop.is_set() else (kind, payload)))

    def _report(self, event: object) -> None:
        if self._stop.is_set():
            raise Cancelled
        if self._throttle.passes(event):
            self.reported.emit(event)


class ThreadJob(Job):
    """Work on a QThread: for numpy, scipy and files, which let other threads run."""

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._stop = threading.Event()

    def _start(self) -> None:
        self._thread = QThread()
        self._runner = _Runner(self.work, self._stop)  # no parent, it must be movable
        self._runner.moveToThread(self._thread)
        self._thread.started.connect(self._runner.run)
        self._runner.reported.connect(self.reported)
        self._runner.ended.connect(self._on_ended)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop; it obeys at its next report."""
        self._stop.set()

    def wait(self, timeout_ms: int) -> bool:
        """Block until the thread has ended; False if it has not in time."""
        self._thread.quit()
        return self._thread.wait(max(0, timeout_ms))

    @Slot(str, object)
    def _on_ended(self, kind: str, payload: Any) -> None:
        self._thread.quit()
        self._thread.wait()
        self._end(kind, payload)


def _child(connection: Any, stop: Any, work: Work, threads: int, nice: int, trace: str | None) -> None:
    """Do *work* in a child process and send events and end through *connection*."""
    crashes.tell(trace)
    use_threads(threads)
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    throttle = _Throttle()

    def report(event: object) -> None:
        if stop.is_set():
            raise Cancelled
        if throttle.passes(event):
            connection.send(("reported", event))

    try:
        connection.send(_run(work, report))
    finally:
        connection.close()


class ProcessJob(Job):
    """Work in a spawned process: for training and Python-heavy loops, for what may crash or must be killable.

    Parameters
    ----------
    work : callable
        Must be importable, like its result: it crosses to the child and back.
    threads : int, optional
        Numerical threads in the child; all cores but one when not given.
    nice : int
        By how much the child yields to others (where the system knows that).
    """

    def __init__(self, work: Work, *, threads: int | None = None, nice: int = 5) -> None:
        super().__init__(work)
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self._nice = nice
        self._last: tuple[str, Any] | None = None  # how it ended, while the child is still going
        self._gone_at = 0.0

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a forked child of a Qt or torch process hangs
        self._connection, child = context.Pipe(duplex=False)
        self._stop = context.Event()
        self._trace = crashes.Trace()
        words = (child, self._stop, self.work, self._threads, self._nice, self._trace.path)
        self._process = context.Process(target=_child, args=words, daemon=True)
        self._process.start()
        child.close()
        self._poll = QTimer(self, interval=30)
        self._poll.timeout.connect(self._on_poll)
        self._poll.start()

    def cancel(self) -> None:
        """Ask the child to stop; it is killed when it has not after two seconds."""
        if self.is_running and not self._stop.is_set():
            self._stop.set()
            QTimer.singleShot(KILL_AFTER_MS, self, self._kill)

    def wait(self, timeout_ms: int) -> bool:
        """Block until the child has ended; it is killed when it has not in time."""
        self._poll.stop()
        self._process.join(max(0, timeout_ms) / 1000)
        self._kill()
        self._process.join(1)
        self._connection.close()
        self._trace.remove()
        return not self._process.is_alive()

    @Slot()
    def _kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()

    @Slot()
    def _on_poll(self) -> None:
        if self._last is not None:
            self._reap(*self._last)
            return
        try:
            while self._connection.poll():
                kind, payload = self._connection.recv()
                if kind != "reported":
                    self._close(kind, payload)
                    return
                self.reported.emit(payload)
        except (EOFError, OSError):
            self._close("lost", None)

    def _close(self, kind: str, payload: Any) -> None:
        self._last, self._gone_at = (kind, payload), time.monotonic() + GONE_WITHIN
        self._connection.close()
        self._reap(kind, payload)

    def _reap(self, kind: str, payload: Any) -> None:
        """Tell the end once the child is gone. The window never waits for that: with torch loaded it takes a while on a busy machine."""
        if self._process.is_alive():
            if time.monotonic() > self._gone_at:
                self._process.kill()
            return
        self._poll.stop()
        if kind == "lost":
            kind, payload = "failed", _death(self._process.exitcode, self._trace)
        self._trace.remove()
        self._end(*(("cancelled", None) if self._stop.is_set() else (kind, payload)))


class Processes:
    """Spawned processes that stay warm between jobs: what they have imported serves the next job too.

    Parameters
    ----------
    most : int
        So many stay for later jobs; a further job still gets a process, which ends with it.
    nice : int
        By how much they yield to the window (where the system knows that).
    """

    def __init__(self, most: int, *, nice: int = 5) -> None:
        self._most = most
        self._nice = nice
        self._idle: list[_Child] = []
        _pools.add(self)

    def job(self, work: Work) -> Job:
        """Return a job that does *work*, which must be importable, in one of the processes."""
        return PooledJob(work, self)

    def warm(self, work: Work, count: int = 1) -> None:
        """Start processes ahead of their jobs and let each do *work* once, for the sake of what it imports and keeps."""
        for _ in range(min(count, self._most) - len(self._idle)):
            self.job(work).start()

    def take(self) -> _Child:
        """Return a process that is free."""
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.close()
        return _Child(self._nice)

    def give_back(self, child: _Child) -> None:
        """Keep a process that has done its job for the next one."""
        if child.is_alive and len(self._idle) < self._most:
            self._idle.append(child)
        else:
            child.close()

    def close(self) -> None:
        """End the processes that are free; those at work end with their jobs."""
        while self._idle:
            self._idle.pop().close()
        self._most = 0


_pools: weakref.WeakSet[Processes] = weakref.WeakSet()


class _Child:
    """One warm process and the line to it. It ends by itself when the line is closed, also when the program is killed."""

    def __init__(self, nice: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, end = context.Pipe(duplex=True)
        self.is_ready = False
        self._trace = crashes.Trace()
        self._process = context.Process(target=_warm_child, args=(end, nice, self._trace.path), daemon=True)
        self._process.start()
        end.close()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def failure(self) -> Failure:
        """Return what to show of it when it has ended by itself."""
        self._process.join(1)
        return _death(self._process.exitcode, self._trace)

    def send(self, message: object) -> None:
        """Send work, or None to stop it. One that has died is noticed when its answer is awaited."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def kill(self) -> None:
        self._process.kill()

    def close(self, wait: float = 0.0) -> None:
        """Let it end."""
        self.connection.close()
        self._process.join(wait)
        self._trace.remove()


def _warm_child(connection: Any, nice: int, trace: str | None) -> None:
    """Do one piece of work after another until the line closes. Anything sent during work is the wish to stop it."""
    crashes.tell(trace)
    use_threads(1)
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    throttle = _Throttle()

    def report(event: object) -> None:
        if connection.poll():
            raise Cancelled
        if throttle.passes(event):
            connection.send(("reported", event))

    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send(("ready", None))
        while True:
            work = connection.recv()
            if work is not None:  # else a wish to stop that came too late
                connection.send(_run(work, report))


class PooledJob(Job):
    """Work in a warm process of :class:`Processes`."""

    def __init__(self, work: Work, processes: Processes) -> None:
        super().__init__(work)
        self._processes = processes
        self._stopped = False

    def _start(self) -> None:
        self._child = self._processes.take()
        if self._child.is_ready:
            self._child.send(self.work)
        self._poll = QTimer(self, interval=20)
        self._poll.timeout.connect(self._on_poll)
        self._poll.start()

    def cancel(self) -> None:
        """Ask the process to stop; it is killed when it has not after two seconds."""
        if self.is_running and not self._stopped:
            self._stopped = True
            self._child.send(None)
            QTimer.singleShot(KILL_AFTER_MS, self, self._kill)

    def wait(self, timeout_ms: int) -> bool:
        """Let the process go. It holds nothing that must be saved, so nobody waits for its work."""
        self._poll.stop()
        self._child.kill()
        self._child.close(max(0, timeout_ms) / 1000)
        return not self._child.is_alive

    @Slot()
    def _kill(self) -> None:
        if self.is_running:
            self._child.kill()

    @Slot()
    def _on_poll(self) -> None:
        try:
            while self._child.connection.poll():
                kind, payload = self._child.connection.recv()
                if kind == "ready":
                    self._child.is_ready = True
                    self._child.send(None if self._stopped else self.work)  # it waits for it: a long message does not block
                    if self._stopped:
                        self._close("cancelled", None)
                        return
                elif kind == "reported":
                    self.reported.emit(payload)
                else:
                    self._close(kind, payload)
                    return
        except (EOFError, OSError):
            self._close("failed", self._child.failure())

    def _close(self, kind: str, payload: Any) -> None:
        self._poll.stop()
        self._processes.give_back(self._child)
        self._end(*(("cancelled", None) if self._stopped else (kind, payload)))


@dataclass(slots=True)
class _Run:
    """What a queue knows of a job at work."""

    ticket: Any
    is_abandoned: bool = False


class JobQueue(QObject):
    """Jobs that run one after another, or *width* at a time; each has a ticket, any value that tells its owner which it is.

    A cancelled ticket is told at once and its late result is dropped, while the next job waits until the old one has let go.
    """

    started = Signal(object)
    reported = Signal(object, object)
    done = Signal(object, object)
    failed = Signal(object, object)
    cancelled = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None, *, make_job: Callable[[Work], Job] = ThreadJob, width: int = 1) -> None:
        super().__init__(parent)
        self._make_job = make_job
        self._width = width
        self._waiting: deque[tuple[Any, Work]] = deque()
        self._running: dict[Job, _Run] = {}

    @property
    def is_busy(self) -> bool:
        """True while something runs or waits."""
        return bool(self._running) or bool(self._waiting)

    def submit(self, ticket: Any, work: Work, *, first: bool = False) -> None:
        """Queue *work*, at the head if *first*.

        Raises
        ------
        OverflowError
            When the queue is full; its owner bounds what it submits.
        """
        if len(self._waiting) >= QUEUE_LIMIT:
            raise OverflowError(f"more than {QUEUE_LIMIT} jobs are waiting")
        if first:
            self._waiting.appendleft((ticket, work))
        else:
            self._waiting.append((ticket, work))
        self._next()

    def promote(self, ticket: Any) -> None:
        """Move a waiting ticket to the head."""
        for item in self._waiting:
            if item[0] == ticket:
                self._waiting.remove(item)
                self._waiting.appendleft(item)
                return

    def cancel(self, unwanted: Callable[[Any], bool] = lambda _: True) -> None:
        """Drop every job whose ticket is *unwanted*, waiting or running."""
        dropped = [ticket for ticket, _ in self._waiting if unwanted(ticket)]
        self._waiting = deque(item for item in self._waiting if not unwanted(item[0]))
        stopped = [(job, run) for job, run in self._running.items() if not run.is_abandoned and unwanted(run.ticket)]
        for job, run in stopped:
            run.is_abandoned = True
            job.cancel()
        for ticket in [run.ticket for _, run in stopped] + dropped:
            self.cancelled.emit(ticket)

    def _next(self) -> None:
        while len(self._running) < self._width and self._waiting:
            ticket, work = self._waiting.popleft()
            job = self._make_job(work)
            self._running[job] = _Run(ticket)
            job.reported.connect(self._on_reported)
            job.done.connect(self._on_done)
            job.failed.connect(self._on_failed)
            job.finished.connect(self._on_finished)
            job.start()
            self.started.emit(ticket)

    def _sender(self) -> _Run:
        job = self.sender()
        return self._running.get(job, _GONE) if isinstance(job, Job) else _GONE

    @Slot(object)
    def _on_reported(self, event: object) -> None:
        run = self._sender()
        if not run.is_abandoned:
            self.reported.emit(run.ticket, event)

    @Slot(object)
    def _on_done(self, result: object) -> None:
        run = self._sender()
        if not run.is_abandoned:
            self.done.emit(run.ticket, result)

    @Slot(object)
    def _on_failed(self, failure: object) -> None:
        run = self._sender()
        if not run.is_abandoned:
            self.failed.emit(run.ticket, failure)

    @Slot()
    def _on_finished(self) -> None:
        job = self.sender()
        if isinstance(job, Job):
            self._running.pop(job, None)
        self._next()
        if not self.is_busy:
            self.idle.emit()


_GONE = _Run(None, is_abandoned=True)


def live_jobs() -> frozenset[Job]:
    """Return the jobs that have started and not yet ended."""
    return frozenset(_live)


def shut_down(timeout_ms: int = 2000) -> bool:
    """Cancel every job and wait for them a bounded time.

    Returns
    -------
    bool
        False if a thread is still at work: the process must then end without waiting for it.
    """
    end = time.monotonic() + timeout_ms / 1000
    for processes in list(_pools):
        processes.close()
    jobs = live_jobs()
    for job in jobs:
        job.cancel()
    ended = {job for job in jobs if job.wait(round(1000 * (end - time.monotonic())))}
    _live.difference_update(ended)
    return not _live
