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
from lnpgui.panels.registry import PANELS
from lnpgui.paths import VERDICTS, example_curves
from lnpgui.settings import Settings, ThemeChoice

SCALES = (1, 2)
PATIENCE_MS = 600_000
SETTLE_MS = 400


@dataclass(frozen=True, slots=True)
class Look:
    """How the Analyse panel shall stand: representation by its place in the list, one curve or all of them marked."""

    representation: int = 0
    mark_all: bool = False


AS_IT_OPENS = Look()


class Photographer(QObject):
    """Waits until everything is analysed, then saves a picture of each panel and closes the window."""

    def __init__(self, window: MainWindow, out: Path, ending: str, show: str, look: Look) -> None:
        super().__init__(window)
        self._window = window
        self._out = out
        self._ending = ending
        self._show = show
        self._look_of_curves = look
        self._waiting = [line.title for line in PANELS]
        self.is_good = True
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._take)
        self._look = QTimer(self, interval=100)
        self._look.timeout.connect(self._on_look)
        self._is_turned = False
        self._look.start()
        QTimer.singleShot(PATIENCE_MS, window.close)

    @property
    def is_done(self) -> bool:
        """True when every picture was saved."""
        return self.is_good and not self._waiting

    @Slot()
    def _on_look(self) -> None:
        entries = self._window.session.entries
        if not entries or not all(entry.is_settled for entry in entries):
            return
        title = self._waiting[0]
        if not self._is_turned:
            wanted = next((entry for entry in entries if self._show in entry.name), entries[0])
            self._window.session.show(wanted.key)
            self._window.analyse.bar.representation.setCurrentIndex(self._look_of_curves.representation)
            if self._look_of_curves.mark_all:
                self._window.session.select([entry.key for entry in entries])
            self._window.turn_to(title)
            self._is_turned = True
        elif self._window.panel_in_front == title and self._window.is_made(title) and self._window.is_shown:
            self._look.stop()
            self._settle.start()

    @Slot()
    def _take(self) -> None:
        title = self._waiting.pop(0)
        target = self._out / f"{title.lower()}-{self._ending}.png"
        self.is_good = self._window.grab().save(str(target)) and self.is_good
        self._is_turned = False
        if self._waiting:
            self._look.start()
        else:
            self._window.close()


def take(out: Path, theme: ThemeChoice, files: Sequence[Path], show: str, size: tuple[int, int], look: Look = AS_IT_OPENS) -> bool:
    """Save a picture of each panel with *files* analysed and the curve whose name contains *show* in view."""
    app = Application(sys.argv[:1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.theme = theme
        window = MainWindow(settings)
        window.resize(*size)
        percent = round(100 * float(os.environ.get("QT_SCALE_FACTOR", "1")))
        photographer = Photographer(window, out, f"{theme.value}-{percent}", show, look)
        window.open(files)
        window.show()
        app.exec()
    return photographer.is_done


def take_all(out: Path, files: Sequence[Path], show: str, size: tuple[int, int], look: Look = AS_IT_OPENS) -> bool:
    """Save pictures of every panel in every combination of colours and scaling."""
    out.mkdir(parents=True, exist_ok=True)
    done = True
    with tempfile.TemporaryDirectory() as verdicts:
        for theme in (ThemeChoice.LIGHT, ThemeChoice.DARK):
            for scale in SCALES:
                width, height = (round(edge / scale**0.3) for edge in size)  # a dense screen shows a somewhat smaller window
                command = [sys.executable, "-m", "lnpgui.screenshots", "--once", "--out", str(out), "--theme", theme.value, "--show", show]
                command += ["--representation", str(look.representation), *(["--mark-all"] if look.mark_all else [])]
                command += ["--size", str(width), str(height), "--", *map(str, files)]
                environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), VERDICTS: verdicts}
                code = subprocess.run(command, env=environment, check=False).returncode
                sys.stdout.write(f"{theme.value}, {100 * scale} %: {'saved' if code == 0 else 'FAILED'}\n")
                sys.stdout.flush()
                done = done and code == 0
    return done


def main(words: Sequence[str] | None = None) -> int:
    """Run with the *words* of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lnpgui.screenshots", description="Take pictures of the window.")
    parser.add_argument("files", nargs="*", type=Path, help="curves to analyse; the examples when none are named")
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"), help="folder of the pictures")
    parser.add_argument("--show", default="", help="part of the name of the curve to show")
    parser.add_argument("--size", nargs=2, type=int, default=(1360, 860), help="width and height of the window")
    parser.add_argument("--once", action="store_true", help="take one set, in the scaling of QT_SCALE_FACTOR")
    parser.add_argument("--theme", type=ThemeChoice, default=ThemeChoice.LIGHT, help="colours of --once")
    parser.add_argument("--representation", type=int, choices=range(len(REPRESENTATION_TITLES)), default=0, help="how the curve is drawn")
    parser.add_argument("--mark-all", action="store_true", help="mark all curves, so that all are drawn")
    arguments = parser.parse_args(words)
    look = Look(arguments.representation, arguments.mark_all)
    files = arguments.files or example_curves()
    size = (arguments.size[0], arguments.size[1])
    if arguments.once:
        return 0 if take(arguments.out, arguments.theme, files, arguments.show, size, look) else 1
    return 0 if take_all(arguments.out, files, arguments.show, size, look) else 1


if __name__ == "__main__":
    sys.exit(main())
