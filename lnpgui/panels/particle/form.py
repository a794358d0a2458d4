"""The form of one model, made from what the model declares."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.models.parameters import parameters
from lnpgui.widgets.parameter_field import ParameterField


class ParameterForm(QWidget):
    """A field for each parameter of a model."""

    changed = Signal()

    def __init__(self, model: type[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.fields = {p.name: ParameterField(p, whole=isinstance(getattr(model, p.name), int)) for p in parameters(model)}
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
