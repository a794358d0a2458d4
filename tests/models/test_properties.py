"""Volumes and radii of gyration against closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece
from engine.models.half_filled import HalfFilled
from engine.models.properties import properties
from engine.models.solid_sphere import SolidSphere
from engine.models.two_compartment import TwoCompartment
from engine.models.two_lobed import TwoLobed

EXACT = 1e-12  # the quadrature is exact for these polynomials; what remains is rounding

lengths = st.floats(0.5, 80.0)
heights = st.floats(-50.0, 50.0)


def solid(*solids: object, contrast: float = 1.0) -> Body:
    return Body((Piece("core", solids),), {"core": contrast})  # type: ignore[arg-type]


def sphere_volume(radius: float) -> float:
    return 4 / 3 * math.pi * radius**3


def cap_volume(radius: float, height: float) -> float:
    return math.pi * height**2 * (3 * radius - height) / 3


@given(lengths, lengths, heights)
def test_that_an_ellipsoid_has_its_volume_and_radius_of_gyration_wherever_it_lies(a, b, centre):
    found = properties(solid(Ellipsoid(equatorial=a, polar=b, centre=centre)))
    assert found.volume == pytest.approx(4 / 3 * math.pi * a * a * b, rel=EXACT)
    assert found.radius_of_gyration == pytest.approx(math.sqrt((2 * a * a + b * b) / 5), rel=1e-9)


def test_that_a_sphere_is_its_own_equivalent():
    found = properties(SolidSphere(diameter=37.0).body())
    assert found.equivalent_diameter == pytest.approx(37.0, rel=EXACT)
    assert found.radius_of_gyration == pytest.approx(37.0 / 2 * math.sqrt(3 / 5), rel=EXACT)
    assert found.contrast_integral == pytest.approx(9 * sphere_volume(18.5), rel=EXACT)


@given(st.floats(1.0, 50.0), st.floats(-0.99, 0.99))
def test_that_a_plane_cuts_a_sphere_into_two_caps(radius, share):
    ball, plane = Ellipsoid(equatorial=radius, polar=radius), share * radius
    above, below = properties(solid(ball, Above(plane))), properties(solid(ball, Below(plane)))
    assert above.volume == pytest.approx(cap_volume(radius, radius - plane), rel=1e-9)  # the cap's height is a difference
    assert above.volume + below.volume == pytest.approx(sphere_volume(radius), rel=EXACT)


def test_that_two_overlapping_spheres_have_their_lens_in_common():
    radius, distance = 10.0, 12.0
    one, other = Ellipsoid(equatorial=radius, polar=radius), Ellipsoid(equatorial=radius, polar=radius, centre=distance)
    lens = 2 * cap_volume(radius, radius - distance / 2)
    assert properties(solid(one, other)).volume == pytest.approx(lens, rel=EXACT)
    union = Body((Piece("core", (one,)), Piece("core", (other,))), {"core": 1.0})
    assert properties(union).volume == pytest.approx(2 * sphere_volume(radius) - lens, rel=EXACT)


def test_that_a_cylinder_has_its_volume_and_radius_of_gyration():
    found = properties(solid(Cylinder(10.0), Above(-25.0), Below(25.0)))
    assert found.volume == pytest.approx(math.pi * 100 * 50, rel=EXACT)
    assert found.radius_of_gyration == pytest.approx(math.sqrt(100 / 2 + 2500 / 12), rel=EXACT)


def test_that_a_later_piece_takes_its_room_from_an_earlier_one():
    outer, inner = Ellipsoid(equatorial=10.0, polar=10.0), Ellipsoid(equatorial=6.0, polar=6.0, centre=2.0)
    found = properties(Body((Piece("shell", (outer,)), Piece("core", (inner,))), {"core": 2.0, "shell": -1.0}))
    assert found.volumes["core"] == pytest.approx(sphere_volume(6), rel=EXACT)
    assert found.volumes["shell"] == pytest.approx(sphere_volume(10) - sphere_volume(6), rel=EXACT)
    assert found.contrast_integral == pytest.approx(3 * sphere_volume(6) - sphere_volume(10), rel=1e-11)


def test_that_the_radius_of_gyration_is_taken_about_the_centre_of_contrast():
    a, b, gap = 3.0, 5.0, 20.0
    balls = (Piece("a", (Ellipsoid(equatorial=a, polar=a),)), Piece("b", (Ellipsoid(equatorial=b, polar=b, centre=gap),)))
    weight_a, weight_b = 4.0 * sphere_volume(a), 1.5 * sphere_volume(b)
    total = weight_a + weight_b
    expected = (0.6 * (weight_a * a * a + weight_b * b * b) + weight_a * weight_b / total * gap * gap) / total
    assert properties(Body(balls, {"a": 4.0, "b": 1.5})).radius_of_gyration == pytest.approx(math.sqrt(expected), rel=EXACT)


def test_that_cancelling_contrasts_have_no_radius_of_gyration():
    inner, outer = 8.0, 10.0
    body = Body(
        (Piece("shell", (Ellipsoid(equatorial=outer, polar=outer),)), Piece("core", (Ellipsoid(equatorial=inner, polar=inner),))),
        {"core": sphere_volume(outer) / sphere_volume(inner) - 1, "shell": -1.0},
    )
    assert math.isnan(properties(body).radius_of_gyration)
    negative_square = Body(body.pieces, {"core": 0.96, "shell": -1.0})
    assert math.isnan(properties(negative_square).radius_of_gyration)


@pytest.mark.parametrize("model", [TwoLobed, HalfFilled, TwoCompartment])
@given(diameter=st.floats(5.0, 200.0), thickness=st.floats(0.0, 20.0))
def test_that_all_lipid_nanoparticles_of_one_size_share_their_outer_volume(model, diameter, thickness):
    found = properties(model(diameter=diameter, shell_thickness=thickness).body())
    homogeneous = properties(TwoLobed(diameter=diameter, shell_thickness=0.0).body())
    assert sum(found.volumes.values()) == pytest.approx(found.volume, rel=EXACT)
    assert found.volume == pytest.approx(homogeneous.volume, rel=1e-11)


def test_that_a_body_without_points_has_no_volume():
    found = properties(solid(Ellipsoid(equatorial=1.0, polar=1.0), Above(5.0)))
    assert found.volume == 0
    assert math.isnan(found.radius_of_gyration)
    assert properties(Body((), {"core": 1.0})).volume == 0
