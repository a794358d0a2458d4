import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import main
from engine.curve import Curve
from engine.inference import evaluation
from engine.io.write import write
from engine.learning import training
from engine.learning.model_folder import is_model, load_model

CONFIG = """
name = "bench"
seed = 2
[samples]
types = ["type 3", "type 4"]
[instrument]
q_min = [0.05, 0.06]
q_max = [1.4, 1.6]
points = [150, 160]
resolution = 0.0
[network]
width = 16
blocks = 1
gaussians = 1
[budget]
curves = 1024
batch = 64
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    for name, value in {"SCALER_BATCHES": 2, "VALIDATION_CURVES": 128, "CALIBRATION_CURVES": 256, "CHUNK": 64, "FEWEST_STEPS": 8}.items():
        monkeypatch.setattr(training, name, value)
    for name, value in {"CURVES": 256, "CHUNK": 128, "DRAWN_CURVES": 100, "EACH": 3}.items():
        monkeypatch.setattr(evaluation, name, value)
    path = tmp_path / "bench.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_that_a_training_makes_a_model_with_its_card_and_pictures(config, tmp_path, capsys):
    out = tmp_path / "model"
    assert main.run(["train", "--config", str(config), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "16/16" in said
    assert "bench" in said
    assert "Names the types right" in said
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert card["names"] == ["type 3", "type 4", "type 3 + type 4"]
    assert np.array(card["confusion"]).sum() == card["test"]["curves"] == 256
    assert set(card["coverage"]) == {"mean size", "spread", "share"}
    assert set(card["fraction_error_over_bound"]) == {"type 3 + type 4"}
    assert all(row["bound"] > 0 and row["low"] <= row["high"] for row in card["parity"])
    assert {path.name for path in out.glob("*.png")} == {"calibration.png", "confusion.png"}
    assert len(card["test"]["digest"]) == 12


def test_that_the_instrument_of_a_curve_can_be_matched(config, tmp_path):
    q = np.linspace(0.05, 1.5, 140)
    write(tmp_path / "ours.dat", Curve(q, q**-2, 0.02 * q**-2))
    words = [
        "train",
        "--config",
        str(config),
        "--out",
        str(tmp_path / "m"),
        "--like",
        str(tmp_path / "ours.dat"),
        "--no-card",
        "--curves",
        "1000",
    ]
    assert main.run(words) == 0
    model = load_model(tmp_path / "m")
    np.testing.assert_allclose(model.config.instrument.grid, q, rtol=1e-5)
    assert model.curves == 15 * 64


def test_that_a_bad_configuration_is_refused_in_a_sentence(tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text("[budget]\ncurves = 3\n[samples]\ntypes = []\n", encoding="utf-8")
    assert main.run(["train", "--config", str(path), "--out", str(tmp_path / "m")]) == 1
    said = capsys.readouterr().err
    assert "bad.toml" in said
    assert "curves = 3 is refused" in said
    assert "Candidate types" in said
    assert not (tmp_path / "m").exists()


def test_that_a_folder_with_other_files_is_refused(config, tmp_path, capsys):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("one", encoding="utf-8")
    assert main.run(["train", "--config", str(config), "--out", str(out)]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert (out / "chapter.txt").read_text(encoding="utf-8") == "one"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_that_ctrl_c_ends_a_training_early_and_well(config, tmp_path, root):
    out = tmp_path / "model"
    config.write_text(CONFIG.replace("curves = 1024", "curves = 10_000_000"), encoding="utf-8")
    words = [sys.executable, "main.py", "train", "--config", str(config), "--out", str(out), "--no-card"]
    child = subprocess.Popen(
        words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    end = time.monotonic() + 120
    while not is_model(out) and time.monotonic() < end:
        time.sleep(0.2)
    assert is_model(out)
    child.send_signal(signal.SIGINT)
    said, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    assert "Ending early" in errors
    assert "Traceback" not in errors
    assert load_model(out).calibration.distances
    assert "bench" in said
