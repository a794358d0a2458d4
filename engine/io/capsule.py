"""A verdict with all it came from, in one file: an ordinary NXcanSAS file that holds the raw file and the result besides.

Layout of schema ``lnpscope-capsule/1``: an entry as :mod:`engine.io.write_nxcansas` writes it, the curve that was judged in
``sasdata01``, and in the entry a group ``lnpscope_capsule`` (NXcollection) with the attribute ``schema`` and two data sets, ``raw``
(the bytes of the file that was read) and ``record`` (JSON, one string of fixed length): name and SHA-256 of the raw file, the record
of its reading, the settings, the identity of the basis, the analyst and the result (an entry of ``lnpscope-analysis/1``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.curve import Curve
from engine.errors import DataFileError, EngineError
from engine.inference.settings import AnalysisSettings
from engine.io.aside import hdf5_written_aside
from engine.io.hdf5_heaps import has_sound_heaps
from engine.io.hdf5_packing import check_packing
from engine.io.hdf5_tree import BROKEN, SIGNATURE, NotReadable, OutsideLink, member, numbers, word_of
from engine.io.limits import MAX_POINTS, MAX_TEXT_BYTES
from engine.io.measurement import Dropped, Measurement, UnitSource
from engine.io.results import Record, to_json
from engine.io.source import Source
from engine.io.table_text import printable
from engine.io.write_nxcansas import add_data
from engine.units import QUnit
from engine.version import VERSION

if TYPE_CHECKING:
    import h5py

SCHEMA = "lnpscope-capsule/1"
MAX_RAW_BYTES = MAX_TEXT_BYTES
MAX_RECORD_BYTES = 16 * 2**20

_ENTRY = "sasentry01"
_DATA = f"{_ENTRY}/sasdata01"
_GROUP = f"{_ENTRY}/lnpscope_capsule"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Capsule:
    """What a capsule holds.

    Parameters
    ----------
    raw_name, raw : str, bytes
        Name and content of the file that was read.
    measurement : Measurement
        The curve that was judged, and the record of its reading.
    settings : AnalysisSettings
        With them, and the basis, the analysis gives the same numbers again.
    basis : str
        Identity of the basis.
    model : str
        Identity of the analyst.
    result : Record
        Its answer.
    program : str
        Version of the program that wrote the capsule.
    """

    raw_name: str
    raw: bytes
    measurement: Measurement
    settings: AnalysisSettings
    basis: str
    model: str
    result: Record
    program: str = VERSION


def pack(measurement: Measurement, result: Record, *, settings: AnalysisSettings, basis: str, model: str) -> Capsule:
    """Return the capsule of a verdict, with the bytes of the file that was read.

    Raises
    ------
    DataFileError
        If the file is gone, cannot be read, or is too large for a capsule.
    """
    source = Source(measurement.path)
    if source.size > MAX_RAW_BYTES:
        raise source.too_large(MAX_RAW_BYTES)
    return Capsule(
        raw_name=measurement.path.name,
        raw=source.data,
        measurement=measurement,
        settings=settings,
        basis=basis,
        model=model,
        result=result,
    )


def write_capsule(path: Path, capsule: Capsule) -> None:
    """Write *capsule* to *path*; the file appears whole or not at all.

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    import h5py

    record = to_json(_record(capsule)).encode("utf-8", "replace")
    with hdf5_written_aside(path) as file:
        file.attrs["default"] = _ENTRY
        entry = file.create_group(_ENTRY)
        entry.attrs.update({"NX_class": "NXentry", "canSAS_class": "SASentry", "version": "1.1", "default": "sasdata01"})
        entry["definition"] = "NXcanSAS"
        entry["title"] = printable(capsule.measurement.name) or "curve"
        entry["run"] = "1"
        add_data(entry, "sasdata01", capsule.measurement.curve)
        group = file.create_group(_GROUP)
        group.attrs.update({"NX_class": "NXcollection", "schema": SCHEMA})
        group.create_dataset("raw", data=np.frombuffer(capsule.raw, dtype=np.uint8))
        group.create_dataset("record", data=record, dtype=h5py.string_dtype("utf-8", len(record)))


def read_capsule(path: Path) -> Capsule:
    """Return what a capsule holds.

    Nothing outside the file is opened, and sizes are checked before anything is read. An outsider's capsule can hold wrong numbers,
    but no code.

    Raises
    ------
    DataFileError
        If the file is no capsule, of a newer schema, broken, or its parts do not belong together.
    """
    import h5py

    path = Path(path)
    source = Source(path)
    if not source.head.startswith(SIGNATURE):
        raise DataFileError(path, "This is no capsule. Open it as a curve.")
    try:
        if not has_sound_heaps(path):
            raise OSError("a heap of words is garbled")
        with h5py.File(path, "r", locking=False) as file:
            _check_schema(path, file)
            raw = _bytes(file, f"{_GROUP}/raw")
            record = json.loads(_words(file, f"{_GROUP}/record"))
            curve = _curve(file)
        if hashlib.sha256(raw).hexdigest() != record["raw"]["sha256"]:
            raise ValueError("the raw file is not the one the record speaks of")
        return _capsule(raw, record, curve)
    except (OutsideLink, NotReadable) as error:
        raise DataFileError(path, f"The capsule cannot be used: {error}. Ask its sender for a copy made by the program.") from error
    except (*BROKEN, RecursionError) as error:
        raise DataFileError(path, "The capsule is broken or was changed. Copy it again from where it was written.") from error
    except DataFileError:
        raise
    except EngineError as error:
        raise DataFileError(path, f"The capsule holds impossible values: {error}") from error


def _record(capsule: Capsule) -> Record:
    found = capsule.measurement
    return {
        "program": capsule.program,
        "raw": {"name": capsule.raw_name, "sha256": hashlib.sha256(capsule.raw).hexdigest()},
        "reading": {
            "name": found.name,
            "format": found.format_name,
            "q_unit": found.q_unit.value,
            "q_unit_reason": found.q_unit_source.value,
            "q_unit_words": found.q_unit_words,
            "q_unit_certain": found.q_unit_certain,
            "notes": found.notes,
            "dropped": [{"reason": dropped.reason, "rows": dropped.rows} for dropped in found.dropped],
        },
        "settings": capsule.settings.as_record(),
        "basis": capsule.basis,
        "model": capsule.model,
        "result": capsule.result,
    }


def _capsule(raw: bytes, record: Record, curve: Curve) -> Capsule:
    reading = record["reading"]
    name = Path(str(record["raw"]["name"])).name
    if str(record["settings"].get("model", "")).startswith(("\\\\", "//")):
        raise ValueError("a network on another machine")  # to look there would tell that machine who opened the capsule
    if not isinstance(record["result"], dict):
        raise TypeError("the result is no mapping")
    return Capsule(
        raw_name=name,
        raw=raw,
        measurement=Measurement(
            path=Path(name),
            name=str(reading["name"]),
            curve=curve,
            format_name=str(reading["format"]),
            q_unit=QUnit(reading["q_unit"]),
            q_unit_source=UnitSource(reading["q_unit_reason"]),
            q_unit_words=str(reading["q_unit_words"]),
            q_unit_certain=bool(reading["q_unit_certain"]),
            notes=tuple(str(note) for note in reading["notes"]),
            dropped=tuple(Dropped(str(item["reason"]), tuple(int(row) for row in item["rows"])) for item in reading["dropped"]),
        ),
        settings=AnalysisSettings.from_record(record["settings"]),
        basis=str(record["basis"]),
        model=str(record["model"]),
        result=record["result"],
        program=str(record["program"]),
    )


def _check_schema(path: Path, file: h5py.File) -> None:
    entry = member(file, f"{_GROUP}/record")
    schema = "" if entry is None else word_of(entry.parent, "schema")
    if not schema:
        raise DataFileError(path, "This is an HDF5 file but no capsule. Open it as a curve.")
    if schema != SCHEMA:
        raise DataFileError(path, f"The capsule has the schema “{schema[:60]}”; this program reads {SCHEMA}. Use a newer version.")


def _curve(file: h5py.File) -> Curve:
    q, intensity, sigma = (member(file, f"{_DATA}/{name}") for name in ("Q", "I", "Idev"))
    if q is None or intensity is None:
        raise KeyError("no curve")
    if word_of(q, "units") != "1/nm":
        raise ValueError("q in another unit")
    for dataset in (q, intensity, sigma):
        if dataset is not None and (dataset.ndim != 1 or dataset.size > MAX_POINTS):
            raise NotReadable(f"“{dataset.name}” has the shape {dataset.shape}")
    return Curve(numbers(q), numbers(intensity), None if sigma is None else numbers(sigma))


def _bytes(file: h5py.File, place: str) -> bytes:
    dataset = member(file, place)
    if dataset is None:
        raise KeyError(place)
    if dataset.dtype != np.uint8 or dataset.ndim != 1 or dataset.size > MAX_RAW_BYTES:
        raise NotReadable(f"“{place}” has the shape {dataset.shape} of {dataset.dtype}")
    check_packing(dataset)
    return np.asarray(dataset[()]).tobytes()


def _words(file: h5py.File, place: str) -> Any:
    """Return the one string of fixed length at *place*."""
    import h5py

    dataset = member(file, place)
    if dataset is None:
        raise KeyError(place)
    kind = dataset.id.get_type()
    if not isinstance(kind, h5py.h5t.TypeStringID) or kind.is_variable_str() or dataset.shape != () or kind.get_size() > MAX_RECORD_BYTES:
        raise NotReadable(f"“{place}” is no string of at most {MAX_RECORD_BYTES} bytes")
    return dataset[()].decode("utf-8")
