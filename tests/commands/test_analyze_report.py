"""What ``analyze`` leaves in files besides JSON: table, capsules, reports; and the buffer scale it finds itself."""

from __future__ import annotations

import csv
import json

import h5py
import numpy as np
import pytest

from engine.io.capsule import read_capsule


@pytest.fixture
def solid(root):
    return root / "resources" / "examples" / "solid.dat"


def test_that_a_table_and_capsules_are_written_beside_the_json_with_the_same_numbers(run_main, solid, tmp_path):
    (tmp_path / "empty.dat").touch()
    done = run_main("analyze", solid, "empty.dat", solid, "--json", "out.json", "--csv", "out.csv", "--capsule", "deep/capsules")
    assert done.returncode == 1
    results = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [result["file"] for result in results]
    assert float(rows[0]["type 4 mean D [nm]"]) == results[0]["sizes"]["type 4"]["mean"]["value"]
    assert rows[1]["error"] == results[1]["error"]
    written = sorted(path.name for path in (tmp_path / "deep" / "capsules").iterdir())
    assert written == ["solid.dat-2-capsule.h5", "solid.dat-capsule.h5"]
    capsule = read_capsule(tmp_path / "deep" / "capsules" / written[0])
    assert capsule.result == results[2]
    assert capsule.raw == solid.read_bytes()


def test_that_a_capsule_can_be_analysed_as_a_file(run_main, solid, tmp_path):
    run_main("analyze", solid, "--capsule", ".", "--json", "first.json")
    assert run_main("analyze", "solid.dat-capsule.h5", "--json", "again.json").returncode == 0
    first, again = (json.loads((tmp_path / name).read_text(encoding="utf-8"))["results"][0] for name in ("first.json", "again.json"))
    for key in ("hypotheses", "number_fractions", "sizes", "chi2_reduced"):
        assert first[key] == again[key]


def test_that_a_report_is_drawn_without_a_display(run_main, solid, tmp_path):
    done = run_main("analyze", solid, "--report", "reports", DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert (done.returncode, done.stderr) == (0, "")
    pdf, png = sorted((tmp_path / "reports").iterdir())
    assert (pdf.name, png.name) == ("solid.dat-report.pdf", "solid.dat-report.png")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_that_the_buffer_scale_is_found(run_main, solid, tmp_path):
    q, intensity, sigma = np.loadtxt(solid, unpack=True)
    buffer = 0.3 * intensity[0] * (1 + 0.2 * np.sin(q))
    header = "q[1/nm] I[1/cm] sigma[1/cm]"
    np.savetxt(tmp_path / "sample.dat", np.column_stack([q, intensity + 0.93 * buffer, sigma]), header=header)
    np.savetxt(tmp_path / "buffer.dat", np.column_stack([q, buffer, 1e-4 * buffer]), header=header)
    done = run_main("analyze", "sample.dat", "--buffer", "buffer.dat", "--buffer-scale", "auto", "--json", "out.json")
    assert "The buffer scale 0.93" in done.stdout
    assert "Buffer taken off, times 0.93" in done.stdout
    (result,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]
    assert result["hypothesis"] == "type 4"
    assert result["sizes"]["type 4"]["mean"]["value"] == pytest.approx(52.0, abs=0.5)


@pytest.mark.parametrize("option", ["--capsule", "--report"])
def test_that_a_folder_that_cannot_be_made_is_told_before_any_work(run_main, solid, tmp_path, option):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    done = run_main("analyze", solid, option, "taken")
    assert (done.returncode, done.stdout) == (2, "")
    assert "taken" in done.stderr


def test_that_what_cannot_be_kept_is_said_and_the_answer_still_given(monkeypatch, capsys, solid, tmp_path):
    import argparse

    from engine.commands import analyze
    from engine.errors import DataFileError

    def full(path, capsule):
        raise DataFileError(path, "cannot be written: No space left on device.")

    monkeypatch.setattr("engine.io.capsule.write_capsule", full)
    parser = argparse.ArgumentParser()
    analyze.add_arguments(parser)
    assert analyze.run(parser.parse_args([str(solid), "--capsule", str(tmp_path)])) == 1
    said = capsys.readouterr()
    assert said.out.startswith("solid.dat: in family")
    assert said.err == "not kept: solid.dat-capsule.h5: cannot be written: No space left on device.\n"


def test_that_a_capsule_is_judged_with_its_own_settings_and_its_numbers_compared(run_main, solid, tmp_path):
    run_main("analyze", solid, "--types", "3,4", "--seed", "5", "--capsule", "kept")
    capsule = tmp_path / "kept" / "solid.dat-capsule.h5"
    assert "  The same numbers as in the capsule, which LNPScope " in run_main("analyze", capsule).stdout
    with h5py.File(capsule, "r+") as file:
        record = json.loads(file["sasentry01/lnpscope_capsule/record"][()])
        record["result"]["chi2_reduced"] += 0.25
        text = json.dumps(record).encode()
        del file["sasentry01/lnpscope_capsule/record"]
        file.create_dataset("sasentry01/lnpscope_capsule/record", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    assert "wrote: chi2_reduced differ." in run_main("analyze", capsule).stdout
    asked = run_main("analyze", capsule, "--types", "1,2").stdout
    assert "capsule, which" not in asked
