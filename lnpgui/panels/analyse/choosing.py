"""Turns what the user chooses about curves into requests: range of q, candidate types, buffer, columns, curves made from others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.errors import ParameterError
from engine.inference.particles import DEFAULT_PARTICLES, from_words
from engine.progress import Report, Step
from lnpgui import wording
from lnpgui.panels.analyse.choices_line import AUTO, Choices
from lnpgui.panels.analyse.columns_dialog import TableLook
from lnpgui.panels.analyse.view import AnalyseView
from lnpgui.request import Part, Request, Way
from lnpgui.session import Entry, Session
from lnpgui.settings import Settings
from lnpgui.workers import Failure, JobQueue

if TYPE_CHECKING:
    from engine.io.column_choice import ColumnChoice
    from engine.io.table_preview import TablePreview
    from engine.units import QUnit

Change = Callable[[Request], Request]


class Choosing(QObject):
    """Listens to the view; every change goes through :meth:`Session.ask`."""

    made = Signal(object)  # tuple of keys: curves made from others, to be read

    def __init__(self, view: AnalyseView, session: Session, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._settings = settings
        self._looked: tuple[int, str] | None = None  # the entry whose columns are asked for, and the layout of its table
        self._looking = JobQueue(self)
        self._looking.done.connect(self._on_looked)
        self._looking.failed.connect(self._on_not_looked)
        view.range_chosen.connect(self.choose_range)
        view.range_moved.connect(self._on_range_moved)
        view.range_typed.connect(self._on_range_typed)
        view.types_chosen.connect(self._on_types)
        view.buffer_given.connect(self._on_buffer)
        view.scale_typed.connect(self._on_scale)
        view.particles_typed.connect(self._on_particles)
        view.particles_reset.connect(self._on_usual_particles)
        view.columns_wanted.connect(self._on_columns_wanted)
        view.columns_given.connect(self._on_columns)
        view.average_requested.connect(self._on_average)
        view.merge_requested.connect(self._on_merge)

    @property
    def is_busy(self) -> bool:
        """True while a file is looked at."""
        return self._looking.is_busy

    def show(self, entry: Entry | None) -> None:
        """Show what was chosen for *entry*."""
        measurement = None if entry is None else entry.measurement
        if entry is None or measurement is None:
            self._view.show_choices(None)
            self._view.show_range("", "", is_limited=False, is_there=False)
            return
        name, tip, scale = wording.choices(entry.request)
        particles = entry.request.particles
        self._view.show_choices(
            Choices(
                entry.request.types,
                name,
                tip,
                scale,
                wording.effect(entry),
                wording.particle_fields(particles),
                wording.particles(particles),
                particles == DEFAULT_PARTICLES,
            )
        )
        q = measurement.curve.q
        low, high = entry.request.q_range or (float(q[0]), float(q[-1]))
        self._view.show_range(wording.figure(low), wording.figure(high), is_limited=entry.request.q_range is not None, is_there=True)

    # -- the range of q ------------------------------------------------------------------------------------------------

    @Slot(object)
    def choose_range(self, q_range: tuple[float, float] | None) -> None:
        """Judge the points in *q_range* of the shown curve, None for all."""
        entry = self._session.current
        if entry is not None:
            self._change([entry], lambda request: replace(request, q_range=q_range), self._view.show_range_trouble)

    @Slot(float, float)
    def _on_range_moved(self, low: float, high: float) -> None:
        self._view.show_range(wording.figure(low), wording.figure(high), is_limited=True, is_there=True)

    @Slot(str, str)
    def _on_range_typed(self, low: str, high: str) -> None:
        entry = self._session.current
        if entry is None or entry.measurement is None:
            return
        q = entry.measurement.curve.q
        ends = float(q[0]), float(q[-1])
        try:
            first, last = (_number(words, end) for words, end in zip((low, high), ends, strict=True))
        except ValueError:
            self._view.show_range_trouble("A range of q needs two numbers in 1/nm, such as 0.1 and 2.5; an empty field is the curve's end.")
            return
        if first >= ends[1] or last <= ends[0]:
            self._view.show_range_trouble(f"No point lies there: the curve covers {ends[0]:.4g} to {ends[1]:.4g} 1/nm.")
            return
        shown = tuple(float(wording.figure(end)) for end in ends)
        whole = (first <= ends[0] or first == shown[0]) and (last >= ends[1] or last == shown[1])
        self.choose_range(None if whole else (first, last))

    # -- types and buffer, for all marked curves -----------------------------------------------------------------------

    @Slot(object)
    def _on_types(self, types: tuple[str, ...]) -> None:
        self._change_marked(lambda request: replace(request, types=types))

    @Slot(object)
    def _on_buffer(self, path: Path | None) -> None:
        self._change_marked(lambda request: replace(request, buffer=path, buffer_scale=1.0 if path is None else request.buffer_scale))

    @Slot(str)
    def _on_scale(self, words: str) -> None:
        try:
            scale = None if words.strip().lower() in (AUTO, "") else float(words.replace(",", "."))
        except ValueError:
            self._view.show_choice_trouble(f"“{words}” is no factor on a buffer; give a positive number, or auto.")
            return
        self._change_marked(lambda request: replace(request, buffer_scale=scale))

    @Slot(str, str)
    def _on_particles(self, name: str, words: str) -> None:
        refuse = partial(self._view.show_particles_trouble, name)

        def stated(request: Request) -> Request:
            typed: Any = from_words(words)
            return replace(request, particles=replace(request.particles, **{name: typed}))

        self._change(self._marked(), stated, refuse)

    @Slot()
    def _on_usual_particles(self) -> None:
        self._change_marked(lambda request: replace(request, particles=DEFAULT_PARTICLES))

    def _change_marked(self, change: Change) -> None:
        self._change(self._marked(), change, self._view.show_choice_trouble)

    def _marked(self) -> list[Entry]:
        """Return the marked curves, or the shown one where none is."""
        current = self._session.current
        marked = [entry for entry in map(self._session.entry, self._session.selected) if entry is not None]
        return marked or ([] if current is None else [current])

    def _change(self, entries: Sequence[Entry], change: Change, refuse: Callable[[str], None]) -> None:
        try:
            wanted = [(entry.key, change(entry.request)) for entry in entries]
        except ParameterError as error:
            self.show(self._session.current)
            refuse(str(error))
            return
        for key, request in wanted:
            self._session.ask(key, request)

    # -- columns -------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_columns_wanted(self) -> None:
        entry = self._session.current
        if entry is not None and not entry.request.parts and not self._looking.is_busy:
            self._looking.submit(entry.key, partial(_look, entry.path))

    @Slot(object, object)
    def _on_looked(self, key: int, found: TablePreview) -> None:
        entry = self._session.entry(key)
        if entry is None:
            return
        self._looked = (key, found.layout)
        habit = self._settings.habit(entry.path.parent)
        kept = habit.columns if habit.layout == found.layout else None
        look = TableLook(entry.name, found.titles, found.above, found.rows, found.columns)
        self._view.ask_columns(look, entry.request.columns or kept, entry.request.q_unit)

    @Slot(object, object)
    def _on_not_looked(self, _: Any, failure: Failure) -> None:
        self._view.show_notice(failure.message)

    @Slot(object, object)
    def _on_columns(self, columns: ColumnChoice | None, q_unit: QUnit | None) -> None:
        if self._looked is None:
            return
        key, layout = self._looked
        entry = self._session.entry(key)
        if entry is None:
            return
        self._settings.confirm_columns(entry.path.parent, layout, columns)
        if q_unit is not None:
            self._settings.confirm_unit(entry.path.parent, q_unit)
        for other in self._session.entries:
            if other.path == entry.path and not other.request.parts:
                self._session.ask(other.key, replace(other.request, columns=columns, q_unit=q_unit))

    # -- curves made from others ---------------------------------------------------------------------------------------

    @Slot(object)
    def _on_average(self, keys: Sequence[int]) -> None:
        self._make(keys, Way.AVERAGE, "Mark the frames to average, at least two (Ctrl or Shift while clicking).")

    @Slot(object)
    def _on_merge(self, keys: Sequence[int]) -> None:
        self._make(keys, Way.MERGE, "Mark the two curves to merge (Ctrl while clicking).")

    def _make(self, keys: Sequence[int], way: Way, hint: str) -> None:
        chosen = [entry for entry in map(self._session.entry, keys) if entry is not None and entry.measurement is not None]
        if len(chosen) < 2 or (way is Way.MERGE and len(chosen) != 2):
            self._view.show_notice(hint)
            return
        try:
            parts = tuple(Part(path=entry.path, part=entry.part, request=entry.request) for entry in chosen)
            request = Request(way=way, parts=parts, types=chosen[0].request.types, particles=chosen[0].request.particles)
        except ParameterError as error:
            self._view.show_notice(str(error))
            return
        self._view.show_notice("")
        name = f"{'Mean' if way is Way.AVERAGE else 'Merged'} of {len(chosen)}, {chosen[0].name}"
        entry = self._session.make(Entry(key=0, path=chosen[0].path, name=name, request=request), chosen[-1].key)
        self.made.emit((entry.key,))


def _number(words: str, end: float) -> float:
    return float(words.replace(",", ".")) if words.strip() else end


def _look(path: Path, report: Report) -> TablePreview:
    from engine.io.table_preview import preview

    report(Step(0, 1, f"looking at {path.name}"))
    return preview(path)
