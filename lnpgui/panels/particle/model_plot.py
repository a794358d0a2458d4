"""The curve of one particle, alone or over a measured one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from engine.curve import Array, Curve
from engine.inference.analysis import Fit
from engine.units import FORM_FACTOR_UNIT
from lnpgui.plots.curve_plot import CurvePlot
from lnpgui.theme import Theme

NAME = "this particle"


class ModelPlot(CurvePlot):
    """The plot of curves, without residuals: a single particle is not expected to leave none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, has_range=False)
        self.setAccessibleName("Curve of the particle")
        self.below.hide()
        self.below.setMinimumHeight(0)
        self.below.setMaximumHeight(0)
        self.main.getAxis("bottom").setStyle(showValues=True)

    def reset_view(self) -> None:
        """Show everything, also of what comes, until the user zooms."""
        super().reset_view()
        self.main.enableAutoRange()

    def show_model(self, q: Array, intensity: Array, measured: Curve | None) -> None:
        """Draw the particle's curve, over *measured* if it is given."""
        nothing = np.zeros_like(q)
        self.show_curve(measured, Fit(q, intensity, nothing, nothing, 0.0, {}))
        self._label_axes()

    def drawn_line(self) -> tuple[Array, Array]:
        """Return the particle's curve in the coordinates of the paper."""
        x, y = self._line.getData()
        return x, y

    def _label_axes(self) -> None:
        style: dict[str, Any] = {"color": self._theme.text, "font-size": "9.5pt"}
        unit = FORM_FACTOR_UNIT if self._curve is None else "unit of the file"
        self.main.setLabel("left", f"I(q), {unit}", **style)
        self.main.setLabel("bottom", "q = 4π sin θ / λ, 1/nm", **style)

    def _draw_legend(self) -> None:
        self._legend.clear()
        self._legend.setLabelTextColor(self._theme.text)
        self._legend.setBrush(pg.mkBrush(self._theme.plot))
        if self._curve is not None:
            self._legend.addItem(self._dots, "measured")
        if self._fit is not None:
            self._legend.addItem(self._line, NAME)
