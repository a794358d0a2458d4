r"""Posterior of a hypothesis by importance sampling with the exact likelihood.

Coordinates of a hypothesis with K types: ln mean and ln spread of each, and K - 1 logits of the scattering fractions (shares of
I at the lowest q). Scale and background are integrated out in closed form under flat priors, which gives

.. math:: \ln L = -\tfrac12 \mathrm{RSS} - \tfrac12 \ln \det X^T X, \quad X = (g, 1) / \sigma,

with g the normalised mixture. Priors: ln mean uniform over the family's sizes with soft edges, ln spread normal about a spread of
11 %, number fractions uniform where every type is seen (see :func:`log_fraction_prior`).
The proposal is a mixture of Student t about the local best fits, extended round by round with one fitted to all weighted draws so far
(adaptive multiple importance sampling; Cornuet et al. 2012, Scand. J. Stat. 39:798).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import gammaln

from engine.curve import Array
from engine.datasets.synthesis import MINOR
from engine.inference.fit import HIGH, LOW, Mode
from engine.inference.hypotheses import Hypothesis
from engine.inference.shapes import SPREAD_BOX, Indices, ShapeTable, log_normal_weights

FREEDOM = 5.0
"""Degrees of freedom of the Student t proposals: tails heavy enough to cover what a Gaussian misses."""

WIDENED = 2.5
"""Variance of a proposal over the local covariance. Narrower ones cut the tails of bent posteriors while the effective number of
draws still looks well."""

TILES, TRUST = 24, 1 / 0.3**2
"""Local proposals added in each round, and the precision that keeps them local."""

SIZE_PRIOR = (20.0, 100.0)
"""Mean sizes [nm] of the family, equally likely in ln D."""

SIZE_EDGE = 0.15
"""Beyond the family the prior falls off as a Gaussian of this width in ln D, so that a size outside can be seen."""

PRIOR_DRAWS = 2000
"""Sizes drawn from the prior to know how often a mixture is one that can be seen."""

TRACE = 0.1
"""Prior probability that a further type is there as a trace only."""

SPREAD_PRIOR = (0.11, 0.7)
"""Median of sd/mean and the standard deviation of its logarithm: 5 to 22 % within one deviation, as formulations have."""

NEAR, MAX_MODES = 25.0, 4
"""Local best fits within this chi² of the best, and at most so many, carry a proposal of their own."""

PRIOR_CENTRE = np.array([(np.log(SIZE_PRIOR[0]) + np.log(SIZE_PRIOR[1])) / 2, np.log(SPREAD_PRIOR[0])])
PRIOR_PRECISION = np.array([12.0 / np.log(SIZE_PRIOR[1] / SIZE_PRIOR[0]) ** 2, SPREAD_PRIOR[1] ** -2])
LOGIT_PRECISION = 3.0 / np.pi**2


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Weighted draws from the posterior of one hypothesis.

    Parameters
    ----------
    sizes : ndarray, shape (N, K, 2)
        ln mean [nm], ln spread.
    fractions : ndarray, shape (N, K)
        Scattering fractions.
    scales : ndarray, shape (N, K)
        Size-averaged one-particle intensity at the lowest q; number fractions go as fraction / scale.
    weights : ndarray, shape (N,)
        Sum to 1.
    log_evidence : float
        ln of the integral of likelihood times prior, with constants common to all hypotheses left out.
    nuisances : tuple of float
        Values of what is free of the particles, the same for all these draws; empty where nothing is.
    """

    hypothesis: Hypothesis
    sizes: Array
    fractions: Array
    scales: Array
    weights: Array
    log_evidence: float
    nuisances: tuple[float, ...] = ()

    @property
    def effective(self) -> float:
        """Effective number of draws, 1 / sum of squared weights."""
        return float(1 / (self.weights**2).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """Student t distributions that together are a proposal.

    Parameters
    ----------
    centres : ndarray, shape (n, d)
        Coordinates as in :func:`log_posterior`.
    factors : ndarray, shape (n, d, d)
        Lower Cholesky factors of their scale matrices.
    """

    centres: Array
    factors: Array

    def __len__(self) -> int:
        return len(self.centres)

    def log_density(self, z: Array) -> Array:
        """Return the log density of each, shape (n, N), at *z* (N, d)."""
        n, d = self.centres.shape
        inverses = np.linalg.inv(self.factors)
        x = (inverses.reshape(n * d, d) @ z.T).reshape(n, d, -1) - (inverses @ self.centres[..., None])
        places = np.arange(d)
        log_norm = gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(FREEDOM * np.pi)
        log_norm = log_norm - np.log(self.factors[:, places, places]).sum(axis=1)
        return np.asarray(log_norm[:, None] - (FREEDOM + d) / 2 * np.log1p(np.einsum("ndi,ndi->ni", x, x) / FREEDOM))

    def draw(self, each: int, rng: np.random.Generator) -> Array:
        """Return *each* draws from every one, shape (n * each, d)."""
        n, d = self.centres.shape
        normal = rng.standard_normal((n, each, d)) * np.sqrt(FREEDOM / rng.chisquare(FREEDOM, (n, each, 1)))
        return np.asarray((self.centres[:, None] + normal @ self.factors.transpose(0, 2, 1)).reshape(-1, d))


def kernels(centres: Array, covariances: Array) -> Kernels:
    """Return proposals at *centres* (n, d) with *covariances* (n, d, d), widened and kept positive.

    Other analysts, a network for one, hand such proposals to :class:`Sampler`; a wrong one costs draws but biases nothing.
    """
    widened = WIDENED / 2 * (covariances + covariances.transpose(0, 2, 1))
    places = np.arange(centres.shape[1])
    widened[:, places, places] += 1e-10 + 1e-9 * widened[:, places, places]
    return Kernels(centres, np.asarray(np.linalg.cholesky(widened), dtype=np.float64))


def _together(parts: Sequence[Kernels]) -> Kernels:
    return Kernels(np.concatenate([part.centres for part in parts]), np.concatenate([part.factors for part in parts]))


class Sampler:
    """Weighted draws of one hypothesis that become better round by round.

    All rounds count: each draw is weighted against the mixture of all proposals so far.

    Parameters
    ----------
    modes : sequence of Mode
        Local best fits of one hypothesis; those far worse than the best are left out.
    parents : sequence of Mode
        Best fits of the hypotheses with one type less. Where one of them is nearly as good the posterior opens into a funnel:
        the further type may be a trace of any size.
    share : float
        The :func:`mixture_share` of the types.
    count : int
        Draws in each round; the first is made at once.
    proposals : sequence of Kernels
        Further proposals, e.g. of a network, drawn from in the first round beside the local best fits.
    """

    def __init__(
        self,
        shapes: ShapeTable,
        modes: Sequence[Mode],
        parents: Sequence[Mode] = (),
        *,
        share: float,
        count: int,
        rng: np.random.Generator,
        proposals: Sequence[Kernels] = (),
    ) -> None:
        self.hypothesis = modes[0].hypothesis
        self._shapes, self._share, self._count, self._rng = shapes, share, count, rng
        self._single = shapes.single()
        near = [mode for mode in modes if mode.chi2 - modes[0].chi2 < NEAR][:MAX_MODES]
        funnels = [_funnel(shapes, parent, self.hypothesis) for parent in parents if parent.chi2 - modes[0].chi2 < NEAR]
        self._kernels = _together([*(_laplace(shapes, mode) for mode in near), *funnels, *proposals])
        each = -(-count // len(self._kernels))
        self._each = np.full(len(self._kernels), float(each))
        self._z = self._kernels.draw(each, rng)
        self._target, self._fractions, self._scales = log_posterior(self._single, self.hypothesis, self._z, share)
        self._proposed = self._log_proposed(self._kernels, self._each, self._z)

    @property
    def log_evidence(self) -> float:
        """Its estimate so far."""
        return float(log_sum(self._log_weights, axis=0) - np.log(len(self._z)))

    @property
    def effective(self) -> float:
        """Effective number of draws so far."""
        return _effective(self._log_weights)

    @property
    def _log_weights(self) -> Array:
        return np.asarray(self._target - self._proposed + np.log(self._each.sum()))

    def improve(self) -> None:
        """Add a round of local proposals about the draws that matter."""
        weights = self._log_weights
        if not np.isfinite(weights.max()):
            return
        fresh = _tiles(self._shapes, self.hypothesis, self._z, weights, self._rng)
        each = -(-self._count // len(fresh))
        z = fresh.draw(each, self._rng)
        self._proposed = np.logaddexp(self._proposed, self._log_proposed(fresh, np.full(len(fresh), float(each)), self._z))
        self._kernels, self._each = _together([self._kernels, fresh]), np.concatenate([self._each, np.full(len(fresh), float(each))])
        self._proposed = np.concatenate([self._proposed, self._log_proposed(self._kernels, self._each, z)])
        target, fractions, scales = log_posterior(self._single, self.hypothesis, z, self._share)
        self._z, self._target = np.concatenate([self._z, z]), np.concatenate([self._target, target])
        self._fractions, self._scales = np.concatenate([self._fractions, fractions]), np.concatenate([self._scales, scales])

    def draws(self) -> Draws:
        """Return the draws so far."""
        log_weights = self._log_weights
        possible = np.isfinite(log_weights.max())
        weights = np.exp(log_weights - log_sum(log_weights, axis=0)) if possible else np.full(len(self._z), 1 / len(self._z))
        sizes = self._z[:, : 2 * len(self.hypothesis.types)].reshape(len(self._z), -1, 2)
        return Draws(self.hypothesis, sizes, self._fractions, self._scales, weights, self.log_evidence)

    @staticmethod
    def _log_proposed(kernels: Kernels, each: Array, z: Array) -> Array:
        """Return ln of the expected density of draws at *z* (N, d), not divided by their number."""
        return log_sum(kernels.log_density(z) + np.log(each)[:, None], axis=0)


def draw_posterior(
    shapes: ShapeTable,
    modes: Sequence[Mode],
    parents: Sequence[Mode] = (),
    *,
    share: float = 1.0,
    count: int,
    rng: np.random.Generator,
    rounds: int = 7,
    enough: float = 400.0,
    proposals: Sequence[Kernels] = (),
) -> Draws:
    """Return weighted draws for the hypothesis of *modes*; see :class:`Sampler`.

    Parameters
    ----------
    rounds, enough : int, float
        At most this many rounds; no further round once this many effective draws are there.
    """
    sampler = Sampler(shapes, modes, parents, share=share, count=count, rng=rng, proposals=proposals)
    for _ in range(rounds - 1):
        if sampler.effective >= enough:
            break
        sampler.improve()
    return sampler.draws()


def log_posterior(shapes: ShapeTable, hypothesis: Hypothesis, z: Array, share: float) -> tuple[Array, Array, Array]:
    """Return ln(likelihood x prior) (N,), scattering fractions (N, K) and scales (N, K) at coordinates *z* (N, 3K - 1)."""
    kinds = hypothesis.types
    k = len(kinds)
    sizes = z[:, : 2 * k].reshape(-1, k, 2)
    inside = ((sizes >= LOW) & (sizes <= HIGH)).all(axis=(1, 2))
    clipped = np.clip(sizes, LOW, HIGH)
    log_fractions = _log_softmax(z[:, 2 * k :])
    fractions = np.exp(log_fractions)
    scales = np.empty((z.shape[0], k))
    mixture = np.zeros(())
    for j, kind in enumerate(kinds):
        curve, scales[:, j] = shapes.average(kind, clipped[:, j, 0], clipped[:, j, 1])
        curve *= fractions[:, j]
        mixture = curve if j == 0 else np.add(mixture, curve, out=mixture)
    log_likelihood = _marginal_likelihood(mixture.astype(np.float64, copy=False), shapes)
    log_prior = log_fraction_prior(log_fractions, scales, share) + log_size_prior(clipped).sum(axis=1)
    return np.where(inside, log_likelihood + log_prior, -np.inf), fractions, scales


def log_fraction_prior(log_fractions: Array, scales: Array, share: float) -> Array:
    """Return ln of the prior density of the logits of scattering fractions, shape (N,).

    *share* is the :func:`mixture_share` of the types.

    A mixture is a sample in which every type gives at least ``MINOR`` of the scattering; in it all number fractions are equally
    likely. With probability ``TRACE`` some type is there as a trace below that; then all scattering fractions are.
    Number fractions go as n_k ~ f_k / s_k, so dn/df = prod(1/s) / (sum f/s)^K, and df/dlogit = prod f.
    """
    k = scales.shape[1]
    if k == 1:
        return np.zeros(scales.shape[0])
    log_numbers = log_fractions - np.log(scales)
    uniform = gammaln(k) + log_fractions.sum(axis=1)
    by_number = gammaln(k) + log_numbers.sum(axis=1) - k * log_sum(log_numbers, axis=1)
    mixed = log_fractions.min(axis=1) >= np.log(MINOR)
    inside = np.log1p(-TRACE) + by_number - np.log(share)
    outside = np.log(TRACE) + uniform - np.log1p(-((1 - k * MINOR) ** (k - 1)))
    return np.asarray(np.where(mixed, inside, outside))


def prior_scales(shapes: ShapeTable) -> dict[str, Array]:
    """Return intensities at the lowest q of one particle of each type, for sizes drawn from the prior, shape (PRIOR_DRAWS,)."""
    weights = _prior_weights(shapes.diameters.tobytes())
    return {kind: first @ weights for kind, first in shapes.first.items()}


@lru_cache(maxsize=2)
def _prior_weights(diameters: bytes) -> Array:
    """Return shares of numbers (d, PRIOR_DRAWS) of size distributions drawn from the prior."""
    rng = np.random.default_rng(20250501)
    mean = np.exp(rng.uniform(np.log(SIZE_PRIOR[0]), np.log(SIZE_PRIOR[1]), PRIOR_DRAWS))
    spread = np.exp(rng.normal(np.log(SPREAD_PRIOR[0]), SPREAD_PRIOR[1], PRIOR_DRAWS))
    return log_normal_weights(np.frombuffer(diameters), mean, np.clip(spread, *SPREAD_BOX))


def mixture_share(scales: Sequence[Array]) -> float:
    """Return the probability that types with uniform number fractions and sizes from the prior all reach ``MINOR``.

    Parameters
    ----------
    scales : sequence of ndarray, shape (n,)
        Of :func:`prior_scales`, one for each type; they are shuffled against one another.
    """
    order, numbers = _prior_mixtures(len(scales), scales[0].size)
    share = np.stack(scales, axis=1)[order, np.arange(len(scales))] * numbers
    return max(float((share.min(axis=1) >= MINOR * share.sum(axis=1)).mean()), 1e-4)


@lru_cache(maxsize=4)
def _prior_mixtures(count: int, sizes: int) -> tuple[Indices, Array]:
    """Return which of *sizes* sizes each of *count* types has, and its number fraction, each (8 sizes, count)."""
    rng = np.random.default_rng(20250502)
    order = np.stack([rng.permutation(np.tile(np.arange(sizes), 8)) for _ in range(count)], axis=1)
    return order, rng.dirichlet(np.ones(count), order.shape[0])


def log_size_prior(sizes: Array) -> Array:
    """Return ln of the prior density of (ln mean, ln spread) in the last axis of *sizes* (..., 2)."""
    log_mean, log_spread = sizes[..., 0], sizes[..., 1]
    low, high = np.log(SIZE_PRIOR)
    beyond = np.maximum(np.maximum(low - log_mean, log_mean - high), 0.0) / SIZE_EDGE
    flat = high - low + np.sqrt(2 * np.pi) * SIZE_EDGE
    x = (log_spread - np.log(SPREAD_PRIOR[0])) / SPREAD_PRIOR[1]
    return np.asarray(-0.5 * beyond**2 - np.log(flat) - 0.5 * x * x - np.log(SPREAD_PRIOR[1] * np.sqrt(2 * np.pi)))


def _marginal_likelihood(mixture: Array, shapes: ShapeTable) -> Array:
    """Return ln L with scale and background integrated out, shape (N,)."""
    flat, data = shapes.flat, shapes.data
    gg, g1, gy = np.einsum("ij,ij->j", mixture, mixture), flat @ mixture, data @ mixture
    ff, fy, yy = flat @ flat, flat @ data, data @ data
    determinant = np.maximum(gg * ff - g1 * g1, 1e-12 * gg * ff)
    scale = (gy * ff - fy * g1) / determinant
    gain = gy - fy * g1 / ff
    rss = yy - fy * fy / ff - gain * gain * ff / determinant
    return np.asarray(np.where(scale > 0, -0.5 * rss - 0.5 * np.log(determinant), -np.inf))


def log_sum(values: Array, axis: int) -> Array:
    """Return ln of the sum of exponentials along *axis*; -inf where all are."""
    top = np.asarray(values.max(axis=axis, keepdims=True))
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.squeeze(np.log(np.exp(values - top).sum(axis=axis, keepdims=True)) + top, axis))


def _log_softmax(logits: Array) -> Array:
    full = np.concatenate([logits, np.zeros((logits.shape[0], 1))], axis=1)
    return np.asarray(full - log_sum(full, axis=1)[:, None])


def _laplace(shapes: ShapeTable, mode: Mode) -> Kernels:
    """Return the proposal at a local best fit."""
    share = np.maximum(mode.amplitudes, 1e-12 * max(mode.amplitudes.max(), 1e-300))
    share = np.clip(share / share.sum(), 0.01, None)
    centre = np.concatenate([mode.sizes.ravel(), np.log(share[:-1] / share[-1])])
    _, covariance = _newton(shapes, mode.hypothesis, centre[None], trust=0.0)
    return kernels(centre[None], covariance)


def _newton(shapes: ShapeTable, hypothesis: Hypothesis, z: Array, *, trust: float) -> tuple[Array, Array]:
    """Return the Gauss-Newton step (C, d) at each of the points *z* (C, d), and the local covariance (C, d, d).

    Scale and background are projected out. The information is that of the data, the prior's, and *trust* in every direction,
    which keeps both step and covariance local where the data say little.
    """
    k = len(hypothesis.types)
    sizes = np.clip(z[:, : 2 * k].reshape(-1, k, 2), LOW, HIGH)
    fractions = np.exp(_log_softmax(z[:, 2 * k :]))[..., None]
    parts = [shapes.slopes(kind, sizes[:, j, 0], sizes[:, j, 1]) for j, kind in enumerate(hypothesis.types)]
    mixture = sum(part[0] * fractions[:, j] for j, part in enumerate(parts))
    by_size = [slope * fractions[:, j] for j, part in enumerate(parts) for slope in part[1:]]
    by_logit = [(part[0] - mixture) * fractions[:, j] for j, part in enumerate(parts[:-1])]
    flat = shapes.flat / np.linalg.norm(shapes.flat)
    data = shapes.data - flat * (flat @ shapes.data)
    bare = np.stack([mixture, *by_size, *by_logit], axis=1)
    bare -= (bare @ flat)[..., None] * flat
    length = np.linalg.norm(bare[:, 0], axis=1)
    here = bare[:, 0] / length[:, None]
    level = here @ data
    jacobian = bare[:, 1:] * (np.maximum(level, 0.0) / length)[:, None, None]
    jacobian -= (jacobian @ here[..., None]) * here[:, None]
    prior = np.concatenate([np.tile(PRIOR_PRECISION, k), np.full(k - 1, LOGIT_PRECISION)]) + trust
    covariances = np.linalg.inv(jacobian @ jacobian.transpose(0, 2, 1) + np.diag(prior))
    gradient = jacobian @ (data - level[:, None] * here)[..., None]
    return (covariances @ gradient)[..., 0], covariances


def _tiles(shapes: ShapeTable, hypothesis: Hypothesis, z: Array, log_weights: Array, rng: np.random.Generator) -> Kernels:
    """Return local proposals about some of the draws, which together follow a bent and narrow posterior.

    Draws are chosen by weight, flattened until enough count so that a lucky few do not decide, moved to the ridge by
    Gauss-Newton steps, and each carries its own local covariance.
    """
    power = 1.0
    while power > 1e-3 and _effective(power * log_weights) < 3 * TILES:
        power *= 0.8
    weights = np.exp(power * log_weights - log_sum(power * log_weights, axis=0))
    centres = z[rng.choice(z.shape[0], TILES, p=weights / weights.sum())]
    for _ in range(2):
        step, covariances = _newton(shapes, hypothesis, centres, trust=TRUST)
        centres = centres + np.clip(step, -0.5, 0.5)
    return kernels(centres, covariances)


def _funnel(shapes: ShapeTable, parent: Mode, hypothesis: Hypothesis) -> Kernels:
    """Return the proposal where one type of *hypothesis* is a trace: the others as in *parent*, the trace as in the prior."""
    kinds = hypothesis.types
    k = len(kinds)
    known = _laplace(shapes, parent)
    trace = next(i for i, kind in enumerate(kinds) if kind not in parent.hypothesis.types)
    places = [2 * i + j for i in range(k) if i != trace for j in (0, 1)]
    centre, spread = np.zeros(3 * k - 1), np.zeros((3 * k - 1, 3 * k - 1))
    centre[places] = known.centres[0, : 2 * k - 2]
    spread[np.ix_(places, places)] = (known.factors[0] @ known.factors[0].T)[: 2 * k - 2, : 2 * k - 2]
    centre[2 * trace : 2 * trace + 2] = PRIOR_CENTRE
    spread[[2 * trace, 2 * trace + 1], [2 * trace, 2 * trace + 1]] = 1 / PRIOR_PRECISION
    # logits of the scattering fractions against the last type, the trace at about 2 %, known to a factor of three
    shares = np.insert(np.concatenate([known.centres[0, 2 * k - 2 :], [0.0]]), trace, -4.0)
    logits = shares[:-1] - shares[-1]
    centre[2 * k :] = logits
    width = np.ones((k - 1, k - 1)) if trace == k - 1 else np.eye(k - 1) * (np.arange(k - 1) == trace)
    spread[2 * k :, 2 * k :] = 1.4 * width + 0.05 * np.eye(k - 1)
    return kernels(centre[None], spread[None])


def _effective(log_weights: Array) -> float:
    top = log_weights.max()
    if not np.isfinite(top):
        return 0.0
    weights = np.exp(log_weights - top)
    return float(weights.sum() ** 2 / (weights @ weights))
