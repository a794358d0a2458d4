"""Simulated curves of a known sample: physics, noise, overlays, refusals."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.curve import Curve
from engine.datasets.noise import counting_noise
from engine.datasets.simulation import (
    Instrument,
    Known,
    QAxis,
    Scaling,
    estimated_seconds,
    lay_over,
    make_population,
    normalised,
    refusal,
    simulate,
)
from engine.datasets.solvers import SOLVERS
from engine.ensembles.average import Component, Mixture
from engine.errors import Cancelled, EngineError, ParameterError, UnsupportedModel
from engine.models.properties import properties
from engine.models.registry import MODELS
from engine.progress import Step
from engine.scattering.exact import form_factor
from engine.scattering.smearing import Pinhole, Slit

Q = np.geomspace(0.03, 2.0, 80)
PLAIN = Instrument(q=Q)
SPHERE = MODELS["type 4"](diameter=30.0)
LARGER = MODELS["type 4"](diameter=60.0)
JANUS = MODELS["type 2"](diameter=50.0)


def pure(particle, sd=0.0, shape="log-normal"):
    return Mixture((make_population(particle, 1.0, sd, shape),))


@pytest.mark.parametrize("key", MODELS)
def test_that_one_population_of_equal_particles_is_the_single_particle(key):
    particle = MODELS[key]()
    found = simulate(pure(particle), PLAIN)
    np.testing.assert_allclose(found.curve.intensity, form_factor(particle, Q), rtol=1e-9)
    assert found.curve.sigma is None
    share = found.shares[0]
    assert (share.number, share.volume, share.scattering) == pytest.approx((1, 1, 1))


def test_that_a_mixture_is_the_sum_of_its_parts_by_number_and_a_fraction_of_one_the_pure_limit():
    mixture = Mixture((Component(SPHERE, 0.3), Component(JANUS, 0.7)))
    found = simulate(mixture, PLAIN)
    expected = 0.3 * form_factor(SPHERE, Q) + 0.7 * form_factor(JANUS, Q)
    np.testing.assert_allclose(found.curve.intensity, expected, rtol=1e-9)
    np.testing.assert_allclose(found.parts.sum(axis=0), expected, rtol=1e-9)
    limit = simulate(Mixture((Component(SPHERE, 0.0), Component(JANUS, 1.0))), PLAIN)
    np.testing.assert_allclose(limit.curve.intensity, form_factor(JANUS, Q), rtol=1e-9)
    assert limit.shares[0].scattering == 0


def test_that_volume_and_scattering_fractions_follow_size():
    found = simulate(Mixture((Component(SPHERE, 0.5), Component(LARGER, 0.5))), Instrument(q=np.array([1e-4, 0.1])))
    assert found.shares[1].volume == pytest.approx(8 / 9, rel=1e-6)
    assert found.shares[1].scattering == pytest.approx(64 / 65, rel=1e-4)


def test_that_a_spread_of_sizes_weighs_volumes_by_its_third_moment():
    mean, sd = 50.0, 10.0
    mixture = Mixture((make_population(MODELS["type 4"](diameter=mean), 0.5, sd), Component(MODELS["type 4"](diameter=mean), 0.5)))
    factor = (1 + (sd / mean) ** 2) ** 3  # mean of D³ of a log-normal over mean³
    assert simulate(mixture, PLAIN).shares[0].volume == pytest.approx(factor / (1 + factor), rel=1e-6)


@pytest.mark.parametrize("key", ["type 1", "type 2", "type 3", "type 4"])
def test_that_the_library_equals_the_exact_solver(key):
    mixture = pure(MODELS[key](diameter=40.0), 4.0)
    exact = simulate(mixture, PLAIN, solver=SOLVERS["exact"])
    library = simulate(mixture, PLAIN, solver=SOLVERS["library"])
    np.testing.assert_allclose(library.curve.intensity, exact.curve.intensity, rtol=1e-5)


@pytest.mark.parametrize(("solver", "within"), [("nufft", 0.02), ("lattice", 0.06)])
def test_that_the_voxel_solvers_are_near_the_exact_one_at_low_q(solver, within):
    if solver == "nufft":
        pytest.importorskip("finufft")
    instrument = Instrument(q=np.linspace(0.05, 0.22, 12))  # the first minimum lies at 0.3
    mixture = pure(SPHERE)
    found = simulate(mixture, instrument, solver=SOLVERS[solver])
    np.testing.assert_allclose(found.curve.intensity, form_factor(SPHERE, instrument.q), rtol=within)


def test_that_the_shapes_of_a_distribution_differ_and_narrow_ones_do_not():
    def spread(sd, shape):
        return simulate(pure(MODELS["type 4"](diameter=50.0), sd, shape), PLAIN).curve.intensity

    wide = [spread(12.0, shape) for shape in ("log-normal", "Gaussian", "Schulz")]
    narrow = [spread(0.3, shape) for shape in ("log-normal", "Gaussian", "Schulz")]
    assert np.abs(wide[0] / wide[1] - 1).max() > 0.05
    assert np.abs(wide[0] / wide[2] - 1).max() > 0.02
    np.testing.assert_allclose(narrow[1], narrow[0], rtol=5e-3)


def test_that_the_same_seed_gives_the_same_noise_and_another_does_not():
    first, again, other = (simulate(pure(SPHERE), Instrument(q=Q, noise=0.02, seed=seed)).curve for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.intensity, again.intensity)
    assert not np.allclose(first.intensity, other.intensity)


def test_that_the_noise_is_as_large_as_stated():
    q = np.linspace(0.05, 1.0, 4000)
    found = simulate(pure(SPHERE), Instrument(q=q, noise=0.03, seed=2))
    sigma = found.curve.sigma
    assert sigma is not None
    assert np.interp(0.1, q, sigma / found.ideal) == pytest.approx(0.03, rel=1e-3)
    np.testing.assert_allclose(sigma, counting_noise(q, found.ideal, relative=0.03).sigma(q, found.ideal))
    assert np.std((found.curve.intensity - found.ideal) / sigma) == pytest.approx(1.0, abs=0.05)


def test_that_the_papers_noise_has_mean_one_the_stated_variance_and_follows_the_scale():
    q = np.full(4000, 0.2) + np.linspace(0, 1e-6, 4000)
    found = simulate(pure(SPHERE), Instrument(q=q, paper_noise=1e7, scale=1e-3, seed=3))
    ratio, sigma = found.curve.intensity / found.ideal, found.curve.sigma
    assert sigma is not None
    expected = np.sqrt(1e7 * 1e-3 / found.ideal[0])
    assert sigma[0] / found.ideal[0] == pytest.approx(expected)
    assert ratio.std() == pytest.approx(expected, rel=0.05)
    assert ratio.mean() == pytest.approx(1.0, abs=4 * expected / np.sqrt(4000))
    with pytest.raises(ParameterError, match="needs I > 0"):
        simulate(pure(SPHERE), Instrument(q=Q, paper_noise=1e5, background=-0.5))
    with pytest.raises(ParameterError, match="together"):
        Instrument(q=Q, paper_noise=1e5, noise=0.1)


def test_that_scale_and_background_of_either_sign_are_applied():
    bare = simulate(pure(SPHERE), PLAIN).curve.intensity
    for share in (0.01, -0.01):
        found = simulate(pure(SPHERE), Instrument(q=Q, scale=1e-10, background=share))
        np.testing.assert_allclose(found.curve.intensity, 1e-10 * (bare + share * bare[0]), rtol=1e-9)
        assert found.background == pytest.approx(share * 1e-10 * bare[0])


@pytest.mark.parametrize("resolution", [Pinhole(0.02), Slit(half_height=0.05)])
def test_that_smearing_fills_the_minima_and_no_smearing_is_its_limit(resolution):
    bare = simulate(pure(LARGER), PLAIN).curve.intensity
    smeared = simulate(pure(LARGER), Instrument(q=Q, resolution=resolution)).curve.intensity
    assert (smeared / bare).max() > 3
    vanishing = Pinhole(1e-6) if isinstance(resolution, Pinhole) else Slit(half_height=1e-6)
    limit = simulate(pure(SPHERE), Instrument(q=Q, resolution=vanishing)).curve.intensity
    exact = form_factor(SPHERE, Q)
    assert (np.abs(limit - exact) / np.minimum(exact[0], 4 * (9.0 * np.pi * 30 / Q**2) ** 2)).max() < 1e-4  # of the envelope


@given(factor=st.floats(1e-12, 1e12), level=st.floats(-0.1, 0.1), with_sigma=st.booleans())
@settings(max_examples=25)
def test_that_laying_over_finds_factor_and_background(factor, level, *, with_sigma):
    model = form_factor(SPHERE, Q)
    data = factor * (model + level * model[0])
    measured = Curve(Q, data, 0.01 * np.abs(data).max() * np.ones(Q.size) if with_sigma else None)
    laid = lay_over(measured, model, 0.0, Scaling.FACTOR_AND_BACKGROUND)
    assert laid.factor == pytest.approx(factor, rel=1e-6)
    assert laid.background == pytest.approx(factor * level * model[0], rel=1e-4, abs=1e-9 * factor * model[0])
    assert (laid.chi2_reduced is None) is not with_sigma


def test_that_a_curve_laid_over_its_own_measurement_has_chi_squared_of_one():
    sample = Mixture((make_population(SPHERE, 0.6, 3.0), Component(JANUS, 0.4)))
    q = np.geomspace(0.04, 1.5, 700)
    measured = simulate(sample, Instrument(q=q, noise=0.02, scale=3e-9, background=1e-4)).curve
    found = simulate(sample, PLAIN, over=measured, scaling=Scaling.FACTOR_AND_BACKGROUND)
    assert found.over is not None
    assert found.over.factor == pytest.approx(3e-9, rel=0.01)
    assert found.over.chi2_reduced == pytest.approx(1.0, abs=0.15)
    np.testing.assert_allclose(found.curve.intensity, simulate(sample, PLAIN).curve.intensity, rtol=1e-9)
    as_it_is = simulate(sample, PLAIN, over=measured, scaling=Scaling.NONE)
    assert as_it_is.over is not None
    assert as_it_is.over.factor == 1
    assert as_it_is.over.chi2_reduced > 1e6


def test_that_a_changed_fraction_computes_nothing_again():
    known, asked = Known(), []
    solver = SOLVERS["exact"]

    class Counting:
        key, refusal = solver.key, staticmethod(solver.refusal)

        @staticmethod
        def compute(*given):
            asked.append(given[0])
            return solver.compute(*given)

    for share in (0.2, 0.5, 0.9):
        simulate(Mixture((Component(SPHERE, share), Component(JANUS, 1 - share))), PLAIN, solver=Counting, known=known)
    assert asked == [SPHERE, JANUS]
    few = Known(most=1)
    simulate(Mixture((Component(SPHERE, 0.5), Component(JANUS, 0.5))), PLAIN, known=few)
    assert len(few.curves) == 1


def test_that_progress_grows_over_the_populations_and_a_cancelled_report_stops():
    steps = []
    simulate(Mixture((make_population(SPHERE, 0.5, 3.0), make_population(JANUS, 0.5, 3.0))), PLAIN, report=steps.append)
    shares = [step.done / step.total for step in steps if isinstance(step, Step)]
    assert shares == sorted(shares)
    assert shares[-1] == 1

    def cancel(event):
        if event.done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        simulate(Mixture((make_population(SPHERE, 0.5, 3.0), make_population(JANUS, 0.5, 3.0))), PLAIN, report=cancel)


def test_that_each_solver_says_what_it_refuses():
    own = MODELS["type 1"](diameter=50.0, sld_core=12.0)
    assert "default contrasts" in refusal(pure(own, 5.0), PLAIN, SOLVERS["library"])
    assert "standard deviation" in refusal(pure(SPHERE), PLAIN, SOLVERS["library"])
    assert "type 1 to type 4" in refusal(pure(MODELS["onion"](), 5.0), PLAIN, SOLVERS["library"])
    assert "too coarse" in refusal(pure(LARGER, 0.3), PLAIN, SOLVERS["library"])
    assert "lower q" in refusal(pure(SPHERE), Instrument(q=np.array([1.0, 4.0])), SOLVERS["lattice"])
    assert "holds particles of up to 100 nm" in refusal(pure(MODELS["type 4"](diameter=150.0)), PLAIN, SOLVERS["lattice"])
    assert refusal(pure(LARGER, 5.0), PLAIN, SOLVERS["library"]) == ""
    with pytest.raises(UnsupportedModel, match="default contrasts"):
        simulate(pure(own, 5.0), PLAIN, solver=SOLVERS["library"])


def test_that_an_estimate_is_right_within_a_factor_of_six():
    for mixture in (pure(MODELS["type 3"](diameter=60.0), 6.0), pure(MODELS["type 1"](diameter=100.0))):
        simulate(mixture, PLAIN)
        began = time.process_time()
        simulate(mixture, PLAIN)
        took = time.process_time() - began
        assert took / 6 < estimated_seconds(mixture, PLAIN, SOLVERS["exact"]) < 6 * took


@pytest.mark.parametrize(
    ("axis", "field"),
    [
        ({"q_min": 0.0}, "q_min"),
        ({"q_min": 2.0, "q_max": 1.0}, "q_max"),
        ({"q_max": 1e4}, "q_max"),
        ({"points": 1}, "points"),
        ({"points": 10**6}, "points"),
    ],
)
def test_that_an_impossible_axis_is_refused_at_its_field(axis, field):
    with pytest.raises(ParameterError) as caught:
        QAxis(**axis)
    assert caught.value.field == field


def test_that_axes_are_linear_or_logarithmic():
    np.testing.assert_allclose(np.diff(QAxis(q_min=0.0, logarithmic=False).q, 2), 0, atol=1e-12)
    assert np.ptp(np.diff(np.log(QAxis().q))) < 1e-9


@pytest.mark.parametrize(
    "wrong",
    [{"noise": -0.1}, {"noise": np.nan}, {"paper_noise": -1.0}, {"scale": 0.0}, {"scale": np.inf}, {"background": 99.0}, {"seed": -1}],
)
def test_that_an_impossible_instrument_is_refused_at_its_field(wrong):
    with pytest.raises(ParameterError) as caught:
        Instrument(q=Q, **wrong)
    assert caught.value.field == next(iter(wrong))


def test_that_impossible_populations_are_refused():
    with pytest.raises(ParameterError, match="has no diameter") as caught:
        make_population(MODELS["type 5"](), 1.0, 2.0)
    assert caught.value.field == "sd"
    for sd in (-1.0, 60.0, np.nan):
        with pytest.raises(EngineError):
            make_population(LARGER, 1.0, sd)
    with pytest.raises(ParameterError, match="at most 20"):
        simulate(Mixture(tuple(Component(SPHERE, 1 / 21) for _ in range(21))), PLAIN)


def test_that_fractions_are_normalised_or_refused():
    assert normalised([2.0, 6.0]) == (0.25, 0.75)
    for wrong in ([], [0.0, 0.0], [-1.0, 2.0], [np.inf]):
        with pytest.raises(ParameterError):
            normalised(wrong)


def test_that_a_model_that_cannot_be_scaled_is_refused_in_words():
    measured = Curve(Q, -np.ones(Q.size), np.ones(Q.size))
    with pytest.raises(ParameterError, match="not positive"):
        lay_over(measured, form_factor(SPHERE, Q), 0.0, Scaling.FACTOR)
    with pytest.raises(ParameterError, match="not positive"):
        lay_over(measured, np.zeros(Q.size), 0.0, Scaling.FACTOR)


def test_that_every_preset_can_be_simulated_by_the_automatic_solver():
    from engine.datasets.simulation import presets

    for recipe in presets():
        assert refusal(recipe.mixture, PLAIN, SOLVERS["automatic"]) == ""
        found = simulate(recipe.mixture, PLAIN, solver=SOLVERS["automatic"])
        assert (found.curve.intensity > 0).all()
    own = pure(MODELS["type 1"](diameter=50.0, sld_core=12.0), 5.0)
    exact, automatic = (simulate(own, PLAIN, solver=SOLVERS[key]).curve.intensity for key in ("exact", "automatic"))
    np.testing.assert_array_equal(exact, automatic)
    standard = pure(MODELS["type 1"](diameter=50.0), 5.0)
    assert estimated_seconds(standard, PLAIN, SOLVERS["automatic"]) < estimated_seconds(own, PLAIN, SOLVERS["automatic"])


def test_that_the_mean_volume_of_equal_particles_is_that_of_one():
    from engine.datasets.simulation import mean_volume

    assert mean_volume(Component(JANUS, 1.0)) == properties(JANUS.body()).volume
