"""``python main.py simulate`` with a user's own particle, and with shapes by name."""

from __future__ import annotations

import numpy as np

from engine.models.onion import Onion
from engine.scattering.exact import form_factor

BALL = '[contrasts]\ncore = 9.0\n[[pieces]]\nregion = "core"\nsphere = {radius = 25.0}\n'


def read(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)


def test_that_an_own_particle_is_simulated_like_the_type_it_equals(run_main, tmp_path):
    (tmp_path / "own.toml").write_text(BALL, encoding="utf-8")
    done = run_main("simulate", "--particle", "own.toml", "--points", "50", "--out", "own.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert run_main("simulate", "--type", "4", "--diameter", "50", "--points", "50", "--out", "four.csv").returncode == 0
    assert (tmp_path / "own.csv").read_bytes() == (tmp_path / "four.csv").read_bytes()


def test_that_a_faulty_particle_or_one_that_is_given_twice_is_refused(run_main, tmp_path):
    (tmp_path / "own.toml").write_text(BALL.replace("25.0", "-1"), encoding="utf-8")
    done = run_main("simulate", "--particle", "own.toml", "--out", "a.csv")
    assert done.returncode != 0
    assert "pieces[1].sphere.radius = -1 is refused" in done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "own.toml").write_text(BALL, encoding="utf-8")
    for more in (("--diameter", "50"), ("--set", "shells=3"), ("--sd", "3"), ("--type", "4")):
        assert run_main("simulate", "--particle", "own.toml", *more, "--out", "a.csv").returncode == 2
    assert not (tmp_path / "a.csv").exists()


def test_that_a_shape_is_simulated_by_name_with_parameters_of_its_own(run_main, tmp_path):
    words = ("simulate", "--type", "onion", "--diameter", "60", "--shell", "5", "--points", "40", "--out", "a.csv")
    assert run_main(*words, "--set", "shells=2", "--set", "gap_thickness=3").returncode == 0
    q, intensity = read(tmp_path / "a.csv")
    expected = form_factor(Onion(diameter=60.0, shells=2, shell_thickness=5.0, gap_thickness=3.0), q)
    np.testing.assert_allclose(intensity, expected, rtol=1e-8)
    for wrong in ("shells", "shells=x", "diameter=3", "layers=2", "shells=2.5"):
        done = run_main(*words, "--set", wrong)
        assert done.returncode == 2, wrong
        assert wrong.split("=")[0] in done.stderr
