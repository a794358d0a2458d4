"""Decides what the Simulate panel does: simulates what is quick at once and the rest when asked, compares, exports."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.curve import Curve
from engine.datasets.simulation import Instrument, Known, SampleRecipe, Scaling, SimulatedCurve, presets
from engine.ensembles.average import Component, Mixture
from engine.inference.recipe import has_recipe, recipe_of
from engine.io.write import NAMES
from engine.progress import Step
from engine.scattering.smearing import Pinhole
from engine.units import FORM_FACTOR_UNIT
from engine.version import VERSION
from lnpgui.panels.simulate.request import Refused, build, rows_of
from lnpgui.panels.simulate.view import SharesRow, SimulateView, SolverRow
from lnpgui.panels.simulate.work import LIVE_SECONDS, Offer, Outcome, Task, keep, run, save
from lnpgui.paths import simulated_curves
from lnpgui.session import Entry, Session
from lnpgui.telling import Telling
from lnpgui.workers import Failure, JobQueue

PROGRESS_AFTER_MS = 500
OWN = "A sample of my own"
VERDICT = "From this verdict"
EXPORT, ANALYSIS = "export", "analysis"


class SimulatePresenter(QObject):
    """Listens to the view and the session.

    One simulation runs at a time. A change while it runs is remembered as a whole and simulated next; a change while one runs that
    was asked for stops it.
    """

    curves_made = Signal(object)  # tuple of Path: simulated curves that are to be analysed

    def __init__(self, view: SimulateView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._recipes: tuple[SampleRecipe, ...] = presets()
        self._known = Known()
        self._task: Task | None = None  # the last that could be built
        self._shown: Outcome | None = None
        self._is_stale = self._is_asked = self._is_over = self._runs_asked = False
        self._work = JobQueue(self)
        self._files = JobQueue(self)
        self._soon = self._timer(0, self._update)  # several changes in one turn are one
        self._curves_soon = self._timer(0, self._offer_curves)
        self._telling = Telling(self, after_ms=PROGRESS_AFTER_MS)
        self._telling.told.connect(view.show_progress)
        self._listen()
        view.set_formats([f"{NAMES[ending]} (*{ending})" for ending in NAMES])
        view.show_can_leave(can=False)
        self._offer_curves()
        self._on_preset(2)

    def _timer(self, interval: int, slot: object) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=interval)
        timer.timeout.connect(slot)
        return timer

    def _listen(self) -> None:
        view, session = self._view, self._session
        view.changed.connect(self._soon.start)
        view.preset_chosen.connect(self._on_preset)
        view.start_wanted.connect(self._on_start)
        view.stop_wanted.connect(self._on_stop)
        view.file_given.connect(self._on_file)
        view.analysis_wanted.connect(self._on_analysis)
        for signal in (session.added, session.changed, session.removed, session.current_changed):
            signal.connect(self._curves_soon.start)
        self._work.reported.connect(self._on_reported)
        self._work.done.connect(self._on_simulated)
        self._work.failed.connect(self._on_failed)
        self._work.cancelled.connect(self._on_cancelled)
        self._work.idle.connect(self._next)
        self._files.done.connect(self._on_saved)
        self._files.failed.connect(self._on_file_failed)

    @property
    def is_shown(self) -> bool:
        """True when the view shows the last request."""
        is_waiting = self._soon.isActive() or self._curves_soon.isActive() or self._is_stale
        return not (is_waiting or self._work.is_busy or self._files.is_busy)

    def stop(self) -> None:
        """Begin nothing any more; the window closes."""
        self._is_over = True
        for timer in (self._soon, self._curves_soon):
            timer.stop()
        self._is_stale = False
        self._work.cancel()

    # -- samples to begin with -----------------------------------------------------------------------------------------

    @Slot()
    def _offer_curves(self) -> None:
        """Offer what is in the session: measured curves, and the shown verdict as a sample."""
        entries = [entry for entry in self._session.entries if entry.measurement is not None]
        self._view.offer_measured([(entry.key, entry.name) for entry in entries])
        titles = [OWN, VERDICT, *(recipe.title for recipe in self._recipes)]
        self._view.offer_presets(titles, [True, self._verdict() is not None, *(True for _ in self._recipes)])
        if self._task is not None and self._task.over is not self._measured():
            self._soon.start()

    def _verdict(self) -> Entry | None:
        entry = self._session.current
        return entry if entry is not None and entry.analysis is not None and has_recipe(entry.analysis) else None

    @Slot(int)
    def _on_preset(self, index: int) -> None:
        entry = self._verdict()
        if index == 0:
            return
        recipe = recipe_of(entry.analysis) if index == 1 and entry is not None and entry.analysis is not None else None
        recipe = recipe or self._recipes[max(0, index - 2)]
        self._view.choose_preset(index)
        self._view.show_rows(rows_of(recipe))
        self._view.show_notes(" ".join(recipe.notes))
        if index == 1 and entry is not None:
            self._view.choose_measured(entry.key, Scaling.FACTOR_AND_BACKGROUND)
        self._soon.start()

    # -- the simulation ------------------------------------------------------------------------------------------------

    def _measured(self) -> Curve | None:
        key = self._view.request().over
        entry = None if key is None else self._session.entry(key)
        return None if entry is None or entry.measurement is None else entry.measurement.curve

    @Slot()
    def _update(self) -> None:
        """Simulate what the panel says, or say why it can't be."""
        request, measured = self._view.request(), self._measured()
        try:
            mixture, instrument = build(request, measured)
        except Refused as refused:
            self._task, self._is_stale = None, False
            self._view.show_refusals(refused.refusals)
            self._view.show_start("Simulate", needed=False)
            if self._shown is not None:
                self._view.show_words("Shown is the last sample that could be simulated.")
            return
        self._view.show_refusals(())
        self._task = Task(mixture, instrument, request.solver, measured, request.scaling)
        if self._runs_asked:
            self._work.cancel()
        self._request(asked=False)

    def _request(self, *, asked: bool) -> None:
        self._is_stale, self._is_asked = not self._is_over, asked
        self._next()

    @Slot()
    def _next(self) -> None:
        if self._is_stale and not self._work.is_busy and self._task is not None:
            self._is_stale = False
            self._runs_asked = self._is_asked
            self._telling.begin("Simulating")
            self._work.submit(self._task, partial(run, self._task, self._known, self._is_asked))

    @Slot()
    def _on_start(self) -> None:
        if self._task is not None:
            self._request(asked=True)

    @Slot()
    def _on_stop(self) -> None:
        self._is_stale = False
        self._work.cancel()

    @Slot(object, object)
    def _on_reported(self, _: object, event: object) -> None:
        match event:
            case Step(done, total, message) if total:
                self._telling.step(done / total, message[:1].upper() + message[1:])

    def _end_progress(self) -> None:
        self._runs_asked = False
        self._telling.end()

    @Slot(object)
    def _on_cancelled(self, _: object) -> None:
        self._end_progress()
        self._view.show_start("Simulate", needed=self._task is not None)

    @Slot(object, object)
    def _on_failed(self, _: object, failure: Failure) -> None:
        self._end_progress()
        self._view.show_notice(failure.message)

    @Slot(object, object)
    def _on_simulated(self, _: object, outcome: Outcome) -> None:
        self._end_progress()
        self._view.offer_solvers([_solver_row(offer) for offer in outcome.offers])
        chosen = next(offer for offer in outcome.offers if offer.key == outcome.task.solver)
        is_needed = outcome.simulated is None
        self._view.show_start(f"Simulate ({_time(chosen.seconds)})" if is_needed else "Simulate", needed=is_needed)
        if outcome.simulated is None:
            self._view.show_words(f"This takes {_time(chosen.seconds)}; press Simulate. Shown is the last simulation.")
        else:
            self._shown = outcome
            self._draw(outcome.task, outcome.simulated)

    def _draw(self, task: Task, simulated: SimulatedCurve) -> None:
        names = part_names(task.mixture)
        if task.over is not None and simulated.over is not None:
            self._view.show_over(task.over, simulated)
        else:
            wanted = self._view.wants_parts and len(names) > 1
            parts = dict(zip(names, simulated.parts, strict=True)) if wanted else {}
            self._view.show_simulated(simulated.curve, simulated.ideal, simulated.background, parts)
        rows = zip(names, simulated.shares, strict=True)
        self._view.show_shares([SharesRow((name, _percent(s.number), _percent(s.volume), _percent(s.scattering))) for name, s in rows])
        self._view.show_words(words_of(task, simulated))
        self._view.show_can_leave(can=True)

    # -- files ---------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_file(self, path: Path) -> None:
        if self._shown is not None and self._shown.simulated is not None:
            title, metadata = record(self._shown.task)
            self._files.submit(EXPORT, partial(save, path, self._shown.simulated.curve, title, metadata))

    @Slot()
    def _on_analysis(self) -> None:
        if self._shown is not None and self._shown.simulated is not None:
            title, metadata = record(self._shown.task)
            name = "_".join(component.particle.key for component in self._shown.task.mixture.components)
            self._files.submit(ANALYSIS, partial(keep, simulated_curves(), name, self._shown.simulated.curve, title, metadata))

    @Slot(object, object)
    def _on_saved(self, ticket: str, path: Path) -> None:
        self._view.show_notice("")
        if ticket == ANALYSIS:
            self.curves_made.emit((path,))
            self._view.show_words(f"{path.name} is in the list of Analyse.")
        else:
            self._view.show_words(f"Exported as {path.name}.")

    @Slot(object, object)
    def _on_file_failed(self, _: str, failure: Failure) -> None:
        self._view.show_notice(failure.message)


def part_names(mixture: Mixture) -> list[str]:
    """Return a name for each population: its key, with a number where there are several of a kind."""
    seen: dict[str, int] = {}
    names = []
    for component in mixture.components:
        key = component.particle.key
        seen[key] = seen.get(key, 0) + 1
        names.append(key if seen[key] == 1 else f"{key} ({seen[key]})")
    return names


def words_of(task: Task, simulated: SimulatedCurve) -> str:
    """Say what is drawn."""
    if (laid := simulated.over) is None:
        noise = f"noise of seed {task.instrument.seed}" if simulated.curve.sigma is not None else "no noise"
        count = len(task.mixture.components)
        what = f"{count} populations" if count > 1 else "one population"
        return f"Simulated: {what}, {task.instrument.q.size} points, {noise}. I in {FORM_FACTOR_UNIT} times the scale."
    fitted = {
        Scaling.NONE: "Nothing is fitted to the measured curve.",
        Scaling.FACTOR: f"Scaled by {laid.factor:.4g}.",
        Scaling.FACTOR_AND_BACKGROUND: f"Scaled by {laid.factor:.4g}, with a background of {laid.background:.3g}.",
    }[task.scaling]
    chi2 = "The file has no σ, so there is no χ²." if laid.chi2_reduced is None else f"Reduced χ² = {laid.chi2_reduced:.3g}."
    return f"{chi2} {fitted}"


def record(task: Task) -> tuple[str, dict[str, str]]:
    """Return title and metadata of a file with this simulation; they say that it is one."""
    parts = [_words_of_component(component) for component in task.mixture.components]
    metadata = {"origin": f"simulated by LNPScope {VERSION}, not measured", "unit of I": f"{FORM_FACTOR_UNIT} times scale"}
    metadata |= {f"population {i}": words for i, words in enumerate(parts, start=1)}
    instrument = task.instrument
    metadata |= {
        "solver": task.solver,
        "noise": _words_of_noise(instrument),
        "scale": f"{instrument.scale:g}",
        "background": f"{instrument.background:g} of I at the lowest q",
        "smearing": _words_of_resolution(instrument),
    }
    return f"Simulated: {' + '.join(part_names(task.mixture))}", metadata


def _words_of_component(component: Component) -> str:
    from engine.models.parameters import parameters

    particle, sizes = component.particle, component.sizes
    values = ", ".join(f"{p.name} {getattr(particle, p.name):g}" for p in parameters(particle))
    spread = "all alike" if sizes is None else f"{type(sizes).__name__} sizes, sd {getattr(sizes, 'sd', 0):g} nm"
    return f"{particle.key}, number fraction {component.number_fraction:.6g}, {spread}; {values}"


def _words_of_noise(instrument: Instrument) -> str:
    if instrument.noise:
        return f"counting, sigma/I = {instrument.noise:g} at q = 0.1 1/nm; seed {instrument.seed}"
    return f"log-normal, level {instrument.paper_noise:g}; seed {instrument.seed}" if instrument.paper_noise else "none"


def _words_of_resolution(instrument: Instrument) -> str:
    resolution = instrument.resolution
    if resolution is None:
        return "none"
    if isinstance(resolution, Pinhole):
        return f"pinhole, sigma of q {float(resolution.sigma):g} 1/nm"
    return f"slit, half height {resolution.half_height:g}, half width {resolution.half_width:g} 1/nm"


def _solver_row(offer: Offer) -> SolverRow:
    if offer.refusal:
        return SolverRow(offer.key, f"{offer.title} — can't", offer.refusal, can=False)
    return SolverRow(offer.key, f"{offer.title} — {_time(offer.seconds)}", offer.hint, can=True)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _time(seconds: float) -> str:
    """Return a time as one says it."""
    if seconds <= LIVE_SECONDS:
        return "at once"
    if seconds < 90:
        return f"about {seconds:.1g} s" if seconds < 10 else f"about {round(seconds, -1):.0f} s"
    return f"about {seconds / 60:.0f} min"
