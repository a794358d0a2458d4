r"""The lattice solver: the paper's pipeline, every step of it a switch.

Place the particle on a cubic lattice, cut out its middle, pad it, Fourier transform, weight by the voxel's transform squared,
average over orientations. The padded cube is nearly all zeros and the particle real, so the cube never exists: the transform
along z is taken of the filled columns only and for half of the frequencies; each of its planes is then transformed along y and x,
reduced to sums over spheres, and forgotten.

References
----------
K. Schmidt-Rohr, J. Appl. Cryst. 40 (2007) 16, doi:10.1107/S002188980604550X.
T. Li, Physics-based SAXS Simulation and ML Characterization of LNPs, Cornell University (2025).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
import scipy.fft

from engine.curve import Array, Curve
from engine.errors import ParameterError
from engine.models.geometry import Particle
from engine.models.voxel_map import VoxelMap
from engine.progress import Report, Step, silent
from engine.scattering.orientation import Average, ShellSums, radial_average
from engine.scattering.resampling import resample
from engine.scattering.voxelise import VoxelFactor, paper_lattice, voxelise

MAX_PADDED = 2048
"""Most points of the padded cube along one axis."""

SINC_OFFSET = 1e-8
"""Added by the published program to the argument of the sinc, so that it is never 0/0. It cancels between k and -k and is felt in
the one plane without a partner, at the Nyquist frequency: 1e-9 of the last bin."""


class Placement(Enum):
    """How a particle gets onto the lattice."""

    PAPER = "paper"
    SHARP = "sharp"
    VOLUME_MEAN = "volume mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeSettings:
    """The steps of the lattice solver; the defaults are the paper's.

    Parameters
    ----------
    placement : Placement
        How a particle gets onto the lattice; a voxel map is taken as it is.
    spacing : float
        Edge of a voxel [nm]; the paper's placement knows only 1.
    supersample : int
        Lines per voxel edge, for volume means.
    crop : bool
        Cut the middle M³ out of the map before padding. Without, M is the map's longest edge.
    edge : int, optional
        The M to cut out. If not given, it is the particle's diameter for the paper's placement, else the smallest that loses nothing.
    padding_ratio : float
        Edge of the padded cube over M, 1 to 64.
    voxel_factor : VoxelFactor
        What becomes of the Fourier transform squared of a voxel, prod sinc²(q_m a / 2).
    average : Average
        What the sums over radial bins are divided by.
    sharing : bool
        Share a lattice point between two radial bins.
    """

    placement: Placement = Placement.PAPER
    spacing: float = 1.0
    supersample: int = 8
    crop: bool = True
    edge: int | None = None
    padding_ratio: float = 6.0
    voxel_factor: VoxelFactor = VoxelFactor.MULTIPLY
    average: Average = Average.IMPROVED
    sharing: bool = True

    def __post_init__(self) -> None:
        if not 1.0 <= self.padding_ratio <= 64.0:
            raise ParameterError(f"A padding ratio of {self.padding_ratio} is refused; give 1 to 64.", "padding_ratio")
        if self.edge is not None and self.edge < 1:
            raise ParameterError(f"A middle of {self.edge} voxels is refused; give at least 1.", "edge")
        if self.placement is Placement.PAPER and self.spacing != 1.0:
            raise ParameterError(
                f"The paper's placement has voxels of 1 nm, not {self.spacing:g} nm; choose another placement to change it.", "spacing"
            )


PAPER = LatticeSettings()
"""What the paper's published curves were made with."""


def form_factor(particle: Particle | VoxelMap, q: Array, *, settings: LatticeSettings = PAPER, report: Report = silent) -> Array:
    """Orientation mean of |F(q)|² of one particle, carried from the solver's bins to any q.

    Parameters
    ----------
    particle : Particle or VoxelMap
        A body of revolution or a map.
    q : ndarray, shape (n,)
        Scattering vector [1/nm], from 0 to the Nyquist limit pi / a.
    settings : LatticeSettings
        The steps.
    report : Report
        Hears of each plane of the reciprocal lattice.

    Returns
    -------
    ndarray, shape (n,)
        I(q) [(1e-6/Å²)² nm⁶].

    Raises
    ------
    UnsupportedModel
        If the particle is neither map nor body.
    ParameterError
        If it does not fit the lattice, the padded cube would be too large, or q is beyond the last bin.
    """
    return resample(lattice_form_factor(particle, settings=settings, report=report), q)


def lattice_form_factor(particle: Particle | VoxelMap, *, settings: LatticeSettings = PAPER, report: Report = silent) -> Curve:
    """Orientation mean of |F(q)|² at the solver's own bins, q = 2 pi k / (N a).

    Returns
    -------
    Curve
        k = 2, ..., N/2 for the improved average; k = 1, ..., N/2 - 1 for the original one, whose last bin would be cut by the cube.
        N is the padded edge, ``padding_ratio`` times M made even.

    Raises
    ------
    UnsupportedModel, ParameterError
        As :func:`form_factor`.
    """
    placed = particle if isinstance(particle, VoxelMap) else _placed(particle, settings)
    box, padded = _box(placed.density, _middle(particle, placed, settings), settings.padding_ratio)
    shells = _shell_sums(box, padded, _weights(padded, settings.voxel_factor), report)
    bins = np.arange(2, padded // 2 + 1) if settings.average is Average.IMPROVED else np.arange(1, padded // 2)
    intensity = radial_average(shells, bins, average=settings.average, sharing=settings.sharing)
    q = bins.astype(np.float64) * (2 * np.pi / (padded * placed.spacing))
    return Curve(q, intensity * placed.spacing**6)


def _placed(particle: Particle, settings: LatticeSettings) -> VoxelMap:
    if settings.placement is Placement.PAPER:
        return paper_lattice(particle)
    return voxelise(particle, settings.spacing, settings.supersample, sharp=settings.placement is Placement.SHARP)


def _middle(particle: Particle | VoxelMap, placed: VoxelMap, settings: LatticeSettings) -> int:
    """Edge M of the cube that is padded [voxels]."""
    if not settings.crop:
        return max(placed.shape)
    if settings.edge is not None:
        return settings.edge
    diameter = getattr(particle, "diameter", None)
    if settings.placement is Placement.PAPER and isinstance(diameter, float | int):
        return math.ceil(diameter - 1e-9)
    return next(edge for edge in range(1, max(placed.shape) + 1) if _holds_all(placed, edge))


def _holds_all(placed: VoxelMap, edge: int) -> bool:
    return all(
        cut.start <= filled.start and filled.stop <= cut.stop
        for cut, filled in ((_cut(size, edge), filled) for size, filled in zip(placed.shape, placed.filled, strict=True))
    )


def _cut(size: int, edge: int) -> slice:
    start = max((size - edge) // 2, 0)
    return slice(start, min(start + edge, size))


def _box(density: Array, edge: int, ratio: float) -> tuple[Array, int]:
    """Return the middle of the map, and the edge of the cube it is padded to."""
    padded = 2 * math.ceil(ratio * edge / 2)
    if not 6 <= padded <= MAX_PADDED:
        raise ParameterError(
            f"{edge} voxels padded {ratio:g} times make a cube of edge {padded}; 6 to {MAX_PADDED} is taken. "
            "Change the padding ratio, or the spacing of the voxels.",
            "padding_ratio",
        )
    x, y, z = (_cut(size, edge) for size in density.shape)
    return density[x, y, z], padded


def _weights(padded: int, factor: VoxelFactor) -> Array:
    """Weight of |F|² at each frequency 0, 1, ..., N/2 along one axis."""
    phase = np.pi * np.arange(padded // 2 + 1) / padded
    if factor is VoxelFactor.MULTIPLY:
        phase[-1] -= SINC_OFFSET
    sinc_squared = np.sinc(phase / np.pi) ** 2
    return {VoxelFactor.MULTIPLY: sinc_squared, VoxelFactor.DIVIDE: 1 / sinc_squared, VoxelFactor.NONE: np.ones(phase.shape)}[factor]


def _shell_sums(box: Array, padded: int, weights: Array, report: Report) -> ShellSums:
    """Sum |F|² over the spheres |k|² = n < (N/2 + 1)² of the reciprocal lattice of the padded cube."""
    half = padded // 2
    square = np.arange(half + 1) ** 2
    across = (square[:, None] + square[None, :]).ravel()
    twins = np.full(half + 1, 2.0)
    twins[[0, half]] = 1.0
    total, count = np.zeros((half + 1) ** 2), np.zeros((half + 1) ** 2)
    planes = np.ascontiguousarray(np.moveaxis(scipy.fft.rfft(box, n=padded, axis=2), 2, 0))
    for kz, plane in enumerate(planes):
        report(Step(kz, half + 1, "planes of the reciprocal lattice"))
        room = total.size - square[kz]
        folded = _folded_plane(plane, padded) * (weights[:, None] * weights[None, :])
        total[square[kz] :] += twins[kz] * weights[kz] * np.bincount(across, folded.ravel(), room)[:room]
        count[square[kz] :] += twins[kz] * np.bincount(across, np.outer(twins, twins).ravel(), room)[:room]
    report(Step(half + 1, half + 1, "planes of the reciprocal lattice"))
    return ShellSums(total, count)


def _folded_plane(plane: Array, padded: int) -> Array:
    """|F|² in one plane of k_z, summed over the signs of k_x and k_y; shape (N/2 + 1, N/2 + 1)."""
    amplitude = scipy.fft.fft(scipy.fft.fft(plane, n=padded, axis=1), n=padded, axis=0)
    intensity = amplitude.real**2 + amplitude.imag**2
    return _fold(_fold(intensity).T).T


def _fold(values: Array) -> Array:
    half = values.shape[0] // 2
    folded = values[: half + 1].copy()
    folded[1:half] += values[:half:-1]
    return folded
