"""Where the particle of the panel comes from: a model of the program, a user's own file, or a voxel map."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.models.geometry import Particle
from engine.models.parameters import Parameter, parameters
from engine.models.registry import MODELS
from engine.models.user_particle import UserParticle
from engine.models.voxel_map import SPACINGS, VoxelMap
from engine.progress import Report, Step
from engine.units import SLD_UNIT

if TYPE_CHECKING:
    from engine.io.volumes.volume import Volume

MAPS = (".mat", ".mrc", ".npy", ".map", ".ccp4")
PARTICLES = (".toml",)
MAX_CONTRAST = 1000.0


class Source(Protocol):
    """Makes particles from the values of a form."""

    @property
    def title(self) -> str:
        """Name on the screen."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the form asks for."""

    @property
    def whole(self) -> tuple[str, ...]:
        """Parameters that are whole numbers."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, in sentences."""

    def make(self, values: Mapping[str, float]) -> Particle | VoxelMap:
        """Return the particle with these values; it may refuse them."""


@dataclass(frozen=True)
class ModelSource:
    """A model of the registry."""

    key: str

    @property
    def model(self) -> type[Any]:
        """Its class."""
        return MODELS[self.key]

    @property
    def title(self) -> str:
        """Name on the screen."""
        return str(self.model.title)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the model declares."""
        return parameters(self.model)

    @property
    def whole(self) -> tuple[str, ...]:
        """Parameters whose default is a whole number."""
        return tuple(p.name for p in self.parameters if isinstance(getattr(self.model, p.name), int))

    notes: tuple[str, ...] = ()

    def make(self, values: Mapping[str, float]) -> Particle:
        """Return the particle with these values."""
        particle: Particle = self.model(**values)
        return particle


@dataclass(frozen=True)
class OwnSource:
    """A user's own particle; its contrasts can be changed here, its pieces in the file."""

    name: str
    particle: UserParticle
    whole: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name on the screen."""
        return self.particle.title

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """A contrast for each region."""
        return tuple(
            Parameter(f"sld_{region}", SLD_UNIT, value, -MAX_CONTRAST, MAX_CONTRAST, f"contrast of the {region}")
            for region, value in self.particle.contrasts
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Where its geometry is changed."""
        return (f"From {self.name}; its pieces are changed there.",)

    def make(self, values: Mapping[str, float]) -> Particle:
        """Return the particle with these contrasts."""
        contrasts = tuple((region, values[f"sld_{region}"]) for region, _ in self.particle.contrasts)
        return dataclasses.replace(self.particle, contrasts=contrasts)


@dataclass(frozen=True, eq=False)
class MapSource:
    """A voxel map; its voxels' edge can be changed."""

    name: str
    volume: Volume
    whole: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name on the screen."""
        return self.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The edge of a voxel."""
        return (Parameter("spacing", "nm", self.volume.map.spacing, *SPACINGS, "edge of a voxel"),)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was read."""
        words = [f"{self.volume.format_name}.", *(f"{note[:1].upper()}{note[1:]}." for note in self.volume.notes)]
        return tuple(words)

    def make(self, values: Mapping[str, float]) -> VoxelMap:
        """Return the map with voxels of this edge."""
        spacing = values["spacing"]
        return self.volume.map if spacing == self.volume.map.spacing else dataclasses.replace(self.volume.map, spacing=spacing)


MODEL_SOURCES = {key: ModelSource(key) for key in MODELS}


def load(path: Path, report: Report) -> Source:
    """Return what a file holds: a user's particle (``.toml``) or a voxel map.

    Raises
    ------
    DataFileError
        If it is neither, or refused.
    """
    report(Step(0, 1, f"reading {path.name}"))
    if path.suffix.lower() in PARTICLES:
        from engine.io.particles import read_particle

        return OwnSource(path.name, read_particle(path))
    from engine.io.volumes.registry import read_volume

    return MapSource(path.name, read_volume(path))


def loader(path: Path) -> partial[Source]:
    """Return the work of loading *path*."""
    return partial(load, path)
