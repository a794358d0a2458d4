"""Packed arrays: sound ones are read, and those that would unpack without end are refused before they do."""

from __future__ import annotations

import sys
import time
import zlib

import h5py
import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io.hdf5_packing import NotReadable, check_packing
from engine.io.limits import MAX_CHUNKS
from engine.io.read import read
from tests.io.curves import sphere_curve

CURVE = sphere_curve(120)


def packed(path, **packing):
    with h5py.File(path, "w") as file:
        data = file.create_group("entry/data")
        data.attrs.update(NX_class="NXdata", signal="I", axes="Q")
        data.create_dataset("Q", data=CURVE.q).attrs["units"] = "1/nm"
        data.create_dataset("I", data=CURVE.intensity, **packing)
    return path


def zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def memory() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


@pytest.mark.parametrize(
    "packing",
    [
        {"compression": "gzip"},
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"compression": "lzf", "chunks": (7,)},
        {"fletcher32": True},
        {"shuffle": True},
        {"chunks": (1,), "compression": "gzip"},
        {"chunks": (50,), "maxshape": (None,), "compression": "gzip"},
    ],
    ids=str,
)
def test_that_what_beamlines_pack_is_read(tmp_path, packing):
    np.testing.assert_array_equal(read(packed(tmp_path / "a.h5", **packing))[0].curve.intensity, CURVE.intensity)


def test_that_noise_that_cannot_be_packed_is_read(tmp_path):
    noise = np.frombuffer(np.random.default_rng(1).bytes(8 * 100_000), dtype=np.int64)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        check_packing(file.create_dataset("x", data=noise, chunks=(100_000,), compression="gzip"))


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is not told there")
def test_that_a_piece_that_unpacks_to_more_than_it_says_is_refused_before_it_does(tmp_path):
    path = packed(tmp_path / "a.h5", chunks=(120,), compression="gzip")
    with h5py.File(path, "r+") as file:
        file["entry/data/I"].id.write_direct_chunk((0,), zeros(300))
    assert path.stat().st_size < 400_000
    before, start = memory(), time.process_time()
    with pytest.raises(DataFileError, match="unpacks to more than it says"):
        read(path)
    assert memory() - before < 50e6
    assert time.process_time() - start < 1.0


def test_that_a_title_that_unpacks_without_end_is_no_title(tmp_path):
    path = packed(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("entry/title", shape=(1,), dtype="S16", chunks=(1,), compression="gzip").id.write_direct_chunk((0,), zeros(100))
    before = memory() if sys.platform != "win32" else 0
    assert len(read(path)[0].curve) == 120
    assert (memory() if sys.platform != "win32" else 0) - before < 50e6


def test_that_packing_by_means_unknown_here_is_refused_and_no_code_is_looked_for(tmp_path):
    for name, packing in (("scaled", {"scaleoffset": 3}), ("twice", {"compression": "gzip"})):
        path = packed(tmp_path / f"{name}.h5", chunks=(120,), **packing)
        if name == "twice":
            with h5py.File(path, "r+") as file:
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                properties.set_chunk((120,))
                properties.set_deflate(9)
                properties.set_deflate(9)
                del file["entry/data/I"]
                space = h5py.h5s.create_simple((120,))
                h5py.h5d.create(file["entry/data"].id, b"I", h5py.h5t.IEEE_F64LE, space, properties)
        with pytest.raises(DataFileError, match="in a way this program does not unpack"):
            read(path)


def test_that_very_many_pieces_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("x", shape=(MAX_CHUNKS + 1,), chunks=(1,), dtype="u1", compression="gzip")
        one = zlib.compress(b"\x01")
        for i in range(MAX_CHUNKS):
            dataset.id.write_direct_chunk((i,), one)
        check_packing(dataset)
        dataset.id.write_direct_chunk((MAX_CHUNKS,), one)
        with pytest.raises(NotReadable, match="too many"):
            check_packing(dataset)
