"""Two equal spheres joined by a cylinder."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ParameterError
from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length, number


@dataclass(frozen=True, kw_only=True)
class Dumbbell:
    r"""Two spheres of radius R with their centres on z, and a cylinder of radius r from centre to centre; D is the length of all.

    .. math:: F(q, u) = 2 \rho_s V f(q R) \cos(q u z_0) + \rho_b \int_{-z_0}^{z_0} e^{i q u z}
              \int_{\mathrm{bridge}(z)} J_0(q \sqrt{1-u^2} \, s) \, 2 \pi s \, ds \, dz, \quad z_0 = D/2 - R

    where the bridge is what of the cylinder lies in no sphere. Without a bridge this is Debye's :math:`2 (\rho_s V f)^2 (1 + \sin x / x)`
    with :math:`x = 2 q z_0`.

    References
    ----------
    Debye, Ann. Phys. 351 (1915) 809. With a bridge: Kaya, J. Appl. Cryst. 37 (2004) 223, doi:10.1107/S0021889804000020.
    """

    diameter: float = length(50.0, 1.0, 1000.0, "end-to-end length D along z")
    sphere_ratio: float = number(0.2, 0.05, 0.25, "radius R of a sphere, over D")
    bridge_ratio: float = number(0.08, 0.0, 0.25, "radius r of the bridge, over D, at most that of a sphere")
    sld_sphere: float = contrast(9.0, "contrast of the spheres")
    sld_bridge: float = contrast(9.0, "contrast of the bridge")

    key = "dumbbell"
    title = "Dumbbell"

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.bridge_ratio > self.sphere_ratio:
            raise ParameterError(
                f"bridge_ratio = {self.bridge_ratio} is refused; a bridge is no wider than its spheres, so give at most "
                f"sphere_ratio = {self.sphere_ratio}.",
                "bridge_ratio",
            )

    def body(self) -> Body:
        """Geometry and contrasts."""
        radius = self.sphere_ratio * self.diameter
        centre = self.diameter / 2 - radius
        return Body(
            (
                Piece("bridge", (Cylinder(self.bridge_ratio * self.diameter), Above(-centre), Below(centre))),
                Piece("sphere", (Ellipsoid(equatorial=radius, polar=radius, centre=centre),)),
                Piece("sphere", (Ellipsoid(equatorial=radius, polar=radius, centre=-centre),)),
            ),
            {"sphere": self.sld_sphere, "bridge": self.sld_bridge},
        )


REFERENCES: tuple[tuple[dict[str, float], tuple[tuple[float, float], ...]], ...] = (
    ({"bridge_ratio": 0.0}, ((0.0, 5684892135.027), (0.1, 2429504036.249), (0.7, 4826798.513105), (2.3, 22456.14356792))),
    ({"sld_bridge": 5.0}, ((0.0, 6102464342.955), (0.1, 2676479203.433), (0.7, 4841114.220233), (2.3, 24660.16935868))),
)
"""Parameters, and F² [(1e-6/Å²)² nm⁶] at some q [1/nm]. First without bridge, Debye's closed form;
then by a quadrature over height and orientation (Gauss-Legendre, 40 and more nodes each), converged to 13 digits."""
