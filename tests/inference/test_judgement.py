"""In family, doubtful or outside: every reason can be given, names its number, and says what to do."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inference.analysis import Interval, Status
from engine.inference.hypotheses import Hypothesis
from engine.inference.judgement import MIN_INFORMATIVE, Evidence, judge, relative_misfit, runs_probability, sentence

GOOD = Evidence(
    chi2_bins=150.0,
    freedom=150,
    runs_p=0.5,
    misfit=0.002,
    form_misfit=None,
    gain=1e5,
    lead=1e3,
    reach=0.0,
    plain_lead=50.0,
    plain_words="elongated bodies, 20 nm wide, 60 nm long",
    types=1,
    informative=120,
    sizes=(Interval(50.0, 49.0, 51.0),),
    stated_sigma=True,
    points=500,
)
HUGE, SMALL = Interval(150.0, 140.0, 160.0), Interval(15.0, 14.0, 16.0)


def reasons_for(**change):
    status, reasons = judge(dataclasses.replace(GOOD, **change))
    return status, " ".join(reasons)


def test_that_a_good_fit_is_in_the_family_and_says_how_good():
    status, said = reasons_for()
    assert status is Status.IN_FAMILY
    assert "p = 0.5" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gain": 20.0}, ["No particle scattering stands out", "buffer or noise"]),
        ({"informative": 7}, ["Only 7 groups", f"at least {MIN_INFORMATIVE}", "Measure longer"]),
        ({"informative": 0}, ["No group of points shows", f"at least {MIN_INFORMATIVE}"]),
        ({"chi2_bins": 1500.0, "misfit": 0.4}, ["No lipid nanoparticle of the known types fits", "40%"]),
        ({"sizes": (HUGE,)}, ["150 nm", "20 to 100 nm"]),
        ({"sizes": (SMALL,)}, ["15 nm", "20 to 100 nm"]),
        ({"lead": -50.0}, ["featureless scatterer", "better than any"]),
        ({"plain_lead": -30.0}, ["elongated bodies, 20 nm wide", "better than any"]),
        ({"reach": 60.0}, ["smaller than 20 nm", "larger than 100 nm"]),
    ],
)
def test_that_each_reason_for_outside_can_be_given_with_its_number(change, words):
    status, said = reasons_for(**change)
    assert status is Status.OUTSIDE
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chi2_bins": 330.0, "misfit": 0.025}, ["misses the points by 2.5%"]),
        ({"chi2_bins": 3000.0, "misfit": 0.025}, ["misses the points by 2.5%"]),
        ({"runs_p": 1e-6}, ["keep their sign over long stretches", "p = 1e-06"]),
        ({"sizes": (Interval(50, 49, 51), HUGE)}, ["beyond 20 to 100 nm"]),
        ({"lead": 7.9}, ["featureless scatterer", "fits as well"]),
        ({"plain_lead": -5.0}, ["elongated bodies, 20 nm wide, 60 nm long fits as well"]),
        ({"reach": 9.0}, ["sizes beyond 20 to 100 nm"]),
        ({"types": 3}, ["Only 3 types together fit"]),
        ({"stated_sigma": False, "points": 40}, ["no errors and few points"]),
        ({"chi2_bins": 900.0, "misfit": 0.2, "form_misfit": 0.05}, ["Log-normal sizes miss the points by 20.0%", "of any form by 5.0%"]),
    ],
)
def test_that_each_reason_for_doubt_can_be_given_with_its_number(change, words):
    status, said = reasons_for(**change)
    assert status is Status.DOUBTFUL
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    "change",
    [
        {"chi2_bins": 195.0},  # 1.3: by chance once in a hundred
        {"chi2_bins": 1500.0, "misfit": 0.005},  # very precise points, half a per cent off
        {"misfit": 0.2},  # noise where the particles fade, while chi² is 1
        {"runs_p": 0.01},
        {"runs_p": 1e-20, "chi2_bins": 1e-12},  # an exact curve: rounding has no runs
        {"sizes": (Interval(100.5, 98.0, 103.0),)},
        {"stated_sigma": False},
        {"lead": 8.1},  # two-per-cent noise leaves lobed particles little more
        {"plain_lead": -1.0},
        {"reach": 2.0},
        {"types": 2},
    ],
)
def test_that_small_faults_raise_no_doubt(change):
    assert reasons_for(**change)[0] is Status.IN_FAMILY


def test_that_only_what_decided_is_given_as_a_reason_and_the_weightiest_first():
    status, said = judge(dataclasses.replace(GOOD, gain=1.0, lead=-50.0, runs_p=1e-9))
    assert status is Status.OUTSIDE
    assert [reason.split()[0] for reason in said] == ["No", "A"]
    status, said = judge(dataclasses.replace(GOOD, lead=1.0, runs_p=1e-9))
    assert status is Status.DOUBTFUL
    assert len(said) == 2


def test_that_few_points_off_the_mark_are_a_matter_of_chance():
    # chi² of 1.6 with 15 degrees of freedom happens in one of fifteen good curves, with 150 never
    assert reasons_for(chi2_bins=24.0, freedom=15, misfit=0.03)[0] is Status.IN_FAMILY
    assert reasons_for(chi2_bins=240.0, freedom=150, misfit=0.03)[0] is Status.DOUBTFUL


@given(
    st.floats(0, 1e5),
    st.integers(1, 300),
    st.floats(0, 1),
    st.floats(0, 10),
    st.floats(-1e4, 1e6),
    st.floats(-1e4, 1e4),
    st.integers(0, 300),
)
def test_that_every_judgement_has_reasons_that_are_sentences(chi2, freedom, runs_p, misfit, gain, lead, informative):
    status, said = judge(
        dataclasses.replace(
            GOOD, chi2_bins=chi2, freedom=freedom, runs_p=runs_p, misfit=misfit, gain=gain, lead=lead, informative=informative
        )
    )
    assert said
    assert all(reason[0].isupper() and reason.endswith(".") for reason in said)
    assert (status is Status.IN_FAMILY) == said[0].startswith("A particle of the known types fits")


def exact_runs_probability(signs):
    """Share of all arrangements of these signs with as few runs or fewer."""
    n, plus = len(signs), int(sum(signs))
    runs = 1 + int(np.count_nonzero(np.diff(signs)))
    counted = []
    for places in itertools.combinations(range(n), plus):
        row = np.zeros(n, int)
        row[list(places)] = 1
        counted.append(1 + int(np.count_nonzero(np.diff(row))))
    return float(np.mean(np.array(counted) <= runs))


@pytest.mark.parametrize(
    "signs",
    [
        (1, 1, 1, 1, 1, 0, 0, 0, 0, 0), (1, 0, 1, 0, 1, 0, 1, 0, 1, 0), (1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0),
        (1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0), (0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0), (0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0),
    ],
)  # fmt: skip
def test_that_the_runs_test_agrees_with_counting_all_arrangements(signs):
    # the normal approximation with continuity correction is within 0.03 of the exact value from ten points on
    assert runs_probability(np.array(signs) - 0.5) == pytest.approx(exact_runs_probability(signs), abs=0.03)


def test_that_few_runs_are_rare_and_many_are_not():
    long = np.sin(np.linspace(0, 4 * np.pi, 150))
    assert runs_probability(long) < 1e-12
    assert runs_probability((-1.0) ** np.arange(150)) > 0.999
    assert runs_probability(np.ones(150)) < 1e-30
    assert runs_probability(np.ones(9)) == 1


def test_that_runs_of_white_residuals_are_as_likely_as_stated():
    # 2000 draws: the share below p has an error of sqrt(p (1 - p) / 2000); 3.5 of them, and 0.01 for whole numbers of runs
    rng = np.random.default_rng(6)
    p = np.array([runs_probability(rng.normal(size=120)) for _ in range(2000)])
    for level in (0.01, 0.1, 0.5, 0.9):
        assert (p <= level).mean() == pytest.approx(
            level, abs=3.5 * np.sqrt(level * (1 - level) / 2000) + 0.04 * (0.01 < level < 0.99) + 0.005
        )


@given(st.floats(0.005, 0.3), st.floats(-0.1, 0.1))
def test_that_the_misfit_is_the_relative_deviation_without_the_noise(deviation, background):
    q = np.linspace(0.05, 1, 4000)
    particles = np.exp(-3 * q)
    rng = np.random.default_rng(1)
    sigma = 0.002 * particles
    data = particles * (1 + deviation * np.sign(np.sin(40 * q))) + background + rng.normal(0, sigma)
    assert relative_misfit(data, particles + background, background, sigma) == pytest.approx(deviation, rel=0.03)


def test_that_noise_alone_is_no_misfit():
    q = np.linspace(0.05, 1, 400)
    particles = np.exp(-3 * q)
    rng = np.random.default_rng(2)
    for relative in (0.001, 0.01, 0.1):
        data = particles * (1 + relative * rng.normal(size=q.size))
        # the variance of noise is known to 7 %, so what is left of it is at most the root of thrice that
        assert relative_misfit(data, particles, 0.0, relative * particles) < 0.5 * relative


def test_that_where_no_particles_are_seen_there_is_no_misfit():
    q = np.linspace(0.05, 1, 100)
    assert relative_misfit(np.ones(100), np.ones(100), 1.0, np.ones(100)) == 0
    assert relative_misfit(np.cos(q), np.exp(-q), 0.0, np.full(100, 10.0)) == 0


def test_that_the_sentence_names_types_sizes_and_how_sure():
    pair, pure = Hypothesis(("type 3", "type 4")), Hypothesis(("type 3",))
    sizes = {"type 3": Interval(52.31, 51, 53), "type 4": Interval(30.0, 29, 31)}
    sure = sentence(Status.IN_FAMILY, pure, {"type 3": 0.999, "type 4": 0.001}, sizes)
    assert "type 3, 52.3 nm" in sure
    assert "over 99 %" in sure
    unsure = sentence(Status.IN_FAMILY, pair, {"type 3 + type 4": 0.6, "type 3": 0.3, "type 4": 0.1}, sizes)
    assert unsure.startswith("Most likely a mixture")
    assert "60%" in unsure
    assert "next type 3, 30%" in unsure
    assert "doubts" in sentence(Status.DOUBTFUL, pure, {"type 3": 1.0}, sizes)
    alone = sentence(Status.DOUBTFUL, pure, {"type 3": 1.0}, sizes, stands_out=True)
    assert "type 3, 52.3 nm) before all other types" in alone
    assert "type" not in sentence(Status.OUTSIDE, pure, {}, {})


def test_that_a_network_that_knows_no_such_curve_raises_a_doubt_and_no_more():
    assert reasons_for(novelty=0.99)[0] is Status.IN_FAMILY
    status, said = reasons_for(novelty=0.9995)
    assert status is Status.DOUBTFUL
    assert "The network knows no curve like it" in said
