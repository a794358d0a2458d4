"""One number of many verdicts against time, frame or place in the list; a click on a point chooses its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.inference.analysis import Interval
from lnpgui.plots.items import ErrorBars
from lnpgui.plots.representation import Points
from lnpgui.theme import Theme
from lnpgui.wording import Light

SYMBOLS = {Light.IN_FAMILY: ("o", "#1f9254"), Light.DOUBTFUL: ("t1", "#d99600"), Light.OUTSIDE: ("s", "#c62f2f")}
"""Each status has its own colour and its own shape, as in the list of curves."""

OTHER = ("x", "#8b949e")


class Against(Enum):
    """What lies along the axis. The value is its title."""

    ORDER = "place in the list"
    FRAME = "frame number"
    TIME = "time written"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One verdict in the plot."""

    key: int
    x: float
    interval: Interval
    light: Light


class CountAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of places in a list, or of frames: whole numbers only."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return the usual steps without fractions of 1."""
        return [(step, start) for step, start in super().tickSpacing(low, high, size) if step >= 1] or [(1.0, 0.0)]


class TrendPlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws points with their 90 % bars."""

    picked = Signal(object)  # key

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems={"bottom": CountAxis("bottom")})
        self._theme = theme
        self._points: tuple[TrendPoint, ...] = ()
        self._against = Against.ORDER
        self._title = ""
        self._current: int | None = None
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        self._bars = ErrorBars()
        self._dots = pg.ScatterPlotItem(size=8, pen=None, hoverable=True, hoverSize=11, tip=None)
        self._ring = pg.ScatterPlotItem(size=15, brush=None)
        for item in (self._bars, self._ring, self._dots):
            self.addItem(item)
        self._dots.sigClicked.connect(self._on_clicked)
        self.setMinimumHeight(140)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Trend")
        self.setAccessibleDescription("One number of every verdict, in order; a click on a point chooses its curve")
        self.set_theme(theme)

    @property
    def points(self) -> tuple[TrendPoint, ...]:
        """What is drawn."""
        return self._points

    def show_points(self, points: Sequence[TrendPoint], title: str, against: Against) -> None:
        """Draw *points*; *title* says what they are, with its unit."""
        is_new = title != self._title or against is not self._against
        if against is not self._against:
            axis = pg.DateAxisItem(orientation="bottom") if against is Against.TIME else CountAxis("bottom")
            self.getPlotItem().setAxisItems({"bottom": axis})
        self._points, self._title, self._against = tuple(points), title, against
        self._draw()
        if is_new:
            self.set_theme(self._theme)
            self.getPlotItem().enableAutoRange()

    def show_current(self, key: int | None) -> None:
        """Put a ring round the point of one curve."""
        self._current = key
        at = [point for point in self._points if point.key == key]
        self._ring.setData([point.x for point in at], [point.interval.value for point in at])

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.setBackground(theme.plot)
        plot = self.getPlotItem()
        plot.showGrid(x=True, y=True, alpha=0.12)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.muted))
            axis.setTextPen(pg.mkPen(theme.text))
            axis.enableAutoSIPrefix(False)
        style = {"color": theme.text, "font-size": "9.5pt"}
        plot.setLabel("left", self._title, **style)
        plot.setLabel("bottom", self._against.value, **style)
        self._bars.set_pen(pg.mkPen(theme.muted, width=self.devicePixelRatioF()))
        self._ring.setPen(pg.mkPen(theme.accent, width=2 * self.devicePixelRatioF()))

    def position_of(self, key: int) -> QPointF:
        """Pixel of the point of one curve, in this widget's viewport."""
        point = next(point for point in self._points if point.key == key)
        scene = self.getPlotItem().vb.mapViewToScene(QPointF(point.x, point.interval.value))
        return QPointF(self.mapFromScene(scene))

    def _draw(self) -> None:
        x = np.array([point.x for point in self._points], dtype=float)
        y, low, high = (np.array([getattr(p.interval, end) for p in self._points], dtype=float) for end in ("value", "low", "high"))
        looks = [SYMBOLS.get(point.light, OTHER) for point in self._points]
        brushes = {colour: pg.mkBrush(colour) for _, colour in looks}
        self._bars.set_points(Points(x, y, low, high, np.ones(x.size, dtype=bool)))
        self._dots.setData(
            x,
            y,
            symbol=[symbol for symbol, _ in looks],
            brush=[brushes[colour] for _, colour in looks],
            data=[point.key for point in self._points],
        )
        self.show_current(self._current)

    def _on_clicked(self, _: object, spots: Sequence[pg.SpotItem]) -> None:
        if len(spots):
            self.picked.emit(spots[0].data())
