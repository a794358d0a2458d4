"""Shell thickness and contrasts that a user states: what is refused, and what they change."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.datasets.particle_terms import Grid, ParticleTerms, particle_terms, thicknesses_for
from engine.errors import ParameterError
from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.inference.free import free_table
from engine.inference.particle_basis import basis_for, particle, settled
from engine.inference.particles import Particles, from_words, in_words
from engine.inference.prepare import prepare
from engine.inference.settings import AnalysisSettings
from engine.inference.shapes import table
from tests.inference.samples import noisy

Q = np.linspace(0.05, 1.45, 200)
TYPES = ("type 3", "type 4")
DEFAULT = {"core": 16.0, "shell": 9.0, "fill": 9.0}


@pytest.fixture(scope="module")
def terms(tmp_path_factory) -> ParticleTerms:
    """Small particles to low q, for speed."""
    grid = Grid(diameter_min=14.0, diameter_max=46.0, q_max=1.7)
    return particle_terms(TYPES, thicknesses_for((3.0, 4.25)), grid=grid, folder=tmp_path_factory.mktemp("cache"))


def curve_of(terms, thickness, contrasts=DEFAULT, seed=0, noise=0.002):
    """A curve of type 3, D = 28 +- 1.5 nm, of another shell."""
    basis = terms.basis(thickness, contrasts)
    share = np.exp(-0.5 * ((basis.diameters - 28.0) / 1.5) ** 2)
    intensity = share @ basis.at(Q)["type 3"]
    return noisy(intensity / intensity[0], Q, seed=seed, noise=noise)


@lru_cache(maxsize=8)
def judged(terms, made_of, analysed_as):
    settings = AnalysisSettings(types=TYPES, particles=Particles(shell_thickness=analysed_as))
    return analyse(curve_of(terms, made_of), settings=settings, basis=terms.basis(analysed_as, DEFAULT))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"shell_thickness": 0.0}, "A shell thickness of 0 is refused"),
        ({"shell_thickness": (5.0, 3.0)}, "A shell thickness of 5:3 is refused"),
        ({"shell_thickness": (4.0, 4.0)}, "A shell thickness of 4:4 is refused"),
        ({"shell_thickness": (3.0, 50.0)}, "A shell thickness of 3:50 is refused"),
        ({"sld_core": float("nan")}, "A contrast of the core of nan is refused"),
        ({"sld_fill": (float("-inf"), 1.0)}, "A contrast of the fill of -inf:1 is refused"),
        ({"sld_shell": (8.0, 10.0)}, "the measure of the others"),
        ({"sld_shell": 0.0}, "must not be 0"),
    ],
)
def test_that_impossible_particles_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        Particles(**values)


@pytest.mark.parametrize("particles", [Particles(), Particles(shell_thickness=(3.0, 5.0), sld_core=12.0), Particles(sld_core=(10.0, 20.0))])
def test_that_they_are_part_of_the_settings(particles):
    settings = AnalysisSettings(particles=particles)
    assert AnalysisSettings.from_record(json.loads(json.dumps(settings.as_record()))) == settings
    assert (settings.identity == AnalysisSettings().identity) == (particles == Particles())


def test_that_only_ratios_of_contrasts_matter():
    assert basis_for(Particles(sld_core=32.0, sld_shell=18.0, sld_fill=18.0), TYPES) is default_basis()


def test_that_the_stated_particle_is_the_one_that_is_shown():
    shown = particle("type 2", 50.0, Particles(shell_thickness=(3.0, 4.0), sld_core=12.0))
    assert (shown.shell_thickness, shown.sld_core, shown.sld_fill) == (3.5, 12.0, 9.0)
    assert particle("type 4", 50.0, Particles(shell_thickness=3.0)).diameter == 50.0


def test_that_a_stated_default_gives_the_answer_of_the_default(terms):
    curve = curve_of(terms, 4.0)
    settings = AnalysisSettings(types=TYPES)
    stated, default = analyse(curve, settings=settings, basis=terms.basis(4.0, DEFAULT)), analyse(curve, settings=settings)
    assert stated.hypothesis == default.hypothesis == "type 3"
    # curves are rounded otherwise, so draws differ by that much; the interval is 3.3 standard deviations wide
    ours, theirs = stated.sizes["type 3"].mean, default.sizes["type 3"].mean
    assert ours.value == pytest.approx(theirs.value, abs=0.02 * (theirs.high - theirs.low))
    assert stated.chi2_reduced == pytest.approx(default.chi2_reduced, rel=1e-3)


def test_that_a_curve_of_another_shell_fits_when_that_is_stated_and_only_then(terms):
    right, wrong = judged(terms, 3.5, 3.5), judged(terms, 3.5, 4.0)
    assert (right.status, right.hypothesis) == (Status.IN_FAMILY, "type 3")
    assert right.sizes["type 3"].mean.low < 28.0 < right.sizes["type 3"].mean.high
    assert wrong.status is not Status.IN_FAMILY
    assert wrong.chi2_reduced > 1.5 * right.chi2_reduced


def test_that_few_draws_are_said_to_be_approximate(terms, monkeypatch):
    answer = judged(terms, 3.5, 3.5)
    assert not answer.is_approximate
    monkeypatch.setattr("engine.inference.analyse.RELIABLE", 1e6)
    again = analyse(curve_of(terms, 3.5), settings=AnalysisSettings(types=TYPES), basis=terms.basis(3.5, DEFAULT))
    assert again.is_approximate
    assert any(reason.startswith("The numbers are approximate: only ") for reason in again.reasons)


FREE = AnalysisSettings(types=TYPES, particles=Particles(shell_thickness=(3.0, 4.25)))


@pytest.fixture(scope="module")
def freed(terms):
    """The answer to a curve of t = 3.5 nm when t is free."""
    return analyse(curve_of(terms, 3.5), settings=FREE, terms=terms)


def test_that_a_free_shell_is_found_with_its_interval(freed):
    assert (freed.status, freed.hypothesis) == (Status.IN_FAMILY, "type 3")
    shell = freed.nuisances["shell_thickness"]
    assert shell.low <= 3.5 <= shell.high
    assert 0.01 < shell.high - shell.low < 0.3
    assert freed.sizes["type 3"].mean.low < 28.0 < freed.sizes["type 3"].mean.high
    assert set(freed.nuisances) == {"shell_thickness"}


def test_that_the_particle_shown_has_the_shell_that_was_found(freed):
    ((_, _, shown),) = freed.particles
    assert shown.shell_thickness == pytest.approx(3.5, abs=0.1)


def test_that_not_knowing_the_shell_widens_the_interval_of_the_size(terms, freed):
    known = judged(terms, 3.5, 3.5).sizes["type 3"].mean
    unknown = freed.sizes["type 3"].mean
    assert unknown.high - unknown.low > known.high - known.low


def test_that_a_solid_sphere_tells_nothing_of_a_shell(terms):
    basis = terms.basis(4.0, DEFAULT)
    share = np.exp(-0.5 * ((basis.diameters - 30.0) / 3.0) ** 2)
    intensity = share @ basis.at(Q)["type 4"]
    answer = analyse(noisy(intensity / intensity[0], Q), settings=FREE, terms=terms)
    assert answer.hypothesis == "type 4"
    assert answer.nuisances == {}


def test_that_a_free_contrast_is_found_too(terms):
    stated = Particles(shell_thickness=3.5, sld_core=(15.0, 26.0))
    settings = AnalysisSettings(types=("type 3",), particles=stated)
    answer = analyse(curve_of(terms, 3.5, {"core": 22.0, "shell": 9.0, "fill": 9.0}), settings=settings, terms=terms)
    core = answer.nuisances["sld_core"]
    assert core.low < 22.0 < core.high
    assert core.high - core.low < 6.0


def test_that_the_shapes_at_a_free_value_are_those_of_its_basis(terms):
    prepared = prepare(curve_of(terms, 3.5), q_max=terms.q_max)
    free = free_table(prepared, FREE.particles, terms, TYPES)
    whole = table(prepared, free.basis(np.array([3.6])), TYPES)
    here = free.at(np.array([3.6]))
    for kind in TYPES:
        np.testing.assert_allclose(here.curves[kind], whole.curves[kind], rtol=1e-5, atol=1e-7 * np.abs(whole.curves[kind]).max())
        np.testing.assert_allclose(here.first[kind], whole.first[kind], rtol=1e-6)


def test_that_settled_contrasts_change_nothing_of_a_free_shell(terms, freed):
    whole = settled(terms, FREE.particles)
    assert settled(terms, Particles(sld_core=(10.0, 20.0))) is terms
    answer = analyse(curve_of(terms, 3.5), settings=FREE, terms=whole)
    ours, theirs = answer.nuisances["shell_thickness"], freed.nuisances["shell_thickness"]
    assert ours.value == pytest.approx(theirs.value, abs=0.05 * (theirs.high - theirs.low))


def test_that_a_free_shell_draws_the_same_with_the_same_seed(terms, freed):
    again = analyse(curve_of(terms, 3.5), settings=FREE, terms=terms)
    assert again.nuisances == freed.nuisances
    assert again.sizes == freed.sizes


def test_that_what_is_taken_for_granted_is_said_where_nothing_is_free():
    assert "a shell of 4 nm and contrasts of 16 (core), 9 (shell) and 9 (fill)" in Particles().assumption
    free = Particles(shell_thickness=(3.0, 5.0)).assumption
    assert "free where a range stands: a shell of 3:5 nm" in free
    assert "contrasts of 16 (core)" in free


@pytest.mark.parametrize(
    ("words", "value"), [("4", 4.0), ("3,5", 3.5), ("3:5", (3.0, 5.0)), (" 14 : 18 ", (14.0, 18.0)), ("-2:1e1", (-2.0, 10.0))]
)
def test_that_a_value_and_a_range_are_understood_as_they_are_typed(words, value):
    assert from_words(words) == value
    assert from_words(in_words(value)) == value


@pytest.mark.parametrize("words", ["", "thick", "3:", ":5", "3:4:5", "3-5", "3.5 nm"])
def test_that_other_words_are_refused_with_what_to_write(words):
    with pytest.raises(ParameterError, match="write a value or FIRST:LAST"):
        from_words(words)
