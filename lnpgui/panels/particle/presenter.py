"""Decides what the Particle panel does: makes particles, has their curves computed, compares them with the shown curve."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from engine.curve import Curve
from engine.errors import EngineError, ParameterError
from engine.io.write import NAMES
from engine.models.geometry import Body, Particle
from engine.models.registry import MODELS
from engine.units import FORM_FACTOR_UNIT
from lnpgui.panels.particle.scattered import Scattered, save, scale_to, scatter
from lnpgui.panels.particle.view import ParticleView
from lnpgui.session import Entry, Session
from lnpgui.workers import Failure, JobQueue

if TYPE_CHECKING:
    from engine.models.properties import Properties

CURVE = "curve"
FILE = "file"
PICTURE_AFTER_MS = 60
"""A picture can take longer to draw than a curve to compute, so the curve comes first."""


class ParticlePresenter(QObject):
    """Listens to the view and the session.

    One curve is computed at a time. What changes meanwhile is remembered as a whole and computed next, so that the curve follows
    a slider while it moves, and ends at the last value.
    """

    def __init__(self, view: ParticleView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._model: type[Any] = next(iter(MODELS.values()))
        self._particle: Particle | None = None
        self._body: Body | None = None
        self._shown: Scattered | None = None
        self._is_stale = False
        self._is_over = False
        self._curves = JobQueue(self)
        self._files = JobQueue(self)
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in one turn are one
        self._soon.timeout.connect(self._update)
        self._picture_soon = QTimer(self, singleShot=True, interval=PICTURE_AFTER_MS)
        self._picture_soon.timeout.connect(self._show_picture)
        self._listen()
        view.set_formats([f"{NAMES[ending]} (*{ending})" for ending in NAMES])
        view.offer_overlay(self._measured_name())
        view.set_models([(key, model.title) for key, model in MODELS.items()])

    def _listen(self) -> None:
        view = self._view
        view.model_chosen.connect(self._on_model)
        view.changed.connect(self._soon.start)
        view.overlay_wanted.connect(self._request)
        view.curve_file_given.connect(self._on_curve_file)
        view.picture_file_given.connect(self._on_picture_file)
        self._session.current_changed.connect(self._on_entry)
        self._session.changed.connect(self._on_entry)
        self._curves.done.connect(self._on_scattered)
        self._curves.failed.connect(self._on_failed)
        self._curves.idle.connect(self._next)
        self._files.done.connect(self._on_saved)
        self._files.failed.connect(self._on_failed)

    @property
    def is_shown(self) -> bool:
        """True when the view shows the last request."""
        is_waiting = self._soon.isActive() or self._picture_soon.isActive() or self._is_stale
        return not (is_waiting or self._curves.is_busy or self._files.is_busy)

    def stop(self) -> None:
        """Begin nothing any more; the window closes."""
        self._is_over = True
        self._soon.stop()
        self._picture_soon.stop()
        self._is_stale = False
        self._curves.cancel()

    # -- the particle --------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_model(self, key: str) -> None:
        self._model = MODELS[key]
        self._view.show_form(self._model)
        self._update()

    @Slot()
    def _update(self) -> None:
        """Show the particle that the form describes, or why there can be none."""
        form = self._view.form
        if form is None:
            return
        try:
            particle: Particle = self._model(**form.values)
            body = particle.body()
        except EngineError as error:
            name = error.field if isinstance(error, ParameterError) else None
            form.show_refusal(name, f"{error} Shown is the last particle that can be.")
            return
        form.show_refusal(None, "")
        self._particle, self._body = particle, body
        if not self._picture_soon.isActive():  # a slider on the move shall not put the picture off for ever
            self._picture_soon.start()
        self._request()

    @Slot()
    def _show_picture(self) -> None:
        if self._body is not None:
            self._view.show_body(self._model.title, self._body)

    # -- its curve -----------------------------------------------------------------------------------------------------

    @Slot()
    def _request(self) -> None:
        self._is_stale = not self._is_over
        self._next()

    @Slot()
    def _next(self) -> None:
        if self._is_stale and not self._curves.is_busy and self._particle is not None:
            self._is_stale = False
            self._curves.submit(CURVE, partial(scatter, self._particle, self._ground()))

    @Slot(object, object)
    def _on_scattered(self, _: object, scattered: Scattered) -> None:
        self._shown = scattered
        measured = scattered.measured
        factor = 1.0 if measured is None else scale_to(measured, scattered.q, scattered.intensity)
        self._view.show_notice("")
        if math.isfinite(factor):
            self._view.show_curve(scattered.q, factor * scattered.intensity, measured)
        self._view.show_words(_words(scattered, factor))
        self._view.show_properties(_properties(scattered.properties))

    @Slot(object, object)
    def _on_failed(self, _: object, failure: Failure) -> None:
        self._view.show_notice(failure.message)

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
        title = f"{type(shown.particle).title}, I(q) of one particle"
        values = {name: f"{value:g}" for name, value in vars(shown.particle).items()}
        metadata = {**values, "unit of I": FORM_FACTOR_UNIT}
        self._files.submit(FILE, partial(save, path, Curve(shown.q, shown.intensity), title, metadata))

    @Slot(object)
    def _on_picture_file(self, path: Path) -> None:
        if self._view.save_picture(path):
            self._on_saved(FILE, path)
        else:
            self._view.show_notice(
                f"{path.name}: the picture cannot be written there. Choose another folder, and a name that ends in .png."
            )

    @Slot(object, object)
    def _on_saved(self, _: object, path: Path) -> None:
        self._view.show_notice("")
        self._view.show_words(f"Saved as {path.name}.")


def _words(scattered: Scattered, factor: float) -> str:
    """Say what is drawn."""
    if not math.isfinite(factor):
        return "This particle can't be scaled to the measured curve: it scatters nothing there."
    cut = "" if scattered.cut_at is None else f" Computed up to q = {scattered.cut_at:.3g} 1/nm, as the particle is so large."
    if scattered.measured is None:
        return f"One particle in the solvent, all orientations alike, exact solver.{cut}"
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
