"""The units that meet at the edges of the program; inside everything is nm, 1/nm and 1e-6/Å²."""

from __future__ import annotations

from enum import Enum


class QUnit(Enum):
    """Unit of the scattering vector q = 4 pi sin(theta) / lambda in a file."""

    PER_NM = "1/nm"
    PER_ANGSTROM = "1/A"

    @property
    def to_per_nm(self) -> float:
        """Factor that turns a number in this unit into 1/nm."""
        return 10.0 if self is QUnit.PER_ANGSTROM else 1.0

    @property
    def other(self) -> QUnit:
        """The unit a doubtful file would otherwise have."""
        return QUnit.PER_NM if self is QUnit.PER_ANGSTROM else QUnit.PER_ANGSTROM


SLD_UNIT = "1e-6/Å²"
"""Unit of every contrast (scattering length density less the solvent's)."""

FORM_FACTOR_UNIT = "(1e-6/Å²)² nm⁶"
"""Unit of the orientation mean of |F(q)|² of one particle. 1 of it is 1e-8 nm² = 1e-22 cm²."""
