"""The models a user has: those that come with the program and those trained here. Weights are not read for it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataFileError
from engine.learning.config import NAME_LETTERS
from engine.learning.model_folder import CARD, MODEL, is_model, models_in, read_json, shipped_models

MOST_ROWS = 5000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelEntry:
    """A model as a list shows it.

    ``about`` is what ``model.json`` says and ``card`` what was measured; ``fault`` says why the folder can't be read, else "".
    """

    folder: Path
    is_shipped: bool
    about: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def name(self) -> str:
        """Name of the model, or of its folder where that is not known."""
        return str(self.about.get("config", {}).get("name", self.folder.name))[:NAME_LETTERS]

    @property
    def is_calibrated(self) -> bool:
        """False for a training that was cut short."""
        return bool(self.about.get("calibration", {}).get("distances"))


def list_models(own: Path) -> tuple[ModelEntry, ...]:
    """Return the models that come with the program, then those in the folder *own*."""
    return tuple(entry(folder, is_shipped=root != own) for root in (shipped_models(), own) for folder in models_in(root))


def entry(folder: Path, *, is_shipped: bool = False) -> ModelEntry:
    """Return what a list shows of the model in *folder*."""
    try:
        about = read_json(folder / MODEL)
        card = read_json(folder / CARD) if (folder / CARD).is_file() else {}
    except (DataFileError, OSError) as error:
        return ModelEntry(folder=folder, is_shipped=is_shipped, fault=str(error))
    if not isinstance(about.get("config"), dict) or not isinstance(about.get("calibration"), dict):
        return ModelEntry(folder=folder, is_shipped=is_shipped, fault=f"{folder.name}: {MODEL} is damaged.")
    return ModelEntry(folder=folder, is_shipped=is_shipped, about=about, card=_sound(card))


def _sound(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a card that have the form they should; it may come from strangers."""
    return {name: section for name, section in card.items() if name not in _FORMS or _FORMS[name](section)}


def _rows(*keys: str) -> Callable[[Any], bool]:
    """Return whether something is a list of at most ``MOST_ROWS`` objects with numbers under all *keys*."""

    def check(section: Any) -> bool:
        rows = section if isinstance(section, list) and len(section) <= MOST_ROWS else None
        return rows is not None and all(isinstance(row, dict) and all(_is_number(row.get(key)) for key in keys) for row in rows)

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_matrix(section: Any) -> bool:
    return isinstance(section, list) and len(section) <= 20 and all(isinstance(row, list) and all(map(_is_number, row)) for row in section)


def _is_words(section: Any) -> bool:
    return isinstance(section, list) and len(section) <= 20 and all(isinstance(word, str) and len(word) < 500 for word in section)


def _is_ranks(section: Any) -> bool:
    return isinstance(section, dict) and len(section) <= 10 and _is_matrix(list(section.values()))


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "names": _is_words,
    "sentences": _is_words,
    "confusion": _is_matrix,
    "ranks": _is_ranks,
    "reliability": _rows("said", "found", "curves"),
    "parity": _rows("true", "found", "low", "high", "bound"),
    "accuracy": lambda section: isinstance(section, dict),
}


def delete_model(folder: Path, own: Path) -> None:
    """Delete a model of the user's own.

    Raises
    ------
    DataFileError
        If it lies elsewhere or is no model: nothing is deleted then.
    """
    if folder.resolve().parent != own.resolve() or not is_model(folder):
        raise DataFileError(folder, "is no model of yours; nothing was deleted.")
    doomed = folder.with_name(f".{folder.name}.deleted")
    folder.rename(doomed)  # gone from the list at once, whatever happens next
    shutil.rmtree(doomed, ignore_errors=True)


def free_folder(own: Path, name: str) -> Path:
    """Return a folder in *own* for a new model called *name*, that is not there yet."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name.strip()).strip("-")[:40] or "model"
    number = 1
    while (folder := own / (plain if number == 1 else f"{plain}-{number}")).exists():
        number += 1
    return folder
