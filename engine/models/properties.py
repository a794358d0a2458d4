r"""Volumes and radius of gyration of a body of revolution, in closed form up to rounding.

The section of a body at height z is a set of rings whose squared radii are quadratic in z between the heights where surfaces cross.
So :math:`\int dA = \pi \Delta(s^2)` and :math:`\int s^2 dA = \frac{\pi}{2} \Delta(s^4)` are polynomials in z, which a few Gauss nodes
integrate exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.curve import Array
from engine.models.geometry import Body
from engine.models.sections import break_heights, extent, moved, quadrics, region_labels
from engine.models.voxel_map import VoxelMap

_NODES = 4  # exact up to z⁷; z⁴ is needed


@dataclass(frozen=True, slots=True)
class Properties:
    """What a body is in numbers.

    Parameters
    ----------
    volumes : mapping of region to float
        Volume of each region [nm³].
    volume : float
        Volume of all regions, whatever their contrast [nm³].
    equivalent_diameter : float
        Diameter of the sphere of that volume [nm].
    contrast_integral : float
        Integral of the contrast, F(0) [1e-6/Å² nm³].
    radius_of_gyration : float
        Rg [nm] of the contrast, the one that Guinier's law shows; NaN where the contrasts cancel so that there is none.
    """

    volumes: Mapping[str, float]
    volume: float
    equivalent_diameter: float
    contrast_integral: float
    radius_of_gyration: float


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Integrals of 1, z and z² + s² over each region, shape (n_regions,) each."""

    volume: Array
    height: Array
    square: Array


def properties(body: Body) -> Properties:
    r"""Return volumes and radius of gyration of *body*.

    .. math:: R_g^2 = \frac{\int \rho \, |\mathbf r - \mathbf r_0|^2 dV}{\int \rho \, dV}, \quad
              \mathbf r_0 = \frac{\int \rho \, \mathbf r \, dV}{\int \rho \, dV}

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """
    moments = _moments(moved(body, -sum(extent(body)) / 2))
    volume = float(moments.volume.sum())
    contrast = np.array([body.contrasts[name] for name in body.regions], dtype=np.float64)
    return Properties(
        volumes={name: float(v) for name, v in zip(body.regions, moments.volume, strict=True)},
        volume=volume,
        equivalent_diameter=math.cbrt(6 * volume / math.pi),
        contrast_integral=float(contrast @ moments.volume),
        radius_of_gyration=_radius_of_gyration(moments, contrast),
    )


def map_properties(voxels: VoxelMap) -> Properties:
    """Return volume and radius of gyration of a voxel map; its volume is that of the voxels with contrast, each a cube."""
    density, edge = voxels.density[voxels.filled], voxels.spacing
    volume = float(np.count_nonzero(density)) * edge**3
    total, scale = float(density.sum()), float(np.abs(density).sum())
    squared = math.nan
    if abs(total) > 1e-12 * scale:
        squared = 3 * edge**2 / 12
        for axis in range(3):
            others = tuple(i for i in range(3) if i != axis)
            share = density.sum(axis=others) / total
            place = edge * np.arange(share.size)
            squared += float(share @ place**2) - float(share @ place) ** 2
    return Properties(
        volumes={"filled voxels": volume},
        volume=volume,
        equivalent_diameter=math.cbrt(6 * volume / math.pi),
        contrast_integral=total * edge**3,
        radius_of_gyration=math.sqrt(squared) if squared >= 0 else math.nan,
    )


def _radius_of_gyration(moments: _Moments, contrast: Array) -> float:
    total, scale = float(contrast @ moments.volume), float(np.abs(contrast) @ moments.volume)
    if abs(total) <= 1e-12 * scale:
        return math.nan
    squared = float(contrast @ moments.square) / total - (float(contrast @ moments.height) / total) ** 2
    return math.sqrt(squared) if squared >= 0 else math.nan


def _moments(body: Body) -> _Moments:
    z, dz = _heights(body)
    rings = np.sort(np.stack([np.zeros(z.size), *(np.maximum(surface.squared_radius(z), 0.0) for surface in quadrics(body))]), axis=0)
    labels = region_labels(body, (rings[1:] + rings[:-1]) / 2, z)
    area, moment = np.pi * np.diff(rings, axis=0), np.pi / 2 * np.diff(rings**2, axis=0)
    volume, height, square = np.zeros((3, len(body.regions)))
    for i in range(len(body.regions)):
        inside = labels == i
        volume[i] = np.sum(area * inside @ dz)
        height[i] = np.sum(area * inside @ (z * dz))
        square[i] = np.sum((area * z**2 + moment) * inside @ dz)
    return _Moments(volume, height, square)


def _heights(body: Body) -> tuple[Array, Array]:
    """Return Gauss nodes and weights between the breaks."""
    breaks = break_heights(body)
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(breaks)[:, np.newaxis] / 2
    middle = (breaks[1:] + breaks[:-1])[:, np.newaxis] / 2
    return (middle + half * node).ravel(), (half * weight).ravel()
