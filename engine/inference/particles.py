"""What is known of the particles before a curve is judged: shell thickness and contrasts, each a value or a range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

from engine.errors import ParameterError

Known = float | tuple[float, float]
"""A value, or the ends of a range in which every value is equally likely."""

THICKNESS_LIMITS = (1.0, 8.0)
"""Shell thicknesses [nm] that may be stated; 3 to 5 are sensible."""

CONTRAST_LIMIT = 100.0
"""Largest contrast [1e-6/Å²] that may be stated, of either sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particles:
    """Shell thickness and contrasts of the particles of a sample; all its types share them.

    The scale of a curve is unknown, so only ratios of contrasts matter: that of the shell is the measure of the others, and has one value.

    Parameters
    ----------
    shell_thickness : float or (float, float)
        Shell thickness t [nm].
    sld_core, sld_shell, sld_fill : float or (float, float)
        Contrasts to the solvent [1e-6/Å²].

    Raises
    ------
    ParameterError
        Telling every fault at once.
    """

    shell_thickness: Known = 4.0
    sld_core: Known = 16.0
    sld_shell: float = 9.0
    sld_fill: Known = 9.0

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ParameterError(" ".join(faults), "particles")

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Ends of the range of each value that is free, by name."""
        stated = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in stated.items() if isinstance(value, tuple)}

    @property
    def assumption(self) -> str:
        """What a verdict takes for granted, in words, and what it left free."""
        shell = f"a shell of {in_words(self.shell_thickness)} nm"
        contrasts = (
            f"contrasts of {in_words(self.sld_core)} (core), {in_words(self.sld_shell)} (shell) and {in_words(self.sld_fill)} (fill)"
        )
        if self.ranges:
            return f"Taken for granted, or free where a range stands: {shell}, {contrasts}."
        return f"Taken for granted: {shell} and {contrasts}. Particles with another shell can look like another type."

    @property
    def middle(self) -> Particles:
        """The same with the middle of each range."""
        return replace(self, **{name: (low + high) / 2 for name, (low, high) in self.ranges.items()})

    def as_record(self) -> dict[str, Any]:
        """Return all values as JSON takes them."""
        stated = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in stated.items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Particles:
        """Return what :meth:`as_record` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the record is none.
        ParameterError
            If its values are impossible.
        """
        return cls(**{item.name: _known(record[item.name]) for item in fields(cls)})


def in_words(value: Known) -> str:
    """Return a value, or the ends of a range, as :func:`from_words` takes them."""
    return ":".join(f"{end:g}" for end in value) if isinstance(value, tuple) else f"{value:g}"


def from_words(words: str) -> Known:
    """Return the value, or the two ends of a range, that was typed: 4, or 3:5.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    try:
        first, colon, last = words.replace(",", ".").partition(":")
        return (float(first), float(last)) if colon else float(first)
    except ValueError:
        raise ParameterError(f"{words!r} is not understood; write a value or FIRST:LAST, as in 3:5.", "particles") from None


def _known(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        low, high = value
        return float(low), float(high)
    return float(value)


def _faults(stated: Particles) -> Iterator[str]:
    for name, (lowest, highest), unit in (
        ("shell_thickness", THICKNESS_LIMITS, "nm"),
        ("sld_core", (-CONTRAST_LIMIT, CONTRAST_LIMIT), "e-6/Å²"),
        ("sld_shell", (-CONTRAST_LIMIT, CONTRAST_LIMIT), "e-6/Å²"),
        ("sld_fill", (-CONTRAST_LIMIT, CONTRAST_LIMIT), "e-6/Å²"),
    ):
        value = getattr(stated, name)
        ends = value if isinstance(value, tuple) else (value, value)
        inside = len(ends) == 2 and all(isfinite(end) and lowest <= end <= highest for end in ends)
        if not inside or (isinstance(value, tuple) and not ends[0] < ends[1]):
            said = in_words(value)
            yield f"{_WORDS[name]} of {said} is refused; give a value or an increasing range within {lowest:g} to {highest:g} {unit}."
    if isinstance(stated.sld_shell, tuple):
        yield "The shell's contrast is the measure of the others, because the scale of a curve is unknown; give it one value."
    elif stated.sld_shell == 0:
        yield "The shell's contrast must not be 0, because the others are measured by it."


_WORDS = {
    "shell_thickness": "A shell thickness",
    "sld_core": "A contrast of the core",
    "sld_shell": "A contrast of the shell",
    "sld_fill": "A contrast of the fill",
}

DEFAULT_PARTICLES = Particles()
