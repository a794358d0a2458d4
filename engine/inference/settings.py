"""What a user may say before a curve is judged: what can be in the sample, which points count, and how hard to look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from engine.errors import ParameterError
from engine.inference.particles import DEFAULT_PARTICLES, Particles
from engine.models.registry import LNP_TYPES

Limit = float | None

SHIPPED, NOBODY = "default", "none"
"""Values of ``AnalysisSettings.model``: the network that comes with the program, and none at all. Any other is a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """What may be in the sample, which points count, and how hard to look.

    Parameters
    ----------
    types : tuple of str
        Candidate types.
    priors : mapping of str to float, optional
        Relative weight of each candidate type before the curve was seen; 1 for those not named, 0 excludes one. Sets of equally many
        types are weighted by the product of theirs; how likely one type, two or more are is left as it was.
    q_range : tuple of float or None
        First and last q [1/nm] that are judged; None where the curve itself or the basis ends.
    particles : Particles
        Shell thickness and contrasts, fixed or free.
    draws : int
        Posterior draws of each hypothesis and round.
    seed : int
        Of the draws; the same curve and settings give the same answer.
    model : str
        Network that is asked first: ``default`` for the one that comes with the program, ``none``, or the folder of another.

    Raises
    ------
    ParameterError
        Telling every fault at once.
    """

    types: tuple[str, ...] = LNP_TYPES
    priors: Mapping[str, float] | None = field(default=None, hash=False)
    q_range: tuple[Limit, Limit] = (None, None)
    particles: Particles = DEFAULT_PARTICLES
    draws: int = 1000
    seed: int = 0
    model: str = SHIPPED

    def __post_init__(self) -> None:
        if self.priors is not None:
            object.__setattr__(self, "priors", dict(self.priors))
        faults = [*_faults_of_types(self.types), *_faults_of_priors(self.priors, self.types), *_faults_of_range(self.q_range)]
        if not 100 <= self.draws <= 100_000:
            faults.append((f"The number of draws must lie between 100 and 100,000; {self.draws} was given.", "draws"))
        if self.seed < 0:
            faults.append((f"A seed must be 0 or more; {self.seed} was given.", "seed"))
        if faults:
            raise ParameterError(" ".join(sentence for sentence, _ in faults), faults[0][1])

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each type that may be there, all positive."""
        stated = self.priors or {}
        return {kind: float(stated.get(kind, 1.0)) for kind in self.types if stated.get(kind, 1.0) > 0}

    @property
    def candidates(self) -> tuple[str, ...]:
        """The types that may be there: those of no zero weight."""
        return tuple(self.weights)

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits of the SHA-256 of all settings."""
        return hashlib.sha256(json.dumps(self.as_record(), sort_keys=True).encode()).hexdigest()[:8]

    def as_record(self) -> dict[str, Any]:
        """Return the settings as JSON takes them."""
        return {
            "types": list(self.types),
            "priors": None if self.priors is None else dict(self.priors),
            "q_range": list(self.q_range),
            "particles": self.particles.as_record(),
            "draws": self.draws,
            "seed": self.seed,
            "model": self.model,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> AnalysisSettings:
        """Return what :meth:`as_record` gave, also an earlier version, which knew fewer settings.

        Raises
        ------
        KeyError, TypeError, ValueError, AttributeError
            If the record is none.
        ParameterError
            If its values are impossible.
        """
        priors = record.get("priors")
        low, high = record.get("q_range", (None, None))
        return cls(
            types=tuple(str(kind) for kind in record["types"]),
            priors=None if priors is None else {str(kind): float(weight) for kind, weight in priors.items()},
            q_range=(_number(low), _number(high)),
            particles=Particles.from_record(record["particles"]) if "particles" in record else DEFAULT_PARTICLES,
            draws=int(record["draws"]),
            seed=int(record["seed"]),
            model=str(record.get("model", NOBODY)),
        )


Fault = tuple[str, str]
"""A sentence and the field it concerns."""


def _number(value: Any) -> Limit:
    return None if value is None else float(value)


def _faults_of_types(types: tuple[str, ...]) -> Iterator[Fault]:
    if not types or len(set(types)) < len(types) or not set(types) <= set(LNP_TYPES):
        yield f"Candidate types must be some of {', '.join(LNP_TYPES)}, each once; {', '.join(types) or 'none'} was given.", "types"


def _faults_of_priors(priors: Mapping[str, float] | None, types: tuple[str, ...]) -> Iterator[Fault]:
    if priors is None:
        return
    unknown = [kind for kind in priors if kind not in types]
    if unknown:
        yield f"A weight was given for {', '.join(unknown)}; the candidates are {', '.join(types)}.", "priors"
    impossible = [f"{kind} {weight:g}" for kind, weight in priors.items() if not (isfinite(weight) and weight >= 0)]
    if impossible:
        yield f"The weights of types must be 0 or more; {', '.join(impossible)} is refused.", "priors"
    elif types and all(priors.get(kind, 1.0) == 0 for kind in types):
        yield "Every candidate type has the weight 0, so nothing could be in the sample; give one of them more.", "priors"


def _faults_of_range(q_range: tuple[Limit, Limit]) -> Iterator[Fault]:
    low, high = q_range
    first, last = 0.0 if low is None else low, inf if high is None else high
    if not (0 <= first < last and isfinite(first)) or (high is not None and not isfinite(high)):
        said = f"{'the start' if low is None else f'{low:g}'} to {'the end' if high is None else f'{high:g}'}"
        yield f"A range of q from {said} is refused; give 0 <= first < last in 1/nm.", "q_range"


DEFAULT_SETTINGS = AnalysisSettings()
