"""The three axes, as directions across which a plane lies."""

from __future__ import annotations

from enum import Enum


class Axis(Enum):
    """Direction across which a plane lies."""

    X = 0
    Y = 1
    Z = 2

    @property
    def normal(self) -> tuple[float, float, float]:
        """Towards the side that is kept: the far one, as the picture is first seen."""
        return {Axis.X: (-1.0, 0.0, 0.0), Axis.Y: (0.0, 1.0, 0.0), Axis.Z: (0.0, 0.0, -1.0)}[self]
