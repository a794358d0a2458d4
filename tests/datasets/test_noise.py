"""Noise of a counting detector: its law, its level, and that it is not clipped."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.noise import CountingNoise, counting_noise
from engine.errors import ParameterError

Q = np.linspace(0.05, 3.0, 400)
levels = st.floats(1e-4, 0.2)


def falling(q, size=15.0):
    """A curve that falls over four decades, as those of particles do."""
    return 1 / (1 + (q * size) ** 4) + 1e-6


@given(levels, st.floats(0.06, 1.5), st.floats(1e-4, 1.0), st.floats(1e-6, 1e6))
def test_that_the_level_is_the_one_asked_for_at_any_scale(level, at, share, scale):
    intensity = scale * falling(Q)
    noise = counting_noise(Q, intensity, relative=level, at=at, buffer_share=share)
    here = np.interp(at, Q, intensity)
    assert noise.sigma(np.array([at]), np.array([here]))[0] == pytest.approx(level * here)
    assert noise.buffer == pytest.approx(share * here)


@given(levels)
def test_that_the_variance_is_that_of_counts_and_two_buffers_over_k_q(level):
    # Sedlak et al. 2017: var(q) = (I + 2 I_buf) / (k q); the subtraction counts the buffer twice
    intensity = falling(Q)
    noise = counting_noise(Q, intensity, relative=level)
    assert noise.k == pytest.approx((np.interp(0.1, Q, intensity) + 2 * noise.buffer) / (0.1 * (level * np.interp(0.1, Q, intensity)) ** 2))
    np.testing.assert_allclose(noise.sigma(Q, intensity) ** 2 * noise.k * Q, intensity + 2 * noise.buffer, rtol=1e-12)


def test_that_four_times_the_counts_halve_the_error():
    once, often = CountingNoise(k=1e3, buffer=0.1), CountingNoise(k=4e3, buffer=0.1)
    np.testing.assert_allclose(often.sigma(Q, falling(Q)), once.sigma(Q, falling(Q)) / 2)


def test_that_error_bars_grow_in_intensity_and_shrink_in_q_where_the_buffer_rules():
    noise = counting_noise(Q, falling(Q), relative=0.005)
    sigma = noise.sigma(Q, falling(Q))
    assert (np.diff(sigma) < 0).all()
    assert (np.diff(sigma / falling(Q)) > 0)[Q[1:] > 0.2].all()
    assert sigma[-1] / sigma[-2] == pytest.approx(math.sqrt(Q[-2] / Q[-1]), rel=1e-4)


def test_that_intensities_below_zero_have_the_error_of_the_buffer():
    # a subtracted curve may be negative; its variance may not
    noise = CountingNoise(k=100.0, buffer=0.5)
    np.testing.assert_allclose(noise.sigma(Q, np.full(Q.size, -3.0)), noise.sigma(Q, np.zeros(Q.size)))
    assert (noise.sigma(np.array([0.0]), np.array([1.0])) > 0).all()
    assert np.isfinite(noise.sigma(np.array([0.0]), np.array([1.0]))).all()


@pytest.mark.parametrize(("k", "buffer"), [(0.0, 0.1), (-1.0, 0.1), (math.nan, 0.1), (1.0, -0.1), (1.0, math.nan)])
def test_that_impossible_noise_is_refused_with_its_values(k, buffer):
    with pytest.raises(ParameterError, match=r"k > 0 and a buffer of at least 0; got"):
        CountingNoise(k=k, buffer=buffer)


@pytest.mark.parametrize(("level", "scale"), [(0.0, 1.0), (-0.1, 1.0), (math.nan, 1.0), (0.01, 0.0), (0.01, -1.0)])
def test_that_a_level_without_signal_is_refused(level, scale):
    with pytest.raises(ParameterError, match=r"positive intensity at q = 0\.1 1/nm"):
        counting_noise(Q, scale * falling(Q), relative=level)
