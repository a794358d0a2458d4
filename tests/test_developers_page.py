"""What the developers' page shows is applied to a copy of the program and must work there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

BLOCK = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<old>[^`]+)`, (?P<how>after|before|instead of) `(?P<anchor>[^`]+)`):\n\n"
    r"```(?:python)?\n(?P<code>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
COPIED = ("engine", "lnpgui", "tests", "resources", "docs")


@dataclass(frozen=True)
class Edit:
    """One step of the page."""

    path: str
    code: str
    how: str | None
    anchor: str | None

    def apply(self, copy):
        path = copy / self.path
        if self.how is None:
            assert not path.exists(), f"{self.path} is there already"
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.code, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        line = f"{self.anchor}\n"
        assert text.count(f"\n{line}") == 1, f"{self.path} has no single line {self.anchor!r}; put the page right"
        new = {"after": line + self.code, "before": self.code + line, "instead of": self.code}[self.how]
        path.write_text(text.replace(f"\n{line}", f"\n{new}"), encoding="utf-8")


def edits(root):
    page = (root / "docs" / "developers.md").read_text(encoding="utf-8")
    found = [Edit(m["new"] or m["old"], m["code"], m["how"], m["anchor"]) for m in BLOCK.finditer(page)]
    assert 2 * len(found) == page.count("\n```")  # none in a form this test does not know
    return found


@pytest.fixture(scope="module")
def copy(root, tmp_path_factory):
    place = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(root / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("main.py", "pyproject.toml"):
        shutil.copy(root / name, place)
    for edit in edits(root):
        edit.apply(place)
    return place


def run(copy, *words):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_that_everything_the_page_adds_passes_its_own_tests_and_those_that_walk_the_registries(copy, root):
    own = [edit.path for edit in edits(root) if edit.path.startswith("tests/")]
    assert len(own) == 4  # a particle, a reader, an option, a panel
    said = run(
        copy,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *own,
        "tests/models/test_registry.py",
        "tests/lnpgui/test_panels.py",
        "-k",
        "pill or Pill or json or rise or count or Count or own",
    )
    assert re.search(r"\b1[0-9] passed", said), said


def test_that_the_code_of_the_page_is_in_the_projects_style(copy, root):
    files = sorted({edit.path for edit in edits(root)})
    run(copy, "ruff", "check", "-q", *files)
    run(copy, "ruff", "format", "-q", "--check", *files)


def test_that_a_new_particle_is_simulated_by_name_at_once(copy, tmp_path):
    run(copy, "main", "simulate", "--type", "pill", "--diameter", "60", "--points", "50", "--out", str(tmp_path / "pill.csv"))
    assert len((tmp_path / "pill.csv").read_text(encoding="utf-8").splitlines()) == 51


def test_that_every_module_the_pages_name_is_there(root):
    for page in ("physics.md", "developers.md"):
        text = (root / "docs" / page).read_text(encoding="utf-8")
        added = {edit.path for edit in edits(root)}
        for path in re.findall(
            r"`((?:engine|lnpgui|tests|scripts|models|scattering|ensembles|datasets|learning|inference)/[\w/]*(?:\.\w+)?)`", text
        ):
            assert path in added or (root / path).exists() or (root / "engine" / path).exists(), (page, path)
