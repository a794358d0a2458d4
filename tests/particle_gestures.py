"""What tests do with the Particle panel as a user would."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDoubleSpinBox, QTabBar
from pytestqt.qtbot import QtBot

from lnpgui.main_window import MainWindow
from lnpgui.panels.particle.view import ParticleView
from lnpgui.widgets.parameter_field import ParameterField

LEFT = Qt.MouseButton.LeftButton


def tabs(window: MainWindow) -> QTabBar:
    """Return the tabs of the panels."""
    bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
    assert len(bars) == 1
    return bars[0]


def look_at(window: MainWindow, qtbot: QtBot) -> ParticleView:
    """Click on the tab of the panel and wait until it shows a curve."""
    bar = tabs(window)
    place = next(i for i in range(bar.count()) if bar.tabText(i) == "Particle")
    qtbot.mouseClick(bar, LEFT, pos=bar.tabRect(place).center())
    qtbot.waitUntil(lambda: "Particle" in window._panels)
    settled(window, qtbot)
    found = window.panel("Particle").view
    assert isinstance(found, ParticleView)
    return found


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until everything is shown."""
    qtbot.waitUntil(lambda: window.is_shown, timeout=10_000)


def field(panel: ParticleView, name: str) -> ParameterField:
    """Return the field of a parameter."""
    assert panel.form is not None
    return panel.form.fields[name]


def type_in(box: QDoubleSpinBox, words: str, qtbot: QtBot) -> None:
    """Type *words* over what stands there, and press Enter."""
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, words)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def line(panel: ParticleView) -> np.ndarray:
    """Return the drawn curve, as log10 of q and I."""
    return np.array(panel.plot.drawn_line())


def picture(panel: ParticleView) -> QImage:
    """Return the picture of the particle."""
    return panel.picture.picture.grab().toImage()
