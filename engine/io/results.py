"""Verdicts as JSON, schema ``lnpscope-analysis/1``.

Lengths are nm, q is 1/nm, every interval is 90 %. A value that does not exist is null or an empty mapping; NaN is never written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.inference.analysis import Analysis, Interval, SizeEstimate, Status
from engine.io.aside import write_text
from engine.io.measurement import Measurement

SCHEMA = "lnpscope-analysis/1"

Record = dict[str, Any]
"""One entry of ``results``."""


def answered(file: str, measurement: Measurement, analysis: Analysis) -> Record:
    """Return the entry of a curve that was judged. Outside the family it has no hypothesis, fractions or sizes."""
    inside = analysis.status is not Status.OUTSIDE
    return {
        "file": file,
        "error": None,
        **_reading(measurement),
        "status": analysis.status.value,
        "reasons": list(analysis.reasons),
        "hypothesis": analysis.hypothesis if inside else None,
        "hypotheses": dict(analysis.hypotheses) if inside else {},
        "number_fractions": _intervals(analysis.number_fractions) if inside else {},
        "volume_fractions": _intervals(analysis.volume_fractions) if inside else {},
        "scattering_fractions": _intervals(analysis.scattering_fractions) if inside else {},
        "sizes": {kind: _size(size) for kind, size in analysis.sizes.items()} if inside else {},
        **({"nuisances": _intervals(analysis.nuisances)} if analysis.nuisances else {}),
        "chi2_reduced": analysis.chi2_reduced,
        "runs_p": analysis.runs_p,
        "effective_samples": analysis.effective_samples,
        "seconds": analysis.seconds,
    }


def refused(file: str, sentence: str, measurement: Measurement | None = None) -> Record:
    """Return the entry of a file that could not be read, or of a curve that could not be judged, with the reason."""
    reading = (
        _reading(measurement) if measurement else dict.fromkeys(("q_unit", "q_unit_reason", "q_unit_certain", "points", "q_min", "q_max"))
    )
    return {
        "file": file,
        "error": sentence,
        **reading,
        "status": None,
        "reasons": [],
        "hypothesis": None,
        **{name: {} for name in ("hypotheses", "number_fractions", "volume_fractions", "scattering_fractions", "sizes")},
        **dict.fromkeys(("chi2_reduced", "runs_p", "effective_samples", "seconds")),
    }


def document(results: Sequence[Record], *, model: str) -> Record:
    """Return the whole document; *model* names the analyst that answered."""
    return {"schema": SCHEMA, "model": model, "results": list(results)}


def write_json(path: Path, contents: Record) -> None:
    """Write *contents* to *path*, all of it or nothing; numbers that are none become null.

    Raises
    ------
    DataFileError
        If the file can't be written.
    """
    write_text(path, to_json(contents) + "\n")


def to_json(contents: Record) -> str:
    """Return *contents* as JSON; numbers that are none become null."""
    return json.dumps(_without_nan(contents), allow_nan=False, ensure_ascii=False, indent=1)


def _reading(measurement: Measurement) -> Record:
    q = measurement.curve.q
    return {
        "q_unit": measurement.q_unit.value,
        "q_unit_reason": measurement.q_unit_source.value,
        "q_unit_certain": measurement.q_unit_certain,
        "points": len(measurement.curve),
        "q_min": float(q[0]),
        "q_max": float(q[-1]),
    }


def _interval(interval: Interval) -> Record:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _intervals(intervals: Mapping[str, Interval]) -> Record:
    return {kind: _interval(interval) for kind, interval in intervals.items()}


def _size(size: SizeEstimate) -> Record:
    return {
        "mean": _interval(size.mean),
        "sd": _interval(size.sd),
        "equivalent_diameter": size.equivalent,
        "radius_of_gyration": size.radius_of_gyration,
    }


def _without_nan(value: Any) -> Any:
    """Return *value* with plain Python numbers, and None for each that is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    number = float(value)
    return number if math.isfinite(number) else None
