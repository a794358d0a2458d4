"""What all tests share: a quiet, reproducible environment and the way to the curves beside a developer's checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Read by the libraries when they load, so before any of them is imported. One thread each: tests run beside each other.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if sys.platform == "linux":
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")  # else VTK grumbles about a missing X server

# Without a deadline, because the first call of a library may take a second. In CI the examples are the same in every run,
# so that a red run speaks about the change under test; a developer's machine keeps looking for new ones.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder with foreign curves and reference output; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LNPSCOPE_SHARED") or ROOT.parent / "shared")
    if not (folder / "curves").is_dir():
        pytest.skip(f"no curves in {folder}; set LNPSCOPE_SHARED to the folder that holds curves/ and reference/")
    return folder
