"""Voxel maps and own particles in the Particle panel: opened, dropped, refused, their curves and their pictures."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gui_fakes import write_curve
from particle_gestures import field, line, look_at, picture, settled, type_in
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.io.volumes.registry import write_volume
from engine.models.registry import MODELS
from engine.scattering.exact import form_factor
from engine.scattering.voxelise import voxelise
from lnpgui.main_window import MainWindow
from lnpgui.panels.particle import presenter, scattered
from lnpgui.panels.particle.picture import Mode
from lnpgui.panels.particle.view import ParticleView

LEFT = Qt.MouseButton.LeftButton
SPHERE = MODELS["type 4"](diameter=24.0)
OWN = """
title = "Pea"
[contrasts]
shell = 9.0
core = 16.0
[[pieces]]
region = "shell"
sphere = {radius = 20.0}
[[pieces]]
region = "core"
sphere = {radius = 15.0}
"""


@pytest.fixture
def panel(window: MainWindow, qtbot: QtBot) -> ParticleView:
    return look_at(window, qtbot)


def answer(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Let the dialogs answer *paths*."""
    many: Any = staticmethod(lambda *_: ([str(path) for path in paths], ""))
    one: Any = staticmethod(lambda *_: (str(paths[0]), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", many)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", one)


@pytest.mark.parametrize("ending", [".npy", ".mat", ".mrc"])
def test_that_a_map_is_opened_shown_and_its_curve_computed(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    pytest.importorskip("finufft")
    path = tmp_path / f"ball{ending}"
    write_volume(path, voxelise(SPHERE, 1.0, 4))
    before = picture(panel)
    answer(monkeypatch, path)
    qtbot.mouseClick(panel.open_button, LEFT)
    settled(window, qtbot)
    assert panel.chooser.currentText() == path.name
    assert list(panel.form.fields) == ["spacing"]
    q, intensity = 10 ** line(panel)
    low = q < 0.2
    np.testing.assert_allclose(intensity[low], form_factor(SPHERE, q[low]), rtol=0.02)
    assert q.max() <= 0.95 * np.pi + 1e-9
    assert "non-uniform Fourier transform" in panel._words.text()
    assert "24 × 24 × 24 voxels of 1 nm" in panel.picture._legend.text()
    assert picture(panel) != before
    assert "Rg</b> 9.3" in panel.properties.text()
    if ending == ".npy":
        assert "Voxels taken as 1 nm" in panel._notes.text()


def test_that_the_edge_of_the_voxels_can_be_changed(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, drop: Callable[..., bool], tmp_path: Path
) -> None:
    pytest.importorskip("finufft")
    path = tmp_path / "ball.npy"
    write_volume(path, voxelise(SPHERE, 1.0, 4))
    assert drop(window, [path], panel.mapTo(window, QPoint(20, panel.height() - 120)))
    settled(window, qtbot)
    first = 10 ** line(panel)
    type_in(field(panel, "spacing").box, "2", qtbot)
    settled(window, qtbot)
    second = 10 ** line(panel)
    assert second[1][0] / first[1][0] == pytest.approx(64, rel=0.1)  # eight times the volume
    assert "48.0 × 48.0 × 48.0 nm" in panel.picture._legend.text()


def test_that_without_the_library_the_lattice_is_taken_and_said(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    original = importlib.import_module

    def missing(name: str, *rest: Any) -> Any:
        if name == "finufft":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)
    path = tmp_path / "ball.npy"
    write_volume(path, voxelise(SPHERE, 1.0, 4))
    panel.files_given.emit((path,))
    settled(window, qtbot)
    assert "needs the library finufft" in panel._words.text()
    q, intensity = 10 ** line(panel)
    near = (q > 0.1) & (q < 0.25)
    np.testing.assert_allclose(intensity[near], form_factor(SPHERE, q[near]), rtol=0.08)


def test_that_an_own_particle_is_opened_and_its_contrasts_can_be_changed(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, drop: Callable[..., bool], tmp_path: Path
) -> None:
    path = tmp_path / "pea.toml"
    path.write_text(OWN, encoding="utf-8")
    assert drop(window, [path], panel.mapTo(window, QPoint(20, panel.height() - 120)))
    settled(window, qtbot)
    assert panel.chooser.currentText() == "Pea"
    twin = MODELS["core-shell-sphere"](diameter=40.0, shell_thickness=5.0)
    np.testing.assert_allclose(10 ** line(panel)[1], form_factor(twin, 10 ** line(panel)[0]), rtol=1e-8)
    type_in(field(panel, "sld_core").box, "3", qtbot)
    settled(window, qtbot)
    twin = MODELS["core-shell-sphere"](diameter=40.0, shell_thickness=5.0, sld_core=3.0)
    np.testing.assert_allclose(10 ** line(panel)[1], form_factor(twin, 10 ** line(panel)[0]), rtol=1e-8)


def test_that_a_file_that_is_no_map_is_refused_in_words_and_nothing_changes(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    np.save(tmp_path / "flat.npy", np.ones((3, 3)))
    (tmp_path / "bad.toml").write_text("title = 3", encoding="utf-8")
    before, title = line(panel), panel.chooser.currentText()
    for name, words in (("flat.npy", "3-D"), ("bad.toml", "pieces"), ("gone.mrc", "no such file")):
        panel.files_given.emit((tmp_path / name,))
        settled(window, qtbot)
        assert name in panel._notice.text()
        assert words in panel._notice.text()
    np.testing.assert_array_equal(line(panel), before)
    assert panel.chooser.currentText() == title


def test_that_a_measured_curve_dropped_on_the_panel_goes_to_the_analysis(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, drop: Callable[..., bool], tmp_path: Path
) -> None:
    path = write_curve(tmp_path / "curve.dat")
    place = panel.mapTo(window, QPoint(20, panel.height() - 120))
    if not drop(window, [path], place):  # Qt goes on to the widgets around; the test's drop does not
        panel.setAcceptDrops(False)
        assert drop(window, [path], place)
    qtbot.waitUntil(lambda: any(entry.is_settled for entry in window.session.entries))


def test_that_only_the_newest_files_are_kept_at_hand(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(presenter, "MOST_FILES", 2)
    for number in range(4):
        path = tmp_path / f"pea{number}.toml"
        path.write_text(OWN.replace("Pea", f"Pea {number}"), encoding="utf-8")
        panel.files_given.emit((path,))
        settled(window, qtbot)
    titles = [panel.chooser.itemText(i) for i in range(len(MODELS), panel.chooser.count())]
    assert titles == ["Pea 2", "Pea 3"]
    assert panel.chooser.currentText() == "Pea 3"


def test_that_the_volume_of_a_body_comes_when_it_is_wanted_and_follows(panel: ParticleView, window: MainWindow, qtbot: QtBot) -> None:
    panel.picture.mode.setFocus()
    qtbot.keyClick(panel.picture.mode, Qt.Key.Key_Down)
    assert panel.picture.shown_mode is Mode.VOLUME
    settled(window, qtbot)
    assert panel.picture._has_voxels
    before = picture(panel)
    type_in(field(panel, "shell_thickness").box, "9", qtbot)
    settled(window, qtbot)
    assert panel.picture._has_voxels
    assert picture(panel) != before


def test_that_a_long_curve_of_a_map_shows_progress_and_can_be_stopped(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from engine.progress import Step
    from engine.scattering import nufft

    def endless(voxels: Any, q: Any, *, report: Any) -> Any:
        while True:
            report(Step(1, 4, "points of reciprocal space"))

    monkeypatch.setattr(nufft, "form_factor", endless)
    path = tmp_path / "ball.npy"
    write_volume(path, voxelise(SPHERE, 2.0, 2))
    panel.files_given.emit((path,))
    qtbot.waitUntil(panel.progress.stop_button.isVisible)
    assert "25 %" in panel.progress.words.text()
    qtbot.mouseClick(panel.progress.stop_button, LEFT)
    settled(window, qtbot)
    assert not panel.progress.stop_button.isVisible()
    assert "stopped" in panel._words.text()


def test_that_a_picture_is_saved_without_its_ground(
    panel: ParticleView, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, tmp_path / "particle.png")
    qtbot.mouseClick(panel.transparent, LEFT, pos=QPoint(8, panel.transparent.height() // 2))
    qtbot.mouseClick(panel.save_picture_button, LEFT)
    image = QImage(str(tmp_path / "particle.png"))
    assert image.hasAlphaChannel()
    assert image.size() == 2 * panel.picture.picture.size()
    assert image.pixelColor(2, 2).alpha() == 0
    answer(monkeypatch, tmp_path / "particle.jpg")
    qtbot.mouseClick(panel.save_picture_button, LEFT)
    assert "end its name in .png" in panel._notice.text()


def test_that_the_lattice_is_padded_less_for_large_maps() -> None:
    q = np.array([0.2, 0.3])
    voxels = voxelise(SPHERE, 0.25, 1)  # 96 voxels an edge
    found = scattered._on_lattice(voxels, q, lambda _: None)
    np.testing.assert_allclose(found, form_factor(SPHERE, q), rtol=0.05)
