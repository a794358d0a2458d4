"""How many processes or threads long work may use."""

from __future__ import annotations

import os


def worker_count() -> int:
    """Return the processors this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
