"""What can be read off a verdict as one number with its interval, under one name everywhere: trends, alarms, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from engine.inference.analysis import Analysis, Interval
from engine.models.registry import LNP_TYPES


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a verdict.

    Parameters
    ----------
    key : str
        By which it is stored.
    title, unit : str
        As it is printed; the unit is empty for a pure number.
    of : callable
        Takes an Analysis, returns the number with its 90 % interval in *unit*, without width where none is known, or None where the
        verdict does not give it.
    """

    key: str
    title: str
    unit: str
    of: Callable[[Analysis], Interval | None]


def _mean(kind: str, analysis: Analysis) -> Interval | None:
    size = analysis.sizes.get(kind)
    return None if size is None else size.mean


def _sd(kind: str, analysis: Analysis) -> Interval | None:
    size = analysis.sizes.get(kind)
    return None if size is None else size.sd


def _radius_of_gyration(kind: str, analysis: Analysis) -> Interval | None:
    """Rg of the particle of mean size. It grows in proportion to the size, and so does its interval."""
    size = analysis.sizes.get(kind)
    if size is None:
        return None
    factor = size.radius_of_gyration / size.mean.value
    return Interval(size.radius_of_gyration, factor * size.mean.low, factor * size.mean.high)


def _number(kind: str, analysis: Analysis) -> Interval | None:
    return _percent(analysis.number_fractions.get(kind))


def _volume(kind: str, analysis: Analysis) -> Interval | None:
    return _percent(analysis.volume_fractions.get(kind))


def _scattering(kind: str, analysis: Analysis) -> Interval | None:
    return _percent(analysis.scattering_fractions.get(kind))


def _percent(share: Interval | None) -> Interval | None:
    return None if share is None else Interval(100 * share.value, 100 * share.low, 100 * share.high)


def _exact(value: float) -> Interval:
    return Interval(value, value, value)


def _probability(analysis: Analysis) -> Interval | None:
    chance = analysis.hypotheses.get(analysis.hypothesis or "")
    return None if chance is None else _exact(chance)


def _chi2(analysis: Analysis) -> Interval:
    return _exact(analysis.chi2_reduced)


def _background(analysis: Analysis) -> Interval:
    return _exact(analysis.fit.background)


_OF_A_TYPE = (
    ("mean", "mean size of {}", "nm", _mean),
    ("sd", "sd of size of {}", "nm", _sd),
    ("rg", "Rg of {}", "nm", _radius_of_gyration),
    ("number", "number fraction of {}", "%", _number),
    ("volume", "volume fraction of {}", "%", _volume),
    ("scattering", "scattering fraction of {}", "%", _scattering),
)


def _all() -> list[Quantity]:
    of_types = [
        Quantity(f"{key} {kind}", title.format(kind), unit, partial(read, kind))
        for key, title, unit, read in _OF_A_TYPE
        for kind in LNP_TYPES
    ]
    return [
        *of_types,
        Quantity("probability", "probability of the verdict", "", _probability),
        Quantity("chi2", "reduced χ²", "", _chi2),
        Quantity("background", "background", "", _background),
    ]


QUANTITIES: Mapping[str, Quantity] = MappingProxyType({quantity.key: quantity for quantity in _all()})
