"""The two overlapping lobes that types 1, 2 and 3 share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.models.geometry import Ellipsoid
from engine.models.parameters import check_bounds, length, number


@dataclass(frozen=True, kw_only=True)
class TwoLobes:
    r"""Lobe A, a sphere at the upper end, and lobe B, a prolate ellipsoid at the lower end, of total length D along z.

    .. math:: r_1 = 0.2857\,D, \quad r_2 = 0.3571\,D, \quad z_A = D/2 - r_1, \quad z_B = -D/2 + r_2

    A has radius r1. B has equatorial radius r1 and polar radius r2. The inner lobes have the same centres and
    every semi-axis less the shell thickness t; a lobe whose semi-axis would not be positive is absent.

    References
    ----------
    T. Li, Physics-based SAXS Simulation and ML Characterization of LNPs, Cornell University (2025).
    """

    diameter: float = length(50.0, 1.0, 1000.0, "end-to-end length D along z")
    shell_thickness: float = length(4.0, 0.0, 100.0, "shell thickness t")
    equatorial_ratio: float = number(0.2857, 0.05, 0.5, "radius of lobe A and equatorial radius of lobe B, over D")
    polar_ratio: float = number(0.3571, 0.05, 0.5, "polar radius of lobe B, over D")

    def __post_init__(self) -> None:
        check_bounds(self)

    @property
    def centre_a(self) -> float:
        """Centre of lobe A on z [nm]."""
        return self.diameter * (0.5 - self.equatorial_ratio)

    @property
    def centre_b(self) -> float:
        """Centre of lobe B on z [nm]."""
        return self.diameter * (self.polar_ratio - 0.5)

    @property
    def septum(self) -> float:
        """Plane midway between the two centres [nm]."""
        return (self.centre_a + self.centre_b) / 2

    def lobe_a(self, less: float = 0.0) -> Ellipsoid:
        """Lobe A with every semi-axis *less* nm shorter."""
        radius = self.equatorial_ratio * self.diameter - less
        return Ellipsoid(equatorial=radius, polar=radius, centre=self.centre_a)

    def lobe_b(self, less: float = 0.0) -> Ellipsoid:
        """Lobe B with every semi-axis *less* nm shorter."""
        return Ellipsoid(
            equatorial=self.equatorial_ratio * self.diameter - less, polar=self.polar_ratio * self.diameter - less, centre=self.centre_b
        )


def septum_thickness() -> Any:
    """Declare the thickness of the wall between two compartments."""
    return length(4.0, 0.0, 100.0, "thickness of the wall between the compartments")
