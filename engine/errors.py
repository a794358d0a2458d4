"""Errors a user can mend, and the one that is no error."""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """Something a user can mend; the message says what was refused, what was found, what to do."""


class ParameterError(EngineError):
    """A parameter outside what is physically possible.

    Parameters
    ----------
    message : str
        The whole sentence.
    field : str, optional
        Name of the parameter, so that a form can show the message beside it.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnsupportedModel(EngineError):
    """A solver was asked for a particle it cannot take."""


class NotConverged(EngineError):
    """An iteration ended without reaching its tolerance."""


class DataFileError(EngineError):
    """A file that cannot be read as a scattering curve.

    Parameters
    ----------
    path : Path
        The file.
    message : str
        What is wrong and what to do, without the file name.
    line : int, optional
        Line of the file, counted from 1.
    """

    def __init__(self, path: Path | str, message: str, line: int | None = None) -> None:
        self.path = Path(path)
        self.line = line
        self.reason = message
        where = f"{self.path.name}, line {line}" if line is not None else self.path.name
        super().__init__(f"{where}: {message}")


class Cancelled(Exception):
    """Raised inside long work when its owner asked it to stop."""
