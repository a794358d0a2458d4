"""Colours, light and dark, and how they reach the widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from types import MappingProxyType

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from lnpgui.paths import resources
from lnpgui.settings import Settings, ThemeChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """One set of colours. The types' colours are those of Okabe and Ito, told apart by colour-blind readers too."""

    name: str
    window: str
    base: str
    raised: str
    text: str
    muted: str
    border: str
    accent: str
    on_accent: str
    error: str
    plot: str
    grid: str
    data: str
    fit: str
    types: Mapping[str, str]

    @property
    def is_dark(self) -> bool:
        """True for light text on dark ground."""
        return self.name == "dark"


LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    base="#ffffff",
    raised="#ffffff",
    text="#1c2024",
    muted="#5d6670",
    border="#d3d8de",
    accent="#1d5fb4",
    on_accent="#ffffff",
    error="#b3261e",
    plot="#ffffff",
    grid="#e3e6ea",
    data="#3d4650",
    fit="#c8410b",
    types=MappingProxyType({"type 1": "#0072b2", "type 2": "#b97c00", "type 3": "#00835f", "type 4": "#b0568c", "type 5": "#6b5bb5"}),
)
DARK = Theme(
    name="dark",
    window="#1d2024",
    base="#24282d",
    raised="#272b31",
    text="#e6e8eb",
    muted="#a0a8b2",
    border="#3c424a",
    accent="#6aa8f0",
    on_accent="#10151b",
    error="#ff8a80",
    plot="#1a1d21",
    grid="#30353c",
    data="#b9c1ca",
    fit="#ff8a4c",
    types=MappingProxyType({"type 1": "#56b4e9", "type 2": "#e69f00", "type 3": "#2fc79b", "type 4": "#df8fbd", "type 5": "#a59be8"}),
)


def palette(theme: Theme) -> QPalette:
    """Qt's palette for *theme*."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.BrightText: theme.error,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.Accent: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.border,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: "#000000",
    }
    result = QPalette()
    for key, colour in colours.items():
        result.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.muted))
    return result


def icon(name: str, colour: str, size: int = 64) -> QIcon:
    """Return the icon *name* with its ``currentColor`` replaced, drawn at the usual sizes."""
    source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    renderer = QSvgRenderer(QByteArray(source.encode()))
    result = QIcon()
    for edge in (16, 24, 32, 48, size):
        pixmap = QPixmap(edge, edge)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, edge, edge))
        painter.end()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else a traffic light in a marked row takes its colour
            result.addPixmap(pixmap, mode)
    return result


def readable_on(ground: QColor, one: str, other: str) -> str:
    """Return which of two colours stands out more on *ground*, by the contrast ratio of WCAG 2."""
    at = _luminance(ground)

    def contrast(colour: str) -> float:
        low, high = sorted((at, _luminance(QColor(colour))))
        return (high + 0.05) / (low + 0.05)

    return max(one, other, key=contrast)


def _luminance(colour: QColor) -> float:
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (colour.redF(), colour.greenF(), colour.blueF()))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def set_text_scale(percent: int) -> None:
    """Show all text at so many percent of the size that the system asks for."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    usual = app.property(USUAL_SIZE)
    if usual is None:
        usual = app.font().pointSizeF()
        app.setProperty(USUAL_SIZE, usual)
    font = app.font()
    if usual > 0 and abs(font.pointSizeF() - usual * percent / 100) > 0.01:
        font.setPointSizeF(usual * percent / 100)
        app.setFont(font)


USUAL_SIZE = "usual size of text"


class Themes(QObject):
    """Keeps the application in the chosen colours and tells when they change."""

    changed = Signal(object)  # Theme

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._sheet = Template((resources() / "style.qss").read_text(encoding="utf-8"))
        self.current = LIGHT
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_change)
        self._apply()

    def choose(self, choice: ThemeChoice) -> None:
        """Follow the system, or not."""
        self._settings.theme = choice
        self._apply()

    @Slot()
    def _on_system_change(self) -> None:
        self._apply()

    def _apply(self) -> None:
        choice = self._settings.theme
        dark = choice is ThemeChoice.DARK or (choice is ThemeChoice.SYSTEM and _system_is_dark())
        self.current = DARK if dark else LIGHT
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(self.current))
            app.setStyleSheet(self._sheet.substitute({k: getattr(self.current, k) for k in _SHEET_COLOURS}))
        self.changed.emit(self.current)


_SHEET_COLOURS = ("window", "base", "raised", "text", "muted", "border", "accent", "on_accent", "error")


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
