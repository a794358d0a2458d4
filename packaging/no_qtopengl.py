"""Runs before the packaged program. pyqtgraph imports QtOpenGL for meshes of colours, which nothing here draws: 10 MB less without it."""

import sys
from types import ModuleType

sys.modules["PySide6.QtOpenGL"] = ModuleType("PySide6.QtOpenGL")
