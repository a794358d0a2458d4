"""``average``, ``merge`` and ``subtract``: the numbers they write, what they say, and the files they leave alone."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import main
from engine.curve import Curve
from engine.datasets.averaging import average
from engine.datasets.merging import merge
from engine.datasets.subtraction import find_scale, subtract
from engine.io.read import read
from engine.io.write import WRITERS, write

Q = np.linspace(0.05, 3.0, 300)
TRUE = 1000 / (1 + (5 * Q) ** 2) ** 2 + 1


def curve(seed, *, shape=TRUE, q=Q, level=0.02):
    rng = np.random.default_rng(seed)
    sigma = level * np.sqrt(shape)
    return Curve(q, rng.normal(shape, sigma), sigma * rng.uniform(0.9, 1.1, q.size))  # not one number for all points


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def frames(here):
    """Six frames, the fourth of damaged particles."""
    made = [curve(seed, shape=TRUE * (1 + 0.3 * np.exp(-3 * Q)) if seed == 3 else TRUE) for seed in range(6)]
    for i, frame in enumerate(made):
        write(here / f"frame_{i}.dat", frame)
    return made


def names(count=6):
    return [f"frame_{i}.dat" for i in range(count)]


def same(found, expected):
    np.testing.assert_array_equal(found.q, expected.q)
    np.testing.assert_array_equal(found.intensity, expected.intensity)
    np.testing.assert_array_equal(found.sigma, expected.sigma)


@pytest.mark.parametrize("ending", WRITERS)
def test_that_the_average_is_written_without_the_frame_that_differs(frames, here, capsys, ending):
    assert main.main(["average", *names(), "--out", f"mean{ending}"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Not in the mean: frame_3.dat (frame 4): " in said.out
    assert f"mean{ending}: mean of 5 of 6 frames; 300 points, with errors" in said.out
    (found,) = read(here / f"mean{ending}")
    same(found.curve, average(frames).curve)
    assert found.q_unit_certain


def test_that_agreeing_frames_are_said_to_agree_and_their_common_record_is_said_once(frames, capsys):
    assert main.main(["average", *names(3), "--out", "mean.csv"]) == 0
    said = capsys.readouterr().out
    assert "All frames agree." in said
    assert said.count("q read as 1/nm because") == 1


def test_that_a_frame_that_cannot_be_read_is_refused_and_the_others_averaged(frames, here, capsys):
    (here / "empty.dat").touch()
    assert main.main(["average", *names(3), "empty.dat", "gone.dat", "--out", "mean.csv"]) == 1
    said = capsys.readouterr()
    assert [line.split(":")[1] for line in said.err.splitlines()] == [" empty.dat", " gone.dat"]
    assert "mean of 3 of 3 frames" in said.out
    assert main.main(["average", "frame_0.dat", "empty.dat", "--out", "none.csv"]) == 2
    assert not (here / "none.csv").exists()


def test_that_the_frames_of_one_file_are_averaged(frames, here):
    with h5py.File(here / "frames.h5", "w") as file:
        file.attrs["NX_class"] = "NXroot"
        data = file.create_group("entry/data")
        data.attrs.update(NX_class="NXdata", signal="I", axes=[".", "q"])
        data.create_dataset("q", data=Q).attrs["units"] = "1/nm"
        data["I"] = np.stack([frame.intensity for frame in frames])
        data["I_errors"] = np.stack([frame.sigma for frame in frames])
    assert main.main(["average", "frames.h5", "--out", "mean.csv"]) == 0
    same(read(here / "mean.csv")[0].curve, average(frames).curve)


def test_that_a_point_one_frame_lacks_is_left_out_of_all_and_said(frames, here, capsys):
    one = frames[0]
    holed = one.intensity.copy()
    holed[[10, 200]] = np.nan
    np.savetxt(here / "holed.dat", np.column_stack([one.q, holed, one.sigma]), header="q[1/nm] I sigma")
    assert main.main(["average", "holed.dat", "frame_1.dat", "frame_2.dat", "--out", "mean.csv"]) == 0
    assert "2 points that not every frame has are not in the mean." in capsys.readouterr().out
    np.testing.assert_array_equal(read(here / "mean.csv")[0].curve.q, np.delete(Q, [10, 200]))


def test_that_two_ranges_are_merged_and_the_factor_said(here, capsys):
    low = curve(1, q=Q[:120], shape=TRUE[:120])
    high = curve(2, q=Q[80:], shape=3 * TRUE[80:])
    write(here / "low.csv", low)
    write(here / "high.xml", high)
    assert main.main(["merge", "low.csv", "high.xml", "--out", "both.h5"]) == 0
    said = capsys.readouterr().out
    assert "was multiplied by 0.33" in said
    same(read(here / "both.h5")[0].curve, merge(low, high).curve)


@pytest.mark.parametrize("scale", ["1", "0.9", "auto"])
def test_that_the_buffer_is_taken_off_with_the_scale_asked_for(here, capsys, scale):
    sample, buffer = curve(1, level=0.005), curve(2, shape=np.ones(300), level=0.005)
    write(here / "sample.dat", sample)
    write(here / "buffer.dat", buffer)
    assert main.main(["subtract", "sample.dat", "buffer.dat", "--scale", scale, "--out", "clean.xml"]) == 0
    found = find_scale(sample, buffer) if scale == "auto" else None
    value, error = (found.value, found.error) if found else (float(scale), 0.0)
    same(read(here / "clean.xml")[0].curve, subtract(sample, buffer, value, scale_error=error).curve)
    said = capsys.readouterr().out
    assert f"Buffer taken off, times {value:g}." in said
    assert ("makes buffer and sample equal" in said) == (scale == "auto")


def test_that_the_file_written_names_where_it_came_from(frames, here):
    main.main(["average", *names(), "--out", "mean.csv"])
    header = [line for line in (here / "mean.csv").read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert header[0] == "# mean of 5 of 6 frames"
    assert "# averaged: frame_0.dat, frame_1.dat, frame_2.dat, frame_4.dat, frame_5.dat" in header
    assert any(line.startswith("# not in the mean: frame_3.dat (frame 4): ") for line in header)
    assert any(line.startswith("# program: LNPScope ") for line in header)


TWO = ["frame_0.dat", "frame_1.dat"]


@pytest.mark.parametrize("command", ["average", "merge", "subtract"])
def test_that_no_file_is_replaced_unasked_and_no_measured_file_ever(frames, here, capsys, command):
    (here / "out.csv").write_text("precious", encoding="utf-8")
    assert main.main([command, *TWO, "--out", "out.csv"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (here / "out.csv").read_text(encoding="utf-8") == "precious"
    before = (here / "frame_0.dat").read_bytes()
    assert main.main([command, *TWO, "--out", "frame_0.dat", "--overwrite"]) == 2
    assert "never changed" in capsys.readouterr().err
    assert (here / "frame_0.dat").read_bytes() == before
    assert main.main([command, *TWO, "--out", "out.csv", "--overwrite"]) == 0
    assert read(here / "out.csv")


@pytest.mark.parametrize("command", ["average", "merge", "subtract"])
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([*TWO, "--out", "a.docx"], 2, "choose one of .csv, .dat, .xml, .h5"),
        ([*TWO, "--out", "none/a.csv"], 2, "is no folder"),
        (TWO, 2, "--out"),
        ([*TWO, "--out", "a.csv", "--columns", "9,10"], None, "table has 3"),
    ],
    ids=["no format", "no folder", "no output", "no such column"],
)
def test_that_what_cannot_be_done_is_a_sentence(frames, here, capsys, command, words, code, said):
    found = main.main([command, *words])
    assert found == (code or (2 if command == "average" else 1))
    assert said in capsys.readouterr().err
    assert not list(here.glob("a.*"))


@pytest.mark.parametrize("command", ["merge", "subtract"])
def test_that_a_file_of_several_curves_is_refused_where_one_is_needed(frames, here, capsys, command):
    rows = (here / "frame_0.dat").read_text(encoding="utf-8")
    (here / "two.dat").write_text(rows + rows.split("\n", 2)[2], encoding="utf-8")
    assert main.main([command, "two.dat", "frame_1.dat", "--out", "a.csv"]) == 2
    assert "holds 2 curves" in capsys.readouterr().err


def test_that_units_that_differ_ten_fold_are_not_averaged(frames, here, capsys):
    one = frames[0]
    np.savetxt(here / "other.dat", np.column_stack([one.q, one.intensity, one.sigma]), header="q[1/A] I sigma")
    assert main.main(["average", "frame_1.dat", "other.dat", "--out", "mean.csv"]) == 2
    assert "check the q units" in capsys.readouterr().err
    assert main.main(["average", "frame_1.dat", "other.dat", "--out", "mean.csv", "--q-unit", "1/nm"]) == 0
    assert "You said 1/nm, although the column title says" in capsys.readouterr().out
