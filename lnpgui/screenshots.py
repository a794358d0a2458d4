"""Takes pictures of the real window: ``python -m lnpgui.screenshots --out FOLDER [FILE ...]``, on a display (a virtual one will do).

Each combination of colours and scaling is a process of its own, because Qt reads the scaling once, when it starts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer, Slot

from lnpgui.app import Application
from lnpgui.main_window import MainWindow
from lnpgui.panels.analyse.plot_bar import REPRESENTATION_TITLES
from lnpgui.paths import example_curves
from lnpgui.settings import Settings, ThemeChoice

SCALES = (1, 2)
PATIENCE_MS = 60_000
SETTLE_MS = 400


@dataclass(frozen=True, slots=True)
class Look:
    """How the Analyse panel shall stand: representation by its place in the list, one curve or all of them marked."""

    representation: int = 0
    mark_all: bool = False


AS_IT_OPENS = Look()


class Photographer(QObject):
    """Waits until everything is analysed, then saves a picture and closes the window."""

    def __init__(self, window: MainWindow, target: Path, show: str, look: Look) -> None:
        super().__init__(window)
        self._look = look
        self._window = window
        self._target = target
        self._show = show
        self.is_done = False
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._take)
        window.session.changed.connect(self._on_changed)
        QTimer.singleShot(PATIENCE_MS, window.close)

    @Slot(object)
    def _on_changed(self, _: object) -> None:
        entries = self._window.session.entries
        if not self.is_done and entries and all(entry.is_settled for entry in entries):
            for entry in entries:
                if self._show in entry.name:
                    self._window.session.show(entry.key)
                    break
            self._window.analyse.bar.representation.setCurrentIndex(self._look.representation)
            if self._look.mark_all:
                self._window.session.select([entry.key for entry in entries])
            self._timer.start()

    @Slot()
    def _take(self) -> None:
        self.is_done = self._window.grab().save(str(self._target))
        self._window.close()


def take(target: Path, theme: ThemeChoice, files: Sequence[Path], show: str, size: tuple[int, int], look: Look = AS_IT_OPENS) -> bool:
    """Save one picture of the window with *files* analysed and the curve whose name contains *show* in view."""
    app = Application(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.theme = theme
        window = MainWindow(settings)
        window.resize(*size)
        photographer = Photographer(window, target, show, look)
        window.open(files)
        window.show()
        app.exec()
    return photographer.is_done


def take_all(out: Path, files: Sequence[Path], show: str, size: tuple[int, int], look: Look = AS_IT_OPENS) -> bool:
    """Save a picture of every combination of colours and scaling."""
    out.mkdir(parents=True, exist_ok=True)
    done = True
    for theme in (ThemeChoice.LIGHT, ThemeChoice.DARK):
        for scale in SCALES:
            target = out / f"analyse-{theme.value}-{100 * scale}.png"
            width, height = (round(edge / scale**0.3) for edge in size)  # a dense screen shows a somewhat smaller window
            command = [sys.executable, "-m", "lnpgui.screenshots", "--one", str(target), "--theme", theme.value, "--show", show]
            command += ["--representation", str(look.representation), *(["--mark-all"] if look.mark_all else [])]
            command += ["--size", str(width), str(height), "--", *map(str, files)]
            code = subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": str(scale)}, check=False).returncode
            sys.stdout.write(f"{target}: {'saved' if code == 0 else 'FAILED'}\n")
            done = done and code == 0
    return done


def main(words: Sequence[str] | None = None) -> int:
    """Run with the *words* of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lnpgui.screenshots", description="Take pictures of the window.")
    parser.add_argument("files", nargs="*", type=Path, help="curves to analyse; the examples when none are named")
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"), help="folder of the pictures")
    parser.add_argument("--show", default="", help="part of the name of the curve to show")
    parser.add_argument("--size", nargs=2, type=int, default=(1360, 860), help="width and height of the window")
    parser.add_argument("--one", type=Path, help="take this one picture, in the scaling of QT_SCALE_FACTOR")
    parser.add_argument("--theme", type=ThemeChoice, default=ThemeChoice.LIGHT, help="colours of --one")
    parser.add_argument("--representation", type=int, choices=range(len(REPRESENTATION_TITLES)), default=0, help="how the curve is drawn")
    parser.add_argument("--mark-all", action="store_true", help="mark all curves, so that all are drawn")
    arguments = parser.parse_args(words)
    look = Look(arguments.representation, arguments.mark_all)
    files = arguments.files or example_curves()
    size = (arguments.size[0], arguments.size[1])
    if arguments.one is not None:
        return 0 if take(arguments.one, arguments.theme, files, arguments.show, size, look) else 1
    return 0 if take_all(arguments.out, files, arguments.show, size, look) else 1


if __name__ == "__main__":
    sys.exit(main())
