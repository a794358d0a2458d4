r"""A rival that is no lipid nanoparticle: one population of plain bodies, homogeneous ellipsoids from flat discs to long rods.

.. math:: I(q) = a \int e^{-t^2/2} e^{6 s t} P(q R e^{s t}, \nu)\, dt + b, \quad
          P(x, \nu) = \int_0^1 f^2\!\left(x \sqrt{1 + u^2 (\nu^2 - 1)}\right) du, \quad f(x) = 3 (\sin x - x \cos x) / x^3

with the semi-axes R, R and :math:`\nu R`, whose logarithms are normal with standard deviation s. A mixture of lipid nanoparticles has
so many sizes and widths that it can follow the curve of a single population of other bodies; where that population does as well
with its five parameters, the mixture is no safe reading.

References
----------
Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter
from scipy.optimize import least_squares

from engine.curve import Array
from engine.inference.shapes import ShapeTable

LOG_STEP = 0.025
LOG_X = np.arange(np.log(0.002), np.log(1500.0), LOG_STEP)
"""ln(q R) of the table."""

LOG_RATIOS = np.linspace(np.log(1 / 12), np.log(12), 101)
"""ln of the axial ratio; steps of 5 %, so that a spline follows the oscillations that a spread of sizes leaves."""

SPREADS = np.array([0.03, 0.06, 0.10, 0.15, 0.21, 0.28])
"""Standard deviations of ln R."""

RADII = np.log(1.0), np.log(120.0)
"""Least and largest ln R [nm]."""

LONGEST = 200.0
"""Longest semi-axis [nm]."""

PARAMETERS = 5
"""Scale, background, size, spread and axial ratio."""

_NODES, _FAR = 96, 60.0


@dataclass(frozen=True, slots=True)
class PlainBodies:
    """The best single population of ellipsoids: sum of squares over the bins, semi-axis R [nm], axial ratio and spread."""

    chi2: float
    radius: float
    ratio: float
    spread: float

    @property
    def round(self) -> bool:
        """True where the bodies are spheres but for a fifth: those are a known type."""
        return 0.8 < self.ratio < 1.25

    @property
    def words(self) -> str:
        """What the bodies are, in a few words."""
        wide, long = (f"{float(f'{edge:.3g}'):g} nm" for edge in (2 * self.radius, 2 * self.radius * self.ratio))
        if self.round:
            return f"solid spheres of {wide}"
        ends = f"{wide} wide, {long} long"
        return f"elongated bodies, {ends}" if self.ratio > 1 else f"flat bodies, {ends}"


@lru_cache(maxsize=1)
def _table() -> Array:
    """Return ln I by axial ratio, spread and ln x, shape (ratios, spreads, x), and its spline coefficients."""
    u, share = np.polynomial.legendre.leggauss(_NODES)
    u, share = (u + 1) / 2, share / 2
    fine = np.exp(LOG_X)
    single = np.empty((LOG_RATIOS.size, LOG_X.size))
    for i, ratio in enumerate(np.exp(LOG_RATIOS)):
        single[i] = _sphere(np.multiply.outer(fine, np.sqrt(1 + u**2 * (ratio**2 - 1)))) @ share
    averaged = np.empty((LOG_RATIOS.size, SPREADS.size, LOG_X.size))
    for j, spread in enumerate(SPREADS):
        steps = np.arange(
            -int(4.5 * spread / LOG_STEP + 8 * spread**2 / LOG_STEP) - 1, int(4.5 * spread / LOG_STEP + 8 * spread**2 / LOG_STEP) + 2
        )
        t = steps * LOG_STEP
        weight = np.exp(-(t**2) / (2 * spread**2) + 6 * t)
        padded = np.pad(single, ((0, 0), (-steps[0], steps[-1])), mode="edge")
        averaged[:, j] = sum(w * padded[:, k : k + LOG_X.size] for k, w in enumerate(weight / weight.sum()))
    return np.log(averaged)


def _sphere(x: Array) -> Array:
    """Return f²(x), far out its mean over an oscillation."""
    near = np.minimum(x, _FAR)
    amplitude = 3 * (np.sin(near) - near * np.cos(near)) / near**3
    small = near < 0.05
    return np.where(x > _FAR, 4.5 / np.maximum(x, 1.0) ** 4, np.where(small, 1 - near**2 / 5, amplitude**2))


@lru_cache(maxsize=1)
def _coefficients() -> Array:
    return np.asarray(spline_filter(_table(), order=3))


def plain_bodies(shapes: ShapeTable, q: Array, *, starts: int = 4) -> PlainBodies:
    """Return the best fit of one population of ellipsoids to the bins at *q*, shape (m,): a scan of all sizes, then least squares."""
    flat = shapes.flat / np.linalg.norm(shapes.flat)
    data = shapes.data - flat * (flat @ shapes.data)

    def residual(x: Array) -> Array:
        shape = _intensity(q, *x) * shapes.flat
        shape -= flat * (flat @ shape)
        return np.asarray(data - shape * max(float(data @ shape), 0.0) / max(float(shape @ shape), 1e-300))

    low = [RADII[0], LOG_RATIOS[0], np.log(SPREADS[0])]
    high = [RADII[1], LOG_RATIOS[-1], np.log(SPREADS[-1])]
    found = []
    for start in _scan(shapes, q, data, flat)[:starts]:
        fit = least_squares(residual, start, bounds=(low, high), x_scale=[0.05, 0.1, 0.2], max_nfev=30)
        found.append((2 * float(fit.cost), fit.x))
    chi2, best = min(found, key=lambda item: item[0])
    radius, ratio, spread = np.exp(best)
    return PlainBodies(chi2, float(radius), float(ratio), float(spread))


def _intensity(q: Array, log_radius: float, log_ratio: float, log_spread: float) -> Array:
    """Return I(q) but for its scale."""
    x = (np.log(q) + log_radius - LOG_X[0]) / LOG_STEP
    ratio = (log_ratio - LOG_RATIOS[0]) / (LOG_RATIOS[1] - LOG_RATIOS[0])
    spread = np.interp(log_spread, np.log(SPREADS), np.arange(SPREADS.size))
    where = np.stack([np.full(q.size, ratio), np.full(q.size, spread), x])
    logarithm = map_coordinates(_coefficients(), where, order=3, mode="nearest", prefilter=False)
    return np.asarray(np.exp(logarithm - logarithm.max()))


def _scan(shapes: ShapeTable, q: Array, data: Array, flat: Array) -> list[Array]:
    """Return starting points, best first, from every fourth axial ratio, all spreads but one in two, and sizes in steps of 10 %."""
    every, stride = 4, 4
    place = (np.log(q) - LOG_X[0]) / LOG_STEP
    left = np.floor(place).astype(int)
    rest = place - left
    shifts = np.arange(int(RADII[0] / LOG_STEP), int(RADII[1] / LOG_STEP), stride)
    tables = _table()[::every, ::2]
    index = np.clip(left[None, :] + shifts[:, None], 0, LOG_X.size - 2)
    logarithm = tables[:, :, index] * (1 - rest) + tables[:, :, index + 1] * rest
    curves = np.exp(logarithm - logarithm.max(axis=-1, keepdims=True)) * shapes.flat
    curves -= (curves @ flat)[..., None] * flat
    gain = np.maximum(curves @ data, 0) ** 2 / np.maximum((curves**2).sum(axis=-1), 1e-300)
    long = np.exp(shifts * LOG_STEP)[None, None, :] * np.maximum(1, np.exp(LOG_RATIOS[::every]))[:, None, None] > LONGEST
    gain = np.where(long, -1.0, gain)
    ratios, spreads = LOG_RATIOS[::every], np.log(SPREADS[::2])
    chosen: list[tuple[int, int, int]] = []
    for at in np.argsort(gain, axis=None)[::-1][:400]:
        i, j, k = (int(n) for n in np.unravel_index(at, gain.shape))
        if all(abs(i - a) > 2 or abs(k - c) > 2 for a, _, c in chosen):
            chosen.append((i, j, k))
    return [np.array([shifts[k] * LOG_STEP, ratios[i], spreads[j]]) for i, j, k in chosen]
