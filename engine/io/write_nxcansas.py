"""Curves as NXcanSAS in HDF5.

https://manual.nexusformat.org/classes/applications/NXcanSAS.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.curve import Curve
from engine.io.aside import hdf5_written_aside
from engine.io.table_text import printable

if TYPE_CHECKING:
    import h5py


def write(
    path: Path,
    curve: Curve,
    *,
    title: str = "",
    metadata: Mapping[str, str] | None = None,
    run: str = "1",
    intensity_unit: str = "arbitrary",
) -> None:
    """Write *curve* to *path*; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Any name; by habit it ends in ``.h5``.
    curve : Curve
        q is written in 1/nm, all numbers bit for bit.
    title : str
        Title of the entry; an empty one becomes the file's name.
    metadata : mapping of str to str, optional
        Notes of the process.
    run : str
        Run of the entry.
    intensity_unit : str
        Unit of the intensity and its uncertainty, e.g. "1/cm".

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    with hdf5_written_aside(path) as file:
        file.attrs["default"] = "sasentry01"
        entry = file.create_group("sasentry01")
        entry.attrs.update({"NX_class": "NXentry", "canSAS_class": "SASentry", "version": "1.1", "default": "sasdata01"})
        entry["definition"] = "NXcanSAS"
        entry["title"] = printable(title) or path.name
        entry["run"] = printable(run)
        add_data(entry, "sasdata01", curve, intensity_unit=intensity_unit)
        process = entry.create_group("sasprocess01")
        process.attrs.update({"NX_class": "NXprocess", "canSAS_class": "SASprocess"})
        process["name"] = "LNPScope"
        for name, value in (metadata or {}).items():
            process[_free_name(process, name)] = printable(value)


def _free_name(group: h5py.Group, wanted: str) -> str:
    """Return *wanted* as a name that HDF5 takes and the group has not yet."""
    name = printable(wanted).replace("/", "_").strip(".") or "note"
    while name in group:
        name += "_"
    return name


def add_data(entry: h5py.Group, name: str, curve: Curve, *, intensity_unit: str = "arbitrary") -> h5py.Group:
    """Add a data group with *curve* to an entry and return it.

    Parameters
    ----------
    entry : h5py.Group
        An entry of class NXentry and SASentry.
    name : str
        Name of the new group.
    curve : Curve
        The points.
    intensity_unit : str
        Unit of the intensity and its uncertainty.
    """
    data = entry.create_group(name)
    data.attrs.update({"NX_class": "NXdata", "canSAS_class": "SASdata", "signal": "I", "I_axes": "Q", "Q_indices": 0})
    data.create_dataset("Q", data=curve.q).attrs["units"] = "1/nm"
    intensity = data.create_dataset("I", data=curve.intensity)
    intensity.attrs["units"] = intensity_unit
    if curve.sigma is not None:
        intensity.attrs["uncertainties"] = "Idev"
        data.attrs["I_uncertainties"] = "Idev"
        data.create_dataset("Idev", data=curve.sigma).attrs["units"] = intensity_unit
    return data
