"""From weighted draws to what is reported, by hand calculation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inference.hypotheses import NUMBER_PRIOR, THREE_OR_MORE, Hypothesis, hypotheses, names, prior
from engine.inference.posterior import Draws
from engine.inference.summary import interval, labels, pool, prior_variances, probabilities, variance
from engine.models.registry import LNP_TYPES

A, B, AB = Hypothesis(("type 1",)), Hypothesis(("type 4",)), Hypothesis(("type 1", "type 4"))
VOLUMES = dict.fromkeys(LNP_TYPES, 0.5)


def draws(hypothesis, fractions, *, scales=None, sizes=None, log_evidence=0.0, weights=None):
    fractions = np.atleast_2d(np.array(fractions, float))
    n, k = fractions.shape
    return Draws(
        hypothesis,
        np.tile(np.log([50.0, 0.1]), (n, k, 1)) if sizes is None else np.log(sizes),
        fractions,
        np.ones((n, k)) if scales is None else np.array(scales, float),
        np.full(n, 1 / n) if weights is None else np.array(weights),
        log_evidence,
    )


def pooled(*drawn, chances=None):
    return pool(drawn, chances or dict.fromkeys((A, B, AB), 1 / 3), LNP_TYPES, VOLUMES)


def test_that_an_interval_of_equal_weights_holds_nine_tenths():
    values = np.random.default_rng(1).permutation(np.arange(1001.0))
    found = interval(values, np.ones(1001))
    assert found.value == pytest.approx(500)
    assert found.low == pytest.approx(50, abs=0.6)
    assert found.high == pytest.approx(950, abs=0.6)


def test_that_an_interval_follows_the_weights():
    # a uniform variable weighted by itself is the square root of one: quantiles sqrt(.05), sqrt(.95), mean 2/3
    values = (np.arange(20_000) + 0.5) / 20_000
    found = interval(values, values)
    assert found.low == pytest.approx(np.sqrt(0.05), abs=1e-3)
    assert found.high == pytest.approx(np.sqrt(0.95), abs=1e-3)
    assert found.value == pytest.approx(2 / 3, abs=1e-4)


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0, 1)), min_size=1, max_size=40).filter(lambda rows: sum(w for _, w in rows) > 1e-3)
)
def test_that_an_interval_holds_its_value_and_lies_within_the_draws(rows):
    values, weights = map(np.array, zip(*rows, strict=True))
    found = interval(values, weights)
    assert found.low <= found.value <= found.high
    assert values.min() <= found.low
    assert found.high <= values.max()


def test_that_a_rare_outlier_leaves_the_value_inside_the_interval():
    # 3 % chance of a fraction of 0.7 beside 97 % of 0: the mean is 0.021, the interval [0, 0]
    found = interval(np.repeat([0.0, 0.7], [970, 30]), np.ones(1000))
    assert found.low <= found.value <= found.high < 1e-9


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_that_a_variance_is_the_textbook_one(values):
    values = np.array(values)
    assert variance(values, np.ones(values.size)) == pytest.approx(values.var(), abs=1e-9)
    doubled = variance(np.concatenate([values, values[:1]]), np.ones(values.size + 1))
    weights = np.ones(values.size)
    weights[0] = 2
    assert variance(values, weights) == pytest.approx(doubled, abs=1e-9)


@given(st.floats(-200, 200), st.floats(-5, 5))
def test_that_hypotheses_count_by_evidence_times_prior(level, difference):
    together = pooled(
        draws(A, [[1.0]] * 10, log_evidence=level), draws(B, [[1.0]] * 30, log_evidence=level + difference), chances={A: 0.8, B: 0.2}
    )
    share = probabilities(together, labels(together), names())
    assert share["type 4"] / share["type 1"] == pytest.approx(0.25 * np.exp(difference))
    assert sum(share.values()) == pytest.approx(1)
    assert list(share) == list(names())


def test_that_an_impossible_hypothesis_counts_for_nothing():
    together = pooled(draws(A, [[1.0]]), draws(B, [[1.0]], log_evidence=-np.inf))
    assert probabilities(together, labels(together), names())["type 1"] == pytest.approx(1)


def test_that_where_nothing_is_possible_there_still_is_an_answer_for_the_judgement():
    together = pooled(draws(A, [[1.0]], log_evidence=-np.inf), draws(B, [[1.0]], log_evidence=-np.inf))
    assert together.weights.sum() == pytest.approx(1)


def test_that_a_trace_is_not_counted_as_a_type():
    shares = [[0.96, 0.04], [0.94, 0.06], [0.5, 0.5], [0.02, 0.98]]
    together = pooled(draws(AB, shares))
    assert [label.name for label in labels(together)] == ["type 1", "type 1 + type 4", "type 1 + type 4", "type 4"]
    assert probabilities(together, labels(together), names())["type 1 + type 4"] == pytest.approx(0.5)


def test_that_three_and_four_types_have_one_name():
    three, four = Hypothesis(LNP_TYPES[:3]), Hypothesis(LNP_TYPES)
    together = pool([draws(three, [[0.3, 0.3, 0.4]]), draws(four, [[0.25] * 4])], dict.fromkeys((three, four), 0.5), LNP_TYPES, VOLUMES)
    assert probabilities(together, labels(together), names()) == dict.fromkeys(names(), 0.0) | {THREE_OR_MORE: pytest.approx(1)}


def test_that_number_and_volume_fractions_follow_from_scattering_by_hand():
    # shares 0.6 and 0.4 of particles that scatter 100 and 10 each: numbers as 0.006 : 0.04.
    # mean of D³ of a log-normal: mean³ (1 + spread²)³
    together = pooled(draws(AB, [[0.6, 0.4]], scales=[[100.0, 10.0]], sizes=np.array([[[40.0, 0.2], [60.0, 0.1]]])))
    np.testing.assert_allclose(together.scattering[0], [0.6, 0, 0, 0.4])
    np.testing.assert_allclose(together.number[0], np.array([0.006, 0, 0, 0.04]) / 0.046)
    first, last = 0.006 * 40**3 * 1.04**3, 0.04 * 60**3 * 1.01**3
    np.testing.assert_allclose(together.volume[0], np.array([first, 0, 0, last]) / (first + last))
    np.testing.assert_allclose(together.mean[0], [40, np.nan, np.nan, 60])
    np.testing.assert_allclose(together.spread[0], [0.2, np.nan, np.nan, 0.1])


def test_that_volumes_of_types_count():
    together = pool([draws(AB, [[0.5, 0.5]])], {AB: 1.0}, LNP_TYPES, VOLUMES | {"type 1": 1.0})
    np.testing.assert_allclose(together.volume[0], [2 / 3, 0, 0, 1 / 3])


@given(st.integers(0, 1000))
def test_that_every_kind_of_fraction_sums_to_one(seed):
    rng = np.random.default_rng(seed)
    three = Hypothesis(LNP_TYPES[1:])
    together = pool(
        [draws(three, rng.dirichlet(np.ones(3), 5), scales=np.exp(rng.normal(0, 4, (5, 3)))), draws(B, [[1.0]] * 3)],
        {three: 0.5, B: 0.5}, LNP_TYPES, VOLUMES,
    )  # fmt: skip
    for values in (together.scattering, together.number, together.volume):
        np.testing.assert_allclose(values.sum(axis=1), 1)
    assert together.weights.sum() == pytest.approx(1)
    assert 1 <= together.effective <= 8


def test_that_equal_weights_count_fully_and_one_heavy_draw_counts_once():
    assert pooled(draws(A, [[1.0]] * 50)).effective == pytest.approx(50)
    assert pooled(draws(A, [[1.0]] * 50, weights=[1.0] + [0.0] * 49)).effective == pytest.approx(1)


def test_that_hypotheses_are_all_sets_of_the_candidates_and_their_prior_is_whole():
    assert len(hypotheses()) == 15
    assert len(names()) == 11
    assert sum(prior().values()) == pytest.approx(1)
    for types in (("type 3",), ("type 3", "type 4"), LNP_TYPES[:3]):
        assert sum(prior(types).values()) == pytest.approx(1)
        assert set(prior(types)) == set(hypotheses(types))


def test_that_types_are_alike_before_the_measurement():
    chances = prior()
    for number in (1, 2):
        alike = [p for h, p in chances.items() if len(h.types) == number]
        assert max(alike) == pytest.approx(min(alike))
    assert sum(p for h, p in chances.items() if len(h.types) == 1) == pytest.approx(NUMBER_PRIOR[1])
    assert sum(p for h, p in chances.items() if len(h.types) > 2) == pytest.approx(NUMBER_PRIOR[3])


def test_that_prior_variances_are_those_of_the_priors_that_are_drawn_from():
    # uniform number fraction 1/12; ln mean uniform over 20..100: var = (100² - 20²) / (2 ln 5) - (80 / ln 5)²; 40,000 draws, 3 % allowed
    fraction, mean, sd = prior_variances()
    assert fraction == pytest.approx(1 / 12)
    exact_mean = (100**2 - 20**2) / (2 * np.log(5)) - (80 / np.log(5)) ** 2
    assert mean == pytest.approx(exact_mean, rel=0.03)
    second = (100**2 - 20**2) / (2 * np.log(5)) * 0.11**2 * np.exp(2 * 0.7**2)
    assert sd == pytest.approx(second - (80 / np.log(5) * 0.11 * np.exp(0.7**2 / 2)) ** 2, rel=0.1)
