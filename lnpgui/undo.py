"""Undo for everything that changes the analysis: what was asked of a curve, which were made from others, which are in the list."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.units import QUnit
from lnpgui.request import Request
from lnpgui.session import Entry, Session
from lnpgui.settings import Settings

MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class _Ask:
    """One curve before and after a change of its request."""

    before: Entry
    request: Request


class Changes(QObject):
    """Listens to the session and puts what can be undone on a stack.

    Parameters
    ----------
    session, settings : Session, Settings
        What changes; the unit and the columns confirmed for a folder go back with the curve.
    again : callable
        Reads and analyses the curves with these keys, where the verdict is not at hand.
    """

    def __init__(self, session: Session, settings: Settings, again: Callable[[Sequence[int]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MOST_STEPS)
        self._session = session
        self._settings = settings
        self._again = again
        self._is_ours = False
        self._order: tuple[Entry, ...] = session.entries
        self._asked: list[_Ask] = []
        self._soon = QTimer(self, singleShot=True, interval=0)  # all parts of a file are asked in one turn, and undone in one step
        self._soon.timeout.connect(self._push_asked)
        session.asked.connect(self._on_asked)
        session.removed.connect(self._on_removed)
        session.made.connect(self._on_made)
        session.added.connect(self._remember)
        session.changed.connect(self._on_changed)
        self._changed: dict[int, Entry] = {}

    # -- listening -----------------------------------------------------------------------------------------------------

    @Slot()
    def _remember(self) -> None:
        self._order = self._session.entries
        self._changed.clear()

    @Slot(object)
    def _on_changed(self, entry: Entry) -> None:
        self._changed[entry.key] = entry

    @Slot(object, object, object)
    def _on_asked(self, entry: Entry, old: Request, new: Request) -> None:
        if not self._is_ours:
            self._asked.append(_Ask(dataclasses.replace(entry, request=old), new))
            self._soon.start()

    @Slot()
    def _push_asked(self) -> None:
        asked, self._asked = self._asked, []
        if asked:
            self.stack.push(_Asking(self, asked))

    @Slot(object)
    def _on_removed(self, keys: Sequence[int]) -> None:
        before = tuple(self._changed.get(entry.key, entry) for entry in self._order)
        self._remember()
        if not self._is_ours:
            self._push_asked()
            self.stack.push(_Removing(self, before, frozenset(keys)))

    @Slot(object, object)
    def _on_made(self, entry: Entry, shown: int | None) -> None:
        self._push_asked()
        self.stack.push(_Making(self, entry, shown))

    # -- doing ---------------------------------------------------------------------------------------------------------

    def put_back(self, before: Entry) -> None:
        """Give a curve what was asked of it before, with its verdict if it had one."""
        now = self._session.entry(before.key)
        if now is None:
            return
        self._confirm(now, before.request, None if before.measurement is None else before.measurement.q_unit)
        self._session.update(before.key, **{**_fields(before), "revision": now.revision + 1})
        if not before.is_settled:
            self._again([before.key])

    def ask(self, key: int, request: Request) -> None:
        """Ask again what was asked."""
        now = self._session.entry(key)
        if now is not None:
            self._confirm(now, request, request.q_unit)
            self._session.ask(key, request)

    def _confirm(self, now: Entry, request: Request, unit: QUnit | None) -> None:
        """Let the folder of a curve be read as *request* has it from now on, where that differs from what is asked of it now."""
        folder = now.path.parent
        if unit is not None and now.request.q_unit is not request.q_unit:
            self._settings.confirm_unit(folder, unit)
        if now.request.columns != request.columns:
            self._settings.confirm_columns(folder, self._settings.habit(folder).layout, request.columns)

    def unmake(self, key: int, shown: int | None) -> tuple[Entry, ...]:
        """Take a made curve off the list, show what was *shown* before, and return the list as it was."""
        before = self._session.entries
        self._session.remove([key])
        if shown is not None and self._session.entry(shown) is not None:
            self._session.show(shown)
        return before

    def make_again(self, before: Sequence[Entry], key: int) -> None:
        """Put a made curve back, with its verdict, and show it."""
        self.restore(before, frozenset((key,)))
        self._session.show(key)

    def restore(self, before: Sequence[Entry], keys: frozenset[int]) -> None:
        """Put removed curves where they were, with their verdicts."""
        self._session.put_back(before, keys)
        unsettled = [entry.key for entry in before if entry.key in keys and not entry.is_settled]
        if unsettled:
            self._again(unsettled)

    def remove(self, keys: frozenset[int]) -> None:
        """Remove the curves again."""
        self._session.remove(keys)

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Let what happens meanwhile go unrecorded."""
        self._is_ours = True
        try:
            yield
        finally:
            self._is_ours = False


class _Asking(QUndoCommand):
    """A change of what is asked of some curves."""

    def __init__(self, changes: Changes, asked: Sequence[_Ask]) -> None:
        super().__init__(words_of(asked[0].before, asked[0].request))
        self._changes = changes
        self._asked = asked
        self._is_new = True

    def undo(self) -> None:
        """Go back."""
        with self._changes.unrecorded():
            for one in self._asked:
                self._changes.put_back(one.before)

    def redo(self) -> None:
        """Do it again; the first time it is done already."""
        is_new, self._is_new = self._is_new, False
        if is_new:
            return
        with self._changes.unrecorded():
            for one in self._asked:
                self._changes.ask(one.before.key, one.request)


class _Removing(QUndoCommand):
    """The removal of some curves."""

    def __init__(self, changes: Changes, before: Sequence[Entry], keys: frozenset[int]) -> None:
        gone = [entry for entry in before if entry.key in keys]
        super().__init__(f"remove {gone[0].name}" if len(gone) == 1 else f"remove {len(gone)} curves")
        self._changes = changes
        self._before = before
        self._keys = keys
        self._is_new = True

    def undo(self) -> None:
        """Put them back."""
        with self._changes.unrecorded():
            self._changes.restore(self._before, self._keys)

    def redo(self) -> None:
        """Remove them again; the first time they are gone already."""
        is_new, self._is_new = self._is_new, False
        if not is_new:
            with self._changes.unrecorded():
                self._changes.remove(self._keys)


class _Making(QUndoCommand):
    """A curve that was made from others."""

    def __init__(self, changes: Changes, entry: Entry, shown: int | None) -> None:
        super().__init__(f"making of {entry.name}")
        self._changes = changes
        self._key, self._shown = entry.key, shown
        self._before: tuple[Entry, ...] = ()

    def undo(self) -> None:
        """Take it off the list, and remember its verdict."""
        with self._changes.unrecorded():
            self._before = self._changes.unmake(self._key, self._shown)

    def redo(self) -> None:
        """Put it back with its verdict; the first time it is there already."""
        if self._before:
            with self._changes.unrecorded():
                self._changes.make_again(self._before, self._key)


def _fields(entry: Entry) -> dict[str, object]:
    return {f.name: getattr(entry, f.name) for f in dataclasses.fields(entry) if f.name != "key"}


def words_of(before: Entry, after: Request) -> str:
    """Return what changed, to stand behind "Undo"."""
    old = before.request
    named = (
        ("the unit of q", old.q_unit != after.q_unit),
        ("the columns", old.columns != after.columns),
        ("the range of q", old.q_range != after.q_range),
        ("the buffer", (old.buffer, old.buffer_scale) != (after.buffer, after.buffer_scale)),
        ("the candidate types", old.types != after.types),
        ("shell or contrasts", old.particles != after.particles),
        ("the network", old.model != after.model),
    )
    changed = [words for words, is_other in named if is_other] or ["the request"]
    return f"change of {' and '.join(changed)} of {before.name}"
