r"""The non-uniform FFT solver: orientation mean of |F(q)|² of any voxel map.

.. math:: I(q) = \Big\langle \Big| a^3 v(\mathbf{q}) \sum_n \rho_n e^{-i \mathbf{q} \cdot \mathbf{r}_n} \Big|^2 \Big\rangle

The sum is evaluated at the nodes of a quadrature on the sphere, for each q one fine enough for it: no padding, no bins, any q up
to the lattice's Nyquist limit. The factor v is 1 / prod sinc(q_m a / 2) for volume means, which takes the smoothing by the voxel back.

References
----------
Barnett, Magland and af Klinteberg, SIAM J. Sci. Comput. 41 (2019) C479, doi:10.1137/18M120885X.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.errors import NotConverged, ParameterError, UnsupportedModel
from engine.models.geometry import Particle
from engine.models.voxel_map import VoxelMap
from engine.progress import Report, Step, silent
from engine.scattering.orientation import HemisphereRule, Mirrors, hemisphere_rule, margin
from engine.scattering.voxelise import VoxelFactor, voxelise

BATCH_POINTS = 1_000_000
"""Points of reciprocal space worked on at once, a second's work of some 80 bytes each."""

LARGE_MAP = 6_000_000
"""Voxels beyond which the transform takes its small grid, of 2 instead of 8 complex numbers per voxel, and twice the time."""

PHASE_STEP = 8.0
"""q values whose phases q d fall into one step of this width share their directions."""

CHECKED = 6
"""How many q values are computed again with a finer quadrature for the error estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NufftSettings:
    """How the non-uniform FFT solver works.

    Parameters
    ----------
    spacing : float
        Edge of a voxel [nm] when a particle is put on a lattice.
    supersample : int
        Lines per voxel edge for its volume means.
    voxel_factor : VoxelFactor
        ``DIVIDE``: particles become volume means and the voxel's transform is divided out. ``MULTIPLY``: particles become sharp voxels
        and it is multiplied, the paper's way. ``NONE``: volume means, left as they are.
    tolerance : float
        Relative error of the amplitude allowed to the transform, against the largest amplitude.
    accuracy : float
        Relative error allowed to the quadrature over orientations, against the local envelope of I(q).
    threads : int
        Threads of the transform; 0 takes all cores.
    """

    spacing: float = 1.0
    supersample: int = 8
    voxel_factor: VoxelFactor = VoxelFactor.DIVIDE
    tolerance: float = 1e-8
    accuracy: float = 1e-4
    threads: int = 0

    def __post_init__(self) -> None:
        if not 1e-12 <= self.tolerance <= 1e-3:
            raise ParameterError(f"tolerance = {self.tolerance} is refused; give 1e-12 to 1e-3.", "tolerance")
        if not 1e-9 <= self.accuracy <= 0.1:
            raise ParameterError(f"accuracy = {self.accuracy} is refused; give 1e-9 to 0.1.", "accuracy")
        if not 0 <= self.threads <= 1024:
            raise ParameterError(f"threads = {self.threads} is refused; give 0 for all cores, or their number.", "threads")


DEFAULT = NufftSettings()


@dataclass(frozen=True, slots=True, eq=False)
class NufftResult:
    """What the solver found.

    Parameters
    ----------
    intensity : ndarray, shape (n,)
        I(q) [(1e-6/Å²)² nm⁶].
    quadrature_error : float
        Largest difference to a finer quadrature among the q values checked, relative to the local envelope.
    points : int
        Number of points of reciprocal space evaluated.
    """

    intensity: Array
    quadrature_error: float
    points: int


def form_factor(particle: Particle | VoxelMap, q: Array, *, settings: NufftSettings = DEFAULT, report: Report = silent) -> Array:
    """Orientation mean of |F(q)|² of one particle; as :func:`nufft_form_factor`, the intensity alone."""
    return nufft_form_factor(particle, q, settings=settings, report=report).intensity


def nufft_form_factor(
    particle: Particle | VoxelMap, q: Array, *, settings: NufftSettings = DEFAULT, report: Report = silent
) -> NufftResult:
    """Orientation mean of |F(q)|² of one particle, with an estimate of the quadrature's error.

    Parameters
    ----------
    particle : Particle or VoxelMap
        A body of revolution, which is put on a lattice, or a map, which is taken as it is.
    q : ndarray, shape (n,)
        Scattering vector [1/nm], from 0 to the Nyquist limit pi / a of the lattice, in any order.
    settings : NufftSettings
        Lattice, voxel factor, tolerances.
    report : Report
        Hears of the points done.

    Returns
    -------
    NufftResult
        Intensity and error estimate.

    Raises
    ------
    UnsupportedModel
        If the particle is neither map nor body.
    ParameterError
        If q is negative, not finite, or beyond the Nyquist limit.
    NotConverged
        If the quadrature stays above ``settings.accuracy`` when refined twice.
    """
    q = np.asarray(q, dtype=np.float64)
    if q.ndim != 1 or not np.isfinite(q).all() or (q < 0).any():
        raise ParameterError("q must be a row of finite values of at least 0.", "q")
    if not isinstance(particle, VoxelMap):
        sharp = settings.voxel_factor is VoxelFactor.MULTIPLY
        particle = voxelise(particle, settings.spacing, settings.supersample, sharp=sharp, report=report)
    nyquist = np.pi / particle.spacing
    if q.max(initial=0.0) > nyquist * (1 + 1e-9):
        raise ParameterError(
            f"q reaches {q.max():.4g} 1/nm; voxels of {particle.spacing:g} nm know nothing beyond {nyquist:.4g} 1/nm. "
            "Lower q or take smaller voxels.",
            "q",
        )
    return _converged(_Scene.of(particle, settings), q, settings, report)


def _converged(scene: _Scene, q: Array, settings: NufftSettings, report: Report) -> NufftResult:
    if not q.size:
        return NufftResult(np.empty(0), 0.0, 0)
    order = np.argsort(q)
    checked = np.unique(order[np.linspace(0, q.size - 1, CHECKED).astype(np.intp)])
    fineness, points = 1.0, 0
    while True:
        intensity, used = scene.mean(q, fineness, report)
        finer, more = scene.mean(q[checked], 1.25 * fineness, silent)
        points += used + more
        error = float(np.max(np.abs(finer - intensity[checked]) / scene.envelope(q, intensity, checked)))
        if error <= settings.accuracy:
            return NufftResult(intensity, error, points)
        if fineness > 1.5:
            raise NotConverged(
                f"The quadrature over orientations is off by {error:.2g} of the intensity, more than the {settings.accuracy:g} allowed; "
                "allow more, or lower q."
            )
        fineness *= 1.3


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """The filled part of a map, turned so that its smallest side looks along the pole of the directions: short rings are cheap."""

    density: NDArray[np.complex128]
    spacing: float
    diameter: float  # of a sphere around the filled voxels [nm]
    lateral: float  # of a cylinder around them along the last axis [nm]
    mirrors: Mirrors
    settings: NufftSettings

    @staticmethod
    def of(particle: VoxelMap, settings: NufftSettings) -> _Scene:
        density = particle.density[particle.filled]
        lateral = [_diameter(np.asarray(density.any(axis=axis))) for axis in range(3)]
        polar = min(
            (2, 1, 0), key=lambda axis: lateral[axis] * (1.0 if axis == 2 else 1.05)
        )  # z unless another one pays: bodies stand along z
        density = np.moveaxis(density, polar, 2)
        return _Scene(
            np.ascontiguousarray(density, dtype=np.complex128),
            particle.spacing,
            _diameter(density != 0) * particle.spacing,
            lateral[polar] * particle.spacing,
            _mirrors(density),
            settings,
        )

    def mean(self, q: Array, fineness: float, report: Report) -> tuple[Array, int]:
        """Orientation mean at each q, and the number of points it took."""
        jobs = list(self._jobs(q, fineness))
        total = sum(index.size * rule.weights.size for index, rule in jobs)
        plan = self._plan()
        intensity = np.empty(q.size)
        done = 0
        for batch in _batches(jobs):
            report(Step(done, total, "points of reciprocal space"))
            points = np.concatenate([(q[i] * self.spacing) * rule.directions for i, rule in batch], axis=1)
            plan.setpts(*points)
            values = self._intensity(plan.execute(self.density), points)
            ends = np.cumsum([rule.weights.size for _, rule in batch])
            for (i, rule), part in zip(batch, np.split(values, ends[:-1]), strict=True):
                intensity[i] = rule.weights @ part
            done += int(ends[-1])
        report(Step(total, total, "points of reciprocal space"))
        return intensity * self.spacing**6, total

    def envelope(self, q: Array, intensity: Array, at: NDArray[np.intp]) -> Array:
        """Largest intensity within one oscillation of the body around some of the q, and never below what the transform resolves."""
        near = np.abs(q[at, None] - q[None, :]) <= 2 * np.pi / self.diameter
        floor = (self.settings.tolerance * np.abs(self.density).sum() * self.spacing**3) ** 2
        envelope: Array = np.where(near, intensity[None, :], 0.0).max(axis=1)
        return np.asarray(np.maximum(envelope, floor), dtype=np.float64)

    def _plan(self) -> Any:
        small_grid = self.density.size > LARGE_MAP and self.settings.tolerance >= 1e-9
        threads = {"nthreads": self.settings.threads} if self.settings.threads else {}
        return _finufft().Plan(
            2, self.density.shape, eps=self.settings.tolerance, isign=-1, upsampfac=1.25 if small_grid else 2.0, **threads
        )

    def _jobs(self, q: Array, fineness: float) -> Iterator[tuple[NDArray[np.intp], HemisphereRule]]:
        """Yield indices into *q* and the directions they share, from low q to high."""
        level = np.ceil(q * self.diameter / PHASE_STEP)
        for value in np.unique(level):
            phase = value * PHASE_STEP
            degree = fineness * (phase + margin(phase))
            yield np.flatnonzero(level == value), hemisphere_rule(degree, fineness * phase * self.lateral / self.diameter, self.mirrors)

    def _intensity(self, amplitude: NDArray[np.complex128], points: Array) -> Array:
        intensity: Array = amplitude.real**2 + amplitude.imag**2
        if self.settings.voxel_factor is VoxelFactor.NONE:
            return intensity
        factor = np.ones(intensity.shape)
        for phase in points:
            factor *= np.sinc(phase / (2 * np.pi))
        factor *= factor
        return intensity / factor if self.settings.voxel_factor is VoxelFactor.DIVIDE else intensity * factor


def _batches(jobs: list[tuple[NDArray[np.intp], HemisphereRule]]) -> Iterator[list[tuple[int, HemisphereRule]]]:
    """Yield q indices with their rules, together about :data:`BATCH_POINTS` points."""
    batch: list[tuple[int, HemisphereRule]] = []
    size = 0
    for index, rule in jobs:
        for i in index:
            if batch and size + rule.weights.size > BATCH_POINTS:
                yield batch
                batch, size = [], 0
            batch.append((int(i), rule))
            size += rule.weights.size
    if batch:
        yield batch


def _diameter(filled: NDArray[np.bool_]) -> float:
    """Diameter [voxels] of a circle or sphere about the middle of *filled* that holds every true cell whole."""
    reach = np.zeros(filled.shape)
    for axis, size in enumerate(filled.shape):
        shape = [1] * filled.ndim
        shape[axis] = size
        reach = reach + ((np.abs(np.arange(size) - (size - 1) / 2) + 0.5) ** 2).reshape(shape)
    return 2 * float(np.sqrt(reach[filled].max()))


def _mirrors(density: Array) -> Mirrors:
    """Mirror symmetry of the map itself about the middle of its filled part, equal to the last bit."""
    if not (np.array_equal(density, density[::-1]) and np.array_equal(density, density[:, ::-1])):
        return Mirrors.NONE
    square = density.shape[0] == density.shape[1] and np.array_equal(density, density.transpose(1, 0, 2))
    return Mirrors.DIAGONAL if square else Mirrors.XY


def _finufft() -> Any:
    """Return the library of transforms, which is an extra: its wheels contain FFTW, under the GPL.

    Raises
    ------
    UnsupportedModel
        If it is not installed.
    """
    try:
        return importlib.import_module("finufft")
    except ImportError as error:
        raise UnsupportedModel(
            "The non-uniform Fourier transform needs the library finufft, which is not part of this installation. "
            "Install it with `pip install finufft`, or take the exact or the lattice solver."
        ) from error
