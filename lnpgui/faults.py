"""What happens when the program itself is at fault: a line in the log and a dialog whose details can be copied."""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, Slot, qInstallMessageHandler, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.errors import EngineError
from engine.version import VERSION
from lnpgui import crashes
from lnpgui.paths import crash_file, log_file

_log = logging.getLogger("lnpgui")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


MOST_SHOWN = 20
"""So many different faults are shown; the log has the others too."""


def program() -> str:
    """Name program and system, for who reads the details."""
    return f"LNPScope {VERSION}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"


class _LogFile(RotatingFileHandler):
    """The log file. A full disk leaves it without a line, and is no reason to say anything: it is told where it matters."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Let the line go."""


def start_log() -> Path | None:
    """Send the log, with Qt's messages, to the log file; return None if none can be written."""
    root = logging.getLogger()
    try:
        path = log_file()
        handler: logging.Handler = _LogFile(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    qInstallMessageHandler(_on_qt_message)
    return path


def last_crash() -> str:
    """Return where the program was when a library ended it the last time, for who reads the details, or nothing; be ready for the next."""
    try:
        trace = crashes.take_last(crash_file())
    except OSError:  # no folder for it
        return ""
    if trace:
        _log.error("The last time the program ended here:\n%s", trace)
    return trace


def _on_qt_message(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
    _log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)


class Faults(QObject):
    """Takes the exceptions nobody caught; those of other threads too."""

    happened = Signal(str, str)  # sentence, details
    refused = Signal(str)  # sentence

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[str] = set()
        self._box: QMessageBox | None = None  # held, since without a window nothing else holds it
        self.happened.connect(self._show)
        self.refused.connect(self._show_refusal)

    def install(self) -> None:
        """Become the handler of uncaught exceptions; those of Qt's slots end there too."""
        sys.excepthook = self.take

    def take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception; show it unless the same was shown before."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _log.error("%s", details)
        if details in self._seen or len(self._seen) >= MOST_SHOWN:
            return
        self._seen.add(details)
        if issubclass(kind, EngineError):
            self.refused.emit(str(error))
        else:
            self.happened.emit(f"{kind.__name__}: {error}", f"{program()}\n\n{details}")

    @Slot(str)
    def _show_refusal(self, sentence: str) -> None:
        """Show what a user can mend: a sentence, no traceback."""
        box = self._box = QMessageBox(QApplication.activeWindow())
        box.setIcon(QMessageBox.Icon.Information)
        box.setWindowTitle("This cannot be done")
        box.setText(sentence)
        box.addButton(QMessageBox.StandardButton.Close)
        box.open()

    @Slot(str, str)
    def _show(self, sentence: str, details: str) -> None:
        box = self._box = QMessageBox(QApplication.activeWindow())
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("A fault of ours")
        box.setText("Something went wrong in LNPScope. Your files are untouched, and you can go on.")
        box.setInformativeText(f"{sentence}\n\nThe log file holds the details: {log_file()}")
        box.setDetailedText(details)
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # copying does not close the dialog
        copy.clicked.connect(partial(QGuiApplication.clipboard().setText, details))
        box.addButton(QMessageBox.StandardButton.Close)
        box.open()
