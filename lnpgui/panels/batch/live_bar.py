"""The watched folder in a line: which, what names, start and stop, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What the user wants watched."""

    folder: Path
    pattern: str
    old_too: bool


class LiveBar(QWidget):
    """Shows what is watched and reports what the user does."""

    started = Signal(object)  # WatchRequest
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self.choose_button = QPushButton("Folder …")
        self.choose_button.setToolTip("Choose the folder to be watched; folders in it are watched too")
        self.folder_label = QLabel("no folder chosen")
        self.folder_label.setProperty("role", "muted")
        self.folder_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText("all files, or e.g. *_sub*.dat")
        self.pattern.setToolTip("Only files with such names: * stands for anything, ? for one letter; several are separated by blanks")
        self.pattern.setAccessibleName("Names of the files")
        self.pattern.setMinimumWidth(self.pattern.fontMetrics().horizontalAdvance("all files, or e.g. *_sub*.dat") + 24)
        self.old_too = QCheckBox("also files already there")
        self.old_too.setChecked(True)
        self.old_too.setToolTip("Analyse what lies in the folder now too, not only what comes")
        self.toggle = QPushButton("Watch")
        self.toggle.setCheckable(True)
        self.toggle.setToolTip("Analyse every curve that appears in the folder, as soon as it is complete")
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._assemble()
        self.choose_button.clicked.connect(self._on_choose)
        self.toggle.toggled.connect(self._on_toggled)
        self.pattern.returnPressed.connect(self._on_return)
        self._enable()

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        name = QLabel("Live")
        name.setProperty("role", "heading")
        line.addWidget(name)
        line.addWidget(self.choose_button)
        line.addWidget(self.folder_label, 1)
        for part in (self.pattern, self.old_too, self.toggle):
            line.addWidget(part)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        rows.addLayout(line)
        rows.addWidget(self.state)
        self.state.hide()

    def choose(self, folder: Path | None, pattern: str | None = None) -> None:
        """Show a folder, and names if given, without watching it yet."""
        self._folder = folder
        if pattern is not None:
            self.pattern.setText(pattern)
        self.folder_label.setText("no folder chosen" if folder is None else str(folder))
        self.folder_label.setToolTip("" if folder is None else str(folder))
        self._enable()

    def show_watching(self, on: bool) -> None:
        """Show whether the folder is watched."""
        with QSignalBlocker(self.toggle):
            self.toggle.setChecked(on)
        self._enable()

    def show_state(self, words: str, *, is_trouble: bool = False) -> None:
        """Say how it goes."""
        self.state.setVisible(bool(words))
        self.state.setText(words)
        role = "error" if is_trouble else "muted"
        if self.state.property("role") != role:
            self.state.setProperty("role", role)
            self.state.style().polish(self.state)

    def _enable(self) -> None:
        on = self.toggle.isChecked()
        self.toggle.setText("Stop watching" if on else "Watch")
        self.toggle.setEnabled(self._folder is not None)
        for part in (self.choose_button, self.pattern, self.old_too):
            part.setEnabled(not on)

    def _on_choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Watch a folder", str(self._folder or Path.home()))
        if name:
            self.choose(Path(name))

    def _on_toggled(self, on: bool) -> None:
        self._enable()
        if on and self._folder is not None:
            self.started.emit(WatchRequest(self._folder, self.pattern.text().strip(), self.old_too.isChecked()))
        else:
            self.stopped.emit()

    def _on_return(self) -> None:
        if self._folder is not None:
            self.toggle.setChecked(True)
