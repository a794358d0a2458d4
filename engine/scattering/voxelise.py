r"""From a body of revolution to a map on a cubic lattice.

Three ways to fill a voxel:

- the volume mean of the contrast in it (anti-aliased), the one to compute with;
- the contrast at its centre (sharp), for comparison;
- the placement of the paper, :func:`paper_lattice`, to reproduce its curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.errors import ParameterError, UnsupportedModel
from engine.models.geometry import Above, Below, Body, Ellipsoid, Particle, Piece, Solid
from engine.models.lobes import TwoLobes
from engine.models.sections import extent, quadric, region_labels
from engine.models.voxel_map import VoxelMap, check_shape
from engine.progress import Report, Step, silent

PAPER_LATTICE = 100
"""Voxels of the paper's lattice along each axis."""

PAPER_CENTRE = 50.0
"""Index at which the paper puts the middle of every particle: half a voxel above the middle of its lattice."""

LINES_PER_BLOCK = 4096
"""Lines along z worked on at once; it bounds the work arrays to some ten MB."""


class VoxelFactor(Enum):
    """What a solver does with the Fourier transform squared of a voxel, prod sinc²(q_m a / 2), m = x, y, z."""

    DIVIDE = "divide"
    """Undo the smoothing by the voxel: right for volume means."""

    MULTIPLY = "multiply"
    """Fill each voxel with its value: the continuous-density correction of the paper, for values at points."""

    NONE = "none"


def voxelise(particle: Particle, spacing: float = 1.0, supersample: int = 8, *, sharp: bool = False, report: Report = silent) -> VoxelMap:
    r"""Map of a body of revolution, on the smallest lattice around it, with the axis in its middle.

    A voxel holds the mean contrast in it,

    .. math:: \rho_{ijk} = a^{-3} \int_{\mathrm{voxel}} \rho \, d^3 r

    exact along z, where every piece is one interval, and by the midpoints of ``supersample``² lines across x and y.

    Parameters
    ----------
    particle : Particle
        A body of revolution.
    spacing : float
        Edge a of a voxel [nm].
    supersample : int
        Lines per voxel along x and along y, 1 to 64.
    sharp : bool
        Take the contrast at the voxel's centre instead.
    report : Report
        Hears of each block of lines.

    Returns
    -------
    VoxelMap
        Centred on the axis in x and y and on the body's middle in z.

    Raises
    ------
    UnsupportedModel
        If the particle is no body of revolution.
    ParameterError
        If the spacing or supersampling is impossible, or the map would be too large.
    """
    body = body_of(particle)
    if not (math.isfinite(spacing) and spacing > 0):
        raise ParameterError(f"A voxel of {spacing} nm is refused; give a positive length.", "spacing")
    if not 1 <= supersample <= 64:
        raise ParameterError(f"supersample = {supersample} is refused; give 1 to 64 lines per voxel.", "supersample")
    lattice = _lattice_around(body, spacing)
    density = _sharp(body, lattice) if sharp else _volume_means(body, lattice, supersample, report)
    return VoxelMap(density=density, spacing=spacing, origin=lattice.origin)


def paper_lattice(particle: Particle) -> VoxelMap:
    """Map of a particle as the paper places it: 100³ voxels of 1 nm at integer positions 0 to 99, the particle's middle at 50.

    A voxel is inside a solid if its position is, the surface included. At even lengths D the ends of the lobes fall on a
    position, and rounding decides whether it belongs to them; so the lobes are computed by the paper's own steps, with
    alpha = 0.2 + 0.01 (D - 20) for D / 100.

    Returns
    -------
    VoxelMap
        Shape (100, 100, 100), spacing 1 nm; (0, 0, 0) nm lies at index 50.

    Raises
    ------
    UnsupportedModel
        If the particle is no body of revolution.
    ParameterError
        If it reaches beyond the lattice.

    References
    ----------
    T. Li, Physics-based SAXS Simulation and ML Characterization of LNPs, Cornell University (2025).
    """
    body = body_of(particle)
    reach = max(-extent(body)[0], extent(body)[1], _lateral_reach(body))
    if reach > PAPER_CENTRE * (1 + 1e-12):
        raise ParameterError(
            f"The particle reaches {reach:.4g} nm from its middle; the paper's lattice of {PAPER_LATTICE} nm holds 50 nm. "
            "Make it smaller, or place it on a lattice of its own."
        )
    place = np.arange(PAPER_LATTICE, dtype=np.float64) - PAPER_CENTRE
    squared_s = place[:, None, None] ** 2 + place[None, :, None] ** 2
    lobes = _paper_lobes(particle, place) if isinstance(particle, TwoLobes) else {}
    density = np.zeros((PAPER_LATTICE,) * 3)
    for piece in body.pieces:
        inside = np.ones(density.shape, dtype=np.bool_)
        for solid in piece.solids:
            inside &= lobes[solid] if solid in lobes else _holds(solid, squared_s, place)
        density[inside] = body.contrasts[piece.region]
    return VoxelMap(density=density, spacing=1.0, origin=(-PAPER_CENTRE,) * 3)


def body_of(particle: Particle) -> Body:
    """Geometry of *particle*.

    Raises
    ------
    UnsupportedModel
        If it has none.
    """
    if not isinstance(particle, Particle):
        raise UnsupportedModel(f"Only bodies of revolution can be put on a lattice, not {type(particle).__name__}.")
    return particle.body()


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Voxels around a body: ``across`` of them along x and y, ``along`` along z, the first face of the latter at ``low``."""

    across: int
    along: int
    low: float
    spacing: float

    @property
    def first(self) -> float:
        """Centre of the first voxel along x and y [nm]."""
        return -(self.across - 1) / 2 * self.spacing

    @property
    def origin(self) -> tuple[float, float, float]:
        return self.first, self.first, self.low + self.spacing / 2


def _lattice_around(body: Body, spacing: float) -> _Lattice:
    low, high = extent(body)
    across, along = (_count(2 * _lateral_reach(body), spacing), _count(high - low, spacing))
    check_shape((across, across, along))
    return _Lattice(across, along, (low + high - along * spacing) / 2, spacing)


def _count(length: float, spacing: float) -> int:
    return max(1, math.ceil(length / spacing - 1e-9))


def _lateral_reach(body: Body) -> float:
    """Largest distance from the axis that a piece could have [nm]."""
    return max((min(_radius(solid) for solid in piece.solids) for piece in body.pieces), default=0.0)


def _radius(solid: Solid) -> float:
    if isinstance(solid, Above | Below):
        return math.inf
    return solid.equatorial if isinstance(solid, Ellipsoid) else solid.radius


def _contrast_table(body: Body) -> Array:
    """Contrasts by region label; the last, which the label -1 picks, is the solvent's."""
    return np.array([*body.contrasts.values(), 0.0])


def _sharp(body: Body, lattice: _Lattice) -> Array:
    x = lattice.first + lattice.spacing * np.arange(lattice.across, dtype=np.float64)
    z = lattice.origin[2] + lattice.spacing * np.arange(lattice.along, dtype=np.float64)
    table = _contrast_table(body)
    density = np.empty((lattice.across, lattice.across, lattice.along))
    for plane, value in zip(density, x, strict=True):
        plane[:] = table[region_labels(body, (value**2 + x**2)[:, None], z[None, :])]
    return density


def _volume_means(body: Body, lattice: _Lattice, supersample: int, report: Report) -> Array:
    """Means over each voxel, from one eighth of the columns: the others are their mirror images."""
    half = (lattice.across + 1) // 2
    row, column = np.tril_indices(half)
    means = np.empty((row.size, lattice.along))
    block = max(1, LINES_PER_BLOCK // supersample**2)
    for start in range(0, row.size, block):
        report(Step(start, row.size, "voxels"))
        part = slice(start, start + block)
        squared_s = _squared_distances(lattice, row[part], column[part], supersample)
        lines = _line_means(body, squared_s.ravel(), lattice)
        means[part] = lines.reshape(*squared_s.shape, lattice.along).mean(axis=1)
    report(Step(row.size, row.size, "voxels"))
    return _unfold(means, row, column, lattice)


def _squared_distances(lattice: _Lattice, row: NDArray[np.intp], column: NDArray[np.intp], supersample: int) -> Array:
    """s² of the lines through each column of voxels [nm²], shape (n_columns, supersample²)."""
    inner = ((np.arange(supersample) + 0.5) / supersample - 0.5) * lattice.spacing
    x, y = ((lattice.first + lattice.spacing * index)[:, None] + inner for index in (row, column))
    squared: Array = x[:, :, None] ** 2 + y[:, None, :] ** 2
    return squared.reshape(row.size, -1)


def _unfold(means: Array, row: NDArray[np.intp], column: NDArray[np.intp], lattice: _Lattice) -> Array:
    density = np.empty((lattice.across, lattice.across, lattice.along))
    for i, j in ((row, column), (column, row)):
        for x in (i, lattice.across - 1 - i):
            for y in (j, lattice.across - 1 - j):
                density[x, y] = means
    return density


def _line_means(body: Body, squared_s: Array, lattice: _Lattice) -> Array:
    """Mean contrast in each voxel along lines parallel to z, shape (n_lines, along).

    A piece, being convex, covers one interval of a line. Between two neighbouring ends of intervals the last piece painted counts.
    """
    intervals = [_interval(piece, squared_s) for piece in body.pieces]
    ends = np.sort(np.concatenate(intervals), axis=0)
    middle = (ends[:-1] + ends[1:]) / 2
    contrast = np.zeros(middle.shape)
    for piece, (low, high) in zip(body.pieces, intervals, strict=True):
        contrast[(low < middle) & (middle < high)] = body.contrasts[piece.region]
    faces = lattice.low + lattice.spacing * np.arange(lattice.along + 1)
    integral = np.zeros((squared_s.size, faces.size))
    for low, high, value in zip(ends[:-1], ends[1:], contrast, strict=True):
        if value.any():
            integral += value[:, None] * np.clip(faces, low[:, None], high[:, None])
    means: Array = np.diff(integral, axis=1) / lattice.spacing
    return means


def _interval(piece: Piece, squared_s: Array) -> Array:
    """Lower and upper z [nm] of *piece* on each line, shape (2, n_lines); both 0 where the line misses it."""
    low, high = np.full(squared_s.shape, -np.inf), np.full(squared_s.shape, np.inf)
    for solid in piece.solids:
        if isinstance(solid, Above):
            low = np.maximum(low, solid.plane)
        elif isinstance(solid, Below):
            high = np.minimum(high, solid.plane)
        elif isinstance(solid, Ellipsoid):
            height = solid.polar * np.sqrt(np.maximum(1 - squared_s / solid.equatorial**2, 0.0))
            low, high = np.maximum(low, solid.centre - height), np.minimum(high, solid.centre + height)
        else:
            low = np.where(squared_s <= solid.radius**2, low, np.inf)
    return np.where(low < high, [low, high], 0.0)


def _holds(solid: Solid, squared_s: Array, z: Array) -> NDArray[np.bool_]:
    if isinstance(solid, Above):
        return np.asarray(z >= solid.plane)
    if isinstance(solid, Below):
        return np.asarray(z <= solid.plane)
    return np.asarray(squared_s <= quadric(solid).squared_radius(z))


def _paper_lobes(particle: TwoLobes, place: Array) -> Mapping[Solid, NDArray[np.bool_]]:
    """Which voxels each lobe holds, outer and inner, by the steps of the paper's arithmetic."""
    alpha = 0.2 + (particle.diameter - 20.0) * 0.01
    r1, r2 = (round(100 * ratio, 10) * alpha for ratio in (particle.equatorial_ratio, particle.polar_ratio))
    upper, lower = (1 + alpha) * 100 / 2 - r1, (1 - alpha) * 100 / 2 + r2
    index = place + PAPER_CENTRE

    def held(equatorial: float, polar: float, centre: float) -> NDArray[np.bool_]:
        across = (place / equatorial) ** 2
        return np.asarray((across[:, None] + across[None, :])[:, :, None] + ((index - centre) / polar) ** 2 <= 1)

    lobes: dict[Solid, NDArray[np.bool_]] = {}
    for less in {0.0, particle.shell_thickness}:
        if r1 > less:
            lobes[particle.lobe_a(less)] = held(r1 - less, r1 - less, upper)
        if r1 > less and r2 > less:
            lobes[particle.lobe_b(less)] = held(r1 - less, r2 - less, lower)
    return lobes
