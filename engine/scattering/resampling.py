r"""One q axis for all curves: a cubic spline inside a curve's range, Guinier's law below it, nothing above it."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from engine.curve import Array, Curve
from engine.errors import ParameterError

GUINIER_REACH = 1.3
"""Largest q Rg of the points Guinier's law is fitted to, the usual limit for globular particles."""

MIN_POINTS = 4
"""Fewest points a cubic spline is laid through."""


def resample(curve: Curve, q: Array) -> Array:
    """Intensity of *curve* at other scattering vectors.

    Parameters
    ----------
    curve : Curve
        At least :data:`MIN_POINTS` points, smooth between them.
    q : ndarray, shape (n,)
        Wanted scattering vectors [1/nm], not negative, in any order.

    Returns
    -------
    ndarray, shape (n,)
        By a cubic spline (not-a-knot) inside the curve's range, by :func:`guinier` below its first q.

    Raises
    ------
    ParameterError
        If q is negative, not finite or beyond the curve's last point, or the curve is too short or not positive where
        Guinier's law is needed.
    """
    q = np.asarray(q, dtype=np.float64)
    if q.ndim != 1 or not np.isfinite(q).all() or (q < 0).any():
        raise ParameterError("q must be a row of finite values of at least 0.", "q")
    if len(curve) < MIN_POINTS:
        raise ParameterError(f"A curve of {len(curve)} points can't be carried to other q; it takes at least {MIN_POINTS}.")
    first, last = float(curve.q[0]), float(curve.q[-1])
    if q.size and q.max() > last * (1 + 1e-12):
        raise ParameterError(
            f"q reaches {q.max():.6g} 1/nm, the curve ends at {last:.6g} 1/nm and is not continued; lower the last q.", "q"
        )
    result = np.empty(q.shape)
    below = q < first
    result[~below] = CubicSpline(curve.q, curve.intensity)(np.minimum(q[~below], last))
    if below.any():
        result[below] = guinier(curve, q[below])
    return result


def guinier(curve: Curve, q: Array) -> Array:
    r"""Continue *curve* towards q = 0 by Guinier's law through its first point.

    .. math:: \ln I(q) = \ln I(q_1) - \tfrac{1}{3} R_g^2 (q^2 - q_1^2)

    with Rg² by least squares from the points up to q Rg = :data:`GUINIER_REACH`, at least two of them.

    Returns
    -------
    ndarray, shape of q
        I(q), continuous with the curve.

    Raises
    ------
    ParameterError
        If the first two intensities are not positive.

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """
    if len(curve) < 2 or (curve.intensity[:2] <= 0).any():
        raise ParameterError("Guinier's law needs two positive intensities at the lowest q; start the curve where it is positive.")
    positive = int(np.argmax(curve.intensity <= 0)) if (curve.intensity <= 0).any() else len(curve)
    square = curve.q[:positive] ** 2 - curve.q[0] ** 2
    fall = np.log(curve.intensity[0] / curve.intensity[:positive])
    third = fall[1] / square[1]  # Rg² / 3
    used = max(2, int(np.count_nonzero(3 * third * curve.q[:positive] ** 2 <= GUINIER_REACH**2)))
    third = float(square[:used] @ fall[:used] / (square[:used] @ square[:used]))
    result: Array = curve.intensity[0] * np.exp(-third * (np.asarray(q) ** 2 - curve.q[0] ** 2))
    return result
