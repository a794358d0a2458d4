"""NumPy ``.npy``: two to six columns or rows, q first. Read without pickle; the shape is checked before the data."""

from __future__ import annotations

import io
import tokenize

import numpy as np
from numpy.lib import format as npy

from engine.curve import Array
from engine.errors import DataFileError
from engine.io.column_choice import ColumnChoice, too_narrow
from engine.io.columns import Role, choose_columns, chosen_columns, role_of
from engine.io.limits import MAX_ARRAY_VALUES, MAX_COLUMNS
from engine.io.number_table import Block
from engine.io.raw_curve import RawCurve
from engine.io.source import Source
from engine.io.unit_words import hint_in_title

_MAGIC = b"\x93NUMPY"


def recognises(source: Source) -> bool:
    """Tell by the first six bytes."""
    return source.head.startswith(_MAGIC)


def read(source: Source, choice: ColumnChoice | None = None) -> tuple[RawCurve, ...]:
    """Return the curve in the array; an array with named columns is read by its names.

    Raises
    ------
    DataFileError
        If the array holds objects, is no table, or is too large.
    """
    table, titles = array_of(source)
    skipped = choice.skip_rows if choice else 0
    table = table[skipped:]
    block = Block(table, np.arange(skipped + 1, skipped + len(table) + 1), 1, ("\t".join(titles),) if titles else ())
    if choice is not None and choice.width > table.shape[1]:
        raise DataFileError(source.path, too_narrow(choice, table.shape[1]))
    curves = []
    for columns in choose_columns(block) if choice is None else (chosen_columns(block, choice),):
        title = titles[columns.q] if titles else None
        curves.append(
            RawCurve(
                format_name="NumPy array",
                name=columns.name,
                q=table[:, columns.q],
                intensity=table[:, columns.intensity],
                sigma=None if columns.sigma is None else table[:, columns.sigma],
                hint=hint_in_title(title) if title else None,
                rows=block.rows,
                notes=columns.notes,
            )
        )
    if not curves or (choice is None and titles and role_of(titles[0]) is Role.TWO_THETA):
        raise DataFileError(source.path, "The array has no column of q. Save it with q, intensity and sigma as its columns.")
    return tuple(curves)


def array_of(source: Source) -> tuple[Array, list[str]]:
    """Return the array as rows of points, and the names of its columns if it has any."""
    file = io.BytesIO(source.head)
    try:
        version = npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file) if version == (1, 0) else npy.read_array_header_2_0(file)
    except (ValueError, SyntaxError, tokenize.TokenError, TypeError, RecursionError, MemoryError, OverflowError) as error:
        raise DataFileError(source.path, "The header of this NumPy file is broken. Save the array anew.") from error
    titles = list(dtype.names or ())
    _check(source, shape, dtype, titles)
    try:
        array = np.load(io.BytesIO(source.data), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataFileError(source.path, "The NumPy file ends too early or is broken. Save the array anew.") from error
    if titles:
        return np.column_stack([np.asarray(array[name], dtype=np.float64).reshape(-1) for name in titles]), titles
    values = np.asarray(array, dtype=np.float64)
    lying = values.shape[0] < values.shape[1] and values.shape[0] <= MAX_COLUMNS
    return (np.ascontiguousarray(values.T) if lying else values), []


def _check(source: Source, shape: tuple[int, ...], dtype: np.dtype[np.void], titles: list[str]) -> None:
    kinds = [dtype[name].kind for name in titles] or [dtype.kind]
    if any(kind not in "fiu" for kind in kinds) or any(dtype[name].shape for name in titles):
        raise DataFileError(
            source.path, f"The array holds {dtype.name[:30]} values, not real numbers. Save q, intensity and sigma as floats."
        )
    if int(np.prod([int(n) for n in shape], dtype=object)) > MAX_ARRAY_VALUES:
        raise DataFileError(
            source.path, f"The array has {' x '.join(map(str, shape))} values; it is no curve. Save q, intensity and sigma alone."
        )
    table = len(shape) == 1 if titles else len(shape) == 2 and 2 <= min(shape) <= MAX_COLUMNS
    if not table:
        raise DataFileError(
            source.path,
            f"The array has shape {shape}; a curve is a table of 2 to {MAX_COLUMNS} columns, q first. Integrate an image before.",
        )
