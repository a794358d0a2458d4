"""Measures the plot of curves: ``python -m lnpgui.plots.timing`` prints how long ten curves of 2000 points take."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import QApplication

from engine.curve import Curve
from engine.inference.analysis import Fit
from lnpgui.plots.curve_plot import CurvePlot
from lnpgui.plots.overlays import Overlay
from lnpgui.theme import LIGHT

SIZE = (900, 640)


@dataclass(frozen=True, slots=True)
class PlotTimes:
    """Medians [s] of processor time: of giving the plot new curves until they are painted, and of painting them again."""

    refresh: float
    repaint: float


def measure(curves: int = 10, points: int = 2000, rounds: int = 7) -> PlotTimes:
    """Return how long a plot of so many curves with error bars takes; an application must exist."""
    plot = CurvePlot(LIGHT)
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()  # nothing is painted before the window is on the screen
    q = np.geomspace(0.02, 3.0, points)
    refreshes, repaints = [], []
    for turn in range(rounds):
        level = 1.0 + 0.01 * turn
        intensity = level / (1 + (8 * q) ** 4) + 1e-5
        sigma = 0.03 * intensity
        fit = Fit(q, intensity, np.sin(40 * q), sigma, 1e-5, {"type 3": 0.6 * intensity, "type 4": 0.4 * intensity})
        others = [Overlay(f"curve {i}", Curve(q, (1.5 + i) * intensity, (1.5 + i) * sigma)) for i in range(curves - 1)]
        began = time.process_time()
        plot.show_others(others, scaled=False)
        plot.show_curve(Curve(q, intensity, sigma), fit)
        QApplication.processEvents()
        plot.viewport().repaint()
        painted = time.process_time()
        plot.viewport().repaint()
        refreshes.append(painted - began)
        repaints.append(time.process_time() - painted)
    plot.close()
    plot.deleteLater()
    return PlotTimes(statistics.median(refreshes), statistics.median(repaints))


def main() -> int:
    """Print the times."""
    app = QApplication(sys.argv[:1])
    times = measure()
    refresh, repaint = 1e3 * times.refresh, 1e3 * times.repaint
    sys.stdout.write(f"10 curves x 2000 points with error bars: refresh {refresh:.0f} ms, repaint {repaint:.1f} ms\n")
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
