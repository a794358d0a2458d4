"""What is remembered between two starts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from engine.errors import ParameterError
from engine.io.column_choice import ColumnChoice
from engine.models.registry import LNP_TYPES
from engine.units import QUnit
from lnpgui.numbers import AS_USUAL, DIGITS, Notation, NumberFormat
from lnpgui.request import Habit, columns_from_dict, columns_to_dict


class ThemeChoice(Enum):
    """Which colours the user wants."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Settings:
    """Typed access to the stored settings; anything unreadable there counts as not set.

    Parameters
    ----------
    store : QSettings, optional
        Where to keep them; the user's own place when not given.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings()

    @property
    def theme(self) -> ThemeChoice:
        """Chosen colours."""
        try:
            return ThemeChoice(self._store.value("view/theme", ThemeChoice.SYSTEM.value))
        except ValueError:
            return ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("view/theme", choice.value)

    @property
    def folder(self) -> Path:
        """Folder in which files were last opened."""
        folder = Path(str(self._store.value("files/folder", "")))
        return folder if folder.is_dir() else Path.home()

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("files/folder", str(folder))

    @property
    def active_model(self) -> Path | None:
        """Folder of the model that the analysis asks; None: the one that comes with the program."""
        value = str(self._store.value("models/active", ""))
        return Path(value) if value and Path(value).is_dir() else None

    @active_model.setter
    def active_model(self, folder: Path | None) -> None:
        self._store.setValue("models/active", "" if folder is None else str(folder))

    @property
    def restores_session(self) -> bool:
        """Whether the curves of the last time come back at the start."""
        return str(self._store.value("session/restore", "yes")) != "no"

    @restores_session.setter
    def restores_session(self, on: bool) -> None:
        self._store.setValue("session/restore", "yes" if on else "no")

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files and folders opened lately, the newest first."""
        try:
            found = json.loads(str(self._store.value("files/recent", "[]")))
        except ValueError:
            return ()
        return tuple(Path(name) for name in found if isinstance(name, str) and name)[:RECENT] if isinstance(found, list) else ()

    @recent.setter
    def recent(self, paths: Sequence[Path]) -> None:
        self._store.setValue("files/recent", json.dumps([str(path) for path in paths][:RECENT]))

    @property
    def live_seconds(self) -> float:
        """Pause between two looks into a watched folder [s]."""
        try:
            value = float(str(self._store.value("live/seconds", LIVE_DEFAULT)))
        except ValueError:
            return LIVE_DEFAULT
        return value if LIVE_RANGE[0] <= value <= LIVE_RANGE[1] else LIVE_DEFAULT

    @live_seconds.setter
    def live_seconds(self, seconds: float) -> None:
        self._store.setValue("live/seconds", seconds)

    @property
    def types(self) -> tuple[str, ...]:
        """Candidate types of new curves."""
        chosen = str(self._store.value("analysis/types", "")).split(",")
        return tuple(key for key in LNP_TYPES if key in chosen) or LNP_TYPES

    @types.setter
    def types(self, types: Sequence[str]) -> None:
        self._store.setValue("analysis/types", ",".join(types))

    @property
    def text_scale(self) -> int:
        """Size of all text [% of the system's]."""
        try:
            value = int(str(self._store.value("view/text", 100)))
        except ValueError:
            return 100
        return value if value in TEXT_SCALES else 100

    @text_scale.setter
    def text_scale(self, percent: int) -> None:
        self._store.setValue("view/text", percent)

    @property
    def numbers(self) -> NumberFormat:
        """How numbers are written."""
        try:
            notation = Notation(self._store.value("view/notation", Notation.RANGE.value))
            digits = int(str(self._store.value("view/digits", 0))) or None
        except ValueError:
            return AS_USUAL
        return NumberFormat(notation, digits) if digits in DIGITS else AS_USUAL

    @numbers.setter
    def numbers(self, numbers: NumberFormat) -> None:
        self._store.setValue("view/notation", numbers.notation.value)
        self._store.setValue("view/digits", numbers.digits or 0)

    def layout(self, name: str) -> QByteArray:
        """Return the stored layout of the window part *name*; empty when there is none."""
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_layout(self, name: str, state: QByteArray) -> None:
        """Store the layout of the window part *name*."""
        self._store.setValue(f"layout/{name}", state)

    def confirmed_unit(self, folder: Path) -> QUnit | None:
        """Unit of q to which the user last set a file of *folder*; None when never."""
        try:
            return QUnit(self._units().get(str(folder)))
        except ValueError:
            return None

    def confirm_unit(self, folder: Path, unit: QUnit) -> None:
        """Remember that files of *folder* hold q in *unit*."""
        units = {**self._units(), str(folder): unit.value}
        newest = dict(list(units.items())[-UNIT_FOLDERS:])
        self._store.setValue("files/units", newest)

    def habit(self, folder: Path) -> Habit:
        """Return what the user confirmed for the files of *folder*."""
        columns, layout = self._columns().get(str(folder), (None, ""))
        return Habit(q_unit=self.confirmed_unit(folder), columns=columns, layout=layout)

    def confirm_columns(self, folder: Path, layout: str, columns: ColumnChoice | None) -> None:
        """Remember how files of *folder* whose tables have this *layout* are read; None forgets it."""
        known = {**self._columns(), str(folder): (columns, layout)}
        newest = [(where, choice, of) for where, (choice, of) in known.items() if choice is not None][-UNIT_FOLDERS:]
        records = {where: json.dumps({"layout": of, **columns_to_dict(choice)}) for where, choice, of in newest}
        self._store.setValue("files/columns", records)

    def _columns(self) -> dict[str, tuple[ColumnChoice | None, str]]:
        value = self._store.value("files/columns")
        found: dict[str, tuple[ColumnChoice | None, str]] = {}
        for folder, words in value.items() if isinstance(value, dict) else ():
            with contextlib.suppress(ParameterError, KeyError, TypeError, ValueError):
                record = json.loads(words)
                found[str(folder)] = columns_from_dict(record), str(record["layout"])
        return found

    def _units(self) -> dict[str, str]:
        value = self._store.value("files/units")
        return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}

    @property
    def live_folder(self) -> Path | None:
        """Folder that was last watched."""
        words = str(self._store.value("batch/live folder", ""))
        return Path(words) if words else None

    @live_folder.setter
    def live_folder(self, folder: Path) -> None:
        self._store.setValue("batch/live folder", str(folder))

    def text(self, name: str) -> str:
        """Return the text kept under *name*; empty when there is none."""
        value = self._store.value(f"text/{name}", "")
        return value if isinstance(value, str) else ""

    def keep_text(self, name: str, text: str) -> None:
        """Keep a text under *name*."""
        self._store.setValue(f"text/{name}", text)

    def sync(self) -> None:
        """Write everything to disk."""
        self._store.sync()


UNIT_FOLDERS = 200
RECENT = 10
LIVE_DEFAULT, LIVE_RANGE = 1.0, (0.2, 600.0)
TEXT_SCALES = (80, 90, 100, 110, 125, 150, 175, 200)
