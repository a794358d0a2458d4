"""Voxel maps in files: what goes out comes back, and what is no map is refused with its reason."""

from __future__ import annotations

import random
import re
import struct
import warnings
import zlib

import h5py
import mrcfile
import numpy as np
import pytest
import scipy.io

from engine.errors import DataFileError
from engine.io.volumes import volume as volume_module
from engine.io.volumes.registry import FORMATS, SUFFIXES, read_volume, write_volume
from engine.models.voxel_map import VoxelMap


def some_map(spacing: float = 0.8) -> VoxelMap:
    density = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32).astype(np.float64)
    return VoxelMap(density=density, spacing=spacing, origin=(-1.6, -2.0, 3.2))


def paper_axes(n: int) -> dict[str, np.ndarray]:
    return {name: np.linspace(-n / 2, n / 2, n) for name in "XYZ"}


def cube(n: int = 5) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(n, n, n))


def save_mrc(path, data: np.ndarray, voxel_size: object = 8.0, **header: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mrcfile.new(path, overwrite=True) as file:
            file.set_data(data)
            file.voxel_size = voxel_size
            for name, value in header.items():
                setattr(file.header, name, value)


def save_v73(path, variables: dict[str, np.ndarray]) -> None:
    """A MATLAB 7.3 file: HDF5 behind a user block, axes reversed."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            file.create_dataset(name, data=np.atleast_2d(value).T).attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("rb+") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(124) + b"\x00\x02IM")


@pytest.mark.parametrize(
    "claim", [struct.pack("<i", 2**30), struct.pack("<i", -1), struct.pack(">i", 63)], ids=["1 GB", "negative", "swapped"]
)
def test_that_an_mrc_header_that_claims_more_than_the_file_takes_no_memory(tmp_path, claim):
    write_volume(tmp_path / "a.mrc", some_map())
    with (tmp_path / "a.mrc").open("r+b") as file:
        file.seek(92)
        file.write(claim)
    with pytest.raises(DataFileError, match="extended header is longer"):
        read_volume(tmp_path / "a.mrc")


# --- what goes out comes back ---


@pytest.mark.parametrize("suffix", [".mat", ".mrc"])
def test_that_a_map_comes_back_as_it_was_written(tmp_path, suffix):
    written = some_map()
    write_volume(tmp_path / f"a{suffix}", written)
    read = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read.map.density, written.density)
    assert read.map.spacing == pytest.approx(0.8, rel=1e-6)
    np.testing.assert_allclose(read.map.origin, written.origin, rtol=1e-6)
    assert read.spacing_certain
    assert read.notes == ()


def test_that_npy_keeps_the_contrasts_and_says_that_the_spacing_is_assumed(tmp_path):
    write_volume(tmp_path / "a.npy", some_map())
    read = read_volume(tmp_path / "a.npy")
    np.testing.assert_array_equal(read.map.density, some_map().density)
    assert read.map.spacing == 1.0
    assert not read.spacing_certain
    assert "1 nm" in read.notes[0]


def test_that_mat_keeps_every_digit(tmp_path):
    density = cube() / 3
    write_volume(tmp_path / "a.mat", VoxelMap(density=density))
    np.testing.assert_array_equal(read_volume(tmp_path / "a.mat").map.density, density)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_the_format_is_told_by_the_content_not_by_the_name(tmp_path, suffix):
    write_volume(tmp_path / f"a{suffix}", some_map())
    (tmp_path / f"a{suffix}").rename(tmp_path / "measured.dat")
    read = read_volume(tmp_path / "measured.dat")
    np.testing.assert_array_equal(read.map.density, some_map().density)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_the_user_may_state_the_voxel_edge(tmp_path, suffix):
    write_volume(tmp_path / f"a{suffix}", some_map())
    read = read_volume(tmp_path / f"a{suffix}", spacing=0.25)
    assert read.map.spacing == 0.25
    assert read.spacing_certain
    assert "you said so" in read.notes[0]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def full(*arguments: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("numpy.save", "scipy.io.savemat", "mrcfile.new"):
        monkeypatch.setattr(name, full)
    with pytest.raises(DataFileError, match="No space left"):
        write_volume(path, some_map())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_an_unknown_ending_is_not_written(tmp_path):
    with pytest.raises(DataFileError, match=r"\.npy, \.mat, \.mrc"):
        write_volume(tmp_path / "a.txt", some_map())


# --- .mat ---


def test_that_the_models_of_the_paper_are_voxels_of_1_nm_though_their_axes_say_otherwise(tmp_path):
    density = cube(10)
    scipy.io.savemat(tmp_path / "d20.mat", {"rhoS": density, **paper_axes(10)})
    read = read_volume(tmp_path / "d20.mat")
    assert read.map.spacing == 1.0
    assert read.map.origin == (-5, -5, -5)
    assert not read.spacing_certain
    assert "paper" in read.notes[0]
    np.testing.assert_array_equal(read.map.density, density)


@pytest.mark.parametrize("compressed", [True, False])
def test_that_evenly_spaced_axes_give_the_voxel_edge(tmp_path, compressed):
    axes = {name: 0.5 * np.arange(5) + start for name, start in zip("XYZ", (1.0, 2.0, 3.0), strict=True)}
    scipy.io.savemat(tmp_path / "a.mat", {"rhoS": cube().astype(np.float32), **axes}, do_compression=compressed)
    read = read_volume(tmp_path / "a.mat")
    assert read.map.spacing == pytest.approx(0.5)
    np.testing.assert_allclose(read.map.origin, (1, 2, 3))
    assert read.spacing_certain


def test_that_axes_may_be_grids_of_the_maps_own_shape(tmp_path):
    x, y, z = np.meshgrid(0.5 * np.arange(3), 0.5 * np.arange(4), 0.5 * np.arange(5), indexing="ij")
    density = np.random.default_rng(3).normal(size=(3, 4, 5))
    scipy.io.savemat(tmp_path / "a.mat", {"rhoS": density, "X": x, "Y": y, "Z": z})
    assert read_volume(tmp_path / "a.mat").map.spacing == pytest.approx(0.5)
    scipy.io.savemat(tmp_path / "b.mat", {"rhoS": density, "X": y, "Y": x, "Z": z})  # MATLAB's meshgrid order
    with pytest.raises(DataFileError, match="ndgrid"):
        read_volume(tmp_path / "b.mat")


def test_that_a_mat_file_without_axes_says_that_the_spacing_is_assumed(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"rhoS": cube()})
    read = read_volume(tmp_path / "a.mat")
    assert read.map.spacing == 1.0
    assert not read.spacing_certain
    assert "no axes" in read.notes[0]


def test_that_version_7_3_is_read_with_its_axes_in_the_right_order(tmp_path):
    density = np.random.default_rng(4).normal(size=(3, 4, 5))
    save_v73(tmp_path / "a.mat", {"rhoS": density, **{name: 2.0 * np.arange(n) for name, n in zip("XYZ", (3, 4, 5), strict=True)}})
    read = read_volume(tmp_path / "a.mat")
    np.testing.assert_array_equal(read.map.density, density)
    assert read.map.spacing == pytest.approx(2)


@pytest.mark.parametrize("save", [lambda path, v: scipy.io.savemat(path, v), save_v73], ids=["level 5", "7.3"])
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"rho": cube()}, "no variable rhoS; it has rho"),
        ({"rhoS": np.ones((3, 3))}, "3-D"),
        ({"rhoS": np.zeros((3, 3, 3))}, "zero everywhere"),
        ({"rhoS": np.full((3, 3, 3), np.nan)}, "27 values that are no numbers"),
        ({"rhoS": cube().astype(complex)}, "no real numbers"),
        ({"rhoS": cube(), "X": np.arange(5.0), "Y": np.arange(5.0), "Z": 2 * np.arange(5.0)}, "1 x 1 x 2 nm; only cubes"),
        ({"rhoS": cube(), "X": np.arange(5.0), "Y": np.arange(5.0), "Z": np.arange(5.0) ** 2}, "axis Z does not increase in equal steps"),
        ({"rhoS": cube(), "X": np.arange(5.0), "Y": np.arange(5.0), "Z": -np.arange(5.0)}, "axis Z does not increase"),
        ({"rhoS": cube(), "X": np.arange(5.0), "Y": np.arange(5.0), "Z": np.arange(4.0)}, "Z has 4 points, the map 5"),
        ({"rhoS": cube(), "X": np.arange(5.0), "Y": np.arange(5.0), "Z": np.full(5, np.nan)}, "axis Z"),
    ],
)
def test_that_a_mat_file_without_a_possible_map_is_refused(tmp_path, save, variables, words):
    save(tmp_path / "a.mat", variables)
    with pytest.raises(DataFileError, match=re.escape(words)):
        read_volume(tmp_path / "a.mat")


def test_that_matlab_variables_of_other_kinds_are_refused(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"rhoS": {"field": 1.0}})
    with pytest.raises(DataFileError, match="real numbers"):
        read_volume(tmp_path / "a.mat")


def test_that_octaves_text_format_is_refused_with_advice(tmp_path):
    (tmp_path / "a.mat").write_text("# Created by Octave 9.2\n# name: rhoS\n# type: matrix\n")
    with pytest.raises(DataFileError, match="-v7"):
        read_volume(tmp_path / "a.mat")


def test_that_a_map_that_lies_in_another_file_is_not_fetched(tmp_path):
    save_v73(tmp_path / "secret.mat", {"rhoS": cube()})
    save_v73(tmp_path / "a.mat", {"other": cube()})
    with h5py.File(tmp_path / "a.mat", "r+") as file:
        file["rhoS"] = h5py.ExternalLink(str(tmp_path / "secret.mat"), "rhoS")
    with pytest.raises(DataFileError, match="another file"):
        read_volume(tmp_path / "a.mat")


def test_that_a_compressed_element_that_unpacks_to_gigabytes_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("scipy.io.whosmat", lambda *arguments, **keywords: pytest.fail("the file was opened"))
    bomb = zlib.compress(struct.pack("<II", 14, 2**32 - 8) + bytes(10_000))
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "a.mat").write_bytes(head + struct.pack("<II", 15, len(bomb)) + bomb)
    with pytest.raises(DataFileError, match="broken"):
        read_volume(tmp_path / "a.mat")


# --- .mrc ---


def test_that_angstroms_become_nanometres_and_the_fastest_axis_is_x(tmp_path):
    data = np.random.default_rng(5).normal(size=(3, 4, 5)).astype(np.float32)  # stored z, y, x
    save_mrc(tmp_path / "a.mrc", data, 3.5)
    read = read_volume(tmp_path / "a.mrc")
    assert read.map.spacing == pytest.approx(0.35, rel=1e-6)
    np.testing.assert_array_equal(read.map.density, data.transpose(2, 1, 0))


def test_that_the_order_of_the_axes_in_the_file_is_followed(tmp_path):
    data = np.random.default_rng(6).normal(size=(3, 4, 5)).astype(np.float32)
    save_mrc(tmp_path / "a.mrc", data, 10.0, mapc=2, mapr=3, maps=1)  # stored x, z, y
    np.testing.assert_array_equal(read_volume(tmp_path / "a.mrc").map.density, data.transpose(0, 2, 1))


def test_that_an_mrc_map_without_voxel_edge_says_so(tmp_path):
    save_mrc(tmp_path / "a.mrc", np.ones((3, 4, 5), np.float32), 0.0)
    read = read_volume(tmp_path / "a.mrc")
    assert not read.spacing_certain
    assert "no voxel edge" in read.notes[0]


@pytest.mark.parametrize(
    ("data", "voxel_size", "header", "words"),
    [
        (np.ones((3, 3, 3), np.float32), (10.0, 10.0, 12.0), {}, "1 x 1 x 1.2 nm; only cubes"),
        (np.ones((3, 3), np.float32), 10.0, {}, "3-D"),
        (np.ones((3, 3, 3), np.complex64), 10.0, {}, "complex numbers"),
        (np.zeros((3, 3, 3), np.float32), 10.0, {}, "zero everywhere"),
        (np.full((3, 3, 3), np.nan, np.float32), 10.0, {}, "no numbers"),
        (np.ones((3, 3, 3), np.float32), 10.0, {"mapc": 1, "mapr": 1, "maps": 3}, "axes [1, 1, 3]"),
        (np.ones((2, 3, 3, 3), np.float32), 10.0, {}, "3-D"),
        (np.ones((3, 3, 3), np.float32), -10.0, {}, "no length"),
    ],
)
def test_that_an_impossible_mrc_map_is_refused(tmp_path, data, voxel_size, header, words):
    save_mrc(tmp_path / "a.mrc", data, voxel_size, **header)
    with pytest.raises(DataFileError, match=re.escape(words)):
        read_volume(tmp_path / "a.mrc")


def test_that_an_mrc_map_that_claims_to_be_huge_is_refused_before_memory_is_taken(tmp_path):
    save_mrc(tmp_path / "a.mrc", np.ones((3, 3, 3), np.float32))
    data = bytearray((tmp_path / "a.mrc").read_bytes())
    data[:12] = struct.pack("<3i", 5000, 5000, 5000)
    (tmp_path / "a.mrc").write_bytes(data)
    with pytest.raises(DataFileError, match="5000 x 5000 x 5000"):
        read_volume(tmp_path / "a.mrc")
    data[:12], data[92:96] = struct.pack("<3i", 3, 3, 3), struct.pack("<i", 2**31 - 1)
    (tmp_path / "a.mrc").write_bytes(data)
    with pytest.raises(DataFileError, match="extended header"):
        read_volume(tmp_path / "a.mrc")


# --- .npy and the rest ---


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((3, 3)), "3-D"),
        (np.zeros((2, 2, 2)), "zero everywhere"),
        (np.array([[[np.inf]]]), "no numbers"),
        (cube().astype(complex), "complex numbers"),
        (np.ones((2, 2, 2), dtype=[("a", float)]), "records"),
        (np.full((2, 2, 2), "x"), "text"),
    ],
)
def test_that_an_impossible_array_is_refused(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataFileError, match=words):
        read_volume(tmp_path / "a.npy")


def test_that_pickled_objects_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (pytest.fail, ("the pickle was run",))

    np.save(tmp_path / "a.npy", np.array([[[Trap()]]], dtype=object), allow_pickle=True)
    with pytest.raises(DataFileError, match="pickled"):
        read_volume(tmp_path / "a.npy")


def test_that_an_array_that_claims_to_be_huge_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (400, 400, 400)})
        file.truncate(file.tell() + 4 * 400**3)  # sparse
    with pytest.raises(DataFileError, match="400 x 400 x 400"):
        read_volume(path)


def test_that_what_is_no_voxel_map_is_refused(tmp_path, monkeypatch):
    for name, content in {"a.txt": b"0.1 2.3\n0.2 2.2\n", "a.zip": b"PK\x03\x04....", "empty.mrc": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataFileError, match=r"known here|empty"):
            read_volume(tmp_path / name)
    with pytest.raises(DataFileError, match="no such file"):
        read_volume(tmp_path / "missing.npy")
    with pytest.raises(DataFileError, match="folder"):
        read_volume(tmp_path)
    write_volume(tmp_path / "a.npy", some_map())
    monkeypatch.setattr(volume_module, "MAX_FILE_BYTES", 100)
    with pytest.raises(DataFileError, match="Cut or bin"):
        read_volume(tmp_path / "a.npy")


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".v73.mat"])
def test_that_broken_files_end_in_a_sentence_never_in_a_crash(tmp_path, suffix):
    dice = random.Random(7)
    path = tmp_path / f"a{suffix}"
    if suffix == ".v73.mat":
        save_v73(path, {"rhoS": cube(), **paper_axes(5)})
    else:
        write_volume(path, some_map())
    whole = path.read_bytes()
    refused = 0
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(dice.choice((1, 3, 20))):
            broken[dice.randrange(min(len(broken), dice.choice((300, 3000, 10**6))))] = dice.randrange(256)
        path.write_bytes(broken[: dice.randrange(len(broken)) if dice.random() < 0.3 else None])
        try:
            read_volume(path)
        except DataFileError:
            refused += 1
    assert refused > 60


def test_that_every_format_has_its_own_ending():
    assert len({format_.suffix for format_ in FORMATS}) == len(FORMATS)
