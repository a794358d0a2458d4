"""Files broken at random: every one is read or refused with a sentence, quickly and without filling the machine.

A few hundred in every run; ``LNPSCOPE_FUZZ=10000`` breaks as many as it says.
"""

from __future__ import annotations

import io
import os
import sys
import time
from random import Random

import h5py
import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io.read import read
from engine.io.write import WRITERS
from tests.io.curves import cansas, cansas_entry, columns, sphere_curve, text_rows
from tests.io.mutations import mutate

COUNT = int(os.environ.get("LNPSCOPE_FUZZ", "400"))
SLOWEST = 2.0  # seconds
LARGEST = 1.0e9  # bytes more than before
CURVE = sphere_curve(80)
TABLE = columns(CURVE, 0.1)
TAIL = '<?xml version="1.0"?><fileinfo><column key="X"><value key="unit">A^-1</value></column></fileinfo>'
PDH = "\nSAXS BOX\n 80 0 0 0 0 0 0 0\n 0.0 261.2 0.0 1.0 0.1542\n 30.0 5.6 0.0 0.0 0.0\n"


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """One sound file of every kind."""
    folder = tmp_path_factory.mktemp("originals")
    files = {
        "text": ("# q(A-1) I(q) Sig(q)\n" + text_rows(TABLE)).encode(),
        "cp1252": ("q (Å-1)\tI\tσ\n".replace("σ", "s") + text_rows(TABLE, separator="\t")).encode("cp1252"),
        "decimal commas": ("q;I;sigma\n" + text_rows(TABLE, separator=";", decimal=",")).encode(),
        "two curves": (text_rows(TABLE) + "\nnext\n" + text_rows(TABLE)).encode(),
        "RAW": ('### HEADER:\n{\n"q_unit": "1/A"\n}\n### DATA:\n Q I Error\n' + text_rows(TABLE)).encode(),
        "pdh": (
            PDH + text_rows(TABLE) + '<?xml version="1.0"?><fileinfo><column key="X"><value key="unit">A^-1</value></column></fileinfo>'
        ).encode(),
        "angle": ("# Wavelength: 1e-10 m\n# 2th_deg I sigma\n" + text_rows(TABLE)).encode(),
        "canSAS 1.0": cansas(cansas_entry(TABLE), version="1.0").encode(),
        "frames": frames(),
    }
    for ending, writer in WRITERS.items():
        writer(folder / f"curve{ending}", CURVE, title="sample", metadata={"a": "b"})
        files[ending] = (folder / f"curve{ending}").read_bytes()
    buffer = io.BytesIO()
    np.save(buffer, TABLE)
    return files | {"npy": buffer.getvalue()}


def frames() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        group = file.create_group("entry/data")
        group.attrs.update({"NX_class": "NXdata", "signal": "I", "axes": ["frame", "q"]})
        group.create_dataset("q", data=CURVE.q).attrs["units"] = "1/nm"
        group.create_dataset("I", data=np.ones((3, 1)) * CURVE.intensity, chunks=(1, 40), compression="gzip")
        group["frame"] = np.arange(3)
    return buffer.getvalue()


def memory() -> float:
    """Largest memory this process ever used [bytes]; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def test_that_the_originals_are_read(originals, tmp_path):
    for name, data in originals.items():
        path = tmp_path / "curve"
        path.write_bytes(data)
        assert len(read(path)[0].curve) == 80, name


def test_that_every_broken_file_is_read_or_refused_with_a_sentence(originals, tmp_path):
    names, path, before = sorted(originals), tmp_path / "curve", memory()
    read_well = 0
    for seed in range(COUNT):
        random = Random(seed)
        name = random.choice(names)
        path.write_bytes(mutate(originals[name], random))
        start = time.process_time()  # the time of this process alone: other work on the machine is no hang
        try:
            read_well += bool(read(path))
        except DataFileError as error:
            assert error.reason.endswith("."), (seed, error)  # noqa: PT017
        assert time.process_time() - start < SLOWEST, (seed, name)
    assert 0.1 * COUNT < read_well < 0.95 * COUNT  # else the faults are too coarse or too fine to test anything
    assert memory() - before < LARGEST
