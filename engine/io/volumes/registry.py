"""The formats of voxel maps; a new one is one new module and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataFileError
from engine.io.volumes import mat, mrc, npy
from engine.io.volumes.volume import Volume, sniff
from engine.models.voxel_map import VoxelMap


@dataclass(frozen=True, slots=True)
class VolumeFormat:
    """One format: its name, its usual ending, how it is told from the first bytes, read and written."""

    name: str
    suffix: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Path, float | None], Volume]
    write: Callable[[Path, VoxelMap], None]


FORMATS: tuple[VolumeFormat, ...] = tuple(
    VolumeFormat(module.NAME, suffix, module.recognises, module.read, module.write)
    for module, suffix in ((npy, ".npy"), (mat, ".mat"), (mrc, ".mrc"))
)

SUFFIXES = tuple(format_.suffix for format_ in FORMATS)


def read_volume(path: Path | str, *, spacing: float | None = None) -> Volume:
    """Return the voxel map in a file, told by its content.

    Parameters
    ----------
    path : Path or str
        A ``.npy``, ``.mat`` (variable ``rhoS``) or ``.mrc`` file, whatever its name ends in.
    spacing : float, optional
        Voxel edge [nm] to use instead of what the file states.

    Returns
    -------
    Volume
        The map and what was assumed about it.

    Raises
    ------
    DataFileError
        If the file can't be read, is of no known format, is broken, or holds no possible map.
    """
    path = Path(path)
    head = sniff(path)
    for format_ in FORMATS:
        if format_.recognises(head):
            return format_.read(path, spacing)
    raise DataFileError(path, f"This is no voxel map known here; give {', '.join(SUFFIXES)} (unpacked, not zipped).")


def write_volume(path: Path | str, voxels: VoxelMap) -> None:
    """Write a voxel map, all of it or nothing, in the format the name ends in.

    ``.mat`` keeps all; ``.mrc`` rounds the contrasts to single precision; ``.npy`` keeps neither spacing nor origin.

    Raises
    ------
    DataFileError
        If the ending is unknown or the file can't be written.
    """
    path = Path(path)
    for format_ in FORMATS:
        if path.suffix.lower() == format_.suffix:
            format_.write(path, voxels)
            return
    raise DataFileError(path, f"No format is known for the ending “{path.suffix}”; end the name in {', '.join(SUFFIXES)}.")
