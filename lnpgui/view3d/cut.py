"""How far a particle is cut open."""

from __future__ import annotations

from enum import Enum


class Cut(Enum):
    """How much of the body is taken away, as an angle about its axis [degrees]."""

    QUARTER = 90.0
    HALF = 180.0
    WHOLE = 0.0
