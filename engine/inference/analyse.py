"""One curve in, one verdict out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from engine.curve import Array, Curve
from engine.datasets.basis import Basis, default_basis
from engine.datasets.particle_terms import ParticleTerms
from engine.datasets.synthesis import MINOR
from engine.errors import EngineError
from engine.inference.analysis import Analysis, Fit, Interval, SizeEstimate, Status
from engine.inference.assistant import Assistant, assistant
from engine.inference.detection import unseen
from engine.inference.fit import Mode, best_modes, refine_all, scan
from engine.inference.free import FreeFit, FreeTable, draw_free, fit_free, free_table
from engine.inference.hypotheses import Hypothesis, hypotheses, names, prior
from engine.inference.judgement import (
    CHI2_DOUBTFUL,
    EDGE,
    FAMILY,
    MISFIT_DOUBTFUL,
    NARROWEST,
    WIDEST,
    Evidence,
    judge,
    relative_misfit,
    runs_probability,
    sentence,
)
from engine.inference.other_shells import OtherShell, other_shells
from engine.inference.particle_basis import basis_for, particle, terms_for
from engine.inference.particles import DEFAULT_PARTICLES, Particles
from engine.inference.plain_bodies import PARAMETERS as PLAIN_PARAMETERS
from engine.inference.plain_bodies import plain_bodies
from engine.inference.posterior import Sampler, log_sum, mixture_share, prior_scales
from engine.inference.prepare import Prepared, prepare
from engine.inference.rivals import FormFree, featureless, form_free
from engine.inference.settings import DEFAULT_SETTINGS, AnalysisSettings
from engine.inference.shapes import ShapeTable, curves_at, log_normal_weights, table
from engine.inference.summary import Pool, interval, labels, pool, prior_variances, probabilities, variance
from engine.models.properties import properties
from engine.models.registry import LNP_TYPES, MODELS
from engine.parallel import in_order, stop_if_cancelled, worker_count
from engine.progress import Report, Step, silent

__all__ = ["DEFAULT_SETTINGS", "AnalysisSettings", "analyse", "analyse_many", "information", "unit_volumes"]

NEGLIGIBLE = 14.0
"""A hypothesis whose approximate log evidence is this much below the best is not sampled."""

MODEL_ERROR = 0.02
"""Relative error of the model that is allowed for where no hypothesis fits within the noise: smearing, calibration, particles
that are only roughly those of the model."""

HELPED = 8.0
"""A second type helps when it lowers the chi² by this, in units of what the noise seems to be; less comes by chance with three more
parameters."""

HOPELESS_ERROR = 0.05
"""Three and more types are tried only on curves that fewer types fit to about this relative error."""

ZINGER = 8.0
"""Points this many sigma off the fit are left out where they are at most one in a hundred."""

FORM_LEAD = 3.0
"""One type alone with form-free sizes stands out when every other has a chi² larger by this factor."""

ROUNDS = {1: 7, 2: 9, 3: 16, 4: 16}
"""Rounds of draws at most, by the number of types."""

ENOUGH, FEW_DRAWS, RELIABLE = 400.0, 50.0, 100.0
"""Effective draws that are enough for a probable hypothesis, for one that is hardly so, and below which all numbers are approximate."""

PROBABLE, IMPROBABLE, DOUBT = 0.05, 2e-3, 4.0
"""Probabilities that tell how many draws a hypothesis deserves; ln of the factor by which the evidence of a
single draw may be too small; less where more of them count."""

FREE_CENTRES = 4
"""Hypotheses about whose free values is drawn, at most."""

FEW_CURVES = 6
"""So many are answered sooner here than by processes that must start first."""

HOPELESS = 10.0
"""A hypothesis is not fitted to its end that begins this many times above the best chi² so far and the expected one together."""

FAMILY_LOW, FAMILY_HIGH = np.log([FAMILY[0] / EDGE, NARROWEST]), np.log([FAMILY[1] * EDGE, WIDEST])
"""Least and largest ln mean and ln spread of the family."""

REACHED = 30.0
"""Hypotheses this near the best are tried again with sizes of the family only, where the best needs others."""

STARTS = {1: 4, 2: 6, 3: 3, 4: 2}
"""Starting points of the fit by number of types."""


def analyse(
    curve: Curve,
    *,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    basis: Basis | None = None,
    terms: ParticleTerms | None = None,
    report: Report = silent,
    inspect: Callable[[Pool], None] | None = None,
) -> Analysis:
    """Return the verdict on a measured curve.

    Parameters
    ----------
    curve : Curve
        q in 1/nm, intensity in any unit, sigma if there is one.
    settings : AnalysisSettings
        Candidate types and their weights, range of q, effort and seed.
    basis : Basis, optional
        Curves of the candidate types; by default those of the particles of the settings, shipped with the program or computed once.
    terms : ParticleTerms, optional
        From which curves are made where something of the particles is free; computed once by default.
    report : Report
        Told of each step; may raise Cancelled.
    inspect : callable, optional
        Shown the draws from the posterior, which are not kept.

    Raises
    ------
    EngineError
        If the curve has too few usable points.
    """
    began = time.perf_counter()
    particles, fits = settings.particles, list[FreeFit]()
    if particles.ranges:
        terms = terms or terms_for(particles, settings.candidates, report=report)
        prepared = prepare(curve, q_max=terms.q_max, q_range=settings.q_range)
        free = free_table(prepared, particles, terms, settings.candidates)
        fits = fit_free(free, settings.candidates, report)
        particles, basis = free.stated(fits[0].theta), free.basis(fits[0].theta)
    basis = basis or basis_for(particles, settings.candidates, report=report)
    report(Step(0, 4, "reading the points"))
    prepared = prepare(curve, q_max=basis.q_max, q_range=settings.q_range)
    helper = assistant(prepared, basis, settings.model)
    reading = _read(prepared, basis, settings.candidates, report, helper)
    form = None
    if reading.reduced > CHI2_DOUBTFUL:
        cleaned = _without_zingers(prepared, _fit(prepared, basis, reading.best), basis)
        if cleaned is not prepared:
            prepared, reading = cleaned, _read(cleaned, basis, settings.candidates, report, helper)
    if reading.reduced > CHI2_DOUBTFUL and _misses(prepared, _fit(prepared, basis, reading.best)):
        reading, form = _read_with_model_error(prepared, basis, reading, report)
    report(Step(2, 4, "weighing hypotheses"))
    excess = max(reading.reduced, 1.0)
    modes = _softened(reading.modes, excess)
    if terms is not None and fits:
        free = free_table(reading.prepared, settings.particles, terms, settings.candidates)
        pooled = _posterior_of_free(free, fits, modes, excess, settings, report)
    else:
        pooled = _posterior(reading.shapes.softened(excess), modes, settings, report, helper)
    report(Step(3, 4, "judging"))
    if inspect is not None:
        inspect(pooled)
    labelled = labels(pooled)
    chances = probabilities(pooled, labelled, names(settings.candidates))
    winner = _most_probable(pooled, labelled, chances)
    shown = _shown(reading, winner)
    fitted = _fit(prepared, basis, shown)
    is_usual = settings.particles == DEFAULT_PARTICLES and basis.identity == default_basis().identity
    others = other_shells(reading.prepared, reading.modes, reading.best, winner, report) if is_usual and form is None else ()
    report(Step(3, 4, "comparing with other bodies"))
    answer = _answer(prepared, reading, fitted, shown, winner, chances, pooled, form, helper, particles, others)
    assumed = settings.particles.assumption if answer.status is not Status.OUTSIDE else ""
    return replace(
        answer,
        reasons=(*answer.reasons, assumed) if assumed else answer.reasons,
        nuisances=_nuisances(pooled, winner, settings.particles) if answer.status is not Status.OUTSIDE else {},
        model=f"physics/1 {_network(helper)} basis {basis.identity} settings {settings.identity} seed {settings.seed}",
        seconds=time.perf_counter() - began,
    )


def analyse_many(
    curves: Sequence[Curve],
    *,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    basis: Basis | None = None,
    workers: int | None = None,
    report: Report = silent,
) -> Iterator[Analysis | EngineError]:
    """Yield the verdict on each curve, in order; for a curve that is refused, the error that says why.

    Parameters
    ----------
    workers : int, optional
        Processes; by default one per processor where there are more than ``FEW_CURVES`` curves, else none beside this one.
    report : Report
        Told how many are done; may raise Cancelled.

    Raises
    ------
    NotConverged
        If a process died.
    """
    if basis is None and not settings.particles.ranges:
        basis_for(settings.particles, settings.candidates, report=report)  # computed here, once, where processes would each do so
    elif basis is None:
        terms_for(settings.particles, settings.candidates, report=report)
    one = partial(_answer_or_error, settings=settings, basis=basis)
    count = (worker_count() if len(curves) > FEW_CURVES else 1) if workers is None else workers

    def tell(done: int) -> None:
        report(Step(done, len(curves), "curves"))

    answers = in_order(one, curves, workers=min(count, len(curves)), still_wanted=tell) if count > 1 else map(one, curves)
    for done, answer in enumerate(answers, start=1):
        tell(done)
        yield answer


def _answer_or_error(
    curve: Curve, *, settings: AnalysisSettings, basis: Basis | None, report: Report = stop_if_cancelled
) -> Analysis | EngineError:
    try:
        return analyse(curve, settings=settings, basis=basis, report=report)
    except EngineError as error:
        return EngineError(str(error))


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Best fits of every hypothesis that was tried, best first in each."""

    prepared: Prepared
    shapes: ShapeTable
    modes: Mapping[Hypothesis, Sequence[Mode]]

    @property
    def best(self) -> Mode:
        """The fit with the smallest information criterion."""
        return min((found[0] for found in self.modes.values()), key=lambda mode: information(mode, self.shapes.data.size))

    @property
    def reduced(self) -> float:
        """Reduced chi² of the best fit over the bins."""
        return self.best.chi2 / _freedom(self.best, self.shapes)


def _network(helper: Assistant | None) -> str:
    return "no network" if helper is None else f"network {helper.identity}"


def _read(
    prepared: Prepared, basis: Basis, types: tuple[str, ...], report: Report, helper: Assistant | None = None, *, most: int = 4
) -> _Reading:
    """Return the fits of all sets of at most *most* of the *types*; three and more only where two or fewer come near."""
    shapes = table(prepared, basis, types)
    scanned = scan(shapes)
    modes: dict[Hypothesis, list[Mode]] = {}
    for hypothesis in hypotheses(types):
        count = len(hypothesis.types)
        if count > most or (count > 2 and not _worth_trying(prepared, count, modes)):
            continue
        report(Step(1, 4, f"fitting {hypothesis.name}"))
        least = min((found[0].chi2 for found in modes.values()), default=np.inf)
        more = helper.starts(hypothesis) if helper is not None else []
        hopeless = HOPELESS * (least + shapes.data.size)
        modes[hypothesis] = best_modes(shapes, scanned, hypothesis, count=STARTS[count], more=more, hopeless=hopeless)
    return _Reading(prepared, shapes, modes)


def _without_zingers(prepared: Prepared, fit: Fit, basis: Basis) -> Prepared:
    """Return *prepared* without single points far off a fit that most points agree with, or as it is where there are none."""
    spread = max(1.0, 1.4826 * float(np.median(np.abs(fit.residuals))))
    far = np.abs(fit.residuals) > ZINGER * spread
    if not 0 < far.sum() <= max(1, 0.01 * far.size):
        return prepared
    cleaned = prepare(prepared.curve.select(~far), q_max=basis.q_max)
    first = f"the first at {fit.q[far][0]:.4g} 1/nm"
    said = f"{int(far.sum())} of {far.size} points lie more than {ZINGER:g} sigma off the fit and were left out, {first}."
    return replace(cleaned, sigma_factor=prepared.sigma_factor, notes=(*prepared.notes, said))


def _misses(prepared: Prepared, fit: Fit) -> bool:
    """Return whether the fit deviates by more than noise that is larger than stated."""
    model = prepared.binning @ fit.intensity
    return relative_misfit(prepared.intensity, model, fit.background, prepared.sigma) > MISFIT_DOUBTFUL


def _worth_trying(prepared: Prepared, count: int, modes: Mapping[Hypothesis, Sequence[Mode]]) -> bool:
    """Return whether *count* types may do better than the fewer ones fitted so far.

    Not where those are far off even if the curve were known to a twentieth only; three only where two helped, and four where three did.
    """
    points = prepared.q.size
    if count > 3:
        fewer = min(information(found[0], points) for h, found in modes.items() if len(h.types) < 3)
        three = min((information(found[0], points) for h, found in modes.items() if len(h.types) == 3), default=np.inf)
        return bool(three < fewer)
    alone, paired = (min((found[0].chi2 for h, found in modes.items() if len(h.types) == n), default=np.inf) for n in (1, 2))
    if alone - paired < HELPED * max(1.0, paired / points):
        return False
    chi2 = min(alone, paired)
    loosened = np.median((HOPELESS_ERROR * prepared.intensity / prepared.sigma) ** 2)
    return bool(chi2 / prepared.q.size < 4 * (1 + loosened))


def _read_with_model_error(prepared: Prepared, basis: Basis, strict: _Reading, report: Report) -> tuple[_Reading, FormFree | None]:
    """Return the fits when the model may be wrong by ``MODEL_ERROR`` everywhere, and the form-free inversion if one type stands out.

    Where one type alone, with sizes of any distribution, does clearly better than every other, no mixture is claimed: what the
    log-normal sizes leave over would be taken for a second type.
    """
    loosened = prepared.with_model_error(MODEL_ERROR)
    types = tuple(strict.shapes.curves)
    form = form_free(table(loosened, basis, basis.types))
    stands_out = form.lead > FORM_LEAD and form.best in types
    return _read(loosened, basis, (form.best,) if stands_out else types, report, most=2), form if stands_out else None


def _parameter_count(hypothesis: Hypothesis) -> int:
    """Two sizes and an amplitude for each type, and the background."""
    return 3 * len(hypothesis.types) + 1


def information(mode: Mode, points: int) -> float:
    """Return the Bayesian information criterion (Schwarz 1978) of a best fit."""
    return mode.chi2 + _parameter_count(mode.hypothesis) * float(np.log(points))


def _freedom(mode: Mode, shapes: ShapeTable) -> int:
    return max(shapes.data.size - _parameter_count(mode.hypothesis), 1)


def _softened(modes: Mapping[Hypothesis, Sequence[Mode]], excess: float) -> dict[Hypothesis, list[Mode]]:
    return {hypothesis: [replace(mode, chi2=mode.chi2 / excess) for mode in found] for hypothesis, found in modes.items()}


def _posterior(
    shapes: ShapeTable, modes: Mapping[Hypothesis, Sequence[Mode]], settings: AnalysisSettings, report: Report, helper: Assistant | None
) -> Pool:
    """Return the pooled draws of every hypothesis that is not negligible."""
    rng = np.random.default_rng(settings.seed)
    criterion = {hypothesis: information(found[0], shapes.data.size) for hypothesis, found in modes.items()}
    lowest = min(criterion.values())
    scales = prior_scales(shapes)
    samplers = []
    for hypothesis, found in modes.items():
        if criterion[hypothesis] - lowest <= 2 * NEGLIGIBLE:
            report(Step(2, 4, f"weighing {hypothesis.name}"))
            parents = [modes[h][0] for h in modes if len(h.types) == len(hypothesis.types) - 1 and set(h.types) < set(hypothesis.types)]
            share = mixture_share([scales[kind] for kind in hypothesis.types])
            proposals = helper.proposals(hypothesis) if helper is not None else ()
            samplers.append(Sampler(shapes, found, parents, share=share, count=settings.draws, rng=rng, proposals=proposals))
    before = prior(settings.candidates, settings.weights)
    _sharpen(samplers, before, report)
    return pool([sampler.draws() for sampler in samplers], before, settings.candidates, unit_volumes())


def _posterior_of_free(
    free: FreeTable,
    fits: Sequence[FreeFit],
    modes: Mapping[Hypothesis, Sequence[Mode]],
    excess: float,
    settings: AnalysisSettings,
    report: Report,
) -> Pool:
    """Return the pooled draws of every hypothesis that is not negligible at its own best free values."""
    points = free.shapes.data.size
    criterion = {hypothesis: information(found[0], points) for hypothesis, found in modes.items()}
    for fit in fits:
        own = fit.mode.hypothesis
        if own in criterion:
            criterion[own] = min(criterion[own], information(replace(fit.mode, chi2=fit.mode.chi2 / excess), points))
    lowest = min(criterion.values())
    likely = {hypothesis: found for hypothesis, found in modes.items() if criterion[hypothesis] - lowest <= 2 * NEGLIGIBLE}
    about = [fit for fit in fits if fit.mode.hypothesis in likely][:FREE_CENTRES] or list(fits[:1])
    drawn = draw_free(free, about, likely, excess, np.random.default_rng(settings.seed), report)
    return pool(drawn, prior(settings.candidates, settings.weights), settings.candidates, unit_volumes())


def _nuisances(pooled: Pool, winner: Hypothesis, particles: Particles) -> dict[str, Interval]:
    """Return what was free of the types of *winner*."""
    found = {}
    for i, name in enumerate(particles.ranges):
        concerned = [pooled.types.index(kind) for kind in winner.types if hasattr(MODELS[kind], name)]
        there = (pooled.scattering[:, concerned] >= MINOR).any(axis=1)
        if there.any():
            found[name] = interval(pooled.nuisances[there, i], pooled.weights[there])
    return found


def _sharpen(samplers: Sequence[Sampler], before: Mapping[Hypothesis, float], report: Report) -> None:
    """Add rounds of draws where they matter: to the hypotheses that are probable, until enough of their draws count."""
    for done in range(1, max(ROUNDS.values())):
        log_mass = np.array([sampler.log_evidence + np.log(before[sampler.hypothesis]) for sampler in samplers])
        poor = []
        for sampler, mass in zip(samplers, log_mass - np.maximum(log_sum(log_mass, axis=0), -1e300), strict=True):
            # few effective draws nearly always mean an evidence that is still too small
            doubt = DOUBT * max(1 - sampler.effective / FEW_DRAWS, 0.0)
            wanted = ENOUGH if mass + doubt > np.log(PROBABLE) else FEW_DRAWS if mass + doubt > np.log(IMPROBABLE) else 0.0
            if sampler.effective < wanted and done < ROUNDS[len(sampler.hypothesis.types)]:
                poor.append(sampler)
        if not poor:
            return
        for sampler in poor:
            report(Step(2, 4, f"weighing {sampler.hypothesis.name}"))
            sampler.improve()


@lru_cache(maxsize=1)
def unit_volumes() -> dict[str, float]:
    """Return V / D³ of each LNP type."""
    return {kind: properties(MODELS[kind](diameter=100.0).body()).volume / 100.0**3 for kind in LNP_TYPES}


def _most_probable(pooled: Pool, labelled: Sequence[Hypothesis], chances: Mapping[str, float]) -> Hypothesis:
    """Return the set of types with the largest weight under the most probable name."""
    name = max(chances, key=lambda key: chances[key])
    weight: dict[Hypothesis, float] = {}
    for hypothesis, share in zip(labelled, pooled.weights, strict=True):
        if hypothesis.name == name:
            weight[hypothesis] = weight.get(hypothesis, 0.0) + float(share)
    return max(weight, key=lambda hypothesis: weight[hypothesis])


def _shown(reading: _Reading, winner: Hypothesis) -> Mode:
    """Return the fit of *winner*, or the overall best one where that is clearly better (a trace of a further type)."""
    best, points = reading.best, reading.shapes.data.size
    own = reading.modes[winner][0]
    return own if information(own, points) - information(best, points) < 10 else best


def _fit(prepared: Prepared, basis: Basis, mode: Mode) -> Fit:
    curve = prepared.curve
    at_points = curves_at(basis, curve.q)
    components = {}
    for kind, (mean, spread), amplitude in zip(mode.hypothesis.types, mode.sizes, mode.amplitudes, strict=True):
        weights = log_normal_weights(basis.diameters, np.exp([mean]), np.exp([spread]))[:, 0]
        shape = weights @ at_points[kind]
        first = float((prepared.binning @ shape)[0])
        components[kind] = amplitude * shape / first
    model = np.sum(list(components.values()), axis=0) + mode.background
    return Fit(curve.q, model, (curve.intensity - model) / curve.sigma, curve.sigma, mode.background, components)  # type: ignore[arg-type]


def _answer(
    prepared: Prepared,
    reading: _Reading,
    fit: Fit,
    shown: Mode,
    winner: Hypothesis,
    chances: Mapping[str, float],
    pooled: Pool,
    form: FormFree | None,
    helper: Assistant | None,
    particles: Particles,
    others: tuple[OtherShell, ...],
) -> Analysis:
    sizes = {kind: _size(pooled, kind, particles) for kind in winner.types}
    evidence = replace(_evidence(prepared, reading, fit, shown, sizes, form, helper), other_shells=others, probability=chances[winner.name])
    status, reasons = judge(evidence)
    alone = winner.types[0] if status is Status.IN_FAMILY and len(winner.types) == 1 and len(reading.shapes.curves) > 1 else None
    beside = () if alone is None else unseen(alone, prepared.q, prepared.intensity, prepared.sigma)
    approximate = () if pooled.effective >= RELIABLE else (_approximate(pooled.effective),)
    known = status is not Status.OUTSIDE
    return Analysis(
        status=status,
        reasons=(*reasons, *beside, *approximate, *prepared.notes),
        sentence=sentence(status, winner, chances, {kind: size.mean for kind, size in sizes.items()}, stands_out=form is not None),
        hypothesis=winner.name if known else None,
        nearest=winner.name,
        hypotheses=chances if known else {},
        number_fractions=_fractions(pooled, pooled.number) if known else {},
        volume_fractions=_fractions(pooled, pooled.volume) if known else {},
        scattering_fractions=_fractions(pooled, pooled.scattering) if known else {},
        sizes=sizes if known else {},
        particles=_particles(shown, pooled, particles),
        fit=fit,
        chi2_reduced=float((fit.residuals**2).sum() / max(fit.q.size - _parameter_count(shown.hypothesis), 1)),
        runs_p=evidence.runs_p,
        effective_samples=pooled.effective,
        is_approximate=bool(approximate),
        told=_told(pooled) if known else {},
    )


def _approximate(effective: float) -> str:
    return (
        f"The numbers are approximate: only {effective:.0f} independent draws support them, where {RELIABLE:.0f} are wanted; "
        "intervals may be too narrow."
    )


def _fractions(pooled: Pool, values: Array) -> dict[str, Interval]:
    return {kind: interval(values[:, i], pooled.weights) for i, kind in enumerate(pooled.types)}


def _told(pooled: Pool) -> dict[str, float]:
    prior_variance = prior_variances()[0]
    return {kind: _told_share(variance(pooled.number[:, i], pooled.weights), prior_variance) for i, kind in enumerate(pooled.types)}


def _told_share(after: float, before: float) -> float:
    return float(np.clip(1 - after / before, 0.0, 1.0))


def _size(pooled: Pool, kind: str, particles: Particles) -> SizeEstimate:
    """Return the size of *kind* over the draws in which it gives a noticeable share of the scattering."""
    i = pooled.types.index(kind)
    present = (pooled.scattering[:, i] >= MINOR) & (pooled.weights > 0)
    weights = pooled.weights[present]
    mean, sd = pooled.mean[present, i], (pooled.mean * pooled.spread)[present, i]
    _, mean_before, sd_before = prior_variances()
    middle = interval(mean, weights)
    typical = properties(particle(kind, middle.value, particles).body())
    return SizeEstimate(
        mean=middle,
        sd=interval(sd, weights),
        equivalent=typical.equivalent_diameter,
        radius_of_gyration=typical.radius_of_gyration,
        told_mean=_told_share(variance(mean, weights), mean_before),
        told_sd=_told_share(variance(sd, weights), sd_before),
    )


def _particles(mode: Mode, pooled: Pool, particles: Particles) -> tuple[tuple[str, float, object], ...]:
    """Return (type, number fraction, particle of mean size) of a best fit."""
    number = _fractions(pooled, pooled.number)
    return tuple(
        (kind, number[kind].value, particle(kind, float(np.exp(mean)), particles))
        for kind, (mean, _), amplitude in zip(mode.hypothesis.types, mode.sizes, mode.amplitudes, strict=True)
        if amplitude > 0
    )


def _evidence(
    prepared: Prepared,
    reading: _Reading,
    fit: Fit,
    shown: Mode,
    sizes: Mapping[str, SizeEstimate],
    form: FormFree | None,
    helper: Assistant | None,
) -> Evidence:
    shapes = reading.shapes
    model = prepared.binning @ fit.intensity
    residuals = (prepared.intensity - model) / prepared.sigma
    flat = 1 / prepared.sigma
    level = np.sum(prepared.intensity * flat**2) / np.sum(flat**2)
    chi2 = float((residuals**2).sum())
    rival = featureless(shapes, prepared.q)
    plain = plain_bodies(shapes, prepared.q)
    penalty, own = float(np.log(shapes.data.size)), information(reading.best, shapes.data.size)
    return Evidence(
        chi2_bins=chi2,
        freedom=_freedom(shown, shapes),
        runs_p=runs_probability(residuals),
        misfit=relative_misfit(prepared.intensity, model, fit.background, prepared.sigma),
        form_misfit=_form_misfit(form, shapes),
        gain=float((((prepared.intensity - level) * flat) ** 2).sum()) - chi2,
        lead=rival.chi2 + rival.parameters * penalty - information(shown, shapes.data.size),
        reach=_reach(reading),
        plain_lead=np.inf if plain.round or form else plain.chi2 + PLAIN_PARAMETERS * penalty - own,
        plain_words=plain.words,
        types=len(reading.best.hypothesis.types),
        informative=int((np.abs(model - fit.background) > 3 * prepared.sigma).sum()),
        sizes=tuple(size.mean for size in sizes.values()),
        stated_sigma=not np.isnan(prepared.sigma_factor),
        points=len(prepared.curve),
        novelty=None if helper is None else helper.novelty,
    )


def _reach(reading: _Reading) -> float:
    """Return how much the information criterion rises when every size and spread must be one of the family."""
    points, limits = reading.shapes.data.size, (FAMILY_LOW, FAMILY_HIGH)
    every = [mode for found in reading.modes.values() for mode in found]
    least = information(reading.best, points)
    inside = [mode for mode in every if ((mode.sizes >= FAMILY_LOW) & (mode.sizes <= FAMILY_HIGH)).all()]
    if any(mode is reading.best for mode in inside):
        return 0.0
    for hypothesis, found in reading.modes.items():
        if information(found[0], points) < least + REACHED:
            inside += refine_all(reading.shapes, hypothesis, [mode.sizes for mode in found], limits=limits)
    return min(information(mode, points) for mode in inside) - least


def _form_misfit(form: FormFree | None, shapes: ShapeTable) -> float | None:
    """Return the relative misfit of the one type that fits with sizes of any form, or None where no type stands out."""
    if form is None:
        return None
    return MODEL_ERROR * float(np.sqrt(form.chi2[form.best] / shapes.data.size))
