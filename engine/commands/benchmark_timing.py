"""Times and peak memory, measured in a process of its own with a stated number of threads."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from engine.parallel import worker_count

T = TypeVar("T")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def alone(task: Callable[..., T], *arguments: Any, threads: int) -> tuple[T, float | None]:
    """Return what *task* returns in a fresh process with so many threads, and the peak memory of that process [bytes]."""
    with _thread_limit(threads), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_with_peak, task, arguments).result()


def quickest(action: Callable[[], Any], repeats: int) -> float:
    """Shortest of several runs [s], the first of which only warms up unless it is the only one."""
    seconds = []
    for _ in range(repeats + 1 if repeats > 1 else 1):
        began = perf_counter()
        action()
        seconds.append(perf_counter() - began)
    return min(seconds)


def machine() -> dict[str, Any]:
    """Name of the processor, cores this process may use, and how busy they are."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"processor": _processor(), "cores": worker_count(), "system": platform.platform(terse=True), "load": load}


def _with_peak(task: Callable[..., T], arguments: tuple[Any, ...]) -> tuple[T, float | None]:
    result = task(*arguments)
    return result, _peak_memory()


def _peak_memory() -> float | None:
    """Largest resident memory of this process so far [bytes]; None where the system does not tell."""
    try:  # ru_maxrss would remember the process that started this one
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024.0 * next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    if sys.platform == "darwin":
        import resource

        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@contextmanager
def _thread_limit(threads: int) -> Iterator[None]:
    """Tell processes started meanwhile how many threads their libraries may use."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
