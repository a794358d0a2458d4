"""An engine for tests of the screen: it reads two columns and answers at once, with values anyone can check."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.curve import Curve
from engine.errors import DataFileError
from engine.inference.analysis import Analysis, Fit, Interval, SizeEstimate, Status
from engine.io.measurement import Dropped, Measurement, UnitSource
from engine.models.registry import LNP_TYPES, MODELS
from engine.progress import Report, Step, silent
from engine.units import QUnit
from lnpgui.request import Habit, Request


def sphere(q: np.ndarray, radius: float) -> np.ndarray:
    """Form factor of a sphere of unit contrast, 1 at q = 0."""
    x = np.maximum(q * radius, 1e-9)
    return (3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2


def write_curve(path: Path, *, radius: float = 25.0, background: float = 1e-4, points: int = 300) -> Path:
    """Write a noisy curve of spheres in three columns."""
    rng = np.random.default_rng(1)
    q = np.geomspace(0.05, 3.0, points)
    mean = sum(sphere(q, radius * f) for f in np.linspace(0.9, 1.1, 9)) / 9 + background
    sigma = 0.01 * mean + 3e-6
    np.savetxt(path, np.column_stack([q, mean + rng.normal(0, sigma), sigma]), header="q_nm^-1 I sigma (simulated)")
    return path


def read(path: Path, request: Request, habit: Habit, report: Report = silent) -> tuple[Measurement, ...]:
    """Read three columns; anything else is refused."""
    try:
        q, intensity, sigma = np.loadtxt(path, unpack=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataFileError(path, "it holds no rows of numbers; give a curve of q and I.", 1) from error
    except OSError as error:
        raise DataFileError(path, "it cannot be opened; was it moved?") from error
    q_unit, confirmed = request.q_unit, habit.q_unit
    unit = q_unit or confirmed or QUnit.PER_NM
    return (
        Measurement(
            path=path,
            name=path.name,
            curve=Curve(q * unit.to_per_nm, intensity, sigma),
            format_name="text, 3 columns",
            q_unit=unit,
            q_unit_source=UnitSource.USER if q_unit else UnitSource.HEADER,
            q_unit_words=f"q read as {unit.value} because {'you said so' if q_unit else 'the header says q_nm^-1'}.",
            q_unit_certain=q_unit is not None or confirmed is not None,
            notes=("The third column is taken as sigma.",),
            dropped=(Dropped("q is zero", (1, 2)),),
        ),
    )


def find_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return files, and the files in folders."""
    return tuple(file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if not file.is_dir())


def make_analysis(curve: Curve, *, status: Status = Status.IN_FAMILY, mixture: bool = True) -> Analysis:
    """Return a verdict: 60 % type 3 and 40 % type 4, or type 4 alone; outside has no numbers."""
    part = {"type 3": 0.6, "type 4": 0.4} if mixture else {"type 4": 1.0}
    model = sphere(curve.q, 25.0) + 1e-4
    sigma = curve.sigma if curve.sigma is not None else 0.01 * np.abs(curve.intensity) + 1e-9
    fit = Fit(curve.q, model, (curve.intensity - model) / sigma, sigma, 1e-4, {key: f * sphere(curve.q, 25.0) for key, f in part.items()})
    name = " + ".join(part)
    if status is Status.OUTSIDE:
        return Analysis(
            status=status,
            reasons=("No mixture of the known particles fits: reduced chi² is 35.",),
            sentence="This curve is outside the family: it is not judged.",
            hypothesis=None,
            nearest=name,
            fit=fit,
            chi2_reduced=35.0,
            runs_p=1e-9,
            effective_samples=0.0,
        )
    fractions = {key: _around(part.get(key, 0.0)) for key in LNP_TYPES}
    size = SizeEstimate(Interval(52.0, 51.2, 52.9), Interval(4.1, 3.2, 5.3), 44.1, 17.3, 0.98, 0.4)
    particles = tuple((key, f, MODELS[key](diameter=52.0)) for key, f in part.items())
    return Analysis(
        status=status,
        reasons=("The fit leaves no structure in the residuals (runs test p = 0.41).", "All sizes lie well inside what q can show."),
        sentence=f"Most probably {name}, about 52 nm across.",
        hypothesis=name,
        nearest=name,
        hypotheses={name: 0.93, "type 2 + type 4": 0.05, "three or more types": 0.015, "type 3": 0.005},
        number_fractions=fractions,
        volume_fractions=fractions,
        scattering_fractions=fractions,
        sizes=dict.fromkeys(part, size),
        particles=particles,
        fit=fit,
        chi2_reduced=1.03,
        runs_p=0.41,
        effective_samples=812.0,
        told=dict.fromkeys(LNP_TYPES, 0.9),
        model="test analyst",
        seconds=0.01,
    )


def _around(value: float) -> Interval:
    return Interval(value, max(0.0, value - 0.06), min(1.0, value + 0.07))


@dataclass
class Analyst:
    """Analyses at once, or in steps that last until it is let go or cancelled."""

    status: Status = Status.IN_FAMILY
    mixture: bool = True
    gate: threading.Event | None = None
    calls: int = 0
    curves: list[Curve] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __call__(self, curve: Curve, request: Request, report: Report) -> Analysis:
        self.calls += 1
        self.requests.append(request)
        self.curves.append(curve)
        report(Step(0, 4, "fitting"))
        while self.gate is not None and not self.gate.is_set():
            report(Step(1, 4, "fitting"))
            time.sleep(0.005)
        return make_analysis(curve, status=self.status, mixture=self.mixture)
