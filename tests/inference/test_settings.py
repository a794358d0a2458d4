"""What a user may say before a curve is judged, and what that changes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.errors import EngineError, ParameterError
from engine.inference.analyse import analyse
from engine.inference.hypotheses import THREE_OR_MORE, Hypothesis, prior
from engine.inference.prepare import prepare
from engine.inference.settings import AnalysisSettings
from engine.models.registry import LNP_TYPES
from tests.inference.samples import measured, noisy

TWO = ("type 3", "type 4")
ONE_CURVE = measured(("type 4", 1.0, 50.0, 0.1))


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"types": ()}, "types", "none was given"),
        ({"types": ("type 3", "type 3")}, "types", "each once"),
        ({"types": ("type 9",)}, "types", "type 9 was given"),
        ({"priors": {"type 9": 1.0}}, "priors", "A weight was given for type 9"),
        ({"types": TWO, "priors": {"type 1": 1.0}}, "priors", "the candidates are type 3, type 4"),
        ({"priors": {"type 3": -1.0}}, "priors", "type 3 -1 is refused"),
        ({"priors": {"type 3": float("nan")}}, "priors", "type 3 nan is refused"),
        ({"priors": {"type 3": float("inf")}}, "priors", "type 3 inf is refused"),
        ({"types": TWO, "priors": {"type 3": 0.0, "type 4": 0.0}}, "priors", "Every candidate type has the weight 0"),
        ({"q_range": (1.0, 1.0)}, "q_range", "from 1 to 1 is refused"),
        ({"q_range": (2.0, 1.0)}, "q_range", "from 2 to 1 is refused"),
        ({"q_range": (-0.1, None)}, "q_range", "from -0.1 to the end is refused"),
        ({"q_range": (None, 0.0)}, "q_range", "from the start to 0 is refused"),
        ({"q_range": (None, float("nan"))}, "q_range", "from the start to nan is refused"),
        ({"q_range": (float("inf"), None)}, "q_range", "from inf to the end is refused"),
        ({"draws": 10}, "draws", "10 was given"),
        ({"seed": -1}, "seed", "-1 was given"),
    ],
)
def test_that_impossible_settings_are_refused_at_their_field(values, field, words):
    with pytest.raises(ParameterError, match=words) as refused:
        AnalysisSettings(**values)
    assert refused.value.field == field


def test_that_all_faults_are_told_at_once():
    with pytest.raises(ParameterError, match=r"Candidate types must be .* 5 to 1 is refused"):
        AnalysisSettings(types=(), q_range=(5.0, 1.0))


SETTINGS = [
    AnalysisSettings(),
    AnalysisSettings(types=TWO),
    AnalysisSettings(priors={"type 3": 2.0, "type 1": 0.0}),
    AnalysisSettings(q_range=(0.1, None)),
    AnalysisSettings(q_range=(None, 2.5)),
    AnalysisSettings(seed=4, draws=300),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_that_a_record_gives_the_settings_back(settings):
    assert AnalysisSettings.from_record(json.loads(json.dumps(settings.as_record()))) == settings
    assert hash(settings) == hash(AnalysisSettings.from_record(settings.as_record()))


def test_that_settings_are_told_apart_by_their_identity():
    assert len({settings.identity for settings in SETTINGS}) == len(SETTINGS)
    assert AnalysisSettings().identity == AnalysisSettings().identity


def test_that_a_record_of_the_first_version_is_understood():
    found = AnalysisSettings.from_record({"types": ["type 3", "type 4"], "draws": 200, "seed": 7})
    assert found == AnalysisSettings(types=TWO, draws=200, seed=7, model="none")  # there were no networks then


def test_that_a_caller_cannot_change_settings_afterwards():
    stated = {"type 3": 2.0}
    settings = AnalysisSettings(priors=stated)
    stated["type 3"] = 5.0
    assert settings.priors == {"type 3": 2.0}


def test_that_weights_change_the_odds_of_sets_of_equally_many_types_only():
    even, uneven = prior(), prior(LNP_TYPES, {"type 3": 4.0, "type 4": 2.0})
    assert sum(uneven.values()) == pytest.approx(1)
    one = {kind: uneven[Hypothesis((kind,))] for kind in LNP_TYPES}
    assert one["type 3"] / one["type 1"] == pytest.approx(4)
    assert one["type 3"] / one["type 4"] == pytest.approx(2)
    assert uneven[Hypothesis(TWO)] / uneven[Hypothesis(("type 1", "type 2"))] == pytest.approx(8)
    for size in (1, 2, 3, 4):
        assert sum(p for h, p in uneven.items() if len(h.types) == size) == pytest.approx(
            sum(p for h, p in even.items() if len(h.types) == size)
        )


def test_that_a_common_factor_of_all_weights_means_nothing():
    assert prior(TWO, {"type 3": 3.0, "type 4": 3.0}) == pytest.approx(prior(TWO))


def test_that_a_type_of_weight_zero_is_no_candidate():
    excluded = analyse(ONE_CURVE, settings=AnalysisSettings(priors={"type 1": 0.0, "type 2": 0.0}))
    restricted = analyse(ONE_CURVE, settings=AnalysisSettings(types=TWO))
    assert excluded.hypotheses == restricted.hypotheses
    assert excluded.number_fractions == restricted.number_fractions
    assert set(excluded.number_fractions) == set(TWO)
    assert THREE_OR_MORE not in excluded.hypotheses


def test_that_stated_weights_change_the_odds_as_much():
    # a curve too noisy to tell types 3 and 4 apart for sure
    curve = measured(("type 4", 1.0, 30.0, 0.2), noise=0.2, q=np.linspace(0.05, 1.0, 100))
    even, uneven = (
        analyse(curve, settings=AnalysisSettings(types=TWO, priors=priors)).hypotheses for priors in (None, {"type 3": 9.0, "type 4": 1.0})
    )
    assert 0.02 < even["type 3"] < 0.98
    # nine-fold for the pure types themselves; draws of the mixture whose minor type is a trace count as pure and shift less
    assert 4 < uneven["type 3"] / uneven["type 4"] / (even["type 3"] / even["type 4"]) < 9.1


def test_that_points_outside_the_range_are_not_judged():
    q = np.linspace(0.05, 3.0, 300)
    clean = measured(("type 4", 1.0, 50.0, 0.1), q=q)
    spoiled = clean.intensity.copy()
    spoiled[(q < 0.1) | (q > 2.0)] *= 3.0
    answer = analyse(type(clean)(q, spoiled, clean.sigma), settings=AnalysisSettings(q_range=(0.1, 2.0)))
    assert answer.hypothesis == "type 4"
    assert (answer.fit.q[0] >= 0.1, answer.fit.q[-1] <= 2.0) == (True, True)
    left_out = int(((q < 0.1) | (q > 2.0)).sum())
    assert f"{left_out} points outside 0.1 <= q <= 2 1/nm were left out, as asked." in answer.reasons


def test_that_the_ends_of_the_range_themselves_are_judged():
    curve = noisy(np.linspace(2.0, 1.0, 40), np.linspace(0.1, 4.0, 40))
    prepared = prepare(curve, q_max=5.0, q_range=(float(curve.q[3]), float(curve.q[-2])))
    np.testing.assert_array_equal(prepared.curve.q, curve.q[3:-1])


def test_that_a_range_with_too_few_points_is_refused_with_the_way_out():
    with pytest.raises(EngineError, match=r"between 2\.9 and 5 1/nm, at least 12 are needed\. Judge a wider range of q\."):
        prepare(ONE_CURVE, q_max=5.0, q_range=(2.9, None))
