"""What else could have made the curve."""

from __future__ import annotations

import numpy as np
import pytest

from engine.inference.fit import best_modes, scan
from engine.inference.hypotheses import Hypothesis
from engine.inference.rivals import FormFree, featureless, form_free
from tests.inference.samples import Q, a_sample, gaussian_coil, ideal, measured, noise_free, noisy, power_law, shapes_of

FEATURELESS = {
    "Guinier's law": np.exp(-((Q * 4.0) ** 2) / 3),
    "a mass fractal": power_law(Q, 2.2),
    "a surface": power_law(Q, 4.0),
    "a polymer coil": gaussian_coil(Q, 8.0),
    "a gel": 1 / (1 + (Q * 6) ** 2),
    "an exponential": np.exp(-5 * Q),
    "a two-phase medium": 1 / (1 + (Q * 8) ** 2) ** 2,
}


@pytest.mark.parametrize("kind", FEATURELESS)
@pytest.mark.parametrize("noise", [0.002, 0.02])
def test_that_a_featureless_curve_is_fitted_within_its_noise(kind, noise):
    prepared, shapes = shapes_of(noisy(FEATURELESS[kind] / FEATURELESS[kind][0], seed=4, noise=noise), ("type 4",))
    found = featureless(shapes, prepared.q)
    # chi² of about m degrees of freedom, four deviations allowed
    assert found.chi2 < prepared.q.size + 4 * np.sqrt(2 * prepared.q.size)
    assert found.parameters >= 2


def test_that_more_kinds_of_sizes_need_more_parameters():
    one, three = np.exp(-((Q * 4.0) ** 2) / 3), sum(share * np.exp(-((Q * r) ** 2) / 3) for share, r in ((1, 30), (0.03, 5), (0.002, 0.8)))
    used = []
    for shape in (one, three):
        prepared, shapes = shapes_of(noisy(shape, noise=0.002), ("type 4",))
        used.append(featureless(shapes, prepared.q).parameters)
    assert used[0] < used[1]


@pytest.mark.parametrize(
    "part", [("type 1", 1.0, 40.0, 0.1), ("type 2", 1.0, 40.0, 0.08), ("type 3", 1.0, 60.0, 0.08), ("type 4", 1.0, 50.0, 0.2)]
)
def test_that_particles_are_not_featureless(part):
    # a shoulder or a minimum is beyond any featureless law; only wide distributions wash them out
    prepared, shapes = shapes_of(measured(part))
    best = best_modes(shapes, scan(shapes), Hypothesis((part[0],)), count=3)[0].chi2
    assert featureless(shapes, prepared.q).chi2 > best + 100


@pytest.mark.parametrize("factor", [1e-15, 1e-9, 1e-6, 1e6, 1e12])
def test_that_the_unit_of_intensity_does_not_matter(factor):
    for intensity in (ideal(a_sample(("type 4", 1.0, 50.0, 0.1))), gaussian_coil(Q, 8.0)):
        (prepared, one), (_, other) = (shapes_of(noisy(intensity, scale=scale), ("type 4",)) for scale in (1.0, factor))
        assert featureless(other, prepared.q).chi2 == pytest.approx(featureless(one, prepared.q).chi2, rel=1e-3)
        assert form_free(other).chi2["type 4"] == pytest.approx(form_free(one).chi2["type 4"], rel=1e-4)


def test_that_sizes_of_any_form_fit_a_bimodal_sample_that_one_log_normal_cannot():
    two = ("type 4", 0.5, 30.0, 0.06), ("type 4", 0.5, 70.0, 0.05)
    intensity = sum(share * ideal(a_sample((kind, 1.0, mean, spread))) for kind, share, mean, spread in two)
    prepared, shapes = shapes_of(noisy(intensity, seed=2))
    found = form_free(shapes)
    log_normal = best_modes(shapes, scan(shapes), Hypothesis(("type 4",)), count=4)[0].chi2
    assert found.best == "type 4"
    assert found.chi2["type 4"] < 1.5 * prepared.q.size
    assert log_normal > 20 * found.chi2["type 4"]
    assert found.lead > 3


@pytest.mark.parametrize("part", [("type 1", 1.0, 50.0, 0.1), ("type 4", 1.0, 60.0, 0.1)])
def test_that_free_sizes_never_fit_worse_than_log_normal_ones(part):
    # whose form is among them up to the step of 1 nm in D; a tenth is allowed for that
    prepared, shapes = shapes_of(measured(part, seed=3))
    log_normal = best_modes(shapes, scan(shapes), Hypothesis((part[0],)), count=3)[0].chi2
    found = form_free(shapes)
    assert found.chi2[part[0]] < log_normal + 0.1 * prepared.q.size
    assert set(found.chi2) == set(shapes.curves)


def test_that_a_noise_free_curve_of_spheres_is_told_from_all_others_by_form_free_sizes():
    _, shapes = shapes_of(noise_free(("type 4", 1.0, 50.0, 0.1)))
    assert form_free(shapes).best == "type 4"


def test_that_the_lead_is_the_ratio_of_the_best_two():
    assert FormFree({"a": 10.0, "b": 45.0, "c": 30.0}).lead == pytest.approx(3)
    assert FormFree({"a": 10.0, "b": 45.0, "c": 30.0}).best == "a"
