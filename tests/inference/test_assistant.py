import dataclasses
import os

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.basis import default_basis
from engine.datasets.instrument import InstrumentRanges
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Recipe, Sample, measure
from engine.errors import DataFileError
from engine.inference.analyse import analyse
from engine.inference.assistant import assistant
from engine.inference.hypotheses import Hypothesis, hypotheses
from engine.inference.prepare import prepare
from engine.inference.settings import AnalysisSettings
from engine.learning import training
from engine.learning.config import Budget, NetworkConfig, TrainConfig
from engine.learning.model_folder import load_model, save_model

RECIPE = Recipe(q_min=0.05, q_max=1.54, points=150)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network that has learned next to nothing: whatever it proposes must do no harm."""
    patch = pytest.MonkeyPatch()
    for name, value in {"SCALER_BATCHES": 2, "VALIDATION_CURVES": 256, "CALIBRATION_CURVES": 512, "CHUNK": 128}.items():
        patch.setattr(training, name, value)
    place = tmp_path_factory.mktemp("models") / "tiny"
    config = TrainConfig(
        name="tiny",
        instrument=InstrumentRanges(grid=tuple(RECIPE.q), gaps=0.0, resolution=0.0, calibration=0.0),
        network=NetworkConfig(width=32, blocks=1, gaussians=2),
        budget=Budget(curves=1536, batch=64),
    )
    training.train(config, place, default_basis())
    patch.undo()
    return place


def a_curve(types=("type 4",), seed=3):
    sample = Sample(
        types=types, number_fractions=(1 / len(types),) * len(types), means=(50.0, 60.0)[: len(types)], spreads=(0.1,) * len(types)
    )
    basis = default_basis()
    return measure(sample, RECIPE, basis, basis.at(RECIPE.q), np.random.default_rng(seed))[0]


def looked(folder, curve=None):
    return assistant(prepare(curve or a_curve(), q_max=5.0), default_basis(), str(folder))


def test_that_an_ignorant_network_changes_no_verdict(folder):
    for types in (("type 4",), ("type 2", "type 4")):
        curve = a_curve(types)
        alone, helped = (analyse(curve, settings=AnalysisSettings(model=model)) for model in ("none", str(folder)))
        assert helped.hypothesis == alone.hypothesis
        assert helped.status is alone.status
        for kind, share in alone.number_fractions.items():
            reach = 0.35 * (share.high - share.low) + 0.01  # both are sampled, with some hundred effective draws
            assert helped.number_fractions[kind].value == pytest.approx(share.value, abs=reach)


def test_that_the_answer_names_the_network_that_was_asked(folder):
    assert f"network {load_model(folder).identity}" in analyse(a_curve(), settings=AnalysisSettings(model=str(folder))).model
    assert "no network" in analyse(a_curve(), settings=AnalysisSettings(model="none")).model


def test_that_starts_and_proposals_fit_the_hypothesis(folder):
    helper = looked(folder)
    for hypothesis in hypotheses():
        k = len(hypothesis.types)
        starts = helper.starts(hypothesis)
        assert [start.shape for start in starts] == [(k, 2)] * 2
        (proposed,) = helper.proposals(hypothesis)
        assert proposed.centres.shape == (2, 3 * k - 1)
        assert np.isfinite(proposed.draw(10, np.random.default_rng(0))).all()


def test_that_a_network_is_not_asked_about_types_it_never_saw(folder, tmp_path):
    model = load_model(folder)
    samples = dataclasses.replace(model.config.samples, types=("type 3", "type 4"))
    save_model(tmp_path / "two", dataclasses.replace(model, config=dataclasses.replace(model.config, samples=samples)))
    helper = looked(tmp_path / "two")
    assert helper.knows(Hypothesis(("type 3", "type 4")))
    assert not helper.starts(Hypothesis(("type 1",)))
    assert helper.proposals(Hypothesis(("type 1", "type 4"))) == ()


def test_that_a_network_made_for_another_basis_is_not_asked(folder, tmp_path):
    save_model(tmp_path / "other", dataclasses.replace(load_model(folder), basis="0" * 12))
    assert looked(tmp_path / "other") is None


def test_that_novelty_says_nothing_where_the_instrument_is_new(folder):
    curve = a_curve()
    assert looked(folder, curve).novelty is not None
    assert looked(folder, curve.select(curve.q > 0.2)).novelty is None


def test_that_a_curve_off_the_scale_is_new(folder):
    q = RECIPE.q
    rising = q**4
    sigma = counting_noise(q, rising, relative=0.01).sigma(q, rising)
    assert looked(folder, Curve(q, rising, sigma)).novelty > 0.99


def test_that_a_missing_model_is_refused_in_words(tmp_path):
    with pytest.raises(DataFileError, match="is no model"):
        analyse(a_curve(), settings=AnalysisSettings(model=str(tmp_path / "nowhere")))


def test_that_a_model_written_anew_is_read_anew(folder, tmp_path):
    model = load_model(folder)
    place = tmp_path / "mine"
    save_model(place, model)
    assert looked(place).identity == model.identity
    weights = {**model.weights, "sets.bias": model.weights["sets.bias"] + 1}
    save_model(place, dataclasses.replace(model, weights=weights))
    os.utime(place / "model.json", (1, 1))
    assert looked(place).identity != model.identity
