"""What is left of a process that crashed below Python, as a segmentation fault in a library ends it: where it was."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import tempfile
from pathlib import Path

LONGEST = 20_000
"""So many characters of a trace are shown."""


def tell(trace: str | None) -> None:
    """Let Python write into the file *trace* where this process is when it crashes; the file must be there."""
    if trace is not None:
        with contextlib.suppress(OSError):
            faulthandler.enable(Path(trace).open("r+", encoding="utf-8"))  # noqa: SIM115 - open until the process ends


def cause(exit_code: int | None) -> str:
    """Return in words how a process ended by itself."""
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


class Trace:
    """A file for :func:`tell` in a child process, which whoever started that can read when it has died."""

    def __init__(self) -> None:
        self.path: str | None = None
        with contextlib.suppress(OSError):  # where no file can be made a crash is told all the same
            handle, self.path = tempfile.mkstemp(prefix="lnpscope-", suffix=".trace")
            os.close(handle)

    def read(self) -> str:
        """Return what the child wrote; nothing where it did not crash, or was killed."""
        return "" if self.path is None else _read(Path(self.path))

    def remove(self) -> None:
        """Remove the file."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                Path(self.path).unlink()
            self.path = None


def take_last(file: Path) -> str:
    """Return where this program was when it crashed the last time, and forget it; from now on *file* is for the next time."""
    last = _read(file) if file.exists() else ""
    try:
        file.write_text("", encoding="utf-8")
    except OSError:
        return last
    tell(str(file))
    return "" if sys.platform == "win32" else last  # Windows' faults that a library catches are written there too


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(LONGEST)
    except OSError:
        return ""
