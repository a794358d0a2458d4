"""What the solvers are measured against: closed forms, a quadrature over height and orientation, and the envelope of a curve."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.special import j1

from engine.curve import Array
from engine.models.geometry import Body
from engine.models.sections import OUTSIDE, break_heights, extent, quadrics, region_labels


def sphere(q: Array, radius: float) -> Array:
    """F(q) of a sphere of contrast 1: V 3 (sin x - x cos x) / x³ with x = q R."""
    x = q * radius
    series = 1 / 3 - x**2 / 30 + x**4 / 840 - x**6 / 45360
    large = np.maximum(x, 0.1)
    closed = (np.sin(large) - large * np.cos(large)) / large**3
    return np.asarray(4 * np.pi * radius**3 * np.where(x < 0.1, series, closed))


def core_shell_sphere(q: Array, core: float, outer: float, sld_core: float, sld_shell: float) -> Array:
    """I(q) of concentric spheres with the radii *core* and *outer*."""
    return np.asarray(((sld_core - sld_shell) * sphere(q, core) + sld_shell * sphere(q, outer)) ** 2)


def cylinder(q: Array, radius: float, height: float) -> Array:
    """I(q) of a cylinder of contrast 1: its closed amplitude, averaged over orientations by Gauss-Legendre nodes."""
    angle, weight = _angles(60 + 0.6 * float(q.max()) * (height + 2 * radius), np.pi / 2)
    along, across = np.outer(q, np.cos(angle)) * height / 2, np.maximum(np.outer(q, np.sin(angle)) * radius, 1e-9)
    amplitude = np.pi * radius**2 * height * np.sinc(along / np.pi) * 2 * j1(across) / across
    return np.asarray(amplitude**2 @ (weight * np.sin(angle)))


def by_quadrature(body: Body, q: Array) -> Array:
    r"""I(q) of any body of revolution, by Gauss-Legendre nodes in height and orientation.

    .. math:: F(q, u) = \int dz\, e^{iquz} \sum_k \Delta_k(z) \frac{2 \pi R_k(z) J_1(q s R_k(z))}{q s}, \quad s = \sqrt{1 - u^2}

    where the density of the section at z falls by Delta_k at the radius R_k. No multipoles, no Bessel recursion, no interpolation.
    """
    low, high = extent(body)
    breaks = break_heights(body)
    breaks = breaks[(breaks >= low) & (breaks <= high)]
    width = 2 * float(np.sqrt(max(surface.squared_radius(breaks).max() for surface in quadrics(body))))
    result = np.empty(q.shape)
    for i, value in enumerate(q):
        angle, weight = _angles(40 + 0.6 * value * (high - low + width), np.pi / 2)
        heights, steps = [], []
        for below, above in pairwise(breaks):
            turn, step = _angles(40 + 0.9 * value * (above - below + width / 2), np.pi)
            heights.append((below + above) / 2 - (above - below) / 2 * np.cos(turn))
            steps.append(step * (above - below) / 2 * np.sin(turn))
        z, dz = np.concatenate(heights), np.concatenate(steps)
        across = np.maximum(value * np.sin(angle), 1e-12)[:, None]
        section = sum(fall * 2 * np.pi * radius * j1(across * radius) / across for radius, fall in _falls(body, z))
        result[i] = np.abs((np.exp(1j * np.outer(value * np.cos(angle), z)) * section) @ dz) ** 2 @ (weight * np.sin(angle))
    return result


def _angles(count: float, end: float) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(int(count))
    return end / 2 * (node + 1), end / 2 * weight


def _falls(body: Body, z: Array) -> list[tuple[Array, Array]]:
    """Radii where the density of the section changes, and by how much it falls there."""
    squares = np.sort(np.stack([np.zeros(z.size), *(np.maximum(surface.squared_radius(z), 0.0) for surface in quadrics(body))]), axis=0)
    labels = region_labels(body, (squares[1:] + squares[:-1]) / 2, z)
    density = np.append(list(body.contrasts.values()), 0.0)[np.where(labels == OUTSIDE, -1, labels)]
    falls = density - np.vstack([density[1:], np.zeros(z.size)])
    return list(zip(np.sqrt(squares[1:]), falls, strict=True))


def envelope(intensity_at: Callable[[Array], Array], q: Array, diameter: float) -> Array:
    """Local envelope of an oscillating curve: its maximum from q - pi/D to q + pi/D, one fringe of the length D."""
    near = np.maximum(q[:, None] + np.linspace(-np.pi, np.pi, 41) / diameter, 0.0)
    return np.asarray(intensity_at(near.ravel()).reshape(near.shape).max(axis=1))


def largest_error(found: Array, expected: Array, fringes: Array) -> float:
    """Largest difference in units of the envelope."""
    return float(np.max(np.abs(found - expected) / fringes))


def median_log_error(found: Array, expected: Array, q: Array) -> float:
    """Median of log10(found / expected), without sign, over q < 2 /nm."""
    return float(np.median(np.abs(np.log10(found / expected))[q < 2]))
