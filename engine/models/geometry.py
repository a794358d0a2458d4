r"""Bodies of revolution about z, made of a few simple solids.

A :class:`Body` is a list of pieces painted one over the other: where pieces overlap the later one counts.
Each piece belongs to a named region, and each region has one contrast. A piece is the common part of solids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from engine.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipsoid:
    """All points with s²/a² + (z - c)²/b² <= 1, s the distance from the z axis. Empty when a semi-axis is not positive."""

    equatorial: float  # a [nm]
    polar: float  # b [nm]
    centre: float = 0.0  # c [nm]

    @property
    def is_empty(self) -> bool:
        """True when no point lies inside."""
        return self.equatorial <= 0 or self.polar <= 0


@dataclass(frozen=True, slots=True)
class Cylinder:
    """All points with s <= radius, endless along z; cut it with :class:`Above` and :class:`Below`."""

    radius: float  # [nm]

    @property
    def is_empty(self) -> bool:
        """True when no point lies inside."""
        return self.radius <= 0


@dataclass(frozen=True, slots=True)
class Above:
    """All points with z >= plane [nm]."""

    plane: float
    is_empty = False


@dataclass(frozen=True, slots=True)
class Below:
    """All points with z <= plane [nm]."""

    plane: float
    is_empty = False


Solid = Ellipsoid | Cylinder | Above | Below


@dataclass(frozen=True, slots=True)
class Piece:
    """The common part of *solids*, as a part of the region called *region*."""

    region: str
    solids: tuple[Solid, ...]

    @property
    def is_empty(self) -> bool:
        """True when one of the solids holds no point."""
        return any(solid.is_empty for solid in self.solids)


@dataclass(frozen=True, slots=True)
class Body:
    """Pieces painted in order, and the contrast [1e-6/Å²] of each region.

    Raises
    ------
    ParameterError
        If a piece names a region without contrast, or no piece bounds the body in every direction.
    """

    pieces: tuple[Piece, ...]
    contrasts: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(piece for piece in self.pieces if not piece.is_empty))
        object.__setattr__(self, "contrasts", MappingProxyType(dict(self.contrasts)))
        for piece in self.pieces:
            if piece.region not in self.contrasts:
                raise ParameterError(f"Region {piece.region!r} has no contrast; known are {', '.join(self.contrasts) or 'none'}.")
            if not _is_bounded(piece):
                raise ParameterError(
                    f"A piece of region {piece.region!r} reaches to infinity; add an ellipsoid, or planes that cut the cylinder."
                )

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order of their contrasts."""
        return tuple(self.contrasts)


def _is_bounded(piece: Piece) -> bool:
    kinds = {type(solid) for solid in piece.solids}
    return Ellipsoid in kinds or {Cylinder, Above, Below} <= kinds


@runtime_checkable
class Particle(Protocol):
    """What every shape is: a frozen dataclass of declared parameters that can say its geometry.

    ``key`` is the short stable name in files and on the command line, ``title`` the name on the screen.
    """

    @property
    def key(self) -> str:
        """Short stable name."""

    @property
    def title(self) -> str:
        """Name on the screen."""

    def body(self) -> Body:
        """Geometry and contrasts, lengths in nm; the origin is a good centre for a multipole expansion."""
