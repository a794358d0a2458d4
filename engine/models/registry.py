"""Every particle the program knows. A new one is one new file and one line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from engine.models.cylinder import SolidCylinder
from engine.models.half_filled import HalfFilled
from engine.models.solid_sphere import SolidSphere
from engine.models.two_compartment import TwoCompartment
from engine.models.two_lobed import TwoLobed

MODELS: MappingProxyType[str, type[Any]] = MappingProxyType(
    {model.key: model for model in (TwoLobed, HalfFilled, TwoCompartment, SolidSphere, SolidCylinder)}
)
"""Particle classes by their key."""

LNP_TYPES = ("type 1", "type 2", "type 3", "type 4")
"""Keys of the lipid nanoparticle types a curve is judged against."""
