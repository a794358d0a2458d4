"""What the user chose about one curve, as a value that can be kept in a file. No Qt, no arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from engine.errors import ParameterError
from engine.inference.particles import DEFAULT_PARTICLES, Particles
from engine.inference.settings import SHIPPED
from engine.io.column_choice import ColumnChoice
from engine.models.registry import LNP_TYPES
from engine.units import QUnit

MOST_SOURCES = 2000
"""Curves that may be averaged into one."""

DEEPEST = 3
"""A merged curve of averaged ones is two deep; a little more is allowed, a file that never ends is not."""


class Way(Enum):
    """How one curve is made from several. The value is the word in files."""

    AVERAGE = "average"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the curves that another is made from: a data set of a file, and how it is read."""

    path: Path
    part: int = 0
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything the user chose about one curve; the rest is for the program to find.

    Parameters
    ----------
    q_unit : QUnit, optional
        Unit of q in the file; None lets the reader reason.
    columns : ColumnChoice, optional
        Columns of the file; None lets the reader reason.
    q_range : tuple of float, optional
        First and last q that are judged [1/nm]; None for all.
    buffer : Path, optional
        Curve that is taken off.
    buffer_scale : float, optional
        Factor on it; None for the one that makes both equal at high q.
    types : tuple of str
        Candidate types.
    particles : Particles
        Shell thickness and contrasts, each stated or free in a range.
    model : str
        Network that is asked first: ``default`` for the one that comes with the program, or the folder of another.
    way, parts : Way, tuple of Part
        For a curve made from others: how, and from which.

    Raises
    ------
    ParameterError
        If a value is impossible.
    """

    q_unit: QUnit | None = None
    columns: ColumnChoice | None = None
    q_range: tuple[float, float] | None = None
    buffer: Path | None = None
    buffer_scale: float | None = 1.0
    types: tuple[str, ...] = LNP_TYPES
    particles: Particles = DEFAULT_PARTICLES
    model: str = SHIPPED
    way: Way | None = None
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.q_range is not None:
            low, high = self.q_range
            if not (math.isfinite(low) and math.isfinite(high) and 0 <= low < high):
                raise ParameterError(f"A range of q from {low:g} to {high:g} is refused; give 0 ≤ first < last in 1/nm.", "q_range")
        if self.buffer_scale is not None and not (math.isfinite(self.buffer_scale) and self.buffer_scale > 0):
            raise ParameterError(f"The buffer scale must be a positive number; {self.buffer_scale:g} was given.", "buffer_scale")
        if not self.types or not set(self.types) <= set(LNP_TYPES):
            raise ParameterError(f"At least one of {', '.join(LNP_TYPES)} must be a candidate.", "types")
        object.__setattr__(self, "types", tuple(kind for kind in LNP_TYPES if kind in self.types))
        if (self.way is None) != (not self.parts) or len(self.parts) == 1 or (self.way is Way.MERGE and len(self.parts) != 2):
            raise ParameterError(f"{len(self.parts)} curves cannot be {'joined' if self.way is None else self.way.value + 'd'}.", "parts")
        if len(self.parts) > MOST_SOURCES:
            raise ParameterError(f"At most {MOST_SOURCES} curves are averaged at once; {len(self.parts)} were chosen.", "parts")

    @property
    def reading(self) -> tuple[object, ...]:
        """What the curve depends on; the rest concerns its analysis alone."""
        scale = None if self.buffer is None else (self.buffer, self.buffer_scale)
        return self.q_unit, self.columns, scale, self.way, self.parts

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON takes it, without what was not chosen."""
        columns = self.columns
        found: dict[str, Any] = {
            "q_unit": None if self.q_unit is None else self.q_unit.value,
            "columns": None if columns is None else columns_to_dict(columns),
            "q_range": None if self.q_range is None else list(self.q_range),
            "buffer": None if self.buffer is None else str(self.buffer),
            "types": None if self.types == LNP_TYPES else list(self.types),
            "particles": None if self.particles == DEFAULT_PARTICLES else self.particles.as_record(),
            "model": None if self.model == SHIPPED else self.model,
            "way": None if self.way is None else self.way.value,
            "parts": [{"path": str(p.path), "part": p.part, "request": p.request.to_dict()} for p in self.parts] or None,
        }
        if self.buffer is not None:
            found["buffer_scale"] = "auto" if self.buffer_scale is None else self.buffer_scale
        return {key: value for key, value in found.items() if value is not None}

    @classmethod
    def from_dict(cls, record: object) -> Request:
        """Return what :meth:`to_dict` gave.

        Raises
        ------
        ParameterError
            If *record* is none, or holds impossible values.
        """
        try:
            return _request(record, DEEPEST)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ParameterError("This record says nothing that a curve can be read by. Open the file again.", "request") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What the user confirmed for the files of a folder: unit of q, and columns of tables with one *layout*."""

    q_unit: QUnit | None = None
    columns: ColumnChoice | None = None
    layout: str = ""


PLAIN = Request()
"""Nothing was chosen."""


def columns_to_dict(columns: ColumnChoice) -> dict[str, Any]:
    """Return a choice of columns as JSON takes it."""
    return {"q": columns.q, "intensity": columns.intensity, "sigma": columns.sigma, "skip_rows": columns.skip_rows}


def columns_from_dict(record: Mapping[str, Any]) -> ColumnChoice:
    """Return what :func:`columns_to_dict` gave.

    Raises
    ------
    ParameterError, KeyError, TypeError, ValueError
        If *record* is none.
    """
    sigma = record["sigma"]
    return ColumnChoice(
        q=int(record["q"]),
        intensity=int(record["intensity"]),
        sigma=None if sigma is None else int(sigma),
        skip_rows=int(record["skip_rows"]),
    )


def _request(record: Any, depth: int) -> Request:
    if not isinstance(record, dict):
        raise TypeError("no mapping")
    if depth == 0:
        raise ValueError("too deep")
    scale = record.get("buffer_scale", 1.0)
    q_range, types = record.get("q_range"), record.get("types")
    return Request(
        q_unit=None if record.get("q_unit") is None else QUnit(record["q_unit"]),
        columns=None if record.get("columns") is None else columns_from_dict(record["columns"]),
        q_range=None if q_range is None else (float(q_range[0]), float(q_range[1])),
        buffer=None if record.get("buffer") is None else Path(_word(record["buffer"])),
        buffer_scale=None if scale == "auto" else float(scale),
        types=LNP_TYPES if types is None else tuple(_word(kind) for kind in types),
        particles=DEFAULT_PARTICLES if record.get("particles") is None else Particles.from_record(record["particles"]),
        model=_local(_word(record.get("model", SHIPPED))),
        way=None if record.get("way") is None else Way(record["way"]),
        parts=tuple(_parts(record.get("parts") or (), depth - 1)),
    )


def _parts(records: Any, depth: int) -> Iterable[Part]:
    if len(records) > MOST_SOURCES:
        raise ValueError("too many")
    for record in records:
        part = int(record["part"])
        if part < 0:
            raise ValueError("no data set")
        yield Part(path=Path(_word(record["path"])), part=part, request=_request(record["request"], depth))


def _local(folder: str) -> str:
    """Return *folder* unless it lies on another machine: to look there would tell that machine who opened the session."""
    if folder.startswith(("\\\\", "//")):
        raise ValueError("a network on another machine")
    return folder


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no word")
    return value
