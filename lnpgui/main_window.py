"""Assembles the window: the docks, the menus, and the stages in which it starts. No science, no plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabWidget, QWidget

from lnpgui import faults, workers
from lnpgui.engine_calls import EngineCalls
from lnpgui.menus import Menus
from lnpgui.panels.registry import PANELS, Line, Panel, Surroundings
from lnpgui.session import Session
from lnpgui.session_keeper import SessionKeeper
from lnpgui.settings import Settings
from lnpgui.theme import Theme, Themes, icon
from lnpgui.undo import Changes
from lnpgui.widgets.drop_hint import DropHint
from lnpgui.widgets.file_drop import FileDrop
from lnpgui.widgets.notice_bar import NoticeBar

if TYPE_CHECKING:
    from lnpgui.panels.analyse.presenter import AnalysePresenter
    from lnpgui.panels.analyse.view import AnalyseView
    from lnpgui.panels.fitted.presenter import FittedPresenter
    from lnpgui.panels.fitted.view import FittedView

CLOSE_WITHIN_MS = 1500


class MainWindow(QMainWindow):
    """The window. It is painted first; plots and the 3-D view follow, each in a turn of the event loop of its own."""

    stage_reached = Signal(str)  # "first paint", "plots", "3-D"
    panel_seen = Signal()  # another one came to the front

    def __init__(self, settings: Settings, calls: EngineCalls | None = None) -> None:
        super().__init__()
        self.settings = settings
        self._is_painted = False
        self._is_closing = False
        self._calls = calls
        self._fitted: FittedView | None = None
        self._fitted_presenter: FittedPresenter | None = None
        self._panels: dict[str, Panel] = {}
        self._states: dict[str, Mapping[str, str | float]] = {}  # for panels that are not made yet
        self._in_view: set[str] = set()  # titles of docks that are not behind another's tab
        self._to_open: tuple[Path, ...] = ()
        self.themes = Themes(settings, self)
        self.session = Session(self)
        self.session.use_numbers(settings.numbers)
        if settings.active_model is not None:
            self.session.use_model(settings.active_model)
        self.drop = FileDrop(self)
        self.setWindowTitle("LNPScope")
        self.setWindowIcon(icon("lnpscope", "#ffffff", 256))
        self.setDockNestingEnabled(True)
        self._docks = {line.title: self._add_dock(line) for line in PANELS}
        self._make_panel(PANELS[0])
        self.analyse: AnalyseView = self.panel("Analyse").view
        self.presenter: AnalysePresenter = self.panel("Analyse").presenter
        self._set_tabs()
        self.changes = Changes(self.session, settings, self.presenter.again, self)
        self.keeper = SessionKeeper(self)
        self.notice = NoticeBar(self)
        self.setStatusBar(self.notice)
        self.keeper.said.connect(self.notice.say)
        workers.troubles.told.connect(self._on_trouble)
        self.menus = Menus(self)
        self._hint = DropHint(self)
        self.drop.watch(self)
        self.drop.dropped.connect(self.analyse.files_given)
        self.drop.hovering.connect(self._hint.setVisible)
        self.themes.changed.connect(self._on_theme)
        self._restore_layout()

    # -- panels --------------------------------------------------------------------------------------------------------

    def _add_dock(self, line: Line) -> QDockWidget:
        dock = QDockWidget(line.title, self)
        dock.setObjectName(f"dock {line.title}")
        dock.setWidget(QWidget())
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable)
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        self.drop.watch(dock)  # it may float, and is a window of its own then
        return dock

    def _set_tabs(self) -> None:
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        first, *others = self._docks.values()
        for dock in others:
            self.tabifyDockWidget(first, dock)
        for dock in self._docks.values():
            dock.visibilityChanged.connect(self._on_seen)
        first.raise_()

    def _make_panel(self, line: Line) -> None:
        around = Surroundings(
            theme=self.themes.current,
            session=self.session,
            settings=self.settings,
            calls=self._calls,
            open_files=self.open,
            parent=self,
        )
        panel = self._panels[line.title] = line.make(around)
        panel.restore_layout(self.settings.layout(line.key))
        panel.restore_state(self._states.pop(line.title, {}))
        dock = self._docks[line.title]
        placeholder = dock.widget()
        dock.setWidget(panel.widget)
        placeholder.deleteLater()

    @Slot(bool)
    def _on_seen(self, seen: bool) -> None:
        """Make a panel that is looked at for the first time, in a turn of the event loop of its own, once the start is over."""
        dock = self.sender()
        if not isinstance(dock, QDockWidget):
            return
        (self._in_view.add if seen else self._in_view.discard)(dock.windowTitle())
        self.panel_seen.emit()
        if seen and self._fitted is not None:
            QTimer.singleShot(0, self._make_seen)

    @Slot()
    def _make_seen(self) -> None:
        for line in PANELS:
            if not self._is_closing and line.title in self._in_view and line.title not in self._panels:
                self._make_panel(line)

    def panel(self, title: str) -> Panel:
        """Return the panel *title*, once it has been seen.

        Raises
        ------
        LookupError
            Before that, or when there is none of this name.
        """
        if title not in self._panels:
            raise LookupError(f"the panel {title} was not seen yet")
        return self._panels[title]

    def is_made(self, title: str) -> bool:
        """True when the panel *title* has been seen."""
        return title in self._panels

    def focusNextPrevChild(self, next: bool) -> bool:
        """Let Tab pass over panels behind another's tab: Qt takes them for visible, but nobody sees them."""
        first = QApplication.focusWidget()
        moved = super().focusNextPrevChild(next)
        while moved and (focus := QApplication.focusWidget()) is not first and self._is_behind(focus):
            moved = super().focusNextPrevChild(next)
        return moved

    def _is_behind(self, widget: QWidget | None) -> bool:
        behind = (dock for title, dock in self._docks.items() if title not in self._in_view)
        return widget is not None and any(dock.isAncestorOf(widget) for dock in behind)

    @property
    def panel_in_front(self) -> str:
        """Title of the panel that is looked at."""
        return next((line.title for line in PANELS if line.title in self._in_view), PANELS[0].title)

    def panel_states(self) -> dict[str, Mapping[str, str | float]]:
        """Return what comes back of each panel with the session."""
        made = {title: panel.state() for title, panel in self._panels.items()}
        return {title: state for title, state in {**self._states, **made}.items() if state}

    def restore_panels(self, states: Mapping[str, Mapping[str, str | float]], front: str) -> None:
        """Give each panel its state, those that are not made yet when they are, and bring one to the front."""
        self._states = {title: state for title, state in states.items() if title not in self._panels}
        for title in states.keys() & self._panels.keys():
            self._panels[title].restore_state(states[title])
        if front in self._docks:
            self.turn_to(front)

    def turn_to(self, title: str) -> None:
        """Bring the panel *title* to the front."""
        dock = self._docks[title]
        dock.show()
        dock.raise_()

    def _restore_layout(self) -> None:
        self.resize(1360, 860)
        self.restoreGeometry(self.settings.layout("window"))
        self.restoreState(self.settings.layout("docks"))

    def open(self, paths: Sequence[Path]) -> None:
        """Read and analyse files and folders; before the window is complete they wait for it."""
        if self._is_painted and not self._to_open:
            self.analyse.files_given.emit(tuple(paths))
        else:
            self._to_open += tuple(paths)

    @property
    def fitted(self) -> FittedView:
        """The picture of the particle, once the start has come so far.

        Raises
        ------
        AttributeError
            Before that.
        """
        if self._fitted is None:
            raise AttributeError("the 3-D view is not there yet")
        return self._fitted

    @property
    def is_shown(self) -> bool:
        """True when every panel shows the session as it is."""
        fitted = self._fitted_presenter is None or self._fitted_presenter.is_shown
        return fitted and all(panel.is_shown for panel in self._panels.values())

    # -- the start, stage by stage -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint; the first time, go on with what takes longer."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.stage_reached.emit("first paint")
            QTimer.singleShot(0, self._add_plots)

    @Slot()
    def _add_plots(self) -> None:
        if self._is_closing:
            return
        from lnpgui.plots.curve_plot import CurvePlot

        self.analyse.set_plot(CurvePlot(self.themes.current))
        self.stage_reached.emit("plots")
        QTimer.singleShot(0, self._add_particle)

    @Slot()
    def _add_particle(self) -> None:
        if self._is_closing:
            return
        from lnpgui.panels.fitted.presenter import FittedPresenter
        from lnpgui.panels.fitted.view import FittedView

        self._fitted = FittedView(self.themes.current)
        self._fitted_presenter = FittedPresenter(self._fitted, self.session, self)
        self.analyse.set_particle(self._fitted)
        self.stage_reached.emit("3-D")
        QTimer.singleShot(0, self._open_waiting)
        QTimer.singleShot(0, self._make_seen)

    @Slot()
    def _open_waiting(self) -> None:
        paths, self._to_open = self._to_open, ()
        if paths and not self._is_closing:
            self.open(paths)

    @Slot(str, str)
    def _on_trouble(self, sentence: str, details: str) -> None:
        """Say once more at the foot of the window what a job of any panel died of, where the details can be copied."""
        self.notice.say(sentence, f"{faults.program()}\n\n{details}")

    def tell_last_crash(self, trace: str) -> None:
        """Say that the program did not end well the last time."""
        self.notice.say("The last time LNPScope ended by a crash, not by you. Your files are untouched.", f"{faults.program()}\n\n{trace}")

    # -- colours and the end -------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_theme(self, theme: Theme) -> None:
        if self._fitted is not None:
            self._fitted.set_theme(theme)
        for panel in self._panels.values():
            panel.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work, keep the layout, release the 3-D views (a child window is not told that it closes)."""
        if not self._is_closing:
            self._is_closing = True
            self._keep_layout()
            for panel in self._panels.values():
                panel.stop()
            workers.shut_down(CLOSE_WITHIN_MS)
            self.keeper.end()
            if self._fitted is not None:
                self._fitted.shut_down()
            for panel in self._panels.values():
                panel.shut_down()
        super().closeEvent(event)

    def _keep_layout(self) -> None:
        self.settings.keep_layout("window", self.saveGeometry())
        self.settings.keep_layout("docks", self.saveState())
        for line in PANELS:
            if line.title in self._panels:
                self.settings.keep_layout(line.key, self._panels[line.title].layout_state())
        self.settings.sync()
