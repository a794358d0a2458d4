"""A prolate ellipsoid with a shell."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.geometry import Body, Ellipsoid, Piece
from engine.models.parameters import check_bounds, contrast, length, number


@dataclass(frozen=True, kw_only=True)
class CoreShellEllipsoid:
    r"""Prolate ellipsoid of revolution of length D; every semi-axis of its core is less by the shell thickness t.

    .. math:: F(q, u) = (\rho_c - \rho_s) V_c f(x_{-t}) + \rho_s V f(x_0), \quad f(x) = 3 (\sin x - x \cos x) / x^3

    .. math:: x_{-t} = q \sqrt{(a - t)^2 (1 - u^2) + (b - t)^2 u^2}, \quad b = D/2, \quad a = b / \epsilon

    where :math:`\epsilon \ge 1` is the axial ratio. Without a core where t >= a.

    References
    ----------
    Kotlarchyk and Chen, J. Chem. Phys. 79 (1983) 2461, doi:10.1063/1.446055.
    """

    diameter: float = length(50.0, 1.0, 1000.0, "end-to-end length D along z")
    axial_ratio: float = number(1.5, 1.0, 20.0, "length over width of the outer surface")
    shell_thickness: float = length(4.0, 0.0, 100.0, "shell thickness t along the axes")
    sld_core: float = contrast(16.0, "contrast of the core")
    sld_shell: float = contrast(9.0, "contrast of the shell")

    key = "core-shell-ellipsoid"
    title = "Core-shell ellipsoid"

    def __post_init__(self) -> None:
        check_bounds(self)

    def body(self) -> Body:
        """Geometry and contrasts."""
        polar = self.diameter / 2
        equatorial, t = polar / self.axial_ratio, self.shell_thickness
        return Body(
            (
                Piece("shell", (Ellipsoid(equatorial=equatorial, polar=polar),)),
                Piece("core", (Ellipsoid(equatorial=equatorial - t, polar=polar - t),)),
            ),
            {"core": self.sld_core, "shell": self.sld_shell},
        )


REFERENCES: tuple[tuple[dict[str, float], tuple[tuple[float, float], ...]], ...] = (
    ({}, ((0.0, 130027600875.4), (0.1, 62767956554.44), (0.7, 2170341.219791), (2.3, 19908.66171668))),
)
"""Parameters, and F² [(1e-6/Å²)² nm⁶] at some q [1/nm].
The equation above, averaged over u by 400 Gauss-Legendre nodes, at the defaults."""
