"""Type 2: half-filled (Janus)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Above, Below, Body, Piece
from engine.models.lobes import TwoLobes, septum_thickness
from engine.models.parameters import contrast


@dataclass(frozen=True, kw_only=True)
class HalfFilled(TwoLobes):
    """Two lobes behind a wall: core = inner A above the wall, fill = inner B below it; the rest is shell."""

    septum_thickness: float = septum_thickness()
    sld_core: float = contrast(16.0, "contrast of the core")
    sld_shell: float = contrast(9.0, "contrast of the shell and the wall")
    sld_fill: float = contrast(9.0, "contrast of the filled half")

    key = "type 2"
    title = "Half-filled (Janus)"

    def body(self) -> Body:
        """Geometry and contrasts."""
        t, half = self.shell_thickness, self.septum_thickness / 2
        return Body(
            (
                Piece("shell", (self.lobe_a(),)),
                Piece("shell", (self.lobe_b(),)),
                Piece("core", (self.lobe_a(t), Above(self.septum + half))),
                Piece("fill", (self.lobe_b(t), Below(self.septum - half))),
            ),
            {"core": self.sld_core, "shell": self.sld_shell, "fill": self.sld_fill},
        )
