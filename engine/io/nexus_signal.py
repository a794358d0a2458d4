"""One NeXus data group: which array is the signal, which is q, which the uncertainty; frames become curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.io.columns import Role, role_of
from engine.io.hdf5_tree import NotReadable, OutsideLink, member, names_in, numbers, word_of, words_of
from engine.io.limits import MAX_CURVES
from engine.io.measurement import UnitSource
from engine.io.raw_curve import RawCurve, UnitHint
from engine.io.unit_words import unit_of_attribute

if TYPE_CHECKING:
    import h5py

    from engine.curve import Array

_PLACES = ("x", "h")  # in NeXus a position on the detector


@dataclass
class Findings:
    """Why groups gave no curve, for the sentence when none did."""

    outside: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    other_axes: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """Return why there is no curve, and what to do."""
        if self.outside:
            names = ", ".join(dict.fromkeys(name for name in self.outside if name))[:160]
            return (
                f"Its data lie in other files ({names}), which are not opened from here. Export the curve into one file (NXcanSAS or text)."
            )
        if self.unreadable:
            return f"No curve can be read: {self.unreadable[0]}. Export the curve as NXcanSAS or text."
        if self.images:
            return f"It holds two-dimensional data (“{self.images[0]}”), no curve. Integrate it first and open the curve I(q)."
        if self.other_axes:
            return f"Its data are plotted against “{self.other_axes[0]}”, not against q. Export I against q."
        return "This HDF5 file holds no NXcanSAS or NXdata group with a curve. Export the curve as NXcanSAS or text."


def read_group(group: h5py.Group, found: Findings, *, format_name: str, name: str, any_axis: bool) -> list[RawCurve]:
    """Return the curves of one data group, one for each frame.

    Parameters
    ----------
    group : h5py.Group
        A group with ``signal`` and ``axes`` (NXdata) or ``I_axes`` (NXcanSAS), or the array attributes of old NeXus.
    found : Findings
        Takes the reason if there is none.
    format_name, name : str
        For the curve.
    any_axis : bool
        Whether the axis is q by the definition of the format, whatever its name.
    """
    try:
        return _read(group, found, format_name, name, any_axis)
    except OutsideLink as error:
        found.outside.append(str(error))
    except NotReadable as error:
        found.unreadable.append(str(error))
    return []


def _read(group: h5py.Group, found: Findings, format_name: str, name: str, any_axis: bool) -> list[RawCurve]:
    signal = _signal(group)
    if signal is None:
        return []
    axes = _axes(group, signal)
    position = _q_position(group, signal, axes, any_axis)
    if position is None:
        (found.images if len(signal.shape) > 1 else found.other_axes).append(
            group.name if len(signal.shape) > 1 else ", ".join(axes) or "nothing"
        )
        return []
    q_set = member(group, axes[position])
    if q_set is None:
        return []
    intensity = np.moveaxis(_checked(signal), min(position, len(signal.shape) - 1), -1)
    q = _q_rows(numbers(q_set), intensity)
    if q is None:
        found.images.append(str(group.name))
        return []
    sigma_set = _uncertainty(group, signal)
    sigma = None if sigma_set is None or sigma_set.shape != signal.shape else numbers(sigma_set)
    if sigma is not None:
        sigma = np.moveaxis(sigma, min(position, len(signal.shape) - 1), -1)
    return _frames(q, intensity, sigma, _hint(q_set), format_name, name, _note(signal, q_set, sigma_set if sigma is not None else None))


def _checked(signal: h5py.Dataset) -> Array:
    if int(np.prod(signal.shape[:-1], dtype=object)) > MAX_CURVES and int(np.prod(signal.shape[1:], dtype=object)) > MAX_CURVES:
        raise NotReadable(f"“{signal.name}” has shape {signal.shape}: more than {MAX_CURVES} frames; average them first")
    return numbers(signal)


def _frames(
    q: Array, intensity: Array, sigma: Array | None, hint: UnitHint | None, format_name: str, name: str, note: str
) -> list[RawCurve]:
    length = intensity.shape[-1]
    rows = intensity.reshape(-1, length)
    sigmas = None if sigma is None else sigma.reshape(-1, length)
    if len(rows) > MAX_CURVES:
        raise NotReadable(f"it has {len(rows)} frames, more than {MAX_CURVES}; average them first")
    return [
        RawCurve(
            format_name=format_name,
            name=f"{name} frame {i + 1}".strip() if len(rows) > 1 else name,
            q=q[i] if q.ndim == 2 else q,
            intensity=rows[i],
            sigma=None if sigmas is None else sigmas[i],
            hint=hint,
            notes=(note,),
        )
        for i in range(len(rows))
    ]


def _signal(group: h5py.Group) -> h5py.Dataset | None:
    """Return the array the group calls its signal; in old files the array itself says so."""
    names = [word_of(group, "signal"), "I", "data", "intensity"]
    for name in names:
        dataset = member(group, name) if name else None
        if dataset is not None and dataset.shape:
            return dataset
    for name in list(group)[:200]:
        dataset = member(group, name)
        if dataset is not None and dataset.shape and word_of(dataset, "signal") == "1":
            return dataset
    return None


def _axes(group: h5py.Group, signal: h5py.Dataset) -> list[str]:
    named = names_in(words_of(group, f"{_base(signal)}_axes", "I_axes", "axes")) or names_in(words_of(signal, "axes"))
    return named or [name for name in ("Q", "q") if name in set(group)]


def _q_position(group: h5py.Group, signal: h5py.Dataset, axes: list[str], any_axis: bool) -> int | None:
    """Return which axis is q; None if none is, or more than one (then the data are two-dimensional)."""
    candidates = [i for i, name in enumerate(axes) if _is_q(group, name)]
    if not candidates and any_axis and axes and len(signal.shape) == 1:
        candidates = [len(axes) - 1]
    if len(axes) > len(signal.shape) and len(signal.shape) == 1:
        candidates = candidates[-1:]
    return candidates[0] if len(candidates) == 1 else None


def _is_q(group: h5py.Group, name: str) -> bool:
    if name in (".", ""):
        return False
    dataset = member(group, name)
    if dataset is None:
        return False
    unit = unit_of_attribute(word_of(dataset, "units", "unit"))
    named = name.lower() not in _PLACES and role_of(name) is Role.Q
    return named or unit is not None or role_of(word_of(dataset, "long_name") or "?") is Role.Q


def _q_rows(q: Array, intensity: Array) -> Array | None:
    """Return q for each point: one row for all frames, or one row per frame. Bin edges become bin centres."""
    length = intensity.shape[-1]
    if q.ndim == 1 and q.size == length + 1:
        q = 0.5 * (q[1:] + q[:-1])
    if q.ndim == 1 and q.size == length:
        return q
    if q.shape == intensity.shape and q.ndim > 1:
        rows = q.reshape(-1, length)
        return rows if (np.diff(rows, axis=1) >= 0).all() else None
    return None


def _uncertainty(group: h5py.Group, signal: h5py.Dataset) -> h5py.Dataset | None:
    base = _base(signal)
    named = [
        word_of(signal, "uncertainties", "uncertainty"),
        word_of(group, f"{base}_uncertainties", f"{base}_uncertainty", "uncertainties"),
    ]
    for name in (*named, f"{base}_errors", f"{base}_error", f"{base}_uncertainty", "errors", "Idev", "sigma"):
        dataset = member(group, name) if name else None
        if dataset is not None:
            return dataset
    return None


def _hint(q_set: h5py.Dataset) -> UnitHint | None:
    text = word_of(q_set, "units", "unit")
    unit = unit_of_attribute(text)
    return (
        None
        if unit is None
        else UnitHint(unit=unit, source=UnitSource.ATTRIBUTE, words=f"the attribute of {_base(q_set)} says “{text[:24]}”")
    )


def _note(signal: h5py.Dataset, q_set: h5py.Dataset, sigma_set: h5py.Dataset | None) -> str:
    sigma = f"sigma is {_base(sigma_set)}" if sigma_set is not None else "no sigma"
    return f"Arrays by their attributes: q is {_base(q_set)}, intensity {_base(signal)}, {sigma}."


def _base(dataset: h5py.Dataset) -> str:
    return str(dataset.name).rsplit("/", 1)[-1]
