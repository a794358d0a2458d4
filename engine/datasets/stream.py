r"""Measured curves of random samples, without end: what networks are trained on.

Curves are made binned as a network sees them. For each instrument of a pool the basis is folded into the bins once, with the very
points the instrument has, its smearing and its error of q; a curve is then a product of a size distribution and that folded basis,
plus background, plus the noise of a counting detector (see :mod:`engine.datasets.noise`) divided by the points in the bin:

.. math:: \sigma_j^2 = \frac{I_j + 2 I_{buf}}{k \, \bar q_j \, n_j}

Batch *i* depends on the seed and on *i* alone, so training can go on where it was interrupted, and a test set is a seed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.datasets.instrument import BINS, Instrument, InstrumentRanges, draw_instrument, folding, log_uniform
from engine.datasets.synthesis import MINOR
from engine.errors import ParameterError
from engine.models.registry import LNP_TYPES

Single = NDArray[np.float32]

TRAINING, VALIDATION, TEST, CALIBRATION = range(4)
"""Splits: streams of different splits share no random number."""

TRACE = 0.1
"""Probability that a mixture has a type below ``MINOR``."""

PER_INSTRUMENT = 64
"""Curves of a batch that share an instrument."""

POOL, RENEWED = 192, 2
"""Instruments kept, and batches after which the oldest is replaced."""

NUMBER_SHARES = (0.35, 0.40, 0.20, 0.05)
"""Shares of samples with one, two, three and four types, where so many are candidates."""

SMALLEST_SD = 0.5
"""Standard deviations of the size [nm] below this look alike; they are drawn no smaller."""

BUFFER_SHARE = (1e-3, 0.1)
"""Range of the buffer's intensity as a share of the particles' at q = 0.1/nm, log-uniform: it decides how the noise grows with q."""

MISSTATED = 0.1
"""Standard deviation of ln(stated / true sigma): what is left of it when a measured curve was prepared."""

_TRIES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRanges:
    """From what samples are drawn.

    Parameters
    ----------
    types : tuple of str
        Candidate types.
    mean : (float, float)
        Range of the mean size [nm], uniform in its logarithm, with soft edges beyond.
    spread : (float, float)
        Median of sd/mean and the standard deviation of its logarithm.
    """

    types: tuple[str, ...] = LNP_TYPES
    mean: tuple[float, float] = field(default=(20.0, 100.0), metadata={"phrase": "mean size", "unit": "nm", "bounds": (15.0, 150.0)})
    spread: tuple[float, float] = (0.11, 0.7)

    def __post_init__(self) -> None:
        if not self.types or len(set(self.types)) < len(self.types) or not set(self.types) <= set(LNP_TYPES):
            raise ParameterError(f"Candidate types must be some of {', '.join(LNP_TYPES)}, each once; {self.types} was given.", "types")
        if not 15 <= self.mean[0] < self.mean[1] <= 150:
            raise ParameterError(f"Mean sizes {self.mean[0]:g} to {self.mean[1]:g} nm are refused; stay between 15 and 150 nm.", "mean")
        if not (0.01 <= self.spread[0] <= 0.5 and 0 <= self.spread[1] <= 2):
            raise ParameterError(f"A spread of {self.spread} is refused; give a median of 0.01 to 0.5 and a deviation up to 2.", "spread")

    @property
    def sets(self) -> NDArray[np.bool_]:
        """Every non-empty set of the types, shape (2^T - 1, 4), True where a type of ``LNP_TYPES`` is in it."""
        allowed = np.array([kind in self.types for kind in LNP_TYPES])
        codes = np.arange(1, 2 ** len(LNP_TYPES))
        members = (codes[:, None] >> np.arange(len(LNP_TYPES)) & 1).astype(bool)
        return np.asarray(members[~(members & ~allowed).any(axis=1)])

    @property
    def set_shares(self) -> Array:
        """Probability of each of :attr:`sets`: ``NUMBER_SHARES`` by the number of types, evenly within."""
        sizes = self.sets.sum(axis=1)
        each = np.array([NUMBER_SHARES[size - 1] / (sizes == size).sum() for size in sizes])
        return np.asarray(each / each.sum())


class Batch(NamedTuple):
    """Binned curves and what they were made of.

    ``intensity``, ``sigma`` (B, BINS) hold 0 and 1 where ``filled`` is False. ``present`` (B, 4) are the types of the label.
    ``sizes`` (B, 4, 2) are ln mean and ln spread, ``shares`` (B, 4) scattering shares in the first bin, ``numbers`` (B, 4) number
    fractions, both of all types that are there, traces too.
    """

    intensity: Single
    sigma: Single
    filled: NDArray[np.bool_]
    present: NDArray[np.bool_]
    sizes: Single
    shares: Single
    numbers: Single


@dataclass(frozen=True, slots=True, eq=False)
class _Folded:
    """The basis as one instrument sees it, in its bins: for each type (n_D, BINS); mean q and number of points in each bin."""

    curves: tuple[Single, ...]
    q: Single
    count: Single
    first: int
    reference: int


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """What a batch of curves is made of, before it is measured.

    Types that are there (n, 4), ln mean and ln spread (n, 4, 2), number fractions (n, 4), intensity of one particle in the first bin
    (n, 4), and for each type the shares of numbers over the basis' sizes (n, n_D).
    """

    present: NDArray[np.bool_]
    sizes: Single
    numbers: Single
    scales: Single
    weights: list[Single]


class CurveStream:
    """Endless batches of simulated measurements.

    Parameters
    ----------
    basis : Basis
        Curves of every type and size.
    samples, instruments : SampleRanges, InstrumentRanges
        From what is drawn.
    seed : int
        Of everything drawn.
    split : int
        One of ``TRAINING``, ``VALIDATION``, ``TEST``, ``CALIBRATION``.
    """

    def __init__(
        self, basis: Basis, *, samples: SampleRanges, instruments: InstrumentRanges, seed: int, split: int = TRAINING, pool: int = POOL
    ) -> None:
        self._basis = basis
        self._samples = samples
        self._instruments = instruments
        self._seed = (seed, split)
        self._pool: dict[int, _Folded] = {}
        self._size = 1 if instruments.grid and not instruments.gaps and not instruments.resolution else pool
        self._sets, self._set_shares = samples.sets, samples.set_shares
        self._log_d = np.log(basis.diameters).astype(np.float32)

    def batch(self, index: int, size: int) -> Batch:
        """Return batch number *index* of *size* curves."""
        rng = np.random.default_rng([*self._seed, 1, index])
        oldest = index // RENEWED
        self._forget_before(oldest)
        groups = [slice(start, min(start + PER_INSTRUMENT, size)) for start in range(0, size, PER_INSTRUMENT)]
        seen_by = [self._folded(oldest + int(rng.integers(self._size))) for _ in groups]
        samples = self._draw_samples(seen_by, size, rng)
        parts = [_measure(folded, samples, rows, self._instruments, rng) for folded, rows in zip(seen_by, groups, strict=True)]
        order = rng.permutation(size)
        columns = [np.concatenate(column)[order] for column in zip(*parts, strict=True)]
        present, shares = _label(samples)
        return Batch(*columns, *(array[order] for array in (present, samples.sizes, shares, samples.numbers)))

    def digest(self, index: int, size: int) -> str:
        """Return twelve hexadecimal digits of the SHA-256 of a batch: the name of a test set."""
        made = hashlib.sha256()
        for array in self.batch(index, size):
            made.update(np.ascontiguousarray(array).tobytes())
        return made.hexdigest()[:12]

    def _forget_before(self, oldest: int) -> None:
        for number in [number for number in self._pool if number < oldest]:
            del self._pool[number]

    def _folded(self, number: int) -> _Folded:
        if self._size == 1:
            number = 0
        if number not in self._pool:
            self._pool[number] = fold_basis(
                self._basis, draw_instrument(self._instruments, np.random.default_rng([*self._seed, 2, number]))
            )
        return self._pool[number]

    def _draw_samples(self, seen_by: list[_Folded], n: int, rng: np.random.Generator) -> _Samples:
        """Return *n* samples, the first ``PER_INSTRUMENT`` as the first instrument of *seen_by* will see them, and so on.

        Number fractions are uniform where every type gives ``MINOR`` of the scattering in the first bin: samples in which one does not
        are drawn again. With probability ``TRACE`` it must not, and scattering shares are uniform.
        """
        kinds = len(LNP_TYPES)
        present = self._sets[rng.choice(self._sets.shape[0], n, p=self._set_shares)]
        trace = (present.sum(axis=1) > 1) & (rng.random(n) < TRACE)
        lowest = np.stack([np.stack([curves[:, folded.first] for curves in folded.curves]) for folded in seen_by])  # (I, 4, n_D)
        instrument = np.arange(n) // PER_INSTRUMENT
        samples = _Samples(
            present, np.zeros((n, kinds, 2), np.float32), np.zeros((n, kinds), np.float32), np.ones((n, kinds), np.float32), []
        )
        samples.weights.extend(np.zeros((n, self._log_d.size), np.float32) for _ in range(kinds))
        wanted = np.arange(n)
        for _ in range(_TRIES):
            samples.sizes[wanted] = self._draw_sizes(wanted.size, rng)
            for kind in range(kinds):
                rows = wanted[present[wanted, kind]]
                weights = samples.weights[kind][rows] = self._weights(samples.sizes[rows, kind])
                samples.scales[rows, kind] = np.einsum("nd,nd->n", weights, lowest[instrument[rows], kind])
            drawn = rng.exponential(size=(wanted.size, kinds)).astype(np.float32) * present[wanted]
            drawn /= np.where(trace[wanted, None], samples.scales[wanted], 1.0)
            samples.numbers[wanted] = drawn / drawn.sum(axis=1, keepdims=True)
            share = samples.numbers[wanted] * samples.scales[wanted]
            share /= share.sum(axis=1, keepdims=True)
            visible = (np.where(present[wanted], share, 1.0) >= MINOR).all(axis=1)
            wanted = wanted[visible == trace[wanted]]
            if not wanted.size:
                break
        return samples

    def _draw_sizes(self, n: int, rng: np.random.Generator) -> Single:
        """Return ln mean and ln spread, shape (n, 4, 2)."""
        low, high = np.log(self._samples.mean)
        shape = (n, len(LNP_TYPES))
        mean = rng.uniform(low, high, shape) + np.where(rng.random(shape) < 0.1, rng.normal(0, 0.08, shape), 0.0)
        mean = np.clip(mean, np.log(13.0), np.log(160.0))
        spread = np.log(self._samples.spread[0]) + self._samples.spread[1] * rng.normal(size=shape)
        spread = np.clip(spread, np.log(0.012), np.log(0.48))
        return np.stack([mean, np.maximum(spread, np.log(SMALLEST_SD) - mean)], axis=-1).astype(np.float32)

    def _weights(self, sizes: Single) -> Single:
        """Return log-normal shares of numbers over the basis' sizes, shape (n, n_D)."""
        variance = np.log1p(np.exp(2 * sizes[:, 1]))
        x = self._log_d - (sizes[:, 0] - variance / 2)[:, None]
        weights = np.exp(x * x * (-0.5 / variance)[:, None] - self._log_d)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray(weights, dtype=np.float32)


def _signed_log_uniform(n: int, rng: np.random.Generator) -> Array:
    """Return numbers of either sign, the size log-uniform from 1e-3 to 1."""
    return np.asarray(log_uniform((1e-3, 1.0), n, rng) * rng.choice([-1, 1], n))


def _label(samples: _Samples) -> tuple[NDArray[np.bool_], Single]:
    """Return the types of the label, and the scattering shares in the first bin."""
    first = samples.numbers * samples.scales
    shares = first / first.sum(axis=1, keepdims=True)
    return shares >= MINOR, shares


def _measure(
    folded: _Folded, samples: _Samples, rows: slice, ranges: InstrumentRanges, rng: np.random.Generator
) -> tuple[Single, Single, NDArray[np.bool_]]:
    """Return noisy intensities of the samples in *rows*, the sigma that is stated for them, and which bins hold points."""
    ideal = np.zeros((rows.stop - rows.start, BINS), dtype=np.float32)
    for kind, curves in enumerate(folded.curves):
        there = np.flatnonzero(samples.present[rows, kind])
        ideal[there] += (samples.weights[kind][rows][there] @ curves) * samples.numbers[rows][there, kind, None]
    ideal /= ideal[:, folded.first, None]
    intensity, sigma = _add_noise(folded, ideal, ranges, rng)
    return intensity, sigma, np.broadcast_to(folded.count > 0, ideal.shape)


def _add_noise(folded: _Folded, ideal: Single, ranges: InstrumentRanges, rng: np.random.Generator) -> tuple[Single, Single]:
    """Return noisy intensities and the sigma that is stated for them; empty bins hold 0 and 1."""
    n = ideal.shape[0]
    level = log_uniform(ranges.noise, n, rng).astype(np.float32)
    reference = ideal[:, folded.reference]
    buffer = reference * log_uniform(BUFFER_SHARE, n, rng).astype(np.float32)
    k = (reference + 2 * buffer) / (0.1 * (level * reference) ** 2)
    variance = (ideal + 2 * buffer[:, None]) / (k[:, None] * (folded.q * np.maximum(folded.count, 1)))
    sigma = np.sqrt(variance)
    background = ranges.background * np.where(rng.random(n) < 0.5, rng.uniform(-1, 1, n), _signed_log_uniform(n, rng))
    noisy = ideal + background[:, None].astype(np.float32) + sigma * rng.standard_normal(ideal.shape, dtype=np.float32)
    stated = sigma * np.exp(rng.normal(0, MISSTATED, (n, 1))).astype(np.float32)
    empty = folded.count == 0
    noisy[:, empty], stated[:, empty] = 0.0, 1.0
    return noisy.astype(np.float32), stated.astype(np.float32)


_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


def fold_basis(basis: Basis, instrument: Instrument) -> _Folded:
    """Return the *basis* in the bins of one instrument.

    Smearing is a Gaussian of relative width ``resolution``, by a 5-node Gauss-Hermite rule.
    """
    q = instrument.q[instrument.q * instrument.stretch * (1 + 4 * instrument.resolution) < basis.q_max]
    matrix, count = folding(q)
    nodes = zip(_NODES, _NODE_WEIGHTS / _NODE_WEIGHTS.sum(), strict=True) if instrument.resolution else [(0.0, 1.0)]
    seen = [matrix @ basis.interpolation(q * instrument.stretch * (1 + node * instrument.resolution)) * weight for node, weight in nodes]
    binned = basis.folded(csr_array(sum(seen[1:], start=seen[0])))
    mean_q = np.where(count > 0, matrix @ q, 1.0)
    first = int(np.argmax(count > 0))
    filled = np.flatnonzero(count > 0)
    reference = int(filled[np.argmin(np.abs(np.log(mean_q[filled] / 0.1)))])
    curves = tuple(binned[name].astype(np.float32) for name in LNP_TYPES)
    return _Folded(curves, mean_q.astype(np.float32), count.astype(np.float32), first, reference)
