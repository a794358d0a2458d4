"""The Batch panel as seen: the watched folder, the alarm, the table of all curves, and a trend below."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.inference.quantities import QUANTITIES
from lnpgui.panels.batch.alarm_form import AlarmForm
from lnpgui.panels.batch.exports import TABLE_KINDS
from lnpgui.panels.batch.live_bar import LiveBar
from lnpgui.panels.batch.table import BatchTable
from lnpgui.plots.trend_plot import Against, TrendPlot
from lnpgui.theme import Theme
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.wording import Light

LIGHT_CHOICES: tuple[tuple[str, tuple[Light, ...]], ...] = (
    ("every status", ()),
    ("in family", (Light.IN_FAMILY,)),
    ("doubtful", (Light.DOUBTFUL,)),
    ("outside", (Light.OUTSIDE,)),
    ("not read", (Light.ERROR,)),
    ("unfinished", (Light.WAITING, Light.WORKING, Light.STOPPED)),
)
ALARMS = "with an alarm"


class BatchView(QWidget):
    """Shows what it is given and reports what the user does."""

    chosen = Signal(object)  # key
    marked = Signal(object)  # tuple of keys
    table_requested = Signal(object)  # Path
    reports_requested = Signal(object)  # Path of a folder
    capsules_requested = Signal(object)  # Path of a folder
    cancel_requested = Signal()
    trend_requested = Signal(str, object)  # key of a quantity, Against
    alarms_dismissed = Signal()
    columns_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path.home()
        self._unfinished = 0
        self.live = LiveBar()
        self.alarm = AlarmForm()
        self.table = BatchTable(theme)
        self.trend = TrendPlot(theme)
        self._make_controls()
        self._make_banner()
        self._make_progress()
        self._assemble()
        self._connect()
        self.show_count()

    # -- building ------------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter: words in name, verdict or error")
        self.search.setAccessibleName("Filter the table")
        self.search.setToolTip("Show only curves that hold these words (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.lights = QComboBox()
        self.lights.setAccessibleName("Status of the curves that are shown")
        self.lights.setToolTip("Show only curves of one status")
        for words, _ in LIGHT_CHOICES:
            self.lights.addItem(words)
        self.lights.addItem(ALARMS)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.columns = _menu_button("Columns", "Choose the columns", self.table.column_menu)
        self.export_menu = QMenu("Export", self)
        self.table_action = self.export_menu.addAction("Table of all curves …")
        self.reports_action = self.export_menu.addAction("Report of each curve …")
        self.capsules_action = self.export_menu.addAction("Capsule of each curve …")
        self.table_action.setShortcut(QKeySequence("Ctrl+E"))
        self.table_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.addAction(self.table_action)
        self.export = _menu_button("Export", "Write results of all curves, whatever the filter hides (table: Ctrl+E)", self.export_menu)
        self.quantity = QComboBox()
        self.quantity.setAccessibleName("Quantity of the trend")
        self.quantity.setToolTip("What the trend shows")
        for quantity in QUANTITIES.values():
            self.quantity.addItem(f"{quantity.title}, {quantity.unit}" if quantity.unit else quantity.title, quantity.key)
        self.against = QComboBox()
        self.against.setAccessibleName("Against what the trend is drawn")
        self.against.setToolTip("Against what the trend is drawn")
        for against in Against:
            self.against.addItem(f"against {against.value}", against)
        self.untold = QLabel()
        self.untold.setProperty("role", "muted")
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.setFocus)

    def _make_banner(self) -> None:
        self.banner = QFrame()
        self.banner.setProperty("card", True)
        self.banner.setAccessibleName("Alarm")
        self.banner_words = QLabel()
        self.banner_words.setProperty("role", "error")
        self.banner_words.setWordWrap(True)
        self.banner_show = QPushButton("Show these")
        self.banner_show.setToolTip("Show only the curves that break the rule")
        self.banner_close = QPushButton("Dismiss")
        self.banner_close.setToolTip("Hide this message until another curve breaks the rule")
        line = QHBoxLayout(self.banner)
        line.setContentsMargins(10, 6, 10, 6)
        line.addWidget(self.banner_words, 1)
        line.addWidget(self.banner_show)
        line.addWidget(self.banner_close)
        self.banner.hide()

    def _make_progress(self) -> None:
        self.progress = ProgressLine("writing", "Stop writing; what is written stays")
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        self.notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notice.hide()

    def _assemble(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(6)
        tools.addWidget(self.search, 1)
        for part in (self.lights, self.count, self.columns, self.export):
            tools.addWidget(part)
        upper = QWidget()
        rows = QVBoxLayout(upper)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(tools)
        rows.addWidget(self.table, 1)
        rows.addWidget(self.progress)
        rows.addWidget(self.notice)
        heads = QHBoxLayout()
        heads.setSpacing(6)
        title = QLabel("Trend")
        title.setProperty("role", "heading")
        for part in (title, self.quantity, self.against, self.untold):
            heads.addWidget(part)
        heads.addStretch(1)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 4, 0, 0)
        below.setSpacing(4)
        below.addLayout(heads)
        below.addWidget(self.trend, 1)
        self._halves = QSplitter(Qt.Orientation.Vertical)
        self._halves.setChildrenCollapsible(False)
        self._halves.addWidget(upper)
        self._halves.addWidget(lower)
        self._halves.setSizes([480, 240])
        self._halves.setStretchFactor(0, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 8, 8, 8)
        outer.setSpacing(6)
        outer.addWidget(self.live)
        outer.addWidget(self.alarm)
        outer.addWidget(self.banner)
        outer.addWidget(self._halves, 1)

    def _connect(self) -> None:
        self.table.marked.connect(self.marked)
        self.table.chosen.connect(self.chosen)
        self.table.columns_changed.connect(self.columns_changed)
        self.trend.picked.connect(self.chosen)
        self.search.textChanged.connect(self._on_filter)
        self.lights.currentIndexChanged.connect(self._on_filter)
        self.quantity.currentIndexChanged.connect(self._on_trend)
        self.against.currentIndexChanged.connect(self._on_trend)
        self.table_action.triggered.connect(self._ask_table)
        self.reports_action.triggered.connect(self._ask_reports)
        self.capsules_action.triggered.connect(self._ask_capsules)
        self.progress.stop_wanted.connect(self.cancel_requested)
        self.banner_close.clicked.connect(self.alarms_dismissed)
        self.banner_show.clicked.connect(self._on_show_alarms)
        shown = self.table.filter
        for change in (shown.rowsInserted, shown.rowsRemoved, shown.modelReset, shown.layoutChanged):
            change.connect(self.show_count)

    # -- gestures ------------------------------------------------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Start the next file dialog in *folder*."""
        self._folder = folder

    def _ask_table(self) -> None:
        name, kind = QFileDialog.getSaveFileName(
            self, "Write the table of all curves", str(self._folder / "results.csv"), ";;".join(TABLE_KINDS.values())
        )
        if name:
            path = Path(name)
            ending = next(ending for ending, words in TABLE_KINDS.items() if words == kind or not kind)
            self.table_requested.emit(path if path.suffix.lower() in TABLE_KINDS else path.with_name(path.name + ending))

    def _ask_reports(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Write a report of each curve into a folder", str(self._folder))
        if name:
            self.reports_requested.emit(Path(name))

    def _ask_capsules(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Write a capsule of each curve into a folder", str(self._folder))
        if name:
            self.capsules_requested.emit(Path(name))

    def _on_filter(self) -> None:
        at = self.lights.currentIndex()
        lights = LIGHT_CHOICES[at][1] if at < len(LIGHT_CHOICES) else ()
        self.table.filter.choose(self.search.text(), lights, alarms_only=at == len(LIGHT_CHOICES))
        self.show_count()

    def _on_trend(self) -> None:
        self.trend_requested.emit(self.quantity.currentData(), self.against.currentData())

    def _on_show_alarms(self) -> None:
        self.search.clear()
        self.lights.setCurrentIndex(self.lights.findText(ALARMS))

    # -- showing -------------------------------------------------------------------------------------------------------

    def choose_trend(self, quantity: str, against: Against) -> None:
        """Offer a trend as chosen, without saying so."""
        with QSignalBlocker(self.quantity), QSignalBlocker(self.against):
            self.quantity.setCurrentIndex(max(0, self.quantity.findData(quantity)))
            self.against.setCurrentIndex(list(Against).index(against))

    def show_untold(self, words: str) -> None:
        """Say what the trend leaves out."""
        self.untold.setText(words)

    def show_count(self) -> None:
        """Say how many curves there are, how many of them are shown, and how many are not judged yet."""
        shown, total = self.table.filter.rowCount(), self.table.rows.rowCount()
        words = f"{total} {'curve' if total == 1 else 'curves'}" if shown == total else f"{shown} of {total} curves"
        self.count.setText(f"{words}, {self._unfinished} unfinished" if self._unfinished else words)

    def show_unfinished(self, count: int) -> None:
        """Say how many curves are still to be read or judged."""
        self._unfinished = count
        self.show_count()

    def show_alarm(self, words: str) -> None:
        """Show the banner; no words hide it."""
        self.banner_words.setText(words)
        self.banner.setVisible(bool(words))

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the writing is; None hides it."""
        self.progress.show_progress(progress)

    def show_notice(self, words: str, *, is_trouble: bool = False) -> None:
        """Say how the last request ended; nothing hides it."""
        self.notice.setText(words)
        self.notice.setVisible(bool(words))
        self.notice.setProperty("role", "error" if is_trouble else "muted")
        self.notice.style().polish(self.notice)

    def let_export(self, on: bool) -> None:
        """Offer to write, or not while something is written."""
        for action in (self.table_action, self.reports_action, self.capsules_action):
            action.setEnabled(on)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.table.set_theme(theme)
        self.trend.set_theme(theme)

    def layout_state(self) -> QByteArray:
        """Return the height of the trend, to be kept."""
        return self._halves.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Take up a height kept earlier."""
        self._halves.restoreState(state)


def _menu_button(text: str, tip: str, menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
