"""Every particle the program knows. A new one is one new file and one line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from engine.models.core_shell_ellipsoid import CoreShellEllipsoid
from engine.models.core_shell_sphere import CoreShellSphere
from engine.models.cylinder import SolidCylinder
from engine.models.dumbbell import Dumbbell
from engine.models.half_filled import HalfFilled
from engine.models.onion import Onion
from engine.models.solid_sphere import SolidSphere
from engine.models.two_compartment import TwoCompartment
from engine.models.two_lobed import TwoLobed
from engine.models.vesicle import Vesicle

MODELS: MappingProxyType[str, type[Any]] = MappingProxyType(
    {
        model.key: model
        for model in (
            TwoLobed,
            HalfFilled,
            TwoCompartment,
            SolidSphere,
            SolidCylinder,
            CoreShellSphere,
            CoreShellEllipsoid,
            Vesicle,
            Onion,
            Dumbbell,
        )
    }
)
"""Particle classes by their key."""

LNP_TYPES = ("type 1", "type 2", "type 3", "type 4")
"""Keys of the lipid nanoparticle types a curve is judged against."""
