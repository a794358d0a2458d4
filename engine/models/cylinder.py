"""Type 5: the cylinder, a test body."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Above, Below, Body, Cylinder, Piece
from engine.models.parameters import check_bounds, contrast, length


@dataclass(frozen=True, kw_only=True)
class SolidCylinder:
    r"""Homogeneous cylinder of radius R and height H about z.

    .. math:: F(q, u) = \rho V \, \frac{\sin(q u H/2)}{q u H/2} \, \frac{2 J_1(q R \sqrt{1-u^2})}{q R \sqrt{1-u^2}}

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """

    radius: float = length(10.0, 0.1, 500.0, "radius R")
    height: float = length(50.0, 0.1, 1000.0, "height H along z")
    sld: float = contrast(1.0, "contrast of the cylinder")

    key = "type 5"
    title = "Cylinder"

    def __post_init__(self) -> None:
        check_bounds(self)

    def body(self) -> Body:
        """Geometry and contrast."""
        half = self.height / 2
        return Body((Piece("core", (Cylinder(self.radius), Above(-half), Below(half))),), {"core": self.sld})
