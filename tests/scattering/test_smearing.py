"""Pinhole and slit smearing against direct quadrature of closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import references
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ParameterError
from engine.scattering.smearing import Pinhole, Slit, needed_range, smearing_matrix


def intensity(q: np.ndarray) -> np.ndarray:
    return references.concentric_spheres(np.abs(q), 10.0, 25.0, 16.0, 9.0)


def smeared(q: np.ndarray, resolution: Pinhole | Slit, points: int = 3000) -> np.ndarray:
    grid = np.linspace(*needed_range(q, resolution), points)
    return smearing_matrix(q, grid, resolution) @ intensity(grid)


RESOLUTIONS = st.one_of(
    st.builds(Pinhole, st.floats(0.0, 0.2)),
    st.builds(Slit, half_height=st.floats(0.0, 2.0), half_width=st.floats(0.0, 0.1)),
)


@given(RESOLUTIONS, st.booleans())
@settings(max_examples=40)
def test_that_rows_sum_to_one_so_that_a_constant_stays(resolution, logarithmic):
    q = np.linspace(0.02, 2, 30)
    low, high = needed_range(q, resolution)
    grid = np.concatenate([[low], np.geomspace(low + 1e-4, high, 400)]) if logarithmic else np.linspace(low, high, 400)
    np.testing.assert_allclose(smearing_matrix(q, grid, resolution).sum(axis=1), 1, rtol=1e-9)


@pytest.mark.parametrize("resolution", [Pinhole(0.0), Pinhole(np.zeros(20)), Slit(), Slit(half_width=5e-324), Slit(half_height=1e-300)])
def test_that_zero_width_picks_the_points_themselves(resolution):
    grid = np.linspace(0.1, 2, 20)
    np.testing.assert_array_equal(smearing_matrix(grid, grid, resolution).toarray(), np.eye(20))


def test_that_a_pinhole_agrees_with_direct_quadrature():
    q, sigma = np.array([0.03, 0.2, 0.25, 1.0, 2.3]), np.array([0.01, 0.004, 0.02, 0.03, 0.0])
    expected = []
    for value, width in zip(q, np.maximum(sigma, 1e-12), strict=True):
        p = value + width * np.linspace(-8, 8, 20001)
        expected.append(np.average(intensity(p), weights=np.exp(-(((p - value) / width) ** 2) / 2)))
    np.testing.assert_allclose(smeared(q, Pinhole(sigma)), expected, rtol=3e-5)


def test_that_a_wide_pinhole_sees_ripples_finer_than_its_coarsest_rule():
    # 41 nodes over ten standard deviations would meet every crest of this wave; its mean is nothing
    q, sigma = np.array([1.0]), 0.15
    grid = np.linspace(*needed_range(q, Pinhole(sigma)), 4000)
    wave = np.cos(2 * np.pi * 40 / (10 * sigma) * (grid - 1.0))
    assert abs((smearing_matrix(q, grid, Pinhole(sigma)) @ wave)[0]) < 1e-3


def test_that_smearing_broadens_a_quadratic_by_the_variance():
    # the mean of q² under a Gaussian is q² + sigma²; the cubic through four points is exact for it
    q, sigma = np.linspace(0.5, 1, 7), np.linspace(0.0, 0.05, 7)
    grid = np.linspace(*needed_range(q, Pinhole(sigma)), 50)
    np.testing.assert_allclose(smearing_matrix(q, grid, Pinhole(sigma)) @ grid**2, q**2 + sigma**2, rtol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(0.5, 0.0), (0.0, 0.03), (0.4, 0.02), (2.0, 0.0)])
def test_that_a_slit_agrees_with_direct_quadrature(height, width):
    q = np.array([0.03, 0.2, 0.9, 1.7])
    u = (np.arange(800) + 0.5) / 400 - 1
    v = (np.arange(4000) + 0.5) / 4000
    expected = [
        intensity(np.hypot((value + width * u)[:, None], height * v)).mean() if width else intensity(np.hypot(value, height * v)).mean()
        for value in q
    ]
    np.testing.assert_allclose(smeared(q, Slit(half_height=height, half_width=width)), expected, rtol=2e-4)


def test_that_an_endless_slit_takes_one_power_off_a_steep_fall():
    # I = q^-4 becomes pi / 4 q^-3 over h, once h is much larger than q
    q, slit = np.array([0.05, 0.1]), Slit(half_height=20.0)
    grid = np.geomspace(*needed_range(q, slit), 4000)
    np.testing.assert_allclose(smearing_matrix(q, grid, slit) @ grid**-4.0, np.pi / 4 * q**-3 / 20, rtol=1e-3)


def test_that_a_curve_is_even_where_the_smearing_reaches_below_zero():
    q = np.array([0.01])
    grid = np.linspace(*needed_range(q, Pinhole(0.02)), 400)
    assert grid[0] == 0
    # <p²> keeps its value when negative p are folded back
    assert (smearing_matrix(q, grid, Pinhole(0.02)) @ grid**2)[0] == pytest.approx(
        0.01**2 + 0.02**2, rel=3e-5
    )  # the tail beyond 5 sigma is cut


def test_that_smearing_fills_the_minima_and_leaves_the_level():
    q = np.linspace(0.3, 1, 500)
    sharp, soft = intensity(q), smeared(q, Pinhole(0.01))
    assert soft.min() > 2 * sharp.min()
    assert np.trapezoid(soft * q**4, q) == pytest.approx(np.trapezoid(sharp * q**4, q), rel=0.02)


def test_that_the_matrix_is_sparse():
    q = np.linspace(0.1, 3, 500)
    matrix = smearing_matrix(q, np.linspace(0.0, 3.5, 4000), Pinhole(0.01))
    assert matrix.nnz < 0.06 * matrix.shape[0] * matrix.shape[1]


@pytest.mark.parametrize(
    ("q", "grid", "resolution", "words"),
    [
        ([0.1, 1.0], np.linspace(0, 1, 50), Pinhole(0.01), "0.05 to 1.05"),
        ([0.1, 1.0], np.linspace(0.08, 2, 50), Pinhole(0.01), "Widen"),
        ([0.1, 1.0], np.linspace(0, 1.1, 50), Slit(half_height=1.0), "1.414"),
        ([0.1, 1.0], np.linspace(0, 2, 50), Pinhole(np.ones(3)), "3 values of dq for 2 of q"),
        ([-0.1], np.linspace(0, 2, 50), Pinhole(0.01), "q must"),
        ([], np.linspace(0, 2, 50), Pinhole(0.01), "q must"),
        ([0.1], np.array([0.0, 1.0, 0.5, 2.0]), Pinhole(0.01), "increasing"),
        ([0.1], np.array([0.0, 1.0, 2.0]), Pinhole(0.01), "at least 4"),
    ],
)
def test_that_smearing_that_can_not_be_is_refused(q, grid, resolution, words):
    with pytest.raises(ParameterError, match=words):
        smearing_matrix(np.array(q), grid, resolution)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pinhole(-0.1),
        lambda: Pinhole(np.array([0.1, np.nan])),
        lambda: Slit(half_height=-1.0),
        lambda: Slit(half_width=float("inf")),
    ],
)
def test_that_a_resolution_that_is_no_width_is_refused(make):
    with pytest.raises(ParameterError):
        make()
