"""Best fits: amplitudes that cannot be negative, the truth found from the truth's data, and no dependence on units."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inference.fit import HIGH, LOW, best_modes, positive_amplitudes, refine, scan, starts
from engine.inference.hypotheses import Hypothesis
from engine.models.registry import LNP_TYPES
from tests.inference.samples import measured, noise_free, shapes_of

PURE = [("type 1", 1.0, 40.0, 0.10), ("type 2", 1.0, 70.0, 0.08), ("type 3", 1.0, 55.0, 0.15), ("type 4", 1.0, 30.0, 0.06)]
PAIRS = [
    (("type 3", 0.6, 55.0, 0.10), ("type 4", 0.4, 40.0, 0.12)),
    (("type 1", 0.5, 35.0, 0.10), ("type 4", 0.5, 70.0, 0.08)),
    (("type 1", 0.7, 80.0, 0.10), ("type 2", 0.3, 45.0, 0.07)),
    (("type 2", 0.4, 60.0, 0.06), ("type 3", 0.6, 75.0, 0.12)),
]


def truth_of(parts):
    """Hypothesis and its coordinates (k, 2)."""
    return Hypothesis(tuple(part[0] for part in parts)), np.log([[part[2], part[3]] for part in parts])


def by_enumeration(design, data):
    """Least squares with all but the last coefficient at least 0, by trying every set of columns."""
    best, answer = np.inf, np.zeros(design.shape[1])
    last = design.shape[1] - 1
    for size in range(last + 1):
        for chosen in itertools.combinations(range(last), size):
            used = [*chosen, last]
            linear = np.zeros(design.shape[1])
            linear[used] = np.linalg.lstsq(design[:, used], data, rcond=None)[0]
            cost = ((data - design @ linear) ** 2).sum()
            if (linear[:-1] >= 0).all() and cost < best:
                best, answer = cost, linear
    return answer, best


@given(st.integers(0, 10_000), st.integers(1, 2))
def test_that_amplitudes_are_the_best_that_are_not_negative(seed, types):
    rng = np.random.default_rng(seed)
    design = np.abs(rng.normal(size=(30, types + 1))) * np.exp(rng.normal(0, 3, types + 1))
    data = design @ (rng.normal(size=types + 1) / np.linalg.norm(design, axis=0)) + 0.1 * rng.normal(size=30)
    linear, orthogonal = positive_amplitudes(design, data)
    _, best = by_enumeration(design, data)
    assert (linear[:-1] >= 0).all()
    assert ((data - design @ linear) ** 2).sum() == pytest.approx(best, rel=1e-8)
    # columns that are not used are zero
    np.testing.assert_allclose(orthogonal.T @ orthogonal, np.diag(orthogonal.any(axis=0)), atol=1e-9)
    np.testing.assert_allclose(orthogonal.T @ (data - design @ linear), 0, atol=1e-8 * np.linalg.norm(data))


@given(st.integers(0, 10_000), st.integers(3, 4))
def test_that_amplitudes_of_many_types_are_never_negative_and_rarely_far_from_the_best(seed, types):
    # dropping the worst column at a time is not exact beyond two; curves of types overlap, and there it is near
    rng = np.random.default_rng(seed)
    design = np.abs(rng.normal(size=(40, types + 1))) + 0.5
    data = design @ np.abs(rng.normal(size=types + 1)) + 0.3 * rng.normal(size=40)
    linear, _ = positive_amplitudes(design, data)
    _, best = by_enumeration(design, data)
    assert (linear[:-1] >= 0).all()
    assert ((data - design @ linear) ** 2).sum() <= 1.05 * best


def test_that_equal_columns_share_without_falling_over():
    column = np.linspace(1, 2, 20)
    linear, _ = positive_amplitudes(np.stack([column, column, np.ones(20)], axis=1), 3 * column + 1)
    np.testing.assert_allclose(linear[:2].sum(), 3, rtol=1e-6)
    assert np.isfinite(linear).all()


@pytest.mark.parametrize("parts", [(part,) for part in PURE] + PAIRS, ids=lambda parts: "+".join(part[0][-1] for part in parts))
def test_that_the_truth_of_a_noise_free_curve_is_reached_from_a_neighbour(parts):
    # starts are off by a tenth in size and a third in width; a noise-free curve has chi² 0 at the truth
    hypothesis, truth = truth_of(parts)
    _, shapes = shapes_of(noise_free(*parts))
    mode = refine(shapes, hypothesis, truth + np.array([0.1, -0.3]), iterations=60)
    assert mode.chi2 < 1e-2
    np.testing.assert_allclose(np.exp(mode.sizes[:, 0]), [part[2] for part in parts], rtol=2e-3)
    np.testing.assert_allclose(np.exp(mode.sizes[:, 1]), [part[3] for part in parts], rtol=0.02)
    np.testing.assert_allclose(mode.amplitudes / mode.amplitudes.sum(), [part[1] for part in parts], atol=0.005)
    assert mode.background == pytest.approx(5e-4, rel=0.05)


@pytest.mark.parametrize("parts", [(part,) for part in PURE] + PAIRS, ids=lambda parts: "+".join(part[0][-1] for part in parts))
def test_that_the_scan_leads_to_the_truth_without_a_hint(parts):
    hypothesis, truth = truth_of(parts)
    _, shapes = shapes_of(measured(*parts, seed=1))
    found = best_modes(shapes, scan(shapes), hypothesis, count=6)
    assert found[0].chi2 <= refine(shapes, hypothesis, truth).chi2 + 0.1
    assert [mode.chi2 for mode in found] == sorted(mode.chi2 for mode in found)


@pytest.mark.parametrize("part", PURE, ids=lambda part: part[0])
def test_that_no_other_type_fits_a_pure_curve_as_well_where_types_differ(part):
    _, shapes = shapes_of(measured(part))
    scanned = scan(shapes)
    chi2 = {kind: best_modes(shapes, scanned, Hypothesis((kind,)), count=3)[0].chi2 for kind in LNP_TYPES}
    assert min(chi2, key=chi2.get) == part[0]


@pytest.mark.parametrize("parts", [(PURE[2],), PAIRS[0], PAIRS[1]], ids=lambda parts: "+".join(part[0][-1] for part in parts))
def test_that_the_first_start_is_the_best_of_the_whole_grid(parts):
    # against positive_amplitudes at every grid point of one type, the others held
    hypothesis, _ = truth_of(parts)
    _, shapes = shapes_of(noise_free(*parts))
    scanned = scan(shapes)
    first = starts(scanned, hypothesis, 1)[0]

    def chi2(sizes):
        curves = [shapes.average(kind, *size[:, None])[0][:, 0] for kind, size in zip(hypothesis.types, sizes, strict=True)]
        design = np.stack([*curves, shapes.flat], axis=1)
        return ((shapes.data - design @ positive_amplitudes(design, shapes.data)[0]) ** 2).sum()

    for i in range(len(parts)):
        others = [chi2(np.concatenate([first[:i], [size], first[i + 1 :]])) for size in scanned.grid[::5]]
        assert chi2(first) <= min(others) * (1 + 1e-6)


def test_that_starts_are_well_apart_and_the_best_first():
    _, shapes = shapes_of(measured(*PAIRS[0]))
    scanned = scan(shapes)
    for hypothesis in (Hypothesis(("type 4",)), Hypothesis(("type 3", "type 4")), Hypothesis(("type 1", "type 3", "type 4"))):
        found = starts(scanned, hypothesis, 4)
        assert 1 <= len(found) <= 4
        assert all(start.shape == (len(hypothesis.types), 2) for start in found)
        assert all(np.abs(a - b).max() > 0.01 for a, b in itertools.combinations(found, 2))


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
def test_that_sizes_do_not_depend_on_the_unit_of_intensity(factor):
    for parts in ((PURE[2],), PAIRS[0]):
        hypothesis, _ = truth_of(parts)
        one, other = (
            best_modes(shapes, scan(shapes), hypothesis, count=4)[0]
            for shapes in (shapes_of(measured(*parts, scale=scale))[1] for scale in (1.0, factor))
        )
        np.testing.assert_allclose(other.sizes, one.sizes, atol=1e-5)
        np.testing.assert_allclose(other.amplitudes / factor, one.amplitudes, rtol=1e-4)
        assert other.chi2 == pytest.approx(one.chi2, rel=1e-6)


def test_that_a_fit_never_ends_worse_than_it_began_and_stays_in_its_box():
    _, shapes = shapes_of(measured(*PAIRS[1]))
    hypothesis = Hypothesis(("type 1", "type 4"))
    rng = np.random.default_rng(5)
    for _ in range(6):
        start = rng.uniform(LOW, HIGH, (2, 2))
        mode = refine(shapes, hypothesis, start)
        assert mode.chi2 <= refine(shapes, hypothesis, start, iterations=0).chi2
        assert (mode.sizes >= LOW).all()
        assert (mode.sizes <= HIGH).all()


def test_that_particles_that_are_not_there_get_nothing():
    # all intensities negative: no amplitude at least 0 helps, and nothing breaks
    curve = measured(PURE[3])
    _, shapes = shapes_of(type(curve)(curve.q, -np.abs(curve.intensity), curve.sigma))
    mode = best_modes(shapes, scan(shapes), Hypothesis(("type 3", "type 4")), count=2)[0]
    assert (mode.amplitudes == 0).all()
    assert np.isfinite(mode.chi2)
