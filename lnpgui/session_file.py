"""A session as a file: which curves are in the list, what was asked of each, what is in view. No results, no measured values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataFileError, ParameterError
from engine.io.aside import write_text
from engine.version import VERSION
from lnpgui.request import PLAIN, Request

SCHEMA = "lnpscope-session/1"
ENDING = ".lnpsession"
MOST_CURVES = 5000
MOST_BYTES = 64_000_000
MOST_STATE = 100
"""Values that a panel may keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCurve:
    """One curve of the list."""

    path: Path
    part: int = 0
    request: Request = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """Everything that comes back at the next start; ``current`` counts the curves from 0, ``panel`` is the title of the one in front."""

    curves: tuple[SavedCurve, ...] = ()
    current: int | None = None
    panel: str = ""
    panels: Mapping[str, Mapping[str, str | float]] = field(default_factory=dict)  # what each panel keeps, by its title

    def to_json(self) -> str:
        """Return the text of the file."""
        curves = [{"path": str(c.path), "part": c.part, "request": c.request.to_dict()} for c in self.curves]
        panels = {title: dict(state) for title, state in self.panels.items()}
        record = {"schema": SCHEMA, "program": VERSION, "current": self.current, "panel": self.panel, "panels": panels, "curves": curves}
        return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1)


def write_session(path: Path, saved: SavedSession) -> None:
    """Write a session, all of it or nothing.

    Raises
    ------
    DataFileError
        If it cannot be written there.
    """
    write_text(path, saved.to_json())


def read_session(path: Path) -> SavedSession:
    """Return the session in *path*.

    Raises
    ------
    DataFileError
        If it cannot be read, is no session, or is one of a newer program; the sentence says which.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataFileError(path, f"holds {size / 1e6:.0f} MB; no session is larger than {MOST_BYTES / 1e6:.0f} MB.")
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataFileError(path, f"cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise DataFileError(path, "is damaged, or no session of this program.") from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        found = f"its form is {schema[:40]!r}" if isinstance(schema, str) else "it does not say its form"
        raise DataFileError(path, f"is no session this program reads: {found}, wanted is {SCHEMA!r}.")
    try:
        return _session(record)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, ParameterError) as error:
        raise DataFileError(path, "is damaged: a curve or a panel in it cannot be understood.") from error


def _session(record: Mapping[str, Any]) -> SavedSession:
    listed = record["curves"]
    if not isinstance(listed, list) or len(listed) > MOST_CURVES:
        raise ValueError("too many")
    curves = tuple(_curve(item) for item in listed)
    current, panel = record.get("current"), record.get("panel", "")
    if current is not None and (type(current) is not int or not 0 <= current < len(curves)):
        raise ValueError("no such curve")
    if not isinstance(panel, str):
        raise TypeError("no title")
    panels = {str(title): _state(state) for title, state in list(record.get("panels", {}).items())[:MOST_STATE]}
    return SavedSession(curves=curves, current=current, panel=panel, panels=panels)


def _curve(item: Mapping[str, Any]) -> SavedCurve:
    path, part = item["path"], item["part"]
    if not isinstance(path, str) or not path or "\0" in path or type(part) is not int or part < 0:
        raise ValueError("no curve")
    return SavedCurve(path=Path(path), part=part, request=Request.from_dict(item["request"]))


def _state(state: Mapping[str, Any]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for key, value in list(state.items())[:MOST_STATE]:
        if isinstance(value, str) or (type(value) in (int, float) and math.isfinite(value)):
            found[str(key)] = value
    return found
