"""Voxel maps, and how bodies of revolution get onto a lattice."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Cancelled, ParameterError, UnsupportedModel
from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece
from engine.models.registry import MODELS
from engine.models.voxel_map import MAX_VOXELS, VoxelMap, check_shape
from engine.scattering import voxelise as module
from engine.scattering.voxelise import paper_lattice, voxelise


def ball(size: int = 4) -> np.ndarray:
    return np.ones((size, size, size))


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A particle made of any pieces."""

    pieces: tuple[Piece, ...]
    key = "drawn"
    title = "Drawn"

    def body(self) -> Body:
        return Body(self.pieces, {"a": 2.0, "b": -3.0})


# --- the map ---


@pytest.mark.parametrize(
    ("density", "words"),
    [
        (np.ones((3, 3)), "3-D"),
        (np.ones((3, 0, 3)), "no voxel"),
        (np.zeros((3, 3, 3)), "zero everywhere"),
        (np.array([[[1.0, np.nan, np.inf]]]), "2 values that are no numbers"),
        (np.array([[[1.0, -1e10]]]), "Rescale"),
    ],
)
def test_that_an_impossible_map_is_refused_with_its_reason(density, words):
    with pytest.raises(ParameterError, match=words):
        VoxelMap(density=density)


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan, np.inf])
def test_that_a_spacing_that_is_no_length_is_refused(spacing):
    with pytest.raises(ParameterError, match="voxel") as caught:
        VoxelMap(density=ball(), spacing=spacing)
    assert caught.value.field == "spacing"


def test_that_an_origin_that_is_no_point_is_refused():
    with pytest.raises(ParameterError, match="origin"):
        VoxelMap(density=ball(), origin=(0.0, np.nan, 0.0))


def test_that_a_map_too_large_is_refused_by_its_shape_before_memory_is_taken():
    edge = int(MAX_VOXELS ** (1 / 3)) + 2
    with pytest.raises(ParameterError, match="more than"):
        check_shape((edge, edge, edge))


def test_that_a_map_keeps_a_read_only_copy():
    density = ball()
    kept = VoxelMap(density=density).density
    density[0, 0, 0] = 5
    assert kept[0, 0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0, 0] = 2


def test_that_a_map_knows_its_filled_box_and_where_its_voxels_lie():
    density = np.zeros((5, 6, 7))
    density[1:3, 2, 4:7] = 1
    placed = VoxelMap(density=density, spacing=0.5, origin=(1.0, 2.0, 3.0))
    assert placed.filled == (slice(1, 3), slice(2, 3), slice(4, 7))
    assert placed.shape == (5, 6, 7)
    np.testing.assert_allclose(placed.axis(2), [3, 3.5, 4, 4.5, 5, 5.5, 6])


# --- volume means ---


def test_that_volume_means_keep_the_contrast_integral_of_a_sphere():
    placed = voxelise(MODELS["type 4"](diameter=30.0), 1.0)
    assert placed.density.sum() == pytest.approx(9 * np.pi * 30**3 / 6, rel=1e-4)


def test_that_planes_between_voxel_faces_are_met_exactly():
    # exact along z: the top voxel of this cylinder is filled to 0.3
    drawn = Drawn((Piece("a", (Cylinder(3.0), Above(0.0), Below(2.3))),))
    column = voxelise(drawn, 1.0).density[2, 2]
    assert column.sum() == pytest.approx(2 * 2.3, rel=1e-12)
    np.testing.assert_allclose(column, [2 * 0.65, 2, 2 * 0.65], rtol=1e-12)


def test_that_later_pieces_are_painted_over_earlier_ones():
    outer, inner = Ellipsoid(equatorial=6.0, polar=6.0), Ellipsoid(equatorial=3.0, polar=3.0)
    under = voxelise(Drawn((Piece("b", (inner,)), Piece("a", (outer,)))), 1.0).density
    over = voxelise(Drawn((Piece("a", (outer,)), Piece("b", (inner,)))), 1.0).density
    assert under[6, 6, 6] == pytest.approx(2)
    assert over[6, 6, 6] == pytest.approx(-3)
    volume = 4 / 3 * np.pi
    assert under.sum() == pytest.approx(2 * volume * 216, rel=1e-3)
    assert over.sum() == pytest.approx(2 * volume * 216 - 5 * volume * 27, rel=1e-3)


@pytest.mark.parametrize("key", ["type 1", "type 2", "type 3", "type 4"])
@pytest.mark.parametrize("spacing", [1.0, 0.7])
def test_that_volume_means_agree_with_brute_counting_in_every_voxel(key, spacing):
    particle = MODELS[key](diameter=20.0, **({} if key == "type 4" else {"shell_thickness": 2.0}))
    means = voxelise(particle, spacing, 8)
    n = 8
    points = ((np.arange(n) + 0.5) / n - 0.5) * spacing
    x, y, z = ((means.axis(i)[:, None] + points).ravel() for i in range(3))
    table = np.array([*particle.body().contrasts.values(), 0.0])
    labels = module.region_labels(particle.body(), (x[:, None] ** 2 + y**2)[:, :, None], z)
    a, b, c = means.shape
    counted = table[labels].reshape(a, n, b, n, c, n).mean(axis=(1, 3, 5))
    # along z the count is right to half a sub-voxel at each end of an interval, which is 1/8 of 16 in the worst case
    assert np.abs(means.density - counted).max() <= 16 / n
    assert np.abs(means.density - counted).mean() < 0.03
    assert means.density.sum() == pytest.approx(counted.sum(), rel=2e-3)


@given(
    st.floats(1.5, 9.0), st.floats(1.5, 9.0), st.floats(-4.0, 4.0), st.floats(0.5, 2.0)
)  # sizes, a shift along z and a spacing that fit nothing
def test_that_a_map_lies_where_its_body_does(equatorial, polar, centre, spacing):
    placed = voxelise(Drawn((Piece("a", (Ellipsoid(equatorial=equatorial, polar=polar, centre=centre),)),)), spacing)
    weight = placed.density / placed.density.sum()
    assert np.einsum("ijk,i->", weight, placed.axis(0)) == pytest.approx(0, abs=1e-9)
    assert np.einsum("ijk,k->", weight, placed.axis(2)) == pytest.approx(centre, abs=1e-9)
    assert placed.density.min() >= 0
    assert placed.density.max() <= 2 * (1 + 1e-12)


def test_that_a_finer_lattice_fills_its_own_voxels_with_the_mean_of_the_same_body():
    particle = MODELS["type 3"](diameter=24.0)
    coarse, fine = voxelise(particle, 1.0, 8).density, voxelise(particle, 0.5, 4).density
    a, b, c = coarse.shape
    assert fine.shape == (2 * a, 2 * b, 2 * c)
    np.testing.assert_allclose(fine.reshape(a, 2, b, 2, c, 2).mean(axis=(1, 3, 5)), coarse, atol=1e-9)


def test_that_the_sharp_map_holds_only_contrasts_of_the_regions():
    placed = voxelise(MODELS["type 1"](diameter=30.0), 1.0, sharp=True)
    assert set(np.unique(placed.density)) == {0.0, 9.0, 16.0}


def test_that_cancelling_stops_a_large_map_on_its_way():
    def refuse(event: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        voxelise(MODELS["type 4"](diameter=50.0), report=refuse)


@pytest.mark.parametrize("arguments", [{"spacing": 0.0}, {"spacing": np.nan}, {"supersample": 0}, {"supersample": 65}, {"spacing": 1e-9}])
def test_that_impossible_lattices_are_refused(arguments):
    with pytest.raises(ParameterError):
        voxelise(MODELS["type 4"](diameter=50.0), **arguments)


def test_that_a_map_can_not_be_put_on_a_lattice_again():
    with pytest.raises(UnsupportedModel, match="VoxelMap"):
        voxelise(VoxelMap(density=ball()))


# --- the paper's placement ---


def test_that_the_paper_puts_the_middle_of_a_particle_on_voxel_50():
    placed = paper_lattice(MODELS["type 4"](diameter=10.0))
    assert placed.filled == (slice(45, 56),) * 3
    assert placed.axis(0)[50] == 0
    assert np.count_nonzero(placed.density) == 515  # integer points within 5 of the origin, the surface included


def test_that_rounding_decides_over_the_ends_of_the_lobes_as_in_the_paper():
    # voxel (50, 50, 50 - D/2), the lower end of lobe B, lies on its surface; the author's arithmetic leaves it out at these lengths
    out = [d for d in range(20, 102, 2) if paper_lattice(MODELS["type 1"](diameter=float(d))).density[50, 50, 50 - d // 2] == 0]
    assert out == [20, 22, 28, 44, 50, 66, 68]


def test_that_planes_cut_the_lobes_in_the_paper_placement():
    placed = paper_lattice(MODELS["type 2"](diameter=60.0, sld_fill=5.0))
    column = placed.density[50, 50]
    septum = 50 + (0.3571 - 0.2857) * 60 / 2
    z = np.arange(100)
    assert (column[(z > septum - 2) & (z < septum + 2)] == 9).all()
    assert column[int(septum + 3)] == 16
    assert column[int(septum - 3)] == 5


def test_that_a_particle_beyond_the_paper_lattice_is_refused():
    with pytest.raises(ParameterError, match="lattice"):
        paper_lattice(MODELS["type 4"](diameter=101.0))
