"""Interpolation of band-limited functions from Chebyshev nodes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Array, read_only


@dataclass(frozen=True, slots=True, eq=False)
class ChebyshevGrid:
    """Chebyshev nodes of the first kind on [low, high], increasing, with their barycentric weights."""

    nodes: Array
    weights: Array

    @classmethod
    def on(cls, low: float, high: float, count: int) -> ChebyshevGrid:
        """Return *count* nodes on [low, high]."""
        angle = np.pi * (np.arange(count) + 0.5) / count
        return cls(
            read_only((low + high) / 2 - (high - low) / 2 * np.cos(angle)), read_only(np.sin(angle) * (1.0 - 2.0 * (np.arange(count) % 2)))
        )

    def matrix_to(self, points: Array) -> Array:
        """Return the matrix, shape (n_points, n_nodes), that turns values at the nodes into values at *points*."""
        distance = np.subtract.outer(points, self.nodes)
        hits = distance == 0
        distance[hits] = 1.0
        matrix = self.weights / distance
        matrix /= matrix.sum(axis=1, keepdims=True)
        on_node = hits.any(axis=1)
        matrix[on_node] = hits[on_node]
        return matrix


def count_for(phase: float) -> int:
    r"""Return how many Chebyshev nodes carry a function of given bandwidth to 1e-13.

    The coefficients of :math:`e^{i x y}` on :math:`-1 \le y \le 1` are Bessel functions :math:`J_n(x)`, which fall below
    1e-13 of their peak beyond :math:`n = x + 10 x^{1/3}`.

    Parameters
    ----------
    phase : float
        Bandwidth times the length of the interval, 2 x.
    """
    x = phase / 2
    return math.ceil(x + 10 * math.cbrt(x)) + 4
