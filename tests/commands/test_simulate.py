"""``python main.py simulate``: the file it writes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

BALL = ("--type", "4", "--diameter", "50")
SMALL = ("--type", "4", "--diameter", "20")
SPHERE = ("simulate", *BALL)


def read(path):
    assert path.read_text(encoding="utf-8").splitlines()[0] == "q,intensity"
    return np.loadtxt(path, delimiter=",", skiprows=1, unpack=True, ndmin=2)


def sphere(q, diameter, contrast):
    x = q * diameter / 2
    volume = np.pi / 6 * diameter**3
    return (contrast * volume * 3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2


def test_that_a_sphere_is_written_in_the_stated_units(run_main, tmp_path):
    done = run_main(*SPHERE, "--out", "a.csv")
    assert (done.returncode, done.stderr) == (0, "")
    q, intensity = read(tmp_path / "a.csv")
    np.testing.assert_allclose(q, np.linspace(0.02, 3.14, 500), rtol=1e-10)
    # of the envelope, since the minima of a sphere go to zero; the file holds twelve digits
    envelope = (9.0 * np.pi * 50 / q**2) ** 2 * 4
    assert np.max(np.abs(intensity - sphere(q, 50, 9.0)) / np.minimum(envelope, sphere(1e-3, 50, 9.0))) < 1e-8


def test_that_every_argument_reaches_the_particle(run_main, tmp_path):
    common = ("simulate", "--type", "2", "--diameter", "60", "--points", "5")
    curves = []
    for name, more in {
        "plain": (),
        "shell": ("--shell", "5"),
        "core": ("--sld-core", "12"),
        "wall": ("--sld-shell", "7"),
        "fill": ("--sld-fill", "3"),
        "defaults": ("--shell", "4", "--sld-core", "16", "--sld-shell", "9", "--sld-fill", "9"),
    }.items():
        assert run_main(*common, *more, "--out", f"{name}.csv").returncode == 0
        curves.append((tmp_path / f"{name}.csv").read_text(encoding="utf-8"))
    assert curves[0] == curves[-1]
    assert len(set(curves)) == 5


def test_that_the_q_axis_is_the_one_asked_for(run_main, tmp_path):
    assert run_main(*SPHERE, "--q-min", "0", "--q-max", "1", "--points", "11", "--out", "a.csv").returncode == 0
    q, intensity = read(tmp_path / "a.csv")
    np.testing.assert_allclose(q, np.arange(11) / 10, atol=1e-12)
    np.testing.assert_allclose(intensity[0], (9.0 * np.pi / 6 * 50**3) ** 2, rtol=1e-9)


def test_that_a_spread_of_sizes_gives_the_number_weighted_mean(run_main, tmp_path):
    assert run_main(*SPHERE, "--sd", "10", "--q-min", "0", "--q-max", "1", "--points", "21", "--out", "a.csv").returncode == 0
    q, intensity = read(tmp_path / "a.csv")
    log_sd = np.sqrt(np.log1p(0.04))
    d = np.linspace(5, 400, 20001)
    numbers = np.exp(-0.5 * ((np.log(d / 50) + log_sd**2 / 2) / log_sd) ** 2) / d
    expected = [np.sum(numbers * sphere(max(value, 1e-6), d, 9.0)) / numbers.sum() for value in q]
    np.testing.assert_allclose(intensity, expected, rtol=1e-4)


def test_that_the_cylinder_of_the_paper_is_the_default_of_its_type(run_main, tmp_path):
    assert run_main("simulate", "--type", "5", "--q-min", "0", "--points", "3", "--out", "a.csv").returncode == 0
    assert (
        run_main(
            "simulate",
            "--type",
            "5",
            "--diameter",
            "50",
            "--radius",
            "10",
            "--sld-core",
            "1",
            "--q-min",
            "0",
            "--points",
            "3",
            "--out",
            "b.csv",
        ).returncode
        == 0
    )
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()
    np.testing.assert_allclose(read(tmp_path / "a.csv")[1][0], (np.pi * 10**2 * 50) ** 2, rtol=1e-9)


def test_that_a_parameter_the_type_lacks_is_named_and_left_aside(run_main, tmp_path):
    done = run_main("simulate", "--type", "3", "--diameter", "50", "--sld-fill", "9", "--points", "2", "--out", "a.csv")
    assert done.returncode == 0
    assert done.stderr == "note: type 3 (two-compartment) has no sld_fill; it is not used.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--type", "3"), "type 3 needs a size; give --diameter in nm."),
        (("--type", "3", "--diameter", "-5"), "diameter = -5.0 nm is refused; give 1 to 1000 nm (end-to-end length D along z)."),
        (("--type", "3", "--diameter", "nan"), "diameter = nan nm is refused; give 1 to 1000 nm (end-to-end length D along z)."),
        ((*BALL, "--sd", "-1"), "The standard deviation must lie between 0 and the mean (50 nm); -1.0 nm was given."),
        ((*BALL, "--sd", "60"), "The standard deviation must lie between 0 and the mean (50 nm); 60.0 nm was given."),
        (("--type", "5", "--sd", "1"), "A cylinder has no diameter to distribute; leave --sd out."),
        ((*SMALL, "--solver", "lattice", "--points", "0", "--sd", "2"), "a spread of sizes needs common ones; give --points."),
        ((*SMALL, "--solver", "lattice", "--q-max", "4"), "the curve ends at 3.14159 1/nm and is not continued; lower the last q."),
        ((*SMALL, "--solver", "lattice", "--points", "0", "--q-max", "0.01"), "none between 0 and 0.01."),
        ((*BALL, "--points", "-1"), "--points -1 is refused; give 1 to 100000, or 0 for the solver's own points."),
        ((*BALL, "--points", "0"), "The exact solver takes any q and has no points of its own; give --points."),
        ((*BALL, "--q-min", "2", "--q-max", "1"), "q must increase; --q-max 1 is not above --q-min 2 1/nm."),
        ((*BALL, "--q-max", "inf"), "--q-max inf 1/nm is refused; give 0 to 100."),
        ((*BALL, "--out", "none/a.csv"), "is no folder, so a.csv can't be written there."),
    ],
)  # fmt: skip
def test_that_wrong_values_are_refused_in_a_sentence(run_main, tmp_path, words, sentence):
    done = run_main("simulate", "--out", "a.csv", *words)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(sentence)
    assert "\n" not in done.stderr.strip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_that_the_lattice_solver_writes_its_own_points_as_the_published_program(run_main, tmp_path, shared_dir):
    import h5py

    assert run_main("simulate", "--type", "4", "--diameter", "24", "--solver", "lattice", "--points", "0", "--out", "a.csv").returncode == 0
    q, intensity = read(tmp_path / "a.csv")
    with h5py.File(shared_dir / "reference" / "paper_type4_raw.h5") as file:
        s, published = file["d24_qIq"][:]
    np.testing.assert_allclose(q, 2 * np.pi * s, rtol=1e-11)
    np.testing.assert_allclose(intensity, published, rtol=1e-9)


def test_that_the_lattice_solver_is_near_the_exact_one_on_any_axis(run_main, tmp_path):
    common = ("simulate", "--type", "3", "--diameter", "30", "--sd", "0.5", "--q-min", "0.02", "--q-max", "0.3", "--points", "8")
    assert run_main(*common, "--solver", "lattice", "--out", "lattice.csv").returncode == 0
    assert run_main(*common, "--out", "exact.csv").returncode == 0
    # voxels of 1 nm on a body of 30 nm: a few percent of the volume, twice that of the intensity
    np.testing.assert_allclose(read(tmp_path / "lattice.csv")[1], read(tmp_path / "exact.csv")[1], rtol=0.15)


def test_that_the_non_uniform_solver_agrees_with_the_exact_one(run_main, tmp_path):
    common = ("simulate", "--type", "2", "--diameter", "40", "--q-min", "0", "--q-max", "0.8", "--points", "9")
    assert run_main(*common, "--solver", "nufft", "--out", "nufft.csv").returncode == 0
    assert run_main(*common, "--out", "exact.csv").returncode == 0
    # volume means on 1 nm voxels: median |log10 error| 0.0015 up to 2/nm; away from minima of I ten times that is safe
    np.testing.assert_allclose(read(tmp_path / "nufft.csv")[1], read(tmp_path / "exact.csv")[1], rtol=0.02)


def test_that_the_own_points_can_be_cut(run_main, tmp_path):
    words = (
        "simulate",
        "--type",
        "4",
        "--diameter",
        "20",
        "--solver",
        "lattice",
        "--points",
        "0",
        "--q-min",
        "0.5",
        "--q-max",
        "1",
        "--out",
        "a.csv",
    )
    assert run_main(*words).returncode == 0
    q = read(tmp_path / "a.csv")[0]
    assert 0.5 <= q[0] < 0.6
    assert 0.9 < q[-1] <= 1
