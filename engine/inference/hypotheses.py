"""What a sample may be: one type, two types, or more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import prod
from statistics import fmean

from engine.models.registry import LNP_TYPES

THREE_OR_MORE = "three or more types"

NUMBER_PRIOR = {1: 0.5, 2: 0.4, 3: 0.1}
"""Prior probability of one type, two types, and three or more: a pure sample is as likely as any mixture."""


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


def prior(types: tuple[str, ...] = LNP_TYPES, weights: Mapping[str, float] | None = None) -> dict[Hypothesis, float]:
    """Return prior probabilities: by the number of types as in :data:`NUMBER_PRIOR`; of three and more every set counts alike.

    Among sets of equally many types the probability goes as the product of the *weights* of their types, positive, 1 if not given.
    """
    all_of_them = hypotheses(types)
    classes = [min(len(h.types), 3) for h in all_of_them]
    total = sum(NUMBER_PRIOR[number] for number in set(classes))
    products = [prod((weights or {}).get(kind, 1.0) for kind in h.types) for h in all_of_them]
    means = {
        size: fmean(p for h, p in zip(all_of_them, products, strict=True) if len(h.types) == size) for size in range(1, len(types) + 1)
    }
    return {
        h: NUMBER_PRIOR[number] / total / classes.count(number) * product / means[len(h.types)]
        for h, number, product in zip(all_of_them, classes, products, strict=True)
    }
