r"""The exact solver: orientation mean of |F(q)|² of bodies of revolution, by multipoles.

.. math:: I(q) = 4\pi^2 \sum_l (2l+1) A_l(q)^2, \quad A_l(q) = \int \rho_l(r)\, j_l(qr)\, r^2 dr, \quad
          \rho_l(r) = \int_{-1}^{1} \rho(r, u) P_l(u)\, du

The moments are closed form on every sphere, the radial panels break where surfaces cross or touch a sphere, and the
amplitudes :math:`A_l`, band-limited in r and in q, are carried between Chebyshev nodes. So the number of q values hardly counts,
and bodies of similar size share one table of Bessel functions.

References
----------
Svergun, Barberato and Koch, J. Appl. Cryst. 28 (1995) 768.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.errors import ParameterError, UnsupportedModel
from engine.models.geometry import Body, Ellipsoid, Particle
from engine.models.sections import extent, moved, solids
from engine.progress import Report, Step, silent
from engine.scattering.bessel import descending_orders
from engine.scattering.chebyshev import ChebyshevGrid, count_for
from engine.scattering.multipoles import moments, panels, radial_rule

MAX_PHASE = 4000.0
"""Largest q times diameter the solver takes; the work grows with its cube."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactSettings:
    """How finely the exact solver works.

    Parameters
    ----------
    refinement : float
        Factor on every number of nodes and orders; 1 gives an error below 1e-9 of the local envelope.
    block_bytes : float
        Size of the largest work array.
    """

    refinement: float = 1.0
    block_bytes: float = 48e6

    def __post_init__(self) -> None:
        if not 1.0 <= self.refinement <= 4.0:
            raise ParameterError(f"refinement = {self.refinement} is refused; give 1 to 4.", "refinement")


DEFAULT = ExactSettings()

_ALIKE = 0.85  # bodies this much smaller still share the tables of the largest
_Q_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class PartialTerms:
    r"""Partial terms of one particle, so that contrasts stay free.

    .. math:: I(q) = \sum_i \rho_i^2 S_{ii}(q) + 2 \sum_{i<j} \rho_i \rho_j S_{ij}(q)

    Parameters
    ----------
    regions : tuple of str
        Names of the regions, in the order of the body.
    pairs : tuple of (int, int)
        Indices i <= j of each term, in the order (0, 0), (0, 1), ..., (1, 1), ...
    terms : ndarray, shape (n_pairs, n_q)
        S_ij [nm⁶].
    """

    regions: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    terms: Array

    def total(self, contrasts: Sequence[float]) -> Array:
        """Return I(q), shape (n_q,), for one contrast [1e-6/Å²] per region."""
        weights = [contrasts[i] * contrasts[j] * (1 if i == j else 2) for i, j in self.pairs]
        return np.asarray(np.einsum("p,pq->q", weights, self.terms))


def region_pairs(count: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs (i, j), i <= j, of *count* regions in the order of :class:`PartialTerms`."""
    return tuple((i, j) for i in range(count) for j in range(i, count))


def form_factor(particle: Particle, q: Array, *, settings: ExactSettings = DEFAULT) -> Array:
    """Orientation mean of |F(q)|² of one particle.

    Parameters
    ----------
    particle : Particle
        A body of revolution.
    q : ndarray, shape (n_q,)
        Scattering vector [1/nm], not negative, in any order.
    settings : ExactSettings
        Fineness.

    Returns
    -------
    ndarray, shape (n_q,)
        I(q) [(1e-6/Å²)² nm⁶].

    Raises
    ------
    UnsupportedModel
        If the particle is no body of revolution.
    ParameterError
        If q is negative or not finite, or q times the diameter is beyond :data:`MAX_PHASE`.
    """
    return form_factors([particle], q, settings=settings).reshape(-1)


def form_factors(particles: Sequence[Particle], q: Array, *, settings: ExactSettings = DEFAULT, report: Report = silent) -> Array:
    """Orientation mean of |F(q)|² of many particles, which share tables.

    Returns
    -------
    ndarray, shape (n_particles, n_q)
        As :func:`form_factor`, row by row.
    """
    jobs = []
    for particle in particles:
        body = _body(particle)
        jobs.append(_job(body, np.array([[body.contrasts[name]] for name in body.regions]).reshape(-1, 1)))
    rows = _solve(jobs, q, settings, report)
    return np.concatenate(rows) if rows else np.empty((0, np.size(q)))


def partial_terms(particle: Particle, q: Array, *, settings: ExactSettings = DEFAULT) -> PartialTerms:
    """Partial terms S_ij(q) of one particle; arguments and errors as :func:`form_factor`."""
    return many_partial_terms([particle], q, settings=settings)[0]


def many_partial_terms(
    particles: Sequence[Particle], q: Array, *, settings: ExactSettings = DEFAULT, report: Report = silent
) -> list[PartialTerms]:
    """Partial terms of many particles, which share tables; as :func:`partial_terms`, one by one."""
    bodies = [_body(particle) for particle in particles]
    rows = _solve([_job(body, np.eye(len(body.regions))) for body in bodies], q, settings, report)
    return [PartialTerms(body.regions, region_pairs(len(body.regions)), terms) for body, terms in zip(bodies, rows, strict=True)]


def _body(particle: Particle) -> Body:
    if not isinstance(particle, Particle):
        raise UnsupportedModel(
            f"The exact solver takes bodies of revolution, not {type(particle).__name__}; use the non-uniform FFT solver for voxel maps."
        )
    return particle.body()


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A body about its middle, and the columns of amplitudes wanted of it."""

    body: Body
    mix: Array  # (n_regions, n_columns)
    radius: float
    concentric: bool  # of spheres only: no moment beyond l = 0


def _job(body: Body, mix: Array) -> _Job:
    low, high = extent(body)
    if abs(low + high) > 1e-9 * (high - low):
        body = moved(body, -(low + high) / 2)
    ends = panels(body)
    return _Job(body, mix, float(ends.max(initial=0.0)), _is_concentric(body))


def _is_concentric(body: Body) -> bool:
    return all(isinstance(solid, Ellipsoid) and solid.equatorial == solid.polar and solid.centre == 0 for solid in solids(body))


def _checked(q: Array, jobs: Sequence[_Job]) -> Array:
    q = np.asarray(q, dtype=np.float64)
    if q.ndim != 1 or not np.isfinite(q).all() or (q < 0).any():
        raise ParameterError("q must be a row of finite values of at least 0.", "q")
    phase = 2 * max((job.radius for job in jobs), default=0.0) * float(q.max(initial=0.0))
    if phase > MAX_PHASE:
        raise ParameterError(
            f"q times the particle's diameter reaches {phase:.0f}; the exact solver takes up to {MAX_PHASE:.0f}. Lower q or the size.", "q"
        )
    return q


def _solve(jobs: Sequence[_Job], q: Array, settings: ExactSettings, report: Report) -> list[Array]:
    """Return, for each job, the terms of its pairs of columns, shape (n_pairs, n_q)."""
    q = _checked(q, jobs)
    ordered, back = np.unique(q, return_inverse=True)
    results: list[Array] = [np.zeros((len(region_pairs(job.mix.shape[1])), q.size)) for job in jobs]
    done = 0
    for block in _blocks(jobs, ordered, settings):
        report(Step(done, len(jobs), "scattering of particles"))
        for index, terms in zip(block, _solve_block([jobs[i] for i in block], ordered, settings), strict=True):
            results[index] = terms[:, back]
        done += len(block)
    report(Step(len(jobs), len(jobs), "scattering of particles"))
    return results


def _blocks(jobs: Sequence[_Job], q: Array, settings: ExactSettings) -> Iterator[list[int]]:
    """Yield indices of jobs to solve together: of similar radius, as many as the work array holds."""
    todo = sorted((i for i, job in enumerate(jobs) if job.radius > 0 and q.size), key=lambda i: (jobs[i].concentric, jobs[i].radius))
    while todo:
        largest = jobs[todo[-1]]
        columns = int(settings.block_bytes / 8 / np.prod(_table_shape(largest, 1, float(q[-1]), settings)))
        block: list[int] = []
        while todo and (not block or _fits(jobs[todo[-1]], largest, columns)):
            columns -= jobs[todo[-1]].mix.shape[1]
            block.append(todo.pop())
        yield block


def _fits(candidate: _Job, largest: _Job, columns: int) -> bool:
    alike = candidate.concentric == largest.concentric and candidate.radius >= _ALIKE * largest.radius
    return alike and candidate.mix.shape[1] <= columns


def _table_shape(largest: _Job, columns: int, q_max: float, settings: ExactSettings) -> tuple[int, int, int]:
    """Orders, columns and radial nodes that bodies up to the size of the *largest* need."""
    phase = largest.radius * q_max
    orders = 1 if largest.concentric else int(settings.refinement * (phase + 10 * np.cbrt(phase) + 4))
    return orders, columns, int(settings.refinement * count_for(phase))


def _solve_block(jobs: Sequence[_Job], q: Array, settings: ExactSettings) -> list[Array]:
    """Return the terms of jobs of similar radius; the first is the largest."""
    q_max = float(q[-1])
    starts = np.cumsum([0, *(job.mix.shape[1] for job in jobs)])
    table = np.zeros(_table_shape(jobs[0], starts[-1], q_max, settings))
    radii = ChebyshevGrid.on(0.0, jobs[0].radius, table.shape[2])
    for job, (first, last) in zip(jobs, pairwise(starts), strict=True):
        moments(job.body, job.mix, radial_rule(job.body, q_max, settings.refinement), radii, table[:, first:last], q_max)
    pairs = [[(first + i, first + j) for i, j in region_pairs(job.mix.shape[1])] for job, first in zip(jobs, starts[:-1], strict=True)]
    left, right = np.array([pair for some in pairs for pair in some], dtype=np.intp).T
    parts = [
        _accumulate(table, radii, some, left, right, int(settings.refinement * count_for(jobs[0].radius * (some[-1] - some[0]))))
        for some in np.split(q, range(_Q_AT_ONCE, q.size, _Q_AT_ONCE))
    ]
    edges = np.cumsum([len(some) for some in pairs])[:-1]
    return [np.ascontiguousarray(terms.T) for terms in np.split(np.concatenate(parts), edges, axis=1)]


def _accumulate(table: Array, radii: ChebyshevGrid, q: Array, left: NDArray[np.intp], right: NDArray[np.intp], enough: int) -> Array:
    """Return 4 pi² times the sum over l of (2l+1) A_left A_right, shape (n_q, n_pairs); *enough* nodes carry A over the range of q."""
    nodes, carry = q, None
    if q.size > enough:
        shared = ChebyshevGrid.on(float(q[0]), float(q[-1]), enough)
        nodes, carry = shared.nodes, shared.matrix_to(q)
    total = np.zeros((q.size, left.size))
    same = np.array_equal(left, right)
    for order in descending_orders(nodes, radii.nodes, len(table) - 1):
        amplitude = order.values @ table[order.l, :, order.first_r :].T
        first = order.first_q
        if carry is not None:
            first = int(np.searchsorted(q, nodes[first - 1])) if first else 0
            amplitude = carry[first:, order.first_q :] @ amplitude
        product = amplitude * amplitude if same else amplitude[:, left] * amplitude[:, right]
        product *= 2 * order.l + 1
        total[first:] += product
    total *= 4 * np.pi**2
    return total
