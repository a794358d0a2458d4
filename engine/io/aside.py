"""Writing files so that no reader, crash or power cut ever meets half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataFileError

if TYPE_CHECKING:
    import h5py


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a temporary path beside *path* to write to, and rename it to *path* once that has gone well.

    If the body raises, or the program is interrupted, *path* stays as it was and the temporary file is removed.

    Raises
    ------
    DataFileError
        If the folder is missing or the file can't be written there; the message has the system's reason.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        aside.touch(exist_ok=False)
    except OSError as error:
        raise DataFileError(path, f"cannot be written in {path.parent}: {error.strerror}. Choose another folder.") from error
    try:
        yield aside
        _flush_to_disk(aside)
        aside.replace(path)
    except OSError as error:
        raise DataFileError(path, f"cannot be written: {error.strerror or error}. The file is as it was before.") from error
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write *text* as UTF-8 to *path*, all of it or nothing."""
    with written_aside(path) as aside:
        aside.write_text(_encodable(text), encoding="utf-8", newline="\n")


@contextmanager
def hdf5_written_aside(path: Path) -> Iterator[h5py.File]:
    """Give an empty HDF5 file in memory, and write it to *path* once the body has gone well.

    In memory, because the library ends the whole program where a disk is full when it closes a file.

    Raises
    ------
    DataFileError
        As :func:`written_aside`.
    """
    import h5py

    with written_aside(path) as aside:
        memory = BytesIO()
        with h5py.File(memory, "w") as file:
            yield file
        aside.write_bytes(memory.getbuffer())


def _encodable(text: str) -> str:
    """Return *text* with a sign in place of what is no character: names of files may hold such bytes on Linux."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
