"""The Analyse panel as seen: curves on the left, the chosen one in the middle, its verdict on the right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lnpgui.panels.analyse.curve_list import CurveList
from lnpgui.panels.analyse.reading_line import ReadingLine
from lnpgui.panels.analyse.verdict_card import VerdictCard
from lnpgui.theme import Theme, icon

if TYPE_CHECKING:
    from engine.curve import Curve
    from engine.inference.analysis import Fit
    from lnpgui.plots.curve_plot import CurvePlot
    from lnpgui.wording import Card, Reading, Row

HINT = "Drop measured curves or folders here,\nor open them with Ctrl+O"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is: a share from 0 to 1 and a phrase."""

    share: float
    words: str


class AnalyseView(QWidget):
    """Shows what it is given and reports what the user does."""

    files_given = Signal(object)  # tuple of Path: files and folders
    chosen = Signal(object)  # key of the entry, or None
    marked = Signal(object)  # tuple of keys
    remove_requested = Signal(object)  # tuple of keys
    clear_requested = Signal()
    again_requested = Signal(object)  # tuple of keys
    flip_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plot: CurvePlot | None = None
        self._curve: Curve | None = None
        self._fit: Fit | None = None
        self._folder = Path.home()
        self._make_actions()
        self.list = CurveList(theme)
        self.reading = ReadingLine(theme)
        self.card = VerdictCard(theme)
        self._assemble()
        self._connect()
        self.set_theme(theme)

    # -- building ------------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        self.open_action = self._action("Open …", "Ctrl+O", "Open measured curves")
        self.open_folder_action = self._action("Open folder …", "Ctrl+Shift+O", "Open every curve in a folder and in the folders in it")
        self.again_action = self._action("Analyse again", "F5", "Analyse the marked curves again")
        self.remove_action = self._action("Remove", QKeySequence.StandardKey.Delete, "Take the marked curves off the list; the files stay")
        self.clear_action = self._action("Clear list", "Ctrl+Shift+Delete", "Take all curves off the list; the files stay")
        self.cancel_action = self._action("Stop", "Esc", "Stop reading and analysing")
        self.cancel_action.setEnabled(False)
        self._icons = {
            self.open_action: "open-file",
            self.open_folder_action: "open-folder",
            self.again_action: "again",
            self.remove_action: "remove",
            self.clear_action: "clear",
            self.cancel_action: "cancel",
        }

    def _action(self, text: str, key: str | QKeySequence.StandardKey, tip: str) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(f"{tip} ({QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)})")
        self.addAction(action)
        return action

    def _assemble(self) -> None:
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._columns.setChildrenCollapsible(False)
        for column in (self._left(), self._middle(), self._right()):
            self._columns.addWidget(column)
        self._columns.setSizes([290, 700, 370])
        for i, stretch in enumerate((0, 1, 0)):
            self._columns.setStretchFactor(i, stretch)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(8, 8, 8, 8)
        outer.addWidget(self._columns)

    def _left(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(220)
        self._notice = QLabel()
        self._notice.setProperty("role", "error")
        self._notice.setWordWrap(True)
        self._notice.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for action in (self.open_action, self.open_folder_action):
            buttons.addWidget(_tool_button(action, with_text=True))
        buttons.addStretch(1)
        for action in (self.again_action, self.remove_action, self.clear_action):
            buttons.addWidget(_tool_button(action))
        rows = QVBoxLayout(left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(buttons)
        rows.addWidget(self._notice)
        rows.addWidget(self.list, 1)
        rows.addWidget(self._progress_line())
        return left

    def _progress_line(self) -> QWidget:
        self._progress = QWidget()
        self._words = QLabel()
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._bar.setAccessibleName("Progress")
        self.cancel_button = QPushButton("Stop")
        self.cancel_button.setToolTip(self.cancel_action.toolTip())
        line = QHBoxLayout()
        line.addWidget(self._bar, 1)
        line.addWidget(self.cancel_button)
        rows = QVBoxLayout(self._progress)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self._words)
        rows.addLayout(line)
        self._progress.hide()
        return self._progress

    def _middle(self) -> QWidget:
        self._stack = QStackedWidget()
        hint = QLabel(HINT)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setProperty("role", "muted")
        self._stack.addWidget(hint)
        middle = QWidget()
        middle.setMinimumWidth(320)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.reading)
        rows.addWidget(self._stack, 1)
        return middle

    def _right(self) -> QWidget:
        self._right_column = QSplitter(Qt.Orientation.Vertical)
        self._right_column.setChildrenCollapsible(False)
        self._right_column.setMinimumWidth(300)
        self._right_column.addWidget(self.card)
        return self._right_column

    def _connect(self) -> None:
        self.open_action.triggered.connect(self._ask_files)
        self.open_folder_action.triggered.connect(self._ask_folder)
        self.again_action.triggered.connect(self._on_again)
        self.remove_action.triggered.connect(self._on_remove)
        self.clear_action.triggered.connect(self.clear_requested)
        self.cancel_action.triggered.connect(self.cancel_requested)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.list.chosen.connect(self.chosen)
        self.list.marked.connect(self.marked)
        self.reading.flip_requested.connect(self.flip_requested)

    def set_plot(self, plot: CurvePlot) -> None:
        """Put the plot in its place; it comes after the window is seen."""
        self._plot = plot
        self._stack.addWidget(plot)
        self.show_curve(self._curve, self._fit)

    def set_particle(self, widget: QWidget) -> None:
        """Put the picture of the particle below the verdict; it comes last."""
        self._right_column.addWidget(widget)
        self._right_column.setSizes([560, 300])
        self._right_column.setStretchFactor(0, 1)

    # -- gestures ------------------------------------------------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Start the next file dialog in *folder*."""
        self._folder = folder

    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open measured curves", str(self._folder))
        if names:
            self.files_given.emit(tuple(Path(name) for name in names))

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open every curve in a folder", str(self._folder))
        if name:
            self.files_given.emit((Path(name),))

    def _on_again(self) -> None:
        self.again_requested.emit(self.list.selected_keys())

    def _on_remove(self) -> None:
        self.remove_requested.emit(self.list.selected_keys())

    # -- showing -------------------------------------------------------------------------------------------------------

    def add_rows(self, rows: Iterable[Row], after: int | None = None) -> None:
        """Put rows behind the one with the key *after*, or at the end of the list."""
        self.list.add(rows, after)

    def replace_row(self, row: Row) -> None:
        """Show *row* in place of the one with its key."""
        self.list.replace(row)

    def remove_rows(self, keys: Iterable[int]) -> None:
        """Take rows out of the list."""
        self.list.remove(keys)

    def make_current(self, key: int | None) -> None:
        """Mark the row that is shown."""
        self.list.make_current(key)

    def mark_rows(self, keys: Iterable[int]) -> None:
        """Mark several rows."""
        self.list.mark(keys)

    def show_curve(self, curve: Curve | None, fit: Fit | None) -> None:
        """Draw a curve and its fit; None shows where to drop one."""
        self._curve, self._fit = curve, fit
        if self._plot is None:
            return
        self._plot.show_curve(curve, fit)
        self._stack.setCurrentIndex(0 if curve is None else 1)

    def show_reading(self, reading: Reading | None) -> None:
        """Show how the file was read."""
        self.reading.show_reading(reading)

    def show_card(self, card: Card | None) -> None:
        """Show the verdict."""
        self.card.show_card(card)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the work is; None hides it."""
        self._progress.setVisible(progress is not None)
        if progress is not None:
            self._bar.setValue(round(1000 * progress.share))
            self._words.setText(progress.words)

    def show_notice(self, words: str) -> None:
        """Say something about the last request as a whole; nothing hides it."""
        self._notice.setText(words)
        self._notice.setVisible(bool(words))

    def show_busy(self, busy: bool) -> None:
        """Offer to stop while something is at work."""
        self.cancel_action.setEnabled(busy)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        for action, name in self._icons.items():
            action.setIcon(icon(name, theme.text))
        self.list.set_theme(theme)
        self.reading.set_theme(theme)
        self.card.set_theme(theme)
        if self._plot is not None:
            self._plot.set_theme(theme)

    def layout_state(self) -> QByteArray:
        """Return the widths of the columns, to be kept."""
        return self._columns.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Take up widths kept earlier."""
        self._columns.restoreState(state)


def _tool_button(action: QAction, *, with_text: bool = False) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    button.setAccessibleName(action.text())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if with_text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
