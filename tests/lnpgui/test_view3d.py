"""Particles as pictures: the section, the cut surfaces, the widget and its end."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkMassProperties, vtkTriangleFilter

from engine.models.geometry import Above, Below, Body, Cylinder, Ellipsoid, Piece
from engine.models.properties import properties
from engine.models.registry import MODELS
from lnpgui.panels.fitted.view import Choice, FittedView
from lnpgui.theme import DARK, LIGHT
from lnpgui.view3d import overlay
from lnpgui.view3d.contrast_colours import colour, colours
from lnpgui.view3d.cut import Cut
from lnpgui.view3d.particle_actor import particle_actors
from lnpgui.view3d.scene import ParticleScene
from lnpgui.view3d.section import extent, outside_body, outside_region, region_labels
from lnpgui.view3d.slice_view import SliceView, section_image

BODIES = {key: model().body() for key, model in MODELS.items()}
HOLLOW = Body(
    (Piece("shell", (Ellipsoid(equatorial=20, polar=20),)), Piece("void", (Ellipsoid(equatorial=15, polar=15),))),
    {"shell": 5.0, "void": 0.0},
)
bodies = pytest.mark.parametrize("body", [*BODIES.values(), HOLLOW], ids=[*BODIES, "hollow"])


@bodies
def test_that_the_regions_of_a_section_cover_the_body_without_overlap(body: Body) -> None:
    size = extent(body)
    rng = np.random.default_rng(0)
    s, z = rng.uniform(0, size.radius * 1.1, 4000), rng.uniform(size.low * 1.1, size.high * 1.1, 4000)
    inside = np.array([outside_region(body, region, s, z) < 0 for region in body.regions])
    assert inside.sum(axis=0).max() <= 1
    np.testing.assert_array_equal(inside.any(axis=0), outside_body(body, s, z) < 0)
    labels = region_labels(body, s, z)
    found = labels >= 0
    np.testing.assert_array_equal(np.argmax(inside[:, found], axis=0), labels[found])


@given(st.sampled_from(sorted(set(MODELS) - {"type 5"})), st.floats(20, 200))
def test_that_the_extent_of_a_particle_is_its_length(key: str, diameter: float) -> None:
    assert extent(MODELS[key](diameter=diameter).body()).length == pytest.approx(diameter, rel=1e-3)


@pytest.mark.parametrize("key", BODIES)
def test_that_the_closed_surface_holds_the_volume_of_the_particle(key: str) -> None:
    (actor,) = particle_actors(BODIES[key], Cut.WHOLE, colours(BODIES[key].contrasts))
    triangles, mass = vtkTriangleFilter(), vtkMassProperties()
    triangles.SetInputData(actor.GetMapper().GetInput())
    mass.SetInputConnection(triangles.GetOutputPort())
    assert mass.GetVolume() == pytest.approx(
        properties(BODIES[key]).volume, rel=0.01
    )  # 4 degrees a step loses 0.1 %, corners on the grid more


def test_that_the_surface_looks_outwards() -> None:
    (actor,) = particle_actors(BODIES["type 4"], Cut.WHOLE, colours({"shell": 9.0}))
    data = actor.GetMapper().GetInput()
    points, normals = vtk_to_numpy(data.GetPoints().GetData()), vtk_to_numpy(data.GetPointData().GetNormals())
    assert (np.sum(points * normals, axis=1) > 0).all()
    quads = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 4)
    a, b, d = (points[quads[:, i]] for i in (0, 1, 3))
    turned = np.sum(np.cross(b - a, d - a) * points[quads].mean(axis=1), axis=1)
    assert (turned > -1e-6).all()  # faces at the poles have no area


@bodies
def test_that_a_cut_takes_away_what_lies_towards_the_viewer(body: Body) -> None:
    for cut in (Cut.QUARTER, Cut.HALF):
        surface = particle_actors(body, cut, colours(body.contrasts))[0].GetMapper().GetInput()
        points = vtk_to_numpy(surface.GetPoints().GetData())
        off_axis = points[np.hypot(points[:, 0], points[:, 1]) > 1e-6]
        angle = np.degrees(np.arccos(-off_axis[:, 1] / np.hypot(off_axis[:, 0], off_axis[:, 1])))
        assert angle.min() >= cut.value / 2 - 1e-4


def test_that_an_empty_body_is_no_picture_and_no_error() -> None:
    assert particle_actors(Body((), {}), Cut.QUARTER, {}) == []


def test_that_a_cylinder_of_planes_is_as_long_as_they_are_apart() -> None:
    body = Body((Piece("core", (Cylinder(5.0), Above(-10.0), Below(30.0))),), {"core": 1.0})
    assert extent(body).length == 40.0


def test_that_contrast_decides_the_colour_and_its_sign_is_seen() -> None:
    assert colours({"a": 16.0, "b": 8.0})["a"] == colours({"x": 3.0})["x"] == colour(1.0)
    assert colour(-1.0) != colour(1.0)
    assert colours({"shell": 9.0}, 16.0)["shell"] == colours({"core": 16.0, "shell": 9.0})["shell"]


@pytest.mark.parametrize(("nm_per_pixel", "width"), [(0.1, 400), (0.337, 350), (12.0, 1000)])
def test_that_a_scale_bar_is_a_round_length_that_fits(nm_per_pixel: float, width: int) -> None:
    length = overlay.bar_length(nm_per_pixel, width)
    assert width / 10 <= length / nm_per_pixel <= width / 4
    assert float(f"{length:.0e}"[0]) in (1, 2, 5)


def pixels(image: QImage) -> np.ndarray:
    """Colours, shape (height, width, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[ParticleScene]:
    """A 3-D view with a two-compartment particle."""
    result = ParticleScene(LIGHT)
    qtbot.addWidget(result)
    result.resize(400, 400)
    result.show()
    qtbot.waitExposed(result)
    result.show_body(BODIES["type 3"])
    yield result
    result.shut_down()


def test_that_the_core_is_seen_through_the_cut_and_not_in_the_whole(scene: ParticleScene) -> None:
    core, shell = (np.array(c) for c in colours(BODIES["type 3"].contrasts).values())
    middle = pixels(scene.grab().toImage())[120, 200]
    assert np.abs(middle - core).max() < 60
    scene.set_cut(Cut.WHOLE)
    middle = pixels(scene.grab().toImage())[120, 200]
    assert np.abs(middle - shell).max() < 60
    assert np.abs(middle - core).max() > 60


def test_that_a_drag_turns_the_particle_and_reset_turns_it_back(qtbot: QtBot, scene: ParticleScene) -> None:
    before = pixels(scene.grab().toImage())
    view = scene.focusProxy()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    for step in range(1, 6):
        qtbot.mouseMove(view, QPoint(150 + 12 * step, 150 + 4 * step))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(210, 170))
    turned = pixels(scene.grab().toImage())
    assert np.abs(turned - before).mean() > 1
    scene.reset_view()
    assert np.abs(pixels(scene.grab().toImage()) - before).mean() < 0.2


def test_that_keys_turn_and_zoom(qtbot: QtBot, scene: ParticleScene) -> None:
    before = pixels(scene.grab().toImage())
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Plus):
        qtbot.keyClick(scene.focusProxy(), key)
        after = pixels(scene.grab().toImage())
        assert np.abs(after - before).mean() > 0.5
        before = after


def test_that_the_particle_stays_in_the_frame_of_any_shape(scene: ParticleScene) -> None:
    ground = np.array(QColor(LIGHT.plot).getRgb()[:3])
    for width, height in ((600, 200), (150, 500), (300, 300)):
        scene.resize(width, height)
        picture = pixels(scene.grab().toImage())
        seen = np.abs(picture - ground).max(axis=2) > 40
        assert seen[4:-4, 4:-4].any()
        assert not seen[:2].any()
        assert not seen[:, :2].any()
        assert not seen[:, -2:].any()


def test_that_the_ground_follows_the_theme(scene: ParticleScene) -> None:
    scene.set_theme(DARK)
    assert np.abs(pixels(scene.grab().toImage())[3, 3] - QColor(DARK.plot).getRgb()[:3]).max() <= 2


def test_that_shutting_down_twice_does_no_harm_and_a_late_paint_draws_nothing(scene: ParticleScene) -> None:
    scene.shut_down()
    scene.shut_down()
    with mock.patch.object(scene.view, "render") as render:
        scene.grab()
    assert not scene.is_alive
    render.assert_not_called()
    scene.close()


def test_that_views_made_and_ended_leave_no_vtk_object(qtbot: QtBot) -> None:
    def count() -> int:
        gc.collect()
        return sum(type(o).__name__.startswith("vtk") for o in gc.get_objects())

    def once() -> None:
        window = QMainWindow()
        scene = ParticleScene(LIGHT)
        window.setCentralWidget(scene)
        window.show()
        scene.show_body(BODIES["type 1"])
        scene.grab()
        scene.shut_down()
        window.close()
        window.deleteLater()
        qtbot.wait(1)  # one turn of the event loop deletes it

    once()
    before = count()
    for _ in range(3):
        once()
    assert count() == before


def test_that_a_slice_shows_every_region_in_its_colour() -> None:
    body = BODIES["type 2"]
    seen = {tuple(c) for c in pixels(section_image(body, colours(body.contrasts))).reshape(-1, 3)}
    assert set(colours(body.contrasts).values()) <= seen


def test_that_without_opengl_a_slice_is_shown_and_said(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from lnpgui.view3d import vtk_view
    from lnpgui.view3d.errors import NoOpenGL

    def no_opengl() -> None:
        raise NoOpenGL("none")

    monkeypatch.setattr(vtk_view, "make_render_window", no_opengl)
    view = FittedView(LIGHT)
    qtbot.addWidget(view)
    view.resize(350, 350)
    view.show()
    assert isinstance(view.picture, SliceView)
    view.show_choices([Choice("type 3", BODIES["type 3"])])
    picture = pixels(view.grab().toImage())
    assert (np.abs(picture - np.array(colour(1.0))).max(axis=2) < 8).sum() > 500
    assert "offers no OpenGL" in view.picture.explanation
    assert not view.cut.isVisible()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bring their OpenGL along")
def test_that_a_machine_whose_opengl_is_broken_gets_the_slice_and_no_crash(tmp_path: Path, root: Path) -> None:
    program = (
        "from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from lnpgui.panels.fitted.view import FittedView; from lnpgui.theme import LIGHT\n"
        "view = FittedView(LIGHT); print(type(view.picture).__name__); view.shut_down()"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW")}
    environment |= {"__EGL_VENDOR_LIBRARY_FILENAMES": str(tmp_path / "none.json"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "SliceView", "No OpenGL: particles are shown as slices.\n")
