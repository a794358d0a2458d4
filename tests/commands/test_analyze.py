"""``python main.py analyze``: what it prints, what it writes, and how it goes on past bad files."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from engine.commands import analyze
from engine.progress import Step


@pytest.fixture
def examples(root):
    return root / "resources" / "examples"


@pytest.fixture
def solid(examples):
    return examples / "solid.dat"


def results(path):
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def test_that_a_verdict_is_printed_in_words_and_written_as_json(run_main, solid, tmp_path):
    done = run_main("analyze", solid, "--json", "out.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("solid.dat: in family\n")
    for words in ("Size of type 4: D = 5", "By number: type 4 ", "q read as 1/nm because", "reduced chi²", "400 points"):
        assert words in done.stdout
    (result,) = results(tmp_path / "out.json")
    assert (result["file"], result["error"], result["status"], result["hypothesis"]) == (str(solid), None, "in family", "type 4")
    assert result["sizes"]["type 4"]["mean"]["value"] == pytest.approx(52.0, abs=0.5)


def test_that_bad_files_are_refused_and_the_others_still_analysed(run_main, solid, tmp_path):
    (tmp_path / "empty.dat").touch()
    (tmp_path / "folder.dat").mkdir()
    (tmp_path / "three.dat").write_text("0.1 3 1\n0.2 2 1\n0.3 1 1\n", encoding="utf-8")
    (tmp_path / "picture.dat").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    words = ["empty.dat", "folder.dat", solid, "three.dat", "gone.dat", "picture.dat"]
    done = run_main("analyze", *words, "--json", "out.json")
    assert done.returncode == 1
    assert "solid.dat: in family" in done.stdout
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    for name in ("empty.dat", "folder.dat", "three.dat", "gone.dat", "picture.dat"):
        (line,) = [line for line in lines if name in line]
        assert line.startswith("refused: ")
        assert line.endswith(".")
    assert len(lines) == 5
    found = results(tmp_path / "out.json")
    assert [result["file"] for result in found] == [str(word) for word in words]
    assert [result["error"] is None for result in found] == [False, False, True, False, False, False]


def test_that_the_user_has_the_last_word_on_the_unit_of_q(run_main, solid, tmp_path):
    run_main("analyze", solid, "--json", "out.json", "--q-unit", "1/A")
    (result,) = results(tmp_path / "out.json")
    assert (result["q_unit"], result["q_unit_reason"], result["q_unit_certain"]) == ("1/A", "user", True)
    assert (result["q_min"], result["q_max"]) == (pytest.approx(0.5), pytest.approx(30.0))


def test_that_several_data_sets_of_a_file_give_several_answers(run_main, solid, examples, tmp_path):
    import h5py
    import numpy as np

    with h5py.File(tmp_path / "two.h5", "w") as file:
        for name, path in (("first", solid), ("second", examples / "vesicle_outside.dat")):
            q, intensity, sigma = np.loadtxt(path, unpack=True)
            entry = file.create_group(name)
            entry.attrs["NX_class"] = "NXentry"
            data = entry.create_group("sasdata")
            data.attrs.update(canSAS_class="SASdata", NX_class="NXdata", signal="I", I_axes="Q", Q_indices=[0])
            for key, values, unit in (("Q", q, "1/nm"), ("I", intensity, "1/cm"), ("Idev", sigma, "1/cm")):
                data.create_dataset(key, data=values).attrs["units"] = unit
            data["I"].attrs["uncertainties"] = "Idev"
            entry.attrs["canSAS_class"] = "SASentry"
    assert run_main("analyze", "two.h5", "--json", "out.json").returncode == 0
    first, second = results(tmp_path / "out.json")
    assert (first["file"], second["file"]) == ("two.h5", "two.h5")
    assert "first" in first["dataset"]
    assert "second" in second["dataset"]
    assert (first["hypothesis"], second["status"]) == ("type 4", "outside")


def test_that_a_buffer_is_taken_off(run_main, solid, tmp_path):
    import numpy as np

    q, intensity, sigma = np.loadtxt(solid, unpack=True)
    buffer = 0.3 * intensity[0] * (1 + 0.2 * np.sin(q))
    header = "q[1/nm] I[1/cm] sigma[1/cm]"
    np.savetxt(tmp_path / "sample.dat", np.column_stack([q, intensity + 2 * buffer, sigma]), header=header)
    np.savetxt(tmp_path / "buffer.dat", np.column_stack([q, buffer, 1e-6 * buffer]), header=header)
    done = run_main("analyze", "sample.dat", "--buffer", "buffer.dat", "--buffer-scale", "2", "--json", "out.json")
    assert "Buffer taken off, times 2." in done.stdout
    (with_buffer,) = results(tmp_path / "out.json")
    run_main("analyze", solid, "--json", "plain.json")
    (plain,) = results(tmp_path / "plain.json")
    assert with_buffer["hypothesis"] == plain["hypothesis"] == "type 4"
    assert with_buffer["sizes"]["type 4"]["mean"]["value"] == pytest.approx(plain["sizes"]["type 4"]["mean"]["value"], abs=0.05)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--json", "none/out.json"], "is no folder, so out.json can't be written there."),
        (["--q-unit", "1/m"], "invalid choice: '1/m'"),
        (["--buffer", "gone.dat"], "gone.dat"),
        (["--buffer-scale", "many"], "invalid float value: 'many'"),
        (["--types", "3,9"], "type 3, type 9 was given"),
        (["--prior", "3"], "--prior '3' is not understood; write TYPE=WEIGHT"),
        (["--types", "3,4", "--prior", "1=2"], "A weight was given for type 1"),
        (["--shell", "3:x"], "'3:x' is not understood; write a value or FIRST:LAST"),
        (["--shell", "5:3"], "A shell thickness of 5:3 is refused"),
        (["--q-min", "2", "--q-max", "1"], "A range of q from 2 to 1 is refused"),
    ],
)
def test_that_wrong_use_is_told_before_any_work(run_main, solid, words, sentence):
    done = run_main("analyze", solid, *words)
    assert done.returncode in (1, 2)
    assert (done.returncode == 1) == (words[0] == "--buffer")
    assert done.stdout == ""
    assert sentence in done.stderr


def test_that_what_the_user_says_of_the_sample_is_heard_and_kept(run_main, solid, tmp_path):
    from engine.inference.settings import AnalysisSettings
    from engine.io.capsule import read_capsule

    words = ["--types", "3,4", "--prior", "3=2,4=1", "--q-min", "0.1", "--q-max", "2", "--seed", "3"]
    done = run_main("analyze", solid, *words, "--json", "out.json", "--capsule", "kept")
    assert done.returncode == 0
    assert "points outside 0.1 <= q <= 2 1/nm were left out, as asked." in done.stdout
    (result,) = results(tmp_path / "out.json")
    assert set(result["number_fractions"]) == {"type 3", "type 4"}
    (capsule,) = (tmp_path / "kept").iterdir()
    said = AnalysisSettings(types=("type 3", "type 4"), priors={"type 3": 2.0, "type 4": 1.0}, q_range=(0.1, 2.0), seed=3)
    assert read_capsule(capsule).settings == said


def test_that_contrasts_in_the_default_ratio_change_nothing(run_main, solid, tmp_path):
    done = run_main("analyze", solid, "--shell", "4", "--sld-core", "32", "--sld-shell", "18", "--sld-fill", "18", "--json", "out.json")
    assert done.returncode == 0
    assert "D = 5" in done.stdout


def test_that_what_was_free_is_said_with_its_interval():
    from types import SimpleNamespace

    from engine.inference.analysis import Interval

    found = {"shell_thickness": Interval(3.52, 3.47, 3.57), "sld_core": Interval(15.1, 14.2, 16.3)}
    lines = list(analyze._nuisance_lines(SimpleNamespace(nuisances=found)))
    assert lines == ["  Shell thickness: 3.520 nm (3.470 to 3.570).", "  Contrast of the core: 15.1 (14.2 to 16.3) e-6/Å²."]


def test_that_an_interrupted_batch_keeps_what_it_has(monkeypatch, capsys, solid, tmp_path):
    import argparse

    import engine.inference.analyse as inference

    def stop_at_second(curve, *, settings, report, right=inference.analyse, seen=[]):  # noqa: B006 - counts the calls
        seen.append(curve)
        if len(seen) > 1:
            raise KeyboardInterrupt
        return right(curve, settings=settings, report=report)

    monkeypatch.setattr(inference, "analyse", stop_at_second)
    second = tmp_path / "second.dat"
    shutil.copy(solid, second)
    parser = argparse.ArgumentParser()
    analyze.add_arguments(parser)
    arguments = parser.parse_args([str(solid), str(second), "--json", str(tmp_path / "out.json")])
    with pytest.raises(KeyboardInterrupt):
        analyze.run(arguments)
    assert [result["file"] for result in results(tmp_path / "out.json")] == [str(solid)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_that_without_a_display_the_window_prints_the_analysis_and_all_is_well(run_main, solid):
    done = run_main(solid, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 0
    assert done.stderr.startswith("There is no display")
    assert done.stdout.startswith("solid.dat: in family\n")


class _Terminal:
    def __init__(self, *, is_terminal):
        self.text = ""
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("is_terminal", [True, False])
def test_that_progress_is_shown_on_a_terminal_only_and_wiped_away(is_terminal):
    stream = _Terminal(is_terminal=is_terminal)
    with analyze.ProgressLine("a.dat", stream=stream, began=-10.0) as line:
        line(Step(1, 4, "fitting"))
        line("an event of another kind")
    assert stream.text == ("\r\x1b[K 25% a.dat fitting\r\x1b[K" if is_terminal else "")


def test_that_quick_work_shows_no_progress():
    stream = _Terminal(is_terminal=True)
    with analyze.ProgressLine("a.dat", stream=stream) as line:
        line(Step(1, 4))
    assert stream.text == ""


@pytest.mark.parametrize(
    ("value", "uncertainty", "written"),
    [(52.0321, 0.06, "52.032"), (52.0321, 1.7, "52.0"), (52.0321, 30.0, "52"), (52.0321, 0.0, "52.03"), (0.5, float("nan"), "0.5")],
)
def test_that_numbers_have_the_decimals_their_uncertainty_carries(value, uncertainty, written):
    from engine.commands.terminal import rounded

    assert rounded(value, uncertainty) == written


def test_that_columns_can_be_chosen_on_the_command_line(run_main, solid, tmp_path):
    import numpy as np

    q, intensity, sigma = np.loadtxt(solid, unpack=True)
    np.savetxt(tmp_path / "mixed.dat", np.column_stack([sigma, intensity, q]))
    done = run_main("analyze", "mixed.dat", "--columns", "3,2,1", "--q-unit", "1/nm", "--json", "out.json")
    assert done.returncode == 0
    assert "Columns as you chose: q is column 3, intensity column 2, sigma is column 1." in done.stdout
    (result,) = results(tmp_path / "out.json")
    assert (result["hypothesis"], result["points"]) == ("type 4", q.size)
    for words in (["--columns", "1,1"], ["--columns", "q,I"], ["--columns", "0,2"], ["--skip-rows", "3"]):
        refused = run_main("analyze", "mixed.dat", *words)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr


def test_that_a_folder_stands_for_the_curves_in_it_and_the_sum_is_said(run_main, solid, tmp_path):
    (tmp_path / "day" / "deeper").mkdir(parents=True)
    shutil.copy(solid, tmp_path / "day" / "a.dat")
    (tmp_path / "day" / "deeper" / "b.dat").touch()
    (tmp_path / "day" / "notes.md").write_text("no curve", encoding="utf-8")
    (tmp_path / "none").mkdir()
    done = run_main("analyze", "day", "none", "--json", "out.json")
    assert done.returncode == 1
    assert [Path(result["file"]) for result in results(tmp_path / "out.json")] == [
        Path("day/a.dat"), Path("day/deeper/b.dat"), Path("none"),
    ]  # fmt: skip
    assert re.search(r"^3 curves in \d+ s: 1 answered, 2 refused\.$", done.stdout, re.MULTILINE)


def test_that_a_unit_for_files_that_do_not_say_leaves_those_that_do_alone(run_main, solid, tmp_path):
    import numpy as np

    table = np.loadtxt(solid)
    np.savetxt(tmp_path / "silent.dat", table)
    run_main("analyze", solid, "silent.dat", "--q-unit-unsaid", "1/A", "--json", "out.json")
    said, unsaid = results(tmp_path / "out.json")
    assert (said["q_unit"], said["q_unit_reason"]) == ("1/nm", "header")
    assert (unsaid["q_unit"], unsaid["q_unit_reason"], unsaid["q_unit_certain"]) == ("1/A", "folder", False)
