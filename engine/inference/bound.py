r"""The least error that any unbiased reading of a curve can have.

Cramér-Rao: the covariance of any unbiased estimate is at least the inverse of the Fisher information
:math:`F = J^T \Sigma^{-1} J` over *all* free parameters: of each type ln mean, ln spread and ln amplitude, and the background.
With the prior's information added to F it bounds the mean square error of any estimate on average over the prior
(van Trees, Detection, Estimation, and Modulation Theory I (1968), section 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.datasets.synthesis import Sample, ideal_parts
from engine.inference.posterior import PRIOR_PRECISION

STEP = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """Least standard deviations, one for each type of the sample.

    Parameters
    ----------
    number_fractions : ndarray, shape (K,)
    means : ndarray, shape (K,)
        [nm]
    spreads : ndarray, shape (K,)
        Of sd/mean.
    scattering_fractions : ndarray, shape (K,)
        Of the shares of the scattering at the lowest q.
    """

    number_fractions: Array
    means: Array
    spreads: Array
    scattering_fractions: Array


def bound(sample: Sample, basis: Basis, at_points: dict[str, Array], sigma: Array, scale: float, *, with_prior: bool = False) -> Bound:
    """Return the Cramér-Rao bound of one sample measured with *sigma*.

    Parameters
    ----------
    at_points : dict of str to ndarray, shape (d, n)
        The basis at the measured q.
    sigma : ndarray, shape (n,)
        Standard deviations of the measured intensities.
    scale : float
        Intensity of the measurement per number-weighted particle.
    with_prior : bool
        Add the variance-matched information of the priors of sizes (van Trees).
    """
    k = len(sample.types)
    parts = scale * ideal_parts(sample, basis, at_points)
    columns = []
    for j in range(k):
        for field in ("means", "spreads"):
            moved = scale * ideal_parts(_moved(sample, field, j), basis, at_points)[j]
            columns.append((moved - parts[j]) / STEP)
    jacobian = np.stack([*columns, *parts, np.ones_like(sigma)], axis=1) / sigma[:, None]
    information = jacobian.T @ jacobian
    if with_prior:
        information[np.arange(2 * k), np.arange(2 * k)] += np.tile(PRIOR_PRECISION, k)
    size = np.sqrt(np.diag(information))
    covariance = np.linalg.pinv(information / np.outer(size, size), hermitian=True) / np.outer(size, size)
    numbers = np.array(sample.number_fractions)
    # ln amplitude_k = ln number_k + const at fixed size, so n = softmax(ln amplitude)
    slope = np.diag(numbers) - np.outer(numbers, numbers)
    fractions = slope @ covariance[2 * k : 3 * k, 2 * k : 3 * k] @ slope.T
    shares = parts[:, 0] / parts[:, 0].sum()
    # ln of the scattering of type j rises with its amplitude one to one, and with its size and spread as its curve does
    rise = np.zeros((k, covariance.shape[0]))
    rise[np.arange(k), 2 * k + np.arange(k)] = 1.0
    for j in range(k):
        rise[j, 2 * j : 2 * j + 2] = [columns[2 * j][0] / parts[j, 0], columns[2 * j + 1][0] / parts[j, 0]]
    slope_of_shares = (np.diag(shares) - np.outer(shares, shares)) @ rise
    scattering = np.sqrt(np.maximum(np.diag(slope_of_shares @ covariance @ slope_of_shares.T), 0))
    log_sd = np.sqrt(np.diag(covariance)[: 2 * k]).reshape(k, 2)
    numbers_sd = np.sqrt(np.maximum(np.diag(fractions), 0))
    return Bound(numbers_sd, log_sd[:, 0] * np.array(sample.means), log_sd[:, 1] * np.array(sample.spreads), scattering)


def _moved(sample: Sample, field: str, index: int) -> Sample:
    values = list(getattr(sample, field))
    values[index] *= 1 + STEP
    return replace(sample, **{field: tuple(values)})
