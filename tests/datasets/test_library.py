"""Libraries of curves: what they hold, and that no interruption costs more than one block."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from multiprocessing import active_children
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.commands import library as command
from engine.datasets import cluster, library
from engine.datasets.basis import load_basis
from engine.datasets.library import make_library
from engine.datasets.library_file import LibraryWriter, part_of
from engine.datasets.library_plan import LibrarySettings, plan
from engine.errors import Cancelled, DataFileError, NotConverged, ParameterError
from engine.models.registry import MODELS
from engine.progress import Step
from engine.scattering.exact import ExactSettings, form_factor, partial_terms

WISH = LibrarySettings(
    types=("type 2", "type 4"),
    diameter_min=20.0,
    diameter_max=50.0,
    diameter_step=1.0,
    shell_thicknesses=(3.0, 4.0),
    q_max=1.0,
    q_points=41,
)
BLOCKS = 6  # two of 24 sizes for each thickness of type 2, and two for type 4
LONGER = dataclasses.replace(WISH, diameter_max=100.0, q_max=3.0, q_points=301, diameter_step=0.1)


def terms_of(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {key: file[key]["terms"][:] for key in json.loads(file.attrs["provenance"])["parameters"]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "library.h5"
    make_library(path, WISH)
    return path


def test_that_a_library_holds_the_partial_terms_of_the_solver(whole):
    with h5py.File(whole) as file:
        q, group = file["q"][:], file["type 2"]
        assert json.loads(group.attrs["regions"]) == ["core", "shell", "fill"]
        assert group["pairs"][:].tolist() == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]
        expected = partial_terms(MODELS["type 2"](diameter=33.0, shell_thickness=4.0), q).terms
        np.testing.assert_allclose(group["terms"][1, 13], expected, rtol=2e-7, atol=1e-9 * expected.max())
        assert group["terms"].shape == (2, 31, 6, 41)
        assert file["type 4"]["terms"].shape == (1, 31, 1, 41)
        assert not file["type 4"]["shell_thickness"].size


def test_that_totals_at_fixed_contrasts_can_be_stored_instead(tmp_path):
    wish = dataclasses.replace(WISH, fixed_contrasts=True, overrides=(("sld_fill", 2.0), ("septum_thickness", 6.0)))
    make_library(tmp_path / "totals.h5", wish)
    expected = form_factor(MODELS["type 2"](diameter=20.0, shell_thickness=3.0, sld_fill=2.0, septum_thickness=6.0), wish.q)
    np.testing.assert_allclose(terms_of(tmp_path / "totals.h5")["type 2"][0, 0, 0], expected, rtol=2e-7, atol=1e-9 * expected[0])


def test_that_a_library_says_how_it_was_made(whole):
    with h5py.File(whole) as file:
        provenance = json.loads(file.attrs["provenance"])
        assert file.attrs["schema"] == "lnpscope-library/1"
        assert file.attrs["date"].startswith("20")
        assert file["q"].attrs["unit"] == "1/nm"
    assert provenance["kind"] == "partial terms"
    assert provenance["code_version"]
    assert provenance["solver"]["name"] == "exact"
    assert provenance["parameters"]["type 2"]["septum_thickness"] == 4.0
    assert provenance["parameters"]["type 2"]["equatorial_ratio"] == 0.2857
    assert provenance["parameters"]["type 2"]["sld_core"] == 16.0


def test_that_nothing_is_left_beside_a_finished_library(whole):
    assert [path.name for path in whole.parent.iterdir()] == ["library.h5"]


def stop_after(count: int):
    def report(event):
        if isinstance(event, Step) and event.done >= count:
            raise Cancelled

    return report


def count_computed(monkeypatch) -> list[int]:
    """Return a list that receives the number of every block computed from now on."""
    computed: list[int] = []
    real = library.compute

    def compute(wish, block):
        computed.append(block.number)
        return real(wish, block)

    monkeypatch.setattr(library, "compute", compute)
    return computed


def test_that_a_cancelled_library_is_taken_up_where_it_stopped(tmp_path, whole, monkeypatch):
    path = tmp_path / "library.h5"
    with pytest.raises(Cancelled):
        make_library(path, WISH, report=stop_after(4))
    assert not path.exists()
    computed = count_computed(monkeypatch)
    heard = []
    make_library(path, WISH, report=heard.append)
    assert computed == [4, 5]
    assert [event.done for event in heard] == [5, 6]
    assert all(np.array_equal(a, b) for a, b in zip(terms_of(path).values(), terms_of(whole).values(), strict=True))


@pytest.mark.parametrize("moment", ["before the block is written", "before the block is marked", "before the file is renamed"])
def test_that_a_kill_costs_at_most_the_block_under_way(tmp_path, whole, monkeypatch, moment):
    path = tmp_path / "library.h5"
    put, calls = {
        "before the block is written": ("LibraryWriter.put = die", 4),
        "before the block is marked": ("LibraryWriter._sync = die", 7),
        "before the file is renamed": ("pathlib.Path.replace = die", 2),
    }[moment]
    done = run_python(
        f"""
import os, pathlib, signal
from pathlib import Path
from engine.datasets.library import make_library
from engine.datasets.library_file import LibraryWriter
from engine.datasets.library_plan import LibrarySettings
names = {{"die": None}}
def fatal(real, calls=[]):
    def die(*arguments):
        calls.append(1)
        if len(calls) == {calls}:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    return die
die = fatal({put.split(" = ")[0]})
{put}
make_library(Path({str(path)!r}), LibrarySettings(**{fields(WISH)!r}))
"""
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not path.exists()
    with pytest.raises(DataFileError, match="no finished library"):
        load_basis(part_of(path), shell_thickness=3.0)
    computed = count_computed(monkeypatch)
    make_library(path, WISH)
    assert computed == ([] if moment == "before the file is renamed" else [3, 4, 5])
    assert all(np.array_equal(a, b) for a, b in zip(terms_of(path).values(), terms_of(whole).values(), strict=True))
    assert [left.name for left in tmp_path.iterdir()] == ["library.h5"]


def fields(wish: LibrarySettings) -> dict[str, object]:
    return {field.name: getattr(wish, field.name) for field in dataclasses.fields(wish) if field.name != "solver"}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120, cwd=Path(__file__).parents[2]
    )


def begin(path: Path) -> None:
    with pytest.raises(Cancelled):
        make_library(path, WISH, report=stop_after(1))


@pytest.mark.parametrize("change", [{"q_max": 1.1}, {"overrides": (("sld_core", 15.0),)}, {"solver": ExactSettings(refinement=2.0)}])
def test_that_a_library_begun_with_other_settings_is_not_mixed(tmp_path, change):
    begin(tmp_path / "library.h5")
    with pytest.raises(DataFileError, match="begun with other settings"):
        make_library(tmp_path / "library.h5", dataclasses.replace(WISH, **change))


def test_that_a_finished_library_is_replaced_only_when_told(tmp_path):
    path = tmp_path / "library.h5"
    path.write_text("something precious")
    with pytest.raises(DataFileError, match="exists already"):
        make_library(path, WISH)
    assert path.read_text() == "something precious"
    make_library(path, WISH, overwrite=True)
    assert load_basis(path, shell_thickness=3.0).types == WISH.types


def test_that_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataFileError, match="does not exist"):
        make_library(tmp_path / "nowhere" / "library.h5", WISH)


def test_that_a_damaged_beginning_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "library.h5"
    part_of(path).write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    with pytest.raises(DataFileError, match="cannot be taken up again"):
        make_library(path, WISH)


def test_that_two_programs_do_not_write_one_library(tmp_path):
    path = tmp_path / "library.h5"
    begin(path)
    with LibraryWriter(path, WISH.q, WISH.tables(), WISH.provenance(), BLOCKS):
        done = run_python(
            f"""
from pathlib import Path
from engine.datasets.library import make_library
from engine.datasets.library_plan import LibrarySettings
make_library(Path({str(path)!r}), LibrarySettings(**{fields(WISH)!r}))
"""
        )
    assert "cannot be taken up again" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"types": ()}, "Types .none. are refused"),
        ({"types": ("type 1", "type 1")}, "each once"),
        ({"types": ("type 5",)}, "choose from type 1, type 2, type 3, type 4"),
        ({"diameter_min": -1.0}, "Diameters -1 to 50"),
        ({"diameter_step": 0.0}, "a step of at least"),
        ({"diameter_max": float("nan")}, "Diameters 20 to nan"),
        ({"q_points": 1}, "at 1 points is refused"),
        ({"q_max": float("inf")}, "q times D reaches inf"),
        ({"q_max": 81.0}, "the exact solver takes up to 4000"),
        ({"shell_thicknesses": (3.0, 3.0)}, "different values"),
        ({"shell_thicknesses": ()}, "at least one shell thickness"),
        ({"overrides": (("sld_gold", 100.0),)}, "parameter sld_gold"),
        ({"overrides": (("diameter", 100.0),)}, "parameter diameter"),
        ({"overrides": (("sld_core", 1e9),)}, "sld_core = 1000000000.0"),
        ({"diameter_step": 0.001, "q_points": 100_000}, "GB"),
    ],
)
def test_that_impossible_libraries_are_refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        dataclasses.replace(WISH, **change)


def test_that_all_faults_are_told_at_once():
    with pytest.raises(ParameterError, match=r"Diameters .* q from .* Types "):
        LibrarySettings(diameter_min=0.0, q_points=0, types=("type 9",))


def test_that_two_processes_make_the_same_library_as_one(tmp_path, whole):
    heard = []
    make_library(tmp_path / "library.h5", WISH, workers=2, report=heard.append)
    assert all(np.array_equal(a, b) for a, b in zip(terms_of(tmp_path / "library.h5").values(), terms_of(whole).values(), strict=True))
    assert heard[-1] == Step(BLOCKS, BLOCKS, "blocks of curves")
    assert not active_children()


def test_that_a_cancel_ends_the_processes_and_keeps_what_they_did(tmp_path):
    with pytest.raises(Cancelled):
        make_library(tmp_path / "library.h5", WISH, workers=2, report=stop_after(2))
    assert not active_children()
    with LibraryWriter(tmp_path / "library.h5", WISH.q, WISH.tables(), WISH.provenance(), BLOCKS) as writer:
        assert writer.missing().size == BLOCKS - 2


def test_that_a_dead_process_is_told_and_costs_nothing_that_was_done(tmp_path):
    path = tmp_path / "library.h5"

    def kill_one(event):
        if event.done == 1 and active_children():
            os.kill(active_children()[0].pid, signal.SIGTERM)

    with pytest.raises(NotConverged, match="give the same command again"):
        make_library(path, LONGER, workers=2, report=kill_one)
    with LibraryWriter(path, LONGER.q, LONGER.tables(), LONGER.provenance(), len(plan(LONGER))) as writer:
        assert writer.missing().size < len(plan(LONGER))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_that_processes_end_when_their_parent_is_killed(tmp_path):
    code = f"""
import os, sys
from multiprocessing import active_children
from pathlib import Path
from engine.datasets.library import make_library
from engine.datasets.library_plan import LibrarySettings
def report(event):
    if event.done == 1:
        print(*(child.pid for child in active_children()), flush=True)
        sys.stdin.read()
if __name__ == "__main__":
    make_library(Path({str(tmp_path / "library.h5")!r}), LibrarySettings(**{fields(LONGER)!r}), workers=2, report=report)
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        children = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) >= 2
    patience = time.monotonic() + 20
    while any(is_running(child) for child in children):
        assert time.monotonic() < patience, "a worker outlived its parent"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def given(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_that_the_command_makes_a_library(tmp_path, capsys):
    path = tmp_path / "library.h5"
    words = "--types 1 4 --diameters 30:40:5 --shells 3.5 --q-max 1 --points 33 --fixed-contrasts --sld-core 12 --septum 5 --workers 1"
    assert command.run(given("--out", str(path), *words.replace("--septum 5 ", "").split())) == 0
    assert "6 particles at 33 q" in capsys.readouterr().out
    basis = load_basis(path)
    assert basis.types == ("type 1", "type 4")
    np.testing.assert_allclose(basis.diameters, [30, 35, 40])
    assert basis.contrasts["type 1"]["core"] == 12.0
    with pytest.raises(ParameterError, match="septum_thickness"):
        command.run(given("--out", str(path), *words.split()))


def test_that_the_command_makes_the_full_basis_unless_told_otherwise():
    wish = command.settings(given("--out", "library.h5"))
    assert wish == LibrarySettings()
    assert wish.curves == 3 * 161 * 5 + 161


@pytest.mark.slow
def test_that_the_full_basis_takes_less_than_four_minutes_and_60_megabytes(tmp_path):
    began = time.monotonic()
    command.run(given("--out", str(tmp_path / "full.h5")))
    assert time.monotonic() - began < 240  # measured 15 s on two cores
    assert (tmp_path / "full.h5").stat().st_size < 60e6  # measured 15 MB


@pytest.mark.parametrize("words", [["--diameters", "20-100"], ["--diameters", "1:2"], ["--workers", "0"], ["--points", "0"]])
def test_that_words_not_understood_are_wrong_use(tmp_path, words):
    with pytest.raises(ParameterError):
        command.run(given("--out", str(tmp_path / "library.h5"), *words))
    assert not list(tmp_path.iterdir())


def test_that_a_missing_cluster_package_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match="pip install"):
        make_library(tmp_path / "library.h5", WISH, scheduler="tcp://127.0.0.1:1")


@contextmanager
def two_workers():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as found:
        yield found


@pytest.mark.slow
def test_that_a_cluster_makes_the_same_library_though_a_worker_is_killed_half_way(tmp_path, whole):
    wish = dataclasses.replace(LONGER, diameter_step=1.0)
    make_library(tmp_path / "here.h5", wish)
    killed = []

    def kill_one(event):
        if event.done == 2 and not killed:
            killed.append(nanny.pid)
            os.kill(nanny.pid, signal.SIGKILL)

    with two_workers() as found:
        nanny = next(iter(found.workers.values()))
        make_library(tmp_path / "there.h5", wish, scheduler=found.scheduler_address, report=kill_one)
    assert killed
    here, there = terms_of(tmp_path / "here.h5"), terms_of(tmp_path / "there.h5")
    for key, terms in here.items():
        np.testing.assert_allclose(there[key], terms, rtol=1e-6)


@pytest.mark.slow
def test_that_a_cancel_passes_from_a_cluster(tmp_path):
    with two_workers() as found, pytest.raises(Cancelled):
        make_library(tmp_path / "library.h5", WISH, scheduler=found.scheduler_address, report=stop_after(2))
    begun = threading.active_count()
    make_library(tmp_path / "library.h5", WISH)
    assert threading.active_count() <= begun


def test_that_a_scheduler_that_does_not_answer_is_told(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_TIMEOUT", 0.3)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(ParameterError, match=f"No scheduler answers at {address}"):
            make_library(tmp_path / "library.h5", WISH, scheduler=address)
    assert not list(tmp_path.iterdir())
