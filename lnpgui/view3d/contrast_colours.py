"""Colours of contrasts: pale near the solvent, blue and amber above it, violet below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

_STOPS = (-1.0, -0.4, 0.0, 0.3, 0.6, 1.0)
_COLOURS = ((94, 53, 140), (160, 130, 200), (214, 219, 225), (150, 190, 222), (66, 128, 186), (240, 176, 60))

Rgb = tuple[int, int, int]


def largest(contrasts: Iterable[float]) -> float:
    """Return the end of the scale for *contrasts*, so that particles shown in turn share their colours."""
    return max((abs(value) for value in contrasts), default=0.0) or 1.0


def colours(contrasts: Mapping[str, float], end: float | None = None) -> dict[str, Rgb]:
    """Return a colour for each region on a scale that ends at *end*; at the largest of these contrasts when not given."""
    scale = end or largest(contrasts.values())
    return {name: colour(value / scale) for name, value in contrasts.items()}


def colour(relative: float) -> Rgb:
    """Colour of a contrast given as a share, -1 to 1, of the largest."""
    red, green, blue = (round(float(np.interp(relative, _STOPS, [c[i] for c in _COLOURS]))) for i in range(3))
    return red, green, blue
