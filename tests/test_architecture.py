"""The rooms of the house: what may import what, and how light the program starts."""

from __future__ import annotations

import ast
import json
import pkgutil
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import engine

HEAVY = ("torch", "sklearn", "scipy.stats", "matplotlib", "dask", "distributed")
NETWORKS = ("engine.learning.network",)
"""Modules that define networks and so need torch at their top; they are imported inside functions."""

NOT_AT_START = ("numpy", "scipy", "h5py", "PySide6", "torch")
SCREEN = ("PySide6", "shiboken6", "pyqtgraph", "vtkmodules", "vtk", "lnpgui")
RUNS_CODE = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")


def engine_modules() -> list[str]:
    return ["engine", *(module.name for module in pkgutil.walk_packages(engine.__path__, "engine."))]


def run_python(code: str, *, cwd: Path, **keywords: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False, timeout=300, **keywords)


def source_files(root: Path) -> list[Path]:
    return [root / "main.py", *sorted((root / "engine").rglob("*.py")), *sorted((root / "lnpgui").rglob("*.py"))]


LINT = "import sys; from importlinter.cli import lint_imports; sys.path.insert(0, ''); sys.exit(lint_imports(no_cache=True))"


def test_that_imports_keep_their_contracts(root):
    done = run_python(LINT, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr


def test_that_the_contracts_catch_an_engine_that_looks_at_the_screen(root, tmp_path):
    for name in ("engine", "lnpgui"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    guilty = tmp_path / "engine" / "curve.py"
    guilty.write_text(guilty.read_text(encoding="utf-8") + "\nimport PySide6\n", encoding="utf-8")
    done = run_python(LINT, cwd=tmp_path)
    assert done.returncode != 0
    assert "engine.curve -> PySide6" in done.stdout


def test_that_every_room_of_the_engine_has_its_place_in_the_layers(root):
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = " : ".join(layer for contract in contracts if contract["type"] == "layers" for layer in contract["layers"]).split(" : ")
    rooms = {f"engine.{module.name}" for module in pkgutil.iter_modules(engine.__path__)}
    assert rooms - set(layers) == set()


def test_that_each_engine_module_imports_alone(root):
    # Forgetting our own modules before each import finds circular imports without starting a process per module.
    code = f"""
import importlib, sys
for name in {engine_modules()!r}:
    for known in [module for module in sys.modules if module.split('.')[0] == 'engine']:
        del sys.modules[known]
    try:
        importlib.import_module(name)
    except Exception as error:
        print(name, repr(error))
"""
    done = run_python(code, cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_that_importing_the_whole_engine_loads_neither_the_screen_nor_anything_slow(root):
    code = f"""
import importlib, json, sys
for name in {[name for name in engine_modules() if name not in NETWORKS]!r}:
    importlib.import_module(name)
print(json.dumps([name for name in {HEAVY + SCREEN!r} if name in sys.modules]))
"""
    done = run_python(code, cwd=root)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_that_the_start_of_the_program_imports_nothing_but_the_standard_library(root):
    code = (
        "import json, sys; import main; print(json.dumps([n for n in sys.modules if n in ('numpy', 'scipy', 'h5py', 'PySide6', 'torch')]))"
    )
    done = run_python(code, cwd=root)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def imported_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_that_no_file_is_read_in_a_way_that_could_run_code(root):
    for path in source_files(root):
        text = path.read_text(encoding="utf-8")
        assert not imported_names(ast.parse(text)) & set(RUNS_CODE), path
        assert "allow_pickle=True" not in text, path
        assert "weights_only=False" not in text, path


RUNNERS = ("eval", "exec", "compile", "__import__")
UNSAFE = ("torch.load", "os.system", "os.popen", "subprocess.getoutput", "yaml.load", "np.fromfile", "np.memmap")


def unsafe_calls(tree: ast.AST) -> set[str]:
    """Return the calls of a file that run code, or load what may; methods of that name, as torch's ``eval()``, are none."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {ast.unparse(call.func) for call in calls}
    shells = {"shell=True" for call in calls for word in call.keywords if word.arg == "shell" and ast.unparse(word.value) != "False"}
    return named & {*RUNNERS, *UNSAFE} | shells


def test_that_nothing_a_file_says_is_run(root):
    for path in source_files(root):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not unsafe_calls(tree), path
        assert not imported_names(tree) & {"yaml", "imp", "code", "pty", "telnetlib", "ftplib", "smtplib", "http", "requests"}, path


def test_that_xml_is_read_only_by_the_parser_without_entities(root):
    for path in source_files(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node).endswith((".XMLParser", ".iterparse", "minidom", "lxml")):
                raise AssertionError(f"{path}, line {node.lineno}: use engine.io.xml_tree")


def test_that_the_search_for_unsafe_calls_finds_them():
    assert unsafe_calls(ast.parse("torch.load(f); eval(x); run(c, shell=True); net.eval()")) == {"torch.load", "eval", "shell=True"}


def test_that_the_program_checks_with_errors_not_with_asserts(root):
    for path in source_files(root):
        guilty = [node.lineno for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Assert)]
        assert not guilty, f"{path}: assert in line {guilty}"
