"""The Analyse panel as seen: curves on the left, the chosen one in the middle, its verdict on the right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.models.registry import LNP_TYPES
from lnpgui.panels.analyse.choices_line import Choices, ChoicesLine
from lnpgui.panels.analyse.columns_dialog import ColumnsDialog, TableLook
from lnpgui.panels.analyse.curve_list import CurveList
from lnpgui.panels.analyse.plot_bar import REPRESENTATION_TITLES, PlotBar
from lnpgui.panels.analyse.reading_line import ReadingLine
from lnpgui.panels.analyse.verdict_card import VerdictCard
from lnpgui.theme import Theme, icon
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.widgets.three_columns import ThreeColumns
from lnpgui.wording import title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.curve import Curve
    from engine.inference.analysis import Fit
    from engine.inference.guinier import GuinierFit
    from engine.inference.size_bands import SizeBand
    from engine.io.column_choice import ColumnChoice
    from engine.units import QUnit
    from lnpgui.plots.curve_plot import CurvePlot
    from lnpgui.plots.overlays import Overlay
    from lnpgui.plots.size_plot import SizePlot
    from lnpgui.wording import Card, Reading, Row

SIZES = len(REPRESENTATION_TITLES) - 1
CURVE_KINDS = {
    ".csv": "Comma-separated text (*.csv)",
    ".dat": "ATSAS text (*.dat)",
    ".xml": "canSAS1D XML (*.xml)",
    ".h5": "NXcanSAS (*.h5)",
}
HINT = (
    "Drop measured curves or folders here,\nor open them with Ctrl+O.\n\nFile > Simulated examples has curves to try; F1 opens the guide."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """What was last given to the plots, which come later than the panel."""

    curve: Curve | None = None
    fit: Fit | None = None
    q_range: tuple[float, float] | None = None
    guinier: GuinierFit | None = None
    others: Sequence[Overlay] = ()
    is_scaled: bool = True
    bands: Sequence[SizeBand] = ()
    visible: tuple[float, float] | None = None


class AnalyseView(ThreeColumns):
    """Shows what it is given and reports what the user does."""

    files_given = Signal(object)  # tuple of Path: files and folders
    chosen = Signal(object)  # key of the entry, or None
    marked = Signal(object)  # tuple of keys
    remove_requested = Signal(object)  # tuple of keys
    clear_requested = Signal()
    again_requested = Signal(object)  # tuple of keys
    flip_requested = Signal()
    cancel_requested = Signal()
    drawn_as = Signal(int)  # place in REPRESENTATION_TITLES
    scaled = Signal(bool)
    pointed = Signal(object)  # Pointed or None
    range_chosen = Signal(object)  # (first, last) q, or None for all
    range_moved = Signal(float, float)
    range_typed = Signal(str, str)
    types_chosen = Signal(object)  # tuple of str
    buffer_given = Signal(object)  # Path, or None for no buffer
    scale_typed = Signal(str)
    particles_typed = Signal(str, str)  # name of the field, what was typed
    particles_reset = Signal()
    columns_wanted = Signal()
    columns_given = Signal(object, object)  # ColumnChoice or None, QUnit or None
    average_requested = Signal(object)  # tuple of keys
    merge_requested = Signal(object)  # tuple of keys
    curve_kept = Signal(object)  # Path
    report_kept = Signal(object)  # Path
    capsule_kept = Signal(object)  # Path

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plot: CurvePlot | None = None
        self._sizes: SizePlot | None = None
        self._drawn: _Drawn = _Drawn()
        self._dialog: ColumnsDialog | None = None
        self._stem = "curve"
        self._folder = Path.home()
        self._make_actions()
        self.list = CurveList(theme)
        self.reading = ReadingLine(theme)
        self.choices = ChoicesLine(theme, [(kind, title(kind)) for kind in LNP_TYPES])
        self.bar = PlotBar(theme)
        self.card = VerdictCard(theme)
        self.progress = ProgressLine("analysis", self.cancel_action.toolTip())
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
        self.average_action = self._action(
            "Average", "Ctrl+Shift+A", "Average the marked frames of one sample; those that differ are left out"
        )
        self.merge_action = self._action("Merge q ranges", "Ctrl+M", "Join two marked curves of one sample where their q overlap")
        self.columns_action = self._action("Columns …", "Ctrl+K", "Say which column of the file is what")
        self.copy_action = self._action("Copy verdict", "Ctrl+Shift+C", "Copy the verdict as text")
        self.keep_curve_action = self._action("Export curve …", "Ctrl+Shift+E", "Write the judged curve: csv, ATSAS, canSAS1D, NXcanSAS")
        self.keep_report_action = self._action("Report …", "Ctrl+P", "Write a one-page report, as PDF and as PNG")
        self.keep_capsule_action = self._action("Capsule …", "Ctrl+S", "Write raw file, settings and result into one file")
        self._icons = {
            self.open_action: "open-file",
            self.open_folder_action: "open-folder",
            self.again_action: "again",
            self.remove_action: "remove",
            self.clear_action: "clear",
            self.cancel_action: "cancel",
        }

    @property
    def curve_actions(self) -> tuple[QAction, ...]:
        """What can be done with curves, for menus."""
        return (
            self.again_action,
            self.average_action,
            self.merge_action,
            self.columns_action,
            self.copy_action,
            self.keep_curve_action,
            self.keep_report_action,
            self.keep_capsule_action,
            self.remove_action,
        )

    def _action(self, text: str, key: str | QKeySequence.StandardKey, tip: str) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(f"{tip} ({QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)})")
        self.addAction(action)
        return action

    def _assemble(self) -> None:
        self.set_columns((self._left(), self._middle(), self._right()), (290, 700, 370), (False, True, False))

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
        rows.addWidget(self.progress)
        return left

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
        rows.setSpacing(4)
        rows.addWidget(self.reading)
        rows.addWidget(self.choices)
        rows.addWidget(self.bar)
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
        self.progress.stop_wanted.connect(self.cancel_requested)
        self.list.chosen.connect(self.chosen)
        self.list.marked.connect(self.marked)
        self.reading.flip_requested.connect(self.flip_requested)
        self._connect_choices()

    def _connect_choices(self) -> None:
        self.bar.drawn_as.connect(self.drawn_as)
        self.bar.scaled.connect(self.scaled)
        self.bar.range_typed.connect(self.range_typed)
        self.bar.range_reset.connect(self._on_reset_range)
        self.choices.types_chosen.connect(self.types_chosen)
        self.choices.buffer_wanted.connect(self._ask_buffer)
        self.choices.buffer_dropped.connect(self._on_no_buffer)
        self.choices.scale_typed.connect(self.scale_typed)
        self.choices.particles.typed.connect(self.particles_typed)
        self.choices.particles.reset_wanted.connect(self.particles_reset)
        self.reading.columns_wanted.connect(self.columns_wanted)
        self.columns_action.triggered.connect(self.columns_wanted)
        self.average_action.triggered.connect(self._on_average)
        self.merge_action.triggered.connect(self._on_merge)
        self.copy_action.triggered.connect(self.copy_verdict)
        self.card.copy_wanted.connect(self.copy_verdict)
        self.keep_curve_action.triggered.connect(self._ask_curve)
        self.keep_report_action.triggered.connect(self._ask_report)
        self.keep_capsule_action.triggered.connect(self._ask_capsule)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.list.addActions(list(self.curve_actions))

    def set_plot(self, plot: CurvePlot) -> None:
        """Put the plot in its place; it comes after the window is seen."""
        self._plot = plot
        plot.range_chosen.connect(self.range_chosen)
        plot.range_moved.connect(self.range_moved)
        plot.pointed.connect(self.pointed)
        self._stack.addWidget(plot)
        self._draw()

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

    def _on_average(self) -> None:
        self.average_requested.emit(self.list.selected_keys())

    def _on_merge(self) -> None:
        self.merge_requested.emit(self.list.selected_keys())

    def _on_reset_range(self) -> None:
        self.range_chosen.emit(None)

    def _on_no_buffer(self) -> None:
        self.buffer_given.emit(None)

    def _ask_buffer(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Choose the curve of the buffer", str(self._folder))
        if name:
            self.buffer_given.emit(Path(name))

    def _ask_curve(self) -> None:
        name, kind = QFileDialog.getSaveFileName(
            self, "Export the curve", str(self._folder / f"{self._stem}-lnpscope.csv"), ";;".join(CURVE_KINDS.values())
        )
        if name:
            ending = next((ending for ending, words in CURVE_KINDS.items() if words == kind), ".csv")
            path = Path(name)
            self.curve_kept.emit(path if path.suffix.lower() in CURVE_KINDS else path.with_name(path.name + ending))

    def _ask_report(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Write the report", str(self._folder / f"{self._stem}-report.pdf"), "Report (*.pdf)")
        if name:
            self.report_kept.emit(Path(name).with_suffix(".pdf"))

    def _ask_capsule(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Write the capsule", str(self._folder / f"{self._stem}-capsule.h5"), "Capsule (*.h5)")
        if name:
            self.capsule_kept.emit(Path(name).with_suffix(".h5"))

    def ask_columns(self, look: TableLook, choice: ColumnChoice | None, unit: QUnit | None) -> None:
        """Open the dialog about the columns of a file."""
        self._dialog = ColumnsDialog(look, choice, unit, self)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.accepted.connect(self._on_columns)
        self._dialog.open()

    def _on_columns(self) -> None:
        if self._dialog is not None:
            dialog, self._dialog = self._dialog, None
            self.columns_given.emit(dialog.choice, dialog.q_unit)

    def copy_verdict(self) -> None:
        """Put the verdict on the clipboard as text."""
        QGuiApplication.clipboard().setText(self.card.text())

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

    def show_curve(
        self, curve: Curve | None, fit: Fit | None, q_range: tuple[float, float] | None = None, guinier: GuinierFit | None = None
    ) -> None:
        """Draw a curve, its fit, the range that is judged; None shows where to drop one."""
        self._drawn = replace(self._drawn, curve=curve, fit=fit, q_range=q_range, guinier=guinier)
        self._draw()

    def show_others(self, others: Sequence[Overlay], *, scaled: bool, left_out: int = 0) -> None:
        """Draw the other marked curves with it."""
        self._drawn = replace(self._drawn, others=others, is_scaled=scaled)
        self.bar.show_many(len(others), left_out)
        if self._plot is not None:
            self._plot.show_others(others, scaled=scaled)

    def show_sizes(self, bands: Sequence[SizeBand], visible: tuple[float, float] | None) -> None:
        """Draw size distributions, where they are in view."""
        self._drawn = replace(self._drawn, bands=bands, visible=visible)
        if self._sizes is not None:
            self._sizes.show_sizes(bands, visible)

    def _draw(self) -> None:
        drawn, place = self._drawn, self.bar.representation.currentIndex()
        self.bar.setVisible(drawn.curve is not None)
        if self._plot is None:
            return
        self._plot.show_curve(drawn.curve, drawn.fit, drawn.q_range, drawn.guinier)
        self._plot.show_others(drawn.others, scaled=drawn.is_scaled)
        if place == SIZES:
            self._make_sizes().show_sizes(drawn.bands, drawn.visible)
        else:
            from lnpgui.plots.representation import REPRESENTATIONS

            self._plot.set_representation(REPRESENTATIONS[place])
        self._stack.setCurrentIndex(0 if drawn.curve is None else 2 if place == SIZES else 1)

    def _make_sizes(self) -> SizePlot:
        from lnpgui.plots.size_plot import SizePlot

        if self._sizes is None:
            self._sizes = SizePlot(self._theme)
            self._stack.addWidget(self._sizes)
        return self._sizes

    def show_range(self, low: str, high: str, *, is_limited: bool, is_there: bool) -> None:
        """Show which range is judged."""
        self.bar.show_range(low, high, is_limited=is_limited, is_there=is_there)

    def show_range_trouble(self, words: str) -> None:
        """Say what is wrong with the range."""
        self.bar.show_trouble(words)

    def show_pointed(self, words: str) -> None:
        """Say what is under the mouse, or what there is to know of the plot."""
        self.bar.show_reading(words)

    def show_choices(self, choices: Choices | None) -> None:
        """Show candidate types and buffer."""
        self.choices.show_choices(choices)

    def show_choice_trouble(self, words: str) -> None:
        """Say what is wrong with types or buffer."""
        self.choices.show_trouble(words)

    def show_particles_trouble(self, name: str, words: str) -> None:
        """Say what is wrong with one field of the particles."""
        self.choices.particles.show_refusal(name, words)

    def set_stem(self, stem: str) -> None:
        """Propose names that begin so for files."""
        self._stem = stem

    def let_keep(self, *, curve: bool, verdict: bool) -> None:
        """Offer to write what there is."""
        self.keep_curve_action.setEnabled(curve)
        for action in (self.copy_action, self.keep_report_action, self.keep_capsule_action):
            action.setEnabled(verdict)

    def show_reading(self, reading: Reading | None) -> None:
        """Show how the file was read."""
        self.reading.show_reading(reading)

    def show_card(self, card: Card | None) -> None:
        """Show the verdict."""
        self.card.show_card(card)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the work is; None hides it."""
        self.progress.show_progress(progress)

    def show_notice(self, words: str, *, is_trouble: bool = True) -> None:
        """Say something about the last request as a whole; nothing hides it."""
        self._notice.setText(words)
        self._notice.setProperty("role", "error" if is_trouble else "muted")
        self._notice.style().polish(self._notice)
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
        self.choices.set_theme(theme)
        self.bar.set_theme(theme)
        self.card.set_theme(theme)
        if self._plot is not None:
            self._plot.set_theme(theme)
        if self._sizes is not None:
            self._sizes.set_theme(theme)


def _tool_button(action: QAction, *, with_text: bool = False) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    button.setAccessibleName(action.text())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if with_text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
