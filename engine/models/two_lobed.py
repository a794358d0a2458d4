"""Type 1: two-lobed core-shell."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Body, Piece
from engine.models.lobes import TwoLobes
from engine.models.parameters import contrast


@dataclass(frozen=True, kw_only=True)
class TwoLobed(TwoLobes):
    """Two fused lobes with one common core: core = inner A or inner B; shell = the rest of the outer body."""

    sld_core: float = contrast(16.0, "contrast of the core")
    sld_shell: float = contrast(9.0, "contrast of the shell")

    key = "type 1"
    title = "Two-lobed core-shell"

    def body(self) -> Body:
        """Geometry and contrasts."""
        t = self.shell_thickness
        return Body(
            (
                Piece("shell", (self.lobe_a(),)),
                Piece("shell", (self.lobe_b(),)),
                Piece("core", (self.lobe_a(t),)),
                Piece("core", (self.lobe_b(t),)),
            ),
            {"core": self.sld_core, "shell": self.sld_shell},
        )
