r"""Posterior of a hypothesis by importance sampling with the exact likelihood.

Coordinates of a hypothesis with K types: ln mean and ln spread of each, and K - 1 logits of the scattering fractions (shares of
I at the lowest q). Scale and background are integrated out in closed form under flat priors, which gives

.. math:: \ln L = -\tfrac12 \mathrm{RSS} - \tfrac12 \ln \det X^T X, \quad X = (g, 1) / \sigma,

with g the normalised mixture. Priors: ln mean and ln spread uniform in their boxes, scattering fractions uniform on the simplex.
The proposal is a mixture of Student t about the local best fits, extended round by round with one fitted to all weighted draws so far
(adaptive multiple importance sampling; Cornuet et al. 2012, Scand. J. Stat. 39:798).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from engine.curve import Array
from engine.inference.fit import HIGH, LOW, Mode
from engine.inference.hypotheses import Hypothesis
from engine.inference.shapes import ShapeTable

FREEDOM = 5.0
"""Degrees of freedom of the Student t proposals: tails heavy enough to cover what a Gaussian misses."""

NEAR, MAX_MODES = 25.0, 4
"""Local best fits within this chi² of the best, and at most so many, carry a proposal of their own."""

PRIOR_PRECISION = 12.0 / (HIGH - LOW) ** 2
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
    """

    hypothesis: Hypothesis
    sizes: Array
    fractions: Array
    scales: Array
    weights: Array
    log_evidence: float

    @property
    def effective(self) -> float:
        """Effective number of draws, 1 / sum of squared weights."""
        return float(1 / (self.weights**2).sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Kernel:
    """Student t of one mode: centre (d,) and lower Cholesky factor of its scale matrix (d, d)."""

    centre: Array
    factor: Array

    def log_density(self, z: Array) -> Array:
        d = self.centre.size
        x = np.linalg.solve(self.factor, (z - self.centre).T)
        log_norm = gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(FREEDOM * np.pi) - np.log(np.diag(self.factor)).sum()
        return np.asarray(log_norm - (FREEDOM + d) / 2 * np.log1p((x * x).sum(axis=0) / FREEDOM))

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        normal = rng.standard_normal((count, self.centre.size))
        stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, count))
        return np.asarray(self.centre + (normal * stretch[:, None]) @ self.factor.T)


def draw_posterior(shapes: ShapeTable, modes: Sequence[Mode], *, count: int, rng: np.random.Generator, rounds: int = 6, enough: float = 400.0) -> Draws:
    """Return weighted draws for the hypothesis of *modes*.

    Parameters
    ----------
    modes : sequence of Mode
        Local best fits of one hypothesis; those far worse than the best are left out.
    count : int
        Draws in each round.
    rounds, enough : int, float
        At most this many rounds; no further round once this many effective draws are there. All rounds count: each draw is
        weighted against the mixture of all proposals so far.
    """
    hypothesis = modes[0].hypothesis
    kernels = [_laplace(shapes, mode) for mode in modes if mode.chi2 - modes[0].chi2 < NEAR][:MAX_MODES]
    shares = [count / len(kernels)] * len(kernels)
    z = np.concatenate([kernel.draw(round(share), rng) for kernel, share in zip(kernels, shares, strict=True)])
    target, fractions, scales = log_posterior(shapes, hypothesis, z)
    for _ in range(rounds - 1):
        log_weights = target - _log_mixture(kernels, shares, z)
        if _effective(log_weights) >= enough:
            break
        kernels.append(_moment_kernel(z, log_weights))
        shares.append(float(count))
        fresh = kernels[-1].draw(count, rng)
        more = log_posterior(shapes, hypothesis, fresh)
        z = np.concatenate([z, fresh])
        target, fractions, scales = (np.concatenate(pair) for pair in zip((target, fractions, scales), more, strict=True))
    log_weights = target - _log_mixture(kernels, shares, z)
    total = logsumexp(log_weights)
    weights = np.exp(log_weights - total) if np.isfinite(total) else np.full(z.shape[0], 1 / z.shape[0])
    sizes = z[:, : 2 * len(hypothesis.types)].reshape(z.shape[0], -1, 2)
    return Draws(hypothesis, sizes, fractions, scales, weights, float(total - np.log(z.shape[0])))


def log_posterior(shapes: ShapeTable, hypothesis: Hypothesis, z: Array) -> tuple[Array, Array, Array]:
    """Return ln(likelihood x prior) (N,), scattering fractions (N, K) and scales (N, K) at coordinates *z* (N, 3K - 1)."""
    kinds = hypothesis.types
    k = len(kinds)
    sizes = z[:, : 2 * k].reshape(-1, k, 2)
    inside = ((sizes >= LOW) & (sizes <= HIGH)).all(axis=(1, 2))
    clipped = np.clip(sizes, LOW, HIGH)
    log_fractions = _log_softmax(z[:, 2 * k :])
    fractions = np.exp(log_fractions)
    mixture = np.zeros((shapes.data.size, z.shape[0]))
    scales = np.empty((z.shape[0], k))
    for j, kind in enumerate(kinds):
        curve, scales[:, j] = shapes.average(kind, clipped[:, j, 0], clipped[:, j, 1])
        curve *= fractions[:, j]
        mixture += curve
    log_likelihood = _marginal_likelihood(mixture, shapes)
    # uniform on the simplex, in logits: (K-1)! times the product of all fractions
    log_prior = gammaln(k) + log_fractions.sum(axis=1) * (k > 1) - k * np.log(HIGH - LOW).sum()
    return np.where(inside, log_likelihood + log_prior, -np.inf), fractions, scales


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


def _log_softmax(logits: Array) -> Array:
    full = np.concatenate([logits, np.zeros((logits.shape[0], 1))], axis=1)
    return np.asarray(full - logsumexp(full, axis=1, keepdims=True))


def _laplace(shapes: ShapeTable, mode: Mode) -> _Kernel:
    """Return the proposal at a local best fit from the Gauss-Newton information with scale and background projected out."""
    k = len(mode.hypothesis.types)
    share = np.maximum(mode.amplitudes, 1e-12 * max(mode.amplitudes.max(), 1e-300))
    share = np.clip(share / share.sum(), 0.01, None)
    share /= share.sum()
    centre = np.concatenate([mode.sizes.ravel(), np.log(share[:-1] / share[-1])])
    step = 1e-4
    z = np.concatenate([centre[None], centre + step * np.eye(centre.size)])
    curves = [shapes.average(kind, z[:, 2 * j], z[:, 2 * j + 1])[0] for j, kind in enumerate(mode.hypothesis.types)]
    mixture = np.einsum("kij,jk->ij", np.stack(curves), np.exp(_log_softmax(z[:, 2 * k :])))
    total = max(mode.amplitudes.sum(), 1e-300)
    derivative = (mixture[:, 1:] - mixture[:, :1]) / step * total
    orthogonal, _ = np.linalg.qr(np.stack([mixture[:, 0], shapes.flat], axis=1))
    derivative -= orthogonal @ (orthogonal.T @ derivative)
    precision = derivative.T @ derivative
    precision += np.diag(np.concatenate([np.tile(PRIOR_PRECISION, k), np.full(k - 1, LOGIT_PRECISION)]))
    return _Kernel(centre, _factor(np.linalg.inv(precision)))


def _effective(log_weights: Array) -> float:
    top = logsumexp(log_weights)
    return float(np.exp(2 * top - logsumexp(2 * log_weights))) if np.isfinite(top) else 0.0


def _moment_kernel(z: Array, log_weights: Array) -> _Kernel:
    """Return a proposal with mean and covariance of the weighted draws.

    The weights are flattened until enough draws count, so that a lucky few do not decide.
    """
    least = max(50.0, 6.0 * z.shape[1])
    flat = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    power = 1.0
    while power > 1e-3 and _effective(power * flat) < least:
        power *= 0.7
    weights = np.exp(power * flat - logsumexp(power * flat))
    centre = weights @ z
    delta = z - centre
    return _Kernel(centre, _factor((weights[:, None] * delta).T @ delta))


def _factor(covariance: Array) -> Array:
    """Return the Cholesky factor of a covariance widened by a fifth, kept positive."""
    covariance = 1.2 * (covariance + covariance.T) / 2
    ridge = 1e-10 + 1e-9 * np.diag(covariance)
    return np.linalg.cholesky(covariance + np.diag(ridge))


def _log_mixture(kernels: Sequence[_Kernel], shares: Sequence[float], z: Array) -> Array:
    densities = np.stack([kernel.log_density(z) for kernel in kernels])
    return np.asarray(logsumexp(densities, axis=0, b=(np.array(shares) / sum(shares))[:, None]))
