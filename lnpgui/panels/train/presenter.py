"""Decides what the Train panel does: starts a training in a process, shows how it goes, keeps the list of models."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.errors import DataFileError, EngineError, ParameterError
from engine.learning.model_list import ModelEntry, delete_model, entry, free_folder, list_models
from engine.progress import Pace, Step
from lnpgui import wording
from lnpgui.panels.train.request import CURVES_PER_SECOND, minutes, training_of
from lnpgui.panels.train.view import ModelRow, TrainView
from lnpgui.panels.train.work import work
from lnpgui.settings import Settings
from lnpgui.workers import Failure, Job, ProcessJob, Work

START_SECONDS = 15.0
"""From the click to the first step of a training on two cores that nobody else uses, rounded up."""

DRAWN_EVERY = 10
"""Steps of a training between two points of the loss curve."""


class TrainPresenter(QObject):
    """Listens to the view. One training runs at a time."""

    model_used = Signal(object)  # Path: the analysis asks this model from now on

    def __init__(
        self, view: TrainView, settings: Settings, own: Path, parent: QObject | None = None, *, make_job: Callable[[Work], Job] = ProcessJob
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._settings = settings
        self._own = own
        self._make_job = make_job
        self._job: Job | None = None
        self._is_stopping, self._share, self._learns = False, 0.0, False
        self._pace: tuple[str, Pace] = ("", Pace(0.0))  # of what is prepared or measured now
        self._folder = own
        self._batch = 1
        self._rate = CURVES_PER_SECOND
        self._entries: tuple[ModelEntry, ...] = ()
        view.start_requested.connect(self._on_start)
        view.stop_requested.connect(self._on_stop)
        view.model_chosen.connect(self._on_chosen)
        view.use_requested.connect(self._on_use)
        view.delete_confirmed.connect(self._on_delete)
        self._list(None)

    @property
    def is_busy(self) -> bool:
        """True while a training runs."""
        return self._job is not None

    @property
    def is_shown(self) -> bool:
        """True when the view shows all there is."""
        return not self.is_busy

    def stop(self) -> None:
        """Give the training up; the window closes. Its state is kept and the best network with it."""
        if self._job is not None:
            self._job.cancel()

    # -- the training --------------------------------------------------------------------------------------------------

    @Slot()
    def _on_start(self) -> None:
        if self._job is not None:
            return
        form = self._view.form
        form.show_refusal(None, "")
        if form.wants_a_curve:
            form.show_refusal("like", "Choose a curve that your instrument measured, or type the ranges.")
            return
        request = form.request()
        try:
            config = training_of(request)
            self._own.mkdir(parents=True, exist_ok=True)
        except ParameterError as error:
            form.show_refusal(error.field, str(error))
            return
        except EngineError as error:
            form.show_refusal("like", str(error))
            return
        except OSError as error:
            form.show_refusal(None, f"The folder of the models, {self._own}, can't be made: {error.strerror}.")
            return
        self._batch = config.budget.batch
        self._folder = free_folder(self._own, config.name)
        self._view.loss.clear_losses()
        self._begin(self._make_job(work(request, self._folder)))

    def _begin(self, job: Job) -> None:
        self._job = job
        self._is_stopping, self._share, self._learns = False, 0.0, False
        job.reported.connect(self._on_reported)
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        job.finished.connect(self._on_finished)
        self._view.show_running(None, f"Starting a process for the training, {wording.time_left(START_SECONDS)} before it learns …")
        job.start()

    @Slot()
    def _on_stop(self) -> None:
        if self._job is not None:
            from engine.learning.training import ask_to_stop

            ask_to_stop(self._folder)
            self._is_stopping = True
            self._view.show_running(self._share, "Stopping: the best network so far is kept and measured …", can_stop=False)

    @Slot(object)
    def _on_reported(self, event: object) -> None:
        from engine.learning.training import TrainStep, Validated

        match event:
            case TrainStep(step, total, entropy, density, rate):
                self._rate = rate
                if step % DRAWN_EVERY == 0 or not self._learns:
                    self._learns = True
                    self._view.loss.add_training(step * self._batch, entropy, density)
                    self._show_step(step, total)
            case Validated(step, total, entropy, density, _, _):
                self._view.loss.add_validation(step * self._batch, entropy, density)
            case Step(done, total, message):
                self._show_part(done / max(1, total), message)
            case _:
                pass

    def _show_part(self, share: float, message: str) -> None:
        """Show what is done before the training or after it, with the time that is left of that."""
        now = time.monotonic()
        if message != self._pace[0]:
            self._pace = (message, Pace(now))
        rest = wording.time_left(self._pace[1].left(share, now))
        before = "Before it learns: " if not self._learns else ""
        words = f"{before}{message}{f', {rest}' if rest else ''} …"
        self._view.show_running(share, words[:1].upper() + words[1:], can_stop=not self._is_stopping)

    def _show_step(self, step: int, total: int) -> None:
        if self._is_stopping:
            return
        self._share = step / total
        left = minutes((total - step) * self._batch, self._rate)
        self._view.show_running(self._share, f"{step * self._batch:,} of {total * self._batch:,} curves; {left} left.")

    @Slot(object)
    def _on_done(self, identity: str) -> None:
        self._view.show_idle(f"Done: {identity}. Its card is on the right; “Use this model” lets the analysis ask it.")
        self._list(self._folder)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        self._view.show_idle(failure.message, is_error=True)
        self._list(self._folder)

    @Slot()
    def _on_cancelled(self) -> None:
        self._view.show_idle("The training was given up.")

    @Slot()
    def _on_finished(self) -> None:
        self._job = None
        self._view.form.show_rate(self._rate)

    # -- the models ----------------------------------------------------------------------------------------------------

    def _list(self, chosen: Path | None) -> None:
        self._entries = list_models(self._own)
        active = self._settings.active_model
        if active is None or all(found.folder != active for found in self._entries):
            active = next((found.folder for found in self._entries if found.is_shipped), None)
        rows = [_row(found, is_active=found.folder == active) for found in self._entries]
        self._view.show_models(rows, chosen or active)

    @Slot(object)
    def _on_chosen(self, folder: Path | None) -> None:
        found = next((item for item in self._entries if item.folder == folder), None)
        if found is None:
            self._view.show_card("No model is there yet. The analysis works by physics alone.", {}, can_use=False, can_delete=False)
            return
        is_active = folder == self._settings.active_model or (found.is_shipped and self._settings.active_model is None)
        self._view.show_card(
            card_words(found), dict(found.card), can_use=not found.fault and not is_active, can_delete=not found.is_shipped
        )

    @Slot(object)
    def _on_use(self, folder: Path) -> None:
        found = next((item for item in self._entries if item.folder == folder), None) or entry(folder)
        if found.fault:
            self._view.show_idle(found.fault, is_error=True)
            return
        used = None if found.is_shipped else folder
        self._settings.active_model = used
        self._list(folder)
        self.model_used.emit(used)

    @Slot(object)
    def _on_delete(self, folder: Path) -> None:
        try:
            delete_model(folder, self._own)
        except (DataFileError, OSError) as error:
            self._view.show_idle(str(error), is_error=True)
            return
        if self._settings.active_model == folder:
            self._settings.active_model = None
            self.model_used.emit(None)
        self._list(None)


def _row(found: ModelEntry, *, is_active: bool) -> ModelRow:
    parts = ["in use"] if is_active else []
    parts += ["comes with the program"] if found.is_shipped else []
    if found.fault:
        parts.append("can't be read")
    else:
        accuracy = found.card.get("accuracy", {}).get("pure")
        parts += [f"{float(accuracy):.0%} of pure types right"] if isinstance(accuracy, float) else []
        parts.append(f"{int(found.about.get('curves', 0)):,} curves")
        parts += [] if found.is_calibrated else ["cut short, not calibrated"]
    return ModelRow(folder=found.folder, name=found.name, detail=", ".join(parts), is_active=is_active, is_own=not found.is_shipped)


def card_words(found: ModelEntry) -> str:
    """Return the card of a model in words."""
    if found.fault:
        return found.fault
    config: dict[str, Any] = found.about["config"]
    samples, instrument = config.get("samples", {}), config.get("instrument", {})
    lines = [
        f"Types {', '.join(kind.removeprefix('type ') for kind in samples.get('types', []))}; mean sizes {_range(samples.get('mean'))} nm."
    ]
    if instrument.get("grid"):
        grid = instrument["grid"]
        lines.append(
            f"One instrument: {len(grid)} points from {grid[0]:.3g} to {grid[-1]:.3g} 1/nm, noise {_percent(instrument.get('noise'))}."
        )
    else:
        ends = (_range(instrument.get(name)) for name in ("q_min", "q_max"))
        lines.append(f"Instruments from q = {' to '.join(ends)} 1/nm, noise {_percent(instrument.get('noise'))}.")
    lines += [str(sentence) for sentence in found.card.get("sentences", [])]
    return "\n".join(lines)


def _range(pair: Any) -> str:
    return f"{pair[0]:g}–{pair[1]:g}" if isinstance(pair, list) and len(pair) == 2 else "?"


def _percent(pair: Any) -> str:
    return f"{100 * pair[0]:.2g}–{100 * pair[1]:.2g} % at q = 0.1/nm" if isinstance(pair, list) and len(pair) == 2 else "?"
