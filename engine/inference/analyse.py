"""One curve in, one verdict out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from engine.curve import Array, Curve
from engine.datasets.basis import Basis, default_basis
from engine.inference.analysis import Analysis, Fit, Interval, SizeEstimate, Status
from engine.inference.fit import Mode, Scan, best_modes, scan
from engine.inference.hypotheses import MINOR, Hypothesis, hypotheses, names, prior
from engine.inference.judgement import Evidence, judge, relative_misfit, runs_probability, sentence
from engine.inference.posterior import Draws, draw_posterior
from engine.inference.prepare import Prepared, prepare
from engine.inference.shapes import ShapeTable, log_normal_weights, table
from engine.inference.summary import Pool, interval, labels, pool, prior_variances, probabilities, variance
from engine.models.properties import radius_of_gyration, volume
from engine.models.registry import LNP_TYPES, MODELS
from engine.progress import Report, Step, silent

NEGLIGIBLE = 14.0
"""A hypothesis whose approximate log evidence is this much below the best is not sampled."""

STARTS = {1: 3, 2: 4, 3: 2, 4: 1}
"""Starting points of the fit by number of types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """What may be in the sample, and how hard to look.

    Parameters
    ----------
    types : tuple of str
        Candidate types.
    draws : int
        Posterior draws of each hypothesis and round.
    seed : int
        Of the draws; the same curve and seed give the same answer.
    """

    types: tuple[str, ...] = LNP_TYPES
    draws: int = 1000
    seed: int = 0


DEFAULT_SETTINGS = AnalysisSettings()


def analyse(
    curve: Curve, *, settings: AnalysisSettings = DEFAULT_SETTINGS, basis: Basis | None = None, report: Report = silent
) -> Analysis:
    """Return the verdict on a measured curve.

    Parameters
    ----------
    curve : Curve
        q in 1/nm, intensity in any unit, sigma if there is one.
    settings : AnalysisSettings
        Candidate types, effort and seed.
    basis : Basis, optional
        Curves of the candidate types; the one shipped with the program by default.
    report : Report
        Told of each step; may raise Cancelled.

    Raises
    ------
    EngineError
        If the curve has too few usable points.
    """
    began = time.perf_counter()
    basis = basis or default_basis()
    report(Step(0, 4, "reading the points"))
    prepared = prepare(curve, q_max=float(basis.q[-1]))
    shapes = table(prepared, basis, settings.types)
    report(Step(1, 4, "fitting"))
    scanned = scan(shapes)
    modes = _fit_all(shapes, scanned, settings.types, report)
    best = min((found[0] for found in modes.values()), key=lambda mode: _information(mode, shapes.data.size))
    report(Step(2, 4, "weighing hypotheses"))
    excess = max(best.chi2 / _freedom(best, shapes), 1.0)
    pooled = _posterior(_soften(shapes, excess), _softened(modes, excess), settings, report)
    report(Step(3, 4, "judging"))
    labelled = labels(pooled)
    chances = probabilities(pooled, labelled, names(settings.types))
    winner = _most_probable(pooled, labelled, chances)
    shown = _shown(modes, winner, best, shapes.data.size)
    answer = _answer(prepared, shapes, _fit(prepared, basis, shown), shown, winner, chances, pooled)
    return replace(answer, model=f"physics/1 basis {basis.identity} seed {settings.seed}", seconds=time.perf_counter() - began)


def _fit_all(shapes: ShapeTable, scanned: Scan, types: tuple[str, ...], report: Report) -> dict[Hypothesis, list[Mode]]:
    modes = {}
    for hypothesis in hypotheses(types):
        report(Step(1, 4, f"fitting {hypothesis.name}"))
        modes[hypothesis] = best_modes(shapes, scanned, hypothesis, count=STARTS[len(hypothesis.types)])
    return modes


def _parameter_count(hypothesis: Hypothesis) -> int:
    """Two sizes and an amplitude for each type, and the background."""
    return 3 * len(hypothesis.types) + 1


def _information(mode: Mode, points: int) -> float:
    """Return the Bayesian information criterion (Schwarz 1978) of a best fit."""
    return mode.chi2 + _parameter_count(mode.hypothesis) * float(np.log(points))


def _freedom(mode: Mode, shapes: ShapeTable) -> int:
    return max(shapes.data.size - _parameter_count(mode.hypothesis), 1)


def _soften(shapes: ShapeTable, excess: float) -> ShapeTable:
    """Return *shapes* with every variance *excess* times larger.

    What the family cannot explain then widens every interval instead of making it falsely narrow.
    """
    factor = float(np.sqrt(excess))
    curves = {kind: curve / factor for kind, curve in shapes.curves.items()}
    return replace(shapes, curves=curves, data=shapes.data / factor, flat=shapes.flat / factor)


def _softened(modes: Mapping[Hypothesis, Sequence[Mode]], excess: float) -> dict[Hypothesis, list[Mode]]:
    return {hypothesis: [replace(mode, chi2=mode.chi2 / excess) for mode in found] for hypothesis, found in modes.items()}


def _posterior(shapes: ShapeTable, modes: Mapping[Hypothesis, Sequence[Mode]], settings: AnalysisSettings, report: Report) -> Pool:
    """Return the pooled draws of every hypothesis that is not negligible."""
    rng = np.random.default_rng(settings.seed)
    criterion = {hypothesis: _information(found[0], shapes.data.size) for hypothesis, found in modes.items()}
    lowest = min(criterion.values())
    drawn: list[Draws] = []
    for hypothesis, found in modes.items():
        if criterion[hypothesis] - lowest <= 2 * NEGLIGIBLE:
            report(Step(2, 4, f"weighing {hypothesis.name}"))
            drawn.append(draw_posterior(shapes, found, count=settings.draws, rng=rng))
    return pool(drawn, prior(settings.types), settings.types, unit_volumes())


@lru_cache(maxsize=1)
def unit_volumes() -> dict[str, float]:
    """Return V / D³ of each LNP type."""
    return {kind: volume(MODELS[kind](diameter=100.0).body()) / 100.0**3 for kind in LNP_TYPES}


def _most_probable(pooled: Pool, labelled: Sequence[Hypothesis], chances: Mapping[str, float]) -> Hypothesis:
    """Return the set of types with the largest weight under the most probable name."""
    name = max(chances, key=lambda key: chances[key])
    weight: dict[Hypothesis, float] = {}
    for hypothesis, share in zip(labelled, pooled.weights, strict=True):
        if hypothesis.name == name:
            weight[hypothesis] = weight.get(hypothesis, 0.0) + float(share)
    return max(weight, key=lambda hypothesis: weight[hypothesis])


def _shown(modes: Mapping[Hypothesis, Sequence[Mode]], winner: Hypothesis, best: Mode, points: int) -> Mode:
    """Return the fit of *winner*, or the overall best one where that is clearly better (a trace of a further type)."""
    own = modes[winner][0]
    return own if _information(own, points) - _information(best, points) < 10 else best


def _fit(prepared: Prepared, basis: Basis, mode: Mode) -> Fit:
    curve = prepared.curve
    at_points = basis.at(curve.q)
    components = {}
    for kind, (mean, spread), amplitude in zip(mode.hypothesis.types, mode.sizes, mode.amplitudes, strict=True):
        weights = log_normal_weights(basis.diameters, np.exp([mean]), np.exp([spread]))[:, 0]
        shape = weights @ at_points[kind]
        first = float((prepared.binning @ shape)[0])
        components[kind] = amplitude * shape / first
    model = np.sum(list(components.values()), axis=0) + mode.background
    return Fit(curve.q, model, (curve.intensity - model) / curve.sigma, curve.sigma, mode.background, components)  # type: ignore[operator, arg-type]


def _answer(
    prepared: Prepared, shapes: ShapeTable, fit: Fit, shown: Mode, winner: Hypothesis, chances: Mapping[str, float], pooled: Pool
) -> Analysis:
    sizes = {kind: _size(pooled, kind) for kind in winner.types}
    evidence = _evidence(prepared, shapes, fit, shown, sizes)
    status, reasons = judge(evidence)
    known = status is not Status.OUTSIDE
    return Analysis(
        status=status,
        reasons=(*reasons, *prepared.notes),
        sentence=sentence(status, winner, chances, {kind: size.mean for kind, size in sizes.items()}),
        hypothesis=winner.name if known else None,
        nearest=winner.name,
        hypotheses=chances if known else {},
        number_fractions=_fractions(pooled, pooled.number) if known else {},
        volume_fractions=_fractions(pooled, pooled.volume) if known else {},
        scattering_fractions=_fractions(pooled, pooled.scattering) if known else {},
        sizes=sizes if known else {},
        particles=_particles(shown),
        fit=fit,
        chi2_reduced=float((fit.residuals**2).sum() / max(fit.q.size - _parameter_count(shown.hypothesis), 1)),
        runs_p=evidence.runs_p,
        effective_samples=pooled.effective,
        told=_told(pooled) if known else {},
    )


def _fractions(pooled: Pool, values: Array) -> dict[str, Interval]:
    return {kind: interval(values[:, i], pooled.weights) for i, kind in enumerate(pooled.types)}


def _told(pooled: Pool) -> dict[str, float]:
    prior_variance = prior_variances()[0]
    return {kind: _told_share(variance(pooled.number[:, i], pooled.weights), prior_variance) for i, kind in enumerate(pooled.types)}


def _told_share(after: float, before: float) -> float:
    return float(np.clip(1 - after / before, 0.0, 1.0))


def _size(pooled: Pool, kind: str) -> SizeEstimate:
    """Return the size of *kind* over the draws in which it gives a noticeable share of the scattering."""
    i = pooled.types.index(kind)
    present = (pooled.scattering[:, i] >= MINOR) & (pooled.weights > 0)
    weights = pooled.weights[present]
    mean, sd = pooled.mean[present, i], (pooled.mean * pooled.spread)[present, i]
    _, mean_before, sd_before = prior_variances()
    middle = interval(mean, weights)
    body = MODELS[kind](diameter=float(middle.value)).body()
    return SizeEstimate(
        mean=middle,
        sd=interval(sd, weights),
        equivalent=float((6 / np.pi * volume(body)) ** (1 / 3)),
        radius_of_gyration=radius_of_gyration(body),
        told_mean=_told_share(variance(mean, weights), mean_before),
        told_sd=_told_share(variance(sd, weights), sd_before),
    )


def _particles(mode: Mode) -> tuple[tuple[str, float, object], ...]:
    """Return (type, share of the scattering at the lowest q, particle of mean size) of a best fit."""
    total = max(float(mode.amplitudes.sum()), 1e-300)
    return tuple(
        (kind, float(amplitude) / total, MODELS[kind](diameter=float(np.exp(mean))))
        for kind, (mean, _), amplitude in zip(mode.hypothesis.types, mode.sizes, mode.amplitudes, strict=True)
        if amplitude > 0
    )


def _evidence(prepared: Prepared, shapes: ShapeTable, fit: Fit, shown: Mode, sizes: Mapping[str, SizeEstimate]) -> Evidence:
    model = prepared.binning @ fit.intensity
    residuals = (prepared.intensity - model) / prepared.sigma
    flat = shapes.flat
    level = (flat @ shapes.data) / (flat @ flat)
    chi2_flat = float(((shapes.data - level * flat) ** 2).sum())
    signal = np.abs(model - fit.background)
    return Evidence(
        chi2_bins=float((residuals**2).sum()),
        freedom=_freedom(shown, shapes),
        runs_p=runs_probability(residuals),
        misfit=relative_misfit(prepared.intensity, model, fit.background, prepared.sigma),
        gain=chi2_flat - shown.chi2,
        informative=int((signal > 3 * prepared.sigma).sum()),
        q_min=float(fit.q[0]),
        sizes=tuple(size.mean for size in sizes.values()),
        stated_sigma=not np.isnan(prepared.sigma_factor),
        points=len(prepared.curve),
    )
