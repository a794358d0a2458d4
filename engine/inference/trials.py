"""Trials of the analyst on simulated curves whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.curve import Array
from engine.datasets.basis import default_basis
from engine.datasets.synthesis import MINOR, Recipe, Sample, draw_sample, ideal_parts, measure
from engine.inference.analyse import AnalysisSettings, analyse
from engine.inference.analysis import Interval, Status
from engine.inference.bound import bound
from engine.inference.hypotheses import Hypothesis
from engine.inference.summary import Pool
from engine.models.registry import LNP_TYPES
from engine.progress import Report, Step, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One simulated curve and what was said of it.

    ``fractions``, ``means`` and ``sds`` pair the truth with the answer; sizes only for types that were named. ``fraction_bound``
    is the Cramér-Rao bound (with prior information on sizes) of the first type's number fraction. ``ranks`` are the shares of the
    posterior below the truth, by "fraction" (of mixtures), "mean" and "sd" (of types that were named).
    """

    sample: Sample
    status: Status
    hypothesis: str | None
    probability: float
    fractions: tuple[tuple[float, Interval], ...]
    means: tuple[tuple[float, Interval], ...]
    sds: tuple[tuple[float, Interval], ...]
    fraction_bound: float
    seconds: float
    effective: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    ranks: tuple[tuple[str, float], ...] = ()

    @property
    def named_right(self) -> bool:
        """True when the hypothesis is the truth."""
        return self.hypothesis == Hypothesis(self.sample.types).name


def run_trials(
    type_sets: Sequence[tuple[str, ...]], recipe: Recipe, *, each: int, seed: int, known: bool = False, report: Report = silent
) -> list[Trial]:
    """Return *each* trials of every set of types in *type_sets*, reproducible by *seed*.

    With *known* the analyst is told which types may be there; only then can a fraction's error be compared with its bound.
    """
    at_points = default_basis().at(recipe.q)
    trials = []
    for i, types in enumerate(type_sets):
        for j in range(each):
            report(Step(i * each + j, len(type_sets) * each, " + ".join(types)))
            trials.append(_trial(types, recipe, at_points, np.random.default_rng([seed, i, j]), types if known else LNP_TYPES))
    return trials


def _trial(
    types: tuple[str, ...], recipe: Recipe, at_points: dict[str, Array], rng: np.random.Generator, candidates: tuple[str, ...]
) -> Trial:
    basis = default_basis()
    sample = draw_sample(types, recipe, basis, at_points, rng)
    curve, parts, _ = measure(sample, recipe, basis, at_points, rng)
    scale = float(parts[:, 0].sum() / ideal_parts(sample, basis, at_points)[:, 0].sum())
    pools: list[Pool] = []
    answer = analyse(curve, settings=AnalysisSettings(types=candidates), basis=basis, inspect=pools.append)
    truth = dict(zip(sample.types, zip(sample.number_fractions, sample.means, sample.spreads, strict=True), strict=True))
    named = [kind for kind in sample.types if kind in answer.sizes]
    return Trial(
        sample=sample,
        status=answer.status,
        hypothesis=answer.hypothesis,
        probability=answer.hypotheses.get(answer.hypothesis or "", 0.0),
        fractions=tuple((truth[kind][0], answer.number_fractions[kind]) for kind in sample.types if answer.number_fractions),
        means=tuple((truth[kind][1], answer.sizes[kind].mean) for kind in named),
        sds=tuple((truth[kind][1] * truth[kind][2], answer.sizes[kind].sd) for kind in named),
        fraction_bound=float(bound(sample, basis, at_points, curve.sigma, scale, with_prior=True).number_fractions[0]),  # type: ignore[arg-type]
        seconds=answer.seconds,
        effective=answer.effective_samples,
        probabilities=dict(answer.hypotheses),
        ranks=tuple(_ranks(sample, pools[0], named)),
    )


def _ranks(sample: Sample, pooled: Pool, named: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield the shares of the posterior below the truth; uniform between 0 and 1 where the posterior is right (Talts et al. 2018)."""
    for kind, fraction, mean, spread in zip(sample.types, sample.number_fractions, sample.means, sample.spreads, strict=True):
        column = pooled.types.index(kind)
        if len(sample.types) > 1:
            yield "fraction", _below(pooled.number[:, column], pooled.weights, fraction)
        if kind in named:
            present = (pooled.scattering[:, column] >= MINOR) & (pooled.weights > 0)
            weights, sizes = pooled.weights[present], pooled.mean[present, column]
            yield "mean", _below(sizes, weights, mean)
            yield "sd", _below(sizes * pooled.spread[present, column], weights, mean * spread)


def _below(values: Array, weights: Array, truth: float) -> float:
    return float(weights[values < truth].sum() / weights.sum())


def central_coverage(ranks: Sequence[float], level: float) -> float:
    """Return the share of truths inside the central interval of probability *level*."""
    return float(np.mean(np.abs(np.array(ranks) - 0.5) <= level / 2)) if len(ranks) else float("nan")


def calibration_error(said: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap between probability said and share right, weighted by curves in each bin."""
    probability, hit = np.array(said), np.array(right, dtype=float)
    which = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs(probability[which == b].sum() - hit[which == b].sum()) for b in range(bins)]
    return float(np.sum(gaps) / max(probability.size, 1))


def pure_accuracy(trials: Sequence[Trial]) -> tuple[float, float]:
    """Return how often the likeliest of the four pure types is the truth, and how often it would be if the posterior were exact.

    The second is the mean of the largest posterior probability: the accuracy of Bayes' rule, which no reading of the same curves
    exceeds. A curve called outside counts as wrong in the first and is left out of the second.
    """
    right, largest = [], []
    for trial in trials:
        pure = {kind: trial.probabilities.get(kind, 0.0) for kind in LNP_TYPES}
        total = sum(pure.values())
        best = max(pure, key=lambda kind: pure[kind])
        right.append(total > 0 and best == trial.sample.types[0])
        if total > 0:
            largest.append(pure[best] / total)
    return float(np.mean(right)), float(np.mean(largest)) if largest else float("nan")


def coverage(pairs: Sequence[tuple[float, Interval]]) -> float:
    """Return the share of truths inside their intervals."""
    return float(np.mean([answer.low <= truth <= answer.high for truth, answer in pairs])) if pairs else float("nan")


def error(trials: Sequence[Trial]) -> float:
    """Return the root mean square error of the first type's number fraction."""
    return float(np.sqrt(np.mean([(trial.fractions[0][1].value - trial.fractions[0][0]) ** 2 for trial in trials if trial.fractions])))


def least_error(trials: Sequence[Trial]) -> float:
    """Return the root mean square of the bounds of the same curves."""
    return float(np.sqrt(np.mean([trial.fraction_bound**2 for trial in trials if trial.fractions])))
