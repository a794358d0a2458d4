"""The menus, and the dialogs that they open. Every action of the program has its entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from engine.progress import Report
from lnpgui.dialogs.settings_dialog import THEME_WORDS, Choices, SettingsDialog
from lnpgui.panels.registry import PANELS
from lnpgui.paths import example_curves, guide, log_file
from lnpgui.theme import set_text_scale
from lnpgui.workers import JobQueue

if TYPE_CHECKING:
    from lnpgui.help.window import HelpWindow
    from lnpgui.main_window import MainWindow


class Menus(QObject):
    """Fills the menu bar of the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._help: HelpWindow | None = None
        self._looking = JobQueue(self)
        self._looking.done.connect(self._on_looked)
        self._add_file_menu()
        self._add_edit_menu()
        self._add_curves_menu()
        self._add_view_menu()
        self._add_help_menu()
        window.analyse.files_given.connect(self._on_files_given)
        set_text_scale(window.settings.text_scale)
        window.session.types = window.settings.types

    def _add(self, menu: QMenu, text: str, slot: Callable[[], object], key: str | QKeySequence.StandardKey = "") -> QAction:
        action = QAction(text, self._window)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    # -- File ----------------------------------------------------------------------------------------------------------

    def _add_file_menu(self) -> None:
        window = self._window
        file = window.menuBar().addMenu("&File")
        file.addActions([window.analyse.open_action, window.analyse.open_folder_action])
        self.recent = file.addMenu("Recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self.recent.triggered.connect(self._on_path)
        self.recent.setEnabled(bool(window.settings.recent))
        examples = file.addMenu("Simulated examples")
        for path in example_curves():
            examples.addAction(path.stem.replace("_", " ").capitalize()).setData(path)
        examples.triggered.connect(self._on_path)
        session = file.addMenu("Session")
        self._add(session, "New", window.keeper.new, QKeySequence.StandardKey.New)
        self._add(session, "Open …", window.keeper.ask_open)
        self._add(session, "Save as …", window.keeper.ask_save, "Ctrl+Shift+S")
        file.addSeparator()
        self._add(file, "Settings …", self.show_settings, "Ctrl+,").setMenuRole(QAction.MenuRole.PreferencesRole)
        file.addSeparator()
        self._add(file, "Quit", window.close, QKeySequence.StandardKey.Quit).setMenuRole(QAction.MenuRole.QuitRole)

    @Slot(object)
    def _on_files_given(self, paths: Sequence[Path]) -> None:
        known = [path for path in self._window.settings.recent if path not in paths]
        self._window.settings.recent = [*paths, *known]
        self.recent.setEnabled(True)

    @Slot()
    def _fill_recent(self) -> None:
        """List what was opened lately; a worker looks which of it is gone, as a network folder may take its time to say so."""
        self.recent.clear()
        paths = self._window.settings.recent
        for path in paths:
            action = self.recent.addAction(f"{path.name}  –  {path.parent}")
            action.setData(path)
        self.recent.addSeparator()
        self.recent.addAction("Clear this list").setData(None)
        self._looking.cancel()
        self._looking.submit("recent", partial(_gone, paths))

    @Slot(object, object)
    def _on_looked(self, _: object, gone: frozenset[Path]) -> None:
        for action in self.recent.actions():
            if action.data() in gone:
                action.setEnabled(False)

    @Slot(QAction)
    def _on_path(self, action: QAction) -> None:
        if action.data() is None:
            self._window.settings.recent = ()
            self.recent.setEnabled(False)
        else:
            self._window.open([action.data()])

    # -- Edit, Curves, View --------------------------------------------------------------------------------------------

    def _add_edit_menu(self) -> None:
        edit = self._window.menuBar().addMenu("&Edit")
        stack = self._window.changes.stack
        undo, redo = stack.createUndoAction(self._window, "Undo"), stack.createRedoAction(self._window, "Redo")
        undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
        redo.setShortcut(QKeySequence("Ctrl+Shift+Z"))
        edit.addActions([undo, redo])

    def _add_curves_menu(self) -> None:
        analyse = self._window.analyse
        curves = self._window.menuBar().addMenu("&Curves")
        curves.addActions([*analyse.curve_actions, analyse.clear_action])
        curves.addSeparator()
        curves.addAction(analyse.cancel_action)

    def _add_view_menu(self) -> None:
        view = self._window.menuBar().addMenu("&View")
        for number, line in enumerate(PANELS, start=1):
            self._add(view, line.title, self._on_panel, f"Ctrl+{number}").setData(line.title)
        view.addSeparator()
        colours = view.addMenu("Colours")
        self._colours = QActionGroup(self)
        for choice, words in THEME_WORDS.items():
            action = QAction(words, self, checkable=True)
            action.setData(choice)
            action.setChecked(choice is self._window.settings.theme)
            self._colours.addAction(action)
            colours.addAction(action)
        self._colours.triggered.connect(self._on_colours)

    @Slot()
    def _on_panel(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._window.turn_to(action.data())

    @Slot(QAction)
    def _on_colours(self, action: QAction) -> None:
        self._window.themes.choose(action.data())

    # -- Settings ------------------------------------------------------------------------------------------------------

    @Slot()
    def show_settings(self) -> SettingsDialog:
        """Open the dialog of all settings."""
        settings = self._window.settings
        choices = Choices(
            theme=settings.theme,
            text_scale=settings.text_scale,
            restores_session=settings.restores_session,
            types=settings.types,
            live_seconds=settings.live_seconds,
            numbers=settings.numbers,
        )
        try:
            log: Path | None = log_file().parent
        except OSError:
            log = None
        dialog = SettingsDialog(choices, log, self._window)
        dialog.applied.connect(self._on_settings)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    @Slot(object)
    def _on_settings(self, choices: Choices) -> None:
        settings = self._window.settings
        settings.text_scale = choices.text_scale
        settings.restores_session = choices.restores_session
        settings.types = choices.types
        settings.live_seconds = choices.live_seconds
        settings.numbers = choices.numbers
        self._window.session.use_numbers(choices.numbers)
        set_text_scale(choices.text_scale)
        self._window.session.types = choices.types
        if choices.theme is not settings.theme:
            self._window.themes.choose(choices.theme)
        for action in self._colours.actions():
            action.setChecked(action.data() is choices.theme)
        settings.sync()

    # -- Help ----------------------------------------------------------------------------------------------------------

    def _add_help_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Help")
        self._add(menu, "Help on this panel", self.show_help, QKeySequence.StandardKey.HelpContents)
        self._add(menu, "Guide", self._on_page).setData("start")
        self._add(menu, "Keyboard shortcuts", self._on_page).setData("keys")
        menu.addSeparator()
        self._add(menu, "About LNPScope", self.show_about).setMenuRole(QAction.MenuRole.AboutRole)

    @Slot()
    def show_help(self) -> None:
        """Open the guide at the page of the panel in front."""
        front = self._window.panel_in_front
        self.show_page(next(line.help_page for line in PANELS if line.title == front))

    @Slot()
    def _on_page(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.show_page(action.data())

    def show_page(self, name: str) -> HelpWindow:
        """Open the guide at one of its pages."""
        from lnpgui.help.pages import pages
        from lnpgui.help.shortcuts import shortcuts_page
        from lnpgui.help.window import HelpWindow

        if self._help is None:
            keys = shortcuts_page(self._window.findChildren(QAction))
            self._help = HelpWindow([*pages(guide()), keys], guide(), self._window)
        self._help.turn_to(name)
        self._help.show()
        self._help.raise_()
        self._help.activateWindow()
        return self._help

    @Slot()
    def show_about(self) -> None:
        """Open the dialog of versions and licence."""
        from lnpgui.dialogs.about import AboutDialog, details

        dialog = AboutDialog(details(self._window.settings.active_model), self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _gone(paths: Sequence[Path], report: Report) -> frozenset[Path]:
    """Return those of *paths* that are not there."""
    return frozenset(path for path in paths if not path.exists())
