"""Crashes below Python, and exceptions where nobody catches them: a sentence, details to copy, and the program goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from lnpgui import crashes, faults, workers
from lnpgui.main_window import MainWindow

CRASH = """
import ctypes, sys
from pathlib import Path
from lnpgui import crashes
print(repr(crashes.take_last(Path(sys.argv[1]))))
def slip():
    ctypes.string_at(0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' traces are not told")
def test_that_where_a_crash_happened_is_told_at_the_next_start_and_only_then(tmp_path: Path, root: Path) -> None:
    file = tmp_path / "crash.txt"

    def start(more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CRASH + more, str(file)], cwd=root, capture_output=True, text=True, timeout=60, check=False
        )

    first = start("slip()")
    assert (first.returncode, first.stdout) == (-11, "''\n")
    second = start("")
    assert second.returncode == 0
    assert "Segmentation fault" in second.stdout
    assert "in slip" in second.stdout
    assert start("").stdout == "''\n"


def test_that_a_trace_without_end_is_read_to_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "crash.txt"
    file.write_text("x" * 10 * crashes.LONGEST, encoding="utf-8")
    assert len(crashes._read(file)) == crashes.LONGEST


@pytest.mark.parametrize(("code", "words"), [(-11, "signal SIGSEGV"), (-9, "signal SIGKILL"), (3, "exit code 3"), (-200, "exit code -200")])
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_that_the_end_of_a_process_is_put_into_words(code: int, words: str) -> None:
    assert crashes.cause(code) == words


def test_that_a_place_for_traces_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crashes.take_last(tmp_path / "nowhere" / "crash.txt") == ""

    def refuse() -> Path:
        raise PermissionError("read-only")

    monkeypatch.setattr(faults, "crash_file", refuse)
    assert faults.last_crash() == ""


def test_that_a_fault_in_any_job_can_be_copied_at_the_foot_of_the_window(qtbot: QtBot, window: MainWindow) -> None:
    assert not window.notice.isVisible()
    workers.troubles.told.emit("The worker process ended unexpectedly.", "signal SIGSEGV")
    assert window.notice.words == "The worker process ended unexpectedly."
    assert window.notice.copy.isVisible()
    qtbot.mouseClick(window.notice.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("LNPScope ")
    assert copied.endswith("\n\nsignal SIGSEGV")
    window.notice.say("The session is kept again.")  # a sentence without details
    assert not window.notice.copy.isVisible()
    QGuiApplication.clipboard().clear()


GOES_ON = """
    import ctypes, sys
    from PySide6.QtCore import QTimer, Slot
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication, QMessageBox
    from lnpgui import app, main_window, workers
    from lnpgui.session import State

    def crash(report):
        ctypes.string_at(0)

    class Window(main_window.MainWindow):
        def __init__(self, settings):
            super().__init__(settings)
            self.stage_reached.connect(self._on_reached)
            self.session.changed.connect(self._on_changed)

        def _on_reached(self, stage):
            if stage == "3-D":
                QTimer.singleShot(0, self._slip)

        @Slot()
        def _slip(self):
            QTimer.singleShot(0, self._look)
            raise ZeroDivisionError("a slip in a slot")

        @Slot()
        def _look(self):
            (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
            print("shown:", box.text())
            box.close()
            self.job = workers.ProcessJob(crash)
            self.job.finished.connect(self._on_crashed)
            self.job.start()

        @Slot()
        def _on_crashed(self):
            print("notice:", self.notice.words)
            self.notice.copy.click()
            print("copied:", "in crash" in QGuiApplication.clipboard().text())
            self.crashed = True
            self._on_changed(None)

        def _on_changed(self, _):
            if getattr(self, "crashed", False) and all(entry.is_settled for entry in self.session.entries):
                self.session.changed.disconnect(self._on_changed)
                print("then:", *(entry.state is State.DONE for entry in self.session.entries))
                self.close()

    if __name__ == "__main__":
        app.MainWindow = Window
        sys.exit(app.main([]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="signals, and the folders of Linux")
def test_that_the_program_goes_on_after_an_exception_in_a_slot_and_a_crash_in_a_worker(tmp_path: Path, root: Path) -> None:
    program = tmp_path / "program.py"  # a file, which the spawned process imports
    program.write_text(textwrap.dedent(GOES_ON), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path)), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "shown: Something went wrong in LNPScope. Your files are untouched, and you can go on.",
        "notice: The worker process ended unexpectedly (signal SIGSEGV). Try again.",
        "copied: True",
        "then: True",
    ], done.stderr
    assert (done.returncode, done.stderr) == (0, "")
