"""What is known of a model, drawn: its losses while it learns, and the pictures of its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from lnpgui.theme import Theme, readable_on

MOST_POINTS = 2000
"""Points of a loss curve that are kept; beyond them every other one goes."""


NO_PICTURE = "No model with these figures is chosen."


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot in the colours of the theme, without menus."""

    def __init__(self, theme: Theme, name: str, bottom: str, left: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.plotItem.setMenuEnabled(False)
        self.plotItem.hideButtons()
        self.plotItem.layout.setContentsMargins(4, 10, 14, 4)  # room for half of the outermost numbers
        self._empty = pg.LabelItem(justify="center")
        self._empty.setParentItem(self.plotItem.vb)
        self._empty.anchor(itemPos=(0.5, 0.5), parentPos=(0.5, 0.5))
        self._said = ""
        self._titles = {"bottom": bottom, "left": left}
        self._legend = self.plotItem.addLegend(offset=(-8, 8), labelTextSize="9pt", verSpacing=-4)
        self.setAccessibleName(name)
        for side in self._titles:
            self.plotItem.getAxis(side).enableAutoSIPrefix(False)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.setBackground(theme.plot)
        for side, title in self._titles.items():
            axis = self.plotItem.getAxis(side)
            axis.setPen(theme.muted)
            axis.setTextPen(theme.text)
            axis.setLabel(title, color=theme.text)
        self._legend.setLabelTextColor(theme.text)
        self._empty.setText(self._said, color=theme.muted)
        self._draw()

    @property
    def said(self) -> str:
        """What stands in the place of a picture, where there is none."""
        return self._said

    def _say(self, words: str) -> None:
        """Say why there is no picture, and hide the axes; no words show them."""
        if words == self._said:
            return
        self._said = words
        self._empty.setText(words, color=self._theme.muted)
        for side in self._titles:
            self.plotItem.showAxis(side, show=not words)

    def _draw(self) -> None:
        """Draw everything anew."""

    def _diagonal(self) -> None:
        self.plotItem.plot([0, 1], [0, 1], pen=pg.mkPen(self._theme.muted, style=pg.QtCore.Qt.PenStyle.DashLine))


class LossPlot(_Plot):
    """Both losses, in training and in validation, against the number of curves seen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._training: list[tuple[float, float, float]] = []
        self._validation: list[tuple[float, float, float]] = []
        super().__init__(theme, "Loss while training", "curves seen (millions)", "loss", parent)

    def clear_losses(self) -> None:
        """Begin anew."""
        self._training, self._validation = [], []
        self._draw()

    def add_training(self, curves: float, entropy: float, density: float) -> None:
        """Add the losses of the last steps."""
        self._training.append((curves / 1e6, entropy, density))
        if len(self._training) > MOST_POINTS:
            self._training = self._training[::2]
        self._draw()

    def add_validation(self, curves: float, entropy: float, density: float) -> None:
        """Add the losses on the curves kept apart."""
        self._validation.append((curves / 1e6, entropy, density))
        self._draw()

    @property
    def points(self) -> tuple[int, int]:
        """How many points of training and validation are drawn."""
        return len(self._training), len(self._validation)

    def _draw(self) -> None:
        self.plotItem.clear()
        self._say("" if self._training or self._validation else "Nothing is trained yet.")
        styles = (("types", 1, self._theme.accent), ("sizes and shares", 2, self._theme.types.get("type 3", self._theme.text)))
        for words, column, colour in styles:
            if self._training:
                x, y = np.array(self._training)[:, [0, column]].T
                self.plotItem.plot(x, y, pen=pg.mkPen(colour, width=1), name=words)
            if self._validation:
                x, y = np.array(self._validation)[:, [0, column]].T
                self.plotItem.plot(
                    x, y, pen=None, symbol="o", symbolSize=6, symbolBrush=colour, symbolPen=None, name=f"{words}, kept apart"
                )


class _CardPlot(_Plot):
    """One section of a model's card, or the words that there is none."""

    section = ""

    def __init__(self, theme: Theme, name: str, bottom: str, left: str, parent: QWidget | None = None) -> None:
        self._card: Mapping[str, Any] = {}
        super().__init__(theme, name, bottom, left, parent)

    def show_card(self, card: Mapping[str, Any]) -> None:
        """Draw the section of *card*."""
        self._card = card
        self._draw()

    def _draw(self) -> None:
        self.plotItem.clear()
        section = self._drawable()
        self._say("" if section else NO_PICTURE)
        if section:
            self._draw_section(section)

    def _drawable(self) -> Any:
        """Return what is to be drawn; something empty where the card has no such section."""
        return self._card.get(self.section, ())

    def _draw_section(self, section: Any) -> None:
        """Draw what is there."""


class ReliabilityPlot(_CardPlot):
    """How often the network is right when it says so sure."""

    section = "reliability"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Are the probabilities true?", "probability said", "share right", parent)

    def _draw_section(self, section: Any) -> None:
        self._diagonal()
        said, found = [row["said"] for row in section], [row["found"] for row in section]
        self.plotItem.plot(
            said, found, pen=pg.mkPen(self._theme.accent, width=2), symbol="o", symbolBrush=self._theme.accent, symbolPen=None
        )
        self.plotItem.setRange(xRange=(0, 1), yRange=(0, 1))


class RankPlot(_CardPlot):
    """Ranks of the truth among draws: flat where intervals mean what they say."""

    section = "ranks"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Are the intervals true?", "rank of the truth among draws", "density", parent)

    def _draw_section(self, section: Any) -> None:
        self.plotItem.addItem(pg.InfiniteLine(1, angle=0, pen=pg.mkPen(self._theme.muted)))
        colours = list(self._theme.types.values())
        for (kind, counts), colour in zip(section.items(), colours, strict=False):
            edges = np.linspace(0, 1, len(counts) + 1)
            density = np.asarray(counts, dtype=float) * len(counts) / max(sum(counts), 1)
            self.plotItem.plot(edges, density, stepMode="center", pen=pg.mkPen(colour, width=2), name=kind)
        self.plotItem.setRange(xRange=(0, 1), yRange=(0, 2))


class ParityPlot(_CardPlot):
    """True number fraction against the one found, with its 90 % interval and the least error that physics allows."""

    section = "parity"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Fractions of mixtures of two", "true number fraction", "found", parent)

    def _draw_section(self, section: Any) -> None:
        self._diagonal()
        true, found, low, high, bound = (np.array([row[key] for row in section]) for key in ("true", "found", "low", "high", "bound"))
        order = np.argsort(true)
        muted = pg.mkColor(self._theme.muted)
        muted.setAlphaF(0.5)
        self.plotItem.addItem(
            pg.ErrorBarItem(x=true, y=found, top=np.maximum(high - found, 0), bottom=np.maximum(found - low, 0), pen=muted)
        )
        self.plotItem.plot(
            true, found, pen=None, symbol="o", symbolSize=4, symbolBrush=self._theme.accent, symbolPen=None, name="network alone"
        )
        for sign, name in ((1.645, "least 90 % error"), (-1.645, None)):
            smooth = _running_median(true[order] + sign * bound[order])
            self.plotItem.plot(true[order], smooth, pen=pg.mkPen(self._theme.types.get("type 4", self._theme.text), width=1), name=name)
        self.plotItem.setRange(xRange=(0, 1), yRange=(0, 1))


def _running_median(values: Any, half: int = 12) -> Any:
    return np.array([np.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))])


class ConfusionPlot(_CardPlot):
    """Which sets of types are taken for which: a row for each true one."""

    section = "confusion"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Which types are taken for which", "said", "true", parent)

    def _drawable(self) -> Any:
        names, matrix = self._card.get("names", ()), super()._drawable()
        return matrix if len(matrix) == len(names) and all(len(row) == len(names) for row in matrix) else ()

    def _draw_section(self, section: Any) -> None:
        names, matrix = self._card["names"], np.array(section, dtype=float)
        share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        image = pg.ImageItem(share, axisOrder="row-major", levels=(0, 1))
        colours = pg.ColorMap([0.0, 1.0], [pg.mkColor(self._theme.plot), pg.mkColor(self._theme.accent)])
        image.setColorMap(colours)
        self.plotItem.addItem(image)
        small = self.font()
        small.setPointSizeF(0.85 * small.pointSizeF())
        for (row, column), value in np.ndenumerate(share):
            if value >= 0.05:
                colour = readable_on(colours.map(value, mode="qcolor"), self._theme.plot, self._theme.text)
                text = pg.TextItem(f"{value:.0%}", color=colour, anchor=(0.5, 0.5))
                text.setFont(small)
                text.setPos(column + 0.5, row + 0.5)
                self.plotItem.addItem(text, ignoreBounds=True)
        ticks = [(place + 0.5, _short(name)) for place, name in enumerate(names)]
        for side in ("bottom", "left"):
            self.plotItem.getAxis(side).setTicks([ticks])
            self.plotItem.getAxis(side).setStyle(tickFont=small)
        self.plotItem.invertY(True)
        self.plotItem.setRange(xRange=(0, len(names)), yRange=(0, len(names)), padding=0.01)


def _short(name: str) -> str:
    """Return "1+3" for "type 1 + type 3", and "≥ 3" for three or more."""
    return "≥ 3" if name.startswith("three") else name.replace("type ", "").replace(" ", "")
