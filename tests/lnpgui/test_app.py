"""The program as a process: its start, its end, its faults."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_clock import time_to_end
from gui_fakes import write_curve
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.errors import EngineError
from engine.units import QUnit
from lnpgui import faults, paths, settings
from lnpgui.app import Application
from lnpgui.main_window import MainWindow
from lnpgui.settings import Settings, ThemeChoice
from lnpgui.theme import DARK, LIGHT, Themes

HEAVY = ("torch", "sklearn", "scipy.stats", "matplotlib")


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Variables of a user who has never started the program."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    own = {
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "LNPSCOPE_TIMES": "1",
    }
    return {**os.environ, **own, **more}


def start(root: Path, tmp_path: Path, program: str, **more: str) -> subprocess.Popen[str]:
    """Run *program* in a Python of its own."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment(tmp_path, **more), cwd=root, stdout=pipe, stderr=pipe, text=True)


def test_that_the_window_opens_with_an_analysed_example_and_leaves_no_word_on_stderr(root: Path, tmp_path: Path) -> None:
    program = f"""
        import sys
        from lnpgui.app import main
        code = main([])
        print("heavy:", [name for name in {HEAVY!r} if name in sys.modules])
        sys.exit(code)
    """
    process = start(root, tmp_path, program, LNPSCOPE_TIMES="quit")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    stages = [line.partition(":")[0] for line in out.splitlines()]
    assert stages == ["first paint", "plots", "3-D", "analysed", "heavy"]
    assert out.splitlines()[-1] == "heavy: []"


CLOSING = """
    import sys, threading, time
    from pathlib import Path
    sys.path.insert(0, "tests")
    import gui_fakes
    from PySide6.QtCore import QTimer
    from lnpgui import app, engine_calls, main_window
    {stubborn}
    analyst = gui_fakes.Analyst(gate=threading.Event())
    def analyse(curve, request, report):
        print("working", flush=True)
        return work(curve, request, report)
    work = {work}
    calls = engine_calls.EngineCalls(gui_fakes.find_files, gui_fakes.read, analyse)
    class Window(main_window.MainWindow):
        def __init__(self, settings):
            super().__init__(settings, calls)
            self.presenter._analysing.started.connect(lambda _: QTimer.singleShot(50, self.close))
    app.MainWindow = Window
    sys.exit(app.main([Path(name) for name in {files!r}]))
"""


@pytest.mark.parametrize(
    ("work", "stubborn"),
    [("analyst", ""), ("lambda *_: time.sleep(60)", "")],
    ids=["work that listens", "work that never listens"],
)
def test_that_closing_during_work_ends_the_process_within_three_seconds(root: Path, tmp_path: Path, work: str, stubborn: str) -> None:
    files = [str(write_curve(tmp_path / f"{i}.dat")) for i in range(3)]
    process = start(root, tmp_path, CLOSING.format(work=work, stubborn=stubborn, files=files))
    assert process.stdout is not None
    while (line := process.stdout.readline()) and line != "working\n":
        pass
    took = time_to_end(process, patience=45)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, ""), out
    assert took < 3


@pytest.mark.parametrize("stage", ["first paint", "plots", "3-D"])
def test_that_closing_at_any_stage_of_the_start_ends_the_process_quietly(root: Path, tmp_path: Path, stage: str) -> None:
    program = f"""
        import sys
        from lnpgui import app, main_window
        class Window(main_window.MainWindow):
            def __init__(self, settings):
                super().__init__(settings)
                self.stage_reached.connect(lambda stage: stage == {stage!r} and self.close())
        app.MainWindow = Window
        sys.exit(app.main([]))
    """
    process = start(root, tmp_path, program)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), out
    assert out.splitlines()[-1].startswith(stage)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A log file of this test alone."""
    path = tmp_path / "lnpscope.log"
    monkeypatch.setattr(faults, "log_file", lambda: path)
    before = list(logging.getLogger().handlers)
    yield path
    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)
        handler.close()


def _raise() -> None:
    raise ZeroDivisionError("a slip")


def test_that_our_fault_goes_to_the_log_and_to_a_dialog_whose_details_can_be_copied(
    qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "qInstallMessageHandler", lambda _: None)  # pytest-qt has its own
    faults.start_log()
    trouble = faults.Faults()
    try:
        _raise()
    except ZeroDivisionError as error:
        for _ in range(3):  # the same again and again
            trouble.take(type(error), error, error.__traceback__)
    assert log.read_text(encoding="utf-8").count("ZeroDivisionError: a slip") == 3
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert str(log) in box.informativeText()
    buttons = {button.text(): button for button in box.buttons()}
    qtbot.mouseClick(buttons["Copy details"], Qt.MouseButton.LeftButton)
    assert box.isVisible()
    assert "_raise" in QGuiApplication.clipboard().text()
    assert QGuiApplication.clipboard().text().startswith("LNPScope ")
    box.close()
    QGuiApplication.clipboard().clear()


def test_that_what_a_user_can_mend_is_a_sentence_without_a_traceback(qtbot: QtBot, log: Path) -> None:
    trouble = faults.Faults()
    error = EngineError("The particle is too large; give at most 1000 nm.")
    trouble.take(type(error), error, None)
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert box.text() == "The particle is too large; give at most 1000 nm."
    assert not box.detailedText()
    assert "fault" not in box.windowTitle()
    box.close()


def test_that_the_log_never_grows_without_end(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "qInstallMessageHandler", lambda _: None)
    faults.start_log()
    for _ in range(300):
        logging.getLogger("lnpgui").error("x" * 10_000)
    assert sum(path.stat().st_size for path in log.parent.glob("lnpscope.log*")) < 2_100_000


def test_that_a_full_disk_ends_the_log_without_a_word(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(faults, "qInstallMessageHandler", lambda _: None)

    def full(record: logging.LogRecord) -> None:
        raise OSError(28, "No space left on device")

    faults.start_log()
    monkeypatch.setattr(faults._LogFile, "shouldRollover", lambda self, record: full(record))
    logging.getLogger("lnpgui").error("a line")
    assert capsys.readouterr().err == ""


def test_that_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Path:
        raise PermissionError("read-only")

    monkeypatch.setattr(faults, "log_file", refuse)
    before = list(logging.getLogger().handlers)
    assert faults.start_log() is None
    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)


def test_that_a_file_the_system_asks_to_open_is_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    asked: list[Path] = []
    taken = Application.event(_Listening(asked), QFileOpenEvent(QUrl.fromLocalFile(str(tmp_path / "a ü.dat"))))
    assert taken
    assert asked == [tmp_path / "a ü.dat"] * 2


class _Listening:
    """Stands in for the application, of which there can be only one."""

    def __init__(self, asked: list[Path]) -> None:
        self.waiting = asked
        self.file_requested = self

    def emit(self, path: Path) -> None:
        """Take what the signal would carry."""
        self.waiting.append(path)


def test_that_settings_come_back_and_nonsense_counts_as_not_set(tmp_path: Path) -> None:
    file = str(tmp_path / "s.ini")
    first = Settings(QSettings(file, QSettings.Format.IniFormat))
    assert first.theme is ThemeChoice.SYSTEM
    assert first.confirmed_unit(tmp_path) is None
    first.theme = ThemeChoice.DARK
    first.folder = tmp_path
    first.confirm_unit(tmp_path, QUnit.PER_ANGSTROM)
    first.sync()
    again = Settings(QSettings(file, QSettings.Format.IniFormat))
    assert (again.theme, again.folder, again.confirmed_unit(tmp_path)) == (ThemeChoice.DARK, tmp_path, QUnit.PER_ANGSTROM)
    store = QSettings(file, QSettings.Format.IniFormat)
    for key, value in (("view/theme", "pink"), ("files/folder", "/no/such/folder"), ("files/units", 3), ("layout/window", "x")):
        store.setValue(key, value)
    store.sync()
    spoiled = Settings(QSettings(file, QSettings.Format.IniFormat))
    assert spoiled.theme is ThemeChoice.SYSTEM
    assert spoiled.folder == Path.home()
    assert spoiled.confirmed_unit(tmp_path) is None
    assert spoiled.layout("window").isEmpty()


def test_that_only_so_many_folders_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "UNIT_FOLDERS", 2)
    store = Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    for name in "abc":
        store.confirm_unit(Path(name), QUnit.PER_NM)
    assert [store.confirmed_unit(Path(name)) for name in "abc"] == [None, QUnit.PER_NM, QUnit.PER_NM]


def test_that_colours_follow_the_choice_everywhere(qtbot: QtBot, settings: Settings) -> None:
    before = QApplication.palette()
    themes = Themes(settings)
    assert themes.current is LIGHT  # what a system without an opinion gets
    heard: list[object] = []
    themes.changed.connect(heard.append)
    themes.choose(ThemeChoice.DARK)
    assert heard == [DARK]
    assert QApplication.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert DARK.border in QApplication.instance().styleSheet()
    assert settings.theme is ThemeChoice.DARK
    themes.choose(ThemeChoice.LIGHT)
    QApplication.setPalette(before)
    QApplication.instance().setStyleSheet("")


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2.1."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_that_every_text_can_be_read_on_its_ground(theme: object) -> None:
    for text in ("text", "muted", "error", "accent"):
        for ground in ("window", "base", "raised", "plot"):
            assert _contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5, (text, ground)
    for line in (theme.fit, theme.data, *theme.types.values()):
        assert _contrast(line, theme.plot) >= 3


def test_that_the_program_finds_its_own_files() -> None:
    assert (paths.resources() / "style.qss").is_file()
    assert paths.example_curves()[0].stem == paths.FIRST_EXAMPLE
    assert all("SIMULATED" in path.read_text(encoding="utf-8").upper() for path in paths.example_curves())


def test_that_a_packaged_program_finds_its_files_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources() == tmp_path / "resources"


def test_that_calls_of_qt_leave_the_count_of_none_alone(qtbot: QtBot, window: MainWindow) -> None:
    """PySide6 6.12.0 on Python 3.11 loses a reference to None in every call that returns nothing, until the process dies."""
    timer = QTimer()

    def work() -> None:
        window.analyse.show_notice("")
        window.analyse.list.viewport().update()
        timer.start(1000)
        timer.stop()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    work()
    before = sys.getrefcount(None)
    for _ in range(400):
        work()
    assert abs(sys.getrefcount(None) - before) < 40
