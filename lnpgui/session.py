"""The one mutable object of the screen: the curves in the list and which of them is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.inference.settings import SHIPPED
from lnpgui.numbers import AS_USUAL, NumberFormat
from lnpgui.request import PLAIN, Request

if TYPE_CHECKING:  # both bring numpy, which the first paint need not wait for
    from engine.inference.analysis import Analysis
    from engine.io.measurement import Measurement


FRONT = 0
"""Stands for the key before the first; no entry has it."""


class State(Enum):
    """How far a curve has come."""

    READING = auto()
    WAITING = auto()
    ANALYSING = auto()
    DONE = auto()
    FAILED = auto()
    STOPPED = auto()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Entry:
    """One data set of one file, with everything that is known of it.

    ``part`` counts the data sets of the file from 0. ``request`` holds what the user chose, and changes through
    :meth:`Session.ask` alone. ``revision`` grows with every new request, so that the answer to an old one can be told apart.
    ``before`` is the request and the verdict from which the last change started, so that its effect can be said.
    """

    key: int
    path: Path
    name: str
    part: int = 0
    state: State = State.READING
    request: Request = PLAIN
    measurement: Measurement | None = None
    analysis: Analysis | None = None
    error: str | None = None
    before: tuple[Request, Analysis] | None = None
    revision: int = 0

    @property
    def is_settled(self) -> bool:
        """True when nothing more will happen to it by itself."""
        return self.state in (State.DONE, State.FAILED, State.STOPPED)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request about one entry."""

    key: int
    revision: int


class Session(QObject):
    """Holds the entries; everything that shows them listens to its signals."""

    added = Signal(object, object)  # tuple of Entry, and the key behind which they stand (None: at the end, FRONT: before all)
    changed = Signal(object)  # Entry
    removed = Signal(object)  # tuple of keys
    current_changed = Signal(object)  # Entry or None: another one is shown
    asked = Signal(object, object, object)  # Entry, its Request before and its Request now: the analysis is to change
    made = Signal(object, object)  # Entry: the user had a curve made from others; and the key of what was shown before, or None
    selected_changed = Signal(object)  # tuple of keys: other curves are marked
    numbers_changed = Signal()  # they are to be written in another way
    offered = Signal(object)  # tuple of Path: files that came by themselves, to be read without being shown

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[int, Entry] = {}
        self._next_key = 1
        self._current: int | None = None
        self._selected: tuple[int, ...] = ()
        self.types = PLAIN.types  # candidates of new curves
        self.model = PLAIN.model  # and the network that is asked about them
        self.numbers = AS_USUAL  # how numbers are written everywhere

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries in the order of the list."""
        return tuple(self._entries.values())

    @property
    def current(self) -> Entry | None:
        """The entry that is shown."""
        return None if self._current is None else self._entries.get(self._current)

    @property
    def selected(self) -> tuple[int, ...]:
        """Keys of the marked entries; every list of curves marks the same."""
        return tuple(key for key in self._selected if key in self._entries)

    def entry(self, key: int) -> Entry | None:
        """Return the entry with *key*; None when it was removed."""
        return self._entries.get(key)

    def waiting_for(self, ticket: Ticket) -> Entry | None:
        """Return the entry that still waits for the answer to *ticket*; None when the answer comes too late."""
        entry = self._entries.get(ticket.key)
        return entry if entry is not None and entry.revision == ticket.revision else None

    def ask(self, key: int, request: Request) -> Entry:
        """Want the curve with *key* read and judged by another request; the one way in which requests change."""
        entry = self._entries[key]
        old = entry.request
        if request == old:
            return entry
        before = entry.before if entry.analysis is None else (old, entry.analysis)
        entry = self.update(key, request=request, before=before, revision=entry.revision + 1)
        self.asked.emit(entry, old, request)
        return self._entries.get(key, entry)

    def add(self, paths: Iterable[Path]) -> tuple[Entry, ...]:
        """Append one entry for each path, to be read."""
        request = dataclasses.replace(PLAIN, types=self.types, model=self.model)
        return self.put([Entry(key=0, path=path, name=path.name, request=request) for path in paths])

    def use_numbers(self, numbers: NumberFormat) -> None:
        """Have numbers written so from now on."""
        if numbers != self.numbers:
            self.numbers = numbers
            self.numbers_changed.emit()

    def use_model(self, folder: Path | None) -> None:
        """Let the network in *folder* be asked about every curve from now on; None: the one that comes with the program."""
        self.model = SHIPPED if folder is None else str(folder)
        for entry in self.entries:
            self.ask(entry.key, dataclasses.replace(entry.request, model=self.model))

    def add_parts(self, entry: Entry, measurements: Iterable[Measurement]) -> tuple[Entry, ...]:
        """Put the further data sets of the file of *entry* behind it."""
        parts = [
            Entry(key=0, path=entry.path, name=m.name, part=part, request=entry.request, measurement=m, state=State.WAITING)
            for part, m in enumerate(measurements, start=1)
        ]
        return self.put(parts, entry.key)

    def put(self, entries: Iterable[Entry], after: int | None = None) -> tuple[Entry, ...]:
        """Put entries behind the one with the key *after*, or at the end; they get keys of their own."""
        new = tuple(dataclasses.replace(entry, key=key) for key, entry in enumerate(entries, start=self._next_key))
        self._next_key += len(new)
        order = list(self._entries.values())
        place = len(order) if after is None else 1 + list(self._entries).index(after)
        order[place:place] = new
        self._entries = {entry.key: entry for entry in order}
        if new:
            self.added.emit(new, after)
        return new

    def make(self, entry: Entry, after: int) -> Entry:
        """Put a curve that is made from others behind the one with the key *after*, and show it."""
        shown = self._current
        (made,) = self.put([entry], after)
        self.show(made.key)
        self.made.emit(made, shown)
        return made

    def put_back(self, before: Iterable[Entry], keys: Collection[int]) -> None:
        """Put removed entries back with their own keys, each behind the one that it followed in *before*."""
        group: list[Entry] = []
        last = FRONT
        for entry in before:
            if entry.key in self._entries:
                self._put_group(group, last)
                group, last = [], entry.key
            elif entry.key in keys:
                group.append(entry)
        self._put_group(group, last)

    def _put_group(self, group: Sequence[Entry], after: int) -> None:
        if not group:
            return
        order = list(self._entries.values())
        place = 0 if after == FRONT else 1 + list(self._entries).index(after)
        order[place:place] = group
        self._entries = {entry.key: entry for entry in order}
        self.added.emit(tuple(group), after)
        if self._current is None:
            self.show(group[0].key)

    def update(self, key: int, **changes: Any) -> Entry:
        """Replace fields of the entry with *key* and tell."""
        entry = self._entries[key] = dataclasses.replace(self._entries[key], **changes)
        self.changed.emit(entry)
        return entry

    def remove(self, keys: Iterable[int]) -> None:
        """Remove entries; another one is shown if the shown one goes."""
        order = list(self._entries)
        gone = [key for key in keys if key in self._entries]
        for key in gone:
            del self._entries[key]
        if gone:
            self.removed.emit(tuple(gone))
        if self._current is not None and self._current not in self._entries:
            self.show(self._neighbour(order, self._current))

    def _neighbour(self, order: list[int], key: int) -> int | None:
        """Return what stood next to *key* in *order* and is still there: below it if possible, else above."""
        at = order.index(key)
        candidates = order[at + 1 :] + order[:at][::-1]
        return next((k for k in candidates if k in self._entries), None)

    def show(self, key: int | None) -> None:
        """Make another entry the shown one."""
        if key != self._current:
            self._current = key
            self.current_changed.emit(self.current)

    def select(self, keys: Iterable[int]) -> None:
        """Mark entries, whichever is shown."""
        chosen = tuple(key for key in keys if key in self._entries)
        if chosen != self._selected:
            self._selected = chosen
            self.selected_changed.emit(chosen)

    def offer(self, paths: Iterable[Path]) -> None:
        """Have files read and analysed that no user asked for one by one: nothing else comes into view for them."""
        self.offered.emit(tuple(paths))
