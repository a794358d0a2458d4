"""About: versions, the model that is asked, the licence; all of it can be copied."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import QSysInfo, Slot, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from engine.version import VERSION

LIBRARIES = ("numpy", "scipy", "h5py", "torch", "scikit-learn", "safetensors", "zuko", "pyqtgraph", "vtk", "PySide6_Essentials")
LICENCE = "BSD 3-clause licence, © 2026 the LNPScope developers. It comes without any warranty."


def details(model: Path | None) -> str:
    """Return versions of the program, its libraries and the system, and the card of the *model* (None: the one that comes along)."""
    lines = [f"LNPScope {VERSION}", f"Python {platform.python_version()}, Qt {qVersion()}, {QSysInfo.prettyProductName()}"]
    lines += [f"{name} {_version(name)}" for name in LIBRARIES]
    return "\n".join([*lines, "", *_card(model)])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not found"


def _card(model: Path | None) -> list[str]:
    from engine.learning.model_folder import shipped_models
    from engine.learning.model_list import entry

    found = entry(model if model is not None else shipped_models() / "default")
    if found.fault:
        return [f"Model: {found.fault}"]
    own = "trained here" if model is not None else "comes with the program"
    return [f"Model: {found.name} ({own})", *(str(sentence) for sentence in found.card.get("sentences", ()))]


class AboutDialog(QDialog):
    """Shows the details."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About LNPScope")
        head = QLabel(f"<h2>LNPScope {VERSION}</h2>Reads small-angle X-ray scattering curves of lipid nanoparticles.<br>{LICENCE}")
        head.setWordWrap(True)
        self.details = QPlainTextEdit(words)
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Versions and model")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy details", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(self._on_copy)
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addWidget(head)
        rows.addWidget(self.details, 1)
        rows.addWidget(buttons)
        self.resize(self.fontMetrics().averageCharWidth() * 90, self.fontMetrics().height() * 26)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())
