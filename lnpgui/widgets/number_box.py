"""A box for numbers of any size, written as short as they can be."""

from __future__ import annotations

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

ANY = 1e30
SMALLEST_DIGIT = 40


class NumberBox(QDoubleSpinBox):
    """Takes 0.02 as well as 3.5e-11; a step is a tenth of the value."""

    def __init__(self, value: float, suffix: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(SMALLEST_DIGIT)
        self.setRange(-ANY, ANY)
        self.setKeyboardTracking(False)
        self.setSuffix(f" {suffix}" if suffix else "")
        self.setValue(value)

    def textFromValue(self, value: float) -> str:
        """Return six figures at most."""
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        """Return the number; 0 for none."""
        try:
            return float(self._bare(text).replace(",", "."))
        except ValueError:
            return 0.0

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take what is a number, and what could become one."""
        bare = self._bare(text).replace(",", ".")
        try:
            float(bare)
        except ValueError:
            could_be = bool(set(bare) <= set("0123456789.eE+-"))
            return (QValidator.State.Intermediate if could_be else QValidator.State.Invalid, text, position)
        return (QValidator.State.Acceptable, text, position)

    def stepBy(self, steps: int) -> None:
        """Go on by tenths of the value."""
        self.setValue(self.value() + steps * (abs(self.value()) / 10 or 0.1))

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip()
