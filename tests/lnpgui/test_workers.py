"""Jobs on threads and in processes, and the queue of them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from engine.errors import Cancelled, EngineError
from engine.progress import Report, Step
from lnpgui import workers
from lnpgui.workers import Failure, Job, JobQueue, Processes, ProcessJob, ThreadJob, shut_down

PATIENCE = 20_000  # a spawned process imports Qt first


def count_to(n: int, report: Report) -> int:
    """Report n steps of the same message."""
    for i in range(n):
        report(Step(i + 1, n, "counting"))
    return n


def count_without_end(report: Report) -> None:
    """Work until cancelled."""
    while True:
        report(Step(0, 1))
        time.sleep(0.002)


def refuse(_: Report) -> None:
    """Fail by the user's fault."""
    raise EngineError("The file holds no curve. Give another.")


def blunder(_: Report) -> None:
    """Fail by ours."""
    raise ZeroDivisionError("ours")


def crash(_: Report) -> None:
    """Die without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash_in_a_library(_: Report) -> None:
    """Read where nothing is, as a fault in a library does."""
    ctypes.string_at(0)


def never_listen(report: Report) -> None:
    """Report once, then ignore everything."""
    report(Step(0, 1))
    while True:
        time.sleep(0.01)


class Listener(QObject):
    """Writes down every signal of a job, and in which thread it came."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.heard: list[tuple[str, Any]] = []
        self.home = True
        job.reported.connect(self._reported)
        job.done.connect(self._done)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._cancelled)
        job.finished.connect(self._finished)

    @property
    def names(self) -> list[str]:
        """Names of the signals but ``reported``."""
        return [name for name, _ in self.heard if name != "reported"]

    def _note(self, name: str, payload: Any = None) -> None:
        self.heard.append((name, payload))
        self.home = self.home and QThread.currentThread() is self.thread()

    def _reported(self, event: object) -> None:
        self._note("reported", event)

    def _done(self, result: object) -> None:
        self._note("done", result)

    def _failed(self, failure: Failure) -> None:
        self._note("failed", failure)

    def _cancelled(self) -> None:
        self._note("cancelled")

    def _finished(self) -> None:
        self._note("finished")


def run(qtbot: QtBot, job: Job) -> Listener:
    """Run *job* to its end."""
    listener = Listener(job)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.start()
    return listener


kinds = pytest.mark.parametrize("kind", [ThreadJob, ProcessJob])


@kinds
def test_that_a_job_tells_events_then_its_result_then_that_it_finished(qtbot: QtBot, kind: type[Job]) -> None:
    listener = run(qtbot, kind(partial(count_to, 3)))
    assert listener.names == ["done", "finished"]
    assert ("done", 3) in listener.heard
    assert listener.heard[-3] == ("reported", Step(3, 3, "counting"))
    assert listener.home, "a signal arrived outside the GUI thread"


@kinds
def test_that_what_a_user_can_mend_is_told_as_its_sentence_alone(qtbot: QtBot, kind: type[Job]) -> None:
    listener = run(qtbot, kind(refuse))
    assert listener.heard == [("failed", Failure("The file holds no curve. Give another.")), ("finished", None)]


@kinds
def test_that_our_own_fault_is_told_as_such_with_a_traceback(qtbot: QtBot, kind: type[Job]) -> None:
    listener = run(qtbot, kind(blunder))
    failure = listener.heard[0][1]
    assert "fault of ours" in failure.message
    assert "ZeroDivisionError" in failure.details
    assert "blunder" in failure.details


@kinds
def test_that_a_cancelled_job_ends_as_cancelled_and_nothing_else(qtbot: QtBot, kind: type[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "KILL_AFTER_MS", 10 * PATIENCE)  # what ends before has obeyed
    job = kind(count_without_end)
    listener = Listener(job)
    with qtbot.waitSignal(job.reported, timeout=PATIENCE):
        job.start()
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.cancel()
    assert listener.names == ["cancelled", "finished"]


def test_that_a_result_that_comes_after_the_cancel_is_not_told(qtbot: QtBot) -> None:
    gate = threading.Event()
    job = ThreadJob(lambda _: gate.wait(5))
    listener = Listener(job)
    with qtbot.waitSignal(job.finished):
        job.start()
        job.cancel()
        gate.set()
    assert listener.names == ["cancelled", "finished"]


def test_that_a_child_process_that_dies_is_told(qtbot: QtBot) -> None:
    listener = run(qtbot, ProcessJob(crash))
    assert listener.names == ["failed", "finished"]
    assert "ended unexpectedly" in listener.heard[0][1].message


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("is_warm", [False, True], ids=["process", "warm process"])
def test_that_a_crash_in_a_library_is_a_sentence_and_its_place_in_the_details(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: Processes, is_warm: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with qtbot.waitSignal(workers.troubles.told, timeout=PATIENCE) as told:
        listener = run(qtbot, processes.job(crash_in_a_library) if is_warm else ProcessJob(crash_in_a_library))
    assert listener.names == ["failed", "finished"]
    failure = listener.heard[0][1]
    assert failure.message == "The worker process ended unexpectedly (signal SIGSEGV). Try again."
    assert failure.details.startswith("signal SIGSEGV\nFatal Python error: Segmentation fault")
    assert "in crash_in_a_library" in failure.details
    assert told.args == [failure.message, failure.details]
    assert list(tmp_path.iterdir()) == []  # no trace stays behind
    assert run(qtbot, ProcessJob(partial(count_to, 3))).names == ["done", "finished"]


def test_that_where_no_trace_can_be_kept_a_crash_is_told_all_the_same(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    failure = run(qtbot, ProcessJob(crash)).heard[0][1]
    assert failure == Failure("The worker process ended unexpectedly (signal SIGKILL). Try again.", "signal SIGKILL")


def test_that_a_child_process_that_does_not_listen_is_killed(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "KILL_AFTER_MS", 200)
    job = ProcessJob(never_listen)
    listener = Listener(job)
    with qtbot.waitSignal(job.reported, timeout=PATIENCE):
        job.start()
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.cancel()
    assert listener.names == ["cancelled", "finished"]


def linger(report: Report) -> int:
    """Leave behind a thread that keeps the process alive for a while after its work, as libraries do that tidy up."""
    threading.Thread(target=time.sleep, args=(0.6,)).start()
    return 7


def test_that_a_child_that_goes_slowly_holds_up_nobody_and_its_result_is_told_once(qtbot: QtBot) -> None:
    job = ProcessJob(linger)
    looks: list[float] = []
    reap = job._reap

    def timed(kind: str, payload: Any) -> None:
        began = time.perf_counter()
        reap(kind, payload)
        looks.append(time.perf_counter() - began)

    job._reap = timed  # type: ignore[method-assign]
    listener = run(qtbot, job)
    assert listener.names == ["done", "finished"]
    assert listener.heard[0] == ("done", 7)
    assert len(looks) > 3  # it is looked at again and again,
    assert sorted(looks)[len(looks) // 2] < 0.1  # and not waited for


def test_that_steps_too_close_for_the_eye_are_left_out_but_never_the_last(qtbot: QtBot) -> None:
    listener = run(qtbot, ThreadJob(partial(count_to, 20_000)))
    steps = [event for name, event in listener.heard if name == "reported"]
    assert len(steps) < 2000
    assert steps[-1].done == 20_000


def test_that_a_job_lives_until_it_has_finished_though_nobody_holds_it(qtbot: QtBot) -> None:
    class Ears(QObject):
        heard = Signal(object)

    ears = Ears()
    job = ThreadJob(partial(count_to, 2))
    job.done.connect(ears.heard)
    with qtbot.waitSignal(ears.heard):
        job.start()
        del job
    qtbot.waitUntil(lambda: not workers.live_jobs())


def test_that_shutting_down_stops_everything_within_its_time(qtbot: QtBot) -> None:
    jobs = [ThreadJob(count_without_end) for _ in range(3)]
    for job in jobs:
        job.start()
    qtbot.waitUntil(lambda: all(job.is_running for job in jobs))
    assert shut_down(2000)
    assert not workers.live_jobs()


def test_that_shutting_down_tells_of_a_thread_that_does_not_listen() -> None:
    gate = threading.Event()
    job = ThreadJob(lambda _: gate.wait(20))
    job.start()
    assert not shut_down(50)
    assert workers.live_jobs() == {job}
    gate.set()
    assert shut_down(2000)


class QueueListener(QObject):
    """Writes down what a queue tells."""

    def __init__(self, queue: JobQueue) -> None:
        super().__init__()
        self.heard: list[tuple[Any, ...]] = []
        queue.started.connect(lambda ticket: self.heard.append(("started", ticket)))
        queue.done.connect(lambda ticket, result: self.heard.append(("done", ticket, result)))
        queue.failed.connect(lambda ticket, failure: self.heard.append(("failed", ticket, failure.message)))
        queue.cancelled.connect(lambda ticket: self.heard.append(("cancelled", ticket)))


def test_that_a_queue_runs_one_job_after_another_in_order(qtbot: QtBot) -> None:
    queue = JobQueue()
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        for i in range(3):
            queue.submit(i, partial(count_to, i))
    assert listener.heard == [step for i in range(3) for step in (("started", i), ("done", i, i))]
    assert not queue.is_busy


def test_that_a_failure_in_a_queue_stops_no_other_job(qtbot: QtBot) -> None:
    queue = JobQueue()
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        queue.submit("bad", refuse)
        queue.submit("good", partial(count_to, 1))
    assert ("failed", "bad", "The file holds no curve. Give another.") in listener.heard
    assert ("done", "good", 1) in listener.heard


def test_that_a_job_put_first_or_promoted_runs_next(qtbot: QtBot) -> None:
    gate = threading.Event()
    queue = JobQueue()
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        queue.submit("running", lambda _: gate.wait(5))
        for name in ("a", "b", "c"):
            queue.submit(name, partial(count_to, 1))
        queue.submit("urgent", partial(count_to, 1), first=True)
        queue.promote("c")
        gate.set()
    assert [item[1] for item in listener.heard if item[0] == "started"] == ["running", "c", "urgent", "a", "b"]


def test_that_cancelling_some_tickets_leaves_the_others(qtbot: QtBot) -> None:
    queue = JobQueue()
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        queue.submit(1, count_without_end)
        queue.submit(2, partial(count_to, 1))
        queue.submit(3, partial(count_to, 1))
        queue.cancel(lambda ticket: ticket in (1, 3))
    assert {item[1] for item in listener.heard if item[0] == "cancelled"} == {1, 3}
    assert [item for item in listener.heard if item[0] == "done"] == [("done", 2, 1)]


def test_that_a_cancelled_ticket_is_told_at_once_and_the_next_job_waits_for_its_thread(qtbot: QtBot) -> None:
    gate = threading.Event()
    queue = JobQueue()
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        queue.submit("deaf", lambda _: gate.wait(5))
        queue.submit("next", partial(count_to, 1))
        queue.cancel(lambda ticket: ticket == "deaf")
        assert ("cancelled", "deaf") in listener.heard
        assert ("started", "next") not in listener.heard
        gate.set()
    assert ("done", "next", 1) in listener.heard
    assert not any(item[0] == "done" and item[1] == "deaf" for item in listener.heard)


def test_that_a_full_queue_refuses_more(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "QUEUE_LIMIT", 2)
    queue = JobQueue()
    with qtbot.waitSignal(queue.idle):
        queue.submit(0, count_without_end)
        for i in (1, 2):
            queue.submit(i, partial(count_to, 1))
        with pytest.raises(OverflowError):
            queue.submit(3, partial(count_to, 1))
        queue.cancel()


def test_that_cancelled_is_no_error() -> None:
    assert not issubclass(Cancelled, EngineError)


def process_number(_: Report) -> int:
    """Return which process this is."""
    return os.getpid()


def double(values: list[int], report: Report) -> list[int]:
    """Return twice the values."""
    report(Step(1, 1))
    return [2 * value for value in values]


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Return warm processes that end with the test."""
    result = Processes(2, nice=0)
    yield result
    result.close()


def test_that_a_warm_process_does_one_job_after_another(qtbot: QtBot, processes: Processes) -> None:
    first, second = (run(qtbot, processes.job(process_number)) for _ in range(2))
    assert first.names == ["done", "finished"]
    assert first.heard[0] == second.heard[0]
    assert first.heard[0][1] != os.getpid()


def test_that_large_work_and_results_cross_to_a_process_that_is_still_starting(qtbot: QtBot, processes: Processes) -> None:
    values = list(range(300_000))  # more than a pipe holds
    listener = run(qtbot, processes.job(partial(double, values)))
    assert listener.heard[-2] == ("done", [2 * value for value in values])


def test_that_a_cancelled_job_leaves_its_warm_process_fit_for_the_next(
    qtbot: QtBot, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "KILL_AFTER_MS", 10 * PATIENCE)
    before = run(qtbot, processes.job(process_number)).heard[0][1]
    job = processes.job(count_without_end)
    listener = Listener(job)
    with qtbot.waitSignal(job.reported, timeout=PATIENCE):
        job.start()
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.cancel()
    assert listener.names == ["cancelled", "finished"]
    assert run(qtbot, processes.job(process_number)).heard[0] == ("done", before)


def test_that_a_job_cancelled_before_its_process_is_up_is_never_done(qtbot: QtBot, processes: Processes) -> None:
    job = processes.job(crash)
    listener = Listener(job)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.start()
        job.cancel()
    assert listener.names == ["cancelled", "finished"]
    assert run(qtbot, processes.job(process_number)).names == ["done", "finished"]


def test_that_after_a_crash_the_next_job_gets_a_new_process(qtbot: QtBot, processes: Processes) -> None:
    listener = run(qtbot, processes.job(crash))
    assert "ended unexpectedly" in listener.heard[0][1].message
    assert run(qtbot, processes.job(process_number)).names == ["done", "finished"]


def test_that_a_warm_process_that_does_not_listen_is_killed(qtbot: QtBot, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "KILL_AFTER_MS", 200)
    job = processes.job(never_listen)
    listener = Listener(job)
    with qtbot.waitSignal(job.reported, timeout=PATIENCE):
        job.start()
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        job.cancel()
    assert listener.names == ["cancelled", "finished"]


def test_that_shutting_down_ends_warm_processes_at_work_and_at_rest(qtbot: QtBot, processes: Processes) -> None:
    resting = run(qtbot, processes.job(process_number)).heard[0][1]
    job = processes.job(count_without_end)
    other = processes.job(never_listen)
    with qtbot.waitSignals([job.reported, other.reported], timeout=PATIENCE):
        job.start()
        other.start()
    assert shut_down(2000)
    assert not workers.live_jobs()
    qtbot.waitUntil(lambda: not multiprocessing.active_children())
    assert resting


def test_that_a_wide_queue_runs_that_many_jobs_at_a_time(qtbot: QtBot) -> None:
    gate, high = threading.Event(), threading.Barrier(2)

    def meet(_: Report) -> None:
        high.wait(5)  # only passes when two are at work
        gate.wait(5)

    queue = JobQueue(width=2)
    listener = QueueListener(queue)
    with qtbot.waitSignal(queue.idle):
        for i in range(3):
            queue.submit(i, meet if i < 2 else partial(count_to, 1))
        assert [item[1] for item in listener.heard if item[0] == "started"] == [0, 1]
        gate.set()
    assert {item[1] for item in listener.heard if item[0] == "done"} == {0, 1, 2}
