"""What the program writes, it reads back identical, and so does a reader written by others."""

from __future__ import annotations

import warnings

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curve import Curve
from engine.errors import DataFileError
from engine.io import write_cansas, write_nxcansas
from engine.io.read import read
from engine.io.write import NAMES, WRITERS, write
from engine.units import QUnit
from tests.io.curves import sphere_curve

CURVE = sphere_curve(90)
BARE = Curve(CURVE.q, CURVE.intensity)
FORMATS = {".csv": "text, 3 columns", ".dat": "ATSAS", ".xml": "canSAS1D XML", ".h5": "NXcanSAS"}
AWKWARD = "Lipid A/B, 50 % “µ” <&> 1/A\n# 1 2 3\x00"


def same(curve, other):
    np.testing.assert_array_equal(curve.q, other.q)
    np.testing.assert_array_equal(curve.intensity, other.intensity)
    if other.sigma is None:
        assert curve.sigma is None
    else:
        np.testing.assert_array_equal(curve.sigma, other.sigma)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("curve", [CURVE, BARE], ids=["with sigma", "without sigma"])
@pytest.mark.parametrize("title", ["", "sample", AWKWARD])
def test_that_a_written_curve_is_read_back_bit_for_bit(tmp_path, ending, curve, title):
    path = tmp_path / f"curve{ending}"
    write(path, curve, title=title, metadata={"temperature": "25 °C", "a <b>": AWKWARD})
    (measurement,) = read(path)
    same(measurement.curve, curve)
    assert measurement.q_unit is QUnit.PER_NM
    assert measurement.q_unit_certain
    assert measurement.dropped == ()
    if curve.sigma is not None:
        assert measurement.format_name == FORMATS[ending]


@pytest.mark.parametrize("ending", WRITERS)
@given(
    seed=st.integers(0, 2**32 - 1),
    points=st.integers(11, 300),
    exponent=st.integers(-30, 30),
)
def test_that_any_scale_and_length_survives(tmp_path_factory, ending, seed, points, exponent):
    rng = np.random.default_rng(seed)
    q = 0.01 * np.cumsum(rng.uniform(0.5, 1.5, points))
    intensity = rng.normal(1.0, 0.3, points) * 10.0**exponent
    curve = Curve(q, intensity, rng.uniform(0.01, 0.2, points) * 10.0**exponent)
    path = tmp_path_factory.mktemp("written") / f"curve{ending}"
    write(path, curve)
    same(read(path)[0].curve, curve)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("curve", [CURVE, BARE], ids=["with sigma", "without sigma"])
def test_that_another_program_reads_it_the_same(tmp_path, ending, curve):
    """SasView's reader turns 1/nm into 1/Å where the format carries a unit, hence the last bit; text it takes as it stands."""
    loader = pytest.importorskip("sasdata.dataloader.loader", reason="the development dependency sasdata is absent")
    path = tmp_path / f"curve{ending}"
    write(path, curve, title="sample")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (data,) = loader.Loader().load(str(path))
    np.testing.assert_allclose(data.x, curve.q * (0.1 if ending in (".xml", ".h5") else 1.0), rtol=1e-15)
    np.testing.assert_array_equal(data.y, curve.intensity)
    if curve.sigma is not None:
        np.testing.assert_array_equal(data.dy, curve.sigma)


@pytest.mark.parametrize("ending", [".xml", ".h5"])
def test_that_another_program_finds_title_run_unit_and_notes(tmp_path, ending):
    loader = pytest.importorskip("sasdata.dataloader.loader", reason="the development dependency sasdata is absent")
    path = tmp_path / f"curve{ending}"
    write(path, CURVE, title="Lipid A, 50 %", metadata={"temperature": "25 °C", "buffer": "PBS"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (data,) = loader.Loader().load(str(path))
    assert (data.title, data.run) == ("Lipid A, 50 %", ["1"])
    assert (data.x_unit, data.dx is None or not np.any(data.dx)) == ("A^{-1}", True)
    (process,) = data.process
    assert process.name == "LNPScope"
    said = [term["value"] for term in process.term] if ending == ".xml" else process.notes
    assert sorted(said) == ["25 °C", "PBS"]


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    "metadata", [{"name": "x"}, {"a/b": "1", "a_b": "2"}, {".": "x", "..": "y"}, {"": "x"}, {"a\nb": "c\n1 2 3"}], ids=str
)
def test_that_no_name_of_a_note_keeps_a_curve_from_being_written(tmp_path, ending, metadata):
    write(tmp_path / f"curve{ending}", CURVE, metadata=metadata)
    same(read(tmp_path / f"curve{ending}")[0].curve, CURVE)


def test_that_the_unit_of_the_intensity_is_written(tmp_path):
    write_cansas.write(tmp_path / "a.xml", CURVE, intensity_unit="1/cm")
    assert '<I unit="1/cm">' in (tmp_path / "a.xml").read_text()
    write_nxcansas.write(tmp_path / "a.h5", CURVE, intensity_unit="1/cm")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["sasentry01/sasdata01/I"].attrs["units"] == "1/cm"


@pytest.mark.parametrize("ending", WRITERS)
def test_that_nothing_is_left_when_writing_fails(tmp_path, ending, monkeypatch):
    path = tmp_path / f"curve{ending}"
    write(path, CURVE)
    before = path.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataFileError, match="No space left"):
        write(path, BARE)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(DataFileError, match="folder"):
        write(tmp_path / "none" / "a.csv", CURVE)


def test_that_an_ending_without_a_format_is_refused(tmp_path):
    with pytest.raises(DataFileError, match=r"\.docx"):
        write(tmp_path / "a.docx", CURVE)


def test_that_every_format_has_a_name_for_the_dialog():
    assert set(NAMES) == set(WRITERS)
