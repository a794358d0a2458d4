"""The lattice solver: the paper's curves, its steps, and the plain meaning of them."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Cancelled, ParameterError, UnsupportedModel
from engine.models.registry import MODELS
from engine.models.voxel_map import VoxelMap
from engine.scattering.lattice import PAPER, LatticeSettings, Placement, VoxelFactor, form_factor, lattice_form_factor
from engine.scattering.orientation import Average, ShellSums, radial_average
from engine.scattering.voxelise import paper_lattice

SPHERE = MODELS["type 4"]


def brute_force(density: np.ndarray, padded: int, *, average: Average, sharing: bool, factor: VoxelFactor) -> np.ndarray:
    """The same steps with a stored cube and a loop over bins."""
    k = np.fft.fftfreq(padded) * padded
    intensity = np.abs(np.fft.fftn(density, (padded,) * 3, axes=(0, 1, 2))) ** 2
    sinc = np.sinc(k / padded) ** 2
    cube = sinc[:, None, None] * sinc[:, None] * sinc
    intensity = intensity * {VoxelFactor.MULTIPLY: cube, VoxelFactor.DIVIDE: 1 / cube, VoxelFactor.NONE: np.ones_like(cube)}[factor]
    radius = np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k**2)
    bins = np.arange(2, padded // 2 + 1) if average is Average.IMPROVED else np.arange(1, padded // 2)
    means = []
    for m in bins:
        weight = np.maximum(1 - np.abs(radius - m), 0) if sharing else np.rint(radius) == m
        means.append((weight * intensity).sum() / (weight.sum() if average is Average.IMPROVED else 4 * np.pi * m**2))
    return np.array(means)


@pytest.mark.shared
@pytest.mark.parametrize("key", ["type 1", "type 4"])
@pytest.mark.parametrize("diameter", [20, 21, 37, 50, 66, pytest.param(100, marks=pytest.mark.slow)])
def test_that_the_published_curves_are_reproduced(shared_dir, key, diameter):
    with h5py.File(shared_dir / "reference" / f"paper_{key.replace(' ', '')}_raw.h5") as file:
        s, intensity = file[f"d{diameter}_qIq"][:]
    curve = lattice_form_factor(MODELS[key](diameter=float(diameter)))
    assert len(curve) == s.size
    np.testing.assert_allclose(curve.q / (2 * np.pi), s, rtol=1e-14)
    np.testing.assert_allclose(curve.intensity, intensity, rtol=1e-11)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("key", ["type 1", "type 4"])
def test_that_published_curves_of_every_size_are_reproduced(shared_dir, key):
    with h5py.File(shared_dir / "reference" / f"paper_{key.replace(' ', '')}_raw.h5") as file:
        for diameter in (*range(20, 61), *range(65, 100, 5)):  # the cost grows with the cube of the size
            s, intensity = file[f"d{diameter}_qIq"][:]
            curve = lattice_form_factor(MODELS[key](diameter=float(diameter)))
            np.testing.assert_allclose(curve.q / (2 * np.pi), s, rtol=1e-14)
            np.testing.assert_allclose(curve.intensity, intensity, rtol=1e-11, err_msg=f"D = {diameter}")


@pytest.mark.parametrize("factor", VoxelFactor)
@pytest.mark.parametrize("average", Average)
@pytest.mark.parametrize("sharing", [True, False])
def test_that_pruning_and_streaming_change_nothing(factor, average, sharing):
    rng = np.random.default_rng(1)
    density = rng.normal(size=(5, 7, 6))  # no symmetry of any kind
    settings = LatticeSettings(crop=False, padding_ratio=22 / 7, voxel_factor=factor, average=average, sharing=sharing)
    curve = lattice_form_factor(VoxelMap(density=density), settings=settings)
    expected = brute_force(density, 22, average=average, sharing=sharing, factor=factor)
    np.testing.assert_allclose(curve.intensity, expected, rtol=1e-8)  # the published offset of the sinc is felt at 1e-9
    np.testing.assert_allclose(curve.q[0], 2 * np.pi * (2 if average is Average.IMPROVED else 1) / 22)


def test_that_nearest_bin_with_its_neighbour_is_the_same_as_sharing_between_floor_and_ceiling():
    # the original scheme as it is published: round, then move the distance to the neighbour on that side
    rng = np.random.default_rng(2)
    n = np.arange(1, 200)
    shells = ShellSums(np.concatenate([[5.0], rng.uniform(1, 2, 199)]), np.ones(200))
    sums = np.zeros(20)
    for value, square in zip(shells.total[1:], n, strict=True):
        radius = np.sqrt(square)
        nearest = round(radius)
        share = radius - nearest
        sums[nearest] += value * (1 - abs(share))
        sums[nearest + int(np.sign(share))] += value * abs(share)
    bins = np.arange(2, 13)
    got = radial_average(shells, bins, average=Average.ORIGINAL, sharing=True)
    np.testing.assert_allclose(got, sums[bins] / (4 * np.pi * bins**2), rtol=1e-12)


@given(st.floats(0.1, 10.0), st.booleans())
def test_that_the_improved_average_of_a_constant_is_that_constant(level, sharing):
    points = np.arange(17)[:, None, None] ** 2 + np.arange(17)[:, None] ** 2 + np.arange(17) ** 2
    count = np.bincount(points.ravel())[:256].astype(float)
    bins = np.arange(1, 15)
    np.testing.assert_allclose(
        radial_average(ShellSums(level * count, count), bins, average=Average.IMPROVED, sharing=sharing), level, rtol=1e-12
    )


def test_that_spacing_and_contrast_scale_the_curve_as_physics_says():
    density = paper_lattice(SPHERE(diameter=16.0)).density[40:60, 40:60, 40:60]
    one = lattice_form_factor(VoxelMap(density=density))
    other = lattice_form_factor(VoxelMap(density=3 * density, spacing=0.5))
    np.testing.assert_allclose(other.q, 2 * one.q)
    np.testing.assert_allclose(other.intensity, 9 * 0.5**6 * one.intensity)


def test_that_volume_means_with_the_factor_divided_out_follow_the_closed_form():
    particle = SPHERE(diameter=30.0)
    settings = LatticeSettings(placement=Placement.VOLUME_MEAN, voxel_factor=VoxelFactor.DIVIDE, padding_ratio=12)
    curve = lattice_form_factor(particle, settings=settings)
    low = curve.q < 0.2
    exact = references.concentric_spheres(curve.q, 1.0, 15.0, 9.0, 9.0)
    np.testing.assert_allclose(curve.intensity[low], exact[low], rtol=0.03)  # the bins of width 2 pi / 360 smear the curve


def test_that_more_padding_comes_nearer_to_the_truth():
    particle, q = SPHERE(diameter=30.0), np.array([0.2])
    exact = references.concentric_spheres(q, 1.0, 15.0, 9.0, 9.0)
    errors = []
    for ratio in (3, 6, 12):
        settings = LatticeSettings(placement=Placement.VOLUME_MEAN, voxel_factor=VoxelFactor.DIVIDE, padding_ratio=ratio)
        errors.append(abs(form_factor(particle, q, settings=settings)[0] / exact[0] - 1))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_that_the_curve_is_carried_to_any_q_and_below_the_first_bin_by_guinier():
    particle = SPHERE(diameter=40.0)
    curve = lattice_form_factor(particle)
    np.testing.assert_allclose(form_factor(particle, curve.q), curve.intensity, rtol=1e-9)
    zero = form_factor(particle, np.array([0.0]))[0]
    assert zero == pytest.approx((9 * np.pi * 40**3 / 6) ** 2, rel=0.05)


def test_that_q_beyond_the_last_bin_is_refused():
    with pytest.raises(ParameterError, match=r"3\.14159"):
        form_factor(SPHERE(diameter=20.0), np.array([0.5, 3.2]))


def test_that_a_map_is_cropped_to_the_smallest_middle_that_loses_nothing():
    density = np.zeros((20, 20, 20))
    density[8:13, 8:12, 9:11] = 1.0
    cropped = lattice_form_factor(VoxelMap(density=density))
    assert cropped.q[0] == pytest.approx(2 * np.pi * 2 / (6 * 6))  # 8:13 lies inside the middle 6 of 20, 7:13
    given_edge = lattice_form_factor(VoxelMap(density=density), settings=LatticeSettings(edge=10))
    assert given_edge.q[0] == pytest.approx(2 * np.pi * 2 / 60)
    whole = lattice_form_factor(VoxelMap(density=density), settings=LatticeSettings(crop=False))
    assert whole.q[0] == pytest.approx(2 * np.pi * 2 / 120)


@pytest.mark.parametrize(("edge", "ratio", "padded"), [(5, 1.5, 8), (7, 2, 14), (7, 3, 22), (6, 2.4, 16)])
def test_that_the_padded_cube_has_the_next_even_edge(edge, ratio, padded):
    curve = lattice_form_factor(VoxelMap(density=np.ones((edge,) * 3)), settings=LatticeSettings(padding_ratio=ratio))
    assert curve.q[-1] == pytest.approx(np.pi)
    assert curve.q[1] - curve.q[0] == pytest.approx(2 * np.pi / padded)


def test_that_the_paper_loses_the_outermost_layer_of_an_even_sphere():
    density = paper_lattice(SPHERE(diameter=20.0)).density
    cut = density[40:60, 40:60, 40:60]
    assert np.count_nonzero(density) - np.count_nonzero(cut) == 3  # one voxel at the upper end of each axis
    curve, expected = lattice_form_factor(SPHERE(diameter=20.0)), lattice_form_factor(VoxelMap(density=cut))
    np.testing.assert_allclose(curve.q, expected.q)
    np.testing.assert_allclose(curve.intensity, expected.intensity, rtol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [{"padding_ratio": 0.5}, {"padding_ratio": 65}, {"padding_ratio": float("nan")}, {"spacing": 0.5}, {"edge": 0}],
)
def test_that_impossible_settings_are_refused(settings):
    with pytest.raises(ParameterError):
        LatticeSettings(**settings)


def test_that_a_padded_cube_beyond_the_limit_is_refused_before_it_is_made():
    with pytest.raises(ParameterError, match="padding ratio"):
        lattice_form_factor(SPHERE(diameter=100.0), settings=LatticeSettings(padding_ratio=64))


def test_that_what_is_no_particle_is_refused():
    with pytest.raises(UnsupportedModel):
        lattice_form_factor("sphere")


def test_that_work_is_reported_and_stops_when_asked():
    seen = []

    def stop(event):
        seen.append(event)
        if event.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        lattice_form_factor(SPHERE(diameter=20.0), report=stop)
    assert [event.done for event in seen] == [0, 1, 2, 3]
    assert seen[0].total == 61


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_that_the_largest_particle_of_the_paper_takes_less_than_a_gigabyte(root):
    # 600³ points; stored they would take 3.5 GB
    code = (
        "from pathlib import Path; from engine.models.registry import MODELS; from engine.scattering.lattice import lattice_form_factor;"
        "lattice_form_factor(MODELS['type 1'](diameter=100.0));"
        "print(next(line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) * 1024 < 0.5e9


def test_that_the_defaults_are_the_paper():
    assert LatticeSettings() == PAPER
    assert (PAPER.padding_ratio, PAPER.voxel_factor, PAPER.average) == (6, VoxelFactor.MULTIPLY, Average.IMPROVED)
