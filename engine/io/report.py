"""What a one-page report of a verdict says, as a value; drawing it is the screen's work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from engine.curve import Array, Curve
from engine.inference.analysis import Analysis, Interval, SizeEstimate, Status
from engine.io.measurement import Measurement
from engine.models.geometry import Particle
from engine.models.registry import LNP_TYPES, MODELS
from engine.models.sections import extent, region_labels
from engine.version import VERSION

SECTION_POINTS = 320
"""Points along the longer edge of a particle's picture."""

NOTICEABLE = 0.005
"""Particles of a smaller number fraction are not drawn, fractions that are surely smaller not listed."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The cut of a particle through its axis, z upwards.

    Parameters
    ----------
    title : str
        Name of the type.
    length : float
        Extent along the axis [nm].
    number_fraction : float
        Of the best fit.
    labels : ndarray of int, shape (nz, nx)
        Index into *contrasts*, -1 for the solvent; the first row is the top.
    spacing : float
        Distance of two points [nm].
    contrasts : mapping of str to float
        Contrast of each region [1e-6/Å²].
    """

    title: str
    length: float
    number_fraction: float
    labels: NDArray[np.intp]
    spacing: float
    contrasts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is, and its cells."""

    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReportContent:
    """All that a report says.

    Parameters
    ----------
    name, status, sentence : str
        Name of the curve, status and verdict.
    reasons : tuple of str
        Why.
    measured : Curve
        All points that were read [1/nm].
    q, fit, residuals : ndarray, shape (n,)
        The points that were judged [1/nm], the model there, and (data - model) / sigma.
    components : mapping of str to ndarray, shape (n,)
        Share of each type in the model.
    fractions : tuple of Row
        For each type that may be there: number, volume and scattering fraction.
    hypotheses : tuple of Row
        The most probable ones with their probability.
    sizes : tuple of Row
        For each type of the hypothesis: mean D, sd, diameter of the sphere of equal volume, Rg [nm].
    goodness : str
        How well the model fits.
    sections : tuple of Section
        Cuts of the particles of the best fit, the most frequent first; empty outside the family.
    reading : tuple of str
        The record of the reading.
    footer : tuple of str
        Analyst, program, date.
    """

    name: str
    status: str
    sentence: str
    reasons: tuple[str, ...]
    measured: Curve
    q: Array
    fit: Array
    residuals: Array
    components: Mapping[str, Array]
    fractions: tuple[Row, ...]
    hypotheses: tuple[Row, ...]
    sizes: tuple[Row, ...]
    goodness: str
    sections: tuple[Section, ...]
    reading: tuple[str, ...]
    footer: tuple[str, ...]


def collect(measurement: Measurement, analysis: Analysis, *, when: datetime | None = None) -> ReportContent:
    """Return the content of the report of one verdict.

    Outside the family it holds no types, sizes or particles.

    Parameters
    ----------
    measurement : Measurement
        The curve and the record of its reading.
    analysis : Analysis
        The verdict.
    when : datetime, optional
        Time of the report, now by default.
    """
    inside = analysis.status is not Status.OUTSIDE
    drawn = sorted((item for item in analysis.particles if item[1] >= NOTICEABLE), key=lambda item: -item[1])
    return ReportContent(
        name=measurement.name,
        status=analysis.status.value,
        sentence=analysis.sentence,
        reasons=analysis.reasons,
        measured=measurement.curve,
        q=analysis.fit.q,
        fit=analysis.fit.intensity,
        residuals=analysis.fit.residuals,
        components=analysis.fit.components if inside and len(analysis.fit.components) > 1 else {},
        fractions=tuple(_fractions(analysis)) if inside else (),
        hypotheses=tuple(_hypotheses(analysis)) if inside else (),
        sizes=tuple(Row(_title(kind), _size(size)) for kind, size in analysis.sizes.items()) if inside else (),
        goodness=f"Reduced chi² {analysis.chi2_reduced:.2f}, runs test p = {analysis.runs_p:.2g}, "
        f"{len(analysis.fit.q)} of {len(measurement.curve)} points judged, {analysis.effective_samples:.0f} effective samples.",
        sections=tuple(cut(kind, share, particle) for kind, share, particle in drawn) if inside else (),
        reading=tuple(_reading(measurement)),
        footer=(
            f"Analyst: {analysis.model}",
            f"LNPScope {VERSION}, {(when or datetime.now(UTC)).astimezone().isoformat(sep=' ', timespec='minutes')}",
        ),
    )


def cut(kind: str, number_fraction: float, particle: Particle) -> Section:
    """Return the picture of *particle* cut through its axis."""
    body = particle.body()
    low, high = extent(body)
    spacing = (high - low) / SECTION_POINTS
    s: Array = spacing * (np.arange(SECTION_POINTS, dtype=np.float64) + 0.5)
    z: Array = high - s
    half = region_labels(body, s[np.newaxis] ** 2, z[:, np.newaxis])
    filled = np.flatnonzero((half >= 0).any(axis=0))
    half = half[:, : int(filled[-1]) + 1 if filled.size else 1]
    labels = np.concatenate([half[:, ::-1], half], axis=1)
    labels.setflags(write=False)
    return Section(_title(kind), high - low, number_fraction, labels, spacing, body.contrasts)


def _title(kind: str) -> str:
    return f"{kind}, {MODELS[kind].title}" if kind in MODELS else kind


def _fractions(analysis: Analysis) -> Iterator[Row]:
    tables = (analysis.number_fractions, analysis.volume_fractions, analysis.scattering_fractions)
    for kind in LNP_TYPES:
        found = [table.get(kind) for table in tables]
        if any(share is not None and share.high >= NOTICEABLE for share in found):
            yield Row(_title(kind), tuple("" if share is None else _percent(share) for share in found))


def _hypotheses(analysis: Analysis) -> Iterator[Row]:
    ranked = sorted(analysis.hypotheses.items(), key=lambda item: -item[1])
    for name, probability in ranked[:3]:
        if probability >= 1e-3:
            yield Row(name, (f"{probability:.1%}",))


def _size(size: SizeEstimate) -> tuple[str, ...]:
    return _length(size.mean), _length(size.sd), f"{size.equivalent:.1f}", f"{size.radius_of_gyration:.1f}"


def _percent(share: Interval) -> str:
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def _length(interval: Interval) -> str:
    width = interval.high - interval.low
    places = int(np.clip(2 - np.ceil(np.log10(width)), 0, 3)) if 0 < width < np.inf else 2
    return f"{interval.value:.{places}f} ({interval.low:.{places}f} to {interval.high:.{places}f})"


def _reading(measurement: Measurement) -> Iterator[str]:
    q = measurement.curve.q
    yield f"{measurement.format_name}, {len(q)} points, q = {q[0]:.4g} to {q[-1]:.4g} 1/nm."
    yield measurement.q_unit_words + ("" if measurement.q_unit_certain else " This is not certain.")
    yield from measurement.notes
    for dropped in measurement.dropped:
        yield f"Left out: {len(dropped.rows)} rows, {dropped.reason}."
