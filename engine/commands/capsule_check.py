"""Capsules given to ``analyze``: judged with the settings they keep, and compared with the numbers they keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # h5py loads only where a file may be a capsule
    from engine.io.capsule import Capsule
    from engine.io.results import Record

_NO_NUMBERS = {"file", "dataset", "seconds"}


def capsule_at(path: Path) -> Capsule | None:
    """Return the capsule in a file, None where there is none."""
    from engine.errors import DataFileError
    from engine.io.capsule import read_capsule

    try:
        return read_capsule(path)
    except DataFileError:
        return None


def comparison(capsule: Capsule, record: Record, model: str) -> str:
    """Return the sentence that says whether the numbers of a capsule came out again."""
    import json

    from engine.io.results import to_json

    now = json.loads(to_json(record))
    other = [key for key, value in capsule.result.items() if key not in _NO_NUMBERS and now.get(key) != value]
    if not other:
        return f"The same numbers as in the capsule, which LNPScope {capsule.program} wrote."
    why = "" if capsule.model == model else f" It was judged by {capsule.model}, now by {model}."
    return f"Not the numbers of the capsule, which LNPScope {capsule.program} wrote: {', '.join(other)} differ.{why}"
