"""A hollow sphere: a wall with solvent on both sides."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length


@dataclass(frozen=True, kw_only=True)
class Vesicle:
    r"""Hollow sphere of outer diameter D and wall thickness t; solid where t >= D / 2.

    .. math:: F(q) = \rho_s \left[ V f(q D/2) - V_i f(q (D/2 - t)) \right] + \rho_i V_i f(q (D/2 - t)),
              \quad f(x) = 3 (\sin x - x \cos x) / x^3

    The interior has the contrast 0 of the solvent unless another is given, for a vesicle that carries something.

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """

    diameter: float = length(80.0, 1.0, 1000.0, "outer diameter D")
    shell_thickness: float = length(4.0, 0.0, 100.0, "thickness t of the wall")
    sld_interior: float = contrast(0.0, "contrast of the interior, 0 for solvent")
    sld_shell: float = contrast(9.0, "contrast of the wall")

    key = "vesicle"
    title = "Vesicle"

    def __post_init__(self) -> None:
        check_bounds(self)

    def body(self) -> Body:
        """Geometry and contrasts."""
        outer = self.diameter / 2
        inner = outer - self.shell_thickness
        return Body(
            (
                Piece("shell", (Ellipsoid(equatorial=outer, polar=outer),)),
                Piece("interior", (Ellipsoid(equatorial=inner, polar=inner),)),
            ),
            {"interior": self.sld_interior, "shell": self.sld_shell},
        )


REFERENCES: tuple[tuple[dict[str, float], tuple[tuple[float, float], ...]], ...] = (
    ({}, ((0.0, 427524263207.5), (0.1, 11016309827.58), (0.7, 297381975.0844), (2.3, 733452.6763822))),
)
"""Parameters, and F² [(1e-6/Å²)² nm⁶] at some q [1/nm]. Closed form, at the defaults."""
