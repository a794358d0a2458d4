"""The bytes of one file, read once and guarded against a file that changes meanwhile."""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import Path

from engine.errors import DataFileError
from engine.io.limits import MAX_HDF5_BYTES, MAX_TEXT_BYTES
from engine.io.text_file import TextFile

HEAD_BYTES = 65_536


class Source:
    """One file as the format readers see it.

    Parameters
    ----------
    path : Path
        A regular file. Folders, devices and pipes are refused before they are opened.

    Raises
    ------
    DataFileError
        If the file is absent, a folder, unreadable, empty or larger than any curve.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stat = _stat_of(path)
        if self._stat.st_size == 0:
            raise DataFileError(path, "The file is empty. If it is still being written, open it again when the measurement has ended.")
        if self._stat.st_size > MAX_HDF5_BYTES:
            raise self.too_large(MAX_HDF5_BYTES)

    @property
    def size(self) -> int:
        """Length of the file [bytes]."""
        return self._stat.st_size

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the file, enough to tell its format."""
        return self._bytes(HEAD_BYTES)

    @cached_property
    def data(self) -> bytes:
        """The whole file.

        Raises
        ------
        DataFileError
            If it is larger than a text file with a curve can be, or changes while it is read.
        """
        if self.size > MAX_TEXT_BYTES:
            raise self.too_large(MAX_TEXT_BYTES)
        if self.size <= HEAD_BYTES:
            return self.head
        return self._bytes(self.size + 1)

    @cached_property
    def text(self) -> TextFile:
        """The whole file as text."""
        return TextFile(self.path, self.data)

    def too_large(self, limit: int) -> DataFileError:
        """Return the refusal of a file longer than *limit* [bytes]."""
        return DataFileError(
            self.path,
            f"The file has {self.size / 2**20:.0f} MB; a curve of this kind has at most {limit // 2**20} MB. "
            "Export the curve I(q) alone and open that.",
        )

    def check_unchanged(self) -> None:
        """Refuse the file if it has changed since it was opened."""
        now = _stat_of(self.path)
        if (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns):
            raise DataFileError(self.path, "The file changed while it was being read. Open it again when the measurement has ended.")

    def _bytes(self, count: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                content = file.read(min(count, self.size + 1))
        except OSError as error:
            raise unreadable(self.path, error) from error
        self.check_unchanged()
        if len(content) != min(count, self.size):
            raise DataFileError(self.path, "The file changed while it was being read. Open it again when the measurement has ended.")
        return content


def unreadable(path: Path, error: OSError) -> DataFileError:
    """Return the refusal of a file the system would not give."""
    if isinstance(error, FileNotFoundError):
        return DataFileError(path, "There is no such file any more. Check that it was not moved or the drive disconnected.")
    if isinstance(error, PermissionError):
        return DataFileError(path, "The file may not be read by you. Ask its owner for permission, or copy it elsewhere.")
    return DataFileError(path, f"The file cannot be read ({error.strerror or error}). Copy it to a local disk and open that.")


def _stat_of(path: Path) -> os.stat_result:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            raise unreadable(path, error) from error
        raise DataFileError(path, "This is no name a file can have. Choose the file again.") from error
    if stat.S_ISDIR(found.st_mode):
        raise DataFileError(path, "This is a folder, not a file. Drop the folder on the window to open the files in it.")
    if not stat.S_ISREG(found.st_mode):
        raise DataFileError(path, "This is a device or a pipe, not a file. Save the curve in a file and open that.")
    return found
