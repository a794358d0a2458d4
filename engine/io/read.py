"""Any file a beamline writes, read into measurements; what is no curve is refused with a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import DataFileError, ParameterError
from engine.io.cleaning import clean
from engine.io.column_choice import ColumnChoice
from engine.io.folder import find_files
from engine.io.formats import hdf5
from engine.io.measurement import Measurement, UnitSource
from engine.io.plausibility import judge_unit
from engine.io.q_unit import UnitChoice, choose_unit
from engine.io.raw_curve import Axis, RawCurve
from engine.io.registry import format_of
from engine.io.source import Source
from engine.units import QUnit

__all__ = ["ColumnChoice", "find_files", "read"]


def read(
    path: Path, *, q_unit: QUnit | None = None, confirmed: QUnit | None = None, columns: ColumnChoice | None = None
) -> tuple[Measurement, ...]:
    """Return every curve in a file, cleaned, in 1/nm, with the record of all that was assumed.

    The format is told by the content alone. Data sets that cannot be used are left out if others can, and the first
    measurement's notes say so.

    Parameters
    ----------
    path : Path
        The file; it is never changed.
    q_unit : QUnit, optional
        The user's word on the unit of q; it overrides the file's.
    confirmed : QUnit, optional
        What the user last confirmed for files of this folder; used where the file does not say.
    columns : ColumnChoice, optional
        The user's word on the columns; formats that name their columns themselves take none.

    Raises
    ------
    DataFileError
        If no curve can be read: what was found and what to do, with the line where there is one.
    """
    with np.errstate(all="ignore"):  # a file may hold any number; what is none is left out and listed
        return _read(Path(path), q_unit, confirmed, columns)


def _read(path: Path, q_unit: QUnit | None, confirmed: QUnit | None, columns: ColumnChoice | None) -> tuple[Measurement, ...]:
    source = Source(path)
    kept = _kept_in_capsule(source) if q_unit is None and columns is None else None
    if kept is not None:
        return (kept,)
    raws = _raw_curves(source, columns)
    measurements: list[Measurement] = []
    refused: list[DataFileError] = []
    for raw, name in zip(raws, _names(path, raws), strict=True):
        try:
            measurements.append(_measurement(path, raw, name, q_unit, confirmed))
        except DataFileError as error:
            refused.append(error)
    if not measurements:
        raise refused[0]
    if refused:
        lost = f"{len(refused)} of {len(raws)} data sets of this file cannot be used: {refused[0].reason}"
        measurements[0] = replace(measurements[0], notes=(*measurements[0].notes, lost))
    return tuple(measurements)


def _kept_in_capsule(source: Source) -> Measurement | None:
    """Return the measurement a capsule keeps, with the record of its first reading; None where there is no sound capsule."""
    if not hdf5.recognises(source):
        return None
    from engine.io.capsule import read_capsule

    try:
        capsule = read_capsule(source.path)
    except DataFileError:  # its curve may still be read as that of any NXcanSAS file
        return None
    note = f"From a capsule of LNPScope {capsule.program}: the curve that was judged, and how {capsule.raw_name} was read then."
    found = capsule.measurement
    return replace(found, path=source.path, notes=(*(other for other in found.notes if other != note), note))


def _raw_curves(source: Source, columns: ColumnChoice | None) -> tuple[RawCurve, ...]:
    found = format_of(source)
    if columns is None:
        return found.read(source)
    if not found.has_columns:
        found.read(source)  # what is no curve says so itself
        raise DataFileError(source.path, f"The columns of {found.name} are named in the file and can't be chosen. Open it as it is.")
    return found.read(source, columns)


def _names(path: Path, raws: Sequence[RawCurve]) -> list[str]:
    """Return a name for each data set: the file's, with the set's own or its number where there are several."""
    if len(raws) == 1:
        return [path.name]
    own = [raw.name for raw in raws]
    return [f"{path.name} [{name if name and own.count(name) == 1 else f'{name} {i}'.strip()}]" for i, name in enumerate(own, start=1)]


def _measurement(path: Path, raw: RawCurve, name: str, q_unit: QUnit | None, confirmed: QUnit | None) -> Measurement:
    raw, axis_notes = _as_q(path, raw)
    cleaned = clean(raw, path)
    if raw.axis is Axis.TWO_THETA:
        choice = UnitChoice(QUnit.PER_NM, UnitSource.HEADER, axis_notes[0], True)
    else:
        choice = choose_unit(raw.hint, judge_unit(cleaned.curve.q, cleaned.curve.intensity), user=q_unit, confirmed=confirmed)
    try:
        curve = replace(cleaned.curve, q=cleaned.curve.q * choice.unit.to_per_nm)
    except ParameterError as error:
        raise DataFileError(path, f"The numbers do not make a curve: {error}") from error
    return Measurement(
        path=path,
        name=name,
        curve=curve,
        format_name=raw.format_name,
        q_unit=choice.unit,
        q_unit_source=choice.source,
        q_unit_words=choice.words,
        q_unit_certain=choice.certain,
        notes=(*axis_notes, *choice.notes, *raw.notes, *cleaned.notes),
        dropped=cleaned.dropped,
    )


def _as_q(path: Path, raw: RawCurve) -> tuple[RawCurve, tuple[str, ...]]:
    """Return *raw* with q = 4 pi sin(theta) / lambda as its axis, and the sentence that says what was converted."""
    if raw.axis is Axis.S:
        return replace(raw, q=2 * math.pi * raw.q), ("The header defines s = q / 2 pi; the numbers were multiplied by 2 pi.",)
    if raw.axis is Axis.TWO_THETA:
        if raw.wavelength is None:
            raise DataFileError(
                path,
                "The first column is the scattering angle 2 theta, and the header names no wavelength. Export I against q instead.",
            )
        q = 4 * math.pi / raw.wavelength * np.sin(np.deg2rad(raw.q) / 2)
        words = f"The first column is 2 theta; q in 1/nm was computed with the wavelength {raw.wavelength:.6g} nm of the header."
        return replace(raw, q=q), (words,)
    return raw, ()
