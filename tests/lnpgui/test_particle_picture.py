"""The picture of the Particle panel: cutting plane, volume, slice, maps, axes, colours, and what is saved of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from engine.models.properties import map_properties, properties
from engine.models.registry import MODELS
from engine.models.voxel_map import VoxelMap
from engine.scattering.voxelise import voxelise
from lnpgui.panels.particle.picture import Mode, ParticlePicture
from lnpgui.theme import DARK, LIGHT
from lnpgui.view3d import frame_rate
from lnpgui.view3d.axis import Axis
from lnpgui.view3d.colour_bar import ColourBar
from lnpgui.view3d.contrast_colours import colour, rgba
from lnpgui.view3d.nm_axes import nice_step, ticks
from lnpgui.view3d.plane_view import PlaneView, plane_image
from lnpgui.view3d.subject import BodySubject, MapSubject, coarser
from lnpgui.view3d.transparency import see_through
from lnpgui.view3d.voxel_actors import surface_levels

LEFT = Qt.MouseButton.LeftButton
PARTICLE = MODELS["type 3"](diameter=60.0)
BODY = PARTICLE.body()
VOXELS = voxelise(PARTICLE, 2.0, 4)


def pixels(image: QImage) -> np.ndarray:
    """Colours, shape (height, width, 4)."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).astype(int)


def share_of(image: QImage, tint: tuple[int, int, int]) -> float:
    """Share of the pixels that have about the colour *tint*."""
    return float((np.abs(pixels(image)[..., :3] - np.array(tint)).max(axis=2) < 12).mean())


@pytest.fixture
def picture(qtbot: QtBot) -> Iterator[ParticlePicture]:
    result = ParticlePicture(LIGHT)
    qtbot.addWidget(result)
    result.resize(460, 600)
    result.show()
    qtbot.waitExposed(result)
    result.show_body(BODY)
    yield result
    result.shut_down()


def seen(picture: ParticlePicture) -> QImage:
    return picture.picture.grab().toImage()


def choose(picture: ParticlePicture, mode: Mode, qtbot: QtBot) -> None:
    """Choose a kind of picture with the keyboard."""
    picture.mode.setFocus()
    qtbot.keyClick(picture.mode, Qt.Key.Key_Home)
    for _ in range(list(Mode).index(mode)):
        qtbot.keyClick(picture.mode, Qt.Key.Key_Down)
    assert picture.shown_mode is mode


CORE, SHELL = colour(1.0), colour(9 / 16)


def test_that_the_cutting_plane_shows_the_section_and_can_be_taken_away(picture: ParticlePicture, qtbot: QtBot) -> None:
    before = seen(picture)
    qtbot.mouseClick(picture.clip, LEFT, pos=QPoint(8, picture.clip.height() // 2))
    assert picture.clip.isChecked()
    cut = seen(picture)
    assert cut != before
    assert share_of(cut, CORE) > 0.05
    assert not picture.cut.isEnabled()
    qtbot.mouseClick(picture.clip, LEFT, pos=QPoint(8, picture.clip.height() // 2))
    assert np.abs(pixels(seen(picture)) - pixels(before)).mean() < 0.5


def test_that_dragging_the_plane_moves_the_section_and_the_slider(picture: ParticlePicture, qtbot: QtBot) -> None:
    picture.clip.setChecked(True)
    scene = picture.scene
    assert scene is not None
    view = scene.view
    before, slider = seen(picture), picture.slider.value()
    start = view.rect().center() + QPoint(0, -8)  # on the section, beside the arrow
    qtbot.mouseMove(view, start)
    qtbot.mousePress(view, LEFT, pos=start)
    for step in range(1, 9):
        qtbot.mouseMove(view, start + QPoint(0, 6 * step))
    qtbot.mouseRelease(view, LEFT, pos=start + QPoint(0, 48))
    assert np.abs(pixels(seen(picture)) - pixels(before)).mean() > 1
    assert picture.slider.value() != slider
    assert picture.position.value() != pytest.approx(0.0, abs=0.2)


def test_that_each_axis_button_lays_the_plane_across_its_axis(picture: ParticlePicture, qtbot: QtBot) -> None:
    picture.clip.setChecked(True)
    pictures = []
    for axis, button in picture.axis_buttons.items():
        qtbot.mouseClick(button, LEFT)
        assert picture.scene is not None
        assert picture.scene.clip is not None
        normal = picture.scene.clip.plane.GetNormal()
        assert abs(normal[axis.value]) == pytest.approx(1.0)
        pictures.append(seen(picture))
    assert len({image.cacheKey() for image in pictures}) == 3
    assert np.abs(pixels(pictures[0]) - pixels(pictures[2])).mean() > 1


def test_that_the_slider_moves_plane_and_section_from_end_to_end(picture: ParticlePicture, qtbot: QtBot) -> None:
    picture.clip.setChecked(True)
    picture.slider.setFocus()
    qtbot.keyClick(picture.slider, Qt.Key.Key_End)
    assert picture.position.value() == pytest.approx(0.2857 * 60, abs=0.1)
    assert share_of(seen(picture), CORE) < 0.01
    qtbot.keyClick(picture.slider, Qt.Key.Key_Home)
    assert picture.position.value() == pytest.approx(-0.2857 * 60, abs=0.1)


def test_that_a_volume_is_asked_for_and_drawn_and_can_be_cut(picture: ParticlePicture, qtbot: QtBot) -> None:
    with qtbot.waitSignal(picture.volume_wanted):
        choose(picture, Mode.VOLUME, qtbot)
    picture.show_body(BODY, VOXELS)
    whole = seen(picture)
    assert share_of(whole, SHELL) < 0.02  # translucent: paler than the surface
    assert (np.abs(pixels(whole)[..., :3] - 255).max(axis=2) > 30).mean() > 0.1
    picture.clip.setChecked(True)
    assert np.abs(pixels(seen(picture)) - pixels(whole)).mean() > 0.5


def test_that_a_slice_shows_each_region_and_follows_the_slider(picture: ParticlePicture, qtbot: QtBot) -> None:
    choose(picture, Mode.SLICE, qtbot)
    assert isinstance(picture.picture, PlaneView)
    middle = seen(picture)
    assert share_of(middle, CORE) > 0.1
    assert share_of(middle, SHELL) > 0.05
    picture.slider.setFocus()
    for _ in range(17):
        qtbot.keyClick(picture.slider, Qt.Key.Key_PageUp)
    assert share_of(seen(picture), CORE) < share_of(middle, CORE) / 3


def test_that_the_place_under_the_mouse_is_named(picture: ParticlePicture, qtbot: QtBot) -> None:
    choose(picture, Mode.SLICE, qtbot)
    view = picture.plane_view
    frame = view.frame(view.size())
    assert frame is not None
    middle = frame.rect.center()
    upper = QPointF(middle.x(), middle.y() - 12 / frame.nm_per_pixel)
    assert "core, 16 1e-6/Å²" in view.words_at(upper)
    assert "z 12" in view.words_at(upper)
    assert "solvent" in view.words_at(frame.rect.topLeft() + QPointF(2, 2))
    assert view.words_at(QPointF(0, 0)) == ""
    qtbot.mouseMove(view, upper.toPoint())
    assert "core" in picture._under_mouse.text()


def test_that_a_map_is_shown_cut_open_as_surfaces_volume_and_slice(picture: ParticlePicture, qtbot: QtBot) -> None:
    picture.show_map(VOXELS)
    assert picture.clip.isChecked()
    assert share_of(seen(picture), CORE) > 0.05
    images = [seen(picture)]
    for mode in (Mode.VOLUME, Mode.SLICE):
        choose(picture, mode, qtbot)
        images.append(seen(picture))
    assert share_of(images[2], CORE) > 0.1
    assert "35 × 35 × 60" not in picture._legend.text()
    assert "18 × 18 × 30 voxels of 2 nm" in picture._legend.text()


def test_that_axes_in_nm_can_be_shown_or_not(picture: ParticlePicture, qtbot: QtBot) -> None:
    with_axes = seen(picture)
    qtbot.mouseClick(picture.axes, LEFT, pos=QPoint(8, picture.axes.height() // 2))
    assert seen(picture) != with_axes


@pytest.mark.parametrize("mode", [Mode.SURFACES, Mode.SLICE])
def test_that_a_saved_picture_has_two_pixels_a_point_and_no_ground_if_wished(picture: ParticlePicture, qtbot: QtBot, mode: Mode) -> None:
    choose(picture, mode, qtbot)
    size = picture.picture.size()
    solid, bare = picture.snapshot(transparent=False), picture.snapshot(transparent=True)
    assert solid.size() == bare.size() == 2 * size
    assert pixels(solid)[2, 2].tolist() == [*QColor(LIGHT.plot).getRgb()[:3], 255]
    alpha = pixels(bare)[..., 3]
    assert alpha[2, 2] == 0
    assert (alpha == 255).mean() > 0.1
    shown = alpha == 255
    assert np.abs(pixels(bare)[shown][:, :3] - pixels(solid)[shown][:, :3]).mean() < 6


def test_that_handles_are_not_in_a_saved_picture(picture: ParticlePicture) -> None:
    picture.clip.setChecked(True)
    accent = QColor(LIGHT.accent).getRgb()[:3]
    accent = (accent[0], accent[1], accent[2])
    assert share_of(seen(picture), accent) > share_of(picture.snapshot(transparent=False), accent)


def test_that_theme_and_contrasts_reach_every_part(picture: ParticlePicture, qtbot: QtBot) -> None:
    light = picture.grab().toImage()
    picture.set_theme(DARK)
    assert picture.grab().toImage() != light
    picture.show_body(MODELS["type 1"](sld_core=-5.0).body())
    assert "-9 to 9" in picture.bar.accessibleDescription()


def test_that_without_opengl_slices_are_shown_and_said(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from lnpgui.view3d import vtk_view
    from lnpgui.view3d.errors import NoOpenGL

    def no_opengl() -> None:
        raise NoOpenGL("none")

    monkeypatch.setattr(vtk_view, "make_render_window", no_opengl)
    picture = ParticlePicture(LIGHT)
    qtbot.addWidget(picture)
    picture.resize(400, 500)
    picture.show()
    assert picture.scene is None
    assert [picture.mode.itemText(i) for i in range(picture.mode.count())] == ["Slice"]
    assert "offers no OpenGL" in picture._explanation.text()
    assert picture._explanation.isVisible()
    assert not picture.clip.isVisible()
    picture.show_body(BODY)
    assert share_of(seen(picture), CORE) > 0.1
    picture.show_map(VOXELS)
    assert share_of(seen(picture), CORE) > 0.1
    picture.shut_down()


def test_that_pictures_with_plane_and_volume_leave_no_vtk_object(qtbot: QtBot) -> None:
    def count() -> int:
        gc.collect()
        return sum(type(o).__name__.startswith("vtk") for o in gc.get_objects())

    def once() -> None:
        window = QMainWindow()
        picture = ParticlePicture(LIGHT)
        window.setCentralWidget(picture)
        window.show()
        picture.show_body(BODY, VOXELS)
        picture.clip.setChecked(True)
        picture.grab()
        picture.mode.setCurrentIndex(1)
        picture.grab()
        picture.show_map(VOXELS)
        picture.grab()
        picture.shut_down()
        window.close()
        window.deleteLater()
        qtbot.wait(1)

    once()
    before = count()
    for _ in range(3):
        once()
    assert count() == before


def test_that_frame_rates_are_measured(qapp: object) -> None:
    rates = frame_rate.measure((200, 150), frames=3)
    assert min(rates.surfaces, rates.clipped, rates.volume) > 1


# -- parts without a window ------------------------------------------------------------------------------------------------


def test_that_a_subject_knows_its_contrast_everywhere() -> None:
    body, voxels = BodySubject(BODY), MapSubject(VOXELS)
    x, y, z = np.array([0.0, 0.0, 0.0, 30.0]), np.zeros(4), np.array([12.0, 28.5, 2.0, 0.0])
    np.testing.assert_array_equal(body.contrast(x, y, z), [16.0, 9.0, 9.0, np.nan])
    np.testing.assert_allclose(voxels.contrast(x, y, z)[[0, 3]], [16.0, np.nan])
    assert body.box.size == pytest.approx((34.28, 34.28, 60.0), abs=0.01)
    assert max(abs(a - b) for a, b in zip(body.box.size, voxels.box.size, strict=True)) < 4.1
    assert voxels.end == pytest.approx(16.0)


@given(edge=st.integers(2, 9), most=st.integers(1, 9))
def test_that_a_coarser_map_holds_the_same_contrast_in_the_same_place(edge: int, most: int) -> None:
    rng = np.random.default_rng(edge * 10 + most)
    density = np.zeros((edge + 3, edge + 2, edge + 1))
    density[1 : edge + 1, 1 : edge + 1, :edge] = rng.uniform(1, 2, (edge, edge, edge))
    voxels = VoxelMap(density=density, spacing=0.7, origin=(-1.0, 2.0, 3.0))
    less = coarser(voxels, most)
    assert max(less.shape) <= most
    total = less.density.sum() * less.spacing**3
    assert total == pytest.approx(density.sum() * 0.7**3, rel=1e-9)
    for axis in range(3):
        others = tuple(i for i in range(3) if i != axis)
        centre = float(less.axis(axis) @ less.density.sum(axis=others)) / less.density.sum()
        assert centre == pytest.approx(float(voxels.axis(axis) @ density.sum(axis=others)) / density.sum(), abs=less.spacing / 4)


def test_that_a_map_has_nearly_the_properties_of_its_body() -> None:
    fine = voxelise(PARTICLE, 0.75, 4)
    found, exact = map_properties(fine), properties(BODY)
    assert found.radius_of_gyration == pytest.approx(exact.radius_of_gyration, rel=2e-3)
    assert found.contrast_integral == pytest.approx(exact.contrast_integral, rel=2e-3)
    assert found.volume == pytest.approx(exact.volume, rel=0.12)  # a voxel that is touched counts whole
    cancelling = VoxelMap(density=np.array([[[1.0, -1.0]]]))
    assert np.isnan(map_properties(cancelling).radius_of_gyration)


def test_that_surfaces_lie_between_solvent_and_what_is_above_or_below_it() -> None:
    assert surface_levels(np.array([0.0, 0.0, 9.0, 9.0, 16.0])) == (4.5,)
    assert surface_levels(np.array([0.0, 4.0, -2.0])) == (2.0, -1.0)


def test_that_a_plane_beyond_the_particle_is_empty() -> None:
    assert pixels(plane_image(BodySubject(BODY), Axis.Z, 40.0))[..., 3].max() == 0
    assert pixels(plane_image(BodySubject(BODY), Axis.Z, 10.0))[..., 3].max() == 255


@given(st.floats(1e-6, 1e6))
def test_that_a_step_is_round_and_not_too_small(most: float) -> None:
    step = nice_step(most)
    assert most * (1 - 1e-9) <= step <= 2.5 * most
    assert float(f"{step:.0e}"[0]) in (1, 2, 5)


def test_that_ticks_are_round_and_inside() -> None:
    assert ticks(-30.0, 30.0, 240.0) == [-30, -20, -10, 0, 10, 20, 30]
    assert ticks(1.0, 1.0, 240.0) == []


def test_that_a_bar_of_colours_has_its_ends_in_their_colours(qtbot: QtBot) -> None:
    bar = ColourBar(LIGHT)
    qtbot.addWidget(bar)
    bar.resize(260, 40)
    bar.set_range(16.0, is_signed=False)
    row = pixels(bar.grab().toImage())[5, :, :3]
    assert np.abs(row[16] - colour(0.0)).max() < 12
    assert np.abs(row[-18] - colour(1.0)).max() < 12
    assert bar.ticks[0] == 0
    assert len(bar.ticks) >= 3
    bar.set_range(16.0, is_signed=True)
    assert bar.ticks[0] < 0


def test_that_colours_of_many_contrasts_are_those_of_each() -> None:
    values = np.array([16.0, 9.0, -16.0, np.nan])
    found = rgba(values, 16.0)
    assert [tuple(row[:3]) for row in found[:3]] == [colour(v / 16) for v in values[:3]]
    assert found[:, 3].tolist() == [255, 255, 255, 0]


def test_that_opacity_is_found_from_two_grounds() -> None:
    def flat(grey: int) -> QImage:
        image = QImage(4, 4, QImage.Format.Format_RGB888)
        image.fill(QColor(grey, grey, grey))
        return image

    half = pixels(see_through(flat(60), flat(187)))[0, 0]
    assert half[3] == 128
    assert half[0] == pytest.approx(120, abs=1)
    assert pixels(see_through(flat(0), flat(255)))[0, 0, 3] == 0
    assert pixels(see_through(flat(77), flat(77)))[0, 0].tolist() == [77, 77, 77, 255]
