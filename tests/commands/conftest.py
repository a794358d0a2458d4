"""Runs the program as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_main(root: Path, tmp_path: Path) -> Run:
    """Call ``python main.py WORDS...`` in an empty folder; environment variables as keywords, None removes one."""

    def run(*words: object, **environment: str | None) -> subprocess.CompletedProcess[str]:
        variables: dict[str, str | None] = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONUTF8": "1", **environment}
        return subprocess.run(
            [sys.executable, str(root / "main.py"), *map(str, words)],
            cwd=tmp_path,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run
