"""Probabilities as small bars."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lnpgui.theme import Theme


class ProbabilityBars(QWidget):
    """One line for each name: the name, a bar, the percentage."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._items: tuple[tuple[str, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Probability of each type or mixture, given that the sample is a lipid nanoparticle this program knows")

    def show_items(self, items: tuple[tuple[str, float], ...]) -> None:
        """Draw *items*, each with a probability from 0 to 1."""
        self._items = items
        words = ", ".join(f"{name} {percent(p)}" for name, p in items)
        self.setAccessibleName(f"Probabilities: {words}")
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of *theme*."""
        self._theme = theme
        self.update()

    def _line_height(self) -> int:
        return self.fontMetrics().height() + 5

    def sizeHint(self) -> QSize:
        """Room for all lines."""
        return QSize(220, self._line_height() * len(self._items))

    def minimumSizeHint(self) -> QSize:
        """Narrowest that still reads."""
        return QSize(180, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, height = self.fontMetrics(), self._line_height()
        names = max((metrics.horizontalAdvance(name) for name, _ in self._items), default=0) + 10
        names = min(names, self.width() * 6 // 10)
        figures = metrics.horizontalAdvance("100.0 %") + 8
        track = max(10, self.width() - names - figures)
        middle = Qt.AlignmentFlag.AlignVCenter
        for i, (name, p) in enumerate(self._items):
            top = i * height
            painter.setPen(QColor(self._theme.text if i == 0 else self._theme.muted))
            painter.drawText(QRectF(0, top, names - 6, height), middle, metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 6))
            painter.drawText(QRectF(self.width() - figures, top, figures, height), middle | Qt.AlignmentFlag.AlignRight, percent(p))
            painter.setPen(Qt.PenStyle.NoPen)
            bar = QRectF(names, top + height / 2 - 4, track, 8)
            painter.setBrush(QColor(self._theme.grid))
            painter.drawRoundedRect(bar, 4, 4)
            if p > 0:
                painter.setBrush(QColor(self._theme.accent))
                painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(4.0, track * min(p, 1.0)), 8), 4, 4)
        painter.end()


def percent(p: float) -> str:
    """Probability in percent, never rounded to certainty."""
    if 0.9995 <= p < 1:
        return "> 99.9 %"
    if p >= 1:
        return "100 %"
    return f"{100 * p:.1f} %" if p < 0.1 or p > 0.99 else f"{100 * p:.0f} %"
