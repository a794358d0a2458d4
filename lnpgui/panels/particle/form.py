"""The form of one particle, made from what it declares."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.models.parameters import Parameter
from lnpgui.widgets.parameter_field import ParameterField


class ParameterForm(QWidget):
    """A field for each parameter; those named in *whole* take whole numbers."""

    changed = Signal()

    def __init__(self, parameters: Sequence[Parameter], whole: Collection[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = {p.name: ParameterField(p, whole=p.name in whole) for p in parameters}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.setSpacing(8)
        for field in self.fields.values():
            rows.addWidget(field)
            field.changed.connect(self.changed)
        rows.addStretch(1)

    @property
    def values(self) -> dict[str, float]:
        """Values by parameter, which the model may yet refuse."""
        return {name: field.value for name, field in self.fields.items()}

    def show_refusal(self, name: str | None, sentence: str) -> None:
        """Say at the field *name* (the first, if it is none of them) what is refused; nothing takes all such words away."""
        place = name if name in self.fields else next(iter(self.fields), None)
        for key, field in self.fields.items():
            field.show_refusal(sentence if key == place else "")
