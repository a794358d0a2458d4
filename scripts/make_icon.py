"""Renders resources/icons/lnpscope.svg as a picture file: ``make_icon.py TARGET.ico`` (or .icns, .png)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZE = 256


def main(target: Path) -> int:
    """Write the picture; 0 if that went well."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication([])
    image = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(Path(__file__).resolve().parents[1] / "resources" / "icons" / "lnpscope.svg")).render(painter)
    painter.end()
    written = image.save(str(target))
    del application
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
