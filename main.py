"""Starts LNPScope: parses the arguments and hands over to one command."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COMMANDS = {
    "window": "open the window; files named here, or without any command, are analysed in it",
    "analyze": "judge measured curves and print the verdicts",
    "simulate": "write the scattering curve of a particle",
    "average": "average repeated exposures, without the frames that differ",
    "merge": "join two curves of one sample over different q ranges",
    "subtract": "take the scattering of the buffer off a sample",
    "library": "make a library of curves of many particles, resumable, on all cores or a cluster",
    "train": "train a network on simulated curves, for everyone or for one instrument",
    "benchmark": "measure the program against its figures",
    "selftest": "check this installation: a table of pass and fail, and the versions",
}

DONE, REFUSED, WRONG_USE, INTERRUPTED, NO_READER = 0, 1, 2, 130, 141


def command(name: str) -> Any:
    """Return the module of a command: ``add_arguments(parser)`` and ``run(arguments) -> exit code``. Only this one is imported."""
    match name:
        case "analyze":
            from engine.commands import analyze

            return analyze
        case "simulate":
            from engine.commands import simulate

            return simulate
        case "average":
            from engine.commands import average

            return average
        case "merge":
            from engine.commands import merge

            return merge
        case "subtract":
            from engine.commands import subtract

            return subtract
        case "library":
            from engine.commands import library

            return library
        case "train":
            from engine.commands import train

            return train
        case "benchmark":
            from engine.commands import benchmark

            return benchmark
        case "selftest":
            from engine.commands import selftest

            return selftest
    raise ValueError(f"{name} is no command")


def make_parser(chosen: str) -> argparse.ArgumentParser:
    """Return a parser that knows the names of all commands and the arguments of the *chosen* one."""
    from engine.version import VERSION

    program = Path(sys.argv[0]).name if getattr(sys, "frozen", False) else "python main.py"
    parser = argparse.ArgumentParser(
        prog=program, description="Reads small-angle X-ray scattering curves of lipid nanoparticles: type, mixture, size, and how sure."
    )
    parser.add_argument("--version", action="version", version=f"LNPScope {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, phrase in COMMANDS.items():
        of_command = commands.add_parser(name, help=phrase, description=phrase[0].upper() + phrase[1:] + ".")
        if name == chosen == "window":
            of_command.add_argument("files", nargs="*", metavar="FILE", help="curves to analyse")
        elif name == chosen:
            command(name).add_arguments(of_command)
    return parser


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments; words that begin with no command are files for the window."""
    words = list(words)
    if not words or words[0] not in {*COMMANDS, "-h", "--help", "--version"}:
        words.insert(0, "window")
        if len(words) > 1 and _looks_like_a_command(words[1]):
            make_parser("").error(f"{words[1]!r} is neither a command nor a file; the commands are {', '.join(COMMANDS)}")
    return make_parser(words[0]).parse_args(words)


def _looks_like_a_command(word: str) -> bool:
    return word.isidentifier() and not Path(word).exists()


def open_window(files: Sequence[str]) -> int:
    """Show the window; where there is no display, say so and print the analysis of *files* instead."""
    from engine.commands.display import why_no_display

    reason = why_no_display(os.environ) or why_no_qt()
    if reason is None:
        from lnpgui import app

        return app.main([Path(name) for name in files])
    print(f"{reason} The window stays closed.", file=sys.stderr)
    if not files:
        print("python main.py analyze FILE... works without one.", file=sys.stderr)
        return WRONG_USE
    arguments = parse(["analyze", *files])
    return int(command("analyze").run(arguments))


def why_no_qt() -> str | None:
    """Return None where Qt can be loaded, else a sentence: a system without a desktop lacks libraries that Qt needs."""
    try:
        import PySide6.QtWidgets  # noqa: F401 - the window's own import would end in the same error
    except ImportError as error:
        return f"Qt cannot be loaded: {error}. On Debian and Ubuntu: sudo apt-get install libgl1 libegl1 libxkbcommon0 libfontconfig1."
    return None


def analyze_with_reports(arguments: argparse.Namespace) -> int:
    """Analyse files and let the screen's part of the program draw the reports, for which it needs Qt but no display."""
    if (reason := why_no_qt()) is not None:
        print(f"{reason} It draws the reports; without --report the analysis works.", file=sys.stderr)
        return REFUSED
    from lnpgui.report import save

    return int(command("analyze").run(arguments, save))


def measure_window(arguments: argparse.Namespace) -> int:
    """Run the benchmark of the window, which is the screen's."""
    from lnpgui import benchmark_window

    return int(command("benchmark").run(arguments, benchmark_window))


def check_installation(arguments: argparse.Namespace) -> int:
    """Run the checks of the engine and of the screen."""
    from lnpgui.selftest import CHECKS

    return int(command("selftest").run(arguments, CHECKS))


def run(words: Sequence[str]) -> int:
    """Run one command and return its exit code. What a user can mend becomes a sentence."""
    from engine.errors import EngineError, ParameterError

    arguments = parse(words)
    try:
        if arguments.command == "window":
            return open_window(arguments.files)
        if arguments.command == "analyze" and getattr(arguments, "report", None) is not None:
            return analyze_with_reports(arguments)
        if arguments.command == "benchmark" and arguments.subject == "window":
            return measure_window(arguments)
        if arguments.command == "selftest":
            return check_installation(arguments)
        return int(command(arguments.command).run(arguments))
    except EngineError as error:
        print(error, file=sys.stderr)
        return WRONG_USE if isinstance(error, ParameterError) else REFUSED
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{error.filename or 'A file'}: {error.strerror or error}.", file=sys.stderr)
        return REFUSED
    except MemoryError:
        print("There is not enough memory for this; ask for fewer points or a smaller particle.", file=sys.stderr)
        return REFUSED


def make_streams_safe() -> None:
    """Let every character through to a terminal of any encoding, and swallow output where there is no terminal at all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # a windowed program on Windows
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the program ends
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def keep_linear_algebra_on_one_thread() -> None:
    """Make OpenBLAS use one thread: the matrices here are small, and two threads on a busy machine are several times slower.

    It reads the variable when numpy is imported; work that gains from more cores starts processes.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(words: Sequence[str] | None = None) -> int:
    """Run the program with the *words* of the command line (default: those it was started with) and return the exit code."""
    make_streams_safe()
    keep_linear_algebra_on_one_thread()
    try:
        try:
            code = run(sys.argv[1:] if words is None else words)
        except SystemExit as stop:  # argparse, after help or wrong use
            code = int(stop.code or 0)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # what we write to has closed, as `| head` does; Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    return code


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
