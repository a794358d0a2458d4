"""A verdict turned back into a sample."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from gui_fakes import make_analysis, sphere

from engine.curve import Curve
from engine.ensembles.size_distribution import LogNormal
from engine.inference.analysis import Status
from engine.inference.recipe import recipe_of

Q = np.geomspace(0.05, 2, 50)
CURVE = Curve(Q, sphere(Q, 25.0), 0.01 * sphere(Q, 25.0) + 1e-6)


def test_that_a_verdict_becomes_its_particles_fractions_and_spreads():
    recipe = recipe_of(make_analysis(CURVE))
    assert recipe is not None
    first, second = recipe.mixture.components
    assert (first.particle.key, second.particle.key) == ("type 3", "type 4")
    assert (first.number_fraction, second.number_fraction) == pytest.approx((0.6, 0.4))
    assert first.sizes == LogNormal(mean=52.0, sd=4.1)
    assert recipe.notes == ()


def test_that_fractions_of_a_part_of_the_types_are_normalised():
    analysis = make_analysis(CURVE)
    halved = tuple((key, fraction / 2, particle) for key, fraction, particle in analysis.particles)
    recipe = recipe_of(dataclasses.replace(analysis, particles=halved))
    assert recipe is not None
    assert [c.number_fraction for c in recipe.mixture.components] == pytest.approx([0.6, 0.4])


def test_that_what_is_assumed_of_an_outside_curve_is_said():
    analysis = dataclasses.replace(make_analysis(CURVE), status=Status.OUTSIDE, sizes={})
    recipe = recipe_of(analysis)
    assert recipe is not None
    assert "outside" in recipe.notes[0]
    assert "10 %" in recipe.notes[1]
    assert recipe.mixture.components[0].sizes == LogNormal(mean=52.0, sd=5.2)


def test_that_a_fit_without_particles_is_no_sample():
    assert recipe_of(dataclasses.replace(make_analysis(CURVE), particles=())) is None


def test_that_the_best_fit_gives_back_the_sample_it_was_made_of():
    from engine.datasets.basis import default_basis
    from engine.ensembles.size_distribution import weights
    from engine.inference.analysis import Fit
    from engine.models.registry import MODELS

    basis, q = default_basis(), np.geomspace(0.05, 2.5, 200)
    truth = {"type 3": (0.7, 57.3, 4.4), "type 4": (0.3, 44.0, 6.1)}
    at = basis.at(q)
    parts = {key: 3e-9 * n * (weights(LogNormal(mean=mean, sd=sd), basis.diameters) @ at[key]) for key, (n, mean, sd) in truth.items()}
    model = np.sum(list(parts.values()), axis=0)
    fit = Fit(q, model, 0 * q, model, 0.0, parts)
    particles = tuple((key, 0.5, MODELS[key](diameter=mean)) for key, (_, mean, _) in truth.items())
    recipe = recipe_of(dataclasses.replace(make_analysis(CURVE), fit=fit, particles=particles))
    assert recipe is not None
    for component, (number, mean, sd) in zip(recipe.mixture.components, truth.values(), strict=True):
        assert component.particle.diameter == mean
        assert component.number_fraction == pytest.approx(number, abs=2e-3)
        assert component.sizes.sd == pytest.approx(sd, rel=5e-3)
