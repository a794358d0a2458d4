"""What the panel asks of the engine in a worker: the curve and the properties of one particle, and a file to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.curve import Array, Curve
from engine.models.geometry import Particle
from engine.progress import Report

if TYPE_CHECKING:
    from engine.models.properties import Properties

Q_RANGE = (0.02, 3.0)
"""Ends of q [1/nm] where no measured curve gives them."""
POINTS = 300
MOST_PHASE = 600.0
"""Largest q times length that is computed while the user waits; the work grows with its cube."""


@dataclass(frozen=True, slots=True, eq=False)
class Scattered:
    """One particle's curve.

    Parameters
    ----------
    particle : Particle
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
        The last q [1/nm], where larger ones were left out because the particle is so large.
    """

    particle: Particle
    q: Array
    intensity: Array
    properties: Properties
    measured: Curve | None
    cut_at: float | None


def scatter(particle: Particle, measured: Curve | None, report: Report) -> Scattered:
    """Return the curve of *particle* with the exact solver, on points of *measured* if given.

    Raises
    ------
    EngineError
        If the solver refuses the particle.
    """
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


def _thinned(q: Array) -> Array:
    """Return about :data:`POINTS` of the points *q*, with both ends."""
    if q.size <= POINTS:
        return q
    thinned: Array = q[np.unique(np.linspace(0, q.size - 1, POINTS).round().astype(int))]
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
