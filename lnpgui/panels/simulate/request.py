"""What the Simulate panel asks for, as values, and how they become a sample and an instrument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.curve import Curve
from engine.datasets.simulation import SHAPES, Instrument, QAxis, SampleRecipe, Scaling, make_population
from engine.ensembles.average import Component, Mixture
from engine.errors import EngineError, ParameterError
from engine.models.parameters import parameters
from engine.models.registry import MODELS
from engine.scattering.smearing import Pinhole, Resolution, Slit

SIZE = "diameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One population: model, percent of the numbers, mean size and its deviation [nm], shape, and the model's other parameters."""

    key: str
    percent: float
    mean: float
    sd: float
    shape: str = "log-normal"
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentWish:
    """The instrument as the form has it: lengths of q in 1/nm, noise and background in percent."""

    q_min: float = 0.05
    q_max: float = 3.0
    points: int = 300
    axis: str = "logarithmic"  # or "linear", "measured"
    smearing: str = "none"  # or "pinhole", "slit"
    pinhole: float = 0.01
    half_height: float = 0.1
    half_width: float = 0.0
    noise_kind: str = "counting"  # or "log-normal", "none"
    noise: float = 1.0
    paper_noise: float = 1e6
    scale: float = 1.0
    background: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything the panel says."""

    rows: tuple[Row, ...]
    instrument: InstrumentWish
    solver: str
    over: int | None  # key of the measured curve
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence, and the place it belongs to: a row (None: the instrument) and a field (None: all of it)."""

    sentence: str
    row: int | None = None
    field: str | None = None


class Refused(Exception):
    """The request can't be; every fault at once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(" ".join(refusal.sentence for refusal in refusals))
        self.refusals = tuple(refusals)


def population(row: Row) -> Component:
    """Return the population of one row.

    Raises
    ------
    ParameterError
        With the field that is refused.
    """
    model = MODELS[row.key]
    values: dict[str, float] = dict(row.values)
    if has_size(row.key):
        values[SIZE] = row.mean
    return make_population(model(**values), row.percent / 100, row.sd, row.shape)


def has_size(key: str) -> bool:
    """Tell whether the model has a diameter that can be spread."""
    return any(parameter.name == SIZE for parameter in parameters(MODELS[key]))


def build(request: Request, measured: Curve | None) -> tuple[Mixture, Instrument]:
    """Return sample and instrument.

    Raises
    ------
    Refused
        With every fault.
    """
    faults: list[Refusal] = []
    components = []
    for number, row in enumerate(request.rows):
        try:
            components.append(population(row))
        except EngineError as error:
            faults.append(Refusal(str(error), number, error.field if isinstance(error, ParameterError) else None))
        if row.percent < 0:
            faults.append(Refusal(f"A fraction of {row.percent:g} % is refused; give 0 to 100 %.", number, "percent"))
    instrument = None
    try:
        instrument = make_instrument(request.instrument, measured)
    except EngineError as error:
        faults.append(Refusal(str(error), None, error.field if isinstance(error, ParameterError) else None))
    if not faults and (sentence := fault_of_sum(request.rows)):
        faults.append(Refusal(sentence, None, "percent"))
    if faults or instrument is None:
        raise Refused(faults)
    return Mixture(tuple(components)), instrument


def fault_of_sum(rows: Sequence[Row]) -> str:
    """Return what is wrong with the fractions together; nothing where they sum to 100 %."""
    if not rows:
        return "There is no population yet; add one."
    total = sum(row.percent for row in rows)
    if abs(total - 100) <= 1e-4:
        return ""
    return f"The number fractions sum to {total:.6g} %, not 100 %. Change one, or press Normalise."


def make_instrument(wish: InstrumentWish, measured: Curve | None) -> Instrument:
    """Return the instrument; like the one of *measured* where that is wished.

    Raises
    ------
    ParameterError
        With the field that is refused.
    """
    if wish.axis == "measured":
        if measured is None:
            raise ParameterError("Choose a measured curve first, or other points of q.", "axis")
        q = measured.q[measured.q > 0]
    else:
        q = QAxis(q_min=wish.q_min, q_max=wish.q_max, points=wish.points, logarithmic=wish.axis == "logarithmic").q
    return Instrument(
        q=q,
        resolution=_resolution(wish),
        noise=wish.noise / 100 if wish.noise_kind == "counting" else 0.0,
        paper_noise=wish.paper_noise if wish.noise_kind == "log-normal" else 0.0,
        scale=wish.scale,
        background=wish.background / 100,
        seed=wish.seed,
    )


def _resolution(wish: InstrumentWish) -> Resolution | None:
    if wish.smearing == "pinhole":
        try:
            return Pinhole(wish.pinhole)
        except ParameterError as error:
            raise ParameterError(str(error), "pinhole") from error
    return Slit(half_height=wish.half_height, half_width=wish.half_width) if wish.smearing == "slit" else None


def rows_of(recipe: SampleRecipe) -> tuple[Row, ...]:
    """Return the rows of the table that make *recipe*; percents have two decimals and sum to 100, the largest takes what is left."""
    rows = [_row(component) for component in recipe.mixture.components]
    rounded = [replace(row, percent=round(row.percent, 2)) for row in rows]
    largest = max(range(len(rounded)), key=lambda i: rounded[i].percent)
    left = 100 - sum(row.percent for row in rounded)
    rounded[largest] = replace(rounded[largest], percent=round(rounded[largest].percent + left, 2))
    return tuple(rounded)


def _row(component: Component) -> Row:
    particle, sizes = component.particle, component.sizes
    shape = next((name for name, kind in SHAPES.items() if type(sizes) is kind), "log-normal")
    return Row(
        key=particle.key,
        percent=100 * component.number_fraction,
        mean=getattr(particle, SIZE, 0.0),
        sd=getattr(sizes, "sd", 0.0),
        shape=shape,
        values={p.name: getattr(particle, p.name) for p in parameters(particle) if p.name != SIZE},
    )
