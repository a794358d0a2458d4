"""A user's own particle from a TOML file: what it scatters, what is refused, and how it is said."""

from __future__ import annotations

import numpy as np
import pytest
import references
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.simulate import TYPES
from engine.errors import DataFileError, ParameterError
from engine.io.particles import MAX_BYTES, MAX_FAULTS, MAX_PIECES, read_particle
from engine.models.core_shell_sphere import CoreShellSphere
from engine.models.cylinder import SolidCylinder
from engine.models.geometry import Below, Ellipsoid, Piece
from engine.models.half_filled import HalfFilled
from engine.models.properties import properties
from engine.models.registry import MODELS
from engine.models.user_particle import UserParticle
from engine.scattering.exact import form_factor

Q = np.linspace(0.0, 3.0, 40)
BALL = '[contrasts]\ncore = 1.0\n[[pieces]]\nregion = "core"\nsphere = {radius = 5.0}\n'


@pytest.fixture
def read(tmp_path):
    """Write a text and read it as a particle."""

    def write_and_read(text):
        path = tmp_path / "own.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_particle(path)

    return write_and_read


@pytest.fixture
def fault(read):
    """Return the sentences with which a text is refused."""

    def refused(text):
        with pytest.raises(DataFileError) as error:
            read(text)
        message = str(error.value)
        assert message.startswith("own.toml")
        assert len(message) < 6000
        return message

    return refused


def test_that_pieces_painted_in_order_make_a_known_particle(read):
    particle = read("""
        title = "Ball in a ball"
        [contrasts]
        core = 16
        shell = 9.0
        [[pieces]]
        region = "shell"
        sphere = {radius = 25}
        [[pieces]]
        region = "core"
        ellipsoid = {equatorial = 21.0, polar = 21.0}
        """)
    assert (particle.title, particle.key) == ("Ball in a ball", "user")
    np.testing.assert_array_equal(form_factor(particle, Q), form_factor(CoreShellSphere(), Q))


def test_that_planes_cut_cylinders_and_ellipsoids(read):
    rod = read('[contrasts]\na = 1.0\n[[pieces]]\nregion = "a"\ncylinder = {radius = 10.0}\nabove = -25.0\nbelow = 25.0')
    np.testing.assert_array_equal(form_factor(rod, Q), form_factor(SolidCylinder(), Q))
    janus = HalfFilled()
    lobes = [(janus.lobe_a(), ""), (janus.lobe_b(), ""), (janus.lobe_a(4.0), "above"), (janus.lobe_b(4.0), "below")]
    text = "[contrasts]\ncore = 16.0\nshell = 9.0\nfill = 9.0\n"
    for (lobe, side), region in zip(lobes, ("shell", "shell", "core", "fill"), strict=True):
        text += f'[[pieces]]\nregion = "{region}"\n'
        text += f"ellipsoid = {{equatorial = {lobe.equatorial}, polar = {lobe.polar}, centre = {lobe.centre}}}\n"
        text += f"{side} = {janus.septum + (2.0 if side == 'above' else -2.0)}\n" if side else ""
    np.testing.assert_allclose(form_factor(read(text), Q), form_factor(janus, Q), rtol=1e-9)


def test_that_a_piece_is_the_common_part_of_its_solids(read):
    lens = read('[contrasts]\na = 1.0\n[[pieces]]\nregion = "a"\nsphere = [{radius = 5.0, centre = 4.0}, {radius = 5.0, centre = -4.0}]')
    height = 1.0  # of each of the two caps
    assert properties(lens.body()).volume == pytest.approx(2 * np.pi * height**2 * (15.0 - height) / 3)


def test_that_the_example_is_read_and_agrees_with_a_quadrature(root):
    particle = read_particle(root / "resources" / "examples" / "acorn.toml")
    assert particle.title.startswith("Acorn")
    q = np.array([0.0, 0.1, 0.7, 2.0])
    np.testing.assert_allclose(form_factor(particle, q), references.body_of_revolution(particle.body(), q), rtol=1e-9)


def test_that_all_faults_are_told_at_once_with_their_keys(fault):
    told = fault("""
        titel = "typing error"
        [contrasts]
        core = 5000.0
        shell = "nine"
        unused = 1.0
        [[pieces]]
        region = "shelf"
        sphere = {radius = -3.0}
        [[pieces]]
        region = "core"
        cylinder = {radius = 4.0, height = 2.0}
        above = nan
        [[pieces]]
        region = "shell"
        colour = "red"
        ellipsoid = {equatorial = 3.0}
        """)
    for words in (
        "unknown key 'titel'",
        "contrasts.core = 5000.0",
        "contrasts.shell = 'nine'",
        "contrasts.unused: no piece",
        "pieces[1].region: 'shelf'",
        "pieces[1].sphere.radius = -3.0",
        "pieces[2].cylinder has an unknown key 'height'",
        "pieces[2].above = nan",
        "pieces[2]: the piece reaches to infinity",
        "pieces[3] has an unknown key 'colour'",
        "pieces[3].ellipsoid.polar is missing",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# nothing\n", "[contrasts]"),
        ("title = ", "no valid TOML"),
        (BALL + BALL, "no valid TOML"),
        (b"\xff\xfe\x00a", "UTF-8"),
        ("a = " + "[" * 30_000, "nests"),
        ("title = " + "9" * 6000, "no valid TOML"),
        (BALL.replace("5.0", "0x" + "F" * 9000), "radius = what is given is refused"),
        (BALL.replace("5.0", "true"), "radius = True is refused"),
        (BALL.replace("5.0", "1e300"), "radius = 1e+300"),
        (BALL.replace("{radius = 5.0}", "5.0"), "give a table, as in {radius = 10.0}"),
        (BALL.replace("{radius = 5.0}", "[]"), "a list holds"),
        (BALL.replace("{radius = 5.0}", "[" + "{radius = 5.0}," * 9 + "]"), "a list holds 1 to 8"),
        (BALL.replace("sphere = {radius = 5.0}", ""), "name at least one of"),
        (BALL.replace("sphere = {radius = 5.0}", "above = 1.0\nbelow = 2.0"), "reaches to infinity"),
        (BALL + "above = 7.0", "No point lies inside"),
        (BALL + "above = 2.0\nbelow = 1.0", "No point lies inside"),
        ("pieces = 3\n" + BALL.split("[[", maxsplit=1)[0], "pieces: give 1 to"),
        ("pieces = [3]\n" + BALL.split("[[", maxsplit=1)[0], "pieces[1]: this must be a table"),
        (BALL.replace('region = "core"', "region = 4"), "pieces[1].region: 4"),
        ('title = "' + "x" * 61 + '"\n' + BALL, "title"),
        ('title = "a\\u0007"\n' + BALL, "title"),
        (BALL + '[[pieces]]\nregion = "core"\nsphere = {radius = 5.0}\n' * MAX_PIECES, f"pieces: give 1 to {MAX_PIECES}"),
        (BALL + ('[[pieces]]\nregion = "core"\nsphere = [' + "{radius = 5.0}," * 8 + "]\n") * 8, "65 solids in all are refused"),
        ("#" * (MAX_BYTES + 1), "at most 64 kB"),
        ("[contrasts]\n" + "\n".join(f"r{i} = 1.0" for i in range(11)), "1 to 10 regions"),
    ],
)
def test_that_a_file_which_is_no_particle_is_refused_with_the_reason(fault, text, words):
    assert words in fault(text)


def test_that_faults_without_end_are_counted(fault):
    told = fault("".join(f"key{i} = 1\n" for i in range(400)) + BALL)
    assert f"{400 - MAX_FAULTS} more faults follow." in told


def test_that_a_folder_or_an_absent_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent.toml"):
        with pytest.raises(DataFileError):
            read_particle(path)


@settings(max_examples=60)
@given(st.text(max_size=120) | st.binary(max_size=120) | st.integers(0, len(BALL) - 1).map(lambda i: BALL[:i] + BALL[i + 1 :]))
def test_that_any_file_is_a_particle_or_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        outcome = read_particle(path).title
    except DataFileError as error:
        outcome = str(error)
    assert outcome


def test_that_a_particle_of_a_script_is_checked_too():
    ball = Ellipsoid(equatorial=5.0, polar=5.0)
    with pytest.raises(ParameterError, match="no contrast"):
        UserParticle(title="x", pieces=(Piece("a", (ball,)),), contrasts=())
    with pytest.raises(ParameterError, match="infinity"):
        UserParticle(title="x", pieces=(Piece("a", (Below(1.0),)),), contrasts=(("a", 1.0),))
    with pytest.raises(ParameterError, match="No point"):
        UserParticle(title="x", pieces=(), contrasts=(("a", 1.0),))


def test_that_simulate_knows_every_shape():
    assert [f"type {name}" if name.isdigit() else name for name in TYPES] == list(MODELS)
