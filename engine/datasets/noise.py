r"""Noise of a counting detector after buffer subtraction.

References
----------
Sedlak, Bruetzel and Lipfert, J. Appl. Cryst. 50 (2017) 621, doi:10.1107/S1600576717003077.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.curve import Array
from engine.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingNoise:
    r"""Gaussian noise with :math:`\sigma^2(q) = (I + 2 I_{buf}) / (k q)`, never clipped.

    Parameters
    ----------
    k : float
        Counting constant, in 1 / (unit of I) nm; larger is less noisy.
    buffer : float
        Constant buffer intensity I_buf, in the unit of I.
    """

    k: float
    buffer: float

    def __post_init__(self) -> None:
        if not self.k > 0 or not self.buffer >= 0:
            raise ParameterError(f"Noise needs k > 0 and a buffer of at least 0; got {self.k} and {self.buffer}.")

    def sigma(self, q: Array, intensity: Array) -> Array:
        """Return one standard deviation of I at each q, shape (n,)."""
        return np.asarray(np.sqrt((np.maximum(intensity, 0.0) + 2 * self.buffer) / (self.k * np.maximum(q, 1e-9))))


def counting_noise(q: Array, intensity: Array, *, relative: float, at: float = 0.1, buffer_share: float = 0.01) -> CountingNoise:
    """Return the noise whose sigma/I is *relative* at q = *at* [1/nm], with a buffer of *buffer_share* times I there.

    The buffer share decides how fast the noise grows towards high q, where the particles scatter less than the buffer.
    """
    reference = float(np.interp(at, q, intensity))
    if not (reference > 0 and relative > 0):
        raise ParameterError(f"Noise needs a positive intensity at q = {at:g} 1/nm and level; got {reference:g} and {relative:g}.")
    buffer = buffer_share * reference
    k = (reference + 2 * buffer) / (at * (relative * reference) ** 2)
    return CountingNoise(k=k, buffer=buffer)


PAPER_LEVELS = (1e4, 10**7.5)
"""Range of :attr:`LogNormalNoise.level` in Li (2025), log-uniform, for intensities in (1e-6/Å²)² nm⁶ of one particle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormalNoise:
    r"""Log-normal noise of mean 1 on each point, :math:`I_{noisy} = I\, e^{s\epsilon - s^2/2}`, :math:`s^2(q) = \ln(1 + \alpha_n / I)`.

    The relative variance is :math:`\alpha_n / I`, as if counts were 1 / α_n times the intensity; nothing becomes negative.

    Parameters
    ----------
    level : float or ndarray, shape (n, 1)
        α_n, in the unit of I; larger is noisier. One for each curve where there are several.

    References
    ----------
    Li, Physics-based SAXS Simulation and ML Characterization of LNPs, Cornell University (2025).
    """

    level: float | Array

    def __post_init__(self) -> None:
        if not (np.isfinite(self.level) & (np.asarray(self.level) > 0)).all():
            raise ParameterError(f"Log-normal noise needs a positive level; got {self.level}.")

    def log_variance(self, intensity: Array) -> Array:
        """Variance of ln I at each point, in the shape of *intensity*, which must be positive."""
        return np.asarray(np.log1p(self.level / intensity))

    def draw_log(self, intensity: Array, rng: np.random.Generator) -> Array:
        """Return ln of noisy intensities."""
        variance = self.log_variance(intensity)
        return np.asarray(np.log(intensity) - variance / 2 + np.sqrt(variance) * rng.standard_normal(intensity.shape))


def draw_paper_levels(count: int, rng: np.random.Generator) -> Array:
    """Return log-uniform noise levels from :data:`PAPER_LEVELS`, shape (count,)."""
    low, high = PAPER_LEVELS
    return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), count)))
