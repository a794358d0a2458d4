"""The simulated curve: alone with its noise and its parts, or over a measured one with what remains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from engine.curve import Array, Curve
from engine.inference.analysis import Fit
from engine.units import FORM_FACTOR_UNIT
from lnpgui.plots.curve_plot import CurvePlot
from lnpgui.theme import Theme

UNIT = f"{FORM_FACTOR_UNIT} × scale"


class SimulatedPlot(CurvePlot):
    """The plot of curves, with the names of what is simulated."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._names = ("with noise", "simulated")
        self._unit = UNIT
        super().__init__(theme, parent, has_range=False)  # nothing is judged here
        self.setAccessibleName("Simulated curve, its parts and residuals")

    def show_simulated(self, curve: Curve, ideal: Array, background: float, parts: Mapping[str, Array]) -> None:
        """Draw a simulated curve with its noise, and what is behind it."""
        self._names, self._unit = ("with noise", "without noise"), UNIT
        sigma = curve.sigma if curve.sigma is not None else np.ones(curve.q.size)
        residuals = (curve.intensity - ideal) / sigma
        self.show_curve(curve if curve.sigma is not None else None, Fit(curve.q, ideal, residuals, sigma, background, parts))

    def show_over(self, measured: Curve, q: Array, intensity: Array, residuals: Array | None, background: float) -> None:
        """Draw the ideal simulated curve over a measured one."""
        self._names, self._unit = ("measured", "simulated"), "unit of the file"
        nothing = np.zeros(q.size)
        sigma = measured.sigma if measured.sigma is not None else nothing + 1
        self.show_curve(measured, Fit(q, intensity, nothing if residuals is None else residuals, sigma, background, {}))

    def drawn_line(self) -> tuple[Array, Array]:
        """Return the ideal curve in the coordinates of the paper."""
        x, y = self._line.getData()
        return x, y

    def _label_axes(self) -> None:
        super()._label_axes()
        self.main.setLabel("left", f"I(q), {self._unit}", **{"color": self._theme.text, "font-size": "9.5pt"})

    def _draw_legend(self) -> None:
        self._label_axes()
        self._legend.clear()
        self._legend.setLabelTextColor(self._theme.text)
        self._legend.setBrush(pg.mkBrush(self._theme.plot))
        if self._curve is not None:
            self._legend.addItem(self._dots, self._names[0])
        if self._fit is not None:
            self._legend.addItem(self._line, self._names[1])
        for name, item in self._parts.items():
            self._legend.addItem(item, name)
