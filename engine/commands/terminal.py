"""How commands speak on the terminal."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

from engine.progress import Step


@dataclass
class ProgressLine:
    """A report that keeps one line of the terminal up to date; silent when the stream is no terminal, and in the first second.

    Use it as a context, so that the line is gone when the work is.
    """

    title: str
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    began: float = field(default_factory=monotonic)
    shown: bool = False

    def __call__(self, event: object) -> None:
        """Show a step."""
        if isinstance(event, Step) and self.stream.isatty() and monotonic() - self.began > 1:
            share = f"{event.done / event.total:4.0%} " if event.total else ""
            self.stream.write(f"\r\x1b[K{share}{self.title} {event.message}"[:160])
            self.stream.flush()
            self.shown = True

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def rounded(value: float, uncertainty: float) -> str:
    """Return *value* with as many decimals as its *uncertainty* carries in two digits."""
    if not (math.isfinite(value) and math.isfinite(uncertainty)) or uncertainty <= 0:
        return f"{value:.4g}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(uncertainty)))}f}"
