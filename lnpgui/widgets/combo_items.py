"""Choices that are there but can't be chosen now."""

from __future__ import annotations

from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox


def enable_item(box: QComboBox, index: int, *, enabled: bool) -> None:
    """Let an item of *box* be chosen, or show it grey."""
    model = box.model()
    item = model.item(index) if isinstance(model, QStandardItemModel) else None
    if item is not None:
        item.setEnabled(enabled)
