"""Measurements made from others, with the record of how: buffer taken off, frames averaged, q ranges merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.curve import Curve
from engine.datasets.averaging import average
from engine.datasets.merging import merge
from engine.datasets.subtraction import BufferScale, find_scale, subtract
from engine.errors import ParameterError
from engine.io.measurement import Measurement

MOST_NAMED = 5
"""So many names are listed, the rest are counted."""


def less_buffer(measurement: Measurement, buffer: Curve, scale: float | None, name: str = "Buffer") -> Measurement:
    """Return *measurement* without *buffer* times *scale*, or times the factor found at high q.

    Raises
    ------
    ParameterError
        If no scale can be found, or the curves have no q in common.
    """
    found = find_scale(measurement.curve, buffer) if scale is None else BufferScale(scale, 0.0)
    subtracted = subtract(measurement.curve, buffer, found.value, scale_error=found.error)
    notes = (*measurement.notes, *found.notes, f"{name} taken off, times {found.value:.5g}.", *subtracted.notes)
    return replace(measurement, curve=subtracted.curve, notes=notes)


def averaged(frames: Sequence[Measurement]) -> Measurement:
    """Return the mean of the frames that agree; its notes name those that do not, and why.

    Raises
    ------
    ParameterError
        If there are fewer than two, their q differ, or no majority agrees.
    """
    result = average([frame.curve for frame in frames])
    kept = [frames[i].name for i in result.kept]
    out = [f"Not in the mean: {frames[item.frame].name}, {item.reason}." for item in result.left_out]
    notes = (f"Mean of {len(kept)} of {len(frames)} curves: {_listed(kept)}.", *out, *result.notes)
    return _made(frames, f"Mean of {len(kept)}, {kept[0]}", result.curve, notes)


def merged(curves: Sequence[Measurement]) -> Measurement:
    """Return two curves of one sample joined where their q overlap.

    Raises
    ------
    ParameterError
        If there are not two, or they do not overlap or agree.
    """
    if len(curves) != 2:
        raise ParameterError(f"Two curves can be merged; {len(curves)} were given. Mark two.", "curves")
    result = merge(curves[0].curve, curves[1].curve)
    shared = f"The curves share q = {result.overlap[0]:.4g} to {result.overlap[1]:.4g} 1/nm."
    names = [curve.name for curve in curves]
    return _made(curves, f"Merged, {names[0]}", result.curve, (f"Merged from {_listed(names)}.", shared, *result.notes))


def _made(parts: Sequence[Measurement], name: str, curve: Curve, notes: tuple[str, ...]) -> Measurement:
    """Return the measurement with the record of its parts: what is said of all of them once."""
    common = tuple(note for note in parts[0].notes if all(note in part.notes for part in parts[1:]))
    doubtful = next((part for part in parts if not part.q_unit_certain), parts[0])
    return replace(doubtful, name=name, curve=curve, format_name="made from other curves", notes=(*notes, *common), dropped=())


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
