"""The curve one would measure of a sample that is known: a mixture, an instrument, and what lies between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from engine.curve import Array, Curve, read_only
from engine.datasets.noise import LogNormalNoise, counting_noise
from engine.datasets.solvers import SOLVERS, SolverChoice, refused
from engine.ensembles.average import Component, Mixture, of_size, size_limits
from engine.ensembles.size_distribution import Gaussian, LogNormal, Schulz, SizeDistribution, grid, weights
from engine.errors import EngineError, ParameterError, UnsupportedModel
from engine.models.properties import properties
from engine.models.registry import LNP_TYPES, MODELS
from engine.models.sections import extent
from engine.progress import Report, Step, silent
from engine.scattering.smearing import Resolution, needed_range, smearing_matrix

SHAPES: dict[str, Callable[..., SizeDistribution]] = {"log-normal": LogNormal, "Gaussian": Gaussian, "Schulz": Schulz}
"""Forms of a size distribution with a mean and a standard deviation, by their name on the screen."""

MAX_POINTS = 10_000
MAX_Q = 100.0
MAX_POPULATIONS = 20

POINTS_PER_PERIOD = 60
"""Points of the model's grid per oscillation of the largest particle, where the instrument smears."""

MAX_GRID = 50_000


@dataclass(frozen=True, slots=True)
class SampleRecipe:
    """A sample with a name, to begin with.

    Parameters
    ----------
    title : str
        Name on the screen.
    mixture : Mixture
        What is in it.
    notes : tuple of str
        What was assumed, in sentences.
    """

    title: str
    mixture: Mixture
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QAxis:
    """Scattering vectors of an instrument.

    Parameters
    ----------
    q_min, q_max : float
        Ends [1/nm].
    points : int
        How many.
    logarithmic : bool
        Equal ratios instead of equal steps.

    Raises
    ------
    ParameterError
        With the field that is refused.
    """

    q_min: float = 0.05
    q_max: float = 3.0
    points: int = 300
    logarithmic: bool = True

    def __post_init__(self) -> None:
        low = 1e-4 if self.logarithmic else 0.0
        if not low <= self.q_min <= MAX_Q:
            raise ParameterError(f"A first q of {self.q_min:g} 1/nm is refused; give {low:g} to {MAX_Q:g}.", "q_min")
        if not self.q_min < self.q_max <= MAX_Q:
            raise ParameterError(
                f"A last q of {self.q_max:g} 1/nm is refused; give more than the first ({self.q_min:g}), up to {MAX_Q:g}.", "q_max"
            )
        if not 2 <= self.points <= MAX_POINTS:
            raise ParameterError(f"{self.points} points are refused; give 2 to {MAX_POINTS}.", "points")

    @property
    def q(self) -> Array:
        """The points [1/nm]."""
        return np.asarray((np.geomspace if self.logarithmic else np.linspace)(self.q_min, self.q_max, self.points))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Instrument:
    """How a sample is measured.

    Parameters
    ----------
    q : ndarray, shape (n,)
        Scattering vectors [1/nm], increasing.
    resolution : Pinhole or Slit, optional
        What the instrument smears.
    noise : float
        sigma/I at q = 0.1/nm of a counting detector after buffer subtraction; 0 for none.
    paper_noise : float
        Level of the paper's log-normal noise, for I of one particle [(1e-6/Å²)² nm⁶]; 0 for none. One kind of noise at a time.
    scale : float
        Factor on I(q) of one particle [(1e-6/Å²)² nm⁶]; 1e-22 times the number density in 1/cm³ gives I in 1/cm.
    background : float
        Constant background of either sign, as a share of I at the lowest q.
    seed : int
        Of the noise.
    """

    q: Array
    resolution: Resolution | None = None
    noise: float = 0.0
    paper_noise: float = 0.0
    scale: float = 1.0
    background: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", read_only(self.q))
        if not 0 <= self.noise <= 10:
            raise ParameterError(f"A noise of {100 * self.noise:g} % is refused; give 0 to 1000 %.", "noise")
        if not (math.isfinite(self.paper_noise) and self.paper_noise >= 0):
            raise ParameterError(f"A noise level of {self.paper_noise:g} is refused; give 0 or more.", "paper_noise")
        if self.noise and self.paper_noise:
            raise ParameterError("Counting and log-normal noise can't be had together; set one of them to 0.", "paper_noise")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ParameterError(f"A scale of {self.scale:g} is refused; give a positive number.", "scale")
        if not -10 <= self.background <= 10:
            raise ParameterError(f"A background of {100 * self.background:g} % is refused; give -1000 to 1000 %.", "background")
        if not 0 <= self.seed < 2**32:
            raise ParameterError(f"A seed of {self.seed} is refused; give 0 to {2**32 - 1}.", "seed")


@dataclass(frozen=True, slots=True)
class Shares:
    """What one population is of the sample: fractions of numbers, of volume, and of the scattering at the lowest q."""

    number: float
    volume: float
    scattering: float


class Scaling(Enum):
    """What is fitted when a simulated curve is laid over a measured one."""

    NONE = "as it is"
    FACTOR = "scaled"
    FACTOR_AND_BACKGROUND = "scaled, with a constant background"


@dataclass(frozen=True, slots=True, eq=False)
class LaidOver:
    """A simulated curve at the points of a measured one.

    Parameters
    ----------
    q, intensity : ndarray, shape (n,)
        The model, scaled, at the points that both have.
    residuals : ndarray, shape (n,), or None
        (data - model) / sigma; None where the file has no sigma.
    sigma : ndarray, shape (n,), or None
        As measured.
    factor, background : float
        What was fitted; 1 and 0 where nothing was.
    chi2_reduced : float or None
        Sum of the squared residuals over points less fitted numbers.
    """

    q: Array
    intensity: Array
    residuals: Array | None
    sigma: Array | None
    factor: float
    background: float
    chi2_reduced: float | None


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCurve:
    """What an instrument would measure of a sample.

    Parameters
    ----------
    curve : Curve
        With sigma where there is noise.
    ideal : ndarray, shape (n,)
        The same without noise: smeared, scaled, with background.
    parts : ndarray, shape (k, n)
        What each population gives to it, smeared and scaled, without background.
    background : float
        In the unit of the curve.
    shares : tuple of Shares
        One for each population.
    over : LaidOver or None
        The same at the points of a measured curve.
    """

    curve: Curve
    ideal: Array
    parts: Array
    background: float
    shares: tuple[Shares, ...]
    over: LaidOver | None = None


@dataclass(slots=True)
class Known:
    """Curves of populations that were computed already, the newest last; a changed fraction then costs nothing."""

    most: int = 40
    curves: MutableMapping[tuple[Any, ...], Array] = field(default_factory=dict)

    def get(self, key: tuple[Any, ...], compute: Callable[[], Array]) -> Array:
        """Return the curve under *key*, computed now if it is not known."""
        found = self.curves.pop(key, None)
        self.curves[key] = compute() if found is None else found
        while len(self.curves) > self.most:
            self.curves.pop(next(iter(self.curves)))
        return self.curves[key]


def make_population(particle: Any, number_fraction: float, sd: float, shape: str = "log-normal") -> Component:
    """Return particles about the size of *particle*, all alike where *sd* is 0.

    Raises
    ------
    ParameterError
        If the spread is impossible (field ``sd``) or the particle has no diameter to spread.
    """
    if not math.isfinite(sd) or sd < 0:
        raise ParameterError(f"A standard deviation of {sd:g} nm is refused; give 0 (all alike) or more.", "sd")
    if sd == 0:
        return Component(particle, number_fraction)
    if not hasattr(particle, "diameter"):
        raise ParameterError(f"A {particle.title.lower()} has no diameter to spread; give a standard deviation of 0.", "sd")
    return Component(particle, number_fraction, SHAPES[shape](mean=particle.diameter, sd=sd))


def presets() -> tuple[SampleRecipe, ...]:
    """Return samples to begin with."""

    def lipid(key: str, fraction: float, mean: float, sd: float) -> Component:
        return make_population(MODELS[key](diameter=mean), fraction, sd)

    return (
        SampleRecipe("Two-compartment and solid", Mixture((lipid("type 3", 0.6, 52.0, 4.0), lipid("type 4", 0.4, 40.0, 4.0)))),
        SampleRecipe("Two-compartment alone", Mixture((lipid("type 3", 1.0, 52.0, 4.0),))),
        SampleRecipe("Half-filled alone", Mixture((lipid("type 2", 1.0, 50.0, 5.0),))),
        SampleRecipe("Equal solid spheres", Mixture((lipid("type 4", 1.0, 50.0, 0.0),))),
        SampleRecipe("All four types", Mixture(tuple(lipid(key, 0.25, 50.0, 5.0) for key in LNP_TYPES))),
        SampleRecipe("Vesicles: outside the family", Mixture((lipid("vesicle", 1.0, 80.0, 8.0),))),
    )


def normalised(fractions: Sequence[float]) -> tuple[float, ...]:
    """Return *fractions* divided by their sum.

    Raises
    ------
    ParameterError
        If one is negative or none is positive.
    """
    if not fractions or min(fractions) < 0 or not 0 < sum(fractions) < math.inf:
        raise ParameterError("Number fractions must be at least 0, and one of them more; change one.", "number_fraction")
    total = sum(fractions)
    return tuple(fraction / total for fraction in fractions)


def refusal(mixture: Mixture, instrument: Instrument, solver: SolverChoice) -> str:
    """Return why *solver* can't compute the sample, in a sentence; empty where it can."""
    try:
        q = model_points(mixture, instrument)
    except EngineError as error:
        return str(error)
    return next((reason for c in mixture.components if (reason := refused(solver, c.particle, c.sizes, q))), "")


def estimated_seconds(mixture: Mixture, instrument: Instrument, solver: SolverChoice) -> float:
    """Return about how long *solver* will take on one core; it must not refuse the sample."""
    q = model_points(mixture, instrument)
    return sum(solver.seconds(c.particle, c.sizes, q) for c in mixture.components)


def model_points(mixture: Mixture, instrument: Instrument, over: Curve | None = None) -> Array:
    """Return the q [1/nm] at which the model must be known: the measured points, or where they are smeared a grid around them.

    Raises
    ------
    ParameterError
        If smearing needs more points than ``MAX_GRID``.
    """
    q = instrument.q if over is None else np.union1d(instrument.q, over.q)
    if instrument.resolution is None:
        return q
    low, high = needed_range(q, instrument.resolution)
    longest = max(_longest(component) for component in mixture.components)
    count = max(64, math.ceil((high - low) * longest / (2 * math.pi) * POINTS_PER_PERIOD), 2 * q.size)
    if count > MAX_GRID:
        raise ParameterError(f"Smearing this sample needs {count} points of q; at most {MAX_GRID} are taken. Lower q or the size.", "q_max")
    return np.linspace(low, high, count)


def _longest(component: Component) -> float:
    if component.sizes is not None:
        return float(min(component.sizes.support()[1], size_limits(component.particle)[1]))
    low, high = extent(component.particle.body())
    return high - low


def simulate(
    mixture: Mixture,
    instrument: Instrument,
    *,
    solver: SolverChoice = SOLVERS["exact"],
    over: Curve | None = None,
    scaling: Scaling = Scaling.FACTOR,
    known: Known | None = None,
    report: Report = silent,
) -> SimulatedCurve:
    r"""Return the curve that *instrument* would measure of *mixture*.

    .. math:: I(q) = s \sum_k n_k \langle I_k \rangle_D * R + b + \epsilon

    with R the smearing, s the scale, b the background, and :math:`\epsilon` the noise of Sedlak, Bruetzel & Lipfert (2017).

    Parameters
    ----------
    mixture : Mixture
        The sample, at most ``MAX_POPULATIONS`` populations.
    instrument : Instrument
        How it is measured.
    solver : SolverChoice
        One of :data:`engine.datasets.solvers.SOLVERS`.
    over : Curve, optional
        A measured curve at whose points the ideal curve is wanted too.
    scaling : Scaling
        What of it is fitted to that curve.
    known : Known, optional
        Curves computed before; is added to.
    report : Report
        Hears of each population.

    Raises
    ------
    EngineError
        If the solver refuses a population, or the sample scatters nothing to which noise could be added.
    """
    if len(mixture.components) > MAX_POPULATIONS:
        raise ParameterError(f"A sample of {len(mixture.components)} populations is refused; give at most {MAX_POPULATIONS}.")
    points = model_points(mixture, instrument, over)
    model = np.stack(list(_curves(mixture, points, solver, known or Known(), report)))
    fractions = np.array([component.number_fraction for component in mixture.components])
    weighted = instrument.scale * fractions[:, None] * model
    parts = _measured_at(instrument.q, points, weighted, instrument.resolution)
    first = float(parts[:, 0].sum())
    background = instrument.background * first
    ideal = parts.sum(axis=0) + background
    laid = None
    if over is not None:
        laid = lay_over(over, _measured_at(over.q, points, weighted, instrument.resolution).sum(axis=0), background, scaling)
    return SimulatedCurve(_noisy(instrument, ideal), ideal, parts, background, _shares(mixture, parts[:, 0]), laid)


def _curves(mixture: Mixture, q: Array, solver: SolverChoice, known: Known, report: Report) -> Iterator[Array]:
    count = len(mixture.components)
    for number, component in enumerate(mixture.components):
        report(Step(number, count, f"population {number + 1} of {count}"))
        if reason := refused(solver, component.particle, component.sizes, q):
            raise UnsupportedModel(reason)
        key = _key(component, solver, q)

        def compute(component: Component = component, number: int = number) -> Array:
            return solver.compute(component.particle, component.sizes, q, _shifted(report, number, count))

        yield known.get(key, compute)
    report(Step(count, count, "done"))


def _key(component: Component, solver: SolverChoice, q: Array) -> tuple[Any, ...]:
    return component.particle, component.sizes, solver.key, q.tobytes()


def is_known(mixture: Mixture, instrument: Instrument, solver: SolverChoice, over: Curve | None, known: Known) -> bool:
    """Tell whether every population was computed before, so that the sample is there at once."""
    q = model_points(mixture, instrument, over)
    return all(_key(component, solver, q) in known.curves for component in mixture.components)


def _shifted(report: Report, number: int, count: int) -> Report:
    """Return a report that takes the steps of one population for their part of the whole."""

    def pass_on(event: object) -> None:
        if isinstance(event, Step) and event.total:
            event = Step(round(1000 * (number + event.done / event.total)), 1000 * count, f"population {number + 1} of {count}")
        report(event)

    return pass_on


def _measured_at(q: Array, points: Array, model: Array, resolution: Resolution | None) -> Array:
    """Return the rows of *model*, known at *points*, as they are measured at *q*."""
    if resolution is None:
        return np.asarray(model[:, np.searchsorted(points, q)])
    return np.asarray((smearing_matrix(q, points, resolution) @ model.T).T)


def _noisy(instrument: Instrument, ideal: Array) -> Curve:
    if instrument.paper_noise:
        return _noisy_as_the_paper(instrument, ideal)
    if instrument.noise == 0:
        return Curve(instrument.q, ideal)
    sigma = counting_noise(instrument.q, ideal, relative=instrument.noise).sigma(instrument.q, ideal)
    return Curve(instrument.q, ideal + np.random.default_rng(instrument.seed).normal(0.0, sigma), sigma)


def _noisy_as_the_paper(instrument: Instrument, ideal: Array) -> Curve:
    if not (ideal > 0).all():
        raise ParameterError("Log-normal noise needs I > 0 everywhere; raise the background, or take counting noise.", "paper_noise")
    level = instrument.paper_noise * instrument.scale
    noisy = np.exp(LogNormalNoise(level=level).draw_log(ideal, np.random.default_rng(instrument.seed)))
    return Curve(instrument.q, noisy, np.sqrt(level * ideal))


def _shares(mixture: Mixture, first: Array) -> tuple[Shares, ...]:
    filled = np.array([component.number_fraction * mean_volume(component) for component in mixture.components])
    scattered = first / first.sum() if first.sum() > 0 else np.full(first.size, np.nan)
    rows = zip(mixture.components, filled / filled.sum(), scattered, strict=True)
    return tuple(Shares(component.number_fraction, float(volume), float(share)) for component, volume, share in rows)


def mean_volume(component: Component) -> float:
    """Return the mean volume of a particle of the population [nm³]."""
    if component.sizes is None:
        return properties(component.particle.body()).volume
    diameters = grid(component.sizes, 0.0, limits=size_limits(component.particle))
    volumes = [properties(of_size(component.particle, diameter).body()).volume for diameter in diameters]
    return float(weights(component.sizes, diameters, halve_ends=True) @ volumes)


def lay_over(measured: Curve, model: Array, background: float, scaling: Scaling) -> LaidOver:
    r"""Return *model*, given without background at the points of *measured*, laid over it.

    The factor, and the background where it is free, are those of least squares, weighted by :math:`1/\sigma^2`, or by
    :math:`1/I^2` where the curve has no standard deviations.

    Raises
    ------
    ParameterError
        If nothing can be scaled, because the model scatters nothing there or the best factor is not positive.
    """
    factor = 1.0
    if scaling is not Scaling.NONE:
        sigma = measured.sigma if measured.sigma is not None else np.maximum(np.abs(measured.intensity), 1e-300)
        level = np.full(model.size, float(model.max(initial=0.0)) or 1.0)
        columns = [model + background] if scaling is Scaling.FACTOR else [model, level]
        found = _least_squares(np.stack(columns, axis=1), measured.intensity, sigma)
        if not (math.isfinite(found[0]) and found[0] > 0):
            raise ParameterError("The simulated curve can't be scaled to the measured one: the best factor is not positive.", "over")
        factor = float(found[0])
        background = factor * background if scaling is Scaling.FACTOR else float(found[1] * level[0])
    intensity = factor * model + background
    if measured.sigma is None:
        return LaidOver(measured.q, intensity, None, None, factor, background, None)
    residuals = (measured.intensity - intensity) / measured.sigma
    free = {Scaling.NONE: 0, Scaling.FACTOR: 1, Scaling.FACTOR_AND_BACKGROUND: 2}[scaling]
    chi2 = float(residuals @ residuals) / max(1, residuals.size - free)
    return LaidOver(measured.q, intensity, residuals, measured.sigma, factor, background, chi2)


def _least_squares(columns: Array, data: Array, sigma: Array) -> Array:
    weighted = columns / sigma[:, None]
    size = np.abs(weighted).max(axis=0, initial=0.0)
    if not (size > 0).all():
        return np.full(columns.shape[1], np.nan)
    return np.asarray(np.linalg.lstsq(weighted / size, data / sigma, rcond=None)[0] / size)
