"""What a sample may be: one type, two types, or more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from engine.models.registry import LNP_TYPES

THREE_OR_MORE = "three or more types"

MINOR = 0.05
"""A type belongs to a mixture when it gives at least this share of the scattering at the lowest q."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The types that scatter, in the order of the registry."""

    types: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name as the user reads it."""
        return THREE_OR_MORE if len(self.types) > 2 else " + ".join(self.types)


def hypotheses(types: tuple[str, ...] = LNP_TYPES) -> tuple[Hypothesis, ...]:
    """Return every non-empty set of *types*, the smaller first."""
    return tuple(Hypothesis(chosen) for size in range(1, len(types) + 1) for chosen in combinations(types, size))


def names(types: tuple[str, ...] = LNP_TYPES) -> tuple[str, ...]:
    """Return the names under which :func:`hypotheses` are reported, without repeats."""
    return tuple(dict.fromkeys(hypothesis.name for hypothesis in hypotheses(types)))


def prior(types: tuple[str, ...] = LNP_TYPES) -> dict[Hypothesis, float]:
    """Return prior probabilities: equal for each reported name, shared evenly inside "three or more"."""
    all_of_them = hypotheses(types)
    reported = names(types)
    shares = {name: sum(h.name == name for h in all_of_them) for name in reported}
    return {h: 1.0 / len(reported) / shares[h.name] for h in all_of_them}
