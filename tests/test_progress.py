"""What is said of the time that work still takes."""

from __future__ import annotations

import pytest

from engine.progress import Pace


def test_that_the_rest_takes_as_long_as_its_share() -> None:
    pace = Pace(100.0)
    assert pace.left(0.25, 110.0) == pytest.approx(30.0)
    assert pace.left(1.0, 140.0) == 0.0
    assert pace.left(1.01, 140.0) == 0.0


def test_that_nothing_is_said_before_there_is_something_to_judge_by() -> None:
    pace = Pace(0.0)
    assert pace.left(0.5, 1.0) is None
    assert pace.left(0.001, 100.0) is None
