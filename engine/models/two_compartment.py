"""Type 3: two compartments."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Above, Below, Body, Piece
from engine.models.lobes import TwoLobes, septum_thickness
from engine.models.parameters import contrast


@dataclass(frozen=True, kw_only=True)
class TwoCompartment(TwoLobes):
    """Two lobes with a core each, parted by a wall of shell: core = inner A above the wall and inner B below it."""

    septum_thickness: float = septum_thickness()
    sld_core: float = contrast(16.0, "contrast of both compartments")
    sld_shell: float = contrast(9.0, "contrast of the shell and the wall")

    key = "type 3"
    title = "Two-compartment"

    def body(self) -> Body:
        """Geometry and contrasts."""
        t, half = self.shell_thickness, self.septum_thickness / 2
        return Body(
            (
                Piece("shell", (self.lobe_a(),)),
                Piece("shell", (self.lobe_b(),)),
                Piece("core", (self.lobe_a(t), Above(self.septum + half))),
                Piece("core", (self.lobe_b(t), Below(self.septum - half))),
            ),
            {"core": self.sld_core, "shell": self.sld_shell},
        )
