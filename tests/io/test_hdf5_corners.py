"""HDF5 that is nearly a curve: each is read for what it holds, or refused in a sentence."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from engine.io import hdf5_tree
from engine.io.limits import MAX_CURVES
from engine.io.read import read
from engine.units import QUnit
from tests.io.curves import sphere_curve
from tests.io.test_hdf5 import data_group, reason

CURVE = sphere_curve(60)
FRAMES = CURVE.intensity * np.arange(1, 4)[:, None]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "curve.h5"


def write(path, datasets, **attributes):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", signal="I", **attributes)
        for name, values in datasets.items():
            group.create_dataset(name, data=values)


def test_that_each_frame_may_have_a_q_of_its_own(path):
    q = CURVE.q * np.array([1.0, 1.1, 1.2])[:, None]
    write(path, {"I": FRAMES, "q": q}, axes=["frame", "q"])
    measurements = read(path, q_unit=QUnit.PER_NM)
    assert len(measurements) == 3
    for measurement, row in zip(measurements, q, strict=True):
        np.testing.assert_allclose(measurement.curve.q, row)


def test_that_frames_whose_q_runs_back_and_forth_are_an_image(path):
    q = np.broadcast_to(CURVE.q, FRAMES.shape).copy()
    q[1, 10:20] = q[1, 10:20][::-1]
    write(path, {"I": FRAMES, "q": q}, axes=["frame", "q"])
    assert "two-dimensional" in reason(path)


def test_that_a_q_of_another_length_makes_no_curve(path):
    write(path, {"I": CURVE.intensity, "q": CURVE.q[:-7]}, axes="q")
    assert "Integrate it first" in reason(path)


def test_that_data_against_something_else_are_named(path):
    write(path, {"I": CURVE.intensity, "time": np.arange(CURVE.q.size)}, axes="time")
    assert reason(path).startswith("Its data are plotted against “time”, not against q.")


@pytest.mark.parametrize("axes", [".", "gone", ["."]])
def test_that_an_axis_that_is_not_there_is_no_q(path, axes):
    write(path, {"I": CURVE.intensity}, axes=axes)
    assert "not against q" in reason(path)


def test_that_of_more_names_than_axes_the_last_counts(path):
    write(path, {"I": CURVE.intensity, "Q": CURVE.q}, axes=["Time", "Q"])
    np.testing.assert_allclose(read(path, q_unit=QUnit.PER_NM)[0].curve.q, CURVE.q)


def test_that_a_q_by_definition_may_have_any_name(path):
    with h5py.File(path, "w") as file:
        group = data_group(file, NX_class="NXdata", canSAS_class="SASdata", signal="I", I_axes="momentum")
        group["I"], group["momentum"] = CURVE.intensity, CURVE.q
    np.testing.assert_allclose(read(path, q_unit=QUnit.PER_NM)[0].curve.q, CURVE.q)


def test_that_errors_of_another_shape_are_left_out(path):
    write(path, {"I": CURVE.intensity, "q": CURVE.q, "I_errors": CURVE.sigma[:-1]}, axes="q")
    (measurement,) = read(path, q_unit=QUnit.PER_NM)
    assert any("estimated" in note for note in measurement.notes), measurement.notes


def test_that_errors_of_frames_along_the_second_axis_are_turned_with_them(path):
    errors = CURVE.sigma * np.arange(1, 4)[:, None]
    write(path, {"I": FRAMES.T, "q": CURVE.q, "I_errors": errors.T}, axes=["q", "frame"])
    for measurement, row in zip(read(path, q_unit=QUnit.PER_NM), errors, strict=True):
        np.testing.assert_array_equal(measurement.curve.sigma, row)


def test_that_complex_numbers_are_no_intensity(path):
    write(path, {"I": CURVE.intensity * 1j, "q": CURVE.q}, axes="q")
    assert "holds no real numbers" in reason(path)


def test_that_many_frames_over_several_axes_are_counted_together(path):
    write(path, {"I": np.ones((30, 20, 60)), "q": CURVE.q}, axes=["a", "b", "q"])
    assert f"more than {MAX_CURVES}" in reason(path)


def test_that_an_endless_folder_is_not_searched_to_its_end(path, monkeypatch):
    monkeypatch.setattr(hdf5_tree, "MAX_HDF5_NODES", 20)
    with h5py.File(path, "w") as file:
        for i in range(30):
            file.create_group(f"a{i:02d}")
        group = data_group(file, "z", NX_class="NXdata", signal="I", axes="q")
        group["q"], group["I"] = CURVE.q, CURVE.intensity
    assert "holds no NXcanSAS or NXdata" in reason(path)
