"""Many days in one: open, analyse, look at every panel, close, again and again, with nothing left behind.

``LNPSCOPE_SOAK=50`` makes it fifty rounds.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from gui_fakes import Analyst, find_files, read, write_curve
from PySide6.QtCore import QCoreApplication, QEvent, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lnpgui.engine_calls import EngineCalls
from lnpgui.main_window import MainWindow
from lnpgui.panels.registry import PANELS
from lnpgui.settings import Settings

ROUNDS = int(os.environ.get("LNPSCOPE_SOAK", "12"))
WARM = ROUNDS // 4
MOST_MB = 3.0
"""Growth of the process for each round. A view that is not finalised leaks 19 MB; what remains is the allocator's."""


def resident_mb() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def one_day(qtbot: QtBot, settings: Settings, file: Path, data: Path) -> None:
    """Open the window, analyse a curve, look at every panel, close."""
    window = MainWindow(settings, EngineCalls(find_files, read, Analyst()))
    window.keeper.begin(data, [file], restore=True)
    window.show()
    qtbot.waitUntil(lambda: bool(window.session.entries) and all(e.is_settled for e in window.session.entries), timeout=30_000)
    for line in PANELS:
        window.turn_to(line.title)
        qtbot.waitUntil(lambda title=line.title: window.is_made(title) and window.is_shown, timeout=30_000)  # type: ignore[misc]
    window.close()
    window.deleteLater()


def clean(qtbot: QtBot) -> None:
    """Let everything go that nobody holds; what was deleted in one turn of the event loop lets go of more in the next."""
    for _ in range(2):
        qtbot.wait(10)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_that_many_openings_leave_memory_threads_widgets_and_pictures_as_they_were(
    qtbot: QtBot, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_curve(tmp_path / "a.dat", points=60)
    memory: list[float] = []
    for _ in range(ROUNDS):
        one_day(qtbot, settings, file, tmp_path / "data")
        clean(qtbot)
        memory.append(resident_mb())
        kinds = [type(o) for o in gc.get_objects()]
        left = [o for o in gc.get_objects() if type(o) is MainWindow]
        assert not left, [f"{type(r)}: {str(r)[:200]}" for r in gc.get_referrers(left[0])]
        assert not [kind for kind in kinds if str(kind.__module__).startswith("vtkmodules") and kind.__name__.startswith("vtk")]
        assert not [o for o in gc.get_objects() if issubclass(type(o), QThread) and o.isRunning() and o is not QThread.currentThread()]
        assert not [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    growth = (memory[-1] - memory[WARM]) / (ROUNDS - WARM)
    with capsys.disabled():
        sys.stdout.write(f"{memory[0]:.0f} MB after one round, {memory[-1]:.0f} after {ROUNDS}: {growth:.2f} MB a round\n")
    assert growth < MOST_MB
