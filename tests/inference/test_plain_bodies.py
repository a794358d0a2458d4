"""One population of plain bodies as a rival."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.outsiders import outsider
from engine.datasets.synthesis import Recipe
from engine.ensembles.average import size_average
from engine.ensembles.size_distribution import LogNormal
from engine.inference.fit import best_modes, scan
from engine.inference.hypotheses import Hypothesis
from engine.inference.plain_bodies import plain_bodies
from engine.models.core_shell_ellipsoid import CoreShellEllipsoid
from engine.scattering.exact import form_factors
from tests.inference.samples import Q, gaussian_coil, measured, noisy, shapes_of


@pytest.mark.parametrize(("ratio", "diameter", "spread"), [(2.0, 60.0, 0.1), (3.5, 90.0, 0.05), (2.5, 40.0, 0.15)])
def test_that_ellipsoids_are_found_with_their_axes_and_spread(ratio, diameter, spread):
    body = CoreShellEllipsoid(diameter=diameter, axial_ratio=ratio, shell_thickness=0.0, sld_core=9.0, sld_shell=9.0)
    intensity = size_average(body, LogNormal(mean=diameter, sd=spread * diameter), Q, form_factors)
    prepared, shapes = shapes_of(noisy(intensity / intensity[0]), ("type 4",))
    found = plain_bodies(shapes, prepared.q)
    # chi² of about m degrees of freedom, four deviations allowed
    assert found.chi2 < prepared.q.size + 4 * np.sqrt(2 * prepared.q.size)
    # the table's sizes are log-normal about their median, and 0.5 % of noise leaves a few per cent of freedom
    assert 2 * found.radius * found.ratio == pytest.approx(diameter / np.sqrt(1 + spread**2), rel=0.05)
    assert found.ratio == pytest.approx(ratio, rel=0.08)
    assert found.spread == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("family", ["discs", "short cylinders"])
def test_that_flat_and_long_bodies_are_called_so(family):
    word = {"discs": "flat bodies", "short cylinders": "elongated bodies"}[family]
    for seed in range(3):
        curve = outsider(family, Recipe(noise=0.02), np.random.default_rng([3, seed]))
        prepared, shapes = shapes_of(curve, ("type 4",))
        assert plain_bodies(shapes, prepared.q).words.startswith(word)


@pytest.mark.parametrize("part", [("type 1", 1.0, 50.0, 0.1), ("type 2", 1.0, 60.0, 0.15), ("type 3", 1.0, 45.0, 0.1)])
def test_that_core_shell_particles_are_no_plain_bodies(part):
    prepared, shapes = shapes_of(measured(part))
    best = best_modes(shapes, scan(shapes), Hypothesis((part[0],)), count=3)[0].chi2
    assert plain_bodies(shapes, prepared.q).chi2 > best + 100


def test_that_a_sphere_costs_the_plain_bodies_the_parameter_they_have_more():
    prepared, shapes = shapes_of(measured(("type 4", 1.0, 50.0, 0.1)))
    best = best_modes(shapes, scan(shapes), Hypothesis(("type 4",)), count=3)[0].chi2
    found = plain_bodies(shapes, prepared.q)
    assert found.chi2 == pytest.approx(best, abs=6)
    assert "solid spheres of" in found.words


@pytest.mark.parametrize("factor", [1e-12, 1e9])
def test_that_the_unit_of_intensity_does_not_matter(factor):
    (prepared, one), (_, other) = (shapes_of(noisy(gaussian_coil(Q, 8.0), scale=scale), ("type 4",)) for scale in (1.0, factor))
    assert plain_bodies(other, prepared.q).chi2 == pytest.approx(plain_bodies(one, prepared.q).chi2, rel=1e-3)
