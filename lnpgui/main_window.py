"""Assembles the window: the docks, the menus, and the stages in which it starts. No science, no plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from lnpgui import workers
from lnpgui.engine_calls import EngineCalls
from lnpgui.panels.analyse.presenter import AnalysePresenter
from lnpgui.panels.analyse.view import AnalyseView
from lnpgui.paths import example_curves
from lnpgui.session import Session
from lnpgui.settings import Settings, ThemeChoice
from lnpgui.theme import Theme, Themes, icon
from lnpgui.widgets.drop_hint import DropHint
from lnpgui.widgets.file_drop import FileDrop

if TYPE_CHECKING:
    from lnpgui.panels.batch.presenter import BatchPresenter
    from lnpgui.panels.batch.view import BatchView
    from lnpgui.panels.fitted.presenter import FittedPresenter
    from lnpgui.panels.fitted.view import FittedView
    from lnpgui.panels.particle.presenter import ParticlePresenter
    from lnpgui.panels.particle.view import ParticleView

CLOSE_WITHIN_MS = 1500
THEME_WORDS = {ThemeChoice.SYSTEM: "As the system", ThemeChoice.LIGHT: "Light", ThemeChoice.DARK: "Dark"}


class MainWindow(QMainWindow):
    """The window. It is painted first; plots and the 3-D view follow, each in a turn of the event loop of its own."""

    stage_reached = Signal(str)  # "first paint", "plots", "3-D"

    def __init__(self, settings: Settings, calls: EngineCalls | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._is_painted = False
        self._is_closing = False
        self._is_particle_wanted = False
        self._fitted: FittedView | None = None
        self._fitted_presenter: FittedPresenter | None = None
        self._particle: ParticleView | None = None
        self._particle_presenter: ParticlePresenter | None = None
        self._is_batch_wanted = False
        self._batch: BatchView | None = None
        self._batch_presenter: BatchPresenter | None = None
        self._to_open: tuple[Path, ...] = ()
        self.themes = Themes(settings, self)
        self.session = Session(self)
        self.drop = FileDrop(self)
        self.analyse = AnalyseView(self.themes.current)
        self.presenter = AnalysePresenter(self.analyse, self.session, settings, calls, self)
        self.setWindowTitle("LNPScope")
        self.setWindowIcon(icon("lnpscope", "#ffffff", 256))
        self.setDockNestingEnabled(True)
        self._docks = [self._add_dock("Analyse", self.analyse), self._add_dock("Particle", QWidget()), self._add_dock("Batch", QWidget())]
        self._set_tabs()
        self._add_menus()
        self._hint = DropHint(self)
        self.drop.watch(self)
        self.drop.dropped.connect(self.analyse.files_given)
        self.drop.hovering.connect(self._hint.setVisible)
        self.themes.changed.connect(self._on_theme)
        self._restore_layout()

    def _add_dock(self, title: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock {title}")
        dock.setWidget(panel)
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable)
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        self.drop.watch(dock)  # it may float, and is a window of its own then
        return dock

    def _set_tabs(self) -> None:
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for dock in self._docks[1:]:
            self.tabifyDockWidget(self._docks[0], dock)
        self._docks[0].raise_()
        self._docks[1].visibilityChanged.connect(self._on_particle_seen)
        self._docks[2].visibilityChanged.connect(self._on_batch_seen)

    def _add_menus(self) -> None:
        file = self.menuBar().addMenu("&File")
        file.addActions([self.analyse.open_action, self.analyse.open_folder_action])
        examples = file.addMenu("Simulated examples")
        for path in example_curves():
            action = examples.addAction(path.stem.replace("_", " ").capitalize())
            action.setData(path)
        examples.triggered.connect(self._on_example)
        file.addSeparator()
        leave = QAction("Quit", self)
        leave.setShortcut(QKeySequence(QKeySequence.StandardKey.Quit))
        leave.setMenuRole(QAction.MenuRole.QuitRole)
        leave.triggered.connect(self.close)
        file.addAction(leave)
        curves = self.menuBar().addMenu("&Curves")
        curves.addActions([self.analyse.again_action, self.analyse.cancel_action])
        curves.addSeparator()
        curves.addActions([self.analyse.remove_action, self.analyse.clear_action])
        self._add_theme_menu()

    def _add_theme_menu(self) -> None:
        view = self.menuBar().addMenu("&View")
        for number, dock in enumerate(self._docks, start=1):
            action = QAction(dock.windowTitle(), self)
            action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.triggered.connect(dock.raise_)
            view.addAction(action)
        view.addSeparator()
        colours = view.addMenu("Colours")
        group = QActionGroup(self)
        for choice, words in THEME_WORDS.items():
            action = QAction(words, self, checkable=True)
            action.setData(choice)
            action.setChecked(choice is self._settings.theme)
            group.addAction(action)
            colours.addAction(action)
        group.triggered.connect(self._on_theme_chosen)

    def _restore_layout(self) -> None:
        self.resize(1360, 860)
        self.restoreGeometry(self._settings.layout("window"))
        self.restoreState(self._settings.layout("docks"))
        self.analyse.restore_layout(self._settings.layout("analyse"))

    def open(self, paths: Sequence[Path]) -> None:
        """Read and analyse files and folders; before the window is complete they wait for it."""
        if self._is_painted and not self._to_open:
            self.analyse.files_given.emit(tuple(paths))
        else:
            self._to_open += tuple(paths)

    def turn_to(self, title: str) -> None:
        """Bring a panel to the front."""
        for dock in self._docks:
            if dock.windowTitle() == title:
                dock.raise_()

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
    def particle(self) -> ParticleView:
        """The Particle panel, once it has been seen.

        Raises
        ------
        AttributeError
            Before that.
        """
        if self._particle is None:
            raise AttributeError("the Particle panel was not seen yet")
        return self._particle

    @property
    def batch(self) -> BatchView:
        """The Batch panel, once it has been seen.

        Raises
        ------
        AttributeError
            Before that.
        """
        if self._batch is None:
            raise AttributeError("the Batch panel was not seen yet")
        return self._batch

    @property
    def is_shown(self) -> bool:
        """True when every panel shows the session as it is."""
        late = (self._fitted_presenter, self._particle_presenter, self._batch_presenter)
        return self.presenter.is_shown and all(presenter is None or presenter.is_shown for presenter in late)

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
        QTimer.singleShot(0, self._make_particle)
        QTimer.singleShot(0, self._make_batch)

    @Slot()
    def _open_waiting(self) -> None:
        paths, self._to_open = self._to_open, ()
        if paths and not self._is_closing:
            self.open(paths)

    @Slot(bool)
    def _on_particle_seen(self, seen: bool) -> None:
        """Make the Particle panel when it is first looked at: until then it costs neither time nor memory."""
        self._is_particle_wanted = seen
        if seen and self._fitted is not None:
            QTimer.singleShot(0, self._make_particle)

    @Slot()
    def _make_particle(self) -> None:
        if self._is_closing or self._particle is not None or not self._is_particle_wanted:
            return
        from lnpgui.panels.particle.presenter import ParticlePresenter
        from lnpgui.panels.particle.view import ParticleView

        self._particle = ParticleView(self.themes.current)
        self._particle_presenter = ParticlePresenter(self._particle, self.session, self)
        placeholder = self._docks[1].widget()
        self._docks[1].setWidget(self._particle)
        placeholder.deleteLater()

    @Slot(bool)
    def _on_batch_seen(self, seen: bool) -> None:
        """Make the Batch panel when it is first looked at."""
        self._is_batch_wanted = seen
        if seen and self._fitted is not None:
            QTimer.singleShot(0, self._make_batch)

    @Slot()
    def _make_batch(self) -> None:
        if self._is_closing or self._batch is not None or not self._is_batch_wanted:
            return
        from lnpgui.panels.batch.presenter import BatchPresenter
        from lnpgui.panels.batch.view import BatchView

        self._batch = BatchView(self.themes.current)
        self._batch.set_folder(self._settings.folder)
        self._batch.restore_layout(self._settings.layout("batch"))
        self._batch_presenter = BatchPresenter(self._batch, self.session, self._settings, self)
        placeholder = self._docks[2].widget()
        self._docks[2].setWidget(self._batch)
        placeholder.deleteLater()

    # -- colours and the end -------------------------------------------------------------------------------------------

    @Slot(QAction)
    def _on_example(self, action: QAction) -> None:
        self.open([action.data()])

    @Slot(QAction)
    def _on_theme_chosen(self, action: QAction) -> None:
        self.themes.choose(action.data())

    @Slot(object)
    def _on_theme(self, theme: Theme) -> None:
        self.analyse.set_theme(theme)
        if self._fitted is not None:
            self._fitted.set_theme(theme)
        if self._particle is not None:
            self._particle.set_theme(theme)
        if self._batch is not None:
            self._batch.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work, keep the layout, release the 3-D view (a child window is not told that it closes)."""
        if not self._is_closing:
            self._is_closing = True
            for name, state in (("window", self.saveGeometry()), ("docks", self.saveState()), ("analyse", self.analyse.layout_state())):
                self._settings.keep_layout(name, state)
            if self._batch is not None:
                self._settings.keep_layout("batch", self._batch.layout_state())
            self._settings.sync()
            self.presenter.cancel()
            if self._particle_presenter is not None:
                self._particle_presenter.stop()
            if self._batch_presenter is not None:
                self._batch_presenter.stop()
            workers.shut_down(CLOSE_WITHIN_MS)
            if self._fitted is not None:
                self._fitted.shut_down()
            if self._particle is not None:
                self._particle.shut_down()
        super().closeEvent(event)
