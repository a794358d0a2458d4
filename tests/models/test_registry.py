"""Every particle of the registry: its reference values, its declarations, and what its formulas promise."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
import references
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ParameterError
from engine.models.core_shell_ellipsoid import CoreShellEllipsoid
from engine.models.core_shell_sphere import CoreShellSphere
from engine.models.dumbbell import Dumbbell
from engine.models.geometry import Particle
from engine.models.onion import Onion
from engine.models.parameters import parameters
from engine.models.properties import properties
from engine.models.registry import LNP_TYPES, MODELS
from engine.models.sections import extent
from engine.models.solid_sphere import SolidSphere
from engine.models.vesicle import Vesicle
from engine.scattering.exact import form_factor

AT = (0.0, 0.1, 0.7, 2.3)
PAPER_SHAPES = {  # at the defaults; quadrature over height and orientation, for type 4 the closed form, for type 5 over orientation
    "type 1": (82638214943.57, 40404191955.17, 3658032.429465, 13615.7052001),
    "type 2": (60366963998.02, 28413776386.13, 5353549.740789, 36965.51100362),
    "type 3": (79501573349.59, 38379043730.54, 4359914.65299, 22500.84696635),
    "type 4": (346978279725.8, 86555773329.81, 2521494.155721, 91660.00048234),
    "type 5": (246740110.0272, 112511237.0347, 29871.27941423, 226.9955265317),
}


def reference_values(key):
    """Parameters, and pairs of q and F²; beside the shape, or for the shapes of the paper above."""
    if key in PAPER_SHAPES:
        return (({}, tuple(zip(AT, PAPER_SHAPES[key], strict=True))),)
    return sys.modules[MODELS[key].__module__].REFERENCES


@pytest.mark.parametrize("key", MODELS)
def test_that_every_shape_gives_its_reference_values(key):
    cases = reference_values(key)
    assert cases
    for given_parameters, pairs in cases:
        q, expected = np.array(pairs).T
        # the values have 13 digits and none lies in a minimum
        np.testing.assert_allclose(form_factor(MODELS[key](**given_parameters), q), expected, rtol=1e-11)


@pytest.mark.parametrize("key", MODELS)
def test_that_every_shape_declares_what_a_form_needs(key):
    model = MODELS[key]
    declared = parameters(model)
    assert {p.name for p in declared} == {f.name for f in dataclasses.fields(model)}
    assert all(p.doc and p.low <= p.default <= p.high for p in declared)
    assert isinstance(model(), Particle)
    assert model.key == key
    assert model.title
    assert (model.__doc__ or "").strip()


@pytest.mark.parametrize("key", sorted(set(MODELS) - {"type 5"}))
@pytest.mark.parametrize("diameter", [10.0, 50.0, 200.0])
def test_that_the_diameter_is_the_length_along_z(key, diameter):
    low, high = extent(MODELS[key](diameter=diameter).body())
    assert (low, high) == pytest.approx((-diameter / 2, diameter / 2), rel=1e-3)  # 2 r1 and 2 r2 of the lobes have four digits


@pytest.mark.parametrize("key", MODELS)
def test_that_values_out_of_bounds_are_refused_by_name(key):
    for p in parameters(MODELS[key]):
        for value in (p.low - 1, p.high + 1, np.nan):
            with pytest.raises(ParameterError, match=p.name):
                MODELS[key](**{p.name: value})


def test_that_the_types_a_curve_is_judged_against_stay_four():
    assert LNP_TYPES == ("type 1", "type 2", "type 3", "type 4")
    assert list(MODELS)[:5] == [*LNP_TYPES, "type 5"]


Q = np.linspace(0.0, 3.0, 61)
LENGTH = st.floats(0.0, 12.0).map(lambda value: round(value, 2))


def same(one, other, length=50.0):
    """The curves agree, measured by the envelope."""
    envelope = references.local_envelope(lambda near: form_factor(other, near), Q, length)
    return np.max(np.abs(form_factor(one, Q) - form_factor(other, Q)) / envelope) < 1e-9


@settings(max_examples=15)
@given(st.floats(5.0, 120.0), LENGTH, st.floats(-20, 20), st.floats(-20, 20))
def test_that_a_core_shell_sphere_scatters_as_the_closed_form(diameter, thickness, core, shell):
    particle = CoreShellSphere(diameter=diameter, shell_thickness=thickness, sld_core=core, sld_shell=shell)
    inner = max(diameter / 2 - thickness, 0.0)
    expected = references.concentric_spheres(Q, inner, diameter / 2, core, shell)
    scale = (abs(core) + abs(shell)) ** 2 * references.sphere_amplitude(np.zeros(1), diameter / 2)[0] ** 2
    np.testing.assert_allclose(form_factor(particle, Q), expected, atol=1e-13 * scale + 1e-300, rtol=1e-7)


def test_that_equal_core_and_shell_scatter_as_one_sphere():
    assert same(CoreShellSphere(sld_core=9.0), SolidSphere())
    assert same(CoreShellEllipsoid(axial_ratio=1.0, sld_core=9.0), SolidSphere())
    assert same(Onion(sld_core=9.0, sld_gap=9.0), SolidSphere())


def test_that_an_ellipsoid_as_wide_as_long_is_a_core_shell_sphere():
    assert same(CoreShellEllipsoid(axial_ratio=1.0), CoreShellSphere())


def test_that_an_onion_of_one_shell_is_a_core_shell_sphere_and_an_empty_one_a_vesicle():
    assert same(Onion(shells=1), CoreShellSphere())
    assert same(Onion(shells=1, diameter=80.0, sld_core=0.0), Vesicle(), 80.0)


def test_that_a_filled_vesicle_is_a_core_shell_sphere():
    assert same(Vesicle(diameter=50.0, sld_interior=16.0), CoreShellSphere())


def test_that_an_onion_with_no_room_for_its_core_ends_with_the_layers_that_fit():
    small = Onion(diameter=20.0)  # radii 10, 6, 4, 0: the second shell is a ball, and no gap or core is left
    assert small.core_radius < 0
    assert properties(small.body()).volumes["core"] == 0
    radii, contrasts = (10.0, 6.0, 4.0), (9.0, -9.0, 9.0)
    expected = sum(rho * references.sphere_amplitude(Q, r) for r, rho in zip(radii, contrasts, strict=True)) ** 2
    np.testing.assert_allclose(form_factor(small, Q), expected, rtol=1e-6, atol=1e-12 * expected[0])


def test_that_layers_of_an_onion_repeat_with_the_period_of_shell_and_gap():
    q = np.linspace(0.5, 1.6, 500)
    intensity = form_factor(Onion(diameter=160.0, shells=10, sld_core=0.0), q)
    assert q[np.argmax(intensity * q**2)] == pytest.approx(2 * np.pi / 6.0, rel=0.03)


@pytest.mark.parametrize("shells", [2.5, 0.999999])
def test_that_shells_are_counted_in_whole_numbers(shells):
    with pytest.raises(ParameterError, match="shells"):
        Onion(shells=shells)


def test_that_a_whole_number_from_a_form_counts_as_one():
    assert Onion(shells=3.0).body() == Onion(shells=3).body()


def test_that_a_bridge_wider_than_its_spheres_is_refused():
    with pytest.raises(ParameterError, match="no wider than its spheres") as refused:
        Dumbbell(sphere_ratio=0.1, bridge_ratio=0.11)
    assert refused.value.field == "bridge_ratio"


def test_that_the_volume_of_a_dumbbell_is_that_of_spheres_and_the_bridge_between_them():
    particle = Dumbbell(diameter=100.0, sphere_ratio=0.2, bridge_ratio=0.12)
    sphere, bridge, gap = 20.0, 12.0, 2 * np.sqrt(20.0**2 - 12.0**2)
    height = sphere - gap / 2  # of the cap that the bridge's end cuts from a sphere
    cap = np.pi * height**2 * (3 * sphere - height) / 3
    volumes = properties(particle.body()).volumes
    assert volumes["sphere"] == pytest.approx(2 * 4 / 3 * np.pi * sphere**3)
    assert volumes["bridge"] == pytest.approx(np.pi * bridge**2 * (60.0 - gap) - 2 * cap)
