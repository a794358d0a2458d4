"""How a number with its interval is written: values in, words out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.inference.analysis import Interval

MOST_DECIMALS = 4


class Notation(Enum):
    """How the interval of a number stands beside it. The value is the word in the settings."""

    RANGE = "range"
    PLUS_MINUS = "plus-minus"
    BRACKETS = "brackets"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How numbers are written.

    Parameters
    ----------
    notation : Notation
        How the interval stands beside the value.
    digits : int, optional
        Significant digits of the value; None for as many as its interval tells.
    """

    notation: Notation = Notation.RANGE
    digits: int | None = None

    def written(self, interval: Interval, unit: str, decimals: int) -> tuple[str, str]:
        """Return a value with its unit, and what stands below it; *decimals* unless the digits were chosen.

        A value of which the interval is nowhere near as wide as its last digit keeps a digit of it: ``52.00(1)``.
        """
        n = decimals if self.digits is None else self._decimals(interval)
        value = f"{interval.value:.{n}f}"
        below, above = (max(0.0, arm) for arm in (interval.value - interval.low, interval.high - interval.value))
        match self.notation:
            case Notation.RANGE:
                return f"{value} {unit}", f"{interval.low:.{n}f} – {interval.high:.{n}f}"
            case Notation.PLUS_MINUS:
                down, up = (f"{arm:.{n}f}" for arm in (below, above))
                return f"{value} ± {up} {unit}" if up == down else f"{value} +{up} −{down} {unit}", ""
            case Notation.BRACKETS:
                return f"{value}({_last_digits(max(below, above), n)}) {unit}", ""

    def _decimals(self, interval: Interval) -> int:
        """Digits after the point that make so many significant ones."""
        value = abs(interval.value)
        if self.digits is None or not math.isfinite(value) or value == 0:
            return 1
        return min(MOST_DECIMALS, max(0, self.digits - 1 - math.floor(math.log10(value))))

    @property
    def heading(self) -> str:
        """What stands behind the title of a table of such numbers."""
        return _HEADINGS[self.notation]


_HEADINGS = {
    Notation.RANGE: "with 90 % intervals",
    Notation.PLUS_MINUS: "± to the ends of the 90 % interval",
    Notation.BRACKETS: "(wider half of the 90 % interval)",
}


def _last_digits(arm: float, decimals: int) -> str:
    """Return the half width of an interval in units of the last digit, with a point where it reaches before that of the value."""
    if not math.isfinite(arm):
        return "∞"
    units = math.ceil(round(arm * 10**decimals, 6))
    return str(max(1, units)) if decimals == 0 or units < 10**decimals else f"{units / 10**decimals:.{decimals}f}"


AS_USUAL = NumberFormat()
DIGITS = (None, 2, 3, 4, 5)
