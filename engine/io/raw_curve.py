"""What a format reader hands on: the numbers as they stand in the file, and what the file says of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array
from engine.io.measurement import Dropped, UnitSource
from engine.units import QUnit


class Axis(Enum):
    """What the first column of a curve is."""

    Q = "q = 4 pi sin(theta) / lambda"
    S = "s = 2 sin(theta) / lambda = q / 2 pi"
    TWO_THETA = "scattering angle 2 theta [degrees]"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitHint:
    """What a file says of the unit of q.

    Parameters
    ----------
    unit : QUnit
        The unit named.
    source : UnitSource
        Where it was named.
    words : str
        The end of the sentence "q read as ... because": "the header says q_nm^-1".
    of_q : bool
        Whether the words speak of q. A unit that merely occurs somewhere in a header decides nothing for certain.
    """

    unit: QUnit
    source: UnitSource
    words: str
    of_q: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RawCurve:
    """One data set, not yet cleaned.

    Parameters
    ----------
    format_name : str
        Name of the format on the screen.
    q : ndarray, shape (n,)
        The numbers of the file; their meaning is *axis*, their unit *hint* if it is said.
    intensity : ndarray, shape (n,)
        I(q), may hold anything.
    sigma : ndarray, shape (n,), optional
        Standard deviations, may hold anything.
    name : str
        The data set's own name, shown when a file holds several.
    axis : Axis
        Meaning of *q*.
    wavelength : float, optional
        Wavelength [nm], needed for an angle.
    hint : UnitHint, optional
        What the file says of the unit.
    shadow : ndarray, shape (n,), optional
        Share of each point that the beamstop left free, 0 to 1.
    rows : ndarray of int, shape (n,), optional
        Number of each row among the data rows of the file; 1, 2, ... if absent.
    dropped : tuple of Dropped
        Rows the reader itself had to leave out.
    notes : tuple of str
        Everything the reader assumed.
    """

    format_name: str
    q: Array
    intensity: Array
    sigma: Array | None = None
    name: str = ""
    axis: Axis = Axis.Q
    wavelength: float | None = None
    hint: UnitHint | None = None
    shadow: Array | None = None
    rows: NDArray[np.int64] | None = None
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
