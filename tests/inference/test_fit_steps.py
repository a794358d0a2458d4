"""The steps of a fit one by one, on a small table of made-up types: what each is for must show, or it need not be there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.inference import fit
from engine.inference.fit import best_modes, linearise, positive_amplitudes, refine, refine_all, scan, starts
from engine.inference.hypotheses import Hypothesis
from tests.inference.made_up_types import AT, KINDS, made

ONE, TWO, THREE = Hypothesis(("ball",)), Hypothesis(("ball", "coil")), Hypothesis(("ball", "coil", "fog"))


def chi2_at(shapes, hypothesis, sizes):
    return refine(shapes, hypothesis, sizes, iterations=0).chi2


@pytest.mark.parametrize(("hypothesis", "amplitudes"), [(ONE, (1.0,)), (TWO, (0.6, 0.4)), (THREE, (0.5, 0.3, 0.2))])
def test_that_the_derivative_is_that_of_chi_squared(hypothesis, amplitudes):
    # Kaufman's jacobian leaves a term out that meets only the residual's own square; for chi² its slope is exact
    shapes, k = made(amplitudes, noise=3.0), len(hypothesis.types)
    at = AT[:k] + 0.05
    model = linearise(shapes, hypothesis, at[None])
    slope = -2 * model.jacobian[0].T @ model.residual[0]
    for place, step in enumerate(np.eye(2 * k).reshape(-1, k, 2) * 1e-4):
        up, down = (linearise(shapes, hypothesis, (at + sign * step)[None]).chi2[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-4, rel=0.02, abs=0.002 * np.abs(slope).max())


def test_that_many_models_at_once_are_each_alone():
    shapes = made((0.6, 0.4), noise=1.0)
    # to the 1e-6 of all that is left out beyond the sizes summed over, which those beside it shift
    several = AT[None, :2] + np.linspace(-0.2, 0.2, 5)[:, None, None]
    together = linearise(shapes, TWO, several)
    for i, sizes in enumerate(several):
        alone = linearise(shapes, TWO, sizes[None])
        for name in ("linear", "residual", "jacobian", "chi2"):
            np.testing.assert_allclose(getattr(together, name)[i], getattr(alone, name)[0], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("hypothesis", "amplitudes"), [(ONE, (1.0,)), (TWO, (0.6, 0.4))])
def test_that_a_few_steps_bring_a_near_start_to_the_truth(hypothesis, amplitudes):
    # so that the rough comparison of starts is one of minima
    shapes = made(amplitudes)
    start = AT[: len(hypothesis.types)] + np.array([0.08, -0.2])
    before, after = chi2_at(shapes, hypothesis, start), refine(shapes, hypothesis, start, iterations=fit.ROUGH)
    assert before > 100
    assert after.chi2 < 1e-2
    np.testing.assert_allclose(after.amplitudes, amplitudes, rtol=1e-3)
    assert after.background == pytest.approx(0.01, rel=1e-2)


def test_that_many_starts_are_refined_as_each_alone_and_in_their_order():
    shapes = made((0.6, 0.4), noise=1.0)
    beginnings = [AT[:2] + shift for shift in ([0.3, 0.3], [0.0, 0.0], [-0.2, 0.1], [0.6, -0.5])]
    together = refine_all(shapes, TWO, beginnings, iterations=30)
    alone = [refine(shapes, TWO, beginning, iterations=30) for beginning in beginnings]
    np.testing.assert_allclose([mode.chi2 for mode in together], [mode.chi2 for mode in alone], rtol=1e-6)
    np.testing.assert_allclose([mode.sizes for mode in together], [mode.sizes for mode in alone], atol=1e-4)


def test_that_the_limits_given_are_kept():
    shapes = made()
    limits = np.log([55.0, 0.02]), np.log([90.0, 0.08])
    (mode,) = refine_all(shapes, ONE, [AT[:1]], limits=limits)
    assert (mode.sizes >= limits[0]).all()
    assert (mode.sizes <= limits[1]).all()
    assert mode.sizes[0, 0] == pytest.approx(np.log(55.0))  # the truth, 50 nm, lies beyond


def test_that_a_fit_that_has_settled_stops(monkeypatch):
    shapes, asked = made(noise=1.0), []
    monkeypatch.setattr(fit, "linearise", lambda *given: asked.append(len(given[2])) or linearise(*given))
    found = refine_all(shapes, ONE, [AT[:1], AT[:1] + np.array([0.25, 0.5])], iterations=40)
    assert len(asked) < 20
    assert asked[-1] < 2  # the one that began at the truth rests while the other goes on
    assert found[0].chi2 == pytest.approx(found[1].chi2, abs=2 * fit.SETTLED)


def test_that_the_scan_leaves_the_background_out_of_everything():
    shapes = made()
    scanned = scan(shapes)
    unit = shapes.flat / np.linalg.norm(shapes.flat)
    assert scanned.grid.shape == (fit.SCAN_SIZES.size * fit.SCAN_SPREADS.size, 2)
    np.testing.assert_allclose(unit @ scanned.data, 0, atol=1e-9 * np.linalg.norm(scanned.data))
    for kind, curve in scanned.curves.items():
        np.testing.assert_allclose(unit @ curve, 0, atol=1e-8 * np.abs(curve).max())
        np.testing.assert_allclose(scanned.squares[kind], (curve**2).sum(axis=0))
        np.testing.assert_allclose(scanned.products[kind], scanned.data @ curve, rtol=1e-9)


def test_that_the_gain_of_a_pair_is_what_its_best_amplitudes_gain():
    scanned = scan(made((0.6, 0.4), noise=2.0))
    gain = fit._pair_gain(scanned, "ball", "coil")
    assert gain.shape == (scanned.grid.shape[0],) * 2
    rng = np.random.default_rng(3)
    for i, j in rng.integers(0, scanned.grid.shape[0], (60, 2)):
        design = np.stack([scanned.curves["ball"][:, i], scanned.curves["coil"][:, j]], axis=1)
        left = min(
            [(scanned.data**2).sum()]
            + [
                ((scanned.data - design[:, used] @ values) ** 2).sum()
                for used in ([0], [1], [0, 1])
                if ((values := np.linalg.lstsq(design[:, used], scanned.data, rcond=None)[0]) >= 0).all()
            ]
        )
        assert gain[i, j] == pytest.approx((scanned.data**2).sum() - left, rel=1e-5)


def test_that_starts_are_the_largest_gains_and_no_neighbours():
    spreads = fit.SCAN_SPREADS.size
    gain = np.zeros((10 * spreads, 10 * spreads))
    at = [(4 * spreads, 4 * spreads), (6 * spreads, 6 * spreads), (7 * spreads, 4 * spreads), (4 * spreads + 1, 8 * spreads + 2), (0, 0)]
    for value, place in zip((9, 8, 7, 6, 5), at, strict=True):
        gain[place] = value
    # the second is within two sizes of the first in both types; the third and fourth are beyond in one
    np.testing.assert_array_equal(fit._separate(gain, 4), [at[0], at[2], at[3], at[4]])
    np.testing.assert_array_equal(fit._separate(gain, 2), [at[0], at[2]])


def test_that_no_more_starts_are_given_than_there_are_and_all_differ():
    found = fit._separate(np.arange(21.0)[None, :], 50)
    assert 1 <= len(found) < 21
    assert found[0].tolist() == [0, 20]
    assert len({tuple(pair) for pair in found.tolist()}) == len(found)


def test_that_of_one_type_the_best_grid_point_comes_first():
    shapes = made(noise=1.0)
    scanned = scan(shapes)
    first, *rest = starts(scanned, ONE, 5)
    best = min(chi2_at(shapes, ONE, point[None]) for point in scanned.grid)
    assert chi2_at(shapes, ONE, first) == pytest.approx(best)
    values = [chi2_at(shapes, ONE, start) for start in (first, *rest)]
    assert values == sorted(values)


def test_that_a_third_type_begins_where_it_helps_most():
    shapes = made((0.5, 0.3, 0.2), noise=1.0)
    scanned = scan(shapes)
    found = starts(scanned, THREE, 3)
    assert len(found) == 3
    places = [[int(np.abs(scanned.grid - size).sum(axis=1).argmin()) for size in start] for start in found]

    def left(chosen, amplitudes=False):
        design = np.stack([scanned.curves[kind][:, g] for kind, g in zip(KINDS, chosen, strict=True)], axis=1)
        return ((scanned.data - design @ np.linalg.lstsq(design, scanned.data, rcond=None)[0]) ** 2).sum()

    for chosen in places:  # one of the three came last, and no other grid point would have served it better
        others = [[left([*chosen[:k], g, *chosen[k + 1 :]]) for g in range(0, len(scanned.grid), 7)] for k in range(3)]
        assert any(left(chosen) <= min(tried) * (1 + 1e-9) for tried in others)
    pairs = [max(fit._pair_gain(scanned, a, b).max() for a, b in [pair]) for pair in itertools.combinations(KINDS, 2)]
    best = list(itertools.combinations(range(3), 2))[int(np.argmax(pairs))]
    i, j = (places[0][k] for k in best)
    assert fit._pair_gain(scanned, *(list(KINDS)[k] for k in best))[i, j] == max(pairs)
    assert len(starts(scanned, THREE, 2)) == 2


def test_that_exchanged_sizes_are_tried_of_every_two_types():
    assert list(fit._exchanges(1)) == []
    assert list(fit._exchanges(2)) == [[1, 0]]
    assert list(fit._exchanges(3)) == [[1, 0, 2], [2, 1, 0], [0, 2, 1]]


@pytest.mark.parametrize(("hypothesis", "tried"), [(ONE, []), (TWO, [2]), (THREE, [3])])
def test_that_two_fits_of_two_types_and_one_of_more_are_exchanged(monkeypatch, hypothesis, tried):
    shapes, asked = made((0.5, 0.3, 0.2), noise=1.0), []

    def counted(shapes, hypothesis, some, *, iterations):
        asked.append(len(some))
        return refine_all(shapes, hypothesis, some, iterations=0)

    monkeypatch.setattr(fit, "refine_all", counted)
    best_modes(shapes, scan(shapes), hypothesis, count=3)
    assert asked == [3, *tried, fit.KEPT]


def test_that_the_minimum_is_found_from_a_start_with_sizes_exchanged(monkeypatch):
    shapes = made((0.6, 0.4))
    monkeypatch.setattr(fit, "starts", lambda *_: [AT[1::-1]])
    monkeypatch.setattr(fit, "refine_all", lambda shapes, hypothesis, some, **_: refine_all(shapes, hypothesis, some, iterations=0))
    found = best_modes(shapes, scan(shapes), TWO, count=1)
    np.testing.assert_allclose(found[0].sizes, AT[:2])
    assert len(found) == 2


def test_that_sizes_proposed_from_elsewhere_are_tried(monkeypatch):
    shapes = made((0.6, 0.4))
    monkeypatch.setattr(fit, "starts", lambda *_: [np.log([[150.0, 0.4], [15.0, 0.02]])])
    (mode, *_) = best_modes(shapes, scan(shapes), TWO, count=1, more=[AT[:2] + 0.02])
    assert mode.chi2 < 1e-2


def test_that_a_hopeless_hypothesis_is_left_after_the_rough_steps(monkeypatch):
    shapes, asked = made((0.0, 1.0)), []  # a coil is no ball

    def counted(*given, iterations, **rest):
        asked.append(iterations)
        return refine_all(*given, iterations=iterations, **rest)

    monkeypatch.setattr(fit, "refine_all", counted)
    whole = best_modes(shapes, scan(shapes), ONE, count=3)
    assert asked == [fit.ROUGH, fit.FINAL]
    (left,) = best_modes(shapes, scan(shapes), ONE, count=3, hopeless=whole[0].chi2 / 2)
    assert asked[2:] == [fit.ROUGH]
    assert left.chi2 >= whole[0].chi2 > 1
    assert best_modes(shapes, scan(shapes), ONE, count=3, hopeless=2 * left.chi2)[0].chi2 == whole[0].chi2


def test_that_modes_are_distinct_best_first_and_few():
    found = best_modes(made((0.6, 0.4), noise=1.0), scan(made((0.6, 0.4), noise=1.0)), TWO, count=8)
    assert 1 <= len(found) <= fit.KEPT
    assert [mode.chi2 for mode in found] == sorted(mode.chi2 for mode in found)
    assert all(np.abs(a.sizes - b.sizes).max() > 0.01 for a, b in itertools.combinations(found, 2))


def test_that_only_the_background_may_be_negative_and_what_is_not_used_is_nothing():
    design = np.eye(4)[:, :3]
    linear, basis = positive_amplitudes(design, np.array([-2.0, 3.0, -4.0, 1.0]))
    np.testing.assert_allclose(linear, [0, 3, -4], atol=1e-12)
    np.testing.assert_allclose(np.abs(basis), np.eye(4)[:, :3] * [0, 1, 1], atol=1e-12)


def test_that_fits_that_use_different_columns_are_solved_side_by_side():
    rng = np.random.default_rng(8)
    design = rng.normal(size=(30, 12, 4)) + 0.3
    data = rng.normal(size=12)
    linear, basis = positive_amplitudes(design, data)
    assert len({tuple(row) for row in (linear[:, :-1] > 0).tolist()}) > 3
    for i, one in enumerate(design):
        alone, alone_basis = positive_amplitudes(one, data)
        np.testing.assert_allclose(linear[i], alone, atol=1e-12)
        np.testing.assert_allclose(basis[i], alone_basis, atol=1e-12)


def test_that_a_fit_does_not_depend_on_the_size_of_those_beside_it():
    rng = np.random.default_rng(9)
    small, large = rng.normal(size=(2, 12, 3)) + 0.3
    data = rng.normal(size=12)
    together, _ = positive_amplitudes(np.stack([small, 1e13 * large]), data)
    np.testing.assert_allclose(together[0], positive_amplitudes(small, data)[0], rtol=1e-9)


def test_that_of_a_curve_and_its_multiple_and_of_a_curve_like_the_background_one_is_used():
    ramp, flat = np.linspace(1, 2, 9), np.ones(9)
    twins, _ = positive_amplitudes(np.stack([ramp, 5 * ramp, flat], axis=1), 2 * ramp + 3)
    assert np.count_nonzero(twins[:2]) == 1
    assert twins[0] + 5 * twins[1] == pytest.approx(2)
    assert twins[2] == pytest.approx(3)
    level, _ = positive_amplitudes(np.stack([ramp, 7 * flat, flat], axis=1), 2 * ramp + 3)
    np.testing.assert_allclose(level, [2, 0, 3], atol=1e-9)  # the background keeps its own
