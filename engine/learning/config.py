"""What a training is to make: read from TOML, written with the model."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.datasets.instrument import InstrumentRanges
from engine.datasets.stream import SampleRanges
from engine.errors import DataFileError, EngineError, ParameterError

LARGEST_FILE = 1_000_000
NAME_LETTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long to train.

    Parameters
    ----------
    curves : int
        Simulated curves the network sees, each once.
    batch : int
        Curves of one step.
    learning_rate : float
        Its largest value; it rises over the first twentieth and falls as a cosine to nothing.
    """

    curves: int = 10_000_000
    batch: int = 512
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        if not 1000 <= self.curves <= 1_000_000_000:
            raise ParameterError(f"curves = {self.curves} is refused; give 1,000 to 1,000,000,000.", "curves")
        if not 16 <= self.batch <= 8192:
            raise ParameterError(f"batch = {self.batch} is refused; give 16 to 8192.", "batch")
        if not 1e-6 <= self.learning_rate <= 0.1:
            raise ParameterError(f"learning_rate = {self.learning_rate:g} is refused; give 1e-6 to 0.1.", "learning_rate")

    @property
    def steps(self) -> int:
        """Steps of the training."""
        return max(1, self.curves // self.batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Size of a network.

    Parameters
    ----------
    width : int
        Units of a layer.
    blocks : int
        Residual blocks.
    gaussians : int
        Gaussians of each mixture.
    """

    width: int = 320
    blocks: int = 4
    gaussians: int = 6

    def __post_init__(self) -> None:
        for name, low, high in (("width", 16, 1024), ("blocks", 1, 16), ("gaussians", 1, 32)):
            if not low <= getattr(self, name) <= high:
                raise ParameterError(f"{name} = {getattr(self, name)} is refused; give {low} to {high}.", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """One training, whole.

    Parameters
    ----------
    name : str
        Name of the model, at most 60 letters.
    seed : int
        Of everything drawn; the same seed and code give the same weights on the same machine.
    """

    name: str = "model"
    seed: int = 1
    samples: SampleRanges = field(default_factory=SampleRanges)
    instrument: InstrumentRanges = field(default_factory=InstrumentRanges)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= NAME_LETTERS or not self.name.isprintable():
            raise ParameterError(f"A model needs a name of 1 to {NAME_LETTERS} letters; {self.name[:80]!r} was given.", "name")
        if not 0 <= self.seed < 2**32:
            raise ParameterError(f"seed = {self.seed} is refused; give 0 to 4,294,967,295.", "seed")


_SECTIONS = {"samples": SampleRanges, "instrument": InstrumentRanges, "network": NetworkConfig, "budget": Budget}


def to_dict(config: TrainConfig) -> dict[str, Any]:
    """Return *config* as plain lists, numbers and words."""
    return _plain(dataclasses.asdict(config))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def from_dict(data: Mapping[str, Any]) -> TrainConfig:
    """Return the configuration in *data*.

    Raises
    ------
    ParameterError
        Naming every fault at once.
    """
    faults: list[str] = []
    parts: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        section = data.get(name, {})
        if isinstance(section, Mapping):
            parts[name] = _collect(faults, f"[{name}]", kind, section)
        else:
            faults.append(f"[{name}] must be a section, not {section!r}.")
    top = {key: value for key, value in data.items() if key not in _SECTIONS}
    config = _collect(
        faults, "The configuration", TrainConfig, {**top, **{k: v for k, v in parts.items() if v is not None}}, set(_SECTIONS)
    )
    if faults or not isinstance(config, TrainConfig):
        raise ParameterError(" ".join(faults), "config")
    return config


def _collect(
    faults: list[str], where: str, kind: Callable[..., Any], values: Mapping[str, Any], made: frozenset[str] | set[str] = frozenset()
) -> Any:
    """Return *kind* made from *values*; None, and a sentence in *faults*, where that fails. Values in *made* are taken as they are."""
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = [name for name in values if name not in fields]
    if unknown:
        faults.append(f"{where} knows no {', '.join(unknown)}; it knows {', '.join(fields)}.")
    try:
        return kind(**{name: v if name in made else _typed(name, v, kind()) for name, v in values.items() if name in fields})
    except (ParameterError, TypeError, ValueError) as error:
        faults.append(f"{where}: {error}")
        return None


def _typed(name: str, value: Any, defaults: Any) -> Any:
    """Return *value* with the kind of the default: lists become tuples, whole numbers become fractions where needed."""
    like = getattr(defaults, name)
    if isinstance(like, tuple):
        if not isinstance(value, list | tuple):
            raise ParameterError(f"{name} must be a list, not {value!r}.", name)
        if like and len(value) != len(like) and not isinstance(like[0], str):
            raise ParameterError(f"{name} must hold {len(like)} values, not {len(value)}.", name)
        sort = type(like[0]) if like else float
        return tuple(_scalar(name, item, sort) for item in value)
    return _scalar(name, value, type(like))


def _scalar(name: str, value: Any, sort: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float) if sort is float else sort):
        raise ParameterError(f"{name} must be {'a number' if sort in (int, float) else 'a word'}, not {value!r}.", name)
    return sort(value)


def read_config(path: Path) -> TrainConfig:
    """Return the configuration in a TOML file; ``[instrument] like = "FILE"`` takes q axis and noise from a measured curve beside it.

    Raises
    ------
    DataFileError
        If the file can't be read, with every fault in it.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise DataFileError(path, f"has {path.stat().st_size} bytes; a configuration has less than {LARGEST_FILE}.")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(path, f"is not valid TOML: {error}.") from error
    try:
        return from_dict(data)
    except EngineError as error:
        raise DataFileError(path, str(error)) from error
