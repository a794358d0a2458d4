"""Taking symbols out of libraries for the package, and leaving those that would not load any more."""

from __future__ import annotations

import ctypes
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import strip_libraries  # noqa: E402

sys.path.remove(str(ROOT / "scripts"))


def elf(*segments: tuple[int, int, int]) -> bytes:
    """A file of which only what is looked at is there: (kind, offset, address) of each segment, aligned to 4096."""
    head = strip_libraries.ELF64.ljust(64, b"\0")
    head = head[:32] + struct.pack("<Q", 64) + head[40:54] + struct.pack("<HH", 56, len(segments)) + head[58:]
    return head + b"".join(struct.pack("<IIQQQQQQ", kind, 5, offset, address, address, 9, 9, 4096) for kind, offset, address in segments)


@pytest.mark.parametrize(
    ("segments", "fine"),
    [
        ([(1, 0, 0), (1, 0x1000, 0x3000)], True),
        ([(1, 0x1234, 0x5234)], True),  # the same place within its page
        ([(1, 0, 0), (1, 0x1010, 0x3000)], False),
        ([(4, 0x1010, 0x3000)], True),  # notes are not mapped
    ],
)
def test_that_a_segment_must_lie_in_the_file_as_it_does_in_its_page(segments, fine):
    assert strip_libraries.can_be_loaded(elf(*segments)) is fine


@pytest.mark.parametrize("content", [b"", b"no library at all", b"\x7fELF\x01\x01 for 32 bits"])
def test_that_what_is_no_library_of_this_kind_is_left_alone(content):
    assert not strip_libraries.can_be_loaded(content)


@pytest.fixture
def library(tmp_path):
    """A small shared library with symbols."""
    if sys.platform != "linux" or shutil.which("cc") is None or shutil.which("strip") is None:
        pytest.skip("needs Linux, a C compiler and strip")
    source = "static int kept_by_debuggers(int n) { return n * n; }\nint square(int n) { return kept_by_debuggers(n); }\n"
    (tmp_path / "a.c").write_text(source, encoding="ascii")
    path = tmp_path / "libsquare.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-O0", "-g", "-o", path, tmp_path / "a.c"], check=True)
    return path


def test_that_a_stripped_library_is_smaller_and_works(library, tmp_path, capsys):
    before = library.stat()
    strip_libraries.main(tmp_path)
    assert library.stat().st_size < before.st_size
    assert library.stat().st_mode == before.st_mode
    assert ctypes.CDLL(str(library)).square(7) == 49
    assert b"kept_by_debuggers" not in library.read_bytes()
    assert capsys.readouterr().out.startswith("1 of 1 libraries are ")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".bare"] == []


def test_that_a_library_that_strip_would_break_stays_as_it_is(library, tmp_path, monkeypatch):
    before = library.read_bytes()
    monkeypatch.setattr(strip_libraries, "can_be_loaded", lambda _: False)
    assert strip_libraries.strip(library) == 0
    assert library.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.c", library.name]
