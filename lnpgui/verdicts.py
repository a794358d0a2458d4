"""Verdicts that were given before, kept by what they depend on: the same curve, asked the same, need not be judged again.

Each is one JSON file named by the digest of curve, settings and program, so that a session of hundreds of curves is back at once
and a changed file, another model or another version of the program never meets an old answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import DataFileError, ParameterError
from engine.io.aside import write_text
from engine.version import VERSION
from lnpgui.paths import VERDICTS

if TYPE_CHECKING:
    from engine.curve import Curve
    from engine.inference.analysis import Analysis, Interval

SCHEMA = "lnpscope-verdict/1"
MOST_FILES = 3000
MOST_BYTES = 4_000_000
"""Of one file; a curve of 2000 points takes some 250 kB."""


class Verdicts:
    """The verdicts in one folder. Anything unreadable there counts as not known, and nothing written there can fail an analysis."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, curve: Curve, settings: object, find: Callable[[], Analysis]) -> Analysis:
        """Return the verdict kept for *curve* and *settings*; if there is none, *find* it and keep it."""
        path = self._folder / f"{digest(curve, settings)}.json"
        known = self._read(path)
        if known is not None:
            with contextlib.suppress(OSError):
                os.utime(path)  # the longest unused go first
            return known
        found = find()
        self._write(path, found)
        return found

    def prune(self, most: int = MOST_FILES) -> None:
        """Delete the verdicts that were not used for longest, so that *most* stay."""
        with contextlib.suppress(OSError):
            files = sorted(((p.stat().st_mtime, p) for p in self._folder.glob("*.json")), reverse=True)
            for _, path in files[most:]:
                path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Analysis | None:
        try:
            if path.stat().st_size > MOST_BYTES:
                return None
            record = json.loads(path.read_text(encoding="utf-8"))
            return from_dict(record) if record.get("schema") == SCHEMA else None
        except (OSError, LookupError, TypeError, ValueError, AttributeError, RecursionError, ParameterError):
            return None

    def _write(self, path: Path, analysis: Analysis) -> None:
        with contextlib.suppress(OSError, DataFileError, TypeError, ValueError):  # a particle of the user's own is not kept
            text = json.dumps(to_dict(analysis))
            if len(text) <= MOST_BYTES:
                self._folder.mkdir(parents=True, exist_ok=True)
                write_text(path, text)


def kept() -> Verdicts | None:
    """Return the verdicts this program keeps; None when it keeps none."""
    folder = os.environ.get(VERDICTS)
    return Verdicts(Path(folder)) if folder else None


def digest(curve: Curve, settings: object) -> str:
    """Return the name of all that a verdict depends on."""
    found = hashlib.sha256(f"{SCHEMA} {VERSION} {_program()} {settings!r}".encode())
    for values in (curve.q, curve.intensity, curve.sigma):
        found.update(b"none" if values is None else values.tobytes())
        found.update(b"|")
    return found.hexdigest()[:40]


@lru_cache(maxsize=1)
def _program() -> str:
    """Return what changes with the engine's sources, its basis and its networks."""
    import engine

    root = Path(engine.__file__).parent
    stamps = sorted((str(p.relative_to(root)), p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*") if p.suffix != ".pyc")
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]


# -- a verdict as JSON takes it ----------------------------------------------------------------------------------------


def to_dict(analysis: Analysis) -> dict[str, Any]:
    """Return a verdict as JSON takes it; numbers come back to the last digit.

    Raises
    ------
    TypeError
        If it names a particle that is none of the program's own.
    """
    from engine.models.registry import MODELS

    if any(MODELS.get(key) is not type(particle) for key, _, particle in analysis.particles):
        raise TypeError("a particle of someone's own")
    fit = analysis.fit
    simple = {name: getattr(analysis, name) for name in _SIMPLE}
    maps = {name: {k: asdict(v) for k, v in getattr(analysis, name).items()} for name in (*_FRACTIONS, "sizes")}
    arrays = {name: getattr(fit, name).tolist() for name in ("q", "intensity", "residuals", "sigma")}
    components = {key: values.tolist() for key, values in fit.components.items()}
    particles = [[key, float(fraction), asdict(particle)] for key, fraction, particle in analysis.particles]
    return {
        "schema": SCHEMA,
        **{k: dict(v) if isinstance(v, Mapping) else v for k, v in simple.items()},
        **maps,
        "status": analysis.status.value,
        "reasons": list(analysis.reasons),
        "particles": particles,
        "fit": {**arrays, "background": float(fit.background), "components": components},
    }


def from_dict(record: Mapping[str, Any]) -> Analysis:
    """Return what :func:`to_dict` gave.

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError, ParameterError
        If *record* is none.
    """
    from engine.inference.analysis import Analysis, Fit, SizeEstimate, Status
    from engine.models.registry import MODELS

    fit = record["fit"]
    arrays = {name: _array(fit[name]) for name in ("q", "intensity", "residuals", "sigma")}
    components = {str(k): _array(v) for k, v in fit["components"].items()}
    if len({a.shape for a in (*arrays.values(), *components.values())}) != 1:
        raise ValueError("arrays of several lengths")
    sizes = {
        k: SizeEstimate(_interval(v["mean"]), _interval(v["sd"]), *(float(v[name]) for name in _OF_SIZE))
        for k, v in record["sizes"].items()
    }
    simple: dict[str, Any] = {name: record[name] for name in _SIMPLE}
    fractions: dict[str, Any] = {name: {k: _interval(v) for k, v in record[name].items()} for name in _FRACTIONS}
    return Analysis(
        **simple,
        **fractions,
        status=Status(record["status"]),
        reasons=tuple(str(reason) for reason in record["reasons"]),
        sizes=sizes,
        particles=tuple((key, float(fraction), MODELS[key](**values)) for key, fraction, values in record["particles"]),
        fit=Fit(**arrays, background=float(fit["background"]), components=components),
    )


_SIMPLE = ("sentence", "hypothesis", "nearest", "hypotheses", "chi2_reduced", "runs_p", "effective_samples", "told", "model", "seconds")
_FRACTIONS = ("number_fractions", "volume_fractions", "scattering_fractions")
_OF_SIZE = ("equivalent", "radius_of_gyration", "told_mean", "told_sd")


def _array(values: Any) -> Any:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError("no row of numbers")
    found.setflags(write=False)
    return found


def _interval(record: Mapping[str, Any]) -> Interval:
    from engine.inference.analysis import Interval

    return Interval(float(record["value"]), float(record["low"]), float(record["high"]))
