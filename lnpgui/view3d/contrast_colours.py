"""Colours of contrasts: pale near the solvent, blue and amber above it, violet below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

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


def rgba(contrasts: NDArray[np.float64], end: float) -> NDArray[np.uint8]:
    """Return colours of many contrasts, shape (..., 4), on a scale that ends at *end*; NaN, the solvent, is transparent."""
    relative = np.nan_to_num(contrasts) / end
    channels = [np.interp(relative, _STOPS, [c[i] for c in _COLOURS]) for i in range(3)]
    result = np.stack([*channels, np.where(np.isfinite(contrasts), 255.0, 0.0)], axis=-1)
    return np.ascontiguousarray(result.round().astype(np.uint8))


def stops() -> tuple[tuple[float, Rgb], ...]:
    """Return the relative contrasts at which the scale bends, with their colours."""
    return tuple(zip(_STOPS, _COLOURS, strict=True))
