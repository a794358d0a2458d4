"""Where a file stands in a series of measurements."""

from __future__ import annotations

import re
from pathlib import Path

_DIGITS = re.compile(r"\d+")
LONGEST = 12
"""Digits of a frame number; more are a date with its time, or an identity."""


def frame_number(name: str) -> int | None:
    """Return the number that counts the frames in a file's name: the last one in it, ``sample_00012.dat`` and ``run3_12_sub.dat`` give 12.

    In the name of one of several data sets, ``run.h5 [frame 7]``, it is the last one in the brackets. None where there is no number.
    """
    outer, bracket, inner = name.partition(" [")
    found = _DIGITS.findall(inner) if bracket else []
    found = found or _DIGITS.findall(Path(outer).stem)
    return int(found[-1]) if found and len(found[-1]) <= LONGEST else None
