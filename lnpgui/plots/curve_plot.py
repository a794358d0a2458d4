"""A measured curve with error bars, the fit over it, and the normalised residuals below."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QWidget

from engine.curve import Array, Curve
from engine.inference.analysis import Fit
from lnpgui.plots.items import DecadeAxis, ErrorBars
from lnpgui.plots.representation import LOG_LOG, Points
from lnpgui.theme import Theme

RESIDUAL_LIMIT = 8.0
"""Residuals beyond so many standard deviations are drawn at the edge, as triangles, so that the others stay readable."""


class CurvePlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Shows one curve and its fit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._representation = LOG_LOG
        self._theme = theme
        self._curve: Curve | None = None
        self._fit: Fit | None = None
        self._build_main()
        self._build_residuals()
        self.ci.layout.setRowStretchFactor(0, 4)
        self.ci.layout.setRowStretchFactor(1, 1)
        self.ci.layout.setSpacing(2)
        self.ci.layout.setContentsMargins(4, 6, 10, 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Measured curve, fit and residuals")
        self.set_theme(theme)
        self._warm_up()

    def _warm_up(self) -> None:
        """Draw once unseen: the first points take many times as long as all later ones."""
        q = np.array([0.1, 1.0])
        self.show_curve(Curve(q, q, q), Fit(q, q, 100 * q, q, 0.1, {"type 1": q, "type 2": q}))
        self.grab()
        self.show_curve(None, None)

    def _build_main(self) -> None:
        self.main = self.addPlot(0, 0, axisItems={"bottom": DecadeAxis("bottom"), "left": DecadeAxis("left")})
        self.main.setMenuEnabled(False)
        self.main.hideButtons()
        self.main.getAxis("left").setWidth(64)
        self.main.getAxis("bottom").setStyle(showValues=False)
        self._bars = ErrorBars()
        self._dots = pg.ScatterPlotItem(size=4, pen=None)
        self._line = pg.PlotCurveItem(connect="finite")
        self._line.setZValue(3)
        self._parts: dict[str, Any] = {}
        for item in (self._bars, self._dots, self._line):
            self.main.addItem(item)
        self._legend = self.main.addLegend(offset=(12, -12), labelTextSize="9pt", verSpacing=-4)
        self._hidden = pg.LabelItem(size="8.5pt", justify="right")
        self._hidden.setParentItem(self.main.vb)
        self._hidden.anchor(itemPos=(1, 0), parentPos=(1, 0), offset=(-6, 4))

    def _build_residuals(self) -> None:
        self.below = self.addPlot(1, 0, axisItems={"bottom": DecadeAxis("bottom")})
        self.below.setMenuEnabled(False)
        self.below.hideButtons()
        self.below.getAxis("left").setWidth(64)
        self.below.getAxis("left").enableAutoSIPrefix(False)
        self.below.setXLink(self.main)
        self.below.setMaximumHeight(190)
        self.below.setMinimumHeight(110)
        self._band = pg.LinearRegionItem((-2, 2), orientation="horizontal", movable=False, pen=pg.mkPen(None))
        self._zero = pg.InfiniteLine(0, angle=0)
        self._residuals = pg.ScatterPlotItem(size=4, pen=None)
        for item in (self._band, self._zero):
            self.below.addItem(item, ignoreBounds=True)
        self.below.addItem(self._residuals)

    @property
    def drawn(self) -> tuple[str, ...]:
        """Names in the legend."""
        return tuple(label.text for _, label in self._legend.items)

    @property
    def said_of_hidden_points(self) -> str:
        """What the plot says of points that have no place on the axes."""
        return str(self._hidden.text)

    @property
    def hidden_points(self) -> int:
        """How many points of the shown curve have no place on the axes."""
        return self._points(self._curve).hidden if self._curve is not None else 0

    def show_curve(self, curve: Curve | None, fit: Fit | None) -> None:
        """Draw *curve* and, if there is one, its *fit*; None empties the plot."""
        new = curve is not self._curve
        self._curve, self._fit = curve, fit
        self._draw_points()
        self._draw_fit()
        self._draw_residuals()
        self._draw_legend()
        if new:
            self.reset_view()

    def reset_view(self) -> None:
        """Show everything."""
        self.main.enableAutoRange()
        self.main.autoRange(padding=0.03)
        self.below.enableAutoRange(axis="y", enable=False)
        self.below.setYRange(*self._residual_range(), padding=0)

    def set_theme(self, theme: Theme) -> None:
        """Repaint everything in the colours of *theme*."""
        self._theme = theme
        self.setBackground(theme.plot)
        for plot in (self.main, self.below):
            plot.showGrid(x=True, y=True, alpha=0.12)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(theme.muted))
                axis.setTextPen(pg.mkPen(theme.text))
        self._label_axes()
        self._dots.setBrush(pg.mkBrush(theme.data))
        self._residuals.setBrush(pg.mkBrush(theme.data))
        self._bars.set_pen(self._pen(_faded(theme.data, 0.45), 0.8))
        self._line.setPen(self._pen(theme.fit, 2.2))
        self._zero.setPen(self._pen(theme.muted, 1))
        self._band.setBrush(pg.mkBrush(_faded(theme.muted, 0.14)))
        self._draw_fit()
        self._draw_legend()
        self._draw_hidden()

    def _pen(self, colour: Any, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> Any:
        """Pen of *width* points: pyqtgraph's are as wide in pixels of the screen, however dense it is."""
        return pg.mkPen(colour, width=width * self.devicePixelRatioF(), style=style)

    def changeEvent(self, event: QEvent) -> None:
        """Draw with wider pens on a denser screen."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.set_theme(self._theme)

    def _label_axes(self) -> None:
        style = {"color": self._theme.text, "font-size": "9.5pt"}
        self.main.setLabel("left", "I(q), unit of the file", **style)
        self.below.setLabel("left", "residual / σ", **style)
        self.below.setLabel("bottom", "q = 4π sin θ / λ, 1/nm", **style)

    def _points(self, curve: Curve) -> Points:
        return self._representation.points(curve.q, curve.intensity, self._sigma(curve))

    def _sigma(self, curve: Curve) -> Array | None:
        return curve.sigma

    def _draw_points(self) -> None:
        if self._curve is None:
            self._dots.clear()
            self._bars.set_points(None)
        else:
            points = self._points(self._curve)
            self._dots.setData(points.x, points.y)
            self._bars.set_points(points)
        self._draw_hidden()

    def _draw_hidden(self) -> None:
        n = self.hidden_points
        verb = "point is" if n == 1 else "points are"
        self._hidden.setText(f"{n} {verb} not drawn: I ≤ 0" if n else "", color=self._theme.muted)

    def _draw_fit(self) -> None:
        for item in self._parts.values():
            self.main.removeItem(item)
        self._parts = {}
        if self._fit is None:
            self._line.setData([], [])
            return
        self._line.setData(*self._curve_xy(self._fit.q, self._fit.intensity))
        if len(self._fit.components) > 1:
            for key, part in self._fit.components.items():
                self._add_part(key, part, self._theme.types.get(key, self._theme.muted), Qt.PenStyle.DashLine)
        if self._fit.background > 0:
            level = np.full(self._fit.q.size, self._fit.background)
            self._add_part("background", level, self._theme.muted, Qt.PenStyle.DotLine)

    def _add_part(self, name: str, intensity: Array, colour: str, style: Qt.PenStyle) -> None:
        if self._fit is None:
            return
        item = pg.PlotCurveItem(connect="finite", pen=self._pen(colour, 1.5, style))
        item.setData(*self._curve_xy(self._fit.q, intensity))
        item.setZValue(2)
        self.main.addItem(item, ignoreBounds=True)
        self._parts[name] = item

    def _curve_xy(self, q: Array, intensity: Array) -> tuple[Array, Array]:
        """Line in the paper's coordinates, broken where it has no place."""
        points = self._representation.points(q, intensity)
        x = np.log10(np.maximum(q, 1e-300)) if self._representation.log_x else q
        y = np.full(q.size, np.nan)
        y[points.shown] = points.y
        return x, y

    def _draw_residuals(self) -> None:
        if self._fit is None:
            self._residuals.clear()
            return
        limit = self._residual_limit()
        y = np.clip(self._fit.residuals, -limit, limit)
        x = np.log10(np.maximum(self._fit.q, 1e-300)) if self._representation.log_x else self._fit.q
        beyond = np.abs(self._fit.residuals) > limit
        symbols = np.where(beyond, np.where(y > 0, "t1", "t"), "o")
        self._residuals.setData(x, y, symbol=symbols)
        self.below.setYRange(*self._residual_range(), padding=0)

    def _residual_limit(self) -> float:
        if self._fit is None or self._fit.residuals.size == 0:
            return 4.0
        return float(np.clip(np.quantile(np.abs(self._fit.residuals), 0.99), 3.5, RESIDUAL_LIMIT))

    def _residual_range(self) -> tuple[float, float]:
        limit = self._residual_limit() * 1.12
        return -limit, limit

    def _draw_legend(self) -> None:
        self._legend.clear()
        self._legend.setLabelTextColor(self._theme.text)
        self._legend.setBrush(pg.mkBrush(_faded(self._theme.plot, 0.85)))
        if self._curve is not None:
            self._legend.addItem(self._dots, "measured")
        if self._fit is not None:
            self._legend.addItem(self._line, "best fit")
        for name, item in self._parts.items():
            self._legend.addItem(item, name)

    def position_of(self, q: float, intensity: float) -> QPointF:
        """Pixel of a point of the main plot, in this widget."""
        place = self._representation.points(np.array([q]), np.array([intensity]))
        scene = self.main.vb.mapViewToScene(QPointF(float(place.x[0]), float(place.y[0])))
        return QPointF(self.mapFromScene(scene))


def _faded(colour: str, alpha: float) -> Any:
    result = pg.mkColor(colour)
    result.setAlphaF(alpha)
    return result
