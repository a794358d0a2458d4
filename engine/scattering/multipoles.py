r"""Multipole moments of a body of revolution.

On the sphere of radius r the density is piecewise constant in u = cos(theta), so that

.. math:: \rho_l(r) = \int_{-1}^{1} \rho(r, u) P_l(u)\, du = \sum_b \Delta_b \Lambda_l(u_b), \quad
          \Lambda_l(u) = \frac{P_{l+1}(u) - P_{l-1}(u)}{2l + 1}

with :math:`\Delta_b` the density just below the break :math:`u_b` less the density just above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array, read_only
from engine.models.geometry import Body
from engine.models.sections import OUTSIDE, crossing_circles, planes, quadrics, real_roots, region_labels
from engine.scattering.bessel import first_order_below
from engine.scattering.chebyshev import ChebyshevGrid

_ORDERS_AT_ONCE = 48
_GROWTH = 3.0  # of neighbouring panels: a singularity just beyond the end of a panel must not be much nearer than the panel is long
_MERGE = 1e-13  # of the largest radius: radii closer than this are one
_LEAST_NODES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Sphere:
    """What the spheres around the origin cut out of a body, one row for each radius r.

    Parameters
    ----------
    u : ndarray, shape (n_r, n_b)
        Breaks in cos(theta), increasing from -1 to 1; some may coincide.
    labels : ndarray of int, shape (n_r, n_b - 1)
        Region between two breaks.
    """

    u: Array
    labels: NDArray[np.intp]


def cut(body: Body, r: Array) -> Sphere:
    """Return what the spheres of radii *r* > 0 cut out of *body*."""
    heights = [np.full((1, r.size), plane) for plane in planes(body)]
    heights += [real_roots(1 + surface.k2, surface.k1, surface.k0 - r * r) for surface in quadrics(body)]
    ends = np.broadcast_to(np.array([[-1.0], [1.0]]), (2, r.size))
    breaks = np.concatenate([ends, *(z / r for z in heights)])
    u = np.sort(np.clip(np.nan_to_num(breaks, nan=1.0), -1.0, 1.0), axis=0).T
    z = r[:, np.newaxis] * (u[:, 1:] + u[:, :-1]) / 2
    return Sphere(u, region_labels(body, np.maximum(r[:, np.newaxis] ** 2 - z * z, 0.0), z))


def panels(body: Body) -> Array:
    """Return the radial panels on which the moments of *body* are smooth, from the first to the last sphere that meets it.

    Returns
    -------
    ndarray, shape (n, 2)
        Ends of each panel [nm]; no panel is more than three times as long as its distance from the next singularity.
    """
    radii = _critical_radii(body)
    middle = cut(body, (radii[1:] + radii[:-1]) / 2)
    filled = np.flatnonzero(((middle.labels != OUTSIDE) & (np.diff(middle.u) > 0)).any(axis=1))
    if not filled.size:
        return np.empty((0, 2))
    gaps = np.concatenate([[np.inf], np.diff(radii), [np.inf]])
    edges = [_graded(radii[k], radii[k + 1], gaps[k], gaps[k + 2]) for k in range(filled[0], filled[-1] + 1)]
    return np.concatenate([np.column_stack([ends[:-1], ends[1:]]) for ends in edges])


def _critical_radii(body: Body) -> Array:
    circles = crossing_circles(body)
    found = [np.zeros(1), np.abs(planes(body)), np.hypot(circles[:, 0], np.sqrt(circles[:, 1]))]
    for surface in quadrics(body):  # where a sphere touches the surface: the vertex of r² = k0 + k1 z + (1 + k2) z²
        with np.errstate(divide="ignore", invalid="ignore"):
            vertex = surface.k0 - np.divide(surface.k1**2, 4 * (1 + surface.k2)) if surface.k1 else np.float64(surface.k0)
        found.append(np.sqrt(np.abs(np.atleast_1d(vertex))))
    radii = np.unique(np.concatenate(found))
    radii = radii[np.isfinite(radii)]
    return np.asarray(radii[np.diff(radii, prepend=-np.inf) > _MERGE * radii[-1]])


def _graded(low: float, high: float, gap_low: float, gap_high: float) -> Array:
    half = (high - low) / 2
    up = low + gap_low * _steps(half / gap_low)
    down = high - gap_high * _steps(half / gap_high)
    return np.concatenate([[low], up, down[::-1], [high]])


def _steps(limit: float) -> Array:
    count = int(np.log1p(limit) / np.log1p(_GROWTH))
    return np.asarray((1 + _GROWTH) ** np.arange(1, count + 1) - 1.0, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RadialRule:
    """Quadrature that gives the integral of f(r) r² dr over the body as the sum of weight * f(r); *r* increases."""

    r: Array
    weight: Array


def radial_rule(body: Body, q_max: float, refinement: float = 1.0) -> RadialRule:
    """Return the rule for the moments of *body*, which is not empty, times functions of r of bandwidth *q_max*.

    Each panel is mapped by r = middle - half cos(t), which makes square roots at its ends analytic, and takes Gauss-Legendre nodes in t.
    """
    ends = panels(body)
    radii, weights = [], []
    for (low, high), count in zip(ends, _node_counts(body, ends, q_max, refinement), strict=True):
        node, weight = _gauss(int(count))
        t, half = np.pi / 2 * (1 + node), (high - low) / 2
        r = low + 2 * half * np.sin(t / 2) ** 2
        radii.append(r)
        weights.append(np.pi / 2 * weight * half * np.sin(t) * r * r)
    return RadialRule(np.concatenate(radii), np.concatenate(weights))


def _node_counts(body: Body, ends: Array, q_max: float, refinement: float) -> NDArray[np.intp]:
    """Count the nodes from the phase that the integrand runs through: q dr along the radius and l dtheta along the breaks."""
    low, high = ends[:, :1], ends[:, 1:]
    share = np.sin(np.pi / 2 * np.linspace(0.01, 0.99, 9)) ** 2
    u = cut(body, (low + (high - low) * share).ravel()).u.reshape(len(ends), share.size, -1)
    turn = np.abs(np.diff(np.arccos(u), axis=1)).sum(axis=1).max(axis=1)
    phase = q_max * (high - low)[:, 0] + first_order_below(q_max * high[:, 0]) * turn
    # Gauss-Legendre errs on exp(i k t), |t| <= 1, like J_2n(k); the map by cos(t) makes k = pi/4 of the phase
    k = np.pi / 4 * phase
    return np.asarray(np.ceil(refinement * (_LEAST_NODES + (k + 10 * np.cbrt(k)) / 2)), dtype=np.intp)


def moments(body: Body, mix: Array, rule: RadialRule, grid: ChebyshevGrid, out: Array, q_max: float) -> None:
    r"""Write the moments of *body*, projected on a grid of radii shared with other bodies.

    .. math:: B_{lcn} = \int \sum_i \rho_{l,i}(r)\, m_{ic}\, L_n(r)\, r^2 dr, \quad
              \int \rho_l j_l(qr) r^2 dr = \sum_n j_l(q r_n) B_{ln}

    with L_n the cardinal functions of the grid.

    Parameters
    ----------
    body : Body
        Whose regions are the rows of *mix*.
    mix : ndarray, shape (n_regions, n_c)
        How much of each region goes into each column.
    rule : RadialRule
        Quadrature for this body.
    grid : ChebyshevGrid
        Shared radii, n_r of them.
    out : ndarray, shape (n_l, n_c, n_r)
        Filled with B for l = 0, ..., n_l - 1.
    q_max : float
        Moments that meet a j_l(q r) below 1e-17 for all q up to here are left 0.
    """
    sphere = cut(body, rule.r)
    filled = np.concatenate([mix, np.zeros((1, mix.shape[1]))])[sphere.labels]  # OUTSIDE, -1, takes the zero row
    project = grid.matrix_to(rule.r) * rule.weight[:, np.newaxis]
    out[0] = np.einsum("kb,kbc->ck", np.diff(sphere.u), filled) @ project
    jumps = filled[:, :-1] - filled[:, 1:]
    node, place = np.nonzero(jumps.any(axis=2) & (np.abs(sphere.u[:, 1:-1]) < 1))
    jump, u = jumps[node, place], sphere.u[node, place + 1]
    reach = first_order_below(q_max * rule.r)[node]
    for first, start, block in _legendre_jumps(u, reach, len(out)):
        for column in range(mix.shape[1]):
            some = np.flatnonzero(jump[start:, column])
            side = project[node[start:][some]] * jump[start:, column][some, np.newaxis]
            out[first : first + len(block), column] = block[:, some] @ side


def _legendre_jumps(u: Array, reach: NDArray[np.intp], n_l: int) -> Iterator[tuple[int, int, Array]]:
    """Yield (first l, first element, Lambda_l(u) of the elements from there on) for blocks of l from 1 to *n_l* - 1; *reach* increases."""
    below, now = np.ones(u.shape), u.copy()
    start = 0
    for first in range(1, n_l, _ORDERS_AT_ONCE):
        skip = int(np.searchsorted(reach[start:], first))
        start, below, now = start + skip, below[skip:], now[skip:]
        if not now.size:
            return
        x = u[start:]
        count = min(_ORDERS_AT_ONCE, n_l - first)
        p = np.empty((count + 2, x.size))
        p[0], p[1] = below, now
        for k in range(count):
            degree = first + k
            np.multiply(p[k + 1], x, out=p[k + 2])
            p[k + 2] *= (2 * degree + 1) / (degree + 1)
            p[k + 2] -= degree / (degree + 1) * p[k]
        below, now = p[count], p[count + 1]
        yield first, start, (p[2:] - p[:-2]) / (2 * np.arange(first, first + count) + 1.0)[:, np.newaxis]


@lru_cache(maxsize=512)
def _gauss(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return read_only(nodes), read_only(weights)
