"""How many processes or threads long work may use, and work shared out among processes."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from typing import TypeVar

from engine.errors import Cancelled, NotConverged

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_PATIENCE = 0.1  # [s] between two looks at whether the work was cancelled

_cancelled: Event | None = None  # in a worker: set when its work is no longer wanted


def worker_count() -> int:
    """Return the processors this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def in_order(
    function: Callable[[Item], Answer], items: Sequence[Item], *, workers: int, still_wanted: Callable[[int], None]
) -> Iterator[Answer]:
    """Yield *function* of each item, in order, computed by *workers* processes that are started for it.

    Parameters
    ----------
    function : callable
        Of a module, so that the processes find it. What it takes and returns must be picklable. Inside it, :func:`stop_if_cancelled`
        tells whether anybody still waits.
    still_wanted : callable
        Called about ten times a second with the number of answers so far; raises Cancelled to end it all.

    Raises
    ------
    NotConverged
        If a process died.
    """
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=prepare_worker, initargs=(stop,))
    waiting, running, done = deque(items), deque[Future[Answer]](), 0
    try:
        while waiting or running:
            while waiting and len(running) < 2 * workers:
                running.append(pool.submit(function, waiting.popleft()))
            still_wanted(done)
            if wait([running[0]], timeout=_PATIENCE).done:
                done += 1
                yield running.popleft().result()
    except BrokenProcessPool as error:
        raise NotConverged("A worker process ended unexpectedly; what it worked on has no answer. Try again.") from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def stop_if_cancelled(event: object) -> None:
    """Raise Cancelled in a worker whose work is no longer wanted, whatever the *event*."""
    if _cancelled is not None and _cancelled.is_set():
        raise Cancelled


def prepare_worker(stop: Event | None = None) -> None:
    """Let one core do one task; leave Ctrl-C to the parent; end with the parent, however that ends; and remember how to *stop*."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    global _cancelled
    _cancelled = stop
    threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
