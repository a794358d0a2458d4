"""Curves made from others keep the record of how; the head of a table can be looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.curve import Curve
from engine.datasets.scaling import common_scale
from engine.errors import DataFileError, ParameterError
from engine.io.derived import averaged, less_buffer, merged
from engine.io.measurement import Measurement
from engine.io.read import read
from engine.io.table_preview import ROWS_SHOWN, preview
from tests.io.curves import columns, sphere_curve, text_rows, written


def measurement(tmp_path: Path, name: str, curve: Curve) -> Measurement:
    return read(written(tmp_path, "q(1/nm) I sigma\n" + text_rows(columns(curve)), name))[0]


def test_that_a_buffer_comes_off_with_its_scale_in_the_record(tmp_path):
    sample = measurement(tmp_path, "a.dat", sphere_curve(200))
    buffer = Curve(sample.curve.q, np.full(200, 0.01), np.full(200, 1e-5))
    less = less_buffer(sample, buffer, 0.5, "Buffer b.dat")
    np.testing.assert_allclose(less.curve.intensity, sample.curve.intensity - 0.005)
    assert "Buffer b.dat taken off, times 0.5." in less.notes
    assert less.notes[: len(sample.notes)] == sample.notes


def test_that_a_scale_is_found_where_none_is_given(tmp_path):
    sample = measurement(tmp_path, "a.dat", sphere_curve(300))
    raised = replace(sample, curve=replace(sample.curve, intensity=sample.curve.intensity + 20))
    buffer = Curve(sample.curve.q, np.full(300, 10.0), np.full(300, 1e-3))
    less = less_buffer(raised, buffer, None)
    assert any(note.startswith(("The buffer scale 2 ±", "The buffer scale 2.00")) for note in less.notes)


def test_that_a_mean_names_the_frame_that_is_not_in_it(tmp_path):
    frames = [measurement(tmp_path, f"{i}.dat", sphere_curve(150, seed=i)) for i in range(5)]
    bad = replace(frames[2], curve=replace(frames[2].curve, intensity=1.2 * frames[2].curve.intensity))
    mean = averaged([*frames[:2], bad, *frames[3:]])
    assert any(note.startswith("Not in the mean: 2.dat, ") for note in mean.notes)
    assert mean.notes[0] == "Mean of 4 of 5 curves: 0.dat, 1.dat, 3.dat, 4.dat."
    assert mean.curve.sigma is not None
    assert np.median(mean.curve.sigma / frames[0].curve.sigma) == pytest.approx(0.5, rel=0.05)


def test_that_merging_takes_two_curves_and_says_where_they_meet(tmp_path):
    whole = sphere_curve(400)
    low = measurement(tmp_path, "low.dat", whole.select(whole.q < 1.0))
    high = measurement(tmp_path, "high.dat", whole.select(whole.q > 0.3))
    joined = merged([low, replace(high, curve=replace(high.curve, intensity=3 * high.curve.intensity, sigma=3 * high.curve.sigma))])
    assert joined.curve.q[0] == pytest.approx(whole.q[0])
    assert joined.curve.q[-1] == pytest.approx(whole.q[-1])
    assert joined.notes[0] == "Merged from low.dat, high.dat."
    with pytest.raises(ParameterError, match="Mark two"):
        merged([low])


def test_that_curves_are_brought_to_one_scale_where_they_overlap_and_left_alone_elsewhere():
    curve = sphere_curve(200)
    other = Curve(curve.q, curve.intensity / 7, curve.sigma / 7)
    assert common_scale(curve, other) == pytest.approx(7)
    assert common_scale(curve.select(curve.q < 0.5), other.select(other.q > 1)) == 1.0


def test_that_the_head_of_a_table_shows_its_titles_rows_and_lines_above(tmp_path):
    table = columns(sphere_curve(50))
    found = preview(written(tmp_path, "# sample 7\nq(1/nm)\tI\tsigma\n" + text_rows(table, separator="\t")))
    assert (found.columns, found.titles, found.total, len(found.rows)) == (3, ("q(1/nm)", "I", "sigma"), 50, ROWS_SHOWN)
    assert float(found.rows[0][0]) == pytest.approx(table[0, 0], rel=1e-5)
    other = preview(written(tmp_path, "q(1/nm)\tsigma\tI\n" + text_rows(table, separator="\t"), "b.dat"))
    assert other.layout != found.layout


def test_that_a_file_without_a_table_says_so(tmp_path):
    with pytest.raises(DataFileError, match="no table"):
        preview(written(tmp_path, "nothing here\n"))
