"""Work shared out among processes."""

from __future__ import annotations

import os

import pytest

from engine.errors import NotConverged
from engine.parallel import in_order, stop_if_cancelled, worker_count


def test_that_answers_come_in_the_order_of_the_items():
    done = []
    assert list(in_order(abs, [-3, 2, -1, 5], workers=2, still_wanted=done.append)) == [3, 2, 1, 5]
    assert sorted(done) == done
    assert done[-1] <= 4


def test_that_a_dead_process_is_told():
    with pytest.raises(NotConverged, match="ended unexpectedly"):
        list(in_order(os._exit, [1], workers=1, still_wanted=lambda done: None))


def test_that_an_error_in_a_process_is_raised_here():
    with pytest.raises(ValueError, match=r"math domain|positive|nonnegative"):
        list(in_order(_root, [-1.0], workers=1, still_wanted=lambda done: None))


def _root(value: float) -> float:
    import math

    return math.sqrt(value)


def test_that_outside_a_worker_nothing_is_cancelled():
    stop_if_cancelled(None)
    assert worker_count() >= 1
