"""A request carried out on real files: buffer, columns by habit, curves made from others, capsules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gui_fakes import make_analysis, write_curve

from engine.errors import EngineError, ParameterError
from engine.inference.particles import Particles
from engine.inference.settings import AnalysisSettings
from engine.io.capsule import pack, write_capsule
from engine.io.column_choice import ColumnChoice
from engine.io.results import answered
from engine.io.table_preview import preview
from engine.progress import silent
from engine.units import QUnit
from lnpgui.engine_calls import analyse
from lnpgui.obtain import kept_request, obtain
from lnpgui.panels.analyse import keeping
from lnpgui.request import PLAIN, Habit, Part, Request, Way

NONE = Habit()


def write_flat(path: Path, level: float) -> Path:
    q = np.geomspace(0.04, 3.5, 300)
    np.savetxt(path, np.column_stack([q, np.full(300, level), np.full(300, 0.001 * level)]), header="q_nm^-1 I sigma")
    return path


def test_that_the_buffer_comes_off_the_sample(tmp_path: Path) -> None:
    sample, buffer = write_curve(tmp_path / "a.dat"), write_flat(tmp_path / "b.dat", 5e-5)
    (plain,) = obtain(sample, PLAIN, NONE)
    (less,) = obtain(sample, Request(buffer=buffer, buffer_scale=2.0), NONE)
    np.testing.assert_allclose(less.curve.intensity, plain.curve.intensity - 1e-4, atol=1e-12)


def test_that_what_is_wrong_with_the_buffer_names_the_buffer(tmp_path: Path) -> None:
    sample, buffer = write_curve(tmp_path / "a.dat"), tmp_path / "b.dat"
    np.savetxt(buffer, np.column_stack([np.linspace(10, 20, 50), np.ones(50), np.ones(50)]), header="q_nm^-1 I sigma")
    with pytest.raises(ParameterError, match=r"^Buffer b\.dat: .*no point in common"):
        obtain(sample, Request(buffer=buffer), NONE)
    with pytest.raises(EngineError, match="no such file"):
        obtain(sample, Request(buffer=tmp_path / "gone.dat"), NONE)


def test_that_a_folders_columns_are_used_for_tables_of_the_same_columns_only(tmp_path: Path) -> None:
    q = np.geomspace(0.05, 3, 100)
    table = np.column_stack([q, 1 / (1 + q**4), 0.01 / (1 + q**4), 2 / (1 + q**4)])
    for name, columns in (("a.dat", 4), ("b.dat", 4), ("c.dat", 3)):
        np.savetxt(tmp_path / name, table[:, :columns])
    habit = Habit(columns=ColumnChoice(q=0, intensity=3, sigma=2), layout=preview(tmp_path / "a.dat").layout)
    (same,) = obtain(tmp_path / "b.dat", PLAIN, habit)
    (other,) = obtain(tmp_path / "c.dat", PLAIN, habit)
    assert same.curve.intensity[0] == pytest.approx(table[0, 3])
    assert other.curve.intensity[0] == pytest.approx(table[0, 1])
    (said,) = obtain(tmp_path / "b.dat", Request(columns=ColumnChoice(q=0, intensity=1)), habit)
    assert said.curve.intensity[0] == pytest.approx(table[0, 1])


def test_that_a_mean_of_frames_reads_each_as_it_was_read_before(tmp_path: Path) -> None:
    parts = tuple(
        Part(path=write_curve(tmp_path / f"{i}.dat"), request=Request(q_unit=QUnit.PER_ANGSTROM, q_range=(1.0, 20.0))) for i in range(3)
    )
    (mean,) = obtain(parts[0].path, Request(way=Way.AVERAGE, parts=parts), NONE)
    assert 1.0 <= mean.curve.q[0] < mean.curve.q[-1] <= 20.0
    assert mean.notes[0].startswith("Mean of 3 of 3 curves")
    (tmp_path / "1.dat").unlink()
    with pytest.raises(EngineError, match=r"1\.dat"):
        obtain(parts[0].path, Request(way=Way.AVERAGE, parts=parts), NONE)


def test_that_a_capsule_opens_with_its_curve_and_its_request(tmp_path: Path) -> None:
    path = write_curve(tmp_path / "a.dat")
    (found,) = obtain(path, PLAIN, NONE)
    record = answered(str(path), found, make_analysis(found.curve))
    particles = Particles(shell_thickness=(3.0, 5.0))
    settings = AnalysisSettings(types=("type 3", "type 4"), q_range=(0.1, 2.0), particles=particles)
    capsule = tmp_path / "a-capsule.h5"
    write_capsule(capsule, pack(found, record, settings=settings, basis="b", model="m"))
    (opened,) = obtain(capsule, PLAIN, NONE)
    np.testing.assert_array_equal(opened.curve.intensity, found.curve.intensity)
    assert opened.notes[0].startswith("The capsule's verdict: in family, type 3 + type 4")
    assert kept_request(capsule) == Request(types=("type 3", "type 4"), q_range=(0.1, 2.0), particles=particles)
    assert kept_request(path) is None


@pytest.mark.slow
def test_that_a_capsule_from_the_window_gives_the_same_verdict_again(tmp_path: Path, root: Path) -> None:
    path = sorted((root / "resources" / "examples").glob("solid*"))[0]
    request = Request(types=("type 1", "type 4"), q_range=(0.1, 1.5))
    (found,) = obtain(path, request, NONE)
    verdict = analyse(found.curve, request, silent)
    capsule = tmp_path / "solid-capsule.h5"
    keeping.write_capsule(capsule, keeping.Kept(path, found, verdict, request), silent)
    (opened,) = obtain(capsule, PLAIN, NONE)
    kept = kept_request(capsule)
    assert kept == request
    again = analyse(opened.curve, kept, silent)
    assert again.sentence == verdict.sentence
    assert again.hypotheses == verdict.hypotheses
    assert again.sizes == verdict.sizes
    assert again.fit.q[0] >= 0.1
    assert again.fit.q[-1] <= 1.5
    np.testing.assert_array_equal(again.fit.intensity, verdict.fit.intensity)
