"""A measured curve with error bars in five representations, the fit and other curves over it, the normalised residuals below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from engine.curve import Array, Curve
from engine.inference.analysis import Fit
from engine.inference.guinier import GuinierFit
from lnpgui.plots.crosshair import Crosshair
from lnpgui.plots.items import DecadeAxis, ErrorBars
from lnpgui.plots.overlays import Overlay, Overlays
from lnpgui.plots.range_handles import QRange, RangeHandles
from lnpgui.plots.representation import GUINIER, LOG_LIN, LOG_LOG, Points, Representation
from lnpgui.theme import Theme

RESIDUAL_LIMIT = 8.0
"""Residuals beyond so many standard deviations are drawn at the edge, as triangles, so that the others stay readable."""


GUINIER_SHOWN = 2.5
"""The Guinier plot shows q² as far as this multiple of the fitted range."""

GUINIER_UNFITTED = 0.06
"""Without a fit it shows this share of the q range."""


LONGEST_NAME = 28
"""Letters of a curve's name in the legend."""


class CurvePlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Shows one curve and its fit, and others over it; says where the mouse is and, if it *has_range*, which range of q is wanted."""

    range_moved = Signal(float, float)
    range_chosen = Signal(object)  # QRange or None
    pointed = Signal(object)  # Pointed or None

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, has_range: bool = True) -> None:
        super().__init__(parent)
        self._has_range = has_range
        self._representation = LOG_LOG
        self._theme = theme
        self._curve: Curve | None = None
        self._fit: Fit | None = None
        self._q_range: QRange | None = None
        self._guinier: GuinierFit | None = None
        self._others: tuple[Overlay, ...] = ()
        self._in_legend: tuple[list[tuple[Any, str, str]], bool] = [], False
        self._is_scaled = False
        self._build_main()
        self._build_residuals()
        self.ci.layout.setRowStretchFactor(0, 4)
        self.ci.layout.setRowStretchFactor(1, 1)
        self.ci.layout.setSpacing(2)
        self.ci.layout.setContentsMargins(4, 6, 10, 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Measured curve, fit and residuals")
        for axis in (plot.getAxis(side) for plot in (self.main, self.below) for side in ("left", "bottom")):
            axis.setCacheMode(axis.CacheMode.DeviceCoordinateCache)  # its words take most of a repaint otherwise
        self.crosshair = Crosshair(self.main, self)
        self.crosshair.pointed.connect(self.pointed)
        self.scene().sigMouseMoved.connect(self.crosshair.move)
        self.handles = RangeHandles(self.main, LOG_LOG, self)
        self.handles.moved.connect(self._on_range_moved)
        self.handles.released.connect(self.range_chosen)
        self.overlays = Overlays()
        self.main.addItem(self.overlays)
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
        self._parts: dict[str, Any] = {}  # lines drawn besides the fit
        self._kept_parts: dict[str, Any] = {}
        self._dimmed = pg.ScatterPlotItem(size=4, pen=None)
        for item in (self._bars, self._dimmed, self._dots, self._line):
            self.main.addItem(item)
        self._legend = self.main.addLegend(offset=(12, -12), labelTextSize="9pt", verSpacing=-4)
        self._hidden = pg.LabelItem(size="8.5pt", justify="right")
        self._hidden.setParentItem(self.main.vb)
        self._hidden.anchor(itemPos=(1, 0), parentPos=(1, 0), offset=(-28, 4))  # left of the handle at the last q

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
    def representation(self) -> Representation:
        """How the curve is drawn."""
        return self._representation

    @property
    def said_of_hidden_points(self) -> str:
        """What the plot says of points that have no place on the axes."""
        return str(self._hidden.text)

    @property
    def hidden_points(self) -> int:
        """How many points of the shown curve have no place on the axes."""
        return self._points(self._curve).hidden if self._curve is not None else 0

    @property
    def dimmed_points(self) -> int:
        """How many points are drawn as not judged."""
        return len(self._dimmed.data)

    def show_curve(self, curve: Curve | None, fit: Fit | None, q_range: QRange | None = None, guinier: GuinierFit | None = None) -> None:
        """Draw *curve* and, if there is one, its *fit*; None empties the plot.

        Points outside *q_range* are dimmed. The line of *guinier* is drawn in its own representation only.
        """
        new = curve is not self._curve or (self._representation is GUINIER and guinier != self._guinier)
        self._curve, self._fit, self._q_range, self._guinier = curve, fit, q_range, guinier
        self._draw()
        if new:
            self.reset_view()

    def show_others(self, others: Sequence[Overlay], *, scaled: bool) -> None:
        """Draw further curves behind the shown one, as they are or brought to its scale."""
        same = (tuple(others), scaled) == (self._others, self._is_scaled)
        self._others, self._is_scaled = tuple(others), scaled
        self._draw_others()
        self._draw_fit()
        self._draw_legend()
        if not same:
            self.reset_view()

    def set_representation(self, representation: Representation) -> None:
        """Draw the same on other axes."""
        if representation is self._representation:
            return
        self._representation = representation
        for plot in (self.main, self.below):
            plot.getAxis("bottom").set_linear(not representation.log_x)
        self.main.getAxis("left").set_linear(not representation.log_y)
        self._label_axes()
        self._draw()
        self._draw_others()
        self.reset_view()

    def _draw(self) -> None:
        ends = None if self._curve is None else (float(self._curve.q[0]), float(self._curve.q[-1]))
        if ends is not None and self._representation.log_x and self._curve is not None:
            ends = float(self._curve.q[self._curve.q > 0][0]), ends[1]
        self.handles.place(self._representation, ends if self._has_range else None, self._q_range)
        self.crosshair.show_curve(self._curve, self._representation)
        self._draw_points()
        self._draw_fit()
        self._draw_residuals()
        self._draw_legend()

    def _on_range_moved(self, low: float, high: float) -> None:
        """Dim while a handle is dragged."""
        self._q_range = (low, high)
        self._draw_points()
        self.range_moved.emit(low, high)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from point to point with the arrow keys."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20}.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self.crosshair.step(steps)

    def leaveEvent(self, event: QEvent) -> None:
        """Stop reading when the mouse goes."""
        super().leaveEvent(event)
        self.crosshair.leave()

    def reset_view(self) -> None:
        """Show everything."""
        self.main.enableAutoRange()
        self.main.autoRange(padding=0.03)
        if self._representation is GUINIER and self._curve is not None:
            self._show_low_q(self._curve)
        self.below.enableAutoRange(axis="y", enable=False)
        self.below.setYRange(*self._residual_range(), padding=0)

    def _show_low_q(self, curve: Curve) -> None:
        last = self._guinier.q_last * GUINIER_SHOWN**0.5 if self._guinier is not None else curve.q[-1] * GUINIER_UNFITTED**0.5
        points = self._points(curve.select(curve.q <= max(last, float(curve.q[min(4, len(curve) - 1)]))))
        if points.x.size:
            self.main.setXRange(0, float(points.x[-1]), padding=0.02)
            self.main.setYRange(float(points.y.min()), float(points.y.max()), padding=0.08)

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
        self._dimmed.setBrush(pg.mkBrush(_faded(theme.data, 0.28)))
        self.handles.set_theme(theme, self.devicePixelRatioF())
        self.crosshair.set_theme(theme, self.devicePixelRatioF())
        self._residuals.setBrush(pg.mkBrush(theme.data))
        self._bars.set_pen(self._pen(_faded(theme.data, 0.45), 0.8))
        self._line.setPen(self._pen(theme.fit, 2.2))
        self._zero.setPen(self._pen(theme.muted, 1))
        self._band.setBrush(pg.mkBrush(_faded(theme.muted, 0.14)))
        self._draw_fit()
        self._draw_others()
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
        self.main.setLabel("left", self._representation.y_label, **style)
        self.below.setLabel("left", "residual / σ", **style)
        self.below.setLabel("bottom", self._representation.x_label, **style)

    def _points(self, curve: Curve) -> Points:
        return self._representation.points(curve.q, curve.intensity, self._sigma(curve))

    def _sigma(self, curve: Curve) -> Array | None:
        return curve.sigma

    def _draw_points(self) -> None:
        if self._curve is None:
            self._dots.clear()
            self._dimmed.clear()
            self._bars.set_points(None)
        else:
            points = self._points(self._curve)
            q = self._curve.q[points.shown]
            judged = np.ones(q.size, dtype=bool) if self._q_range is None else (q >= self._q_range[0]) & (q <= self._q_range[1])
            self._dots.setData(points.x[judged], points.y[judged])
            self._dimmed.setData(points.x[~judged], points.y[~judged])
            self._bars.set_points(points)
        self._draw_hidden()

    def _draw_others(self) -> None:
        self.overlays.show_overlays(self._others, self._representation, self._theme, scaled=self._is_scaled, dense=self.devicePixelRatioF())

    def _draw_hidden(self) -> None:
        n = self.hidden_points
        verb = "point is" if n == 1 else "points are"
        self._hidden.setText(f"{n} {verb} not drawn: I ≤ 0" if n else "", color=self._theme.muted)

    def _draw_fit(self) -> None:
        for item in self._parts.values():
            item.hide()
        self._parts = {}
        if self._guinier is not None and self._representation is GUINIER:
            self._draw_guinier(self._guinier)
        if self._fit is None:
            self._line.setData([], [])
            return
        self._line.setData(*self._curve_xy(self._fit.q, self._fit.intensity))
        if len(self._fit.components) > 1 and not self._others:
            for key, part in self._fit.components.items():
                self._add_part(key, part, self._theme.types.get(key, self._theme.muted), Qt.PenStyle.DashLine)
        if self._fit.background > 0:
            level = np.full(self._fit.q.size, self._fit.background)
            self._add_part("background", level, self._theme.muted, Qt.PenStyle.DotLine)

    def _draw_guinier(self, line: GuinierFit) -> None:
        """Draw the line solid where it was fitted, from q = 0 on."""
        q = np.linspace(0.0, line.q_last, 50)
        points = GUINIER.points(q, line.intensity(q))
        self._use_part("Guinier line", points.x, points.y, self._pen(self._theme.accent, 2.2), 6)

    def _add_part(self, name: str, intensity: Array, colour: str, style: Qt.PenStyle) -> None:
        if self._fit is None:
            return
        self._use_part(name, *self._curve_xy(self._fit.q, intensity), self._pen(colour, 1.5, style), 2)

    def _use_part(self, name: str, x: Array, y: Array, pen: Any, height: float) -> None:
        """Draw a line, with the item that had this name before: new ones cost the legend its time."""
        if name not in self._kept_parts:
            self._kept_parts[name] = pg.PlotCurveItem(connect="finite")
            self.main.addItem(self._kept_parts[name], ignoreBounds=True)
        item = self._parts[name] = self._kept_parts[name]
        item.setData(x, y)
        item.setPen(pen)
        item.setZValue(height)
        item.show()

    def _curve_xy(self, q: Array, intensity: Array) -> tuple[Array, Array]:
        """Line in the paper's coordinates, broken where it has no place."""
        points = self._representation.points(q, intensity)
        x = self._representation.x_of(q)
        y = np.full(q.size, np.nan)
        y[points.shown] = points.y
        return x, y

    def _draw_residuals(self) -> None:
        if self._fit is None:
            self._residuals.clear()
            return
        limit = self._residual_limit()
        y = np.clip(self._fit.residuals, -limit, limit)
        x = self._representation.x_of(self._fit.q)
        beyond = np.abs(self._fit.residuals) > limit
        symbols = np.where(beyond, np.where(y > 0, "t1", "t"), "o") if beyond.any() else "o"
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
        wanted = self._legend_items()
        at_top = bool(self._others) or self._representation not in (LOG_LOG, LOG_LIN)  # where the curves leave room
        if (wanted, at_top) == self._in_legend:
            return
        self._in_legend = wanted, at_top
        self._legend.setOffset((-12, 24) if at_top else (12, -30))
        self._legend.clear()
        self._legend.setLabelTextColor(self._theme.text)
        self._legend.setBrush(pg.mkBrush(_faded(self._theme.plot, 0.85)))
        for item, name, _ in wanted:
            self._legend.addItem(item, name)

    def _legend_items(self) -> list[tuple[Any, str, str]]:
        """What the legend shall hold, with the theme it is painted in."""
        found = [] if self._curve is None else [(self._dots, "measured")]
        if self._fit is not None:
            found.append((self._line, "best fit"))
        found += [(item, name) for name, item in self._parts.items()]
        found += [(item, name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…") for item, name in self.overlays.items]
        return [(item, name, self._theme.name) for item, name in found]

    def position_of(self, q: float, intensity: float) -> QPointF:
        """Pixel of a point of the main plot, in this widget."""
        place = self._representation.points(np.array([q]), np.array([intensity]))
        scene = self.main.vb.mapViewToScene(QPointF(float(place.x[0]), float(place.y[0])))
        return QPointF(self.mapFromScene(scene))


def _faded(colour: str, alpha: float) -> Any:
    result = pg.mkColor(colour)
    result.setAlphaF(alpha)
    return result
