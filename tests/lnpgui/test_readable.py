"""What is written and painted on colours stays readable in both themes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication

from lnpgui.theme import DARK, LIGHT, Theme, icon, readable_on
from lnpgui.view3d.overlay import draw_axes


def between(one: str, other: str, share: float) -> QColor:
    """The colour at *share* of the way from one to another."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(x + share * (y - x) for x, y in pairs))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_text_on_the_ends_of_a_scale_is_of_the_colour_that_stands_out(theme: Theme) -> None:
    assert readable_on(QColor(theme.plot), theme.plot, theme.text) == theme.text
    other = theme.text if theme.is_dark and QColor(theme.accent).lightnessF() < 0.5 else theme.plot
    assert readable_on(QColor(theme.accent), theme.plot, theme.text) == other


def test_that_text_on_a_half_deep_blue_is_light_in_dark_colours() -> None:
    assert readable_on(between(DARK.plot, DARK.accent, 0.3), DARK.plot, DARK.text) == DARK.text
    assert readable_on(between(DARK.plot, DARK.accent, 0.95), DARK.plot, DARK.text) == DARK.plot


def test_that_a_traffic_light_keeps_its_colour_in_a_marked_row(qapp: QApplication) -> None:
    light = icon("light-in-family", "#ffffff")
    plain, marked = (light.pixmap(QSize(24, 24), mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert plain == marked


def test_that_the_name_of_an_axis_that_points_away_stands_beyond_its_tip(qapp: QApplication) -> None:
    def drawn(name: str) -> QImage:
        image = QImage(80, 80, QImage.Format.Format_RGB32)
        image.fill(0xFFFFFFFF)
        painter = QPainter(image)
        draw_axes(painter, QSize(80, 80), [(name, -0.3, 0.3)], "#000000")
        painter.end()
        return image

    centre = 80 - 10 - 20 - 6
    axis, named = drawn(""), drawn("y")
    changed = [(x, y) for x in range(80) for y in range(80) if axis.pixel(x, y) != named.pixel(x, y)]
    assert changed
    assert all(max(abs(x - centre), abs(y - centre)) > 6 for x, y in changed)  # the axis itself is 6 pixels long to either side
