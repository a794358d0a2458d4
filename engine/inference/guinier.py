r"""Guinier's law fitted to the lowest q of a measured curve, and the refusal where it does not hold there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Array, Curve
from engine.errors import ParameterError

Q_RG_FIRST = 1.0
"""Without points below this q Rg the line has not begun: Rg would be that of the model, not of the curve."""

Q_RG_LAST = 1.3
"""Largest q Rg of the points that are fitted, the usual limit for globular particles."""

MIN_POINTS = 5
MOST_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class GuinierFit:
    """The line ln I = ln I0 - q² Rg² / 3.

    Parameters
    ----------
    rg, rg_error : float
        Radius of gyration and its standard deviation [nm].
    i0, i0_error : float
        Intensity at q = 0 and its standard deviation, in the unit of the curve.
    q_first, q_last : float
        First and last point fitted [1/nm].
    points : int
        How many there are.
    """

    rg: float
    rg_error: float
    i0: float
    i0_error: float
    q_first: float
    q_last: float
    points: int

    def intensity(self, q: Array) -> Array:
        """Return the line at *q* [1/nm]."""
        return np.asarray(self.i0 * np.exp(-((q * self.rg) ** 2) / 3))


def guinier_fit(curve: Curve) -> GuinierFit:
    r"""Fit Guinier's law to the points with :math:`q R_g < 1.3`, found together with Rg.

    .. math:: \ln I = \ln I_0 - q^2 R_g^2 / 3, \quad \sigma_{\ln I} = \sigma / I

    Errors are those of weighted least squares, widened where the points scatter more than sigma says; without sigma they come from the
    scatter. The window shrinks from the whole curve until it agrees with its own Rg.

    Parameters
    ----------
    curve : Curve
        Points with I <= 0 are not used.

    Returns
    -------
    GuinierFit

    Raises
    ------
    ParameterError
        If ln I does not fall from the lowest q on, or no point has q Rg < 1: the sentence says which.

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """
    usable = curve.select(curve.intensity > 0) if (curve.intensity > 0).any() else None
    if usable is None or len(usable) < MIN_POINTS:
        raise ParameterError(f"Guinier's law needs {MIN_POINTS} points with I > 0.")
    count = _first_window(usable)
    for _ in range(MOST_ROUNDS):
        fit = _line(usable, count)
        wanted = int(np.searchsorted(usable.q, Q_RG_LAST / fit.rg))
        if wanted == count or (wanted < MIN_POINTS and count == MIN_POINTS):
            break
        count = max(MIN_POINTS, min(wanted, (count + wanted + 1) // 2 if wanted > count else wanted))
    if usable.q[0] * fit.rg >= Q_RG_FIRST or usable.q[count - 1] * fit.rg > Q_RG_LAST * 1.05:
        raise ParameterError(
            f"No Guinier fit: the curve begins at q = {usable.q[0]:.3g} 1/nm, where q·Rg is already {usable.q[0] * fit.rg:.2f}; "
            f"at least {MIN_POINTS} points with q·Rg below {Q_RG_LAST} and the first below {Q_RG_FIRST:g} are needed. Measure to lower q."
        )
    return fit


def _first_window(curve: Curve) -> int:
    """Return how many points there are before ln I has fallen by Guinier's share, (q Rg)² / 3 at the limit."""
    start = float(np.median(curve.intensity[:MIN_POINTS]))
    low = curve.intensity < start * math.exp(-(Q_RG_LAST**2) / 3)
    return int(np.clip(np.argmax(low) if low.any() else len(curve), MIN_POINTS, len(curve)))


def _line(curve: Curve, count: int) -> GuinierFit:
    q, intensity = curve.q[:count], curve.intensity[:count]
    x, y = q**2, np.log(intensity)
    error = np.ones(count) if curve.sigma is None else curve.sigma[:count] / intensity
    design = np.column_stack([np.ones(count), -x / 3]) / error[:, None]
    scale = np.linalg.norm(design, axis=0)
    solution, *_ = np.linalg.lstsq(design / scale, y / error, rcond=None)
    log_i0, square = solution / scale
    if square <= 0:
        raise ParameterError("No Guinier fit: the intensity does not fall at the lowest q. Look for repulsion, or a beamstop's shadow.")
    chi2 = float(np.sum((y / error - design @ (log_i0, square)) ** 2)) / max(count - 2, 1)
    widening = chi2 if curve.sigma is None else max(chi2, 1.0)
    covariance = widening * np.linalg.inv((design / scale).T @ (design / scale)) / np.outer(scale, scale)
    rg, i0 = math.sqrt(square), math.exp(log_i0)
    return GuinierFit(rg, math.sqrt(covariance[1, 1]) / (2 * rg), i0, i0 * math.sqrt(covariance[0, 0]), float(q[0]), float(q[-1]), count)
