r"""Spherical Bessel functions j_l(q r) of every order on a grid, one order after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array

_SMALLEST = 1e-8  # j_0 = 1 and j_1 < 4e-9 there: adding j_1² changes nothing


def first_order_below(x: Array | float) -> NDArray[np.intp]:
    """Return an order l from which on j_l(x) is below 1e-17."""
    x = np.asarray(x, float)
    return np.asarray(np.ceil(x + 12 * np.cbrt(x) + 3), dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """j_l(q_i r_k) for i >= first_q and k >= first_r; it is below 1e-17 elsewhere. *values* is valid until the next order is asked for."""

    l: int  # noqa: E741 - the name of the order everywhere
    first_q: int
    first_r: int
    values: Array


def descending_orders(q: Array, r: Array, top: int) -> Iterator[Order]:
    r"""Yield :math:`j_l(q_i r_k)` for l = *top*, ..., 1, 0.

    Miller's downward recurrence :math:`j_{l-1} = (2l+1)/x\, j_l - j_{l+1}`, each element starting where it is below 1e-17.
    A first pass finds the factor that makes the result agree with the closed form of j_0 or j_1, whichever is larger.

    Parameters
    ----------
    q, r : ndarray, shapes (n_q,) and (n_r,)
        Increasing, not negative.
    top : int
        First order wanted.

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 10.5.
    """
    x = np.maximum(np.multiply.outer(q, r), _SMALLEST)
    if top == 0:
        yield Order(0, 0, 0, np.sin(x) / x)
        return
    start = _Starts(x)
    norm = np.ones(x.shape)
    for order in start.descend(norm):
        bottom = order
    j0 = np.sin(x) / x
    j1 = (j0 - np.cos(x)) / x
    with np.errstate(divide="ignore", invalid="ignore"):
        norm = np.where(np.abs(j0) >= np.abs(j1), j0 / bottom.values, j1 / start.above)
    for order in start.descend(norm):
        if order.l <= top:
            yield order


class _Starts:
    """The recurrence on one grid of x; *above* holds the order above the one yielded last."""

    def __init__(self, x: Array) -> None:
        first = first_order_below(x)
        self._by_order = np.argsort(-first, axis=None, kind="stable")
        descending = -first.ravel()[self._by_order]
        self._top = int(first.max())
        edges = np.searchsorted(descending, -np.arange(self._top, -2, -1), side="left")
        self._born = [self._by_order[a:b] for a, b in pairwise(edges)]
        self._first_q = np.searchsorted(first[:, -1], np.arange(self._top + 1))
        self._first_r = np.searchsorted(first[-1], np.arange(self._top + 1))
        self._inverse = 1 / x
        self.above = np.zeros(x.shape)

    def descend(self, seed: Array) -> Iterator[Order]:
        now, self.above = np.zeros(seed.shape), np.zeros(seed.shape)
        product = np.empty(seed.shape)
        seeds = seed.ravel()
        for level, born in enumerate(self._born):
            order = self._top - level
            now.ravel()[born] = seeds[born]
            i, k = self._first_q[order], self._first_r[order]
            yield Order(order, int(i), int(k), now[i:, k:])
            if order == 0:
                return
            inner = product[i:, k:]
            np.multiply(now[i:, k:], self._inverse[i:, k:], out=inner)
            inner *= 2 * order + 1
            below = self.above[i:, k:]
            np.subtract(inner, below, out=below)
            now, self.above = self.above, now
