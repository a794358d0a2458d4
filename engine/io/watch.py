"""Watching a folder into which an instrument writes: which files are there, and which of them are ready to be read.

The folder is looked at again and again, which works on network drives too, where the system tells of no changes. :func:`look` takes
one look; :class:`Watcher` compares looks and decides. It never touches the disk or a clock: looks and times are given to it.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType

from engine.io.folder import may_be_data
from engine.io.limits import MAX_FILES, MAX_FOLDER_DEPTH
from engine.progress import Report, Step, silent

LOOKED_AT = 4 * MAX_FILES
"""Files listed in one look. Those beyond are left out, and the user is told."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a change of a file is told. The time of its last change is only ever compared for being the same: clocks can be set back."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a folder found; *trouble* says why it could not be looked at."""

    files: Mapping[Path, Stamp] = field(default_factory=lambda: MappingProxyType({}))
    trouble: str = ""
    is_cut: bool = False


def patterns(words: str) -> tuple[str, ...]:
    """Return the name patterns in *words*, which are separated by spaces, commas or semicolons: ``*.dat; *_sub*.h5``."""
    return tuple(part for part in re.split(r"[\s,;]+", words) if part)


def look(folder: Path, wanted: tuple[str, ...] = (), *, report: Report = silent) -> Look:
    """Return the files in *folder* and in the folders in it whose names match one of the *wanted* patterns.

    Without patterns, the files whose ending does not say that they hold no data. Hidden files, links to folders, and whatever
    vanishes while it is looked at are left out. Nothing is raised but what *report* raises.
    """
    files: dict[Path, Stamp] = {}
    try:
        for entry in _entries(str(folder), MAX_FOLDER_DEPTH, report):
            if not _is_wanted(entry.name, wanted):
                continue
            if len(files) >= LOOKED_AT:
                return Look(files, is_cut=True)
            try:
                found = entry.stat()
            except OSError:
                continue
            files[Path(entry.path)] = Stamp(found.st_size, found.st_mtime_ns)
    except OSError as error:
        return Look(trouble=error.strerror or str(error))
    return Look(files)


def _entries(folder: str, depth: int, report: Report) -> Iterator[os.DirEntry[str]]:
    """Yield the files below *folder*. Only the top folder's trouble is raised."""
    with os.scandir(folder) as listing:
        entries = list(listing)
    report(Step(0, 1, "looking"))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file()
        except OSError:
            continue
        if is_folder and depth > 0:
            try:
                yield from _entries(entry.path, depth - 1, report)
            except OSError:
                continue
        elif is_file:
            yield entry


def _is_wanted(name: str, wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return may_be_data(name)
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in wanted)


@dataclass(frozen=True, slots=True)
class Ready:
    """Event: a file has kept still long enough to be read. *again* is true for one that was given out before."""

    path: Path
    stamp: Stamp
    again: bool = False


@dataclass(frozen=True, slots=True)
class Vanished:
    """Event: a file went before it was read."""

    path: Path


@dataclass(frozen=True, slots=True)
class FolderLost:
    """Event: the folder cannot be looked at any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class FolderBack:
    """Event: the folder can be looked at again."""


@dataclass(frozen=True, slots=True)
class Full:
    """Event: *left_out* files are not watched because there are too many."""

    left_out: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class WillRetry:
    """Event: a file could not be read and is tried again in *wait* seconds, or as soon as it has changed."""

    path: Path
    reason: str
    wait: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Event: a file could not be read after *tries* attempts; it is tried again only when it changes."""

    path: Path
    reason: str
    tries: int


Event = Ready | Vanished | FolderLost | FolderBack | Full | WillRetry | GivenUp


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How patient a watcher is.

    Parameters
    ----------
    still : int
        So many looks in a row must find a file as the look before them did.
    tries : int
        A file that cannot be read, for instance because its writer still holds it open, is tried so often.
    wait, longest_wait : float
        Time before the second try [s]; it doubles from try to try up to the longest.
    most : int
        Files that are watched.
    old_too : bool
        Whether the files of the first look are read too, or only those that come later.
    """

    still: int = 2
    tries: int = 6
    wait: float = 2.0
    longest_wait: float = 60.0
    most: int = MAX_FILES
    old_too: bool = True


class _Stage(Enum):
    GROWING = auto()
    GIVEN = auto()  # given out to be read
    REFUSED = auto()  # could not be read, to be tried again
    READ = auto()
    HOPELESS = auto()


@dataclass(slots=True)
class _Track:
    """What a watcher knows of one file."""

    stamp: Stamp | None  # None: read before this watch began; it is as it is first found
    stage: _Stage = _Stage.GROWING
    still: int = 0
    tries: int = 0
    due: float = 0.0
    is_there: bool = True
    was_given: bool = False


class Watcher:
    """Decides from one look to the next which files are ready.

    A file is ready when size and time of change stayed the same in two further looks and it is not empty. One that changes after it was
    read becomes ready again. One that vanished after it was read and comes back unchanged is not read again.

    Parameters
    ----------
    known : iterable of Path
        Files that were read before, by an earlier watch for instance: they are not read again unless they change from now on.
    settings : WatchSettings
        How patient to be.
    """

    def __init__(self, known: Iterator[Path] | tuple[Path, ...] = (), *, settings: WatchSettings | None = None) -> None:
        self._settings = settings or WatchSettings()
        self._tracks = {path: _Track(None, _Stage.READ, was_given=True) for path in known}
        self._is_lost = False
        self._is_first = True
        self._left_out = 0

    @property
    def is_lost(self) -> bool:
        """True while the folder cannot be looked at."""
        return self._is_lost

    @property
    def growing(self) -> int:
        """Number of files that are there and not ready yet."""
        return sum(track.is_there and track.stage is _Stage.GROWING for track in self._tracks.values())

    def knows(self, path: Path) -> bool:
        """Return whether *path* was given out by this watch."""
        track = self._tracks.get(path)
        return track is not None and track.was_given

    def take(self, found: Look, now: float) -> tuple[Event, ...]:
        """Compare with what was found before, and say what is to be done.

        Parameters
        ----------
        found : Look
            What is there.
        now : float
            Time on a clock that is never set back [s].
        """
        if found.trouble:
            return self._lose(found.trouble)
        events: list[Event] = [FolderBack()] if self._is_lost else []
        self._is_lost = False
        events += self._miss(found)
        ready: list[Ready] = []
        left_out = 0
        for path, stamp in found.files.items():
            track = self._tracks.get(path)
            if track is None:
                if len(self._tracks) >= self._settings.most:
                    left_out += 1
                else:
                    is_old = self._is_first and not self._settings.old_too
                    self._tracks[path] = _Track(stamp, _Stage.READ if is_old else _Stage.GROWING)
            elif self._is_ready(track, stamp, now):
                ready.append(Ready(path, stamp, again=track.was_given))
                track.stage, track.was_given = _Stage.GIVEN, True
        self._is_first = False
        if left_out > self._left_out:
            events.append(Full(left_out, found.is_cut))
        self._left_out = left_out
        return (*events, *sorted(ready, key=lambda event: (event.stamp.modified_ns, str(event.path))))

    def accepted(self, path: Path) -> None:
        """Take note that a file was read."""
        track = self._tracks.get(path)
        if track is not None:
            track.stage, track.tries = _Stage.READ, 0

    def refused(self, path: Path, reason: str, now: float) -> tuple[Event, ...]:
        """Take note that a file could not be read, and say whether it is tried again."""
        track = self._tracks.get(path)
        if track is None or track.stage is not _Stage.GIVEN:
            return ()
        track.tries += 1
        if track.tries >= self._settings.tries:
            track.stage = _Stage.HOPELESS
            return (GivenUp(path, reason, track.tries),)
        wait = min(self._settings.longest_wait, self._settings.wait * 2 ** (track.tries - 1))
        track.stage, track.due = _Stage.REFUSED, now + wait
        return (WillRetry(path, reason, wait),)

    def _lose(self, reason: str) -> tuple[Event, ...]:
        """Keep all that is known, but trust no file to have kept still meanwhile."""
        was_lost, self._is_lost = self._is_lost, True
        for track in self._tracks.values():
            track.still = 0
        return () if was_lost else (FolderLost(reason),)

    def _miss(self, found: Look) -> list[Event]:
        """Take note of the files that have gone; those not read yet are forgotten."""
        if found.is_cut:
            return []  # those not listed may be there
        events: list[Event] = []
        for path in [path for path, track in self._tracks.items() if track.is_there and path not in found.files]:
            track = self._tracks[path]
            track.is_there = False
            track.still = 0
            if track.stage is _Stage.GROWING and not track.was_given:
                del self._tracks[path]
                events.append(Vanished(path))
        return events

    def _is_ready(self, track: _Track, stamp: Stamp, now: float) -> bool:
        """Compare a file with how it was, and say whether it is to be given out."""
        track.is_there = True
        if track.stamp is None:
            track.stamp = stamp
        if stamp != track.stamp:
            track.stamp, track.stage, track.still, track.tries = stamp, _Stage.GROWING, 0, 0
            return False
        track.still = min(track.still + 1, self._settings.still)
        is_still = track.still >= self._settings.still and stamp.size > 0
        return is_still and (track.stage is _Stage.GROWING or (track.stage is _Stage.REFUSED and now >= track.due))


def stamps(paths: tuple[Path, ...], report: Report) -> dict[Path, Stamp]:
    """Return the stamps of those of *paths* that are there."""
    found: dict[Path, Stamp] = {}
    for done, path in enumerate(paths):
        report(Step(done, len(paths), "looking"))
        try:
            status = path.stat()
        except (OSError, ValueError):
            continue
        found[path] = Stamp(status.st_size, status.st_mtime_ns)
    return found
