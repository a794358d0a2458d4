"""How a curve becomes points on paper: which function of q and of I the axes show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.curve import Array

BAR_DECADES = 2.0
"""An error bar whose lower end is not above zero ends so many decades under its point."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points in the coordinates of the paper.

    Parameters
    ----------
    x, y : ndarray, shape (m,)
        Positions.
    low, high : ndarray, shape (m,), optional
        Ends of the error bars.
    shown : ndarray of bool, shape (n,)
        Which of the n points given could be drawn.
    """

    x: Array
    y: Array
    low: Array | None
    high: Array | None
    shown: NDArray[np.bool_]

    @property
    def hidden(self) -> int:
        """How many points have no place on the paper."""
        return int(np.count_nonzero(~self.shown))


@dataclass(frozen=True, slots=True)
class Representation:
    """One way of drawing I(q): logarithmic or linear axes."""

    title: str
    log_x: bool
    log_y: bool

    def points(self, q: Array, intensity: Array, sigma: Array | None = None) -> Points:
        """Place points; those without a place (I <= 0 on a logarithmic axis) are left out and counted."""
        shown = np.isfinite(q) & np.isfinite(intensity)
        if self.log_x:
            shown &= q > 0
        if self.log_y:
            shown &= intensity > 0
        q, intensity = q[shown], intensity[shown]
        x = np.log10(q) if self.log_x else q
        y = np.log10(intensity) if self.log_y else intensity
        if sigma is None:
            return Points(x, y, None, None, shown)
        low, high = intensity - sigma[shown], intensity + sigma[shown]
        if self.log_y:
            above = np.log10(low, out=np.full_like(low, -np.inf), where=low > 0)
            low, high = np.maximum(above, y - BAR_DECADES), np.log10(high)
        return Points(x, y, low, high, shown)


LOG_LOG = Representation("log I against log q", log_x=True, log_y=True)
