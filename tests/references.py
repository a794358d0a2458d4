"""Form factors by other means than the solvers under test: closed forms, and a quadrature over z and orientation.

Nothing here uses the engine's numerics; a body is read only as a list of pieces.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid

Array = NDArray[np.float64]


def sphere_amplitude(q: Array, radius: float) -> Array:
    """F(q) of a sphere of contrast 1: 4 pi R³ (sin x - x cos x) / x³."""
    x = q * radius
    series = 1 / 3 - x**2 / 30 + x**4 / 840 - x**6 / 45360
    large = np.maximum(x, 0.1)
    closed = (np.sin(large) - large * np.cos(large)) / large**3
    return 4 * np.pi * radius**3 * np.where(x < 0.1, series, closed)


def concentric_spheres(q: Array, core: float, outer: float, sld_core: float, sld_shell: float) -> Array:
    """I(q) of a core in a shell about the same centre."""
    return ((sld_core - sld_shell) * sphere_amplitude(q, core) + sld_shell * sphere_amplitude(q, outer)) ** 2


def eccentric_spheres(q: Array, core: float, outer: float, distance: float, sld_core: float, sld_shell: float) -> Array:
    """I(q) of a core whose centre lies *distance* from that of the sphere around it (Debye's interference term)."""
    inner, whole = (sld_core - sld_shell) * sphere_amplitude(q, core), sld_shell * sphere_amplitude(q, outer)
    return inner**2 + whole**2 + 2 * inner * whole * np.sinc(q * distance / np.pi)


def cylinder(q: Array, radius: float, height: float) -> Array:
    """I(q) of a cylinder of contrast 1, by Gauss-Legendre over the orientation."""
    count = int(60 + 0.6 * q.max() * (height + 2 * radius))
    node, weight = np.polynomial.legendre.leggauss(count)
    angle = np.pi / 4 * (node + 1)
    along, across = np.outer(q, np.cos(angle)) * height / 2, np.outer(q, np.sin(angle)) * radius
    across = np.maximum(across, 1e-9)
    amplitude = np.pi * radius**2 * height * np.sinc(along / np.pi) * 2 * j1(across) / across
    return amplitude**2 @ (weight * np.pi / 4 * np.sin(angle))


def body_of_revolution(body: Body, q: Array, finer: float = 1.0) -> Array:
    r"""I(q) of any body by quadrature over height and orientation.

    .. math:: F(q, u) = \int dz\, e^{iquz} \sum_k \Delta_k(z) \frac{2 \pi R_k(z) J_1(q s R_k(z))}{q s}, \quad s = \sqrt{1 - u^2}

    where the density of the section at z falls by Delta_k at the radius R_k; I is the mean of |F|² over u in [0, 1].
    """
    result = np.empty(q.shape)
    low, high = _heights(body)[[0, -1]]
    width = 2 * max(_largest_radius(body), 1e-9)
    for i, value in enumerate(q):
        node, weight = np.polynomial.legendre.leggauss(int(finer * (40 + 0.6 * value * (high - low + width))))
        angle = np.pi / 4 * (node + 1)
        z, dz = _axis_rule(body, value, finer)
        amplitude = _amplitude(body, value, np.cos(angle), z, dz)
        result[i] = np.abs(amplitude) ** 2 @ (weight * np.pi / 4 * np.sin(angle))
    return result


def _amplitude(body: Body, q: float, u: Array, z: Array, dz: Array) -> NDArray[np.complex128]:
    across = np.maximum(q * np.sqrt(1 - u * u), 1e-12)[:, np.newaxis]
    total = np.zeros((u.size, z.size))
    for radius, drop in _steps(body, z):
        total += drop * 2 * np.pi * radius * j1(across * radius) / across
    return (np.exp(1j * np.outer(q * u, z)) * total) @ dz


def _steps(body: Body, z: Array) -> list[tuple[Array, Array]]:
    """Radii where the density of the section changes, and by how much it falls there."""
    edges = np.sort(np.stack([np.zeros(z.size), *_surface_radii(body, z)]), axis=0)
    density = np.stack([_density(body, (inner + outer) / 2, z) for inner, outer in pairwise(edges)] + [np.zeros(z.size)])
    return [(edges[k + 1], density[k] - density[k + 1]) for k in range(len(edges) - 1)]


def _surface_radii(body: Body, z: Array) -> list[Array]:
    radii = []
    for piece in body.pieces:
        for solid in piece.solids:
            if isinstance(solid, Ellipsoid):
                radii.append(solid.equatorial * np.sqrt(np.maximum(1 - ((z - solid.centre) / solid.polar) ** 2, 0)))
            elif isinstance(solid, Cylinder):
                radii.append(np.full(z.size, solid.radius))
    return radii


def _density(body: Body, s: Array, z: Array) -> Array:
    density = np.zeros(z.size)
    for piece in body.pieces:
        inside = np.ones(z.size, dtype=bool)
        for solid in piece.solids:
            if isinstance(solid, Ellipsoid):
                inside &= (s / solid.equatorial) ** 2 + ((z - solid.centre) / solid.polar) ** 2 <= 1
            elif isinstance(solid, Cylinder):
                inside &= s <= solid.radius
            elif isinstance(solid, Above):
                inside &= z >= solid.plane
            elif isinstance(solid, Below):
                inside &= z <= solid.plane
        density[inside] = body.contrasts[piece.region]
    return density


def _heights(body: Body) -> Array:
    """Heights of poles, planes and of circles where two surfaces cross (found by bisection)."""
    heights = []
    for piece in body.pieces:
        for solid in piece.solids:
            if isinstance(solid, Ellipsoid):
                heights += [solid.centre - solid.polar, solid.centre + solid.polar]
            elif isinstance(solid, Above | Below):
                heights.append(solid.plane)
    found = np.unique(np.round(heights, 13))
    crossings = [_crossings(body, low, high) for low, high in pairwise(found)]
    return np.unique(np.concatenate([found, *crossings]))


def _crossings(body: Body, low: float, high: float) -> Array:
    z = low + (high - low) * np.sin(np.pi / 2 * np.linspace(0, 1, 4001)) ** 2

    def ranks(points: Array) -> NDArray[np.intp]:
        return np.argsort(np.stack(_surface_radii(body, points)), axis=0, kind="stable")

    changed = np.flatnonzero((ranks(z[1:-2]) != ranks(z[2:-1])).any(axis=0))
    left, right = z[1:-2][changed], z[2:-1][changed]
    before = ranks(left)
    for _ in range(60):
        middle = (left + right) / 2
        same = (ranks(middle) == before).all(axis=0)
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return (left + right) / 2


def _largest_radius(body: Body) -> float:
    return max((solid.equatorial if isinstance(solid, Ellipsoid) else solid.radius)
               for piece in body.pieces for solid in piece.solids if isinstance(solid, Ellipsoid | Cylinder))  # fmt: skip


def _axis_rule(body: Body, q: float, finer: float) -> tuple[Array, Array]:
    heights = _heights(body)
    z, dz = [], []
    for low, high in pairwise(heights):
        count = int(finer * (40 + 0.9 * q * (high - low) + 0.9 * q * _largest_radius(body)))
        node, weight = np.polynomial.legendre.leggauss(count)
        angle = np.pi / 2 * (node + 1)
        z.append((low + high) / 2 - (high - low) / 2 * np.cos(angle))
        dz.append(weight * np.pi / 2 * (high - low) / 2 * np.sin(angle))
    return np.concatenate(z), np.concatenate(dz)


def local_envelope(intensity_at, q: Array, diameter: float, samples: int = 41) -> Array:
    """Return the local envelope of an oscillating I(q): its maximum over one oscillation, from q - pi/D to q + pi/D.

    Parameters
    ----------
    intensity_at : callable
        Gives I for a row of q; asked once.
    q : ndarray
        Where the envelope is wanted.
    diameter : float
        Length D [nm] whose fringes are 2 pi / D apart.
    """
    near = np.maximum(q[:, np.newaxis] + np.linspace(-np.pi, np.pi, samples) / diameter, 0.0)
    return intensity_at(near.ravel()).reshape(near.shape).max(axis=1)
