"""What the user asked to be trained, as the form holds it, and the training it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.learning.config import TrainConfig

BUDGETS = {"Quick look": 200_000, "Usual": 2_000_000, "Thorough": 10_000_000}
"""Simulated curves to train on, by name."""

CURVES_PER_SECOND = 5000.0
"""Of a training on two cores, to say how long it may take before one has been measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """The form, as typed. ``like`` is a measured curve whose instrument is matched; the typed ranges do not count then."""

    name: str = "my instrument"
    types: tuple[str, ...] = ("type 1", "type 2", "type 3", "type 4")
    mean: tuple[float, float] = (20.0, 100.0)
    spread: float = 0.11
    like: Path | None = None
    q_min: tuple[float, float] = (0.03, 0.13)
    q_max: tuple[float, float] = (1.0, 5.0)
    points: tuple[int, int] = (60, 2600)
    noise: tuple[float, float] = (0.001, 0.08)
    curves: int = 2_000_000
    seed: int = 1


def training_of(request: TrainRequest) -> TrainConfig:
    """Return the training that *request* means; a matched instrument is read from its file.

    Raises
    ------
    EngineError
        With the field at fault where there is one.
    """
    from engine.datasets.instrument import InstrumentRanges, matched
    from engine.datasets.stream import SampleRanges
    from engine.errors import ParameterError
    from engine.learning.config import Budget, TrainConfig

    samples = SampleRanges(types=request.types, mean=request.mean, spread=(request.spread, 0.7))
    if request.like is None:
        instrument = InstrumentRanges(q_min=request.q_min, q_max=request.q_max, points=request.points, noise=request.noise)
    else:
        from engine.io.read import read

        found = read(request.like)
        if len(found) != 1:
            raise ParameterError(f"{request.like.name} holds {len(found)} curves; one is needed to match the instrument.", "like")
        instrument = matched(found[0].curve)
    return TrainConfig(name=request.name, seed=request.seed, samples=samples, instrument=instrument, budget=Budget(curves=request.curves))


def minutes(curves: float, rate: float) -> str:
    """Return how long *curves* take at *rate* curves per second, in words."""
    seconds = curves / max(rate, 1.0)
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    return f"about {round(seconds / 60)} min"
