"""Files and folders dropped from the desktop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrop(QObject):
    """Lets windows take files; a drop on any of their widgets arrives here."""

    dropped = Signal(object)  # tuple of Path
    hovering = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, suffixes: Sequence[str] = ()) -> None:
        """Take any file, or those only whose name ends in one of *suffixes*; others go to the widget around."""
        super().__init__(parent)
        self._suffixes = tuple(suffixes)

    def watch(self, window: QWidget) -> None:
        """Take what is dropped on *window*."""
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drag and drop events that carry files."""
        if isinstance(event, QDropEvent):  # drag enter and drag move are kinds of it
            return self._on_drag(event)
        if event.type() is QEvent.Type.DragLeave:
            self.hovering.emit(False)
        return False

    def _on_drag(self, event: QDropEvent) -> bool:
        paths = local_paths(event.mimeData())
        if self._suffixes and not any(path.suffix.lower() in self._suffixes for path in paths):
            return False
        if not paths:
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        moving = isinstance(event, QDragEnterEvent | QDragMoveEvent)
        self.hovering.emit(moving)
        if not moving:
            self.dropped.emit(paths)
        return True


def local_paths(mime: QMimeData) -> tuple[Path, ...]:
    """Return the files and folders on this machine that *mime* names."""
    return tuple(Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()) if mime.hasUrls() else ()
