"""The panels as lines of a table, and what the window asks of each."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from lnpgui.main_window import MainWindow
from lnpgui.panels.registry import PANELS, Line


@pytest.mark.parametrize("line", PANELS, ids=lambda line: line.title)
def test_that_every_panel_opens_by_its_key_and_offers_what_the_window_asks_for(qtbot: QtBot, window: MainWindow, line: Line) -> None:
    qtbot.keyClick(window, Qt.Key(Qt.Key.Key_1 + PANELS.index(line)), Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: line.title in window._panels, timeout=20_000)
    panel = window.panel(line.title)
    qtbot.waitUntil(lambda: panel.is_shown, timeout=20_000)
    assert panel.widget.isVisible()
    panel.set_theme(window.themes.current)
    panel.restore_layout(panel.layout_state())
    window.close()  # and the fixtures see to it that nothing is left


def test_that_only_what_is_looked_at_is_made(window: MainWindow) -> None:
    assert list(window._panels) == [PANELS[0].title]


def test_that_no_two_menu_entries_have_the_same_shortcut(window: MainWindow) -> None:
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts() if action.isEnabled()]
    assert len(keys) == len(set(keys)), sorted(keys)
