"""Take the symbols that only a debugger reads out of every shared library of a folder: ``python scripts/strip_libraries.py FOLDER``.

A library that `strip` would break stays as it is: it breaks those whose tables were moved by the makers of a wheel, as numpy's
OpenBLAS, and one sees it by segments that no longer lie as the system must map them.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

ELF64 = b"\x7fELF\x02\x01"  # 64 bits, least significant byte first
LOAD = 1


def can_be_loaded(library: bytes) -> bool:
    """Tell whether each segment of an ELF file lies at an offset that agrees with its address, as `mmap` needs it."""
    if not library.startswith(ELF64):
        return False
    (table,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    for place in range(table, table + size * count, size):
        kind, _, offset, address, _, _, _, alignment = struct.unpack_from("<IIQQQQQQ", library, place)
        if kind == LOAD and alignment > 1 and (offset - address) % alignment:
            return False
    return True


def strip(library: Path) -> int:
    """Strip one library; return by how many bytes it is smaller now."""
    bare = library.with_name(f"{library.name}.bare")
    try:
        done = subprocess.run(["strip", "--strip-unneeded", "-o", str(bare), str(library)], capture_output=True, check=False)
        saved = library.stat().st_size - bare.stat().st_size if bare.exists() else 0
        if done.returncode or saved <= 0 or not can_be_loaded(bare.read_bytes()):
            return 0
        bare.replace(library)
        return saved
    finally:
        bare.unlink(missing_ok=True)


def main(folder: Path) -> int:
    """Strip all libraries below *folder* and say what it saved."""
    libraries = [path for path in sorted(folder.rglob("*.so*")) if path.is_file() and not path.is_symlink()]
    saved = [strip(path) for path in libraries]
    print(f"{sum(size > 0 for size in saved)} of {len(libraries)} libraries are {sum(saved) / 1e6:.0f} MB smaller without symbols.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
