"""Makes a library: the curves of many types, sizes and shell thicknesses in one file, on all cores or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.library_file import LibraryWriter
from engine.datasets.library_plan import Block, Compute, LibrarySettings, Result, compute, plan
from engine.errors import DataFileError, NotConverged
from engine.parallel import prepare_worker
from engine.progress import Report, Step, silent

_PATIENCE = 0.2  # [s] between two reports while blocks are under way


def make_library(
    path: Path,
    wish: LibrarySettings,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> None:
    """Make the library *path*, or go on with one that was interrupted.

    Parameters
    ----------
    path : Path
        The HDF5 file to be; while it is made it is called ``path.part``.
    wish : LibrarySettings
        What it holds.
    workers : int
        Processes on this machine; 1 computes in this process.
    scheduler : str, optional
        Address ``tcp://HOST:PORT`` of a ``dask.distributed`` scheduler that computes instead.
    overwrite : bool
        Replace a finished file of that name.

    Raises
    ------
    DataFileError
        If the file exists, or was begun with other settings.
    ParameterError
        If the settings cannot be met.
    NotConverged
        If a worker process died; what it had finished is kept.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise DataFileError(path, "exists already. Delete it, choose another name, or allow it to be overwritten.")
    if not path.absolute().parent.is_dir():
        raise DataFileError(path, f"the folder {path.parent} does not exist. Make it first.")
    blocks = plan(wish)
    with _backend(wish, workers, scheduler) as computed, _writer(path, wish, blocks) as writer:
        todo = [blocks[i] for i in writer.missing()]
        done = len(blocks) - len(todo)
        for result in computed(todo):
            if result is not None:
                block, terms = result
                writer.put(block.number, block.key, block.thickness, block.first, terms)
                done += 1
            report(Step(done, len(blocks), "blocks of curves"))
        writer.finish(datetime.now(UTC).isoformat(timespec="seconds"))


def _writer(path: Path, wish: LibrarySettings, blocks: list[Block]) -> LibraryWriter:
    return LibraryWriter(path, wish.q, wish.tables(), wish.provenance(), len(blocks))


@contextmanager
def _backend(wish: LibrarySettings, workers: int, scheduler: str | None) -> Iterator[Compute]:
    if scheduler is not None:
        from engine.datasets.cluster import on_cluster

        with on_cluster(scheduler, wish) as computed:
            yield computed
    elif workers <= 1:
        yield lambda todo: ((block, compute(wish, block)) for block in todo)
    else:
        with _on_processes(wish, workers) as computed:
            yield computed


@contextmanager
def _on_processes(wish: LibrarySettings, workers: int) -> Iterator[Compute]:
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=prepare_worker)
    try:
        yield lambda todo: _gather(pool, wish, todo, workers)
    except BrokenProcessPool as error:
        raise NotConverged(
            "A worker process ended unexpectedly. What was finished is kept; give the same command again to go on."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _gather(pool: ProcessPoolExecutor, wish: LibrarySettings, todo: list[Block], workers: int) -> Iterator[Result]:
    waiting = iter(todo)
    running: dict[Future[NDArray[np.float32]], Block] = {}
    while True:
        for block in islice(waiting, 2 * workers - len(running)):
            running[pool.submit(compute, wish, block)] = block
        if not running:
            return
        finished, _ = wait(running, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
        for future in finished:
            yield running.pop(future), future.result()
        if not finished:
            yield None
