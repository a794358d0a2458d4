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


Report = Callable[[object], None]
"""Takes any event. It may raise :class:`engine.errors.Cancelled`, which long work lets pass."""


def silent(event: object) -> None:
    """Take an event and do nothing with it."""
