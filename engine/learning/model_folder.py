"""A model as a folder: weights, what it was trained on, how good it is. Nothing in it can run code.

========================= =================================================================================
``weights.safetensors``   every tensor of the network, of the scaler and of the reference embedding, float32
``model.json``            schema, configuration, code version, identity of the basis, calibration
``card.json``             what was measured of it (see :mod:`engine.inference.evaluation`)
``*.png``                 pictures of the card
========================= =================================================================================
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.instrument import BINS
from engine.errors import DataFileError, EngineError
from engine.learning.config import NetworkConfig, TrainConfig, from_dict, to_dict
from engine.learning.coordinates import COUNT, SETS
from engine.learning.features import WIDTH
from engine.version import VERSION

Single = NDArray[np.float32]

SCHEMA = "lnpscope-model/1"
WEIGHTS, MODEL, CARD = "weights.safetensors", "model.json", "card.json"
LARGEST_WEIGHTS, LARGEST_JSON = 100_000_000, 10_000_000
MOST_MODELS = 200

AXES = 24
"""Principal axes of the embedding along which a curve's distance from the training is measured."""

QUANTILES = 101
"""Quantiles of that distance among curves of the training's kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was found on curves kept for it.

    Parameters
    ----------
    temperature : float
        Divides the logits of the sets.
    inflation : float
        Multiplies the covariances.
    distances : tuple of float
        Quantiles, from 0 to 1, of the squared distance in the embedding of curves of the training's kind.
    """

    temperature: float = 1.0
    inflation: float = 1.0
    distances: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Model:
    """A trained network, ready for :mod:`engine.learning.forward`."""

    config: TrainConfig
    weights: Mapping[str, Single]
    calibration: Calibration
    basis: str
    curves: int
    version: str = VERSION
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Name, and eight hexadecimal digits of the SHA-256 of the weights."""
        made = hashlib.sha256()
        for name in sorted(self.weights):
            made.update(name.encode())
            made.update(np.ascontiguousarray(self.weights[name]).tobytes())
        return f"{self.config.name} {made.hexdigest()[:8]}"


def expected_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every array a model of this size has: the schema of ``weights.safetensors``."""
    w = config.width
    block = {
        "norm.weight": (w,),
        "norm.bias": (w,),
        "first.weight": (w, w),
        "first.bias": (w,),
        "second.weight": (w, w),
        "second.bias": (w,),
    }
    numbers = config.gaussians * (1 + COUNT + COUNT * (COUNT + 1) // 2)
    shapes: dict[str, tuple[int, ...]] = {"enter.weight": (w, WIDTH), "enter.bias": (w,), "norm.weight": (w,), "norm.bias": (w,)}
    for name in (*(f"blocks.{i}" for i in range(config.blocks)), "answer"):
        shapes |= {f"{name}.{key}": shape for key, shape in block.items()}
    shapes |= {"sets.weight": (len(SETS), w), "sets.bias": (len(SETS),), "asked.weight": (len(SETS), w)}
    shapes |= {"mixture.weight": (numbers, w), "mixture.bias": (numbers,)}
    shapes |= {"scaler.mean": (3, BINS), "scaler.deviation": (3, BINS)}
    return shapes | {"reference.mean": (w,), "reference.axes": (min(AXES, w), w)}


def save_model(folder: Path, model: Model) -> None:
    """Write *model* to *folder*: into a new folder beside it, which then takes its place.

    Raises
    ------
    DataFileError
        If *folder* holds something that is no model.
    """
    from safetensors.numpy import save

    folder = folder.absolute()
    if folder.exists() and not is_model(folder) and any(folder.iterdir()):
        raise DataFileError(folder, "holds other files and is no model; give a new or empty folder.")
    aside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    about = {
        "schema": SCHEMA,
        "config": to_dict(model.config),
        "version": model.version,
        "basis": model.basis,
        "curves": model.curves,
        "calibration": {
            "temperature": model.calibration.temperature,
            "inflation": model.calibration.inflation,
            "distances": list(model.calibration.distances),
        },
    }
    contents = {
        WEIGHTS: save({name: np.ascontiguousarray(array) for name, array in model.weights.items()}),
        MODEL: (json.dumps(about, indent=1) + "\n").encode("utf-8"),
        CARD: (json.dumps(dict(model.card), indent=1) + "\n").encode("utf-8"),
    }
    try:
        aside.mkdir(parents=True)
        for name, content in contents.items():
            (aside / name).write_bytes(content)
            flush(aside / name)
        _replace(folder, aside)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise DataFileError(folder, f"cannot be written: {error.strerror or error}. Free some space, or choose another folder.") from error


def flush(path: Path) -> None:
    """Bring a file to disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _replace(folder: Path, aside: Path) -> None:
    """Let *aside* take the place of *folder*; what is neither model nor card (a state to resume from) moves along."""
    if folder.exists():
        for path in folder.iterdir():
            if path.name not in (WEIGHTS, MODEL, CARD) and path.suffix != ".png":
                path.rename(aside / path.name)
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        aside.rename(folder)


def recover(folder: Path) -> None:
    """Put back the model that an interrupted :func:`save_model` had moved away."""
    folder = folder.absolute()
    old = folder.with_name(f".{folder.name}.old")
    if is_model(old) and not folder.exists():
        old.rename(folder)


def is_model(folder: Path) -> bool:
    """Return whether *folder* looks like a model."""
    return (folder / MODEL).is_file() and (folder / WEIGHTS).is_file()


def load_model(folder: Path) -> Model:
    """Return the model in *folder*.

    Raises
    ------
    DataFileError
        If it is none, is damaged, too large, of another schema, or was made with another basis.
    """
    folder = folder.absolute()
    recover(folder)
    if not is_model(folder):
        raise DataFileError(folder, f"is no model: it needs {MODEL} and {WEIGHTS}.")
    about = read_json(folder / MODEL)
    if about.get("schema") != SCHEMA:
        raise DataFileError(folder, f"is of schema {str(about.get('schema'))[:60]!r}; this program reads {SCHEMA}. Train it anew.")
    try:
        config = from_dict(about["config"])
        calibration = _calibration(about["calibration"])
        basis, version, curves = str(about["basis"])[:80], str(about["version"])[:40], int(about["curves"])
    except (EngineError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataFileError(folder, f"has a damaged {MODEL}: {error}") from error
    card = read_json(folder / CARD) if (folder / CARD).is_file() else {}
    weights = _load_weights(folder / WEIGHTS, config.network)
    return Model(config=config, weights=weights, calibration=calibration, basis=basis, curves=curves, version=version, card=card)


def _calibration(data: Mapping[str, Any]) -> Calibration:
    distances = tuple(float(value) for value in data["distances"])
    if len(distances) not in (0, QUANTILES) or not np.isfinite(distances).all() or sorted(distances) != list(distances):
        raise ValueError(f"the distances must be {QUANTILES} increasing numbers")
    temperature, inflation = float(data["temperature"]), float(data["inflation"])
    if not (0.01 <= temperature <= 100 and 0.01 <= inflation <= 100):
        raise ValueError("temperature and inflation must lie between 0.01 and 100")
    return Calibration(temperature=temperature, inflation=inflation, distances=distances)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    DataFileError
        If it is too large, no JSON, or no object.
    """
    if path.stat().st_size > LARGEST_JSON:
        raise DataFileError(path, f"has {path.stat().st_size} bytes, more than the {LARGEST_JSON} such a file may have.")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataFileError(path, f"is not valid JSON: {str(error)[:200]}.") from error
    if not isinstance(data, dict):
        raise DataFileError(path, "must hold a JSON object.")
    return data


def _load_weights(path: Path, config: NetworkConfig) -> dict[str, Single]:
    """Return the arrays of a weights file, which must be just those of the schema, finite, in float32."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if path.stat().st_size > LARGEST_WEIGHTS:
        raise DataFileError(path, f"has {path.stat().st_size} bytes, more than the {LARGEST_WEIGHTS} a model may have.")
    try:
        arrays = load_file(path)
    except (SafetensorError, ValueError, OSError, KeyError) as error:
        raise DataFileError(path, f"is damaged: {str(error)[:200]}.") from error
    wanted = expected_shapes(config)
    if arrays.keys() != wanted.keys():
        odd = sorted(arrays.keys() ^ wanted.keys())
        raise DataFileError(path, f"does not fit its configuration: {', '.join(odd[:5])}.")
    for name, shape in wanted.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
            raise DataFileError(path, f"holds {name} as {array.dtype} {array.shape}; finite float32 {shape} is needed.")
    return arrays


def models_in(root: Path) -> tuple[Path, ...]:
    """Return the folders in *root* that hold a model, by name; at most ``MOST_MODELS``."""
    if not root.is_dir():
        return ()
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".") and is_model(path))
    return tuple(found[:MOST_MODELS])


def shipped_models() -> Path:
    """Return the folder of the models that come with the program."""
    return Path(__file__).resolve().parents[2] / "resources" / "models"


@lru_cache(maxsize=1)
def default_model() -> Model | None:
    """Return the model that comes with the program; None where it is missing."""
    folder = shipped_models() / "default"
    return load_model(folder) if is_model(folder) else None
