import pytest

from engine.errors import DataFileError, ParameterError
from engine.learning.config import Budget, TrainConfig, from_dict, read_config, to_dict


def test_that_a_configuration_survives_its_way_through_a_dictionary():
    config = from_dict({"name": "ours", "seed": 9, "samples": {"types": ["type 3", "type 4"]}, "instrument": {"noise": [0.01, 0.02]}})
    assert config.samples.types == ("type 3", "type 4")
    assert config.instrument.noise == (0.01, 0.02)
    assert from_dict(to_dict(config)) == config


def test_that_the_shipped_configuration_reads(root):
    config = read_config(root / "resources" / "models" / "default.toml")
    assert config.name == "default"
    assert config.budget.curves >= 1_000_000


def test_that_every_fault_is_told_at_once():
    with pytest.raises(ParameterError) as refused:
        from_dict({"seed": -1, "samples": {"mean": [90, 20]}, "budget": {"curves": "many", "colour": 3}, "network": 5})
    for words in ("seed", "Mean sizes", "knows no colour", "curves must be a number", "[network] must be a section"):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        ("name = 'x'\nmood = 3", "knows no mood"),
        ("[budget]\ncurves = 5", "curves = 5 is refused"),
        ("seed = true", "seed must be"),
    ],
)
def test_that_a_bad_file_is_refused_with_its_name(tmp_path, text, words):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=words) as refused:
        read_config(path)
    assert "bad.toml" in str(refused.value)


def test_that_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(DataFileError, match="1000001 bytes"):
        read_config(path)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "two\nlines"])
def test_that_a_model_needs_a_name(name):
    with pytest.raises(ParameterError, match="needs a name"):
        TrainConfig(name=name)


def test_that_steps_follow_from_curves_and_batch():
    assert Budget(curves=10_000, batch=500).steps == 20
