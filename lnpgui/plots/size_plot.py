"""The size distributions of a verdict with their bands, and the sizes that q can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.inference.size_bands import SizeBand
from lnpgui.theme import Theme

MOST_EMPTY = 2.0
"""The axis goes at most so many times as far as the largest size."""


class SizePlot(pg.PlotWidget):  # type: ignore[misc]
    """Shows one distribution for each type of the sample."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bands: Sequence[SizeBand] = ()
        self._visible: tuple[float, float] | None = None
        self._items: list[Any] = []
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        self._legend = plot.addLegend(offset=(-12, 12), labelTextSize="9pt", verSpacing=-4)
        self._seen = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None))
        self._seen.setZValue(-10)
        plot.addItem(self._seen, ignoreBounds=True)
        for side in ("left", "bottom"):
            plot.getAxis(side).enableAutoSIPrefix(False)
        plot.getAxis("left").setWidth(64)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Size distribution of each type, with the sizes the data can see")
        self.set_theme(theme)

    @property
    def drawn(self) -> tuple[str, ...]:
        """Names in the legend."""
        return tuple(label.text for _, label in self._legend.items)

    @property
    def seen(self) -> tuple[float, float] | None:
        """Shaded sizes [nm]."""
        return self._visible

    def show_sizes(self, bands: Sequence[SizeBand], visible: tuple[float, float] | None) -> None:
        """Draw *bands*, and shade the sizes that are *visible* to the data."""
        self._bands, self._visible = bands, visible
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.setBackground(theme.plot)
        plot = self.getPlotItem()
        plot.showGrid(x=True, y=True, alpha=0.12)
        style = {"color": theme.text, "font-size": "9.5pt"}
        plot.setLabel("bottom", "size D, nm", **style)
        plot.setLabel("left", "particles per nm, share of all", **style)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.muted))
            axis.setTextPen(pg.mkPen(theme.text))
        self._draw()

    def _draw(self) -> None:
        plot = self.getPlotItem()
        for item in self._items:
            plot.removeItem(item)
        self._items = []
        self._legend.clear()
        self._legend.setLabelTextColor(self._theme.text)
        shade = pg.mkColor(self._theme.accent)
        shade.setAlphaF(0.08)
        self._seen.setBrush(pg.mkBrush(shade))
        self._seen.setVisible(self._visible is not None)
        if self._visible is not None:
            self._seen.setRegion(self._visible)
        for band in self._bands:
            self._draw_band(band)
        plot.enableAutoRange()
        if self._visible is not None:
            last = max((float(band.diameter[-1]) for band in self._bands), default=self._visible[1])
            plot.setXRange(0, min(max(last, 1.1 * self._visible[1]), MOST_EMPTY * last), padding=0.01)

    def _draw_band(self, band: SizeBand) -> None:
        plot = self.getPlotItem()
        colour = self._theme.types.get(band.kind, self._theme.text)
        edges = [pg.PlotCurveItem(band.diameter, values, pen=pg.mkPen(None)) for values in (band.low, band.high)]
        faint = pg.mkColor(colour)
        faint.setAlphaF(0.22)
        between = pg.FillBetweenItem(*edges, brush=pg.mkBrush(faint))
        line = pg.PlotCurveItem(band.diameter, band.density, pen=pg.mkPen(colour, width=2 * self.devicePixelRatioF()))
        for item in (*edges, between, line):
            plot.addItem(item)
            self._items.append(item)
        self._legend.addItem(line, f"{band.kind}, with 90 % band")
