"""How a curve becomes points on paper: which function of q and of I the axes show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.curve import Array

BAR_DECADES = 2.0
"""An error bar whose lower end is not above zero ends so many decades under its point."""

_UNIT = "unit of the file"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """One way of drawing I(q): f(I q^m) against g(q^n), f and g linear or logarithmic."""

    title: str
    x_label: str
    y_label: str
    tip: str
    log_x: bool = False
    log_y: bool = False
    ln_y: bool = False
    q_power: int = 1
    weight: int = 0

    @property
    def has_positive_y(self) -> bool:
        """True where only I > 0 has a place."""
        return self.log_y or self.ln_y

    def x_of(self, q: Array) -> Array:
        """Return where *q* lies."""
        return np.log10(np.maximum(q, 1e-300)) if self.log_x else q**self.q_power

    def q_at(self, x: float) -> float:
        """Return the q that lies at *x*."""
        return float(10 ** min(x, 300.0)) if self.log_x else float(max(x, 0.0) ** (1 / self.q_power))

    def intensity_at(self, q: float, y: float) -> float:
        """Return the intensity that lies at *y* where q lies at *q*."""
        value = 10 ** min(y, 300.0) if self.log_y else math.exp(min(y, 690.0)) if self.ln_y else y
        return float(value / q**self.weight) if q > 0 else math.nan

    def points(self, q: Array, intensity: Array, sigma: Array | None = None) -> Points:
        """Place points; those without a place (I <= 0 on a logarithmic axis) are left out and counted."""
        shown = np.isfinite(q) & np.isfinite(intensity)
        if self.log_x:
            shown &= q > 0
        if self.has_positive_y:
            shown &= intensity > 0
        q = q[shown]
        factor = q**self.weight
        value = intensity[shown] * factor
        x, y = self.x_of(q), self._y(value)
        if sigma is None:
            return Points(x, y, None, None, shown)
        spread = sigma[shown] * factor
        if not self.has_positive_y:
            return Points(x, y, value - spread, value + spread, shown)
        low = value - spread
        above = self._y(np.where(low > 0, low, 1.0))
        deepest = y - BAR_DECADES * (math.log(10) if self.ln_y else 1)
        return Points(x, y, np.where(low > 0, np.maximum(above, deepest), deepest), self._y(value + spread), shown)

    def _y(self, value: Array) -> Array:
        return np.log10(value) if self.log_y else np.log(value) if self.ln_y else value


_Q = "q = 4π sin θ / λ, 1/nm"
LOG_LOG = Representation(
    title="log I, log q", x_label=_Q, y_label=f"I(q), {_UNIT}", tip="Intensity and q on logarithmic axes", log_x=True, log_y=True
)
LOG_LIN = Representation(title="log I, q", x_label=_Q, y_label=f"I(q), {_UNIT}", tip="Intensity logarithmic, q linear", log_y=True)
GUINIER = Representation(
    title="Guinier",
    x_label="q², 1/nm²",
    y_label="ln I(q)",
    tip="ln I against q²: a straight line of slope -Rg²/3 where q·Rg < 1.3",
    ln_y=True,
    q_power=2,
)
KRATKY = Representation(
    title="Kratky", x_label=_Q, y_label="q² I(q), 1/nm² × unit of the file", tip="q² I against q: how compact particles are", weight=2
)
POROD = Representation(
    title="Porod",
    x_label=_Q,
    y_label="q⁴ I(q), 1/nm⁴ × unit of the file",
    tip="q⁴ I against q: level at high q where surfaces are sharp",
    weight=4,
)
REPRESENTATIONS = (LOG_LOG, LOG_LIN, GUINIER, KRATKY, POROD)
