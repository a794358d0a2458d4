"""Break files by the thousand and read them: none may end the program, hold it, fill the machine, or have another file opened.

``python scripts/fuzz_reader.py 10000 [--first SEED] [--keep FOLDER]``; the same seed breaks the same file the same way. A file that does
harm is kept, its seed and the harm are printed, and the exit code is 1.

The files are read in a process of its own, whose limits the system enforces: processor time, memory. Python's audit hook tells of
everything Python opens while a file is read; what the HDF5 library opens by itself is watched by inotify on decoys that the
hostile files point to. Both watches and the limits need Linux.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SLOWEST = 2.0  # seconds of processor time for one file
LARGEST = 1.0e9  # bytes more than before the file was read
PATIENCE = 60.0  # seconds without a word from the process that reads
WATCHED = {"open", "os.remove", "os.rename", "os.mkdir", "os.system", "os.exec", "os.spawn", "subprocess.Popen", "socket.connect",
           "socket.getaddrinfo", "urllib.Request", "shutil.rmtree", "pickle.find_class", "ctypes.dlopen"}  # fmt: skip
IN_TOUCHED = 0x1 | 0x2 | 0x20 | 0x100  # read, changed, opened, made
IN_ISDIR = 0x40000000


class Watch:
    """What is opened besides the file given, while :attr:`path` is set."""

    def __init__(self, decoys: Path) -> None:
        self.path: Path | None = None
        self.seen: list[str] = []
        libc = ctypes.CDLL(None, use_errno=True)
        self._notify = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self._notify, bytes(decoys), IN_TOUCHED) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.path is None or event not in WATCHED:
            return
        name = os.fsdecode(arguments[0]) if arguments and isinstance(arguments[0], (str, bytes, os.PathLike)) else str(arguments[:1])
        reads_only = event != "open" or not (isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"))
        own = event == "open" and Path(name) == self.path
        module = event == "open" and name.endswith((".py", ".pyc", ".so")) and name.startswith((sys.prefix, sys.base_prefix, str(ROOT)))
        if not reads_only or not (own or module):
            self.seen.append(f"{event} {name[:100]}")

    def touched(self) -> list[str]:
        """Return the decoys that were opened since this was last asked."""
        try:
            events = os.read(self._notify, 65_536)
        except BlockingIOError:
            return []
        names, at = [], 0
        while at < len(events):
            _, mask, _, length = struct.unpack_from("iIII", events, at)
            if not mask & IN_ISDIR:  # somebody looked at the folder
                names.append(events[at + 16 : at + 16 + length].rstrip(b"\0").decode())
            at += 16 + length
        return names


def originals(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return every original with the reader it is for."""
    from tests.io import fuzz_originals as made

    files = {name: ("curve", data) for name, data in (made.sound(folder) | made.hostile()).items()}
    files |= {f"volume{name}": ("volume", data) for name, data in made.volumes(folder).items()}
    return files | {"capsule": ("capsule", made.capsule(folder))}


def broken(files: dict[str, tuple[str, bytes]], seed: int) -> tuple[str, str, bytes]:
    """Return the name, the reader and the bytes of the file of one seed; one in twenty is left as it is."""
    from tests.io.mutations import mutate

    random = Random(seed)
    name = random.choice(sorted(files))
    reader, data = files[name]
    return name, reader, data if random.random() < 0.05 else mutate(data, random)


def readers() -> dict[str, Callable[[Path], Any]]:
    """Return the functions that open a stranger's file."""
    from engine.io.capsule import read_capsule
    from engine.io.read import read
    from engine.io.volumes.registry import read_volume

    return {"curve": read, "volume": read_volume, "capsule": read_capsule}


def worker(first: int, last: int, folder: Path) -> None:
    """Read the files of the seeds, with one line on the standard output before and one after each."""
    from engine.errors import EngineError

    (folder / "decoys").mkdir(exist_ok=True)
    (folder / "work").mkdir(exist_ok=True)
    from tests.io.fuzz_originals import decoys

    decoys(folder / "decoys")
    files, read = originals(folder / "work"), readers()
    for reader, data in files.values():  # what is imported on first use is imported now
        _attempt(read[reader], folder / "work", data)
    watch = Watch(folder / "decoys")
    path = folder / "work" / "broken"
    for seed in range(first, last):
        name, reader, data = broken(files, seed)
        path.write_bytes(data)
        print(f"begin {seed} {name}", flush=True)
        watch.seen.clear()
        watch.touched()
        _limit()
        before, began = _memory(), time.process_time()
        watch.path = path
        faults = []
        outcome = "read"
        try:
            read[reader](path)
        except EngineError as error:
            outcome = "refused"
            if not str(error).endswith("."):
                faults.append(f"no sentence: {error}")
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            faults.append(f"{type(error).__name__}: {error}")
        watch.path = None
        if (seconds := time.process_time() - began) > SLOWEST:
            faults.append(f"{seconds:.1f} s")
        if (more := _memory() - before) > LARGEST:
            faults.append(f"{more / 1e9:.1f} GB")
        if opened := [*watch.seen, *watch.touched()]:
            faults.append(f"opened {', '.join(opened)}")
        if faults:
            shutil.copy(path, folder / "harmful")
        print(f"end {seed} {outcome} {seconds:.3f} {max(more, 0.0):.0f} {' | '.join(faults)}".rstrip(), flush=True)


def _attempt(read: Callable[[Path], Any], folder: Path, data: bytes) -> None:
    from engine.errors import EngineError

    (folder / "broken").write_bytes(data)
    with suppress(EngineError):
        read(folder / "broken")


def _limit() -> None:
    """Let the system end this process if the next file takes more than a few seconds of processor time or far too much memory."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 5, resource.RLIM_INFINITY))
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + 3 * int(LARGEST), resource.RLIM_INFINITY))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak


def _memory() -> float:
    """Return the peak of memory since it was last forgotten [bytes]."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024.0 * next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def attempts(first: int, last: int, folder: Path) -> Iterator[tuple[int, str, str]]:
    """Yield seed, name and outcome of each file; a process that dies is started anew behind the file that killed it."""
    at = first
    while at < last:
        words = [sys.executable, str(Path(__file__)), "--worker", str(at), str(last), str(folder)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}) as process:
            name = ""
            for line in _lines(process):
                word, seed, rest = line.split(" ", 2)
                if word == "begin":
                    at, name = int(seed), rest
                else:
                    yield at, name, rest
                    at, name = int(seed) + 1, ""
            code = process.wait()
        if name:
            yield at, name, f"died - - - the process ended with {code}"
            at += 1
        elif code:
            raise SystemExit(f"The reading process ended with {code} before it read seed {at}.")


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the lines of a process, and end it if it says nothing for long."""
    import select

    assert process.stdout is not None
    while True:
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        if not ready:
            process.kill()
            return
        line = process.stdout.readline()
        if not line:
            return
        yield line.rstrip("\n")


def main(words: list[str]) -> int:
    """Run the attempts and print what they showed."""
    if words[:1] == ["--worker"]:
        worker(int(words[1]), int(words[2]), Path(words[3]))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, help="how many files to break")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first (default 0)")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), metavar="FOLDER", help="where harmful files are kept")
    arguments = parser.parse_args(words)
    began, counts, slowest, largest, found = time.monotonic(), {"read": 0, "refused": 0, "died": 0}, (0.0, 0, ""), 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, original, said in attempts(arguments.first, arguments.first + arguments.count, folder):
            outcome, seconds, more, *faults = said.split(" ", 3)
            counts[outcome] += 1
            if outcome != "died":
                slowest, largest = max(slowest, (float(seconds), seed, original)), max(largest, float(more))
            if faults:
                found += 1
                arguments.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / "work" / "broken" if outcome == "died" else folder / "harmful", arguments.keep / f"{seed}")
                print(f"seed {seed} ({original}): {' '.join(faults).lstrip('- ')}", flush=True)
    total = sum(counts.values())
    print(
        f"{total} broken files in {time.monotonic() - began:.0f} s: {counts['read']} read, {counts['refused']} refused, {found} did harm; "
        f"the slowest ({slowest[2]}, seed {slowest[1]}) took {slowest[0]:.2f} s of processor time, the largest {largest / 1e6:.0f} MB."
    )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
