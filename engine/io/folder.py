"""Files and folders as they are dropped: folders become the files in them that may be curves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.io.limits import MAX_FILES, MAX_FOLDER_DEPTH
from engine.progress import Report, silent

_NO_DATA = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".bmp",
        ".tif",
        ".tiff",
        ".svg",
        ".webp",
        ".ico",
        ".pdf",
        ".ps",
        ".eps",
        ".doc",
        ".docx",
        ".ppt",
        ".pptx",
        ".odt",
        ".md",
        ".rst",
        ".html",
        ".htm",
        ".css",
        ".js",
        ".py",
        ".pyc",
        ".ipynb",
        ".m",
        ".c",
        ".h",
        ".cpp",
        ".f90",
        ".sh",
        ".bat",
        ".exe",
        ".dll",
        ".so",
        ".dylib",
        ".zip",
        ".gz",
        ".bz2",
        ".xz",
        ".7z",
        ".rar",
        ".tar",
        ".mp4",
        ".avi",
        ".mov",
        ".log",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".lock",
        ".tmp",
        ".part",
        ".bak",
        ".cbf",
        ".edf",
        ".mccd",
        ".db",
        ".sqlite",
        ".poni",
        ".spec",
        ".pt",
        ".safetensors",
        ".cif",
        ".pdb",
        ".mat",
        ".mrc",
    ]
)
"""Endings of files nobody means when dropping a folder. A file that is dropped itself is always tried."""


def may_be_data(name: str) -> bool:
    """Return whether the ending of a file's name leaves open that it holds a curve."""
    return Path(name).suffix.lower() not in _NO_DATA


@dataclass(frozen=True, slots=True)
class FolderCut:
    """Event: a folder holds more files than are taken at once; *kept* of them were."""

    folder: Path
    kept: int


def find_files(paths: Iterable[Path], *, report: Report = silent) -> tuple[Path, ...]:
    """Return the files meant by *paths*, each once, in the order given; those of a folder sorted by name.

    Hidden files and folders, links to folders and files whose ending names no data are left out of folders. Paths that
    do not exist are kept, so that reading them says so.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders.
    report : callable
        Takes a :class:`FolderCut` if there are more files than are taken at once.
    """
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        for file in _files_of(path) if path.is_dir() else iter((path,)):
            if len(files) >= MAX_FILES:
                report(FolderCut(path, MAX_FILES))
                return tuple(files)
            files.setdefault(file)
    return tuple(files)


def _files_of(folder: Path, depth: int = 0) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < MAX_FOLDER_DEPTH:
                yield from _files_of(Path(entry.path), depth + 1)
        elif entry.is_file() and may_be_data(entry.name):
            yield Path(entry.path)
