"""What the paper simulates: its q axis, sizes, mixtures, noise, tasks and splits.

Where the paper and its published programs are silent or disagree, this is chosen: 6000 curves for every task; as many pure curves as
mixtures where a task tells the two apart; the mean size of a mixture is the number-weighted mean of both types' means [nm].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.datasets.basis import default_basis
from engine.datasets.noise import LogNormalNoise, draw_paper_levels
from engine.learning.paper.sizes import SizedCurves, sized_curves

CURVES = 6000
"""Curves of a task: training, validation and test together."""

MEANS = (25.0, 95.0)
"""Range of the mean size [nm], uniform."""

Q_MIN, Q_MAX, POINTS = np.pi / 150, np.pi, 500
"""The paper's linear q axis [1/nm]: from the first lattice point of the largest particle."""

TEST, VALIDATION = 0.2, 0.16
"""Shares of the curves; the rest trains."""

_SEED = 20250525


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of the paper's size spread: standard deviations [nm], uniform in a range."""

    key: str
    sds: tuple[float, float]


READINGS = MappingProxyType({reading.key: reading for reading in (Reading("0.1-0.4", (0.1, 0.4)), Reading("1-4", (1.0, 4.0)))})


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What n samples are made of.

    Parameters
    ----------
    types : tuple of str
        K types.
    numbers, means, sds : ndarray, shape (n, K)
        Number fractions, which sum to 1, and mean and standard deviation of the sizes [nm]; where a number is 0 the sizes mean nothing.
    levels : ndarray, shape (n,)
        Noise levels.
    classes : ndarray of int, shape (n,)
        The class of a sample in a task of classes; 0 elsewhere.
    """

    types: tuple[str, ...]
    numbers: Array
    means: Array
    sds: Array
    levels: Array
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.levels)

    def take(self, rows: NDArray[np.int64]) -> Samples:
        """Return some of the samples."""
        return Samples(self.types, self.numbers[rows], self.means[rows], self.sds[rows], self.levels[rows], self.classes[rows])

    def ideal(self, sized: SizedCurves) -> Array:
        """Return their curves without noise, shape (n, n_q)."""
        total = np.zeros((len(self), sized.q.size))
        for k, kind in enumerate(self.types):
            rows = np.flatnonzero(self.numbers[:, k] > 0)
            if rows.size:
                total[rows] += self.numbers[rows, k, None] * sized.average(kind, self.means[rows, k], self.sds[rows, k])
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Samples and their noisy curves, as natural logarithms, shape (n, n_q)."""

    samples: Samples
    log_intensity: Array

    def take(self, rows: NDArray[np.int64]) -> Measured:
        """Return some of the curves."""
        return Measured(self.samples.take(rows), self.log_intensity[rows])

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the curves and of what they are made of."""
        s = self.samples
        digest = hashlib.sha256(" ".join(s.types).encode())
        for array in (s.numbers, s.means, s.sds, s.levels, s.classes, self.log_intensity):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]


Draw = Callable[["Task", int, Reading, np.random.Generator], Samples]


@dataclass(frozen=True, slots=True)
class Task:
    """A question the paper asks of a curve.

    Parameters
    ----------
    key, title : str
        Name on the command line, and in the table.
    types : tuple of str
        Types that can be present.
    draw : callable
        Draws samples.
    classes : tuple of str
        Names of the classes; empty where numbers are asked for.
    targets : tuple of str
        Names of the numbers; empty where the class is asked for.
    limits : tuple of float
        Range of the numbers, which the networks see scaled to 0..1.
    unit : str
        Unit of the numbers.
    logarithm : bool
        Whether the paper's networks see log10 I, or I as it is.
    """

    key: str
    title: str
    types: tuple[str, ...]
    draw: Draw
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    limits: tuple[float, float] = (0.0, 1.0)
    unit: str = ""
    logarithm: bool = False

    def target(self, samples: Samples) -> Array:
        """Return the numbers asked for, shape (n, number of targets)."""
        if self.targets == ("mu",):
            return np.asarray(np.sum(samples.numbers * samples.means, axis=1, keepdims=True))
        return np.ascontiguousarray(samples.numbers[:, : len(self.targets)])


def _drawn(task: Task, numbers: Array, reading: Reading, rng: np.random.Generator, classes: NDArray[np.int64] | None = None) -> Samples:
    shape = numbers.shape
    means, sds = rng.uniform(*MEANS, shape), rng.uniform(*reading.sds, shape)
    labels = np.zeros(len(numbers), dtype=np.int64) if classes is None else classes
    return Samples(task.types, numbers, means, sds, draw_paper_levels(len(numbers), rng), labels)


def _two(count: int, rng: np.random.Generator) -> Array:
    first = rng.random(count)
    return np.stack([first, 1 - first], axis=1)


def _draw_three_classes(task: Task, count: int, reading: Reading, rng: np.random.Generator) -> Samples:
    classes = np.arange(count) % 3
    numbers = np.where((classes == 2)[:, None], _two(count, rng), np.eye(3)[classes][:, :2])
    return _drawn(task, numbers, reading, rng, classes)


def _draw_pure_or_mixture(task: Task, count: int, reading: Reading, rng: np.random.Generator) -> Samples:
    mixed = np.arange(count) % 2
    raw = rng.random((count, 4))
    numbers = np.where(mixed[:, None] == 1, raw / raw.sum(axis=1, keepdims=True), np.eye(4)[np.arange(count) // 2 % 4])
    return _drawn(task, numbers, reading, rng, mixed)


def _draw_pair(task: Task, count: int, reading: Reading, rng: np.random.Generator) -> Samples:
    return _drawn(task, _two(count, rng), reading, rng)


def _draw_three_weights(task: Task, count: int, reading: Reading, rng: np.random.Generator) -> Samples:
    return _drawn(task, rng.dirichlet(np.ones(3), count), reading, rng)


_PAIR = ("type 3", "type 4")

TASKS = MappingProxyType(
    {
        task.key: task
        for task in (
            Task("classes", "type 3, type 4 or mixture", _PAIR, _draw_three_classes, classes=(*_PAIR, "mixture"), logarithm=True),
            Task(
                "purity",
                "pure or mixture of four types",
                ("type 1", "type 2", "type 3", "type 4"),
                _draw_pure_or_mixture,
                classes=("pure", "mixture"),
                logarithm=True,
            ),
            Task("alpha", "alpha of types 3 + 4", _PAIR, _draw_pair, targets=("alpha",)),
            Task("mu", "mean size mu of types 3 and 4", _PAIR, _draw_pair, targets=("mu",), limits=MEANS, unit="nm"),
            Task(
                "weights", "three weights of types 1, 2, 3", ("type 1", "type 2", "type 3"), _draw_three_weights, targets=("w1", "w2", "w3")
            ),
        )
    }
)
"""The paper's tasks by name; a new one is one line here."""


def q_axis() -> Array:
    """Return the paper's scattering vectors [1/nm], shape (500,)."""
    return np.linspace(Q_MIN, Q_MAX, POINTS)


@lru_cache(maxsize=2)
def curves_of(reading: Reading) -> SizedCurves:
    """Return the exact solver's curves, fine enough in D for a reading."""
    basis = default_basis()
    return sized_curves(basis, q_axis(), types=basis.types, means=MEANS, least_sd=reading.sds[0])


def generator(task: Task, reading: Reading, seed: int, purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose; no two purposes, tasks, readings or seeds share any."""
    name = f"{task.key} {reading.key} {purpose}".encode()
    return np.random.default_rng([_SEED, seed, *hashlib.sha256(name).digest()[:8]])


def measure(samples: Samples, sized: SizedCurves, rng: np.random.Generator) -> Measured:
    """Return the noisy curves of samples."""
    noise = LogNormalNoise(level=samples.levels[:, None])
    return Measured(samples, noise.draw_log(samples.ideal(sized), rng))


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The curves of a task in three parts that share no curve."""

    train: Measured
    validation: Measured
    test: Measured


def simulate(task: Task, reading: Reading, seed: int, count: int = CURVES) -> Split:
    """Return the curves of a task, simulated and split by *seed*."""
    rng = generator(task, reading, seed, "curves")
    measured = measure(task.draw(task, count, reading, rng), curves_of(reading), rng)
    order = rng.permutation(count)
    test, validation = round(TEST * count), round(VALIDATION * count)
    return Split(measured.take(order[test + validation :]), measured.take(order[test : test + validation]), measured.take(order[:test]))
