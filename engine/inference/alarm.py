"""A rule on verdicts, and the sentence that is said when one breaks it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from enum import Enum

from engine.errors import ParameterError
from engine.inference.analysis import Analysis, Status
from engine.inference.hypotheses import names
from engine.inference.quantities import QUANTITIES
from engine.models.registry import LNP_TYPES


class Side(Enum):
    """On which side of the limit the alarm is."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Alarm when a quantity lies beyond a limit, which is in the quantity's unit.

    A verdict that does not give the quantity, such as *outside*, is no alarm by this rule.
    """

    quantity: str
    side: Side
    limit: float

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise ParameterError(f"“{self.quantity}” is no quantity of a verdict. Choose one of the list.", "quantity")
        if not math.isfinite(self.limit):
            raise ParameterError(f"The limit must be a number; {self.limit} was given.", "limit")


@dataclass(frozen=True, slots=True)
class StatusRule:
    """Alarm when the status is another one."""

    wanted: Status


@dataclass(frozen=True, slots=True)
class HypothesisRule:
    """Alarm when the verdict names another type or mixture, or none."""

    wanted: str

    def __post_init__(self) -> None:
        if self.wanted not in names(LNP_TYPES):
            raise ParameterError(f"“{self.wanted}” is no verdict. Choose one of the list.", "wanted")


Rule = LimitRule | StatusRule | HypothesisRule


def breach(rule: Rule, analysis: Analysis) -> str | None:
    """Return why *analysis* breaks *rule*, as the end of a sentence that begins with the curve's name; None if it does not."""
    match rule:
        case LimitRule():
            return _beyond(rule, analysis)
        case StatusRule(wanted):
            return None if analysis.status is wanted else f"is {analysis.status.value}, not {wanted.value}"
        case HypothesisRule(wanted):
            found = analysis.hypothesis
            return None if found == wanted else f"is {found}, not {wanted}" if found else f"is outside, not {wanted}"


def _beyond(rule: LimitRule, analysis: Analysis) -> str | None:
    quantity = QUANTITIES[rule.quantity]
    found = quantity.of(analysis)
    if found is None or not (found.value > rule.limit if rule.side is Side.ABOVE else found.value < rule.limit):
        return None
    unit = f" {quantity.unit}" if quantity.unit else ""
    span = f" (90 %: {found.low:.4g} to {found.high:.4g})" if found.high > found.low else ""
    return f"has a {quantity.title} of {found.value:.4g}{unit}{span}, {rule.side.value} {rule.limit:.4g}{unit}"


def to_text(rule: Rule) -> str:
    """Return *rule* as JSON, to be kept."""
    fields = {key: value.value if isinstance(value, Enum) else value for key, value in asdict(rule).items()}
    return json.dumps({"rule": type(rule).__name__, **fields}, ensure_ascii=False)


def from_text(text: str) -> Rule | None:
    """Return the rule kept as *text*; None if it is none that is known here."""
    try:
        found = json.loads(text)
        match found:
            case {"rule": "LimitRule", "quantity": str(quantity), "side": str(side), "limit": float() | int() as limit}:
                return LimitRule(quantity, Side(side), float(limit))
            case {"rule": "StatusRule", "wanted": str(wanted)}:
                return StatusRule(Status(wanted))
            case {"rule": "HypothesisRule", "wanted": str(wanted)}:
                return HypothesisRule(wanted)
    except (ValueError, RecursionError, OverflowError, ParameterError):
        return None
    return None
