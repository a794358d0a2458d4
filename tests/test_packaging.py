"""What users are told and given around the program: commands, versions, examples, launcher."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import main
from engine.commands.selftest import LIBRARIES
from engine.version import VERSION

posix = pytest.mark.skipif(os.name != "posix", reason="shell scripts")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def requirements(project):
    return [Requirement(line) for part in (project["dependencies"], *project["optional-dependencies"].values()) for line in part]


def test_that_every_dependency_is_pinned_within_its_bounds(project, pins):
    for requirement in requirements(project):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_that_every_dependency_of_users_has_bounds_on_both_sides(project):
    for line in project["dependencies"]:
        operators = {specifier.operator for specifier in Requirement(line).specifier}
        assert operators == {">=", "<"}, line


def test_that_what_is_installed_by_the_pins_is_pinned_itself(project, pins):
    # else two machines made a day apart could differ
    waiting = requirements(project)
    seen = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in (requirement.extras or {""}))
        if not wanted or (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            further = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:  # of an extra that is not installed here
            continue
        assert name in pins, name
        for line in further:
            child = Requirement(line)
            if child.marker is None or any(child.marker.evaluate({"extra": extra}) for extra in (requirement.extras or {""})):
                child.marker = None
                waiting.append(child)


def test_that_the_three_pins_that_matter_are_as_decided(pins):
    assert pins["torch"] == Version("2.13.0")  # a looser one pulls CUDA libraries of several GB
    assert pins["pyside6-essentials"] == pins["shiboken6"] == Version("6.11.3")  # 6.12.0 ends the program on Python 3.11


def test_that_the_bounds_keep_the_faulty_pyside_out(project):
    bounds = {requirement.name: requirement.specifier for requirement in map(Requirement, project["dependencies"])}
    for name in ("PySide6-Essentials", "shiboken6"):
        assert not bounds[name].contains(Version("6.12.0"))


MODULES = {"PySide6-Essentials": "PySide6", "vtk": "vtkmodules", "scikit-learn": "sklearn"}


def test_that_every_dependency_is_used(root, project):
    text = "\n".join(path.read_text(encoding="utf-8") for folder in ("engine", "lnpgui") for path in (root / folder).rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    named = {Requirement(line).name for line in project["dependencies"]} - {"shiboken6"}  # PySide6's own half, bounded with it
    assert {MODULES.get(name, name) for name in named} <= imported


def test_that_the_readme_gives_a_reason_for_every_dependency(root, project):
    readme = (root / "README.md").read_text(encoding="utf-8").lower()
    for requirement in requirements(project):
        assert requirement.name.lower() in readme, requirement.name


def test_that_the_version_is_the_same_everywhere(root, project):
    assert project["version"] == VERSION
    assert f"\nversion: {VERSION}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {VERSION} (" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_that_the_make_commands_in_the_documents_exist(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        text = (root / name).read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^\s*|`)make ([a-z-]+)", text, re.MULTILINE))
        assert named, name
        assert named <= targets, name


@pytest.fixture(scope="module")
def workflow(root):
    yaml = pytest.importorskip("yaml", reason="the workflow is read with PyYAML, which pre-commit brings along")
    return yaml.safe_load((root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def commands(workflow):
    return [line for job in workflow["jobs"].values() for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_that_the_workflow_is_whole(workflow):
    # YAML 1.1 reads the word `on` as true
    assert set(workflow) == {"name", True, "permissions", "jobs"}
    for name, job in workflow["jobs"].items():
        assert {"runs-on", "steps"} <= set(job), name
        assert job.get("needs", "test") in workflow["jobs"], name
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1")), step
    systems = {os.split("-")[0] for os in workflow["jobs"]["package"]["strategy"]["matrix"]["os"]}
    assert systems == {"ubuntu", "windows", "macos"}


def test_that_what_the_workflow_runs_is_there(root, workflow, project):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    seen = 0
    for line in commands(workflow):
        for target in re.findall(r"\bmake ([a-z-]+)", line):
            assert target in targets, line
            seen += 1
        for file in re.findall(r"(?:bash|PyInstaller[\w -]*?) ([.\w/-]+\.spec|\.ci/\w+)", line):
            assert (root / file).is_file(), line
            seen += 1
        for extras in re.findall(r"-e \"\.\[([\w,]+)\]\"", line):
            assert set(extras.split(",")) <= set(project["optional-dependencies"]), line
            seen += 1
    assert seen >= 5


def test_that_the_integration_does_not_wait_for_a_package_for_ever(root):
    text = (root / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^timeout .*\d+m make package", text, re.MULTILINE)


def test_that_the_citation_file_holds_what_its_format_asks_for(root):
    yaml = pytest.importorskip("yaml", reason="it is read with PyYAML, which pre-commit brings along")
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in {"software", "dataset"}
    known = {"cff-version", "message", "title", "abstract", "type", "version", "license", "authors", "keywords", "references"}
    assert set(cited) <= known
    for author in cited["authors"]:
        assert "name" in author or "family-names" in author
    for reference in cited["references"]:
        assert {"authors", "title", "type"} <= set(reference)


def test_that_the_commands_in_the_readme_exist(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^    python main\.py ([a-z]+)", text, re.MULTILINE))
    assert commands == set(main.COMMANDS) - {"window"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_that_links_between_the_documents_lead_somewhere(root, name):
    text = (root / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (root / target).exists(), target


def test_that_the_example_of_make_run_is_there(root):
    example = re.search(r"^EXAMPLE := (.*)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert (root / example).is_file()


def test_that_the_examples_come_out_of_their_recipe(root):
    spec = importlib.util.spec_from_file_location("make_examples", root / "scripts" / "make_examples.py")
    recipe = importlib.util.module_from_spec(spec)
    sys.modules["make_examples"] = recipe
    try:
        spec.loader.exec_module(recipe)
    finally:
        del sys.modules["make_examples"]
    assert {path.stem for path in (root / "resources" / "examples").glob("*.dat")} == set(recipe.EXAMPLES)
    for seed, (name, (populations, noise)) in enumerate(recipe.EXAMPLES.items()):
        q, intensity, sigma = np.loadtxt(root / "resources" / "examples" / f"{name}.dat", unpack=True)
        made = recipe.make(populations, noise, np.random.default_rng(2025 + seed))
        # seven digits are written; near zero the sum of terms of opposite sign leaves an error relative to sigma
        np.testing.assert_allclose(q, recipe.Q, rtol=1e-6)
        np.testing.assert_allclose(sigma, made[1], rtol=1e-5)
        assert np.all(np.abs(intensity - made[0]) < 1e-4 * sigma + 1e-6 * np.abs(intensity))


def test_that_the_self_test_names_every_library_of_the_program(project):
    named = {canonicalize_name(name) for name in LIBRARIES}
    assert named == {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def test_that_the_launcher_offers_exactly_types_that_are_declared(root):
    desktop = (root / "packaging" / "lnpscope.desktop").read_text(encoding="utf-8")
    offered = set(re.search(r"^MimeType=(.*);$", desktop, re.MULTILINE).group(1).split(";"))
    tree = ET.parse(root / "packaging" / "lnpscope-mime.xml")
    declared = {node.get("type") for node in tree.iter("{http://www.freedesktop.org/standards/shared-mime-info}mime-type")}
    assert offered == declared | {"application/x-hdf5"}
    assert "StartupWMClass=lnpscope" in desktop


@posix
def test_that_the_menu_entry_starts_the_program_where_it_lies(root, tmp_path):
    program = tmp_path / 'a "strange" & $place% \\ é' / "LNPScope"
    program.mkdir(parents=True)
    for path in (root / "packaging").iterdir():
        shutil.copy(path, program)
    shutil.copy(root / "resources" / "icons" / "lnpscope.svg", program)
    data = tmp_path / "data"

    def run(*words):
        subprocess.run(
            ["sh", str(program / "add-to-menu.sh"), *words], env={**os.environ, "XDG_DATA_HOME": str(data)}, check=True, capture_output=True
        )

    run()
    entry = (data / "applications" / "lnpscope.desktop").read_text(encoding="utf-8")
    quoted = re.search(r'^Exec="(.*)" %F$', entry, re.MULTILINE).group(1)
    # the rules of the Desktop Entry Specification, backwards: escapes of a string, then of a quoted argument, then %%
    argument = re.sub(r"\\(.)", r"\1", quoted.replace("\\\\", "\\")).replace("%%", "%")
    assert argument == str(program / "LNPScope")
    assert (data / "icons/hicolor/scalable/apps/lnpscope.svg").is_file()
    run("--remove")
    assert [path for path in data.rglob("lnpscope*") if path.is_file()] == []


@posix
@posix
@pytest.mark.parametrize("name", ["LNPScope", "Größe 测量 a b/LNPScope"])
def test_that_the_tarball_holds_a_launcher_an_icon_and_the_licences(root, tmp_path, name):
    """The recipe on a folder that stands in for the program; that one is unpacked and started where blanks and other scripts are."""
    for tool in ("tar", "xz", "du"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    place = tmp_path / "made here"
    for folder in ("scripts", "packaging"):
        shutil.copytree(root / folder, place / folder)
    for file in ("LICENSE", "engine/version.py", "resources/icons/lnpscope.svg"):
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / file, place / file)
    program = place / "dist" / "LNPScope" / "LNPScope"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "started with $1"\n', encoding="utf-8")
    program.chmod(0o755)
    subprocess.run([str(place / "scripts" / "make-tarball.sh")], check=True, capture_output=True)
    (packed,) = (place / "dist").glob("LNPScope-*-linux-*.tar.xz")
    target = tmp_path / name
    target.mkdir(parents=True)
    subprocess.run(["tar", "xf", str(packed), "-C", str(target), "--strip-components=1"], check=True)
    assert {path.name for path in target.iterdir()} == {
        *("LNPScope", "README.txt", "add-to-menu.sh", "licenses", "lnpscope-mime.xml", "lnpscope.desktop", "lnpscope.svg")
    }
    assert (target / "licenses" / "LNPScope.txt").is_file()
    data = tmp_path / "data"
    subprocess.run(["sh", str(target / "add-to-menu.sh")], env={**os.environ, "XDG_DATA_HOME": str(data)}, check=True, capture_output=True)
    entry = (data / "applications" / "lnpscope.desktop").read_text(encoding="utf-8")
    started = re.search(r'^Exec="(.*)" %F$', entry, re.MULTILINE).group(1)
    done = subprocess.run([started, "a.dat"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "started with a.dat\n"


@posix
@pytest.mark.parametrize("name", ["find-python.sh", "system-libraries.sh", "make-venv.sh", "make-tarball.sh"])
def test_that_shell_scripts_are_plain_posix_and_executable(root, name):
    path = root / "scripts" / name
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", str(path)], check=True)


@posix
def test_that_a_machine_without_a_new_python_gets_a_sentence(root, tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit 0\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run([str(root / "scripts" / "find-python.sh")], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 to 3.14 is needed; this machine has Python 3.9.2.")


@posix
def test_that_the_python_chosen_by_hand_is_taken_or_refused(root):
    def find(python):
        environment = {**os.environ, "PYTHON": python}
        return subprocess.run([str(root / "scripts" / "find-python.sh")], env=environment, capture_output=True, text=True, check=False)

    assert find(sys.executable).stdout.strip() == sys.executable
    refused = find("/nowhere/python")
    assert (refused.returncode, refused.stderr) == (
        1,
        "PYTHON=/nowhere/python is not a Python 3.11 to 3.14; name another one, or leave PYTHON unset.\n",
    )


class Machine:
    """A machine of which only the named tools exist; what is asked of apt-get is written down."""

    def __init__(self, folder, root):
        self.folder, self.script, self.log = folder, root / "scripts" / "system-libraries.sh", folder / "asked"
        for tool in ("sh", "dirname", "find", "head", "env", "cat"):
            (folder / tool).symlink_to(shutil.which(tool))
        self.tool("uname", "echo Linux")
        self.tool("ldconfig", "exit 0")
        self.tool("id", "echo 1000")
        self.tool("python3", "exit 0")

    def tool(self, name, body):
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def apt(self, body):
        self.tool("apt-get", f'echo "$*" >>"{self.log}"\n{body}')

    def run(self):
        done = subprocess.run([str(self.script)], env={"PATH": str(self.folder)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr  # it never stands in the way of what comes after it
        return done

    @property
    def asked(self):
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path, root):
    folder = tmp_path / "bin"
    folder.mkdir()
    return Machine(folder, root)


LIBRARY_PACKAGES = (
    "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3 "
    "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)
INSTALL = "-o DPkg::Lock::Timeout=300 install -y --no-install-recommends"


@posix
def test_that_root_gets_the_missing_libraries_installed(machine):
    machine.tool("id", "echo 0")
    machine.apt("exit 0")
    machine.run()
    assert len(machine.asked) == 1
    assert machine.asked[0].startswith(f"{INSTALL} {LIBRARY_PACKAGES}")


@posix
def test_that_only_what_is_missing_is_installed(machine):
    machine.tool("id", "echo 0")
    machine.apt("exit 0")
    machine.tool("ldconfig", "echo libGL.so.1; echo libEGL.so.1; echo libglib-2.0.so.0; echo libxkbcommon.so.0; echo libdbus-1.so.3")
    machine.run()
    assert [word for word in machine.asked[0].split() if word.startswith("lib")] == [
        *("libfontconfig1", "libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0")
    ]


@posix
def test_that_package_lists_are_fetched_when_they_are_missing_or_stale(machine):
    machine.tool("id", "echo 0")
    machine.apt(f'case "$*" in *update*) : >"{machine.folder}/lists"; exit 0;; esac; [ -e "{machine.folder}/lists" ]')
    assert machine.run().stderr == ""
    assert [line.split()[2] for line in machine.asked] == ["install", "update", "install"]


@posix
def test_that_a_user_without_rights_gets_the_line_to_run(machine):
    machine.apt("exit 0")
    stderr = machine.run().stderr
    assert f"    sudo apt-get {INSTALL} {LIBRARY_PACKAGES}" in stderr
    assert machine.asked == []


@posix
def test_that_a_sudo_that_asks_no_password_is_used(machine):
    machine.apt("exit 0")
    machine.tool("sudo", '[ "$1" = -n ] && shift; "$@"')
    machine.run()
    assert len(machine.asked) == 1


@posix
def test_that_a_failed_installation_is_told_with_the_line_to_run(machine):
    machine.tool("id", "echo 0")
    machine.apt("exit 100")
    assert f"    sudo apt-get update && sudo apt-get {INSTALL} {LIBRARY_PACKAGES}" in machine.run().stderr


@posix
def test_that_a_system_without_apt_is_told_what_is_missing(machine):
    stderr = machine.run().stderr
    assert "Missing on this system: libglib-2.0.so.0 libGL.so.1" in stderr
    assert "on Debian and Ubuntu they are called: libglib2.0-0 libgl1" in stderr


@posix
def test_that_debians_separate_venv_package_is_installed_too(machine):
    machine.tool("id", "echo 0")
    machine.apt("exit 0")
    machine.tool("python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac')
    machine.run()
    assert "python3.11-venv" in machine.asked[0].split()
