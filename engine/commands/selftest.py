"""Checks an installation, also inside the packaged program: a table of pass and fail, the versions, and an exit code that says all."""

from __future__ import annotations

import argparse
import faulthandler
import io
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from engine.errors import EngineError
from engine.io.aside import write_text
from engine.version import VERSION

TIME_LIMIT = 60.0
"""After this many seconds the program ends itself with a trace of where it hung. It works for some twelve of them."""

MOST_PATIENCE = 5.0
"""By at most this factor the limit grows while other programs keep the processors busy."""

EXAMPLE = Path(__file__).resolve().parents[2] / "resources" / "examples" / "two_compartment_and_solid.dat"
EXAMPLE_IS = "type 3 + type 4"

Given = TypeVar("Given")
Answer = TypeVar("Answer")

LIBRARIES = (
    *("numpy", "scipy", "h5py", "mrcfile", "defusedxml", "safetensors", "scikit-learn", "torch"),
    *("PySide6_Essentials", "shiboken6", "pyqtgraph", "vtk"),
)


class CheckFailed(EngineError):
    """A part of the program works, but gives a wrong answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table: what is checked, and a function that returns what it saw or raises."""

    title: str
    look: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check."""

    title: str
    passed: bool
    words: str
    seconds: float

    @property
    def line(self) -> str:
        """The line of the table."""
        return f"  {'pass' if self.passed else 'FAIL'}  {self.title:<22} {self.seconds:5.1f} s  {self.words}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table to this file too (a windowed program has no terminal)")


def run(arguments: argparse.Namespace, more: Sequence[Check] = ()) -> int:
    """Run the checks of the engine and *more*; 0 when all have passed."""
    began = perf_counter()
    heading = f"LNPScope {VERSION} self-test on {platform.platform()}"
    print(heading, flush=True)
    outcomes, limit = [], 0.0
    for check in (*CHECKS, *more):
        limit = max(limit, TIME_LIMIT * patience())
        with time_limit(began + limit - perf_counter()):
            outcomes.append(examine(check))
        print(outcomes[-1].line, flush=True)
    failed = sum(not outcome.passed for outcome in outcomes)
    verdict = "All checks passed" if not failed else f"{failed} of {len(outcomes)} checks FAILED"
    closing = [versions(), f"{verdict} in {perf_counter() - began:.1f} s."]
    print("\n".join(closing), flush=True)
    if arguments.out is not None:
        write_text(arguments.out, "\n".join([heading, *(outcome.line for outcome in outcomes), *closing]) + "\n")
    return 1 if failed else 0


def examine(check: Check) -> Outcome:
    """Return the outcome of one check."""
    began = perf_counter()
    try:
        words, passed = check.look(), True
    except EngineError as error:
        words, passed = str(error), False
    except Exception as error:  # noqa: BLE001 - whatever is broken in an installation belongs into the table
        place = traceback.extract_tb(error.__traceback__)[-1]
        words, passed = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})", False
    return Outcome(check.title, passed, words, perf_counter() - began)


def patience() -> float:
    """Return how many times as long as alone the program may take now, from the load where the system tells one."""
    if not hasattr(os, "getloadavg"):
        return 1.0
    return min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), MOST_PATIENCE)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End the program with a trace if the body takes longer; also where it hangs inside a library."""
    with suppress(io.UnsupportedOperation):  # an error stream without a file behind it
        faulthandler.dump_traceback_later(max(seconds, 0.01), exit=True, file=sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def versions() -> str:
    """Return one line with the versions of Python and of the libraries."""
    return "Python " + ", ".join([platform.python_version(), *(f"{name} {_version(name)}" for name in LIBRARIES)])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not recorded"


def sphere_matches_closed_form() -> str:
    """Compare the exact solver with Rayleigh's formula for a sphere."""
    import numpy as np

    from engine.models.solid_sphere import SolidSphere
    from engine.scattering.exact import form_factor

    particle = SolidSphere(diameter=50.0)
    q = np.linspace(0.02, 3.14, 200)
    x = q * particle.diameter / 2
    amplitude = particle.sld_shell * np.pi / 6 * particle.diameter**3 * 3 / x**3
    error = float(np.max(np.abs(form_factor(particle, q) - (amplitude * (np.sin(x) - x * np.cos(x))) ** 2) / (amplitude**2 * (1 + x * x))))
    if not error < 1e-6:
        raise CheckFailed(f"a sphere is off its closed form by {error:.1e} of the envelope")
    return f"a sphere is within {error:.0e} of its closed form"


def example_is_recognised() -> str:
    """Read and analyse the example curve, whose truth is known."""
    from engine.inference.analyse import analyse
    from engine.io.read import read

    measurement = read(EXAMPLE)[0]
    analysis = analyse(measurement.curve)
    if analysis.hypothesis != EXAMPLE_IS:
        raise CheckFailed(f"{EXAMPLE.name} is {EXAMPLE_IS}, but the answer is {analysis.hypothesis} ({analysis.status.value})")
    return f"{analysis.sentence} ({analysis.seconds:.1f} s)"


def hdf5_keeps_numbers() -> str:
    """Write numbers to HDF5, compressed, and read them back."""
    import h5py
    import numpy as np

    numbers = np.random.default_rng(1).normal(size=(50, 40))
    with tempfile.TemporaryDirectory(prefix="lnpscope-") as folder:
        path = Path(folder) / "größe.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("numbers", data=numbers, compression="gzip", shuffle=True)
        with h5py.File(path, "r") as file:
            same = np.array_equal(file["numbers"][:], numbers)
    if not same:
        raise CheckFailed("numbers changed on their way through an HDF5 file")
    return f"HDF5 {h5py.version.hdf5_version}, compressed, a file name with an umlaut"


def model_names_the_example() -> str:
    """Let the network that comes with the program look at the example; it must do so without torch, which takes seconds to load."""
    from engine.io.read import read
    from engine.learning.impression import look
    from engine.learning.model_folder import default_model

    had_torch = "torch" in sys.modules
    model = default_model()
    if model is None:
        raise CheckFailed("the model that comes with the program is missing")
    support = look(model, read(EXAMPLE)[0].curve).log_support
    best = max(support, key=lambda types: support[types])
    named = " + ".join(best)
    if named != EXAMPLE_IS:
        raise CheckFailed(f"{EXAMPLE.name} is {EXAMPLE_IS}, but {model.identity} says {named}")
    if not had_torch and "torch" in sys.modules:
        raise CheckFailed("torch was loaded to ask a network; the window would wait for that")
    return f"{model.identity} names {named}, without torch"


def classical_methods_work() -> str:
    """Let scikit-learn fit a line."""
    import numpy as np
    from sklearn.linear_model import LinearRegression

    x = np.arange(6.0)[:, np.newaxis]
    slope = LinearRegression().fit(x, 2 * x[:, 0] + 1).coef_[0]
    if abs(slope - 2) > 1e-9:
        raise CheckFailed(f"scikit-learn fits a slope of 2 as {slope}")
    return "scikit-learn fits a line"


def _train_tiny(folder: Path) -> tuple[float, float, str]:
    """Train a network too small to be of use in *folder*, in a process of its own; return loss before and after, and what trained it."""
    import torch

    from engine.datasets.basis import default_basis
    from engine.learning import training
    from engine.learning.config import Budget, NetworkConfig, TrainConfig

    # what it learns is thrown away, so little is measured of it; this process ends afterwards
    training.SCALER_BATCHES, training.CHUNK = 2, 256
    training.VALIDATION_CURVES = training.CALIBRATION_CURVES = training.CHUNK
    config = TrainConfig(
        name="self-test", network=NetworkConfig(width=16, blocks=1, gaussians=1), budget=Budget(curves=1280, batch=64, learning_rate=0.01)
    )
    losses: list[float] = []

    def note(event: object) -> None:
        if isinstance(event, training.TrainStep):
            losses.append(event.entropy + event.density)

    training.train(config, folder, default_basis(), report=note)
    return losses[0], losses[-1], f"torch {torch.__version__}, {'a GPU' if torch.cuda.is_available() else 'no GPU'}"


def training_works() -> str:
    """Train a tiny network in a spawned process, as the window does, and load what it leaves."""
    from engine.learning.model_folder import load_model

    with tempfile.TemporaryDirectory(prefix="lnpscope-") as folder:
        place = Path(folder) / "model"
        before, after, trainer = in_another_process(_train_tiny, place)
        curves = load_model(place).curves
    if not after < before:
        raise CheckFailed(f"the loss went from {before:.2f} to {after:.2f} in training")
    return f"{curves} curves, loss {before:.1f} to {after:.1f}; {trainer}"


def _square(number: float) -> float:
    return number * number


def in_another_process(work: Callable[[Given], Answer], given: Given) -> Answer:
    """Return ``work(given)`` of a spawned process; inside the packaged program that is the program itself, started once more."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, given).result(timeout=TIME_LIMIT * patience())


def child_process_answers() -> str:
    """Ask a process of our own, as library making does."""
    if in_another_process(_square, 7.0) != 49.0:
        raise CheckFailed("a child process gave a wrong answer")
    return "a spawned process answers"


CHECKS = (
    Check("simulation", sphere_matches_closed_form),
    Check("analysis", example_is_recognised),
    Check("network", model_names_the_example),
    Check("HDF5", hdf5_keeps_numbers),
    Check("processes", child_process_answers),
    Check("classical methods", classical_methods_work),
    Check("training", training_works),
)
