"""Results in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gui_fakes import make_analysis

from engine.curve import Curve
from engine.inference.analysis import Interval, Status
from lnpgui import wording
from lnpgui.session import Entry, State
from lnpgui.wording import Light

CURVE = Curve(np.geomspace(0.05, 3, 50), np.ones(50), np.full(50, 0.1))


def entry(state: State, **fields: object) -> Entry:
    """Entry of a file a.dat."""
    return Entry(key=1, path=Path("/data/a.dat"), name="a.dat", state=state, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(52.04, 51.2, 52.9), ("52.0 nm", "51.2 – 52.9")),
        (Interval(52.04, 30, 80), ("52 nm", "30 – 80")),
        (Interval(52.0412, 52.0409, 52.0415), ("52.0412 nm", "52.0409 – 52.0415")),
        (Interval(52.0, 52.0, 52.0), ("52.0 nm", "52.0 – 52.0")),
    ],
)
def test_that_a_length_shows_as_many_figures_as_its_interval_supports(interval: Interval, words: tuple[str, str]) -> None:
    assert wording.length(interval) == words


def test_that_a_missing_fraction_is_a_dash_not_a_zero() -> None:
    assert wording.share(None)[0] == "–"
    assert wording.share(Interval(0.6, 0.54, 0.67)) == ("60 %", "54 – 67")
    assert wording.share(Interval(0.602, 0.598, 0.606)) == ("60.2 %", "59.8 – 60.6")


@pytest.mark.parametrize(("told", "words"), [(0.99, "told by the data"), (0.3, "partly told by the data"), (0.02, "prior only")])
def test_that_who_told_a_value_is_said(told: float, words: str) -> None:
    assert wording.told(told) == words


def test_that_probabilities_are_ranked_and_the_rest_summed() -> None:
    shown = wording.probabilities({"a": 0.02, "b": 0.9, "c": 0.05, "d": 0.01, "e": 0.01, "f": 0.006, "g": 0.004})
    assert [name for name, _ in shown] == ["b", "c", "a", "d", "e", "all others"]
    assert sum(p for _, p in shown) == pytest.approx(1)


def test_that_the_runner_up_comes_with_its_odds() -> None:
    assert wording.runner_up({"a": 0.9, "b": 0.1}) == "Runner-up: b, 9 times less probable."
    assert "more than 10 000" in wording.runner_up({"a": 1.0, "b": 0.0})
    assert wording.runner_up({"a": 1.0}) == ""


def test_that_a_row_says_the_error_without_repeating_the_file_name() -> None:
    row = wording.row(entry(State.FAILED, error="a.dat, line 41: q must increase. Sort it."))
    assert row.light is Light.ERROR
    assert row.detail == "Line 41: q must increase. Sort it."
    assert row.spoken.startswith("a.dat: could not be read")


@pytest.mark.parametrize("status", Status)
def test_that_every_status_has_its_own_light_and_words(status: Status) -> None:
    row = wording.row(entry(State.DONE, analysis=make_analysis(CURVE, status=status)))
    assert row.light.words == status.value
    assert status.value in row.spoken


def test_that_every_light_has_an_icon_of_its_own_shape(root: Path) -> None:
    drawings = [(root / "resources" / "icons" / f"{light.value}.svg").read_text(encoding="utf-8") for light in Light]
    assert len(set(drawings)) == len(Light)


def test_that_a_curve_outside_has_neither_fractions_nor_sizes_nor_probabilities() -> None:
    card = wording.card(entry(State.DONE, analysis=make_analysis(CURVE, status=Status.OUTSIDE)))
    assert card.status == "Outside"
    assert card.reasons
    assert not any((card.fractions, card.sizes, card.probabilities, card.runner_up))


def test_that_types_that_were_not_found_are_bounded_in_one_line() -> None:
    card = wording.card(entry(State.DONE, analysis=make_analysis(CURVE)))
    assert [line.type_key for line in card.fractions] == ["type 3", "type 4"]
    assert card.fraction_notes == "type 1, type 2: at most 7 % each, by number.\nFractions told by the data."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "about 5 s left"),
        (12.0, "about 15 s left"),
        (70.0, "about 1 min left"),
        (1500.0, "about 25 min left"),
        (9000.0, "about 2.5 h left"),
    ],
)
def test_that_the_time_left_is_said_as_one_says_it(seconds: float | None, words: str) -> None:
    assert wording.time_left(seconds) == words
