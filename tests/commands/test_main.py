"""What the program does with its arguments, before and around any command."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tomllib

import pytest

import main
from engine.errors import DataFileError, ParameterError
from engine.version import VERSION


@pytest.mark.parametrize("name", main.COMMANDS)
def test_that_every_command_explains_itself(run_main, name):
    done = run_main(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python main.py {name}")


def test_that_help_names_every_command(run_main):
    done = run_main("--help")
    assert done.returncode == 0
    assert re.findall(r"^    (\w+)", done.stdout, re.MULTILINE) == list(main.COMMANDS)


def test_that_the_version_is_the_one_of_the_package(run_main, root):
    done = run_main("--version")
    assert (done.returncode, done.stdout) == (0, f"LNPScope {VERSION}\n")
    assert tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


@pytest.mark.parametrize("words", [["analyse", "a.dat"], ["simulate"], ["simulate", "--type", "7"], ["analyze"], ["--nonsense"]])
def test_that_wrong_use_ends_with_two_and_a_sentence(run_main, words):
    done = run_main(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_that_a_mistyped_command_is_not_taken_for_a_file(run_main):
    assert "'analyse' is neither a command nor a file; the commands are window, analyze" in run_main("analyse", "a.dat").stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_that_without_a_display_and_without_files_the_window_says_so(run_main):
    done = run_main(DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). The window stays closed.")


@pytest.fixture
def no_qt(monkeypatch):
    """A system on which Qt does not load; with a display, so that this is what is noticed."""
    monkeypatch.setitem(sys.modules, "PySide6.QtWidgets", None)  # importing it is an ImportError now
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


@pytest.mark.usefixtures("no_qt")
def test_that_without_the_libraries_of_a_desktop_the_window_says_so_and_the_analysis_is_printed(root, capsys):
    assert main.main([str(root / "resources" / "examples" / "solid.dat")]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("Qt cannot be loaded: ")
    assert "sudo apt-get install libgl1" in said.err
    assert "The window stays closed." in said.err
    assert "solid sphere" in said.out.lower()


@pytest.mark.usefixtures("no_qt")
def test_that_without_qt_a_report_is_refused_before_anything_is_analysed(root, capsys, tmp_path):
    assert main.main(["analyze", str(root / "resources" / "examples" / "solid.dat"), "--report", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "without --report the analysis works" in said.err
    assert said.out == ""


class _Command:
    """A command that meets a fault."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    def add_arguments(self, parser: object) -> None:
        pass

    def run(self, arguments: object) -> int:
        raise self.fault


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (ParameterError("D = -3 nm is refused; give 1 to 1000 nm."), 2, "D = -3 nm is refused; give 1 to 1000 nm."),
        (DataFileError("a.dat", "holds no numbers."), 1, "a.dat: holds no numbers."),
        (OSError(28, "No space left on device", "out.csv"), 1, "out.csv: No space left on device."),
        (MemoryError(), 1, "There is not enough memory for this; ask for fewer points or a smaller particle."),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_that_faults_of_the_world_become_a_sentence_and_a_code(monkeypatch, capsys, fault, code, sentence):
    monkeypatch.setattr(main, "command", lambda name: _Command(fault))
    assert main.main(["analyze"]) == code
    assert capsys.readouterr().err.strip() == sentence


def test_that_a_fault_of_ours_is_not_hidden(monkeypatch):
    monkeypatch.setattr(main, "command", lambda name: _Command(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main.main(["analyze"])


def test_that_output_survives_a_terminal_without_our_letters(run_main, tmp_path):
    done = run_main("simulate", "--type", "3", "--diameter", "0.5", "--out", "a.csv", PYTHONIOENCODING="ascii", PYTHONUTF8=None)
    assert done.returncode == 2
    assert "diameter = 0.5 nm is refused" in done.stderr


def test_that_a_windowed_program_without_streams_can_print(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    main.make_streams_safe()
    with sys.stdout, sys.stderr:
        sys.stdout.write("χ²")
        sys.stderr.write("Å")


def test_that_letters_a_stream_does_not_know_are_replaced(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    main.make_streams_safe()
    sys.stdout.write("a χ")
    stream.flush()
    assert stream.buffer.getvalue().split() == [b"a", b"?"]


COMMAND = """
import signal, sys, threading, main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
class Command:
    def add_arguments(self, parser): pass
    def run(self, arguments):
        print("at work", flush=True)
        {work}
main.command = lambda name: Command()
sys.exit(main.main(["analyze"]))
"""
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")


@posix
@pytest.mark.parametrize("buffered", [[], ["-u"]])
def test_that_a_reader_that_goes_away_is_no_fault(root, buffered):
    code = COMMAND.format(work="sys.stdin.read(); print('x' * 1000)")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *buffered, "-c", code], cwd=root, **pipes) as process:
        assert process.stdout.readline() == b"at work\n"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@posix
def test_that_an_interrupt_ends_quietly(root):
    code = COMMAND.format(work="threading.Event().wait(60)")
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"at work\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130
