"""How many frames a second the 3-D picture shows: surfaces, surfaces with a cutting plane, and volume."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from engine.models.two_compartment import TwoCompartment
from engine.scattering.voxelise import voxelise
from lnpgui.theme import LIGHT
from lnpgui.view3d.axis import Axis
from lnpgui.view3d.scene import Look, ParticleScene

SIZE = (800, 600)
FRAMES = 40
VOXELS = 100
"""Voxels of the volume along its longest edge."""


@dataclass(frozen=True, slots=True)
class FrameRates:
    """Frames a second, medians over single frames while the mouse turns the particle; drawn and read back, as the window does it."""

    surfaces: float
    clipped: float
    volume: float


def measure(size: tuple[int, int] = SIZE, frames: int = FRAMES) -> FrameRates:
    """Return the frame rates of a picture of *size* pixels on this machine; there must be an application.

    Raises
    ------
    NoOpenGL
        Where there is no 3-D picture.
    """
    scene = ParticleScene(LIGHT)
    try:
        scene.resize(*size)
        particle = TwoCompartment(diameter=60.0)
        scene.show_body(particle.body())
        scene.set_axes(on=True)
        scene.set_moving(True)
        surfaces = _rate(scene, frames)
        scene.set_clip(on=True)
        scene.set_clip_plane(Axis.Y, 3.0)
        clipped = _rate(scene, frames)
        scene.set_clip(on=False)
        scene.show_body(particle.body(), voxels=voxelise(particle, particle.diameter / VOXELS, 2))
        scene.set_look(Look.VOLUME)
        volume = _rate(scene, frames)
    finally:
        scene.shut_down()
        scene.deleteLater()
    return FrameRates(surfaces, clipped, volume)


def _rate(scene: ParticleScene, frames: int) -> float:
    view = scene.view
    scene.grab()  # lays the widget out, and makes what is made once
    times = []
    for _ in range(frames):
        view.turn(360 / frames, 0.0)
        began = time.perf_counter()
        view.render()
        times.append(time.perf_counter() - began)
    return 1 / median(times)
