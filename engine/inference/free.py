r"""What of the particles is free: shell thickness and contrasts, found together with the sizes.

All types share them, and every value in the stated range is equally likely beforehand. They are fitted first, each hypothesis with its
own (Levenberg-Marquardt over sizes and free values at once). Then values are drawn about these fits and over the whole range, the usual
posterior is drawn at each of them, and all are weighted by evidence times prior over proposal (importance sampling in two storeys):

.. math:: p(H, \theta | y) \propto p(y | H, \theta) \, p(H) \, p(\theta).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.special import stdtrit

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.datasets.particle_terms import ParticleTerms, part_name
from engine.inference.fit import HIGH, LOW, Mode, best_modes, linearise, refine_all, scan
from engine.inference.hypotheses import Hypothesis, hypotheses
from engine.inference.particles import DEFAULT_PARTICLES, Particles
from engine.inference.posterior import FREEDOM, Draws, Kernels, Sampler, kernels, log_sum, mixture_share, prior_scales
from engine.inference.prepare import Prepared
from engine.inference.shapes import ShapeTable, curves_at
from engine.progress import Report, Step

PLACES = (1 / 6, 1 / 2, 5 / 6)
"""Places in the range of the shell thickness from which fits begin."""

ITERATIONS, STEP = 30, 1e-3
"""Of the joint fit, and the share of a range that is a step of its numerical derivative."""

DRAWN = {1: 28, 2: 60, 3: 100}
"""Sets of free values that are drawn, by how many are free."""

EVEN = 0.25
"""Share of them that is drawn evenly from the whole range, whatever the fits say."""

INNER, INNER_ENOUGH, INNER_ROUNDS = 150, 40.0, 4
"""Draws in a round at one set of free values, effective draws that are enough there, and rounds at most."""


@dataclass(frozen=True, slots=True, eq=False)
class FreeTable:
    """The shapes of one measurement for any values of what is free.

    Parameters
    ----------
    particles : Particles
        With ranges.
    terms : ParticleTerms
        Over all thicknesses in the range.
    shapes : ShapeTable
        Data and axes; its curves are those of :meth:`at`.
    parts, first : mapping of str to ndarray, shape (n, m, d) and (n, d)
        Whitened terms of each type and their intensity at the lowest q.
    """

    particles: Particles
    terms: ParticleTerms
    shapes: ShapeTable
    parts: Mapping[str, Array]
    first: Mapping[str, Array]

    @property
    def ends(self) -> Array:
        """Low and high ends of what is free, shape (2, p)."""
        return np.array(list(self.particles.ranges.values())).T

    def stated(self, theta: Array) -> Particles:
        """Return the particles with the values *theta* (p,)."""
        return replace(self.particles, **dict(zip(self.particles.ranges, map(float, theta), strict=True)))

    def basis(self, theta: Array) -> Basis:
        """Return the basis at *theta*."""
        thickness, contrasts = _values(self.stated(theta))
        return self.terms.basis(thickness, contrasts)

    def at(self, theta: Array) -> ShapeTable:
        """Return the shapes at *theta*."""
        thickness, contrasts = _values(self.stated(theta))
        curves, first = {}, {}
        for kind, parts in self.parts.items():
            weights = self.terms.weights(kind, thickness, contrasts).ravel()
            used = np.flatnonzero(weights)
            curves[kind] = np.asfortranarray(np.tensordot(weights[used], parts[used], axes=1).T)
            first[kind] = weights[used] @ self.first[kind][used]
        return replace(self.shapes, curves=curves, first=first)


def free_table(prepared: Prepared, particles: Particles, terms: ParticleTerms, types: tuple[str, ...]) -> FreeTable:
    """Return the :class:`FreeTable` of one measurement."""
    at_points = curves_at(parts_of(terms), prepared.curve.q)
    parts, first = {}, {}
    for kind in types:
        count = terms.terms[kind].curves.shape[:2]
        binned = np.stack([(prepared.binning @ at_points[part_name(kind, i, j)].T).T for i, j in product(range(count[0]), range(count[1]))])
        first[kind] = np.ascontiguousarray(binned[:, :, 0])
        parts[kind] = binned / prepared.sigma
    data, flat = prepared.intensity / prepared.sigma, 1 / prepared.sigma
    return FreeTable(particles, terms, ShapeTable(terms.diameters, {}, {}, data, flat, float(prepared.curve.q[-1])), parts, first)


@lru_cache(maxsize=1)
def parts_of(terms: ParticleTerms) -> Basis:
    """Return the terms of a particle as curves, made once."""
    return terms.parts()


def _values(particles: Particles) -> tuple[float, dict[str, float]]:
    record = particles.middle.as_record()
    scale = DEFAULT_PARTICLES.sld_shell / particles.sld_shell
    return record["shell_thickness"], {region: scale * record[f"sld_{region}"] for region in ("core", "shell", "fill")}


@dataclass(frozen=True, slots=True, eq=False)
class FreeFit:
    """The best fit of one hypothesis over sizes and free values, and the covariance of the latter."""

    mode: Mode
    theta: Array  # (p,)
    covariance: Array  # (p, p)


def fit_free(free: FreeTable, types: tuple[str, ...], report: Report, *, count: int = 4) -> list[FreeFit]:
    """Return the best fit of each set of one or two of the *types*, the best first."""
    begun: dict[Hypothesis, list[tuple[Mode, Array]]] = {}
    for theta in _beginnings(free):
        shapes = free.at(theta)
        scanned = scan(shapes)
        for hypothesis in hypotheses(types):
            if len(hypothesis.types) < 3:
                report(Step(1, 4, f"fitting {hypothesis.name}, shell or contrasts free"))
                mode = best_modes(shapes, scanned, hypothesis, count=count)[0]
                begun.setdefault(hypothesis, []).append((mode, theta))
    fits = []
    for hypothesis, found in begun.items():
        report(Step(1, 4, f"fitting {hypothesis.name}, shell or contrasts free"))
        nearest = sorted(found, key=lambda item: item[0].chi2)[:2]
        fits.append(min((joint(free, mode, theta) for mode, theta in nearest), key=lambda fit: fit.mode.chi2))
    penalty = np.log(free.shapes.data.size)
    return sorted(fits, key=lambda fit: fit.mode.chi2 + 3 * len(fit.mode.hypothesis.types) * penalty)


def _beginnings(free: FreeTable) -> list[Array]:
    """Return the middle of every range, and further thicknesses."""
    low, high = free.ends
    middle = (low + high) / 2
    if "shell_thickness" not in free.particles.ranges:
        return [middle]
    place = list(free.particles.ranges).index("shell_thickness")
    moved = np.eye(low.size)[place] * (high - low)
    return [middle + (share - 0.5) * moved for share in PLACES]


def joint(free: FreeTable, mode: Mode, theta: Array, *, settled: float = 1e-2) -> FreeFit:
    """Return the local best fit over sizes and free values, reached from *mode* at *theta*.

    It is done when a step improves chi² by less than *settled*, or by that share of a thousandth of it.
    """
    hypothesis, (low, high) = mode.hypothesis, free.ends
    k, width = mode.sizes.size, high - low

    def measure(sizes: Array, x: Array) -> tuple[Array, Array, Array]:
        found = linearise(free.at(low + x * width), hypothesis, sizes[None])
        return found.residual[0], found.jacobian[0], found.linear[0]

    def slopes(sizes: Array, x: Array, residual: Array) -> Array:
        steps = np.where(x + STEP <= 1, STEP, -STEP)
        moved = [(measure(sizes, x + step * unit)[0] - residual) / step for step, unit in zip(steps, np.eye(x.size), strict=True)]
        return -np.stack(moved, axis=1)

    sizes, x = mode.sizes, (theta - low) / width
    residual, of_sizes, linear = measure(sizes, x)
    chi2, damping = float(residual @ residual), 1e-3
    jacobian = np.concatenate([of_sizes, slopes(sizes, x, residual)], axis=1)
    for _ in range(ITERATIONS):
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(normal + np.diag(damping * (np.diag(normal) + 1e-9)), jacobian.T @ residual)
        new_sizes = np.clip(sizes + np.clip(step[:k], -0.3, 0.3).reshape(-1, 2), LOW, HIGH)
        new_x = np.clip(x + np.clip(step[k:], -0.3, 0.3), 0.0, 1.0)
        new_residual, of_sizes, new_linear = measure(new_sizes, new_x)
        gain = chi2 - float(new_residual @ new_residual)
        if gain > 0:
            sizes, x, residual, linear, chi2, damping = new_sizes, new_x, new_residual, new_linear, chi2 - gain, max(damping / 5, 1e-9)
            jacobian = np.concatenate([of_sizes, slopes(sizes, x, residual)], axis=1)
            if gain < settled * (1 + 1e-3 * chi2):
                break
        else:
            damping *= 6
            if damping > 1e6:
                break
    # a uniform range of width 1 has the variance 1/12; sizes are held by their box
    information = jacobian.T @ jacobian + np.diag(np.concatenate([np.full(k, 0.5), np.full(x.size, 12.0)]))
    covariance = np.linalg.inv(information)[k:, k:] * np.outer(width, width)
    found = Mode(hypothesis, sizes, linear[:-1], float(linear[-1]), chi2)
    return FreeFit(found, low + x * width, covariance)


def draw_free(
    free: FreeTable,
    fits: Sequence[FreeFit],
    modes: Mapping[Hypothesis, Sequence[Mode]],
    excess: float,
    rng: np.random.Generator,
    report: Report,
) -> list[Draws]:
    """Return draws of every hypothesis of *modes* at many values of what is free; their evidences hold the weight of those values.

    Parameters
    ----------
    fits : sequence of FreeFit
        About whose free values is drawn.
    modes : mapping of Hypothesis to sequence of Mode
        Best fits at the most probable free values, from which those at others begin.
    excess : float
        Every variance is taken as so many times larger.
    """
    proposal = kernels(np.stack([fit.theta for fit in fits]), excess * np.stack([fit.covariance for fit in fits]))
    thetas, log_weights = _draw_values(free, proposal, rng)
    own = {fit.mode.hypothesis: fit.mode for fit in fits}
    drawn: list[Draws] = []
    for done, (theta, log_weight) in enumerate(zip(thetas, log_weights, strict=True)):
        shapes = free.at(theta).softened(excess)
        scales = prior_scales(shapes)
        for hypothesis, found in modes.items():
            report(Step(done, len(thetas), f"weighing {hypothesis.name}, shell or contrasts free"))
            begin = [mode.sizes for mode in (*found, *([own[hypothesis]] if hypothesis in own else []))]
            near = sorted(refine_all(shapes, hypothesis, begin, iterations=10), key=lambda mode: mode.chi2)
            share = mixture_share([scales[kind] for kind in hypothesis.types])
            sampler = Sampler(shapes, near, share=share, count=INNER, rng=rng)
            for _ in range(INNER_ROUNDS - 1):
                if sampler.effective >= INNER_ENOUGH:
                    break
                sampler.improve()
            draws = sampler.draws()
            drawn.append(replace(draws, log_evidence=draws.log_evidence + float(log_weight), nuisances=tuple(map(float, theta))))
    return drawn


def _draw_values(free: FreeTable, proposal: Kernels, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return free values inside their ranges, shape (G, p), and ln of prior over proposal, up to a constant."""
    low, high = free.ends
    total = DRAWN[low.size]
    even = round(EVEN * total)
    each = -(-(total - even) // len(proposal))
    if low.size == 1:  # one dimension can be strewn evenly, which leaves less to chance
        places = (np.arange(each) + rng.random((len(proposal), each))) / each
        about = (proposal.centres + proposal.factors[:, 0] * stdtrit(FREEDOM, places)).reshape(-1, 1)
        over = (low + (high - low) * ((np.arange(even) + rng.random(even)) / even))[:, None]
    else:
        about, over = proposal.draw(each, rng), rng.uniform(low, high, (even, low.size))
    thetas = np.concatenate([about, over])
    thetas = thetas[((thetas >= low) & (thetas <= high)).all(axis=1)]
    drawn = log_sum(proposal.log_density(thetas) + np.log(each), axis=0)
    return thetas, -np.logaddexp(drawn, np.log(even) - np.log(high - low).sum())
