"""What the panel asks of the engine in a worker: the curve and the properties of one particle, and a file to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.curve import Array, Curve
from engine.errors import UnsupportedModel
from engine.models.geometry import Particle
from engine.models.voxel_map import VoxelMap
from engine.progress import Report

if TYPE_CHECKING:
    from engine.models.properties import Properties

Q_RANGE = (0.02, 3.0)
"""Ends of q [1/nm] where no measured curve gives them."""
POINTS = 300
MOST_PHASE = 600.0
"""Largest q times length that is computed while the user waits; the work grows with its cube."""


MAP_POINTS = 150
"""Points of q at which the curve of a voxel map is computed; each takes a while."""
BELOW_NYQUIST = 0.95
"""Share of the largest q that a lattice shows up to which its curve is drawn."""
LATTICE_EDGE = 600
"""Edge of the padded cube, in voxels, that the lattice solver works on within a second or two."""
PICTURE_VOXELS = 100

EXACT_WORDS = "One particle in the solvent, all orientations alike, exact solver."
NUFFT_WORDS = "The map in the solvent, all orientations alike, by the non-uniform Fourier transform."
LATTICE_WORDS = (
    "The map in the solvent, all orientations alike, by the lattice Fourier transform: the more accurate non-uniform one needs the "
    "library finufft, which is not part of this installation."
)


@dataclass(frozen=True, slots=True, eq=False)
class Scattered:
    """One particle's curve.

    Parameters
    ----------
    particle : Particle or VoxelMap
        The particle.
    q : ndarray, shape (n,)
        Scattering vector [1/nm].
    intensity : ndarray, shape (n,)
        I(q) of one particle [(1e-6/Å²)² nm⁶].
    properties : Properties
        Volumes and radius of gyration.
    measured : Curve, optional
        The curve on whose points it was computed.
    cut_at : float, optional
        The last q [1/nm], where larger ones were left out because the particle, or its voxels, are so large.
    words : str
        How it was computed.
    """

    particle: Particle | VoxelMap
    q: Array
    intensity: Array
    properties: Properties
    measured: Curve | None
    cut_at: float | None
    words: str = EXACT_WORDS


def scatter(particle: Particle | VoxelMap, measured: Curve | None, report: Report) -> Scattered:
    """Return the curve of *particle* with the solver for it, on points of *measured* if given.

    Raises
    ------
    EngineError
        If the solver refuses the particle.
    """
    if isinstance(particle, VoxelMap):
        return _scatter_map(particle, measured, report)
    from engine.models.properties import properties
    from engine.models.sections import extent
    from engine.scattering.exact import form_factors

    body = particle.body()
    low, high = extent(body)
    q = np.geomspace(*Q_RANGE, POINTS) if measured is None else _thinned(measured.q[measured.q > 0])
    kept = q[q * (high - low) <= MOST_PHASE]
    cut_at = float(kept[-1]) if 0 < kept.size < q.size else None
    intensity = form_factors([particle], kept, report=report).reshape(-1)
    return Scattered(particle, kept, intensity, properties(body), measured, cut_at)


def _scatter_map(voxels: VoxelMap, measured: Curve | None, report: Report) -> Scattered:
    """Return the curve of a map, by the non-uniform transform where it is installed, else by the lattice."""
    from engine.models.properties import map_properties
    from engine.scattering.nufft import form_factor

    end = BELOW_NYQUIST * np.pi / voxels.spacing
    q = np.geomspace(Q_RANGE[0], min(Q_RANGE[1], end), MAP_POINTS) if measured is None else _thinned(measured.q[measured.q > 0], MAP_POINTS)
    kept = q[q <= end]
    cut_at = float(kept[-1]) if 0 < kept.size < q.size else None
    try:
        intensity, words = form_factor(voxels, kept, report=report), NUFFT_WORDS
    except UnsupportedModel:
        intensity, words = _on_lattice(voxels, kept, report), LATTICE_WORDS
    return Scattered(voxels, kept, intensity, map_properties(voxels), measured, cut_at, words)


def _on_lattice(voxels: VoxelMap, q: Array, report: Report) -> Array:
    from engine.scattering.lattice import LatticeSettings, Placement, form_factor
    from engine.scattering.voxelise import VoxelFactor

    ratio = float(np.clip(LATTICE_EDGE / max(voxels.shape), 2.0, 6.0))
    settings = LatticeSettings(placement=Placement.VOLUME_MEAN, crop=False, padding_ratio=ratio, voxel_factor=VoxelFactor.DIVIDE)
    return form_factor(voxels, q, settings=settings, report=report)


def voxels_of(particle: Particle, report: Report) -> VoxelMap:
    """Return *particle* on a lattice for its picture as a volume."""
    from engine.models.sections import extent
    from engine.scattering.voxelise import voxelise
    from lnpgui.view3d.section import extent as reach

    body = particle.body()
    low, high = extent(body)
    return voxelise(particle, max(high - low, 2 * reach(body).radius) / PICTURE_VOXELS, 2, report=report)


def _thinned(q: Array, most: int = POINTS) -> Array:
    """Return about *most* of the points *q*, with both ends."""
    if q.size <= most:
        return q
    thinned: Array = q[np.unique(np.linspace(0, q.size - 1, most).round().astype(int))]
    return thinned


def scale_to(measured: Curve, q: Array, intensity: Array) -> float:
    r"""Factor by which *intensity* comes nearest to *measured*.

    .. math:: c = \sum_i w_i I_i m_i / \sum_i w_i m_i^2

    with :math:`w = 1/\sigma^2`, and :math:`1/I^2` where the curve has no standard deviations.

    Parameters
    ----------
    measured : Curve
        The data I.
    q, intensity : ndarray, shape (n,)
        The model m; every q is a point of *measured*.

    Returns
    -------
    float
        NaN where nothing can be scaled: no points in common, or a model that scatters nothing.
    """
    at = np.searchsorted(measured.q, q)
    data = measured.intensity[at]
    sigma = np.abs(data) if measured.sigma is None else measured.sigma[at]
    used = (sigma > 0) & (intensity > 0)
    if not used.any():
        return float("nan")
    ratio = intensity[used] / sigma[used]
    scale = float(ratio.max())  # the squares of very large values would overflow
    ratio = ratio / scale
    return float(ratio @ (data[used] / sigma[used]) / (ratio @ ratio) / scale)


def save(path: Path, curve: Curve, title: str, metadata: Mapping[str, str], report: Report) -> Path:
    """Write *curve* in the format that the ending of *path* names, and return the path."""
    from engine.io.write import write

    write(path, curve, title=title, metadata=metadata)
    return path
