"""NXcanSAS of every age, plain NeXus, and files that point outside themselves."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from engine.errors import DataFileError
from engine.io.hdf5_heaps import has_sound_heaps
from engine.io.limits import MAX_ARRAY_VALUES, MAX_CURVES
from engine.io.measurement import UnitSource
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import sphere_curve

CURVE = sphere_curve(100)


def data_group(file, place="entry/data", **attributes):
    group = file.require_group(place)
    group.attrs.update(attributes)
    return group


def sas_data(file, place="entry/data", *, unit="1/nm", curve=CURVE):
    group = data_group(file, place, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q", Q_indices=0)
    group.create_dataset("Q", data=curve.q / (10.0 if unit == "1/A" else 1.0)).attrs["units"] = unit
    group.create_dataset("I", data=curve.intensity).attrs.update({"units": "1/cm", "uncertainties": "Idev"})
    group.create_dataset("Idev", data=curve.sigma).attrs["units"] = "1/cm"
    return group


@pytest.fixture
def path(tmp_path):
    return tmp_path / "curve.h5"


def reason(path):
    with pytest.raises(DataFileError) as refused:
        read(path)
    return refused.value.reason


@pytest.mark.parametrize("unit", ["1/nm", "1/A", "1/angstrom", "A^-1", "nm^-1", "Å⁻¹", "1/nanometer"])
def test_that_the_attribute_of_q_gives_the_unit(path, unit):
    with h5py.File(path, "w") as file:
        sas_data(file, unit=unit)
    (measurement,) = read(path)
    angstrom = "a" in unit.lower().replace("nanometer", "") or "Å" in unit
    assert measurement.q_unit is (QUnit.PER_ANGSTROM if angstrom else QUnit.PER_NM)
    assert measurement.q_unit_source is UnitSource.ATTRIBUTE
    np.testing.assert_array_equal(measurement.curve.intensity, CURVE.intensity)
    np.testing.assert_array_equal(measurement.curve.sigma, CURVE.sigma)


def test_that_the_names_of_the_drafts_are_understood(path):
    """Class names, ``unit``, ``I_uncertainty``, byte strings and list-like strings as early writers had them."""
    with h5py.File(path, "w") as file:
        file.create_group("sasentry01").attrs["NX_class"] = np.bytes_(b"SASentry")
        group = data_group(
            file,
            "sasentry01/sasdata",
            NX_class=np.bytes_(b"SASdata"),
            I_axes=np.array([b"Q"]),
            I_uncertainty=np.bytes_(b"Idev"),
            Q_indices="[0]",
        )
        group.create_dataset("Q", data=CURVE.q / 10).attrs["unit"] = np.bytes_(b"1/A")
        group["I"], group["Idev"] = CURVE.intensity, CURVE.sigma
    (measurement,) = read(path)
    assert measurement.format_name == "NXcanSAS"
    assert measurement.q_unit_certain
    np.testing.assert_allclose(measurement.curve.q, CURVE.q)
    np.testing.assert_array_equal(measurement.curve.sigma, CURVE.sigma)


def test_that_every_entry_is_a_measurement(path):
    with h5py.File(path, "w") as file:
        sas_data(file, "one/data")
        sas_data(file, "two/data", unit="1/A")
        sas_data(file, "two/more")
    measurements = read(path)
    assert [m.q_unit.value for m in measurements] == ["1/nm", "1/A", "1/nm"]
    assert len({m.name for m in measurements}) == 3


def test_that_a_transmission_spectrum_is_no_curve(path):
    with h5py.File(path, "w") as file:
        sas_data(file)
        group = data_group(
            file, "entry/transmission", NX_class="NXdata", canSAS_class="SAStransmission_spectrum", signal="T", T_axes="lambda"
        )
        group["T"], group["lambda"] = np.ones(40), np.linspace(1, 10, 40)
    assert len(read(path)) == 1


def test_that_frames_of_plain_nexus_are_curves(path):
    frames = CURVE.intensity * np.arange(1, 6)[:, None]
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", signal="I", axes=["frame", "q"])
        group.create_dataset("q", data=CURVE.q).attrs["units"] = "nm^-1"
        group["I"], group["frame"], group["I_errors"] = frames, np.arange(5), np.ones((5, 1)) * CURVE.sigma
    measurements = read(path)
    assert len(measurements) == 5
    for number, measurement in enumerate(measurements, start=1):
        np.testing.assert_array_equal(measurement.curve.intensity, number * CURVE.intensity)
        np.testing.assert_array_equal(measurement.curve.sigma, CURVE.sigma)
        assert f"frame {number}]" in measurement.name


def test_that_frames_along_the_second_axis_are_curves_too(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", signal="data", axes=["q", "time"])
        group["q"], group["time"], group["data"] = CURVE.q, np.arange(3), CURVE.intensity[:, None] * [1, 2, 3]
    assert [m.curve.intensity[0] / CURVE.intensity[0] for m in read(path)] == pytest.approx([1, 2, 3])


def test_that_the_default_of_an_entry_is_preferred(path):
    with h5py.File(path, "w") as file:
        file.create_group("entry").attrs.update({"NX_class": "NXentry", "default": "average"})
        for name, factor in (("average", 1.0), ("other", 2.0)):
            group = data_group(file, f"entry/{name}", NX_class="NXdata", signal="I", axes="q")
            group["q"], group["I"] = CURVE.q, factor * CURVE.intensity
    (measurement,) = read(path)
    np.testing.assert_array_equal(measurement.curve.intensity, CURVE.intensity)


def test_that_a_signal_marked_the_old_way_is_found(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata")
        group["q"] = CURVE.q
        group.create_dataset("counts", data=CURVE.intensity).attrs.update({"signal": 1, "axes": "q"})
    (measurement,) = read(path)
    assert not measurement.q_unit_certain  # nothing says the unit


def test_that_bin_edges_become_bin_centres(path):
    edges = np.linspace(0.1, 3.1, CURVE.q.size + 1)
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", signal="I", axes="q")
        group["q"], group["I"] = edges, CURVE.intensity
    np.testing.assert_allclose(read(path, q_unit=QUnit.PER_NM)[0].curve.q, 0.5 * (edges[1:] + edges[:-1]))


@pytest.mark.parametrize("axes", [["Qx", "Qy"], ["Q", "Q"], ["y", "x"]])
def test_that_two_dimensional_data_are_refused_with_advice(path, axes):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes=axes)
        group["I"] = np.ones((30, 40))
        for name in set(axes):
            group[name] = np.ones((30, 40)) * np.linspace(-1, 1, 40)
    assert "Integrate it first" in reason(path)


def test_that_a_file_without_curves_is_refused(path):
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(10)
    assert "no NXcanSAS or NXdata" in reason(path)


def test_that_a_broken_file_is_refused(path):
    with h5py.File(path, "w") as file:
        sas_data(file)
    path.write_bytes(path.read_bytes()[:-900])
    assert "broken" in reason(path)


def test_that_loops_of_links_end(path):
    with h5py.File(path, "w") as file:
        sas_data(file)
        file["entry/again"] = file["entry"]  # a hard link to its own parent
        file["entry/soft"] = h5py.SoftLink("/entry/soft")
    assert len(read(path)) == 1


def test_that_soft_links_within_the_file_are_followed(path):
    with h5py.File(path, "w") as file:
        file["raw/I"] = CURVE.intensity
        group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
        group["Q"], group["I"] = CURVE.q, h5py.SoftLink("/raw/I")
    np.testing.assert_array_equal(read(path)[0].curve.intensity, CURVE.intensity)


def outside_external_link(file):
    group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
    group["Q"], group["I"] = CURVE.q, h5py.ExternalLink("other.h5", "/I")


def outside_linked_group(file):
    file["entry"] = h5py.ExternalLink("other.h5", "/")


def outside_through_soft_link(file):
    file["door"] = h5py.ExternalLink("other.h5", "/")
    group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
    group["Q"], group["I"] = CURVE.q, h5py.SoftLink("/door/I")


def outside_virtual(file):
    layout = h5py.VirtualLayout(shape=(100,), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "I", shape=(100,))
    group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
    group["Q"] = CURVE.q
    group.create_virtual_dataset("I", layout)


def outside_growing_virtual(file):
    """Its very shape is asked of the other file."""
    layout = h5py.VirtualLayout(shape=(100,), dtype="f8", maxshape=(None,))
    source = h5py.VirtualSource("other.h5", "I", shape=(100,), maxshape=(None,))
    layout[0 : h5py.h5s.UNLIMITED] = source[0 : h5py.h5s.UNLIMITED]
    group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
    group["Q"] = CURVE.q
    group.create_virtual_dataset("I", layout)


def outside_raw_bytes(file):
    group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
    group["Q"] = CURVE.q
    group.create_dataset("I", shape=(100,), dtype="f8", external=[("other.h5", 0, 800)])


OUTSIDE = (
    outside_external_link,
    outside_linked_group,
    outside_through_soft_link,
    outside_virtual,
    outside_growing_virtual,
    outside_raw_bytes,
)


@pytest.mark.parametrize("make", OUTSIDE)
def test_that_data_in_other_files_are_refused_by_name(path, make):
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other.create_dataset("I", data=CURVE.intensity, maxshape=(None,))
    with h5py.File(path, "w") as file:
        make(file)
    assert "other.h5" in reason(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("make", OUTSIDE)
def test_that_other_files_are_not_even_opened(path, make, root):
    """The other file is a pipe: whoever opens it for reading waits for a writer that never comes."""
    os.mkfifo(path.with_name("other.h5"))
    with h5py.File(path, "w") as file:
        make(file)
    code = "import sys\nfrom engine.io.read import read\ntry: read(sys.argv[1])\nexcept Exception as error: print(error)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=30, check=True, cwd=root)
    assert "other.h5" in done.stdout


def test_that_a_huge_shape_is_refused_before_it_is_read(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
        group["Q"] = CURVE.q
        group.create_dataset("I", shape=(MAX_ARRAY_VALUES + 1,), chunks=(1000,), dtype="f8")  # takes no space in the file
    assert path.stat().st_size < 10**6
    assert "too large" in reason(path)


def test_that_a_small_array_in_huge_pieces_is_refused(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="Q")
        group["Q"] = CURVE.q
        group.create_dataset("I", shape=(100,), maxshape=(None,), chunks=(2**27,), compression="gzip", dtype="f8")
    assert "too large to unpack" in reason(path)


def test_that_too_many_frames_are_refused_with_advice(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", signal="I", axes=["frame", "q"])
        group["q"], group["I"] = CURVE.q, np.ones((MAX_CURVES + 1, CURVE.q.size)) * CURVE.intensity
        group["frame"] = np.arange(MAX_CURVES + 1)
    assert "average them first" in reason(path)


def heap_of(path):
    data = path.read_bytes()
    start = data.index(b"GCOL\x01\x00\x00\x00")
    return data, start


@pytest.mark.parametrize("size", [0, 2**64 - 16, 2**63, 2**40])
def test_that_a_heap_the_library_would_walk_for_ever_is_refused(path, size):
    with h5py.File(path, "w") as file:
        sas_data(file)
    assert has_sound_heaps(path)
    data, start = heap_of(path)
    at = start + 16 + 8  # the size of the first object
    index = 0 if size == 0 else 1
    path.write_bytes(data[: start + 16] + index.to_bytes(2, "little") + data[start + 18 : at] + size.to_bytes(8, "little") + data[at + 8 :])
    assert not has_sound_heaps(path)
    assert "broken" in reason(path)


def test_that_a_reference_that_asks_for_gigabytes_is_refused(path):
    with h5py.File(path, "w") as file:
        sas_data(file)
    data, start = heap_of(path)
    at = data.index(start.to_bytes(8, "little") + b"\x01\x00\x00\x00") - 4
    path.write_bytes(data[:at] + b"\xf0\xff\xff\x7f" + data[at + 4 :])
    assert "broken" in reason(path)


def test_that_a_title_that_asks_for_gigabytes_is_left_out(path):
    with h5py.File(path, "w") as file:
        sas_data(file, "one/data")
        sas_data(file, "two/data")
        file["one"]["title"], file["two"]["title"] = "first", "second"
    assert [m.name for m in read(path)] == ["curve.h5 [first]", "curve.h5 [second]"]
    with h5py.File(path) as file:
        place = file["two/title"].id.get_offset()
    data = path.read_bytes()
    path.write_bytes(data[:place] + b"\xf0\xff\xff\x7f" + data[place + 4 :])
    assert [m.name for m in read(path)] == ["curve.h5 [first]", "curve.h5 [two/data]"]
