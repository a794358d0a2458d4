"""The Train panel as seen: the form on the left, the training in the middle, the models and the card of one on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lnpgui.panels.train.form import TrainForm
from lnpgui.plots.card_plots import ConfusionPlot, LossPlot, ParityPlot, RankPlot, ReliabilityPlot
from lnpgui.theme import Theme
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.widgets.tall_area import TallArea
from lnpgui.widgets.three_columns import ThreeColumns

FOLDER = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model in the list: its folder, name, a line below it, whether it is in use, and whether it may be deleted."""

    folder: Path
    name: str
    detail: str
    is_active: bool = False
    is_own: bool = True


class TrainView(ThreeColumns):
    """Shows what it is given and reports what the user does."""

    start_requested = Signal()
    stop_requested = Signal()
    model_chosen = Signal(object)  # Path or None
    use_requested = Signal(object)  # Path
    delete_confirmed = Signal(object)  # Path

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(False)
        self.form = TrainForm()
        self.loss = LossPlot(theme)
        self.confusion, self.parity = ConfusionPlot(theme), ParityPlot(theme)
        self.reliability, self.ranks = ReliabilityPlot(theme), RankPlot(theme)
        self.set_columns((self._left(), self._middle(), self._right()), (360, 480, 520), (False, True, True))
        self.form.start_requested.connect(self.start_requested)
        self.show_idle("")

    # -- building ------------------------------------------------------------------------------------------------------

    def _left(self) -> QWidget:
        scroll = TallArea()
        scroll.setWidget(self.form)
        return scroll

    def _middle(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(300)
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._state.setAccessibleName("How the last training ended")
        tip = "End the training now; the best network so far is calibrated, measured and kept"
        self.progress = ProgressLine("training", tip, stop_words="Stop and keep the best")
        self.progress.stop_wanted.connect(self.stop_requested)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._state)
        rows.addWidget(self.progress)
        rows.addWidget(self.loss, 1)
        return middle

    def _right(self) -> QWidget:
        right = QWidget()
        right.setMinimumWidth(320)
        self.models = QListWidget()
        self.models.setAccessibleName("Models")
        self.models.setToolTip("The models there are; the card of the marked one is below")
        self.models.setMaximumHeight(170)
        self.models.setWordWrap(True)
        self.models.currentItemChanged.connect(self._on_current)
        self.use_button = QPushButton("Use this model")
        self.use_button.setToolTip("Let the analysis ask this model first")
        self.use_button.clicked.connect(self._use)
        self.delete_button = QPushButton("Delete …")
        self.delete_button.clicked.connect(self._confirm_delete)
        buttons = QHBoxLayout()
        buttons.addWidget(self.use_button)
        buttons.addWidget(self.delete_button)
        buttons.addStretch(1)
        self.card = QLabel()
        self.card.setWordWrap(True)
        self.card.setTextFormat(Qt.TextFormat.PlainText)
        self.card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card.setAccessibleName("Card of the model")
        self.pictures = QTabWidget()
        for title, plot in (
            ("Types", self.confusion),
            ("Fractions", self.parity),
            ("Probabilities", self.reliability),
            ("Intervals", self.ranks),
        ):
            self.pictures.addTab(plot, title)
        rows = QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.models)
        rows.addLayout(buttons)
        rows.addWidget(self.card)
        rows.addWidget(self.pictures, 1)
        return right

    # -- gestures ------------------------------------------------------------------------------------------------------

    @property
    def chosen_folder(self) -> Path | None:
        """Folder of the marked model."""
        marked = self.models.selectedItems()
        return Path(marked[0].data(FOLDER)) if marked else None

    def _on_current(self, item: QListWidgetItem | None) -> None:
        self.model_chosen.emit(item.data(FOLDER) if item is not None else None)

    def _use(self) -> None:
        if self.chosen_folder is not None:
            self.use_requested.emit(self.chosen_folder)

    def _confirm_delete(self) -> None:
        folder = self.chosen_folder
        if folder is None:
            return
        name = self.models.currentItem().text().partition("\n")[0]
        asked = QMessageBox.question(self, "Delete the model?", f"{name}\n\nIts folder {folder} is deleted for good.")
        if asked is QMessageBox.StandardButton.Yes:
            self.delete_confirmed.emit(folder)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show_models(self, rows: Sequence[ModelRow], chosen: Path | None) -> None:
        """Show the models; the one in *chosen* is marked, else the first."""
        self.models.blockSignals(True)
        self.models.clear()
        for row in rows:
            item = QListWidgetItem(f"{'● ' if row.is_active else ''}{row.name}\n{row.detail}")
            item.setData(FOLDER, row.folder)
            item.setToolTip(str(row.folder))
            self.models.addItem(item)
        places = [place for place, row in enumerate(rows) if row.folder == chosen]
        self.models.blockSignals(False)
        self.models.setCurrentRow(places[0] if places else 0 if rows else -1)
        if not rows:
            self.model_chosen.emit(None)

    def show_card(self, words: str, card: dict[str, object], *, can_use: bool, can_delete: bool) -> None:
        """Show what is known of the marked model."""
        self.card.setText(words)
        self.use_button.setEnabled(can_use)
        self.delete_button.setEnabled(can_delete)
        self.delete_button.setToolTip("Delete this model" if can_delete else "The model that comes with the program stays")
        for plot in (self.confusion, self.parity, self.reliability, self.ranks):
            plot.show_card(card)

    def show_running(self, share: float | None, words: str, *, can_stop: bool = True) -> None:
        """Show how far the training is, and offer to stop it; no share where that is not known."""
        self.form.set_busy(True)
        self._state.hide()
        self.progress.stop_button.setEnabled(can_stop)
        self.progress.show_progress(Progress(share, words))

    def show_idle(self, words: str, *, is_error: bool = False) -> None:
        """Show that nothing runs, and how the last training ended."""
        self.form.set_busy(False)
        self.progress.show_progress(None)
        self._state.show()
        self._state.setProperty("role", "error" if is_error else "")
        self._state.style().unpolish(self._state)
        self._state.style().polish(self._state)
        self._state.setText(words or "No training runs. Say on the left what to train; the loss is drawn here while it learns.")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        for plot in (self.loss, self.confusion, self.parity, self.reliability, self.ranks):
            plot.set_theme(theme)
