"""A particle that a user describes by pieces."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ParameterError
from engine.models.geometry import Body, Piece
from engine.models.properties import properties


@dataclass(frozen=True, kw_only=True)
class UserParticle:
    """Body of revolution about z, of pieces painted in order: where two overlap the later one counts.

    Parameters
    ----------
    title : str
        Name on the screen.
    pieces : tuple of Piece
        At least one.
    contrasts : tuple of (str, float)
        Regions and their contrasts [1e-6/Å²].

    Raises
    ------
    ParameterError
        If a piece is unbounded or has no contrast, or no point lies in any piece.
    """

    title: str
    pieces: tuple[Piece, ...]
    contrasts: tuple[tuple[str, float], ...]

    key = "user"

    def __post_init__(self) -> None:
        if not properties(self.body()).volume > 0:
            raise ParameterError("No point lies inside any piece; enlarge a piece, or move its planes apart.", "pieces")

    def body(self) -> Body:
        """Geometry and contrasts."""
        return Body(self.pieces, dict(self.contrasts))
