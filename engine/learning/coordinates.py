"""The parameters of a sample as a network knows them, and how they correspond to those of the posterior.

There are eleven: for each of the four types ln mean and ln spread, both standardised, and for each of the first three the logit of
its scattering share against the last type that is there. A set of types uses those of its members; the others do not exist for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.models.registry import LNP_TYPES

KINDS = len(LNP_TYPES)
COUNT = 3 * KINDS - 1
"""Coordinates of all types together."""

SETS = np.array([[code >> kind & 1 for kind in range(KINDS)] for code in range(1, 2**KINDS)], dtype=bool)
"""Every set of types, shape (15, 4); :func:`set_index` finds the row."""

CENTRE = np.concatenate([np.tile([3.8, np.log(0.11)], KINDS), np.zeros(KINDS - 1)])
WIDTH = np.concatenate([np.tile([0.47, 0.7], KINDS), np.full(KINDS - 1, 1.7)])
"""Fixed centre and width by which the coordinates are standardised."""

SMALLEST_SHARE = 1e-4


def set_index(present: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row of ``SETS`` of each row of *present* (n, 4)."""
    return np.asarray(present @ (1 << np.arange(KINDS)) - 1, dtype=np.intp)


def used(sets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which coordinates each set uses, shape (n, COUNT)."""
    last = KINDS - 1 - sets[:, ::-1].argmax(axis=1)
    logits = sets[:, :-1] & (np.arange(KINDS - 1) != last[:, None])
    return np.concatenate([np.repeat(sets, 2, axis=1), logits], axis=1)


def from_samples(sets: NDArray[np.bool_], sizes: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the coordinates of samples, shape (n, COUNT); those a sample does not use are 0.

    Parameters
    ----------
    sets : ndarray, shape (n, 4)
        Types that are there.
    sizes : ndarray, shape (n, 4, 2)
        ln mean [nm] and ln spread.
    shares : ndarray, shape (n, 4)
        Scattering shares.
    """
    last = KINDS - 1 - sets[:, ::-1].argmax(axis=1)
    log_share = np.log(np.maximum(shares, SMALLEST_SHARE))
    logits = log_share[:, :-1] - np.take_along_axis(log_share, last[:, None], axis=1)
    plain = np.concatenate([sizes.reshape(-1, 2 * KINDS), logits], axis=1)
    return np.where(used(sets), (plain - CENTRE) / WIDTH, 0.0).astype(np.float32)


def to_posterior(index: int, centre: Array, covariance: Array) -> tuple[Array, Array]:
    """Return mean (d,) and covariance (d, d) in the posterior's coordinates of a set: sizes of its types, then logits of shares.

    Parameters
    ----------
    index : int
        Row of ``SETS``.
    centre, covariance : ndarray, shape (d,) and (d, d)
        In the used coordinates of the set, standardised.
    """
    chosen = used(SETS[index : index + 1])[0]
    width = WIDTH[chosen]
    return centre * width + CENTRE[chosen], covariance * np.outer(width, width)
