"""Shells about the same centre with gaps between them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ParameterError
from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length, number


@dataclass(frozen=True, kw_only=True)
class Onion:
    r"""Sphere of diameter D made of n shells of thickness t with gaps of thickness g between them, and a core in the middle.

    .. math:: F(q) = \sum_k (\rho_k - \rho_{k-1}) V(R_k) f(q R_k), \quad f(x) = 3 (\sin x - x \cos x) / x^3

    with the radii from outside, R = D/2, D/2 - t, D/2 - t - g, ..., and the contrasts shell, gap, shell, ..., core, after the
    solvent's 0. The core has the radius D/2 - n t - (n - 1) g. A layer whose radius would not be positive is absent.

    References
    ----------
    Guinier and Fournet, Small-Angle Scattering of X-Rays, Wiley (1955).
    """

    diameter: float = length(50.0, 1.0, 1000.0, "outer diameter D")
    shells: int = number(3, 1, 20, "number n of shells, a whole number")
    shell_thickness: float = length(4.0, 0.0, 100.0, "thickness t of a shell")
    gap_thickness: float = length(2.0, 0.0, 100.0, "thickness g of a gap")
    sld_core: float = contrast(16.0, "contrast of the core")
    sld_shell: float = contrast(9.0, "contrast of the shells")
    sld_gap: float = contrast(0.0, "contrast of the gaps, 0 for solvent")

    key = "onion"
    title = "Onion"

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.shells != int(self.shells):
            raise ParameterError(f"shells = {self.shells} is refused; give a whole number.", "shells")

    @property
    def core_radius(self) -> float:
        """Radius of the core [nm]; without a core not positive."""
        return self.diameter / 2 - self.shells * self.shell_thickness - (self.shells - 1) * self.gap_thickness

    def body(self) -> Body:
        """Geometry and contrasts."""
        period = self.shell_thickness + self.gap_thickness
        pieces = []
        for i in range(int(self.shells)):
            outer = self.diameter / 2 - i * period
            pieces += [_ball("shell", outer), _ball("gap", outer - self.shell_thickness)]
        pieces[-1] = _ball("core", self.core_radius)
        return Body(tuple(pieces), {"core": self.sld_core, "shell": self.sld_shell, "gap": self.sld_gap})


def _ball(region: str, radius: float) -> Piece:
    return Piece(region, (Ellipsoid(equatorial=radius, polar=radius),))


REFERENCES: tuple[tuple[dict[str, float], tuple[tuple[float, float], ...]], ...] = (
    ({}, ((0.0, 226063351340.8), (0.1, 58415930282.14), (0.7, 56372081.91736), (2.3, 1337477.704781))),
)
"""Parameters, and F² [(1e-6/Å²)² nm⁶] at some q [1/nm]. Closed form, at the defaults: radii 25, 21, 19, 15, 13, 9 nm."""
