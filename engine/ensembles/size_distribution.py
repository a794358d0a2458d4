r"""Number-weighted distributions of the size D.

Sizes enter intensities as D^6, so a distribution is integrated far beyond the width of its number density: see :func:`grid`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaln, lambertw

from engine.curve import Array, read_only
from engine.errors import ParameterError

MAX_NODES = 20_000
"""More sizes than this are refused: the distribution is too wide for the q range, or too narrow for its width."""


KINKED = 12
"""A table is integrated with steps this much finer than a smooth density of the width of its steps."""

ROUGH_NODES = 201
"""Least number of sizes for a density that does not fade smoothly to nothing at both ends."""


class SizeDistribution(Protocol):
    """Anything with a number density over D."""

    def density(self, diameter: Array) -> Array:
        """Number density [1/nm] at *diameter* [nm]; need not be normalised."""

    def support(self) -> tuple[float, float]:
        """Ends [nm] beyond which neither numbers nor D^6 times numbers matter."""

    @property
    def width(self) -> float:
        """Smallest scale [nm] on which the density changes."""

    @property
    def is_smooth(self) -> bool:
        """True when the density fades smoothly to nothing at both ends."""


def _check(mean: float, sd: float) -> None:
    if not (math.isfinite(mean) and mean > 0):
        raise ParameterError(f"The mean size must be positive; {mean} nm was given.", "mean")
    if not (math.isfinite(sd) and 0 < sd < mean):
        raise ParameterError(f"The standard deviation must lie between 0 and the mean ({mean:g} nm); {sd} nm was given.", "sd")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormal:
    r"""Log-normal sizes of given mean and standard deviation [nm].

    .. math:: n(D) = \frac{1}{D s \sqrt{2\pi}} \exp\left(-\frac{(\ln D - m)^2}{2 s^2}\right), \quad
              s^2 = \ln(1 + \mathrm{sd}^2/\mathrm{mean}^2), \quad m = \ln \mathrm{mean} - s^2/2
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _check(self.mean, self.sd)

    @property
    def log_sd(self) -> float:
        """Standard deviation of ln D."""
        return math.sqrt(math.log1p((self.sd / self.mean) ** 2))

    @property
    def log_mean(self) -> float:
        """Mean of ln D, D in nm."""
        return math.log(self.mean) - self.log_sd**2 / 2

    @property
    def width(self) -> float:
        """Smallest scale of the density [nm]: that of its lower flank."""
        return self.log_sd * math.exp(self.log_mean - 2.5 * self.log_sd)

    @property
    def is_smooth(self) -> bool:
        """True when the density fades smoothly to nothing at both ends."""
        return True

    def density(self, diameter: Array) -> Array:
        """Number density [1/nm]."""
        x = (np.log(diameter) - self.log_mean) / self.log_sd
        return np.asarray(np.exp(-0.5 * x * x) / (diameter * self.log_sd * math.sqrt(2 * math.pi)))

    def support(self) -> tuple[float, float]:
        """Five and a half log-widths below the mode of numbers and above the mode of D^6 times numbers."""
        s = self.log_sd
        return math.exp(self.log_mean - 5.5 * s), math.exp(self.log_mean + 6 * s * s + 5.5 * s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """Normal sizes of given mean and standard deviation [nm], cut at five deviations and at a twentieth of the mean."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _check(self.mean, self.sd)

    @property
    def width(self) -> float:
        """Smallest scale of the density [nm]."""
        return self.sd

    @property
    def is_smooth(self) -> bool:
        """True when the density fades smoothly to nothing at both ends."""
        return self.mean > 5.5 * self.sd

    def density(self, diameter: Array) -> Array:
        """Number density [1/nm]."""
        x = (diameter - self.mean) / self.sd
        return np.asarray(np.exp(-0.5 * x * x) / (self.sd * math.sqrt(2 * math.pi)))

    def support(self) -> tuple[float, float]:
        """Five and a half deviations about the mean, with room above for the weight of D^6."""
        shift = 6 * self.sd**2 / self.mean
        return max(self.mean / 20, self.mean - 5.5 * self.sd), self.mean + shift + 5.5 * self.sd


@dataclass(frozen=True, slots=True, kw_only=True)
class Schulz:
    r"""Schulz (gamma) sizes of given mean and standard deviation [nm].

    .. math:: n(D) = \frac{(z+1)^{z+1}}{\Gamma(z+1)} \frac{x^z e^{-(z+1)x}}{\mathrm{mean}}, \quad x = D/\mathrm{mean},
              \quad z = \mathrm{mean}^2/\mathrm{sd}^2 - 1

    References
    ----------
    Schulz, Z. Phys. Chem. B 43 (1939) 25.
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _check(self.mean, self.sd)

    @property
    def width(self) -> float:
        """Smallest scale of the density [nm]."""
        return self.sd

    @property
    def is_smooth(self) -> bool:
        """True when the density fades smoothly to nothing at both ends."""
        return self.mean > 5.5 * self.sd

    def density(self, diameter: Array) -> Array:
        """Number density [1/nm]."""
        k = (self.mean / self.sd) ** 2
        x = diameter / self.mean
        return np.asarray(np.exp(k * math.log(k) - gammaln(k) + (k - 1) * np.log(x) - k * x) / self.mean)

    def support(self) -> tuple[float, float]:
        """From where numbers fade to where D^6 times numbers fades."""
        k = (self.mean / self.sd) ** 2
        theta = self.mean / k
        reach = 6.5 * math.sqrt(k + 6) + 20
        # areas, D² n(D), carry the intensity at high q: they go as (x e^(1-x))^(k+1), x in units of their mode
        low = lambertw(-math.exp(-1 - 30 / (k + 1))).real
        return float(-low * theta * (k + 1)), theta * (k + 6 + reach)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A number density given as a table, linear between its points and zero beyond them.

    Parameters
    ----------
    diameters : ndarray, shape (n,)
        Increasing sizes [nm].
    numbers : ndarray, shape (n,)
        Number density in any unit, not negative, not all zero.
    """

    diameters: Array
    numbers: Array

    def __post_init__(self) -> None:
        d, n = read_only(self.diameters), read_only(self.numbers)
        if d.ndim != 1 or d.size < 2 or d.shape != n.shape or not (np.isfinite(d).all() and np.isfinite(n).all()):
            raise ParameterError(f"A size table needs two equal rows of at least two finite numbers; got shapes {d.shape} and {n.shape}.")
        if d[0] <= 0 or (np.diff(d) <= 0).any() or (n < 0).any() or not (n > 0).any():
            raise ParameterError("A size table needs increasing positive sizes and numbers that are not negative and not all zero.")
        object.__setattr__(self, "diameters", d)
        object.__setattr__(self, "numbers", n)

    @property
    def width(self) -> float:
        """A fraction of the smallest step of the table [nm]; its kinks are not smooth as the other densities are."""
        return float(np.diff(self.diameters).min()) / KINKED

    @property
    def is_smooth(self) -> bool:
        """True when the density fades smoothly to nothing at both ends."""
        return False

    def density(self, diameter: Array) -> Array:
        """Number density at *diameter*."""
        return np.asarray(np.interp(diameter, self.diameters, self.numbers, left=0.0, right=0.0))

    def support(self) -> tuple[float, float]:
        """First and last size of the table."""
        return float(self.diameters[0]), float(self.diameters[-1])


def weights(distribution: SizeDistribution, diameters: Array, *, halve_ends: bool = False) -> Array:
    """Return the share of numbers at each of *diameters* (uniform step), summing to 1.

    The plain sum is spectrally accurate for smooth densities once the step is fine enough. With *halve_ends* it is the
    trapezoidal rule, which is second order where a density ends abruptly.

    Raises
    ------
    ParameterError
        If no particle lies on the grid.
    """
    density = distribution.density(diameters)
    if halve_ends:
        density[[0, -1]] /= 2
    total = density.sum()
    if not total > 0:
        raise ParameterError(f"No size of the distribution lies between {diameters[0]:g} and {diameters[-1]:g} nm.")
    return np.asarray(density / total)


def step_for(distribution: SizeDistribution, q_max: float) -> float:
    r"""Step in D [nm] for which the rectangle rule is converged.

    At fixed q the intensity oscillates in D with angular frequency up to q. The aliased part of the sum falls as
    :math:`\exp(-w^2 (2\pi/h - q)^2 / 2)` for a density of width w, so :math:`h = 2\pi / (q + 5.5/w)`.
    """
    step = 2 * math.pi / (q_max + 5.5 / distribution.width)
    return min(step, 2 * math.pi / (KINKED * q_max)) if isinstance(distribution, Table) and q_max > 0 else step


def grid(distribution: SizeDistribution, q_max: float, *, limits: tuple[float, float] = (0.0, math.inf)) -> Array:
    """Return sizes [nm], uniform, on which an average up to *q_max* [1/nm] is converged to better than 1e-3.

    Parameters
    ----------
    limits : tuple of float
        Sizes [nm] a particle can take; the far tails of a wide distribution are cut to them.

    Raises
    ------
    ParameterError
        If more than ``MAX_NODES`` sizes would be needed.
    """
    low, high = distribution.support()
    low, high = max(low, limits[0]), min(high, limits[1])
    if not low < high:
        raise ParameterError(f"No size of the distribution lies between {limits[0]:g} and {limits[1]:g} nm.")
    count = math.ceil((high - low) / step_for(distribution, q_max)) + 1
    if count > MAX_NODES:
        raise ParameterError(f"{count} sizes would be needed for this distribution up to q = {q_max:g} 1/nm; the limit is {MAX_NODES}.")
    return np.linspace(low, high, max(count, 9) if distribution.is_smooth else max(2 * count, ROUGH_NODES))
