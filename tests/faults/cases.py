"""Faults done to the program, and what survived them: killed at random moments, a full disk, a folder that is gone.

Each case runs the program as a user does, in a process of its own, does the harm, and looks at what is left. Linux only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "resources" / "examples"
PATIENCE = 240.0


@dataclass(frozen=True)
class Outcome:
    """One line of the table."""

    done: str
    survived: str
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults


def start(
    folder: Path,
    *words: object,
    code: str | None = None,
    script: Path | None = None,
    shell: str = "",
    prepare: Callable[[], None] | None = None,
    **environment: str | None,
):
    """Start ``main.py WORDS``, or python *code* or another *script* with them, in *folder*; None removes an environment variable.

    *shell* is a script in which "$@" stands for the command; it runs as root of a namespace of its own, in which it may mount.
    """
    variables = {
        **os.environ,
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    program = [str(script or ROOT / "main.py")] if code is None else ["-c", code]
    apart = ["unshare", "--mount", "bash", "-c", shell, "bash"] if shell else []
    return subprocess.Popen(
        [*apart, sys.executable, "-B", *program, *map(str, words)],
        cwd=folder,
        env={name: value for name, value in variables.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,
        start_new_session=True,
    )


def finish(process: subprocess.Popen) -> tuple[int, str]:
    """Wait for the end; return the exit code and all that was said."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        kill(process)
        return -1, f"still running after {PATIENCE:.0f} s"
    return process.returncode, (out + err).decode("utf-8", "replace")


def kill(process: subprocess.Popen) -> None:
    """Kill the process, and what it started, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def a_sentence(code: int, said: str, wanted: int | None = None) -> Iterator[str]:
    """Yield what is wrong with the end of a command that met a fault."""
    if "Traceback" in said or code < 0:
        yield f"exit {code}: {said.strip()[-1500:]}"
    elif wanted is not None and code != wanted:
        yield f"exit {code} instead of {wanted}: {said.strip()[-300:]}"
    elif wanted and not said.strip():
        yield "nothing was said"


def killed(folder: Path, times: int, seed: int, begin: Callable[[], subprocess.Popen], look: Callable[[], Iterator[str]], longest: float):
    """Begin and kill *times* times at random moments up to *longest* seconds, and look at what is left; yield every fault."""
    random = Random(seed)
    for _ in range(times):
        process = begin()
        try:
            process.wait(random.uniform(0.05, 1.0) * longest)
        except subprocess.TimeoutExpired:
            kill(process)
        else:
            process.communicate()
        yield from look()


WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from lnpgui import app, main_window
from lnpgui.session import State

STAY = Path(sys.argv[1])

class Window(main_window.MainWindow):
    def __init__(self, settings):
        super().__init__(settings)
        self._looks = QTimer(self, interval=50)
        self._looks.timeout.connect(self._look)
        self._looks.start()
        self._is_told = False

    def _look(self):
        entries = self.session.entries
        if not self.is_shown or not entries or not all(entry.is_settled for entry in entries):
            return
        if not self._is_told:
            self._is_told = True
            print("answered:", sum(entry.state is State.DONE for entry in entries), "of", len(entries))
            print("notice:", self.notice.words)
            print("picture:", self.fitted.picture.explanation or "3-D", flush=True)
        if not STAY.exists():
            self.close()

if __name__ == "__main__":
    app.MainWindow = Window
    sys.exit(app.main([Path(name) for name in sys.argv[2:]]))
"""
"""The window on files; it prints what it answered and says, and closes by itself, but not while the file STAY is there."""


def window(folder: Path, *files: object, stay: Path | None = None, shell: str = "", **more):
    """Start the window on *files*, after the commands of *shell*, with a home of its own in *folder* unless *more* names another."""
    program = folder / "window.py"  # a file, which the processes it starts import
    program.write_text(WINDOW, encoding="utf-8")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    return start(folder, stay or folder / "nothing", *files, script=program, shell=shell, **{**home, **more})


def timed(begin: Callable[[], subprocess.Popen]) -> tuple[float, int, str]:
    """Return how long a command takes when nothing happens to it, its exit code and what it said."""
    began = time.monotonic()
    code, said = finish(begin())
    return time.monotonic() - began, code, said


# -- killed ------------------------------------------------------------------------------------------------------------------------


def killed_analysis(folder: Path, times: int) -> Outcome:
    """``analyze --json --csv --capsule`` over answers of an earlier run."""
    curves = [shutil.copy(EXAMPLES / f"{name}.dat", folder) for name in ("solid", "two_lobed")]
    words = ("analyze", *curves, "--json", folder / "a.json", "--csv", folder / "a.csv", "--capsule", folder / "capsules")
    longest, code, said = timed(lambda: start(folder, *words))
    if code:
        return Outcome("kill -9 while curves are analysed", "", (said,))
    whole = len(json.loads((folder / "a.json").read_text(encoding="utf-8"))["results"])
    faults = tuple(killed(folder, times, 1, lambda: start(folder, *words), lambda: _answers_are_whole(folder, whole), longest))
    code, said = finish(start(folder, *words))
    faults += tuple(a_sentence(code, said, 0))
    return Outcome(
        f"{times} x kill -9 during analyze --json --csv --capsule", "every file whole, old or new; the next run is as the first", faults
    )


def _answers_are_whole(folder: Path, whole: int) -> Iterator[str]:
    from engine.io.capsule import read_capsule

    if len(json.loads((folder / "a.json").read_text(encoding="utf-8"))["results"]) != whole:
        yield "a.json is not whole"
    rows = [line for line in (folder / "a.csv").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    if len(rows) != 1 + whole:
        yield f"a.csv has {len(rows)} rows"
    capsules = [path for path in (folder / "capsules").iterdir() if not path.name.startswith(".")]
    for path in capsules:
        read_capsule(path)
    if len(capsules) != whole:
        yield f"{len(capsules)} capsules"


def killed_window(folder: Path, times: int) -> Outcome:
    """The window while it analyses; at the end the session comes back."""
    from lnpgui.session_file import read_session

    curves = [shutil.copy(EXAMPLES / f"{name}.dat", folder) for name in ("solid", "two_lobed")]
    stay = folder / "stay"
    stay.touch()
    seen = 0

    def look() -> Iterator[str]:
        nonlocal seen
        for file in (folder / "data").rglob("last.lnpsession"):
            seen += 1
            if len(read_session(file).curves) % len(curves):
                yield f"a session of {len(read_session(file).curves)} curves"
            file.unlink()

    longest = 12.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    faults = tuple(killed(folder, times, 5, lambda: window(folder, *curves, stay=stay), look, longest))
    code, said = finish(window(folder, *curves))
    faults += tuple(a_sentence(code, said, 0))
    code, said = finish(window(folder))
    faults += tuple(a_sentence(code, said, 0))
    if "answered: 2 of 2" not in said:
        faults += (f"the session did not come back: {said[-300:]}",)
    return Outcome(
        f"{times} x kill -9 while the window analyses",
        f"{seen} sessions on disk, each whole; the next start brings the curves back",
        faults,
    )


def killed_library(folder: Path, times: int) -> Outcome:
    """``library``, taken up again after each kill."""
    import h5py

    words = ("library", "--diameters", "20:60:1", "--shells", "3", "4", "--points", "101", "--workers", "1")
    longest, code, said = timed(lambda: start(folder, *words, "--out", folder / "whole.h5"))
    if code:
        return Outcome("kill -9 while a library is made", "", (said,))
    path = folder / "l.h5"
    kills = 0

    def look() -> Iterator[str]:
        nonlocal kills
        kills += 1
        if path.exists():
            with h5py.File(path) as file:
                if "done" in file or "provenance" not in file.attrs:
                    yield "l.h5 is there and not finished"
            path.unlink()

    faults = tuple(killed(folder, times, 2, lambda: start(folder, *words, "--out", path), look, longest))
    code, said = finish(start(folder, *words, "--out", path)) if not path.exists() else (0, "")
    faults += tuple(a_sentence(code, said, 0))
    if not faults:
        with h5py.File(path) as found, h5py.File(folder / "whole.h5") as whole:
            names = [f"type {kind}/terms" for kind in (1, 2, 3, 4)]
            faults += tuple(f"{name} differs" for name in names if not np.array_equal(found[name][:], whole[name][:]))
    return Outcome(f"{kills} x kill -9 during library, taken up again each time", "the same numbers as never interrupted", faults)


TINY = """
name = "tiny"
seed = 4
[network]
width = 32
blocks = 1
gaussians = 2
[budget]
curves = 6000
batch = 100
"""
TRAIN = """
import sys, main
from engine.learning import training
training.SCALER_BATCHES, training.CHUNK, training.FEWEST_STEPS = 2, 128, 4
training.VALIDATION_CURVES, training.CALIBRATION_CURVES = 128, 256
sys.exit(main.main(sys.argv[1:]))
"""
"""The command with little kept apart for validation, so that it takes a second more than loading torch."""


def killed_training(folder: Path, times: int) -> Outcome:
    """``train``, going on after each kill."""
    from engine.learning.model_folder import load_model

    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")

    def begin(name: str) -> subprocess.Popen:
        return start(folder, "train", "--config", folder / "tiny.toml", "--out", folder / name, "--no-card", code=TRAIN)

    longest, code, said = timed(lambda: begin("whole"))
    if code:
        return Outcome("kill -9 while a network is trained", "", (said,))
    finished, seen = 0, 0

    def look() -> Iterator[str]:
        nonlocal finished, seen
        place = folder / "model"
        if (place / "model.json").exists() or (folder / ".model.old").exists():
            model = load_model(place)
            seen += 1
            if model.calibration.distances:  # it was finished: begin another one
                finished += 1
                if model.identity != load_model(folder / "whole").identity:
                    yield "an interrupted training ended with other weights"
                shutil.rmtree(place)

    faults = tuple(killed(folder, times, 3, lambda: begin("model"), look, longest))
    code, said = finish(begin("model"))
    faults += tuple(a_sentence(code, said, 0)) + tuple(look())
    return Outcome(
        f"{times} x kill -9 during train, going on each time",
        f"a whole model after {seen} of them; {finished} trainings came to their end with the weights of one never interrupted",
        faults,
    )


WRITE = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from engine.curve import Curve
from engine.io.write import write
folder, q = Path(sys.argv[1]), np.linspace(0.01, 3, 3000)
for number in count(1):
    curve = Curve(q, np.full(q.size, float(number)), np.full(q.size, 1.0))
    for ending in ("csv", "dat", "xml", "h5"):
        write(folder / f"curve.{ending}", curve)
    print(number, flush=True)
"""


def killed_export(folder: Path, times: int) -> Outcome:
    """Curves of all four formats, written over and over."""
    from engine.io.read import read

    random, faults, written = Random(4), [], 0
    for _ in range(times):
        process = start(folder, folder, code=WRITE)
        first = process.stdout.readline()  # the first round is done
        time.sleep(random.uniform(0.0, 0.15))
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        said = [int(word) for word in (first + out).split()]
        if not said:
            faults.append(err.decode("utf-8", "replace")[-800:])
            break
        for ending in ("csv", "dat", "xml", "h5"):
            curve = read(folder / f"curve.{ending}")[0].curve
            values = np.unique(curve.intensity)
            if curve.q.size != 3000 or values.size != 1:
                faults.append(f"curve.{ending} is half of one")
            elif values[0] < said[-1]:
                faults.append(f"curve.{ending} holds {values[0]:g} after {said[-1]} was said to be done")
        written += said[-1]
    return Outcome(
        f"{times} x kill -9 while curves are exported (csv, dat, xml, h5)",
        f"{4 * written} exports: each whole, none lost that was done",
        tuple(faults),
    )


# -- no room, no rights, no home -----------------------------------------------------------------------------------------------------

COMMANDS: tuple[tuple[str, Callable[[Path], Sequence[object]]], ...] = (
    ("analyze --json", lambda place: ("analyze", EXAMPLES / "solid.dat", "--json", place / "out.json")),
    ("analyze --csv", lambda place: ("analyze", EXAMPLES / "solid.dat", "--csv", place / "out.csv")),
    ("analyze --capsule", lambda place: ("analyze", EXAMPLES / "solid.dat", "--capsule", place)),
    ("analyze --report", lambda place: ("analyze", EXAMPLES / "solid.dat", "--report", place)),
    ("simulate", lambda place: ("simulate", "--type", "3", "--diameter", "50", "--out", place / "out.csv")),
    ("average", lambda place: ("average", EXAMPLES / "solid.dat", EXAMPLES / "solid.dat", "--out", place / "out.h5")),
    ("library", lambda place: ("library", "--diameters", "20:40:4", "--points", "101", "--workers", "1", "--out", place / "out.h5")),
)


def _visible(place: Path) -> list[str]:
    return sorted(path.name for path in place.rglob("*") if path.is_file())


def full_disk(folder: Path) -> Outcome:
    """No file may grow beyond 600 bytes: what the system says then is what it says of a full disk."""
    faults, left = [], []

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    for number, (name, words) in enumerate(COMMANDS):
        place = folder / str(number)
        place.mkdir()
        code, said = finish(start(folder, *words(place), prepare=limit, XDG_CACHE_HOME=str(folder / "cache")))
        faults += [f"{name}: {fault}" for fault in a_sentence(code, said, 1)]
        left += [f"{name}: {file}" for file in _visible(place)]
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    words = ("train", "--config", folder / "tiny.toml", "--out", folder / "model", "--no-card")
    code, said = finish(start(folder, *words, code=TRAIN, prepare=limit))
    faults += [f"train: {fault}" for fault in a_sentence(code, said, 1)]
    left += [f"train: {path}" for path in ("model/model.json",) if (folder / path).exists()]
    return Outcome(
        f"disk full during {len(COMMANDS) + 1} commands",
        "a sentence, exit 1, no file left behind",
        (*faults, *(f"left behind: {name}" for name in left)),
    )


def may_mount() -> bool:
    """Tell whether this user may mount in a namespace of its own; a real full disk and a drive that goes need that."""
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


NOT_TRIED = "not tried: only root may mount"


def small_drive(place: Path, size: str, then: str) -> str:
    """Return a shell script that runs its command while *place* is a drive of *size*, and *then* looks at it."""
    return f'mount -t tmpfs -o size={size} none {place!s} || exit 99; "$@"; code=$?; {then}; exit $code'


def full_drive(folder: Path) -> Outcome:
    """A drive of 4 kB that is full before anything is written; the window keeps its own files there."""
    done = f"a full drive during {len(COMMANDS)} commands, and for the window's own files"
    if not may_mount():
        return Outcome(done, NOT_TRIED)
    place = folder / "drive"
    place.mkdir()
    faults = []
    fill = f"head -c 4096 /dev/zero >{place}/filled; "
    for name, words in COMMANDS:
        shell = small_drive(place, "4k", f"find {place} -type f ! -name filled ! -name '.*' -printf 'LEFT %f\\n'").replace(
            '"$@"', fill + '"$@"'
        )
        code, said = finish(start(folder, *words(place), shell=shell, XDG_CACHE_HOME=str(folder / "cache")))
        faults += [f"{name}: {fault}" for fault in a_sentence(code, said, 1)]
        if "LEFT" in said:
            faults.append(f"{name}: {said[said.index('LEFT') :]}")
    shell = small_drive(place, "4k", "true").replace('"$@"', fill + '"$@"')
    own = {"XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place), "HOME": str(place)}
    code, said = finish(window(folder, EXAMPLES / "solid.dat", shell=shell, **own))
    faults += [f"window: {fault}" for fault in a_sentence(code, said, 0)]
    if "answered: 1 of 1" not in said or "not kept" not in said:
        faults.append(f"window: {said[-400:]}")
    return Outcome(done, "a sentence, exit 1, no file left behind; the window answers and says that the session is not kept", tuple(faults))


_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _PR_CAPBSET_DROP = 1, 2, 24


def obey_modes() -> None:
    """Let modes of files count for root too; nothing changes for others."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def read_only_folder(folder: Path) -> Outcome:
    """Every result asked for in a folder that may not be written."""
    place = folder / "read-only"
    place.mkdir()
    place.chmod(0o555)
    faults = []
    words = [(name, made(place)) for name, made in COMMANDS]
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    for name, command in [*words, ("train", ("train", "--config", folder / "tiny.toml", "--out", place / "model", "--no-card"))]:
        code, said = finish(start(folder, *command, prepare=obey_modes, code=TRAIN if name == "train" else None))
        faults += [f"{name}: {fault}" for fault in a_sentence(code, said, 1)]
    faults += [f"left behind: {name}" for name in _visible(place)]
    place.chmod(0o755)
    return Outcome(f"read-only folder for {len(COMMANDS) + 1} commands (root without its override)", "a sentence, exit 1", tuple(faults))


def no_home(folder: Path) -> Outcome:
    """HOME names a folder that neither exists nor can be made, and no XDG variable says more."""
    locked = folder / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    gone = {"HOME": str(locked / "nobody"), "XDG_CACHE_HOME": None, "XDG_DATA_HOME": None, "XDG_CONFIG_HOME": None, "XDG_RUNTIME_DIR": None}
    faults = []
    curve = EXAMPLES / "solid.dat"
    for words, wanted in ((("analyze", curve), 0), (("analyze", curve, "--shell", "4.5"), 1), (("window", curve), 0)):
        code, said = finish(start(folder, *words, prepare=obey_modes, LNPSCOPE_TIMES="quit", **gone))
        faults += [f"{words[0]}: {fault}" for fault in a_sentence(code, said, wanted)]
    locked.chmod(0o755)
    return Outcome(
        "no home directory: analyze, analyze with other particles, window",
        "the first and the window answer; the second says what it may not write",
        tuple(faults),
    )


# -- others ------------------------------------------------------------------------------------------------------------------------


def two_at_once(folder: Path) -> Outcome:
    """The same results asked for by two programs at the same moment."""
    words = ("analyze", EXAMPLES / "solid.dat", "--json", folder / "a.json", "--capsule", folder / "capsules")
    pair = [start(folder, *words) for _ in range(2)]
    faults = [fault for process in pair for fault in a_sentence(*finish(process), 0)]
    json.loads((folder / "a.json").read_text(encoding="utf-8"))
    library = ("library", "--diameters", "20:60:0.5", "--points", "201", "--workers", "1", "--out", folder / "l.h5")
    ends = [finish(process) for process in [start(folder, *library) for _ in range(2)]]
    faults += [fault for code, said in ends for fault in a_sentence(code, said)]
    if not any(code == 0 for code, _ in ends):
        faults.append(f"no library was made: {ends}")
    return Outcome(
        "two programs at once write the same answers and the same library",
        "answers whole; one library made, or the second refused",
        tuple(faults),
    )


def two_windows(folder: Path) -> Outcome:
    """A second window while the first is open, with the same home."""
    stay = folder / "stay"
    stay.touch()
    curve = EXAMPLES / "solid.dat"
    first = window(folder, curve, stay=stay)
    told = [first.stdout.readline().decode() for _ in range(3)]
    code, said = finish(window(folder, curve))
    faults = list(a_sentence(code, said, 0))
    stay.unlink()
    faults += a_sentence(*finish(first), 0)
    if told[:2] != ["answered: 1 of 1\n", "notice: \n"]:
        faults.append(f"the first says {told}")
    if "answered: 1 of 1" not in said or "LNPScope runs a second time" not in said:
        faults.append(f"the second says {said}")
    return Outcome("two windows at once", "both answer; the second says that its session is not kept", tuple(faults))


def no_opengl(folder: Path) -> Outcome:
    """OpenGL without a driver; then OpenGL libraries that are none, without which Qt itself does not load."""
    curve = EXAMPLES / "solid.dat"
    without = {"__EGL_VENDOR_LIBRARY_FILENAMES": str(folder / "none.json"), "DISPLAY": None, "VTK_DEFAULT_OPENGL_WINDOW": None}
    code, said = finish(window(folder, curve, **without))
    faults = list(a_sentence(code, said, 0))
    if "answered: 1 of 1" not in said or "picture: This machine offers no OpenGL" not in said:
        faults.append(f"no driver: {said[-400:]}")
    broken = folder / "broken"
    broken.mkdir()
    for name in ("libGL.so.1", "libEGL.so.1"):
        (broken / name).touch()
    code, said = finish(start(folder, curve, LD_LIBRARY_PATH=str(broken)))
    faults += a_sentence(code, said, 0)
    if "Qt cannot be loaded" not in said or "solid sphere" not in said.lower():
        faults.append(f"no library: {said[-400:]}")
    return Outcome(
        "no OpenGL driver; no OpenGL library at all",
        "the window shows a slice in place of the 3-D picture and says why; without the library the analysis is printed",
        tuple(faults),
    )


def no_gpu(folder: Path) -> Outcome:
    """No graphics card to compute on."""
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    words = ("train", "--config", folder / "tiny.toml", "--out", folder / "model", "--no-card")
    code, said = finish(start(folder, *words, code=TRAIN, CUDA_VISIBLE_DEVICES="-1", HIP_VISIBLE_DEVICES="-1"))
    faults = list(a_sentence(code, said, 0))
    if not (folder / "model" / "model.json").exists():
        faults.append("there is no model")
    return Outcome("no graphics card that computes", "a network is trained on the processor", tuple(faults))


CLOCK = "import sys, time; time.time = lambda: 3600.0; import main; sys.exit(main.main(sys.argv[1:]))"


def clock_set_back(folder: Path) -> Outcome:
    """The clock says 1970, and what is there already comes from the future."""
    json_ = folder / "a.json"
    json_.write_text("old", encoding="utf-8")
    os.utime(json_, (4e9, 4e9))
    words = ("analyze", EXAMPLES / "solid.dat", "--json", json_, "--capsule", folder)
    faults = list(a_sentence(*finish(start(folder, *words, code=CLOCK)), 0))
    if not faults and json.loads(json_.read_text(encoding="utf-8"))["results"][0]["error"] is not None:
        faults.append("refused")
    finish(window(folder, EXAMPLES / "solid.dat"))
    for path in (folder / "data").rglob("*"):
        os.utime(path, (4e9, 4e9))
    code, said = finish(window(folder))
    faults += a_sentence(code, said, 0)
    if "answered: 1 of 1\nnotice: \n" not in said:
        faults.append(f"the session did not come back: {said[-300:]}")
    return Outcome("clock set back: to 1970, and to before the session", "answers as always; the session comes back", tuple(faults))


def strange_names(folder: Path) -> Outcome:
    """Folders and files in several scripts, on a system that knows ASCII only."""
    place = folder / "Größe 测量 кривая 😀 'a' \"b\""
    place.mkdir()
    curve = place / "µ-кривая 曲线.dat"
    shutil.copy(EXAMPLES / "solid.dat", curve)
    words = ("--json", place / "ответ.json", "--csv", place / "表.csv", "--capsule", place / "κάψουλα", "--report", place / "Bericht ß")
    code, said = finish(start(folder, "analyze", curve, *words, LANG="C", LC_ALL="C", PYTHONUTF8=None))
    faults = list(a_sentence(code, said, 0))
    if not faults and len(_visible(place)) != 6:  # curve, JSON, table, capsule, PDF, PNG
        faults.append(f"files: {_visible(place)}")
    latin = os.fsdecode(bytes(place) + b"/gr\xf6\xdfe.dat")  # a name of bytes that are no UTF-8
    shutil.copy(EXAMPLES / "solid.dat", latin)
    code, said = finish(start(folder, "analyze", latin, *words))
    faults += a_sentence(code, said, 0)
    json.loads((place / "ответ.json").read_text(encoding="utf-8"))
    home = place / "José Müller 李"
    home.mkdir()
    own = {"HOME": str(home), "XDG_DATA_HOME": None, "XDG_CONFIG_HOME": None, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": None}
    code, said = finish(window(folder, curve, **own))
    faults += a_sentence(code, said, 0)
    if "answered: 1 of 1\nnotice: \n" not in said or not list(home.rglob("last.lnpsession")):
        faults.append(f"window: {said[-300:]}")
    return Outcome(
        "names of files and of the user in six scripts with LANG=C, and one of Latin-1",
        "analysed, with table, capsule and report; the window keeps its session",
        tuple(faults),
    )


def folder_disappears(folder: Path) -> Outcome:
    """The folder of curves and results goes while it is worked on, as a network drive does."""
    place = folder / "drive"
    place.mkdir()
    curves = [shutil.copy(EXAMPLES / "solid.dat", place / f"{number}.dat") for number in range(3)]
    process = start(folder, "analyze", *curves, "--json", place / "a.json", "--capsule", place / "capsules")
    process.stdout.readline()  # the first is answered
    shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    code, said = finish(process)
    return Outcome(
        "the folder disappears after the first of three curves",
        "the others are refused with a sentence, exit 1",
        tuple(a_sentence(code, said, 1)),
    )


def drive_disappears(folder: Path) -> Outcome:
    """The drive of curves and results is unmounted while it is worked on."""
    done = "a network drive is gone after the first of three curves"
    if not may_mount():
        return Outcome(done, NOT_TRIED)
    place = folder / "drive"
    place.mkdir()
    curves = [place / f"{number}.dat" for number in range(3)]
    copies = "; ".join(f"cp {EXAMPLES / 'solid.dat'} {curve}" for curve in curves)
    gone = f'IFS= read -r line; umount --lazy {place}; echo "$line"; cat'
    shell = f'set -o pipefail; mount -t tmpfs none {place} || exit 99; {copies}; "$@" | {{ {gone}; }}'
    code, said = finish(start(folder, "analyze", *curves, "--json", place / "a.json", "--capsule", place / "capsules", shell=shell))
    faults = list(a_sentence(code, said, 1))
    if "1.dat" not in said or "2.dat" not in said:
        faults.append(f"nothing is said of the others: {said[-300:]}")
    return Outcome(done, "the others are refused with a sentence, exit 1", tuple(faults))


KILLED = (killed_analysis, killed_window, killed_library, killed_training, killed_export)
MET = (
    *(full_disk, full_drive, read_only_folder, no_home, no_opengl, no_gpu, two_at_once, two_windows, clock_set_back, strange_names),
    *(folder_disappears, drive_disappears),
)
