"""Which unit of q fits an instrument that looks at particles of 20 to 100 nm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.curve import Array
from engine.units import QUnit

_Q_MAX = (math.log(2.5), 0.7)
_Q_MIN = (math.log(0.06), 0.8)
_RG = (math.log(15.0), 0.75)
"""Centre and width (natural logarithms) of the largest and smallest q [1/nm] of SAXS curves, and of Rg [nm] of particles
of 20 to 100 nm. Laboratory and synchrotron files on lipid particles have q_max 1 to 7 and q_min 0.03 to 0.13; a sphere of
diameter D has Rg = 0.387 D, so 8 to 39 nm."""

STRONG = 4.0
"""Logarithm of the odds from which on a declared unit is doubted: 55 to 1."""

_RANGE_BOUND = 4.5  # one surprising number alone must not decide
_SIZE_BOUND = 2.0  # instruments differ less than samples


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How well each unit fits.

    Parameters
    ----------
    log_odds : float
        ln(probability of 1/nm / probability of 1/Å), both equally likely before.
    words : str
        What it was judged by, to follow "because".
    """

    log_odds: float
    words: str

    @property
    def likelier(self) -> QUnit:
        """The unit that fits better."""
        return QUnit.PER_NM if self.log_odds >= 0 else QUnit.PER_ANGSTROM

    def against(self, unit: QUnit) -> float:
        """Return the logarithm of the odds against *unit*."""
        return -self.log_odds if unit is QUnit.PER_NM else self.log_odds


def judge_unit(q: Array, intensity: Array) -> Plausibility:
    """Judge the unit of q from its range and from where the intensity falls.

    Each of q_min, q_max and, where the curve has a flat start followed by a fall, the radius of gyration it implies is
    compared with what curves of lipid nanoparticles have, once for either unit.

    Parameters
    ----------
    q : ndarray, shape (n,)
        Positive and increasing, in the unit of the file.
    intensity : ndarray, shape (n,)
        I(q).
    """
    q_min, q_max = float(q[0]), float(q[-1])
    odds = _log_odds(q_max, _Q_MAX) + _log_odds(q_min, _Q_MIN)
    knee = guinier_knee(q, intensity)
    if knee is not None:
        odds += _bounded(_density(1.0 / knee, _RG) - _density(0.1 / knee, _RG), _SIZE_BOUND)
    unit, scale = ("1/nm", 1.0) if odds >= 0 else ("1/Å", 0.1)
    words = f"a range of {q_min:.3g} to {q_max:.3g} is more usual in {unit}"
    return Plausibility(odds, words if knee is None else f"{words} (Rg is then about {scale / knee:.2g} nm)")


def guinier_knee(q: Array, intensity: Array) -> float | None:
    """Return q at which q Rg = 1 for a curve that starts flat and then falls, in the unit of q; None if it does neither.

    From I = I(0) exp(-q² Rg² / 3): the intensity has fallen to exp(-1/3) of its start there, and to exp(-1) at
    q Rg = sqrt(3), which is what is measured here, because noise and beamstop spoil smaller falls.
    """
    good = np.isfinite(intensity)
    q, intensity = q[good], intensity[good]
    if q.size < 8:
        return None
    start = float(np.median(intensity[: max(3, q.size // 40)]))
    below = np.flatnonzero(intensity < start / math.e)
    if start <= 0 or below.size == 0 or below[0] < 4:
        return None
    fallen = int(below[0])
    half = float(np.median(intensity[max(0, fallen // 2 - 1) : fallen // 2 + 2]))
    flat = q[0] * 1.5 < q[fallen] and half > 0.5 * start
    falls_on = np.median(intensity[fallen:]) < 0.3 * start
    return float(q[fallen]) / math.sqrt(3.0) if flat and falls_on else None


def _log_odds(value: float, expected: tuple[float, float]) -> float:
    return _bounded(_density(value, expected) - _density(10.0 * value, expected), _RANGE_BOUND)


def _density(value: float, expected: tuple[float, float]) -> float:
    centre, width = expected
    return -0.5 * ((math.log(value) - centre) / width) ** 2


def _bounded(odds: float, bound: float) -> float:
    return max(-bound, min(bound, odds))
