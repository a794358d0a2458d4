"""How a particle declares its parameters once, for forms, documents and priors."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from engine.errors import ParameterError
from engine.units import SLD_UNIT


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter: name, unit, default, hard bounds (both allowed), and a phrase."""

    name: str
    unit: str
    default: float
    low: float
    high: float
    doc: str


def length(default: float, low: float, high: float, doc: str) -> Any:
    """Declare a length [nm] as a dataclass field."""
    return field(default=default, metadata={"unit": "nm", "low": low, "high": high, "doc": doc})


def contrast(default: float, doc: str) -> Any:
    """Declare a contrast to the solvent [1e-6/Å²] of either sign as a dataclass field."""
    return field(default=default, metadata={"unit": SLD_UNIT, "low": -1000.0, "high": 1000.0, "doc": doc})


def number(default: float, low: float, high: float, doc: str) -> Any:
    """Declare a pure number as a dataclass field."""
    return field(default=default, metadata={"unit": "", "low": low, "high": high, "doc": doc})


def parameters(model: Any) -> tuple[Parameter, ...]:
    """Return what the dataclass *model* (class or instance) declares, in order."""
    return tuple(
        Parameter(f.name, f.metadata["unit"], float(f.default), f.metadata["low"], f.metadata["high"], f.metadata["doc"])  # type: ignore[arg-type]
        for f in dataclasses.fields(model)
        if "unit" in f.metadata
    )


def check_bounds(particle: Any) -> None:
    """Refuse values outside the declared bounds.

    Raises
    ------
    ParameterError
        Naming every parameter that is out of bounds, in one sentence each.
    """
    faults = []
    first = None
    for p in parameters(particle):
        value = getattr(particle, p.name)
        if not isinstance(value, int | float) or not math.isfinite(value) or not p.low <= value <= p.high:
            unit = f" {p.unit}" if p.unit else ""
            faults.append(f"{p.name} = {value}{unit} is refused; give {p.low:g} to {p.high:g}{unit} ({p.doc}).")
            first = first or p.name
    if faults:
        raise ParameterError(" ".join(faults), first)
