"""Reads a user's own particle from a TOML file.

.. code-block:: toml

    title = "Acorn"

    [contrasts]                 # to the solvent, in 1e-6/Å²
    shell = 9.0
    core = 16.0

    [[pieces]]                  # painted in order: where pieces overlap the later one counts
    region = "shell"
    sphere = {radius = 20.0, centre = 8.0}

    [[pieces]]                  # the common part of all that is named
    region = "core"
    ellipsoid = {equatorial = 16.0, polar = 22.0}
    above = -10.0

Lengths are in nm. A piece is the common part of its solids: ``sphere`` (radius, centre), ``ellipsoid`` (equatorial, polar, centre),
``cylinder`` (radius), and the half-spaces ``above`` and ``below`` a height z. Several ellipsoids go into one list.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataFileError, ParameterError
from engine.io.source import Source
from engine.models.geometry import Above, Below, Cylinder, Ellipsoid, Piece, Solid
from engine.models.user_particle import UserParticle

MAX_BYTES = 64 * 1024
"""Largest file; a particle of fifty pieces takes 5 kB."""

MAX_PIECES = 50
MAX_REGIONS = 10
MAX_SOLIDS = 8
"""Most solids whose common part is one piece."""

MAX_SOLIDS_IN_ALL = 60
"""Most solids of all pieces together; the surfaces cross in a number of circles that grows with the square."""

MAX_NAME = 60
"""Most characters of the title or of a region's name."""

MAX_FAULTS = 20
"""Faults told at once; more are counted."""

MIN_LENGTH, MAX_LENGTH = 0.01, 1000.0
MAX_CONTRAST = 1000.0


def read_particle(path: Path) -> UserParticle:
    """Return the particle that a TOML file describes.

    Raises
    ------
    DataFileError
        If the file can't be read, is larger than :data:`MAX_BYTES`, is no TOML, or breaks the rules above; every fault is named at
        once, each with its key.
    """
    document = _document(Path(path))
    reader = _Reader()
    wanted = reader.particle(document)
    if not reader.faults:
        try:
            return UserParticle(**wanted)
        except ParameterError as error:
            reader.faults.append(str(error))
    told = reader.faults[:MAX_FAULTS]
    if len(reader.faults) > len(told):
        told.append(f"{len(reader.faults) - len(told)} more faults follow.")
    raise DataFileError(path, " ".join(told))


def _document(path: Path) -> dict[str, Any]:
    source = Source(path)
    if source.size > MAX_BYTES:
        raise DataFileError(path, f"A particle file has at most {MAX_BYTES // 1024} kB; this one has {source.size // 1024} kB.")
    try:
        return tomllib.loads(source.data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataFileError(path, "The file is not UTF-8 text; save it with that encoding.") from error
    except RecursionError as error:
        raise DataFileError(path, "The file nests brackets too deeply to be a particle.") from error
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise DataFileError(path, f"The file is no valid TOML: {str(error)[:200]}.") from error


@dataclass
class _Reader:
    """Reads tables and collects faults; what is wrong becomes a stand-in, so that reading goes on."""

    faults: list[str] = field(default_factory=list)

    def particle(self, document: dict[str, Any]) -> dict[str, Any]:
        self._only(document, ("title", "contrasts", "pieces"), "the file")
        contrasts = self._contrasts(document.get("contrasts"))
        pieces = self._pieces(document.get("pieces"), contrasts)
        if (count := sum(len(piece.solids) for piece in pieces)) > MAX_SOLIDS_IN_ALL:
            self.faults.append(f"pieces: {count} solids in all are refused; give at most {MAX_SOLIDS_IN_ALL}.")
        for region in contrasts.keys() - {piece.region for piece in pieces}:
            self.faults.append(f"contrasts.{region}: no piece belongs to this region; remove it, or give a piece this region.")
        return {
            "title": self._name(document.get("title", "Own particle"), "title"),
            "pieces": pieces,
            "contrasts": tuple(contrasts.items()),
        }

    def _contrasts(self, table: object) -> dict[str, float]:
        if not isinstance(table, dict) or not 1 <= len(table) <= MAX_REGIONS:
            self.faults.append(
                f"contrasts: give a table [contrasts] of 1 to {MAX_REGIONS} regions, each with its number, as in core = 16.0."
            )
            return {}
        return {
            self._name(name, "contrasts"): self._number(value, f"contrasts.{name[:MAX_NAME]}", -MAX_CONTRAST, MAX_CONTRAST)
            for name, value in table.items()
        }

    def _pieces(self, tables: object, contrasts: dict[str, float]) -> tuple[Piece, ...]:
        if not isinstance(tables, list) or not 1 <= len(tables) <= MAX_PIECES:
            self.faults.append(f"pieces: give 1 to {MAX_PIECES} tables [[pieces]], one for each piece.")
            return ()
        return tuple(piece for i, table in enumerate(tables, 1) for piece in self._piece(table, f"pieces[{i}]", contrasts))

    def _piece(self, table: object, key: str, contrasts: dict[str, float]) -> Iterator[Piece]:
        if not isinstance(table, dict):
            self.faults.append(f"{key}: this must be a table [[pieces]].")
            return
        self._only(table, ("region", *_SOLIDS), key)
        region = table.get("region")
        if not isinstance(region, str) or (contrasts and region not in contrasts):
            known = ", ".join(contrasts)
            self.faults.append(f"{key}.region: {_shown(region)} is refused; name a region that has a contrast ({known}).")
            region = ""
        solids = [solid for name in _SOLIDS if name in table for solid in self._solids(table[name], name, f"{key}.{name}")]
        if not set(table) & set(_SOLIDS):
            self.faults.append(f"{key}: name at least one of {', '.join(_SOLIDS)}.")
        elif len(solids) > MAX_SOLIDS:
            self.faults.append(f"{key}: {len(solids)} solids are refused; give at most {MAX_SOLIDS}.")
        elif solids and not _is_closed(table):
            self.faults.append(f"{key}: the piece reaches to infinity; add a sphere or an ellipsoid, or cut a cylinder above and below.")
        yield Piece(region, tuple(solids))

    def _solids(self, value: object, name: str, key: str) -> Iterator[Solid]:
        """Yield one solid, or each of a list of tables."""
        if isinstance(value, list):
            if not 1 <= len(value) <= MAX_SOLIDS:
                self.faults.append(f"{key}: a list holds 1 to {MAX_SOLIDS} tables.")
                return
            for i, item in enumerate(value, 1):
                yield self._solid(item, name, f"{key}[{i}]")
        else:
            yield self._solid(value, name, key)

    def _solid(self, value: object, name: str, key: str) -> Solid:
        if name in ("above", "below"):
            height = self._number(value, key, -MAX_LENGTH, MAX_LENGTH)
            return Above(height) if name == "above" else Below(height)
        radii, make = _CURVED[name]
        allowed = radii if name == "cylinder" else (*radii, "centre")
        if not isinstance(value, dict):
            self.faults.append(f"{key}: give a table, as in {{{', '.join(f'{radius} = 10.0' for radius in radii)}}}.")
            return make({**dict.fromkeys(radii, 1.0), "centre": 0.0})
        self._only(value, allowed, key)
        numbers = {radius: self._number(value.get(radius), f"{key}.{radius}", MIN_LENGTH, MAX_LENGTH) for radius in radii}
        centre = self._number(value.get("centre", 0.0), f"{key}.centre", -MAX_LENGTH, MAX_LENGTH)
        return make({**numbers, "centre": centre})

    def _number(self, value: object, key: str, low: float, high: float) -> float:
        if value is None:
            self.faults.append(f"{key} is missing; give {low:g} to {high:g}.")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.faults.append(f"{key} = {_shown(value)} is refused; give a number from {low:g} to {high:g}.")
        else:
            return float(value)
        return 1.0

    def _name(self, value: object, key: str) -> str:
        if isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME and value.isprintable():
            return value
        self.faults.append(f"{key}: {_shown(value)} is refused as a name; give 1 to {MAX_NAME} printable characters.")
        return str(value)

    def _only(self, table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        for name in table:
            if name not in known:
                self.faults.append(f"{where} has an unknown key {_shown(name)}; known are {', '.join(known)}.")


_CURVED: dict[str, tuple[tuple[str, ...], Callable[[dict[str, float]], Solid]]] = {
    "sphere": (("radius",), lambda v: Ellipsoid(equatorial=v["radius"], polar=v["radius"], centre=v["centre"])),
    "ellipsoid": (("equatorial", "polar"), lambda v: Ellipsoid(equatorial=v["equatorial"], polar=v["polar"], centre=v["centre"])),
    "cylinder": (("radius",), lambda v: Cylinder(v["radius"])),
}
_SOLIDS = (*_CURVED, "above", "below")


def _is_closed(table: dict[str, Any]) -> bool:
    return "sphere" in table or "ellipsoid" in table or {"cylinder", "above", "below"} <= set(table)


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits
        return "what is given"
    return text if len(text) <= 60 else text[:57] + "..."
