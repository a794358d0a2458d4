"""All settings in one dialog. Nothing changes before Apply or OK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.models.registry import LNP_TYPES, MODELS
from lnpgui.numbers import AS_USUAL, DIGITS, Notation, NumberFormat
from lnpgui.settings import LIVE_RANGE, TEXT_SCALES, ThemeChoice

NOTATION_WORDS = {
    Notation.RANGE: "52.0 nm, and 51.2 – 52.9 below it",
    Notation.PLUS_MINUS: "52.0 +0.9 −0.8 nm, or 52.0 ± 0.9 nm",
    Notation.BRACKETS: "52.0(9) nm",
}
THEME_WORDS = {ThemeChoice.SYSTEM: "As the system", ThemeChoice.LIGHT: "Light", ThemeChoice.DARK: "Dark"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the dialog sets."""

    theme: ThemeChoice
    text_scale: int
    restores_session: bool
    types: tuple[str, ...]
    live_seconds: float
    numbers: NumberFormat = AS_USUAL


class SettingsDialog(QDialog):
    """Shows choices and tells when they are to hold."""

    applied = Signal(object)  # Choices

    def __init__(self, choices: Choices, log_folder: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log_folder = log_folder
        self.setWindowTitle("Settings")
        self.theme = QComboBox()
        for choice, words in THEME_WORDS.items():
            self.theme.addItem(words, choice)
        self.text_scale = QComboBox()
        for percent in TEXT_SCALES:
            self.text_scale.addItem(f"{percent} %", percent)
        self.text_scale.setToolTip("Size of all text, on top of the scaling of the system")
        self.restores_session = QCheckBox("Bring back the curves of the last time at the start")
        self.types = {key: QCheckBox(f"{MODELS[key].title} ({key})") for key in LNP_TYPES}
        self.live_seconds = QDoubleSpinBox()
        self.live_seconds.setRange(*LIVE_RANGE)
        self.live_seconds.setDecimals(1)
        self.live_seconds.setSuffix(" s")
        self.live_seconds.setToolTip("Pause between two looks into a watched folder [s]")
        self.notation = QComboBox()
        for notation, words in NOTATION_WORDS.items():
            self.notation.addItem(words, notation)
        self.notation.setToolTip("How a number and its interval stand on the card; the table shows the value as it stands there")
        self.digits = QComboBox()
        for digits in DIGITS:
            self.digits.addItem("as many as the interval tells" if digits is None else f"{digits} significant", digits)
        self.digits.setToolTip("Digits of sizes and fractions on the screen; what is written to files keeps all of them")
        self.refusal = QLabel()
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self._assemble()
        self._show(choices)

    def _assemble(self) -> None:
        form = QFormLayout()
        form.addRow("&Colours", self.theme)
        form.addRow("&Text", self.text_scale)
        form.addRow("&Numbers", self.notation)
        form.addRow("&Digits", self.digits)
        form.addRow("Interval", _muted("The 90 % credible interval. The analysis keeps no other, so no other is offered."))
        form.addRow("Start", self.restores_session)
        kinds = QVBoxLayout()
        for box in self.types.values():
            box.setToolTip("Whether new curves are judged against this type; a curve's own choice stays as it is")
            kinds.addWidget(box)
        form.addRow("Candidate types", kinds)
        form.addRow("", self.refusal)
        form.addRow("&Watched folder, every", self.live_seconds)
        form.addRow("Log", self._log_line())
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Apply | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._on_ok)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.Apply).clicked.connect(self._on_apply)
        rows = QVBoxLayout(self)
        rows.addLayout(form)
        rows.addStretch(1)
        rows.addWidget(self.buttons)

    def _log_line(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        where = QLabel("none can be written" if self._log_folder is None else str(self._log_folder))
        where.setWordWrap(True)
        self.open_log = QPushButton("Open folder")
        self.open_log.setEnabled(self._log_folder is not None)
        self.open_log.clicked.connect(self._on_open_log)
        row.addWidget(where, 1)
        row.addWidget(self.open_log)
        return line

    def _show(self, choices: Choices) -> None:
        self.theme.setCurrentIndex(self.theme.findData(choices.theme))
        self.text_scale.setCurrentIndex(self.text_scale.findData(choices.text_scale))
        self.restores_session.setChecked(choices.restores_session)
        for key, box in self.types.items():
            box.setChecked(key in choices.types)
        self.live_seconds.setValue(choices.live_seconds)
        self.notation.setCurrentIndex(self.notation.findData(choices.numbers.notation))
        self.digits.setCurrentIndex(DIGITS.index(choices.numbers.digits))

    def choices(self) -> Choices:
        """Return what is chosen."""
        return Choices(
            theme=self.theme.currentData(),
            text_scale=self.text_scale.currentData(),
            restores_session=self.restores_session.isChecked(),
            types=tuple(key for key, box in self.types.items() if box.isChecked()),
            live_seconds=self.live_seconds.value(),
            numbers=NumberFormat(self.notation.currentData(), self.digits.currentData()),
        )

    @Slot()
    def _on_apply(self) -> bool:
        found = self.choices()
        fault = "" if found.types else "At least one type must be a candidate."
        self.refusal.setText(fault)
        self.refusal.setVisible(bool(fault))
        if not fault:
            self.applied.emit(found)
        return not fault

    @Slot()
    def _on_ok(self) -> None:
        if self._on_apply():
            self.accept()

    @Slot()
    def _on_open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_folder)))


def _muted(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
