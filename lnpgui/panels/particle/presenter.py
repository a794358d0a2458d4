"""Decides what the Particle panel does: makes particles, has their curves computed, compares them with the shown curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from engine.curve import Curve
from engine.errors import EngineError, ParameterError
from engine.io.write import NAMES
from engine.models.geometry import Body, Particle
from engine.models.parameters import parameters
from engine.models.voxel_map import VoxelMap
from engine.progress import Step
from engine.units import FORM_FACTOR_UNIT
from lnpgui.panels.particle.scattered import Scattered, save, scale_to, scatter, voxels_of
from lnpgui.panels.particle.sources import MODEL_SOURCES, Source, loader
from lnpgui.panels.particle.view import ParticleView
from lnpgui.session import Entry, Session
from lnpgui.telling import Telling
from lnpgui.workers import Failure, JobQueue

if TYPE_CHECKING:
    from engine.models.properties import Properties

MODEL = "model"
CURVE = "curve"
FILE = "file"
MOST_FILES = 10
"""Loaded particles and maps that are kept at hand; a map can take 260 MB."""
PROGRESS_AFTER_MS = 700
PICTURE_AFTER_MS = 15
"""A picture takes longer to draw than a curve to compute, so it follows when the curve is painted."""
PICTURE_AT_LATEST_MS = 150
"""And comes by itself where the curve takes long."""


class ParticlePresenter(QObject):
    """Listens to the view and the session.

    One curve is computed at a time. What changes meanwhile is remembered as a whole and computed next, so that the curve follows
    a slider while it moves, and ends at the last value.
    """

    def __init__(self, view: ParticleView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._sources: dict[str, Source] = dict(MODEL_SOURCES)
        self._key = next(iter(self._sources))
        self._loaded = 0
        self._particle: Particle | VoxelMap | None = None
        self._body: Body | None = None
        self._shown: Scattered | None = None
        self._is_stale = False
        self._is_over = False
        self._curves = JobQueue(self)
        self._files = JobQueue(self)
        self._loads = JobQueue(self)
        self._voxels = JobQueue(self)
        self._telling = Telling(self, after_ms=PROGRESS_AFTER_MS)
        self._telling.told.connect(view.show_progress)
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in one turn are one
        self._soon.timeout.connect(self._update)
        self._picture_soon = QTimer(self, singleShot=True, interval=PICTURE_AT_LATEST_MS)
        self._picture_soon.timeout.connect(self._show_picture)
        self._listen()
        view.set_formats([f"{NAMES[ending]} (*{ending})" for ending in NAMES])
        view.offer_overlay(self._measured_name())
        view.set_models([(key, source.title) for key, source in self._sources.items()])

    def _listen(self) -> None:
        view = self._view
        view.model_chosen.connect(self._on_model)
        view.changed.connect(self._soon.start)
        view.overlay_wanted.connect(self._request)
        view.curve_file_given.connect(self._on_curve_file)
        view.picture_file_given.connect(self._on_picture_file)
        view.files_given.connect(self._on_files)
        view.volume_wanted.connect(self._show_picture)
        view.stop_wanted.connect(self._on_stop)
        self._session.current_changed.connect(self._on_entry)
        self._session.changed.connect(self._on_entry)
        self._curves.done.connect(self._on_scattered)
        self._curves.failed.connect(self._on_failed)
        self._curves.reported.connect(self._on_reported)
        self._curves.cancelled.connect(self._on_stopped)
        self._curves.idle.connect(self._next)
        self._loads.done.connect(self._on_loaded)
        self._loads.failed.connect(self._on_failed)
        self._voxels.done.connect(self._on_voxels)
        self._voxels.failed.connect(self._on_failed)
        self._files.done.connect(self._on_saved)
        self._files.failed.connect(self._on_failed)

    @property
    def is_shown(self) -> bool:
        """True when the view shows the last request."""
        is_waiting = self._soon.isActive() or self._picture_soon.isActive() or self._is_stale
        queues = (self._curves, self._files, self._loads, self._voxels)
        return not (is_waiting or any(queue.is_busy for queue in queues))

    def stop(self) -> None:
        """Begin nothing any more; the window closes."""
        self._is_over = True
        self._soon.stop()
        self._picture_soon.stop()
        self._telling.end()
        self._is_stale = False
        for queue in (self._curves, self._loads, self._voxels):
            queue.cancel()

    def state(self) -> dict[str, str | float]:
        """Return the model and its values, to come back with the session; a particle from a file does not."""
        form = self._view.form
        if self._key not in MODEL_SOURCES or form is None:
            return {}
        return {MODEL: self._key, **form.values}

    def restore_state(self, state: Mapping[str, str | float]) -> None:
        """Take up a model and its values; what is none of either is passed over."""
        key = state.get(MODEL)
        if key not in MODEL_SOURCES:
            return
        self._view.choose_model(str(key))
        fields = {} if self._view.form is None else self._view.form.fields
        for name, field in fields.items():
            value = state.get(name)
            if isinstance(value, int | float):
                field.box.setValue(int(value) if isinstance(field.value, int) else value)

    # -- the particle --------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_model(self, key: str) -> None:
        self._key = key
        source = self._sources[key]
        self._view.show_form(source.parameters, source.whole)
        self._view.show_notes(" ".join(source.notes))
        self._update()

    @Slot()
    def _update(self) -> None:
        """Show the particle that the form describes, or why there can be none."""
        form = self._view.form
        if form is None:
            return
        try:
            particle = self._sources[self._key].make(form.values)
            body = None if isinstance(particle, VoxelMap) else particle.body()
        except EngineError as error:
            name = error.field if isinstance(error, ParameterError) else None
            form.show_refusal(name, f"{error} Shown is the last particle that can be.")
            return
        form.show_refusal(None, "")
        self._particle, self._body = particle, body
        if not self._picture_soon.isActive():  # a slider on the move shall not put the picture off for ever
            self._picture_soon.start(PICTURE_AT_LATEST_MS)
        self._request()

    @Slot()
    def _show_picture(self) -> None:
        if isinstance(self._particle, VoxelMap):
            self._view.show_map(self._particle)
        elif self._particle is not None and self._body is not None:
            if self._view.wants_volume:
                self._voxels.submit(self._body, partial(voxels_of, self._particle))
            else:
                self._view.show_body(self._body)

    @Slot(object, object)
    def _on_voxels(self, body: Body, voxels: VoxelMap) -> None:
        if self._body is not None:
            self._view.show_body(body, voxels)

    # -- particles and maps from files ---------------------------------------------------------------------------------

    @Slot(object)
    def _on_files(self, paths: Sequence[Path]) -> None:
        self._view.show_notice("")
        for path in paths[:MOST_FILES]:
            self._loads.submit(path, loader(path))

    @Slot(object, object)
    def _on_loaded(self, path: Path, source: Source) -> None:
        """Offer what was loaded beside the models, and show it."""
        key = f"file {path}"
        files = [known for known in self._sources if known.startswith("file ") and known != key]
        for old in files[: max(0, len(files) - MOST_FILES + 1)]:
            del self._sources[old]
            self._view.remove_model(old)
        self._sources[key] = source
        self._view.offer_model(key, source.title)

    # -- its curve -----------------------------------------------------------------------------------------------------

    @Slot()
    def _request(self) -> None:
        self._is_stale = not self._is_over
        self._next()

    @Slot()
    def _next(self) -> None:
        if self._is_stale and not self._curves.is_busy and self._particle is not None:
            self._is_stale = False
            self._telling.begin("Computing the curve")
            self._curves.submit(CURVE, partial(scatter, self._particle, self._ground()))

    @Slot(object, object)
    def _on_scattered(self, _: object, scattered: Scattered) -> None:
        self._shown = scattered
        self._end_progress()
        if self._picture_soon.isActive():
            self._picture_soon.start(min(PICTURE_AFTER_MS, self._picture_soon.remainingTime()))
        measured = scattered.measured
        factor = 1.0 if measured is None else scale_to(measured, scattered.q, scattered.intensity)
        self._view.show_notice("")
        if math.isfinite(factor):
            self._view.show_curve(scattered.q, factor * scattered.intensity, measured)
        self._view.show_words(_words(scattered, factor))
        self._view.show_properties(_properties(scattered.properties))

    @Slot(object, object)
    def _on_failed(self, _: object, failure: Failure) -> None:
        self._end_progress()
        self._view.show_notice(failure.message)

    @Slot(object, object)
    def _on_reported(self, _: object, event: object) -> None:
        match event:
            case Step(done, total, message) if total:
                self._telling.step(done / total, f"{100 * done // total} % {message}")

    def _end_progress(self) -> None:
        self._telling.end()

    @Slot()
    def _on_stop(self) -> None:
        self._is_stale = False
        self._curves.cancel()

    @Slot(object)
    def _on_stopped(self, _: object) -> None:
        self._end_progress()
        self._view.show_words("The curve was stopped; change a value to compute it anew.")

    # -- the measured curve --------------------------------------------------------------------------------------------

    def _measured(self) -> Curve | None:
        entry = self._session.current
        return None if entry is None or entry.measurement is None else entry.measurement.curve

    def _measured_name(self) -> str | None:
        entry = self._session.current
        return None if entry is None or entry.measurement is None else entry.name

    def _ground(self) -> Curve | None:
        return self._measured() if self._view.overlay.isChecked() else None

    @Slot(object)
    def _on_entry(self, entry: Entry | None) -> None:
        if entry is not self._session.current:
            return
        self._view.offer_overlay(self._measured_name())
        if self._shown is not None and self._ground() is not self._shown.measured:
            self._request()

    # -- files ---------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_curve_file(self, path: Path) -> None:
        shown = self._shown
        if shown is None:
            self._view.show_notice("There is no curve to save yet.")
            return
        title = f"{shown.particle.title}, I(q) of one particle, simulated"
        values = {p.name: f"{getattr(shown.particle, p.name):g}" for p in parameters(shown.particle)}
        metadata = {**values, "unit of I": FORM_FACTOR_UNIT}
        self._files.submit(FILE, partial(save, path, Curve(shown.q, shown.intensity), title, metadata))

    @Slot(object)
    def _on_picture_file(self, path: Path) -> None:
        try:
            self._view.save_picture(path)
        except EngineError as error:
            self._view.show_notice(str(error))
        else:
            self._on_saved(FILE, path)

    @Slot(object, object)
    def _on_saved(self, _: object, path: Path) -> None:
        self._view.show_notice("")
        self._view.show_words(f"Saved as {path.name}.")


def _words(scattered: Scattered, factor: float) -> str:
    """Say what is drawn."""
    if not math.isfinite(factor):
        return "This particle can't be scaled to the measured curve: it scatters nothing there."
    large = "its voxels are" if isinstance(scattered.particle, VoxelMap) else "the particle is"
    cut = "" if scattered.cut_at is None else f" Computed up to q = {scattered.cut_at:.3g} 1/nm, as {large} so large."
    if scattered.measured is None:
        return f"{scattered.words}{cut}"
    return f"The particle's curve is scaled by {factor:.3g}, the factor of least squares; no background is added.{cut}"


def _properties(found: Properties) -> str:
    """Return the numbers of a particle as rich text."""
    rg = f"{found.radius_of_gyration:.2f} nm" if math.isfinite(found.radius_of_gyration) else "none, as the contrasts cancel"
    parts = ", ".join(f"{name} {_volume(volume)}" for name, volume in found.volumes.items())
    of_regions = f" ({parts})" if len(found.volumes) > 1 else ""
    return (
        f"<b>Volume</b> {_volume(found.volume)} nm³{of_regions}<br>"
        f"<b>Equivalent diameter</b> {found.equivalent_diameter:.2f} nm<br><b>Radius of gyration Rg</b> {rg}"
    )


def _volume(volume: float) -> str:
    """Return a volume in figures, the thousands apart."""
    return f"{float(f'{volume:.4g}'):,.0f}".replace(",", "\u2009") if volume >= 1000 else f"{volume:.4g}"
