"""Numbers read off a verdict, and rules on them."""

from __future__ import annotations

import numpy as np
import pytest
from gui_fakes import make_analysis

from engine.curve import Curve
from engine.errors import ParameterError
from engine.inference.alarm import HypothesisRule, LimitRule, Rule, Side, StatusRule, breach, from_text, to_text
from engine.inference.analysis import Analysis, Interval, Status
from engine.inference.quantities import QUANTITIES

CURVE = Curve(np.geomspace(0.05, 3, 50), np.ones(50), np.full(50, 0.1))
FOUND = make_analysis(CURVE)  # 60 % type 3 and 40 % type 4 of 52 nm each
OUTSIDE = make_analysis(CURVE, status=Status.OUTSIDE)
RULES: list[Rule] = [LimitRule("mean type 3", Side.ABOVE, 60.0), StatusRule(Status.IN_FAMILY), HypothesisRule("type 3 + type 4")]


def value(key: str, analysis: Analysis = FOUND) -> Interval | None:
    return QUANTITIES[key].of(analysis)


def test_that_every_quantity_has_a_key_a_title_and_none_shares_either() -> None:
    assert all(key == quantity.key for key, quantity in QUANTITIES.items())
    assert len({quantity.title for quantity in QUANTITIES.values()}) == len(QUANTITIES)


def test_that_quantities_are_those_of_the_verdict() -> None:
    assert value("mean type 3") == Interval(52.0, 51.2, 52.9)
    assert value("number type 3") == Interval(60.0, pytest.approx(54.0), pytest.approx(67.0))
    assert value("probability") == Interval(0.93, 0.93, 0.93)
    assert value("background") == Interval(1e-4, 1e-4, 1e-4)
    gyration = value("rg type 4")
    assert gyration is not None
    assert gyration.value == 17.3
    assert gyration.low / gyration.value == pytest.approx(51.2 / 52.0)


def test_that_what_a_verdict_does_not_give_is_none() -> None:
    assert value("mean type 1") is None
    assert value("mean type 3", OUTSIDE) is None
    assert value("probability", OUTSIDE) is None
    assert value("chi2", OUTSIDE) == Interval(35.0, 35.0, 35.0)


@pytest.mark.parametrize(
    ("rule", "analysis", "said"),
    [
        (LimitRule("mean type 3", Side.ABOVE, 50.0), FOUND, "has a mean size of type 3 of 52 nm (90 %: 51.2 to 52.9), above 50 nm"),
        (LimitRule("mean type 3", Side.ABOVE, 52.0), FOUND, None),
        (LimitRule("number type 4", Side.BELOW, 50.0), FOUND, "has a number fraction of type 4 of 40 % (90 %: 34 to 47), below 50 %"),
        (LimitRule("chi2", Side.ABOVE, 2.0), OUTSIDE, "has a reduced χ² of 35, above 2"),
        (LimitRule("mean type 3", Side.ABOVE, 1.0), OUTSIDE, None),
        (StatusRule(Status.IN_FAMILY), FOUND, None),
        (StatusRule(Status.IN_FAMILY), OUTSIDE, "is outside, not in family"),
        (HypothesisRule("type 3"), FOUND, "is type 3 + type 4, not type 3"),
        (HypothesisRule("type 3"), OUTSIDE, "is outside, not type 3"),
        (HypothesisRule("type 3 + type 4"), FOUND, None),
    ],
)
def test_that_a_breach_is_told_with_what_was_found_and_what_was_wanted(rule: Rule, analysis: Analysis, said: str | None) -> None:
    assert breach(rule, analysis) == said


@pytest.mark.parametrize("rule", RULES)
def test_that_a_kept_rule_comes_back_as_it_was(rule: Rule) -> None:
    assert from_text(to_text(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"rule": "Other"}',
        '{"rule": "LimitRule", "quantity": "mass", "side": "above", "limit": 1}',
        '{"rule": "LimitRule", "quantity": "chi2", "side": "beside", "limit": 1}',
        '{"rule": "LimitRule", "quantity": "chi2", "side": "above", "limit": 1e999}',
        '{"rule": "StatusRule", "wanted": "fine"}',
        "[" * 100_000,
    ],
)
def test_that_what_is_no_rule_is_taken_for_none(text: str) -> None:
    assert from_text(text) is None


def test_that_an_impossible_rule_is_refused_at_its_field() -> None:
    with pytest.raises(ParameterError, match="no quantity") as refusal:
        LimitRule("mass", Side.ABOVE, 1.0)
    assert refusal.value.field == "quantity"
    with pytest.raises(ParameterError, match="must be a number"):
        LimitRule("chi2", Side.ABOVE, float("nan"))
    with pytest.raises(ParameterError, match="no verdict"):
        HypothesisRule("type 9")
