"""Spherical Bessel functions and interpolation, the two tools of the exact solver."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import spherical_jn

from engine.scattering.bessel import descending_orders, first_order_below
from engine.scattering.chebyshev import ChebyshevGrid, count_for


@pytest.mark.parametrize("top", [0, 1, 7, 300])
def test_that_every_order_agrees_with_scipy(top):
    q, r = np.array([0.0, 1e-6, 0.1, 1.0, np.pi]), np.array([1e-4, 0.3, 4.0, 31.0, 80.0])
    x = np.maximum(np.outer(q, r), 1e-8)  # below, j_0 = 1 and j_1² vanishes beside it
    orders = []
    for order in descending_orders(q, r, top):
        whole = np.zeros((5, 5))
        whole[order.first_q :, order.first_r :] = order.values
        np.testing.assert_allclose(whole, spherical_jn(order.l, x), atol=5e-15)  # scipy itself errs by some 1e-15
        assert 0 <= order.first_q <= 5
        assert 0 <= order.first_r <= 5
        orders.append(order.l)
    assert orders == list(range(min(top, max(orders)), -1, -1))
    assert max(orders) == min(top, int(first_order_below(80 * np.pi)))


@pytest.mark.parametrize("x", [1e-8, 1e-3, 0.1, 1.0, 10.0, 100.0, 2000.0])
def test_that_orders_are_left_out_only_where_the_function_is_below_1e_17(x):
    assert abs(spherical_jn(int(first_order_below(x)), x)) < 1e-17


@pytest.mark.parametrize("phase", [100.0, 1000.0, 4000.0])
def test_that_no_more_nodes_are_taken_than_half_the_phase_and_a_margin(phase):
    assert phase / 2 < count_for(phase) < phase / 2 + 15 * np.cbrt(phase / 2)


@pytest.mark.parametrize("phase", [0.0, 1.0, 30.0, 500.0, 4000.0])
def test_that_a_band_limited_function_is_carried_to_any_point(phase):
    grid = ChebyshevGrid.on(2.0, 5.0, count_for(phase))
    points = np.concatenate([np.linspace(2.0, 5.0, 777), grid.nodes[:3]])
    wave = np.cos(phase / 3 * grid.nodes + 0.4)
    np.testing.assert_allclose(grid.matrix_to(points) @ wave, np.cos(phase / 3 * points + 0.4), atol=2e-12)
