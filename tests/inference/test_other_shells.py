"""The usual shell is taken for granted by default; particles of another one must not pass for another type unnoticed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.datasets.synthesis import Sample, ideal_parts
from engine.inference import analyse as analysing
from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.inference.judgement import OTHER_SHELL_LEAD, OTHER_TYPE_LEAD, SURE, judge
from engine.inference.other_shells import OtherShell, _terms, _within, shell_basis
from engine.inference.particles import Particles
from engine.inference.prepare import prepare
from engine.inference.settings import AnalysisSettings
from engine.models.registry import MODELS
from engine.scattering.exact import form_factors
from tests.inference.samples import Q, measured, noisy
from tests.inference.test_judgement import GOOD

MOST_BYTES = 4_000_000


def of_shell(thickness: float, kind: str, mean: float, spread: float, **how):
    """A noisy curve of one type with another shell."""
    basis, sample = shell_basis(thickness), Sample(types=(kind,), number_fractions=(1.0,), means=(mean,), spreads=(spread,))
    intensity = ideal_parts(sample, basis, basis.at(Q))[0]
    return noisy(intensity / intensity[0], **how)


@lru_cache(maxsize=4)
def thin(kind: str, mean: float, seed: int):
    return analyse(of_shell(3.5, kind, mean, 0.1, seed=seed))


def shell_reasons(answer) -> list[str]:
    return [reason for reason in answer.reasons if reason.startswith("With a shell of")]


def test_that_the_table_is_small_and_holds_what_the_exact_solver_says():
    terms, q = _terms(), np.array([0.0, 0.08, 0.4, 1.6, 2.4])
    assert (files("engine.datasets") / "data" / "other_shells.h5").stat().st_size < MOST_BYTES
    np.testing.assert_allclose(terms.thicknesses, [3.0, 3.5, 4.0, 4.5, 5.0])
    for kind in ("type 1", "type 2", "type 3"):
        for thickness in (3.0, 4.5):
            exact = form_factors([MODELS[kind](diameter=57.0, shell_thickness=thickness)], q)[0]
            stored = shell_basis(thickness).curves[kind][terms.diameters == 57.0][0][np.round(q / 0.008).astype(int)]
            np.testing.assert_allclose(stored, exact, rtol=1e-5, err_msg=f"{kind}, {thickness} nm")


def test_that_the_usual_shell_and_solid_spheres_are_those_of_the_default_basis():
    usual, default = shell_basis(4.0), default_basis()
    at = np.flatnonzero(default.diameters == 57.0)[0]
    for kind in default.types:
        np.testing.assert_allclose(usual.curves[kind][usual.diameters == 57.0][0], default.curves[kind][at, : usual.q.size], rtol=1e-9)
    np.testing.assert_array_equal(shell_basis(3.2).curves["type 4"], usual.curves["type 4"])


@pytest.mark.parametrize(("kind", "mean", "seed"), [("type 1", 45.0, 1), ("type 3", 40.0, 2)])
def test_that_a_thinner_shell_is_not_read_as_another_type_in_family(kind, mean, seed):
    answer = thin(kind, mean, seed)
    assert answer.status is not Status.IN_FAMILY
    (said,) = [reason for reason in shell_reasons(answer) if f"{kind} fits better" in reason]
    assert said.startswith("With a shell of 3.")
    assert said.endswith("state the shell, or leave it free (Particles; --shell 3:5).")


def test_that_particles_of_the_usual_shell_raise_no_such_doubt():
    answer = analyse(measured(("type 1", 1.0, 45.0, 0.1), seed=3))
    assert answer.status is Status.IN_FAMILY
    assert answer.hypothesis == "type 1"
    assert shell_reasons(answer) == []


def test_that_who_stated_the_shell_is_not_asked_again(monkeypatch):
    def fail(*_):
        raise AssertionError("asked")

    monkeypatch.setattr(analysing, "other_shells", fail)
    curve = measured(("type 4", 1.0, 45.0, 0.1), seed=4)
    particles = Particles(sld_core=32.0, sld_shell=18.0, sld_fill=18.0)
    assert analyse(curve, settings=AnalysisSettings(particles=particles)).hypothesis == "type 4"
    assert analyse(curve, settings=AnalysisSettings(types=("type 4",)), basis=shell_basis(3.5)).hypothesis == "type 4"
    with pytest.raises(AssertionError, match="asked"):
        analyse(curve)


def test_that_only_bins_inside_the_tables_q_are_compared():
    q = np.linspace(0.05, 4.5, 400)
    prepared = prepare(measured(("type 4", 1.0, 45.0, 0.1), q=q), q_max=default_basis().q_max)
    cut = _within(prepared, 3.0)
    assert cut.curve.q[-1] <= 3.0 < prepared.curve.q[-1]
    assert 0 < cut.q.size < prepared.q.size
    np.testing.assert_allclose(cut.binning @ cut.curve.intensity, cut.intensity)
    assert _within(prepared, 5.0) is prepared
    assert analyse(measured(("type 3", 1.0, 45.0, 0.1), q=q, seed=5)).status is Status.IN_FAMILY


@pytest.mark.parametrize("is_other_type", [True, False])
def test_that_a_doubt_needs_a_lead(is_other_type):
    needed = OTHER_TYPE_LEAD if is_other_type else OTHER_SHELL_LEAD
    for lead, status in ((needed - 0.1, Status.IN_FAMILY), (needed + 0.1, Status.DOUBTFUL)):
        rival = OtherShell(("type 2",), 3.5, lead, is_other_type)
        assert judge(replace(GOOD, other_shells=(rival,)))[0] is status


def test_that_another_type_needs_a_larger_lead_where_the_verdict_is_not_sure():
    rival = OtherShell(("type 2",), 3.5, OTHER_SHELL_LEAD - 0.1, True)
    for probability, status in ((SURE - 0.01, Status.IN_FAMILY), (SURE, Status.DOUBTFUL)):
        assert judge(replace(GOOD, other_shells=(rival,), probability=probability))[0] is status
    clear = replace(rival, lead=OTHER_SHELL_LEAD + 0.1)
    assert judge(replace(GOOD, other_shells=(clear,), probability=0.3))[0] is Status.DOUBTFUL


@pytest.mark.parametrize(
    ("rival", "words"),
    [
        (OtherShell(("type 2",), 3.52, 3.0, True), "With a shell of 3.5 nm, type 2 fits as well;"),
        (OtherShell(("type 1", "type 4"), 4.5, 30.0, True), "With a shell of 4.5 nm, type 1 + type 4 fit better;"),
    ],
)
def test_that_a_doubt_says_which_shell_and_what_to_do(rival, words):
    assert rival.words.startswith(words)
    assert judge(replace(GOOD, other_shells=(rival,)))[1] == (rival.words,)
