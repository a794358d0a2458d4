"""What would not be seen: the table that comes with the program, and the sentence made of it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.datasets.synthesis import Recipe
from engine.inference.detection import NOISE_LEVELS, _limit, limit_of, shipped_limits, unseen
from engine.models.registry import LNP_TYPES


def test_that_the_shipped_table_has_every_pair_and_says_where_it_comes_from():
    table = shipped_limits()
    assert {(row["major"], row["minor"]) for row in table["rows"]} == {(a, b) for a in LNP_TYPES for b in LNP_TYPES if a != b}
    assert table["basis"] == default_basis().identity
    assert table["noise"] == list(NOISE_LEVELS)
    assert {"method", "made_with", "seed", "samples", "q"} <= set(table)


def test_that_less_light_hides_more():
    for row in shipped_limits()["rows"]:
        assert row["limits"] == sorted(row["limits"])
        assert 0 < row["limits"][0] < 1


def test_that_a_limit_is_reproduced_by_the_code_that_made_it():
    basis, table = default_basis(), shipped_limits()
    at_points = basis.at(Recipe().q)
    index = next(i for i, row in enumerate(table["rows"]) if (row["major"], row["minor"]) == ("type 4", "type 2"))
    drawn = (np.random.default_rng([table["seed"], index, j]) for j in range(table["samples"]))
    found = [_limit("type 4", "type 2", 0.005, basis, at_points, rng) for rng in drawn]
    assert float(np.median(found)) == pytest.approx(table["rows"][index]["limits"][0], rel=0.02)


def test_that_limits_between_levels_are_interpolated_and_none_is_made_up():
    low, middle, high = (limit_of("type 4", noise)[1] for noise in (0.005, 0.01, 0.02))
    assert low < middle < high
    assert limit_of("type 4", 1e-5) is None
    assert limit_of("type 4", 0.5) is None


def test_that_the_sentence_names_the_share_and_the_type():
    q = np.linspace(0.05, 1, 100)
    intensity = np.exp(-3 * q)
    (said,) = unseen("type 4", q, intensity, 0.004 * intensity)
    assert "would not be seen here" in said
    assert "%" in said
    (hardly,) = unseen("type 2", q, intensity, 0.04 * intensity)
    assert "hardly be seen" in hardly
    assert unseen("type 4", q + 0.2, intensity, 0.004 * intensity) == ()
    assert unseen("type 4", q, intensity, 1e-9 * intensity) == ()
