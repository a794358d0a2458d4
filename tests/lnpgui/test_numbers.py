"""How a number with its interval is written."""

from __future__ import annotations

import math

import pytest

from engine.inference.analysis import Interval
from lnpgui.numbers import Notation, NumberFormat
from lnpgui.wording import length, share

RANGE, PLUS, BRACKETS = Notation.RANGE, Notation.PLUS_MINUS, Notation.BRACKETS


@pytest.mark.parametrize(
    ("notation", "digits", "interval", "written"),
    [
        (RANGE, None, (45.2, 44.9, 45.5), ("45.2 nm", "44.9 – 45.5")),
        (RANGE, 2, (45.2, 44.9, 45.5), ("45 nm", "45 – 46")),
        (PLUS, None, (45.2, 44.9, 45.5), ("45.2 ± 0.3 nm", "")),
        (PLUS, None, (45.2, 44.9, 46.0), ("45.2 +0.8 −0.3 nm", "")),
        (BRACKETS, None, (45.2, 44.9, 45.5), ("45.2(3) nm", "")),
        (BRACKETS, None, (45.2, 44.9, 45.9), ("45.2(7) nm", "")),  # the wider half
        (BRACKETS, None, (52.0, 40.0, 66.0), ("52(14) nm", "")),
        (BRACKETS, 4, (52.0, 40.0, 66.0), ("52.00(14.00) nm", "")),
        (BRACKETS, 3, (45.2, 45.19, 45.21), ("45.2(1) nm", "")),  # never surer than it is
        (BRACKETS, 2, (0.0, 0.0, 3.0), ("0.0(3.0) nm", "")),
        (BRACKETS, 5, (12.0, 11.0, math.inf), ("12.000(∞) nm", "")),
        (PLUS, None, (45.2, 45.3, 45.5), ("45.20 +0.30 −0.00 nm", "")),  # a value below its interval is no negative arm
    ],
)
def test_that_a_length_is_written_as_chosen(
    notation: Notation, digits: int | None, interval: tuple[float, float, float], written: tuple[str, str]
) -> None:
    assert length(Interval(*interval), NumberFormat(notation, digits)) == written


def test_that_a_fraction_is_written_in_per_cent_in_every_notation() -> None:
    found = Interval(0.6, 0.54, 0.67)
    assert share(found) == ("60 %", "54 – 67")
    assert share(found, NumberFormat(PLUS)) == ("60 +7 −6 %", "")
    assert share(found, NumberFormat(BRACKETS, 3)) == ("60.0(7.0) %", "")
    assert share(None, NumberFormat(BRACKETS)) == ("–", "")
