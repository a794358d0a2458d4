import dataclasses

import numpy as np
import pytest

from engine.datasets.basis import default_basis
from engine.datasets.instrument import BINS, Instrument, InstrumentRanges, folding
from engine.datasets.stream import CALIBRATION, TEST, TRAINING, VALIDATION, CurveStream, SampleRanges, fold_basis
from engine.datasets.synthesis import MINOR, Sample, ideal_parts
from engine.errors import ParameterError
from engine.models.registry import LNP_TYPES


def a_stream(seed=5, split=TRAINING, **samples):
    return CurveStream(
        default_basis(), samples=SampleRanges(**samples), instruments=InstrumentRanges(resolution=0.0), seed=seed, split=split, pool=4
    )


def test_that_a_batch_depends_on_seed_split_and_number_alone():
    stream = a_stream()
    first = stream.batch(3, 128)
    stream.batch(40, 128)  # the pool has moved on
    for one, other in zip(first, a_stream().batch(3, 128), strict=True):
        np.testing.assert_array_equal(one, other)
    assert a_stream().digest(3, 128) == a_stream().digest(3, 128)


def test_that_splits_and_seeds_share_no_curve():
    digests = {a_stream(split=split).digest(0, 64) for split in (TRAINING, VALIDATION, TEST, CALIBRATION)}
    digests |= {a_stream(seed=6).digest(0, 64), a_stream().digest(1, 64)}
    assert len(digests) == 6


def test_that_labels_are_the_types_that_scatter_and_fractions_sum_to_one():
    batch = a_stream().batch(0, 512)
    np.testing.assert_allclose(batch.numbers.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(batch.shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(batch.present, batch.shares >= MINOR)
    assert batch.present.any(axis=1).all()
    assert set(np.unique(batch.present.sum(axis=1))) == {1, 2, 3, 4}
    assert ((batch.shares > 0) & ~batch.present).any()  # traces are there too


def test_that_only_candidate_types_are_drawn():
    batch = a_stream(types=("type 3", "type 4")).batch(0, 256)
    assert (batch.numbers[:, :2] == 0).all()
    assert {tuple(row) for row in batch.present} == {(False, False, True, False), (False, False, False, True), (False, False, True, True)}


def test_that_curves_do_not_depend_on_what_they_are_measured_with_where_nothing_blurs_them():
    # a bin's ideal intensity is the mean over the points in it of the same curve the exact basis gives
    basis, q = default_basis(), np.linspace(0.05, 2.0, 700)
    folded = fold_basis(basis, Instrument(q, 0.0, 1.0))
    matrix, _ = folding(q)
    sample = Sample(types=("type 3",), number_fractions=(1.0,), means=(52.0,), spreads=(0.1,))
    direct = matrix @ ideal_parts(sample, basis, basis.at(q))[0]
    x = np.log(basis.diameters)
    variance = np.log1p(0.1**2)
    weights = np.exp(-((x - (np.log(52.0) - variance / 2)) ** 2) / (2 * variance) - x)
    made = (weights / weights.sum()) @ folded.curves[LNP_TYPES.index("type 3")]
    # float32, and the midpoint sum over sizes instead of the exact cell integrals: a thousandth at the sharp minima
    np.testing.assert_allclose(made, direct, rtol=2e-3, atol=1e-6 * direct.max())


def test_that_noise_is_what_its_sigma_says():
    sharp = InstrumentRanges(
        grid=tuple(np.linspace(0.05, 2.0, 300)), noise=(0.01, 0.01), background=0.0, resolution=0.0, calibration=0.0, gaps=0.0
    )
    quiet = dataclasses.replace(sharp, noise=(1e-5, 1e-5))
    one, other = (
        CurveStream(default_basis(), samples=SampleRanges(), instruments=ranges, seed=1).batch(0, 256) for ranges in (sharp, quiet)
    )
    np.testing.assert_array_equal(one.numbers, other.numbers)
    z = ((one.intensity - other.intensity) / one.sigma)[one.filled]
    # sigma is stated with an error of 10 %: the spread of z is about 1.015
    assert np.std(z) == pytest.approx(1.015, abs=0.03)
    assert abs(z.mean()) < 0.02


def test_that_empty_bins_hold_nothing():
    batch = a_stream().batch(2, 128)
    assert (batch.intensity[~batch.filled] == 0).all()
    assert (batch.sigma[~batch.filled] == 1).all()
    assert batch.intensity.shape == (128, BINS)
    assert all(np.isfinite(array).all() for array in batch)


@pytest.mark.parametrize("change", [{"types": ()}, {"types": ("type 5",)}, {"mean": (90.0, 20.0)}, {"spread": (0.9, 0.1)}])
def test_that_impossible_samples_are_refused(change):
    with pytest.raises(ParameterError):
        SampleRanges(**change)
