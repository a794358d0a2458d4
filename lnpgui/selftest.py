"""What of the self-test needs the screen: the window on the example, off screen, and a 3-D picture."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.selftest import EXAMPLE, EXAMPLE_IS, Check, CheckFailed, patience

if TYPE_CHECKING:  # Qt loads inside the checks, so that a machine on which it can't still gets its table
    from PySide6.QtGui import QImage

    from lnpgui.app import Application

PATIENCE_MS = 30_000


@lru_cache(maxsize=1)
def application() -> Application:
    """Return the one application of this process; nothing appears on a screen."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from lnpgui.app import Application

    return Application(["LNPScope"])


def window_shows_the_verdict() -> str:
    """Open the example in the window and wait for the answer."""
    from PySide6.QtCore import QEventLoop, QSettings, QTimer

    from lnpgui.main_window import MainWindow
    from lnpgui.session import State
    from lnpgui.settings import Settings

    application()
    longest = round(PATIENCE_MS * patience())
    with tempfile.TemporaryDirectory(prefix="lnpscope-") as folder:
        window = MainWindow(Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)))
        try:
            waiting = QEventLoop()
            window.session.changed.connect(lambda entry: waiting.exit() if entry.is_settled else None)
            QTimer.singleShot(longest, waiting.quit)
            window.open([EXAMPLE])
            window.show()
            waiting.exec()
            entry, tints = next(iter(window.session.entries), None), shades(window.grab().toImage())
        finally:
            window.close()
    if entry is None or entry.state is not State.DONE or entry.analysis is None:
        raise CheckFailed((entry and entry.error) or f"no answer within {longest / 1000:.0f} s")
    if entry.analysis.hypothesis != EXAMPLE_IS:
        raise CheckFailed(f"the window answers {entry.analysis.hypothesis} where {EXAMPLE_IS} is right")
    if tints < 50:
        raise CheckFailed(f"the window was painted in {tints} shades only")
    return f"{window.width()} x {window.height()} pixels, painted and answered"


def particle_is_drawn() -> str:
    """Draw a particle in 3-D."""
    from engine.models.two_compartment import TwoCompartment
    from lnpgui.theme import LIGHT
    from lnpgui.view3d.errors import NoOpenGL

    application()
    try:
        from lnpgui.view3d.scene import ParticleScene

        scene = ParticleScene(LIGHT)
    except NoOpenGL as error:
        raise CheckFailed(f"{error} A slice is shown instead of the 3-D picture.") from error
    try:
        scene.resize(400, 300)
        scene.show_body(TwoCompartment().body())
        tints = shades(scene.grab().toImage())
    finally:
        scene.shut_down()
    if tints < 50:
        raise CheckFailed(f"the particle was drawn in {tints} shades only")
    return f"VTK draws the particle in {tints} shades"


def shades(image: QImage) -> int:
    """Return the number of different colours on a grid over the picture; a blank one has few."""
    return len({image.pixel(x, y) for x in range(0, image.width(), 4) for y in range(0, image.height(), 4)})


CHECKS = (Check("window", window_shows_the_verdict), Check("3-D picture", particle_is_drawn))
