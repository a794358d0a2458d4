"""Draws the one-page report of a verdict: one A4 page, the same as PDF and as PNG. Works without a display."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPainterPath,
    QPdfWriter,
    QPen,
    QPolygonF,
)

from engine.curve import Array, Curve
from engine.errors import DataFileError
from engine.io.aside import written_aside
from engine.io.report import ReportContent, Row, Section
from lnpgui.theme import LIGHT
from lnpgui.view3d.contrast_colours import colours, largest

WIDTH, HEIGHT = 2100.0, 2970.0
"""The page, in tenths of a millimetre."""

PDF_DPI = 300
PNG_WIDTH = 1654
"""Pixels; 200 dots per inch."""

LEFT, RIGHT, TOP, BOTTOM = 130.0, 1970.0, 120.0, 2860.0
TITLE, HEAD, BODY, SMALL, TABLE = 56, 40, 33, 28, 26
"""Heights of letters."""

GUTTER = 26.0
"""Space between the columns of a table."""

LONGEST_WORD = 60
"""Longer words, such as paths, may be broken anywhere."""

STATUS_COLOURS = {"in family": "#00835f", "doubtful": "#b97c00", "outside": "#b3261e"}
MOST_POINTS = 4000
LOWEST_SHOWN = 1e-7
"""Intensities below this share of the largest are not drawn; a difference of two noisy curves can be as small as it likes."""


def save(content: ReportContent, pdf: Path, png: Path) -> None:
    """Write the report as PDF and as PNG, each whole or not at all.

    Raises
    ------
    DataFileError
        If a file cannot be written.
    """
    _application()
    for path, drawn in ((pdf, _pdf(content, pdf)), (png, _png(content, png))):
        with written_aside(path) as aside:
            aside.write_bytes(drawn)


def picture(content: ReportContent) -> QImage:
    """Return the report as a picture."""
    image = QImage(PNG_WIDTH, round(PNG_WIDTH * HEIGHT / WIDTH), QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(PNG_WIDTH / 0.21))
    image.setDotsPerMeterY(round(PNG_WIDTH / 0.21))
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.scale(image.width() / WIDTH, image.height() / HEIGHT)
    _draw(painter, content)
    painter.end()
    return image


def _png(content: ReportContent, png: Path) -> bytes:
    memory = QBuffer()
    memory.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture(content).save(memory, "PNG"):  # type: ignore[call-overload]
        raise DataFileError(png, "the picture cannot be made. Close other programs, memory may be short.")
    return bytes(memory.data().data())


def _pdf(content: ReportContent, pdf: Path) -> bytes:
    """Return the page; made in memory, as Qt does not tell when a disk is full."""
    memory = QBuffer()
    memory.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(memory)
    writer.setPageLayout(QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setResolution(PDF_DPI)
    writer.setTitle(f"{content.name}: {content.status}")
    writer.setCreator(content.footer[-1])
    painter = QPainter()
    if not painter.begin(writer):
        raise DataFileError(pdf, "the page cannot be made. Close other programs, memory may be short.")
    painter.scale(writer.width() / WIDTH, writer.height() / HEIGHT)
    _draw(painter, content)
    if not painter.end():
        raise DataFileError(pdf, "the page cannot be made. Close other programs, memory may be short.")
    return bytes(memory.data().data())


def _application() -> QGuiApplication:
    """Return the running application, or one that needs no display; letters need one."""
    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    return _own_application()


@lru_cache(maxsize=1)  # it must outlive every picture, and there can be only one
def _own_application() -> QGuiApplication:
    return QGuiApplication([sys.argv[0], *(["-platform", "offscreen"] if sys.platform == "linux" else [])])


def _draw(painter: QPainter, content: ReportContent) -> None:
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    y = _head(painter, content)
    y = _plots(painter, content, y + 20)
    below = y + 40
    middle = 1400.0 if content.sections else RIGHT
    y = _tables(painter, content, QRectF(LEFT, below, middle - LEFT - 30, 1000))
    if content.sections:
        y = max(y, _particles(painter, content.sections[:2], QRectF(middle, below, RIGHT - middle, 620)))
    _reading(painter, content, y + 20)
    _text(painter, QRectF(LEFT, BOTTOM - 5, RIGHT - LEFT, 90), " · ".join(content.footer), SMALL, LIGHT.muted)


def _head(painter: QPainter, content: ReportContent) -> float:
    """Draw name, status, verdict and reasons; return where they end."""
    y = _text(painter, QRectF(LEFT, TOP, RIGHT - LEFT - 380, 70), _elided(content.name, TITLE, RIGHT - LEFT - 380), TITLE, bold=True)
    badge = QRectF(RIGHT - 340, TOP + 4, 340, 64)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(STATUS_COLOURS.get(content.status, LIGHT.muted)))
    painter.drawRoundedRect(badge, 32, 32)
    painter.setFont(_font(HEAD, bold=True))
    painter.setPen(QColor("white"))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, content.status)
    y = _text(painter, QRectF(LEFT, y + 18, RIGHT - LEFT, 160), content.sentence, HEAD, bold=True)
    return _lines(painter, content.reasons, QRectF(LEFT, y + 8, RIGHT - LEFT, 260), BODY)


def _plots(painter: QPainter, content: ReportContent, top: float) -> float:
    """Draw the curve with its fit, and the residuals below; return where they end."""
    area = QRectF(LEFT + 130, top + 20, RIGHT - LEFT - 150, 1000)
    below = QRectF(area.left(), area.bottom() + 24, area.width(), 260)
    visible = content.measured.q > 0
    x_range = _padded_log(content.measured.q[visible])
    _curve_plot(painter, area, content, x_range)
    _residual_plot(painter, below, content, x_range)
    _x_axis(painter, below, x_range)
    return below.bottom() + 100


def _curve_plot(painter: QPainter, area: QRectF, content: ReportContent, x_range: tuple[float, float]) -> None:
    curve = content.measured
    positive = curve.intensity[curve.intensity > LOWEST_SHOWN * curve.intensity.max()]
    shown = np.concatenate([positive, content.fit[content.fit > 0]]) if positive.size or (content.fit > 0).any() else np.ones(1)
    y_range = _padded_log(shown)
    _frame(painter, area, "Intensity (unit of the file)")
    for power in range(math.ceil(y_range[0]), math.floor(y_range[1]) + 1):
        y = _at(power, y_range, area.bottom(), area.top())
        _grid_line(painter, QPointF(area.left(), y), QPointF(area.right(), y))
        _label(painter, QRectF(area.left() - 160, y - 22, 148, 44), f"10{_superscript(power)}", Qt.AlignmentFlag.AlignRight)
    painter.save()
    painter.setClipRect(area)
    _points(painter, area, curve, x_range, y_range)
    for kind, values in content.components.items():
        _line(painter, area, content.q, values, x_range, y_range, QPen(QColor(LIGHT.types.get(kind, LIGHT.muted)), 4, Qt.PenStyle.DashLine))
    _line(painter, area, content.q, content.fit, x_range, y_range, QPen(QColor(LIGHT.fit), 6))
    painter.restore()
    _legend(painter, area, content)


def _points(painter: QPainter, area: QRectF, curve: Curve, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
    step = max(1, len(curve) // MOST_POINTS)
    painter.setPen(QPen(QColor(LIGHT.data), 2))
    painter.setBrush(QColor(LIGHT.data))
    for i in range(0, len(curve), step):
        q, value = float(curve.q[i]), float(curve.intensity[i])
        if q <= 0 or value <= 0:
            continue
        x, y = _at(math.log10(q), x_range, area.left(), area.right()), _at(math.log10(value), y_range, area.bottom(), area.top())
        painter.drawEllipse(QPointF(x, y), 4, 4)
        if curve.sigma is not None:
            sigma = float(curve.sigma[i])
            ends = [math.log10(max(value + side * sigma, value * 1e-3)) for side in (-1, 1)]
            painter.drawLine(*(QPointF(x, _at(end, y_range, area.bottom(), area.top())) for end in ends))


def _legend(painter: QPainter, area: QRectF, content: ReportContent) -> None:
    items = [("measured, ± 1 sigma", LIGHT.data), ("fit", LIGHT.fit)]
    items += [(f"{kind} alone", LIGHT.types.get(kind, LIGHT.muted)) for kind in content.components]
    for i, (words, colour) in enumerate(items):
        y = area.bottom() - 40 - 46 * (len(items) - 1 - i)
        painter.setPen(QPen(QColor(colour), 6))
        painter.drawLine(QPointF(area.left() + 30, y), QPointF(area.left() + 90, y))
        _label(painter, QRectF(area.left() + 110, y - 24, 600, 48), words, Qt.AlignmentFlag.AlignLeft)


def _residual_plot(painter: QPainter, area: QRectF, content: ReportContent, x_range: tuple[float, float]) -> None:
    finite = content.residuals[np.isfinite(content.residuals)]
    end = float(np.clip(np.ceil(np.percentile(np.abs(finite), 99.5)) if finite.size else 1, 3, 1e6))
    _frame(painter, area, "Residuals / sigma")
    for value in (-end, 0.0, end):
        y = _at(value, (-1.15 * end, 1.15 * end), area.bottom(), area.top())
        _grid_line(painter, QPointF(area.left(), y), QPointF(area.right(), y))
        _label(painter, QRectF(area.left() - 160, y - 22, 148, 44), f"{value:+.0f}" if value else "0", Qt.AlignmentFlag.AlignRight)
    painter.save()
    painter.setClipRect(area)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(LIGHT.data))
    step = max(1, content.q.size // MOST_POINTS)
    for q, value in zip(content.q[::step].tolist(), content.residuals[::step].tolist(), strict=True):
        if q > 0 and math.isfinite(value):
            x = _at(math.log10(q), x_range, area.left(), area.right())
            painter.drawEllipse(QPointF(x, _at(value, (-1.15 * end, 1.15 * end), area.bottom(), area.top())), 4, 4)
    painter.restore()


def _x_axis(painter: QPainter, area: QRectF, x_range: tuple[float, float]) -> None:
    for value in _log_ticks(x_range):
        x = _at(math.log10(value), x_range, area.left(), area.right())
        painter.setPen(QPen(QColor(LIGHT.text), 3))
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 10))
        _label(painter, QRectF(x - 80, area.bottom() + 12, 160, 40), f"{value:g}", Qt.AlignmentFlag.AlignHCenter)
    _label(painter, QRectF(area.left(), area.bottom() + 52, area.width(), 44), "q [1/nm]", Qt.AlignmentFlag.AlignHCenter)


def _log_ticks(log_range: tuple[float, float]) -> list[float]:
    powers = range(math.floor(log_range[0]), math.ceil(log_range[1]) + 1)
    steps = (1,) if log_range[1] - log_range[0] > 4 else (1, 2, 5)
    return [step * 10.0**power for power in powers for step in steps if log_range[0] <= math.log10(step) + power <= log_range[1]]


def _tables(painter: QPainter, content: ReportContent, area: QRectF) -> float:
    """Draw the tables below each other and return where they end."""
    tables = (
        ("Fractions, 90 % interval", ("by number", "by volume", "by scattering"), content.fractions),
        ("Sizes [nm], 90 % interval", ("mean D", "sd of D", "equal sphere", "Rg"), content.sizes),
        ("Most probable", ("probability",), content.hypotheses),
    )
    y = area.top()
    for title, heads, rows in tables:
        if rows:
            y = _table(painter, area, y, Row(title, heads), rows) + 18
    return _text(painter, QRectF(area.left(), y, area.width(), 120), content.goodness, SMALL)


def _table(painter: QPainter, area: QRectF, y: float, head: Row, rows: Sequence[Row]) -> float:
    """Draw a table, in smaller letters where it would be wider than *area*; return where it ends."""
    lines = [(row.title, *row.cells) for row in (head, *rows)]
    bold, plain = QFontMetricsF(_font(TABLE, bold=True)), QFontMetricsF(_font(TABLE))
    widths = [
        GUTTER + max(bold.horizontalAdvance(column[0]), *(plain.horizontalAdvance(cell) for cell in column[1:]))
        for column in zip(*lines, strict=True)
    ]
    shrink = min(1.0, area.width() / sum(widths))
    for i, line in enumerate(lines):
        x = area.left()
        for k, (cell, width) in enumerate(zip(line, widths, strict=True)):
            colour = LIGHT.text if i else LIGHT.muted if k else LIGHT.accent
            _text(painter, QRectF(x, y, 2 * width, 60), cell, shrink * TABLE, colour, bold=i == 0 and k == 0)
            x += shrink * width
        y += 1.55 * TABLE
    return y


def _particles(painter: QPainter, sections: Sequence[Section], area: QRectF) -> float:
    """Draw the cuts side by side at one scale, with a bar of ten nanometres; return where they end."""
    sizes = [(section.labels.shape[1] * section.spacing, section.labels.shape[0] * section.spacing) for section in sections]
    gap = 30.0
    slot = (area.width() - gap * (len(sections) - 1)) / len(sections)
    scale = min(slot / max(width for width, _ in sizes), 420 / max(height for _, height in sizes))
    end = largest(value for section in sections for value in section.contrasts.values())
    tallest = scale * max(height for _, height in sizes)
    for i, (section, (width, height)) in enumerate(zip(sections, sizes, strict=True)):
        left = area.left() + i * (slot + gap)
        place = QRectF(left + (slot - scale * width) / 2, area.top() + (tallest - scale * height) / 2, scale * width, scale * height)
        painter.drawImage(place, section_image(section, end))
        words = f"{section.title}\nbest fit: D = {section.length:.1f} nm\n{section.number_fraction:.0%} by number"
        caption = QRectF(left - gap / 2, area.top() + tallest + 14, slot + gap, 130)
        _text(painter, caption, words, TABLE, align=Qt.AlignmentFlag.AlignHCenter)
    y = float(area.top() + tallest + 165)
    painter.setPen(QPen(QColor(LIGHT.text), 5))
    middle = area.center().x()
    painter.drawLine(QPointF(middle - 5 * scale, y), QPointF(middle + 5 * scale, y))
    _label(painter, QRectF(middle - 200, y + 6, 400, 40), "10 nm; cut through the axis", Qt.AlignmentFlag.AlignHCenter)
    return y + 50


def section_image(section: Section, end: float) -> QImage:
    """Return the picture of a cut, colours on a scale that ends at the contrast *end*; transparent outside."""
    table = np.zeros((len(section.contrasts) + 1, 4), dtype=np.uint8)
    for i, rgb in enumerate(colours(section.contrasts, end).values()):
        table[i] = (*rgb, 255)
    pixels = np.ascontiguousarray(table[section.labels])  # the label -1 is the last row: nothing
    height, width = section.labels.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _reading(painter: QPainter, content: ReportContent, y: float) -> None:
    y = _text(painter, QRectF(LEFT, y, RIGHT - LEFT, 60), "How the file was read", SMALL, LIGHT.accent, bold=True)
    _lines(painter, content.reading, QRectF(LEFT, y + 4, RIGHT - LEFT, BOTTOM - y - 20), SMALL)


def _lines(painter: QPainter, sentences: Sequence[str], area: QRectF, size: int) -> float:
    """Write sentences, each on lines of its own, as many as there is room for; say how many more there are."""
    y = area.top()
    for i, words in enumerate(sentences):
        needed = _height(words, size, area.width() - 40)
        rest = len(sentences) - i
        if y + needed > area.bottom() - (size * 1.5 if rest > 1 else 0):
            return _text(painter, QRectF(area.left(), y, area.width(), 60), f"… and {rest} more.", size, LIGHT.muted)
        _text(painter, QRectF(area.left(), y, 40, 60), "•", size, LIGHT.muted)
        y = _text(painter, QRectF(area.left() + 40, y, area.width() - 40, needed + 10), words, size)
    return y


def _frame(painter: QPainter, area: QRectF, title: str) -> None:
    painter.setPen(QPen(QColor(LIGHT.text), 3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
    with _turned(painter, QPointF(area.left() - 150, area.center().y())):
        _label(painter, QRectF(-300, -24, 600, 48), title, Qt.AlignmentFlag.AlignHCenter)


@contextmanager
def _turned(painter: QPainter, about: QPointF) -> Iterator[None]:
    painter.save()
    painter.translate(about)
    painter.rotate(-90)
    yield
    painter.restore()


def _grid_line(painter: QPainter, begin: QPointF, end: QPointF) -> None:
    painter.setPen(QPen(QColor(LIGHT.grid), 2))
    painter.drawLine(begin, end)


def _line(
    painter: QPainter, area: QRectF, q: Array, values: Array, x_range: tuple[float, float], y_range: tuple[float, float], pen: QPen
) -> None:
    keep = (q > 0) & (values > 0)
    x = _at(np.log10(q[keep]), x_range, area.left(), area.right())
    y = _at(np.log10(values[keep]), y_range, area.bottom(), area.top())
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(*point) for point in zip(np.atleast_1d(x).tolist(), np.atleast_1d(y).tolist(), strict=True)]))
    painter.strokePath(path, pen)


def _label(painter: QPainter, area: QRectF, words: str, side: Qt.AlignmentFlag) -> None:
    painter.setFont(_font(SMALL))
    painter.setPen(QColor(LIGHT.text))
    painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, words)


def _text(
    painter: QPainter,
    area: QRectF,
    words: str,
    size: float,
    colour: str = LIGHT.text,
    *,
    bold: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> float:
    """Write *words* from the top of *area*, broken into lines of its width; return where they end."""
    painter.setFont(_font(size, bold=bold))
    painter.setPen(QColor(colour))
    painter.drawText(area, Qt.TextFlag.TextWordWrap | align, _breakable(words))
    return area.top() + _height(words, size, area.width(), bold=bold)


def _height(words: str, size: float, width: float, *, bold: bool = False) -> float:
    area = QRectF(0, 0, width, HEIGHT)
    return QFontMetricsF(_font(size, bold=bold)).boundingRect(area, Qt.TextFlag.TextWordWrap, _breakable(words)).height()


def _breakable(words: str) -> str:
    """Return *words* with zero-width spaces in very long ones."""
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", words)


def _elided(words: str, size: float, width: float) -> str:
    return QFontMetricsF(_font(size, bold=True)).elidedText(words, Qt.TextElideMode.ElideMiddle, width)


def _font(size: float, *, bold: bool = False) -> QFont:
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", "Arial"])
    font.setPixelSize(round(size))
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _padded_log(values: Array) -> tuple[float, float]:
    low, high = math.log10(float(values.min())), math.log10(float(values.max()))
    pad = 0.03 * (high - low) + 0.02
    return low - pad, high + pad


def _at(value: Array | float, ends: tuple[float, float], first: float, last: float) -> float:
    """Return the place of *value* between *first* and *last*."""
    return first + (value - ends[0]) / (ends[1] - ends[0]) * (last - first)  # type: ignore[return-value]


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
