"""The measured or simulated curve I(q)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParameterError

Array = NDArray[np.float64]


def read_only(values: object) -> Array:
    """Return a contiguous read-only copy of *values*."""
    array: Array = np.array(values, dtype=np.float64, order="C", copy=True)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Scattered intensity over the scattering vector.

    Parameters
    ----------
    q : ndarray, shape (n,)
        Scattering vector [1/nm], strictly increasing, finite, not negative.
    intensity : ndarray, shape (n,)
        I(q) [1/cm, or relative], finite; negative values are allowed (subtracted background).
    sigma : ndarray, shape (n,), optional
        One standard deviation of each intensity, finite and positive.

    Raises
    ------
    ParameterError
        If the arrays differ in length, hold fewer than one point, or break a rule above.
    """

    q: Array
    intensity: Array
    sigma: Array | None = None

    def __post_init__(self) -> None:
        q, intensity = read_only(self.q), read_only(self.intensity)
        sigma = None if self.sigma is None else read_only(self.sigma)
        if q.ndim != 1 or q.size == 0:
            raise ParameterError(f"A curve needs a row of q values; the array given has shape {q.shape}.", "q")
        for name, values in (("intensity", intensity), ("sigma", sigma)):
            if values is not None and values.shape != q.shape:
                raise ParameterError(f"{name} has shape {values.shape}, q has {q.shape}; they must agree.", name)
            if values is not None and not np.isfinite(values).all():
                raise ParameterError(f"{name} holds {np.count_nonzero(~np.isfinite(values))} values that are no numbers.", name)
        if not np.isfinite(q).all() or q[0] < 0:
            raise ParameterError("q must hold finite values of at least 0.", "q")
        falls = np.flatnonzero(np.diff(q) <= 0)
        if falls.size:
            i = int(falls[0])
            raise ParameterError(
                f"q must increase; point {i + 2} ({q[i + 1]:.6g} 1/nm) follows {q[i]:.6g} 1/nm. Sort the curve before use.", "q"
            )
        if sigma is not None and (sigma <= 0).any():
            raise ParameterError(f"sigma must be positive; point {int(np.argmax(sigma <= 0)) + 1} is {sigma[sigma <= 0][0]:.6g}.", "sigma")
        object.__setattr__(self, "q", q)
        object.__setattr__(self, "intensity", intensity)
        object.__setattr__(self, "sigma", sigma)

    def __len__(self) -> int:
        return int(self.q.size)

    def select(self, keep: NDArray[np.bool_]) -> Curve:
        """Return the points where *keep* is true."""
        return Curve(self.q[keep], self.intensity[keep], None if self.sigma is None else self.sigma[keep])
