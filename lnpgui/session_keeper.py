"""The session as a whole: what comes back at the start, what is kept while one works, and sessions in files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from engine.errors import DataFileError
from lnpgui.autosave import Autosave
from lnpgui.paths import example_curves
from lnpgui.session import Entry
from lnpgui.session_file import ENDING, SavedCurve, SavedSession, read_session, write_session

if TYPE_CHECKING:
    from lnpgui.main_window import MainWindow


class SessionKeeper(QObject):
    """Writes down what the window holds, and makes the window hold what was written."""

    said = Signal(str)  # a sentence for the user

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._autosave: Autosave | None = None
        self._to_restore: SavedSession | None = None
        session = window.session
        for signal in (session.added, session.removed, session.current_changed, session.asked):
            signal.connect(self._on_change)
        window.panel_seen.connect(self._on_change)
        window.stage_reached.connect(self._on_stage)

    # -- between two starts --------------------------------------------------------------------------------------------

    def begin(self, folder: Path | None, files: Sequence[Path], *, restore: bool) -> None:
        """Keep the session in *folder* from now on, and bring back the last one; *files* come in addition to it.

        Who starts the program for the first time, and names no file, finds an example.
        """
        self._autosave = Autosave(folder, self.current, self)
        self._autosave.troubled.connect(self.said)
        is_first = folder is None or not any(folder.glob(f"*{ENDING}"))
        saved, words = self._autosave.begin()
        if words:
            self.said.emit(words)
        if saved is not None and restore:
            self._to_restore = saved
        if files:
            self._window.open(files)
        elif is_first and not words:
            self._window.open(example_curves()[:1])

    def end(self) -> None:
        """Write for the last time; the window closes."""
        if self._autosave is not None:
            self._autosave.end()

    @Slot()
    def _on_change(self) -> None:
        if self._autosave is not None:
            self._autosave.touch()

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        """Bring the session back when the window is complete."""
        saved, self._to_restore = self._to_restore, None
        if saved is None:
            return
        if stage == "3-D":
            self.restore(saved)
        else:
            self._to_restore = saved

    # -- to and fro ----------------------------------------------------------------------------------------------------

    def current(self) -> SavedSession:
        """Return the session as it is; one that has not come back yet as it will be."""
        if self._to_restore is not None:
            return self._to_restore
        entries = self._window.session.entries
        shown = self._window.session.current
        return SavedSession(
            curves=tuple(SavedCurve(path=entry.path, part=entry.part, request=entry.request) for entry in entries),
            current=None if shown is None else [entry.key for entry in entries].index(shown.key),
            panel=self._window.panel_in_front,
            panels=self._window.panel_states(),
        )

    def restore(self, saved: SavedSession) -> None:
        """Make the window hold *saved* in place of what it holds. Files are read again; verdicts given before are at hand."""
        session = self._window.session
        self._window.presenter.clear()
        entries = session.put([Entry(key=0, path=c.path, part=c.part, name=c.path.name, request=c.request) for c in saved.curves])
        keys = [entry.key for entry in entries]
        if saved.current is not None:
            session.show(keys[saved.current])
            keys.insert(0, keys.pop(saved.current))  # what is looked at is read first
        self._window.presenter.again(keys)
        self._window.restore_panels(saved.panels, saved.panel)
        self._window.changes.stack.clear()

    # -- files of their own --------------------------------------------------------------------------------------------

    @Slot()
    def new(self) -> None:
        """Begin with an empty list; it can be undone."""
        self._window.presenter.clear()

    @Slot()
    def ask_open(self) -> None:
        """Let the user choose a session to open."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a session", str(self._folder()), f"Session (*{ENDING})")
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a session, or say why it cannot be."""
        try:
            saved = read_session(path)
        except DataFileError as error:
            self.said.emit(str(error))
            return
        self.said.emit("")
        self.restore(saved)

    @Slot()
    def ask_save(self) -> None:
        """Let the user choose where to save the session."""
        start = str(self._folder() / f"session{ENDING}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the session", start, f"Session (*{ENDING})")
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """Save the session, or say why it cannot be."""
        try:
            write_session(path if path.suffix == ENDING else path.with_name(path.name + ENDING), self.current())
        except DataFileError as error:
            self.said.emit(str(error))
        else:
            self.said.emit("")

    def _folder(self) -> Path:
        return self._window.settings.folder
