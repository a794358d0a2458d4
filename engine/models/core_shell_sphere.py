"""A spherical core in a shell of even thickness."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length


@dataclass(frozen=True, kw_only=True)
class CoreShellSphere:
    r"""Sphere of diameter D with a shell of thickness t about the same centre; without a core where t >= D / 2.

    .. math:: F(q) = (\rho_c - \rho_s) V_c f(q (D/2 - t)) + \rho_s V f(q D/2), \quad f(x) = 3 (\sin x - x \cos x) / x^3

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """

    diameter: float = length(50.0, 1.0, 1000.0, "outer diameter D")
    shell_thickness: float = length(4.0, 0.0, 100.0, "shell thickness t")
    sld_core: float = contrast(16.0, "contrast of the core")
    sld_shell: float = contrast(9.0, "contrast of the shell")

    key = "core-shell-sphere"
    title = "Core-shell sphere"

    def __post_init__(self) -> None:
        check_bounds(self)

    def body(self) -> Body:
        """Geometry and contrasts."""
        outer = self.diameter / 2
        inner = outer - self.shell_thickness
        return Body(
            (
                Piece("shell", (Ellipsoid(equatorial=outer, polar=outer),)),
                Piece("core", (Ellipsoid(equatorial=inner, polar=inner),)),
            ),
            {"core": self.sld_core, "shell": self.sld_shell},
        )


REFERENCES: tuple[tuple[dict[str, float], tuple[tuple[float, float], ...]], ...] = (
    ({}, ((0.0, 740624313676.5), (0.1, 214733546208.4), (0.7, 410293.6998681), (2.3, 30679.25251314))),
)
"""Parameters, and F² [(1e-6/Å²)² nm⁶] at some q [1/nm]. Closed form, at the defaults."""
