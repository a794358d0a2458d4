"""Leaving out the rows that are no measurement, with a record of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array, Curve
from engine.errors import DataFileError
from engine.io.beamstop import beamstop_rows
from engine.io.limits import MIN_POINTS
from engine.io.measurement import Dropped
from engine.io.raw_curve import RawCurve
from engine.io.sigma import judge_sigma

Mask = NDArray[np.bool_]

_LIT = 0.95
"""A point of which the beamstop left less than this free is left out."""
_LARGEST_Q = 1e5  # whatever its unit; light itself has 1e-2/nm, gamma rays 1e4/nm
_SMALLEST_Q = 1e-12
_LARGEST_INTENSITY = 1e60
_SAME_Q = 1e-9
_FEW = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """A curve, still in the unit of its file, and what happened to the rest."""

    curve: Curve
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]


class _Rows:
    """The rows that are left, while reasons to drop some are found one after another."""

    def __init__(self, raw: RawCurve, sigma: Array | None) -> None:
        self.q, self.intensity, self.sigma = raw.q, raw.intensity, sigma
        self.shadow = raw.shadow
        self.numbers = np.arange(1, raw.q.size + 1) if raw.rows is None else raw.rows
        self.dropped: list[Dropped] = list(raw.dropped)

    def take(self, keep: Mask | NDArray[np.int64]) -> None:
        """Keep the rows *keep* selects, in its order."""
        self.q, self.intensity, self.numbers = self.q[keep], self.intensity[keep], self.numbers[keep]
        self.sigma = None if self.sigma is None else self.sigma[keep]
        self.shadow = None if self.shadow is None else self.shadow[keep]

    def drop(self, bad: Mask, reason: str) -> None:
        """Leave out the rows where *bad* is true and write them down."""
        if bad.any():
            self.dropped.append(Dropped(reason, tuple(sorted(int(n) for n in self.numbers[bad]))))
            self.take(~bad)


def clean(raw: RawCurve, path: Path) -> Cleaned:
    """Return the usable points of *raw* in the order of q.

    Left out, in this order: rows that are no numbers, q of zero or less, zero rows of masked detector parts, points
    without a positive sigma (where others have one), repeated q, the beamstop's shadow or glare.

    Parameters
    ----------
    raw : RawCurve
        As the reader found it.
    path : Path
        The file, for messages.

    Raises
    ------
    DataFileError
        If fewer than the smallest number of points is left, or every intensity is negative.
    """
    sigma, notes = (None, _NO_SIGMA) if raw.sigma is None else judge_sigma(raw.intensity, raw.sigma)
    rows = _Rows(raw, sigma)
    rows.drop(~(np.isfinite(rows.q) & np.isfinite(rows.intensity)), "no number in q or intensity")
    _refuse_hopeless(rows, raw, path)
    rows.drop((np.abs(rows.q) > _LARGEST_Q) | (np.abs(rows.intensity) > _LARGEST_INTENSITY), "beyond any instrument")
    rows.drop(rows.q <= _SMALLEST_Q, "q is zero or negative")
    rows.drop(_zero_rows(rows), "zero intensity: masked or outside the detector")
    notes += _drop_without_sigma(rows)
    notes += _sort(rows)
    rows.drop(_repeated(rows), "the same q as another point")
    if rows.shadow is not None:
        rows.drop(rows.shadow < _LIT, "in the beamstop's shadow, by the shadow factor of the file")
    stop, reason = beamstop_rows(rows.q, rows.intensity, rows.sigma)
    rows.drop(np.arange(rows.q.size) < stop, reason)
    if rows.q.size < MIN_POINTS:
        raise DataFileError(path, _too_few(rows, raw))
    if (rows.intensity < 0).all():
        raise DataFileError(path, _ALL_NEGATIVE)
    return Cleaned(Curve(rows.q, rows.intensity, rows.sigma), tuple(rows.dropped), notes)


_NO_SIGMA = ("The file has no sigma; it is estimated from the scatter of the points.",)
_ALL_NEGATIVE = (
    "Every intensity is negative. The buffer was subtracted too strongly, or the columns are in another order; check the subtraction."
)


def _refuse_hopeless(rows: _Rows, raw: RawCurve, path: Path) -> None:
    if rows.q.size == 0:
        raise DataFileError(path, f"None of its {raw.q.size} rows holds a number for both q and intensity, so there is nothing to analyse.")
    if (rows.intensity < 0).all():
        raise DataFileError(path, _ALL_NEGATIVE)
    if (rows.intensity == 0).all():
        raise DataFileError(path, "Every intensity is zero, so nothing was measured. Open another file.")


def _too_few(rows: _Rows, raw: RawCurve) -> str:
    lost = f" ({'; '.join(f'{len(d.rows)} left out: {d.reason}' for d in rows.dropped)})" if rows.dropped else ""
    return f"Too few points: {rows.q.size} of {raw.q.size} rows can be used{lost}, a curve needs at least {MIN_POINTS}."


def _zero_rows(rows: _Rows) -> Mask:
    """Return rows whose intensity is exactly zero and whose sigma does not say that this was measured."""
    zero: Mask = rows.intensity == 0
    if rows.sigma is not None:
        measured = np.isfinite(rows.sigma) & (rows.sigma > 0)
        leading = np.cumsum(~zero) == 0
        zero &= ~measured | leading
    return zero


def _drop_without_sigma(rows: _Rows) -> tuple[str, ...]:
    if rows.sigma is None or rows.q.size == 0:
        return ()
    bad = ~(np.isfinite(rows.sigma) & (rows.sigma > 0))
    if np.count_nonzero(bad) > _FEW * bad.size:
        rows.sigma = None
        return (f"{np.count_nonzero(bad)} of {bad.size} points have no positive sigma; it is not used but estimated from the scatter.",)
    rows.drop(bad, "sigma is zero, negative or no number")
    return ()


def _sort(rows: _Rows) -> tuple[str, ...]:
    if (np.diff(rows.q) >= 0).all():
        return ()
    backwards = bool((np.diff(rows.q) <= 0).all())
    rows.take(np.argsort(rows.q, kind="stable"))
    return (
        ("q falls from row to row; the rows were reversed.",)
        if backwards
        else ("q does not increase from row to row; the rows were sorted.",)
    )


def _repeated(rows: _Rows) -> Mask:
    """Return, of each group of rows with the same q, all but the one with the smallest sigma (else all but the first)."""
    repeated = np.zeros(rows.q.size, dtype=np.bool_)
    start = 0
    for i in range(1, rows.q.size + 1):
        if i < rows.q.size and rows.q[i] - rows.q[start] <= _SAME_Q * rows.q[start]:
            continue
        if i - start > 1:
            best = 0 if rows.sigma is None else int(np.argmin(rows.sigma[start:i]))
            repeated[start:i] = True
            repeated[start + best] = False
        start = i
    return repeated
