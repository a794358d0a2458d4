"""Sound files of every kind, and hostile ones, from which broken files are made."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path

import h5py
import numpy as np

from engine.io.write import WRITERS
from tests.io.curves import cansas, cansas_entry, columns, sphere_curve, text_rows

CURVE = sphere_curve(80)
TABLE = columns(CURVE, 0.1)
TAIL = '<?xml version="1.0"?><fileinfo><column key="X"><value key="unit">A^-1</value></column></fileinfo>'
PDH = "\nSAXS BOX\n 80 0 0 0 0 0 0 0\n 0.0 261.2 0.0 1.0 0.1542\n 30.0 5.6 0.0 0.0 0.0\n"
HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 3), }"
DECOYS = "../decoys"
"""Folder, seen from that of a broken file, whose files no reader may open."""


def sound(folder: Path) -> dict[str, bytes]:
    """Return one sound file of every kind; *folder* is only worked in."""
    files = {
        "text": ("# q(A-1) I(q) Sig(q)\n" + text_rows(TABLE)).encode(),
        "cp1252": ("q (Å-1)\tI\ts\n" + text_rows(TABLE, separator="\t")).encode("cp1252"),
        "decimal commas": ("q;I;sigma\n" + text_rows(TABLE, separator=";", decimal=",")).encode(),
        "two curves": (text_rows(TABLE) + "\nnext\n" + text_rows(TABLE)).encode(),
        "RAW": ('### HEADER:\n{\n"q_unit": "1/A"\n}\n### DATA:\n Q I Error\n' + text_rows(TABLE)).encode(),
        "pdh": (PDH + text_rows(TABLE) + TAIL).encode(),
        "angle": ("# Wavelength: 1e-10 m\n# 2th_deg I sigma\n" + text_rows(TABLE)).encode(),
        "canSAS 1.0": cansas(cansas_entry(TABLE), version="1.0").encode(),
        "frames": _frames(),
        "npy": _npy(TABLE),
    }
    for ending, writer in WRITERS.items():
        writer(folder / f"curve{ending}", CURVE, title="sample", metadata={"a": "b"})
        files[ending] = (folder / f"curve{ending}").read_bytes()
    return files


def hostile() -> dict[str, bytes]:
    """Return files made to fill the machine, to hold it, or to have others opened."""
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    entry = cansas_entry(TABLE)
    return {
        "entity bomb": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{lol}]>{cansas(entry)[21:]}&l11;'.encode(),
        "outside entity": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{DECOYS}/secret.txt">]><SASroot>&x;</SASroot>'.encode(),
        "deep XML": ('<?xml version="1.0"?>' + "<SASroot>" * 50_000).encode(),
        "long attribute": f'<?xml version="1.0"?><SASroot a="{"x" * 500_000}"/>'.encode(),
        "one long line": b"0.1 " * 200_000,
        "huge numbers": text_rows(np.column_stack([TABLE[:, 0], TABLE[:, 1] * 1e300, TABLE[:, 2] * 1e-300])).encode(),
        "many digits": b"".join(b"0.%d %s 1\n" % (100 + i, b"9" * 3000) for i in range(40)),
        "many columns": (" ".join(["1.5"] * 60) + "\n").encode() * 200,
        "npy header": b"\x93NUMPY\x01\x00\x76\x00" + HEADER.ljust(117) + b"\n",
        "outside links": _hdf5_with_links(),
        "packed zeros": _hdf5_bomb(),
        "huge shapes": _hdf5_of_nothing(),
        "loops": _hdf5_loops(),
    }


def capsule(folder: Path) -> bytes:
    """Return a capsule with a made-up answer."""
    from engine.inference.settings import DEFAULT_SETTINGS
    from engine.io.capsule import pack, write_capsule
    from engine.io.read import read

    (folder / "curve.dat").write_text("# q(A-1) I(q) Sig(q)\n" + text_rows(TABLE), encoding="utf-8")
    (found,) = read(folder / "curve.dat")
    write_capsule(folder / "capsule.h5", pack(found, {"status": "in family"}, settings=DEFAULT_SETTINGS, basis="b", model="m"))
    return (folder / "capsule.h5").read_bytes()


def volumes(folder: Path) -> dict[str, bytes]:
    """Return one voxel map of every kind."""
    from engine.io.volumes.registry import SUFFIXES, write_volume
    from engine.models.voxel_map import VoxelMap

    voxels = VoxelMap(density=np.random.default_rng(1).normal(size=(6, 6, 6)), spacing=1.0, origin=(0.0, 0.0, 0.0))
    files = {}
    for suffix in SUFFIXES:
        write_volume(folder / f"map{suffix}", voxels)
        files[suffix] = (folder / f"map{suffix}").read_bytes()
    return files


def decoys(folder: Path) -> None:
    """Write the files that hostile ones point to."""
    (folder / "secret.txt").write_text(text_rows(TABLE), encoding="utf-8")
    CURVE.q.tofile(folder / "raw.bin")
    with h5py.File(folder / "secret.h5", "w") as file:
        _add_group(file, "entry/data")


def _npy(table: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, table)
    return buffer.getvalue()


def _frames() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        group = file.create_group("entry/data")
        group.attrs.update({"NX_class": "NXdata", "signal": "I", "axes": ["frame", "q"]})
        group.create_dataset("q", data=CURVE.q).attrs["units"] = "1/nm"
        group.create_dataset("I", data=np.ones((3, 1)) * CURVE.intensity, chunks=(1, 40), compression="gzip")
        group["frame"] = np.arange(3)
    return buffer.getvalue()


def _add_group(file: h5py.File, place: str) -> h5py.Group:
    group = file.create_group(place)
    group.attrs.update({"NX_class": "NXdata", "canSAS_class": "SASdata", "signal": "I", "axes": "Q", "I_axes": "Q"})
    group.create_dataset("Q", data=CURVE.q).attrs["units"] = "1/nm"
    group["I"] = CURVE.intensity
    return group


def _hdf5_with_links() -> bytes:
    """Every way in which HDF5 shows what lies in another file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["whole"] = h5py.ExternalLink(f"{DECOYS}/secret.h5", "/entry/data")
        one = _add_group(file, "entry/one")
        del one["I"]
        one["I"] = h5py.ExternalLink(f"{DECOYS}/secret.h5", "/entry/data/I")
        two = _add_group(file, "entry/two")
        del two["I"]
        layout = h5py.VirtualLayout(shape=CURVE.q.shape, dtype="f8")
        layout[:] = h5py.VirtualSource(f"{DECOYS}/secret.h5", "/entry/data/I", shape=CURVE.q.shape)
        two.create_virtual_dataset("I", layout)
        three = _add_group(file, "entry/three")
        del three["I"]
        three.create_dataset("I", shape=CURVE.q.shape, dtype="f8", external=[(f"{DECOYS}/raw.bin", 0, CURVE.q.nbytes)])
    return buffer.getvalue()


def _hdf5_bomb() -> bytes:
    """Two hundred million zeros packed into a few hundred kilobytes, in one piece and in many."""
    buffer = io.BytesIO()
    zeros = zlib.compress(b"\x00" * 2**26, 9)
    with h5py.File(buffer, "w") as file:
        for name, chunk, pieces in (("one", 2**23, 1), ("many", 2**20, 3)):
            group = _add_group(file, f"entry/{name}")
            del group["I"]
            signal = group.create_dataset("I", shape=(chunk * 8,), chunks=(chunk,), dtype="f8", compression="gzip")
            for i in range(pieces):
                signal.id.write_direct_chunk((i * chunk,), zeros)
    return buffer.getvalue()


def _hdf5_of_nothing() -> bytes:
    """Arrays that say they are huge."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i, shape in enumerate([(2**40,), (2**20, 2**20), (500, 2**30), (1,) * 30 + (2**33,)]):
            group = _add_group(file, f"entry/data{i}")
            del group["I"]
            group.create_dataset("I", shape=shape, chunks=tuple(min(n, 64) for n in shape), dtype="f8")
    return buffer.getvalue()


def _hdf5_loops() -> bytes:
    """Groups within themselves, soft links in circles, and very many names."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = _add_group(file, "entry/data")
        group["up"] = file["entry"]
        del group["I"]
        group["I"] = h5py.SoftLink("J")
        group["J"] = h5py.SoftLink("/entry/data/I")
        for i in range(300):
            file[f"entry/n{i}"] = h5py.SoftLink(f"n{i + 1}")
        deep = file
        for _ in range(300):
            deep = deep.create_group("g")
        deep.attrs["x"] = json.dumps([0] * 1000)
    return buffer.getvalue()
