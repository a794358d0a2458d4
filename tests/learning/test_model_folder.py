import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import DataFileError
from engine.learning import model_folder
from engine.learning.model_folder import CARD, MODEL, WEIGHTS, expected_shapes, is_model, load_model, models_in, save_model
from engine.learning.training import train


@pytest.fixture
def saved(tiny, basis, tmp_path):
    train(tiny, tmp_path / "models" / "tiny", basis)
    return tmp_path / "models" / "tiny"


def test_that_a_model_comes_back_as_it_was_saved(saved):
    model = load_model(saved)
    save_model(saved.with_name("copy"), model)
    again = load_model(saved.with_name("copy"))
    assert (again.config, again.calibration, again.identity, again.curves) == (
        model.config,
        model.calibration,
        model.identity,
        model.curves,
    )
    assert {name: array.shape for name, array in model.weights.items()} == expected_shapes(model.config.network)


def test_that_models_are_found_by_name_and_other_folders_are_not(saved):
    (saved.parent / "other").mkdir()
    (saved.parent / "other" / "notes.txt").write_text("hello", encoding="utf-8")
    shutil.copytree(saved, saved.with_name("another"))
    assert [path.name for path in models_in(saved.parent)] == ["another", "tiny"]
    assert models_in(saved.parent / "nowhere") == ()


def test_that_a_folder_with_other_files_is_not_overwritten(saved, tmp_path):
    target = tmp_path / "precious"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(DataFileError, match="holds other files"):
        save_model(target, load_model(saved))
    assert (target / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_that_an_interrupted_save_loses_nothing(saved, monkeypatch):
    model = load_model(saved)

    def power_cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(model_folder, "_replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        save_model(saved, model)
    assert load_model(saved).identity == model.identity
    monkeypatch.undo()
    saved.rename(saved.with_name(f".{saved.name}.old"))  # cut between the two renames
    assert load_model(saved).identity == model.identity


def damage(saved, name, change):
    data = json.loads((saved / name).read_text(encoding="utf-8"))
    change(data)
    (saved / name).write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(schema="lnpscope-model/9"), "of schema"),
        (lambda d: d["config"].update(seed="x"), "seed must be"),
        (lambda d: d["config"]["network"].update(width=10**9), "width = 1000000000 is refused"),
        (lambda d: d["config"]["network"].update(width=33), "holds"),
        (lambda d: d["config"]["network"].update(blocks=3), "does not fit"),
        (lambda d: d["calibration"].update(temperature=0), "temperature"),
        (lambda d: d["calibration"].update(distances=[2, 1]), "distances"),
        (lambda d: d["calibration"].update(distances=[float("nan")] * 101), "distances"),
        (lambda d: d.update(curves=float("inf")), "damaged"),
        (lambda d: d["config"]["instrument"].update(q_min=[float("nan"), 0.1]), "damaged"),
        (lambda d: d["config"].update(name="../" * 100), "name of 1 to 60 letters"),
        (lambda d: d.pop("basis"), "damaged"),
        (lambda d: d.update(config=7), "damaged"),
    ],
)
def test_that_a_model_that_is_not_right_is_refused_in_words(saved, change, words):
    damage(saved, MODEL, change)
    with pytest.raises(DataFileError, match=words):
        load_model(saved)


def test_that_strange_weights_are_refused(saved):
    weights = load_file(saved / WEIGHTS)
    name = "sets.bias"
    for strange in (weights[name].astype(np.float64), np.full_like(weights[name], np.nan), weights[name][:3].copy()):
        save_file({**weights, name: strange}, saved / WEIGHTS)
        with pytest.raises(DataFileError, match=name):
            load_model(saved)
    save_file({**weights, "extra": weights[name]}, saved / WEIGHTS)
    with pytest.raises(DataFileError, match="extra"):
        load_model(saved)
    (saved / WEIGHTS).write_bytes(b"\x00" * 50)
    with pytest.raises(DataFileError, match="is damaged"):
        load_model(saved)


def test_that_huge_and_deep_files_are_refused_before_they_are_read(saved, monkeypatch):
    monkeypatch.setattr(model_folder, "LARGEST_WEIGHTS", 1000)
    with pytest.raises(DataFileError, match="more than the 1000"):
        load_model(saved)
    monkeypatch.undo()
    (saved / CARD).write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DataFileError, match="not valid JSON"):
        load_model(saved)


def test_that_a_model_of_links_to_devices_and_to_other_files_is_refused(saved, tmp_path):
    (saved / WEIGHTS).unlink()
    (saved / WEIGHTS).symlink_to("/dev/zero")  # is read without end by who does not look
    with pytest.raises(DataFileError, match="is no model"):
        load_model(saved)
    secret = tmp_path / "secret"
    secret.write_text("a password", encoding="utf-8")
    (saved / WEIGHTS).unlink()
    (saved / WEIGHTS).symlink_to(secret)
    with pytest.raises(DataFileError) as refusal:
        load_model(saved)
    assert "password" not in str(refusal.value)


def test_that_loading_moves_no_folder_that_is_no_model(tmp_path):
    other = tmp_path / ".photos.old"
    other.mkdir()
    with pytest.raises(DataFileError, match="is no model"):
        load_model(tmp_path / "photos")
    assert other.is_dir()


def test_that_a_missing_model_is_told_in_words(tmp_path):
    assert not is_model(tmp_path)
    with pytest.raises(DataFileError, match="is no model"):
        load_model(tmp_path)
