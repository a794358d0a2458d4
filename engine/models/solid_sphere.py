"""Type 4: solid sphere."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length


@dataclass(frozen=True, kw_only=True)
class SolidSphere:
    r"""Homogeneous sphere of diameter D.

    .. math:: F(q) = \rho V \, 3 (\sin x - x \cos x) / x^3, \quad x = q D / 2

    References
    ----------
    Rayleigh, Proc. R. Soc. London A 84 (1911) 25.
    """

    diameter: float = length(50.0, 1.0, 1000.0, "diameter D")
    sld_shell: float = contrast(9.0, "contrast of the sphere")

    key = "type 4"
    title = "Solid sphere"

    def __post_init__(self) -> None:
        check_bounds(self)

    def body(self) -> Body:
        """Geometry and contrast."""
        radius = self.diameter / 2
        return Body((Piece("shell", (Ellipsoid(equatorial=radius, polar=radius),)),), {"shell": self.sld_shell})
