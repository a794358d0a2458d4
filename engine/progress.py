"""How long work tells what it does: small frozen events passed to a callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` of ``total`` equal pieces of work are finished."""

    done: int
    total: int
    message: str = ""


class Pace:
    """How long work will still take, judged by how long it has taken so far.

    Parameters
    ----------
    now : float
        When the work begins, on any clock that is never set back [s].
    """

    def __init__(self, now: float) -> None:
        self._began = now

    def left(self, share: float, now: float) -> float | None:
        """Return the seconds left when *share* of the work, 0 to 1, is done; None while too little is done to tell."""
        taken = now - self._began
        if taken < ENOUGH_SECONDS or share < ENOUGH_SHARE:
            return None
        return taken * (1 - min(share, 1.0)) / share


ENOUGH_SECONDS, ENOUGH_SHARE = 2.0, 0.02
"""Before so much of the time or of the work has passed, nothing is said of the rest."""

Report = Callable[[object], None]
"""Takes any event. It may raise :class:`engine.errors.Cancelled`, which long work lets pass."""


def silent(event: object) -> None:
    """Take an event and do nothing with it."""
