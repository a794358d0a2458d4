"""Guinier's line against closed forms, and the sizes that are drawn."""

from __future__ import annotations

import dataclasses

import gui_fakes
import numpy as np
import pytest

from engine.curve import Curve
from engine.errors import ParameterError
from engine.inference.analysis import Interval
from engine.inference.guinier import Q_RG_LAST, guinier_fit
from engine.inference.size_bands import size_bands, visible_sizes
from tests.references import sphere_amplitude

SPHERE_BIAS = 0.025
"""The sphere's ln I bends away from the line: up to q Rg = 1.3 the mean slope is up to 2 % too steep in Rg."""


def sphere(radius: float, q_min: float, *, noise: float = 0.0, points: int = 400) -> Curve:
    q = np.geomspace(q_min, 3.0, points)
    exact = sphere_amplitude(q, radius) ** 2
    sigma = max(noise, 1e-3) * exact + 1e-9 * exact[0]
    return Curve(q, exact + noise * exact * np.random.default_rng(0).standard_normal(points), sigma)


@pytest.mark.parametrize("radius", [8.0, 20.0, 45.0])
def test_that_a_sphere_has_the_radius_of_gyration_of_a_sphere(radius: float) -> None:
    fit = guinier_fit(sphere(radius, 0.2 / radius))
    assert fit.rg == pytest.approx(np.sqrt(3 / 5) * radius, rel=SPHERE_BIAS)
    assert fit.i0 == pytest.approx(float(sphere_amplitude(np.array([1e-6]), radius)[0] ** 2), rel=0.02)
    assert fit.q_last * fit.rg <= 1.05 * Q_RG_LAST


def test_that_the_errors_are_those_of_repeated_measurements() -> None:
    q = np.linspace(0.01, 0.12, 60)
    exact = 5.0 * np.exp(-((q * 10.0) ** 2) / 3)
    rng = np.random.default_rng(3)
    fits = [guinier_fit(Curve(q, exact * (1 + 0.01 * rng.standard_normal(60)), 0.01 * exact)) for _ in range(200)]
    for name, truth in (("rg", 10.0), ("i0", 5.0)):
        values = np.array([getattr(fit, name) for fit in fits])
        errors = np.array([getattr(fit, f"{name}_error") for fit in fits])
        assert values.mean() == pytest.approx(truth, abs=4 * values.std() / np.sqrt(200))
        assert np.median(errors) == pytest.approx(values.std(), rel=0.25)


def test_that_no_line_is_drawn_where_the_curve_begins_beyond_it() -> None:
    with pytest.raises(ParameterError, match="Measure to lower q"):
        guinier_fit(sphere(40.0, 0.06))


def test_that_a_curve_that_rises_has_no_guinier_line() -> None:
    q = np.linspace(0.05, 1.0, 50)
    with pytest.raises(ParameterError, match="does not fall"):
        guinier_fit(Curve(q, 1 + q, 0.01 + 0 * q))
    with pytest.raises(ParameterError, match="I > 0"):
        guinier_fit(Curve(q, -np.ones(50)))


def test_that_the_sizes_q_can_tell_are_those_of_its_ends() -> None:
    low, high = visible_sizes(np.array([0.0, 0.05, 1.0, 3.0]))
    assert (low, high) == pytest.approx((2 * np.pi / 3, np.pi / 0.05))


def test_that_a_size_distribution_holds_its_share_of_all_particles_inside_its_band() -> None:
    analysis = gui_fakes.make_analysis(sphere(25.0, 0.02))
    bands = size_bands(analysis)
    assert [band.kind for band in bands] == ["type 3", "type 4"]
    for band in bands:
        assert np.trapezoid(band.density, band.diameter) == pytest.approx(analysis.number_fractions[band.kind].value, rel=0.01)
        assert (band.low <= band.density).all()
        assert (band.high >= band.density).all()
        assert band.diameter[np.argmax(band.density)] == pytest.approx(52.0, rel=0.05)


def test_that_a_surer_verdict_has_a_narrower_band() -> None:
    analysis = gui_fakes.make_analysis(sphere(25.0, 0.02))
    sure = {
        kind: dataclasses.replace(size, sd=Interval(4.1, 4.0, 4.2), mean=Interval(52.0, 51.9, 52.1))
        for kind, size in analysis.sizes.items()
    }
    fractions = {kind: Interval(share.value, share.value, share.value) for kind, share in analysis.number_fractions.items()}
    narrow = size_bands(dataclasses.replace(analysis, sizes=sure, number_fractions=fractions))
    for wide_band, narrow_band in zip(size_bands(analysis), narrow, strict=True):
        assert np.ptp(narrow_band.high - narrow_band.low) < 0.5 * np.ptp(wide_band.high - wide_band.low)
