"""Blocks of a library computed on a ``dask.distributed`` cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

from engine.datasets.library_plan import Block, Compute, LibrarySettings, Result, compute
from engine.errors import NotConverged, ParameterError

_PATIENCE = 0.2  # [s] between two results, or signs of life
_TRIES = 3
_TIMEOUT = 15.0  # [s] to reach the scheduler


@contextmanager
def on_cluster(address: str, wish: LibrarySettings) -> Iterator[Compute]:
    """Give what computes blocks on the cluster whose scheduler is at *address*.

    The scheduler repeats the blocks of a worker that died.

    Raises
    ------
    ParameterError
        If ``dask.distributed`` is not installed, or no scheduler answers at *address*.
    NotConverged
        If a block failed on several workers, or the scheduler went away.
    """
    client = _connect(address)
    try:
        yield lambda todo: _gather(client, wish, todo)
    finally:
        client.close()  # and with it every block that is still wanted


def _connect(address: str) -> Any:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ParameterError(
            "--scheduler needs dask.distributed, which is not installed. Install it with: pip install 'dask[distributed]'.", "scheduler"
        ) from error
    try:
        return distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ParameterError(
            f"No scheduler answers at {address}. Give the address that dask-scheduler prints, tcp://HOST:PORT.", "scheduler"
        ) from error


def _gather(client: Any, wish: LibrarySettings, todo: list[Block]) -> Iterator[Result]:
    distributed: Any = import_module("distributed")
    finished: SimpleQueue[Any] = SimpleQueue()
    running = {client.submit(compute, wish, block, pure=False, retries=_TRIES): block for block in todo}
    for future in running:
        future.add_done_callback(finished.put)
    try:
        while running:
            try:
                future = finished.get(timeout=_PATIENCE)
            except Empty:
                _refuse_silence(client)
                yield None
                continue
            yield running.pop(future), future.result()
    except (distributed.KilledWorker, distributed.CancelledError, OSError) as error:
        raise NotConverged(
            f"The cluster gave up ({type(error).__name__}). What was finished is kept; give the same command again to go on."
        ) from error


def _refuse_silence(client: Any) -> None:
    if client.status not in ("running", "connecting"):
        raise NotConverged("The scheduler went away. What was finished is kept; give the same command again to go on.")
