"""A picture without its ground, from two pictures on different grounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def see_through(on_black: QImage, on_white: QImage) -> QImage:
    """Return what both show, with the opacity at which black and white shine through it; the two are equally large."""
    black, white = (_pixels(image) for image in (on_black, on_white))
    alpha = 255.0 - np.clip(white - black, 0, 255).max(axis=2)
    colour = np.where(alpha[..., None] > 0, 255.0 * black / np.maximum(alpha[..., None], 1.0), 0.0)
    result = np.ascontiguousarray(np.dstack([np.clip(colour, 0, 255), alpha]).round().astype(np.uint8))
    height, width = alpha.shape
    return QImage(result.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _pixels(image: QImage) -> NDArray[np.float64]:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(np.float64)
