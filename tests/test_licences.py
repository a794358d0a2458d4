"""The licences of what is installed: nothing under the GPL beside the program, unless a line here says why it may be."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WITH_REASON = {
    "pyinstaller": "a tool that builds packages; its exception leaves the licence of what it builds alone",
    "pyinstaller-hooks-contrib": "as pyinstaller; the part that runs in packages is under Apache-2.0",
    "finufft": "an extra that no package contains: its wheels hold FFTW, which is under the GPL",
}
GPL = re.compile(r"(?<!L)A?GPL|(?<!Lesser )General Public", re.IGNORECASE)
LESSER = re.compile(r"LGPL[\w.+-]*|Lesser General Public", re.IGNORECASE)


def licence_of(distribution: Distribution) -> str:
    """Return what a distribution says of its licence, in any of the three places for it; the first line of a whole text."""
    said = distribution.metadata
    classifiers = [line.split("::")[-1].strip() for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    text = next((line.strip() for line in (said.get("License") or "").splitlines() if line.strip()), "")
    return "; ".join(filter(None, [said.get("License-Expression") or "", text, *classifiers]))


def is_gpl_alone(licence: str) -> bool:
    """Tell whether the GPL is the only choice a licence leaves; "LGPL-3.0-only OR GPL-2.0-only" leaves another."""
    choices = re.split(r"\s+OR\s+", licence)
    return all(GPL.search(LESSER.sub("", choice)) for choice in choices)


@pytest.mark.parametrize(
    ("licence", "alone"),
    [
        ("GPL-3.0-only", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("AGPL-3.0-or-later", True),
        ("BSD-3-Clause AND GPL-2.0-only", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Apache-2.0 OR GPL-2.0-only", False),
        ("BSD-3-Clause", False),
    ],
)
def test_that_a_choice_beside_the_gpl_is_seen(licence, alone):
    assert is_gpl_alone(licence) is alone


def test_that_nothing_under_the_gpl_is_installed_without_a_reason():
    installed = {canonicalize_name(found.name): licence_of(found) for found in distributions()}
    assert len(installed) > 20
    guilty = {name: licence for name, licence in installed.items() if is_gpl_alone(licence) and name not in WITH_REASON}
    assert not guilty


@pytest.fixture(scope="module")
def packed():
    """What the packaged program holds: each library that it imports, and what that needs in turn."""
    installed = {canonicalize_name(found.name): found for found in distributions()}
    waiting, seen = ["lnpscope"], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in installed:  # another system's, or an extra that is not here
            continue
        seen.add(name)
        for line in installed[name].requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(needed.name))
    if len(seen) < 10:
        pytest.skip("the program is not installed here, so its needs are not known")
    return {name: licence_of(installed[name]) for name in seen}


def test_that_every_library_of_the_package_states_a_licence_that_is_not_the_gpl(packed):
    """An unstated licence allows nothing; and no reason lets the GPL into the package."""
    assert {name for name, licence in packed.items() if not licence} == set()
    assert {name for name, licence in packed.items() if is_gpl_alone(licence)} == set()
    assert not set(packed) & set(WITH_REASON)


def test_that_the_package_leaves_out_what_is_installed_beside_the_program_under_the_gpl(root):
    excluded = (root / "pyinstaller.spec").read_text(encoding="utf-8").partition("EXCLUDES = [")[2].partition("\n]")[0]
    assert '"finufft"' in excluded  # PyInstaller would take it from an environment that has it
