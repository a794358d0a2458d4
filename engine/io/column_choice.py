"""The user's word on which columns of a table are q, the intensity and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ParameterError
from engine.io.limits import MAX_COLUMNS, MAX_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """Columns, counted from 0, that replace what titles and order would say.

    Parameters
    ----------
    q : int
        Column of the scattering vector.
    intensity : int
        Column of I(q).
    sigma : int, optional
        Column of its standard deviation; None reads the file as one without.
    skip_rows : int
        Lines of a text, or rows of an array, before the first that may be read. Skipped lines still tell the unit of q.

    Raises
    ------
    ParameterError
        If two roles share a column, or a number is negative or beyond any table.
    """

    q: int = 0
    intensity: int = 1
    sigma: int | None = None
    skip_rows: int = 0

    def __post_init__(self) -> None:
        for name, column in (("q", self.q), ("intensity", self.intensity), ("sigma", self.sigma)):
            if column is not None and not 0 <= column < MAX_COLUMNS:
                raise ParameterError(f"Column {column + 1} for {name} is none; a table has columns 1 to {MAX_COLUMNS}.", name)
        if len(set(self.used)) < len(self.used):
            raise ParameterError(
                "q, intensity and sigma need a column each; "
                f"{', '.join(str(column + 1) for column in self.used)} names one twice. Choose another.",
                "intensity" if self.q == self.intensity else "sigma",
            )
        if not 0 <= self.skip_rows <= MAX_LINES:
            raise ParameterError(f"Between 0 and {MAX_LINES} rows can be skipped; {self.skip_rows} was given.", "skip_rows")

    @property
    def used(self) -> tuple[int, ...]:
        """The columns that are read."""
        return (self.q, self.intensity) if self.sigma is None else (self.q, self.intensity, self.sigma)

    @property
    def width(self) -> int:
        """Fewest columns a table must have."""
        return max(self.used) + 1

    @property
    def words(self) -> str:
        """The sentence for the record of a reading."""
        sigma = "no sigma" if self.sigma is None else f"sigma is column {self.sigma + 1}"
        skipped = f", the first {self.skip_rows} rows skipped" if self.skip_rows else ""
        return f"Columns as you chose: q is column {self.q + 1}, intensity column {self.intensity + 1}, {sigma}{skipped}."


def too_narrow(choice: ColumnChoice, columns: int) -> str:
    """Return the refusal of a table of *columns* columns."""
    return f"Column {choice.width} was chosen, and the table has {columns}. Choose columns from 1 to {columns}."
