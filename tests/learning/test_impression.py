import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Recipe, Sample, measure
from engine.errors import ParameterError
from engine.learning.impression import look
from engine.learning.training import train


@pytest.fixture
def model(tiny, basis, tmp_path):
    return train(tiny, tmp_path / "model", basis)


RECIPE = Recipe(q_min=0.05, q_max=1.54, points=150)  # the axis of the tiny training: on another one every curve is new to it


def a_curve(basis, factor=1.0):
    sample = Sample(types=("type 4",), number_fractions=(1.0,), means=(50.0,), spreads=(0.1,))
    curve, _, _ = measure(sample, RECIPE, basis, basis.at(RECIPE.q), np.random.default_rng(3))
    return Curve(curve.q, factor * curve.intensity, factor * curve.sigma)


def test_that_every_candidate_set_is_weighed_and_has_a_proposal(model, basis):
    impression = look(model, a_curve(basis))
    assert len(impression.log_support) == 15
    assert np.isfinite(list(impression.log_support.values())).all()
    for types in impression.log_support:
        proposal = impression.proposal(types)
        d = 3 * len(types) - 1
        assert proposal.centres.shape == (2, d)
        assert proposal.weights.sum() == pytest.approx(1)
        for covariance in proposal.covariances:
            assert np.linalg.eigvalsh(covariance).min() > 0
    assert 0 <= impression.novelty <= 1


def test_that_the_unit_of_intensity_makes_no_difference(model, basis):
    one, other = look(model, a_curve(basis)), look(model, a_curve(basis, 1e6))
    for types, value in one.log_support.items():
        assert other.log_support[types] == pytest.approx(value, abs=1e-3)


def test_that_what_is_like_no_training_curve_is_new(model, basis):
    q = RECIPE.q
    clean = q**4  # rises where every curve of the training falls
    strange = Curve(q, clean, counting_noise(q, clean, relative=0.01).sigma(q, clean))
    assert look(model, a_curve(basis)).novelty < 0.95
    assert look(model, strange).novelty > 0.99


def test_that_a_curve_far_from_the_bins_is_refused(model):
    q = np.linspace(6, 9, 50)
    with pytest.raises(ParameterError, match="where networks look"):
        look(model, Curve(q, q, q))
