"""What happens when the program itself is at fault: a line in the log and a dialog whose details can be copied."""

from __future__ import annotations

import logging
import sys
import traceback
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, Slot, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from lnpgui.paths import log_file

_log = logging.getLogger("lnpgui")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def start_log() -> Path | None:
    """Send the log, with Qt's messages, to the log file; return None if none can be written."""
    root = logging.getLogger()
    try:
        path = log_file()
        handler: logging.Handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    qInstallMessageHandler(_on_qt_message)
    return path


def _on_qt_message(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
    _log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)


class Faults(QObject):
    """Takes the exceptions nobody caught; those of other threads too."""

    happened = Signal(str, str)  # sentence, details

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[str] = set()
        self._box: QMessageBox | None = None  # held, since without a window nothing else holds it
        self.happened.connect(self._show)

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
        if details not in self._seen:
            self._seen.add(details)
            self.happened.emit(f"{kind.__name__}: {error}", details)

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
