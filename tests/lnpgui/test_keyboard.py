"""Every panel without a mouse: all that can be used has a name and a hint, and the Tab key comes to it and goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gui_fakes import write_curve
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QRadioButton,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from lnpgui.main_window import MainWindow
from lnpgui.panels.registry import PANELS

Drop = Callable[..., bool]
CONTROL = Qt.KeyboardModifier.ControlModifier
KINDS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractSlider, QAbstractItemView, QTabBar)
MOST_TABS = 250


def is_part_of_another(widget: QWidget) -> bool:
    """True for what Qt puts inside a control: the field of a spin box, the arrows of a row of tabs, the head of a table."""
    if isinstance(widget, (QScrollBar, QHeaderView)):
        return True
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractItemView) and isinstance(widget, QAbstractButton):
        return True  # the corner of a table
    if isinstance(parent, QTabBar):
        return True
    return isinstance(parent, (QAbstractSpinBox, QComboBox))


def controls(root: QWidget) -> list[QWidget]:
    """Return everything in *root* that can be used now."""
    found = [widget for kind in KINDS for widget in root.findChildren(kind)]
    return [w for w in dict.fromkeys(found) if w.isVisibleTo(root.window()) and w.isEnabled() and not is_part_of_another(w)]


def spoken(widget: QWidget) -> str:
    """Return the name a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def told(widget: QWidget) -> str:
    """Return what tells one control from the others, for a failed test."""
    return f"{type(widget).__name__} “{spoken(widget) or widget.objectName() or widget.parentWidget()}”"


def walked(qtbot: QtBot, start: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Return what gets the focus, one after another, by pressing Tab from *start* until it comes to a place a second time."""
    start.setFocus()
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) not in seen and len(seen) < MOST_TABS:
        assert focus is not None
        seen.append(focus)
        qtbot.keyClick(focus, key)
    assert len(seen) > 1, f"Tab stays at {told(start)}"
    return seen


def is_reached(widget: QWidget, walked_through: list[QWidget]) -> bool:
    """True when Tab comes to a control, to a part of it, or to another button of its group, where the arrow keys go on."""
    if widget in walked_through or any(widget.isAncestorOf(other) for other in walked_through):
        return True
    if isinstance(widget, QRadioButton):
        group = widget.group().buttons() if widget.group() is not None else widget.parentWidget().findChildren(QRadioButton)
        return any(button in walked_through for button in group)
    if isinstance(widget, QAbstractButton) and widget.group() is not None and widget.group().exclusive():
        return any(button in walked_through for button in widget.group().buttons())
    return False


def is_elsewhere(widget: QWidget, window: MainWindow, view: QWidget) -> bool:
    """True for what lies in a panel that is not in front: who tabs there sees nothing."""
    panels = [window.panel(line.title).widget for line in PANELS if window.is_made(line.title)]
    return any(panel is not view and panel.isAncestorOf(widget) for panel in panels)


@pytest.fixture
def full(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> MainWindow:
    """A window with analysed curves."""
    drop(window, [write_curve(tmp_path / f"{i}.dat", points=60) for i in range(2)])
    qtbot.waitUntil(lambda: len(window.session.entries) == 2 and not window.presenter.is_busy and window.is_shown)
    return window


def turn_to(qtbot: QtBot, window: MainWindow, number: int) -> QWidget:
    """Bring a panel to the front by its key, and return its view."""
    title = PANELS[number].title
    qtbot.keyClick(window, getattr(Qt.Key, f"Key_{number + 1}"), CONTROL)
    qtbot.waitUntil(lambda: window.panel_in_front == title and window.is_made(title) and window.is_shown, timeout=30_000)
    return window.panel(title).widget


@pytest.mark.parametrize("number", range(len(PANELS)), ids=[line.title for line in PANELS])
def test_that_every_control_of_a_panel_has_a_name_and_a_hint_and_is_reached_by_tab(qtbot: QtBot, full: MainWindow, number: int) -> None:
    view = turn_to(qtbot, full, number)
    found = controls(view)
    assert len(found) > 5
    assert [told(w) for w in found if not spoken(w)] == []
    assert [told(w) for w in found if not w.toolTip() and not isinstance(w, QTabBar)] == []
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        reached = walked(qtbot, found[0], key)
        assert [told(w) for w in found if not is_reached(w, reached)] == []
        assert [told(w) for w in reached if is_elsewhere(w, full, view)] == []


def test_that_every_panel_and_menu_has_a_key(qtbot: QtBot, full: MainWindow) -> None:
    for number in (*range(1, len(PANELS)), 0):
        turn_to(qtbot, full, number)
    titles = [action.text() for action in full.menuBar().actions()]
    keys = [title[title.index("&") + 1].lower() for title in titles if "&" in title]
    assert len(keys) == len(titles)
    assert len(set(keys)) == len(keys), titles


def test_that_the_settings_are_reached_by_the_keyboard_alone(qtbot: QtBot, full: MainWindow) -> None:
    dialog: QDialog = full.menus.show_settings()
    qtbot.waitUntil(dialog.isVisible)
    dialog.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None and dialog.isAncestorOf(QApplication.focusWidget()))
    found = controls(dialog)
    assert [told(w) for w in found if not spoken(w)] == []
    reached = walked(qtbot, found[0])
    assert [told(w) for w in found if not is_reached(w, reached)] == []
    dialog.reject()
