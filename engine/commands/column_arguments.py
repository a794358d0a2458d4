"""The user's word on the columns of the files, as arguments of a command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.io.column_choice import ColumnChoice


def add_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--columns`` and ``--skip-rows``."""
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="Q,I[,SIGMA]",
        help="columns of q, intensity and sigma in the files, counted from 1, if you know better than they do; 1,2 reads no sigma",
    )
    parser.add_argument("--skip-rows", type=int, default=0, metavar="N", help="rows to skip before the table, with --columns (default 0)")


def chosen_columns(arguments: argparse.Namespace) -> ColumnChoice | None:
    """Return the columns asked for, None where the files tell them.

    Raises
    ------
    ParameterError
        If the choice is impossible, or rows are to be skipped without one.
    """
    from engine.errors import ParameterError
    from engine.io.column_choice import ColumnChoice

    if arguments.columns is None:
        if arguments.skip_rows:
            raise ParameterError("Rows are skipped only where the columns are chosen; give --columns too.", "skip_rows")
        return None
    q, intensity, *sigma = (column - 1 for column in arguments.columns)
    return ColumnChoice(q=q, intensity=intensity, sigma=sigma[0] if sigma else None, skip_rows=arguments.skip_rows)


def _columns(words: str) -> tuple[int, ...]:
    """Return two or three column numbers."""
    parts = words.split(",")
    if len(parts) not in (2, 3) or not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{words!r} names no columns; give two or three numbers from 1, such as 1,2,3")
    return tuple(int(part) for part in parts)
