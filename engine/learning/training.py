"""The training of a network on curves that never repeat."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.basis import Basis
from engine.datasets.stream import CALIBRATION, TRAINING, VALIDATION, CurveStream
from engine.errors import DataFileError
from engine.learning import forward
from engine.learning.config import TrainConfig, to_dict
from engine.learning.coordinates import from_samples, set_index
from engine.learning.features import Scaler, fit_scaler
from engine.learning.model_folder import AXES, LARGEST_WEIGHTS, QUANTILES, Calibration, Model, flush, load_model, save_model
from engine.progress import Report, Step, silent

if TYPE_CHECKING:
    import torch

    from engine.learning.network import Network

Single = NDArray[np.float32]

SCALER_BATCHES = 40
VALIDATION_CURVES, CALIBRATION_CURVES, CHUNK = 4096, 8192, 1024
VALIDATIONS, FEWEST_STEPS = 40, 50
"""Times that a training is validated and its state kept, at least so many steps apart; but see ``SECONDS``."""

SECONDS = 20.0
"""After so long it is validated anyhow, so that a power cut loses no more."""

RISE = 0.03
"""Share of the steps over which the learning rate rises."""

STATE, STOP = "state.safetensors", "stop"
STATE_SCHEMA = "lnpscope-training/1"


@dataclass(frozen=True, slots=True)
class TrainStep:
    """``step`` of ``total`` steps are done; the mean losses since the last such event, and curves per second."""

    step: int
    total: int
    entropy: float
    density: float
    rate: float


@dataclass(frozen=True, slots=True)
class Validated:
    """The losses on curves kept apart, the share of sets named right, and whether that is the best so far (and kept)."""

    step: int
    total: int
    entropy: float
    density: float
    accuracy: float
    is_best: bool


Taught = tuple[Single, NDArray[np.intp], Single]
"""Features (B, WIDTH), row of the label in ``SETS`` (B,), and coordinates (B, COUNT)."""


@dataclass(slots=True)
class _Run:
    """What a training holds between its steps."""

    network: Network
    optimiser: torch.optim.Optimizer
    scaler: Scaler
    validation: list[Taught]
    step: int = 0
    best: float = float("inf")
    history: list[list[float]] = field(default_factory=list)  # step, entropy, density, accuracy on validation


class Sampler:
    """Feeds a network: features, labels and coordinates of the batches of a stream."""

    def __init__(self, stream: CurveStream, scaler: Scaler, size: int) -> None:
        self._stream, self._scaler, self._size = stream, scaler, size

    def __call__(self, index: int) -> Taught:
        """Return batch *index*."""
        made = self._stream.batch(index, self._size)
        features = self._scaler.features(made.intensity, made.sigma, made.filled)
        return features, set_index(made.present), from_samples(made.present, made.sizes, made.shares)


def ask_to_stop(folder: Path) -> None:
    """Let the training that writes to *folder*, in whatever process, end at its next step as if it had been planned so short."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STOP).touch()


def train(config: TrainConfig, folder: Path, basis: Basis, *, report: Report = silent, resume: bool = True) -> Model:
    """Train a network and keep the best state of it in *folder*, whatever happens.

    Parameters
    ----------
    config : TrainConfig
        What to make.
    folder : Path
        Where the model goes. After the first validation it always holds a whole model, the best so far, and a state from which an
        interrupted training goes on, to the same end as if it had not been interrupted.
    report : Report
        Told :class:`TrainStep` and :class:`Validated`, and a ``Step`` of what comes before and after; may raise Cancelled, which ends
        the training at once and leaves the best so far, not yet calibrated. To end it well before its time, see :func:`ask_to_stop`.
    resume : bool
        Go on where a training of the same configuration was interrupted in *folder*.

    Raises
    ------
    DataFileError
        If *folder* holds another training that was interrupted, or other files.
    """
    (folder / STOP).unlink(missing_ok=True)
    with _one_thread():
        run = (_resumed(config, folder, basis) if resume else None) or _begun(config, basis, report)
        _steps(run, config, folder, basis, report)
    best = load_model(folder)
    calibration, reference = calibrate({**best.weights}, config, basis, report=report)
    best = replace(best, calibration=calibration, weights={**best.weights, **reference})
    save_model(folder, best)
    for name in (STATE, STOP):
        (folder / name).unlink(missing_ok=True)
    return best


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: matrices this small are several times slower on two, and the other core simulates."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device() -> torch.device:
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _stream(config: TrainConfig, basis: Basis, split: int) -> CurveStream:
    return CurveStream(basis, samples=config.samples, instruments=config.instrument, seed=config.seed, split=split)


def _begun(config: TrainConfig, basis: Basis, report: Report) -> _Run:
    stream = _stream(config, basis, TRAINING)
    batches = (stream.batch(i, config.budget.batch) for i in _each(range(SCALER_BATCHES), "simulating the first curves", report))
    return _made(config, basis, fit_scaler((b.intensity, b.sigma, b.filled) for b in batches), report)


def _each(indices: range, message: str, report: Report) -> Iterator[int]:
    """Yield *indices*, telling before each how many are done."""
    for done, index in enumerate(indices):
        report(Step(done, len(indices), message))
        yield index


def _made(config: TrainConfig, basis: Basis, scaler: Scaler, report: Report = silent) -> _Run:
    import torch

    from engine.learning.network import Network

    torch.manual_seed(config.seed)
    network = Network(config.network).to(_device())
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.budget.learning_rate, weight_decay=0.01)
    sampler, chunks = Sampler(_stream(config, basis, VALIDATION), scaler, CHUNK), range(VALIDATION_CURVES // CHUNK)
    return _Run(network, optimiser, scaler, [sampler(index) for index in _each(chunks, "simulating curves to validate with", report)])


def learning_rate(config: TrainConfig, step: int) -> float:
    """Return the learning rate of a step: a straight rise, then half a cosine down to nothing."""
    total = config.budget.steps
    rise = max(1, round(RISE * total))
    if step < rise:
        return config.budget.learning_rate * (step + 1) / rise
    return float(config.budget.learning_rate * 0.5 * (1 + np.cos(np.pi * (step - rise) / max(1, total - rise))))


def _steps(run: _Run, config: TrainConfig, folder: Path, basis: Basis, report: Report) -> None:
    """Do the steps that are left, validating now and then; the next batch is simulated while the network learns from this one."""
    from engine.learning.network import Loss

    loss, device = Loss(run.network), _device()
    sampler = Sampler(_stream(config, basis, TRAINING), run.scaler, config.budget.batch)
    total, every = config.budget.steps, max(FEWEST_STEPS, config.budget.steps // VALIDATIONS)
    told, began, kept = _Told(), time.monotonic(), time.monotonic()
    first = run.step
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(sampler, run.step)
        while run.step < total:
            batch = coming.result()
            coming = ahead.submit(sampler, run.step + 1)
            for group in run.optimiser.param_groups:
                group["lr"] = learning_rate(config, run.step)
            told.add(*_learn(run, loss, batch, device))
            run.step += 1
            rate = (run.step - first) * config.budget.batch / max(time.monotonic() - began, 1e-6)
            report(TrainStep(run.step, total, *told.means, rate))
            is_last = run.step == total or (folder / STOP).exists()
            if is_last or run.step % every == 0 or time.monotonic() - kept > SECONDS:
                report(_validate(run, config, folder, basis))
                told, kept = _Told(), time.monotonic()
            if is_last:
                return


class _Told:
    """Running means of the two losses."""

    def __init__(self) -> None:
        self._sums, self._count = np.zeros(2), 0

    def add(self, entropy: float, density: float) -> None:
        self._sums += entropy, density
        self._count += 1

    @property
    def means(self) -> tuple[float, float]:
        entropy, density = self._sums / max(self._count, 1)
        return float(entropy), float(density)


def _learn(run: _Run, loss: Any, batch: tuple[Single, NDArray[np.intp], Single], device: torch.device) -> tuple[float, float]:
    """Do one step of the optimiser and return both losses."""
    import torch

    entropy, density = loss(*(torch.from_numpy(array).to(device) for array in batch))
    run.optimiser.zero_grad()
    (entropy + density).backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimiser.step()
    return entropy.item(), density.item()


def _validate(run: _Run, config: TrainConfig, folder: Path, basis: Basis) -> Validated:
    """Measure the network on the validation curves; keep it if it is the best; keep the state to resume from."""
    import torch

    from engine.learning.network import Loss

    loss, device, parts = Loss(run.network), _device(), []
    with torch.no_grad():
        for taught in run.validation:
            features, label, theta = (torch.from_numpy(array).to(device) for array in taught)
            entropy, density = loss(features, label, theta)
            right = (run.network.sets(run.network.embed(features)).argmax(1) == label).float().mean()
            parts.append((float(entropy), float(density), float(right)))
    entropy, density, accuracy = (float(value) for value in np.mean(parts, axis=0))
    is_best = entropy + density < run.best
    run.history.append([run.step, round(entropy, 5), round(density, 5), round(accuracy, 5)])
    if is_best:
        run.best = entropy + density
        save_model(folder, _model(run, config, basis))
    _keep_state(run, config, folder)
    return Validated(run.step, config.budget.steps, entropy, density, accuracy, is_best)


def _model(run: _Run, config: TrainConfig, basis: Basis) -> Model:
    """Return the network as it is now, not yet calibrated."""
    weights = {name: tensor.detach().cpu().numpy().astype(np.float32) for name, tensor in run.network.named_parameters()}
    weights |= {"scaler.mean": run.scaler.mean, "scaler.deviation": run.scaler.deviation}
    width = config.network.width
    weights |= {"reference.mean": np.zeros(width, np.float32), "reference.axes": np.zeros((min(AXES, width), width), np.float32)}
    card = {"training": {"history": run.history, "steps": run.step, "total": config.budget.steps}}
    return Model(
        config=config,
        weights=weights,
        calibration=Calibration(),
        basis=basis.identity,
        curves=run.step * config.budget.batch,
        card=card,
    )


def calibrate(
    weights: dict[str, Single], config: TrainConfig, basis: Basis, *, report: Report = silent
) -> tuple[Calibration, dict[str, Single]]:
    """Return temperature, inflation and distances measured on curves of a split of their own, and the reference of the distances.

    The distance of a curve is that of its embedding from the mean of the split's first half, in units of the standard deviation along
    each of ``AXES`` principal axes; its quantiles are those of the second half.
    """
    sampler = Sampler(_stream(config, basis, CALIBRATION), forward.scaler(weights), CHUNK)
    made = [sampler(index) for index in _each(range(CALIBRATION_CURVES // CHUNK), "calibrating: simulating curves", report)]
    report(Step(0, 1, "calibrating"))
    embedding = np.concatenate([forward.embed(weights, features) for features, _, _ in made])
    labels, theta = np.concatenate([m[1] for m in made]), np.concatenate([m[2] for m in made])
    half = embedding.shape[0] // 2
    reference = _reference(embedding[:half])
    distances = np.quantile(distance(weights | reference, embedding[half:]), np.linspace(0, 1, QUANTILES))
    temperature = _best(lambda t: _entropy(weights, embedding, labels, t), 0.5, 2.0)
    some = slice(0, 2 * CHUNK)
    inflation = _best(lambda s: _surprise(weights, embedding[some], labels[some], theta[some], s), 0.5, 4.0)
    rounded = tuple(float(value) for value in np.maximum.accumulate(distances))
    return Calibration(temperature=temperature, inflation=inflation, distances=rounded), reference


def _reference(embedding: Single) -> dict[str, Single]:
    """Return the mean embedding, and its principal axes divided by the standard deviation along them."""
    mean = embedding.mean(axis=0)
    _, spread, axes = np.linalg.svd(embedding - mean, full_matrices=False)
    count = min(AXES, embedding.shape[1])
    deviation = np.maximum(spread[:count] / np.sqrt(embedding.shape[0]), 1e-6)
    return {"reference.mean": mean.astype(np.float32), "reference.axes": (axes[:count] / deviation[:, None]).astype(np.float32)}


def distance(weights: Mapping[str, Single], embedding: Single) -> NDArray[np.float64]:
    """Return the squared distance of each embedding from the curves of the training."""
    along = (embedding - weights["reference.mean"]) @ weights["reference.axes"].T
    return np.asarray((along.astype(np.float64) ** 2).sum(axis=1))


def _entropy(weights: Mapping[str, Single], embedding: Single, labels: NDArray[np.intp], temperature: float) -> float:
    logs = forward.log_probabilities(weights, embedding, temperature)
    return float(-logs[np.arange(labels.size), labels].mean())


def _surprise(weights: Mapping[str, Single], embedding: Single, labels: NDArray[np.intp], theta: Single, inflation: float) -> float:
    """Return the mean of -ln density of the true coordinates under the true set."""
    total = 0.0
    for index in np.unique(labels):
        rows = np.flatnonzero(labels == index)
        chosen = forward.used_coordinates(int(index))
        for row, mixture in zip(rows, forward.gaussians(weights, embedding[rows], int(index), inflation), strict=True):
            total -= forward.log_density(mixture, theta[row, chosen].astype(np.float64))
    return total / labels.size


def _best(cost: Any, low: float, high: float) -> float:
    """Return where *cost* is smallest between *low* and *high*, searched in the logarithm."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda x: cost(float(np.exp(x))), bounds=(np.log(low), np.log(high)), method="bounded", options={"xatol": 0.01})
    return float(np.exp(found.x))


# -- the state an interrupted training goes on from --------------------------------------------------------------------------------


def _keep_state(run: _Run, config: TrainConfig, folder: Path) -> None:
    """Write network, optimiser and progress to one file, aside first."""
    import torch
    from safetensors.torch import save

    tensors = {f"network.{name}": tensor.detach().cpu().contiguous() for name, tensor in run.network.named_parameters()}
    for number, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{key}": value.detach().cpu().contiguous() for key, value in state.items()}
    tensors |= {f"scaler.{key}": torch.from_numpy(array) for key, array in _arrays(run.scaler).items()}
    progress = {"schema": STATE_SCHEMA, "config": to_dict(config), "step": run.step, "best": run.best, "history": run.history}
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{STATE}.part"
    try:
        aside.write_bytes(save(tensors, metadata={"progress": json.dumps(progress)}))
        flush(aside)
        aside.replace(folder / STATE)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise DataFileError(folder / STATE, f"cannot be written: {error.strerror or error}. Free some space.") from error


def _arrays(scaler: Scaler) -> dict[str, Single]:
    """Return the arrays of a scaler by name."""
    return {"mean": scaler.mean, "deviation": scaler.deviation}


def _resumed(config: TrainConfig, folder: Path, basis: Basis) -> _Run | None:
    """Return the interrupted training in *folder*, or None where there is none.

    Raises
    ------
    DataFileError
        If it is damaged, or one of another configuration.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / STATE
    if not path.is_file():
        return None
    if path.stat().st_size > 4 * LARGEST_WEIGHTS:
        raise DataFileError(path, "is too large to be the state of a training; delete it to begin anew.")
    try:
        with safe_open(path, "pt") as file:
            progress = json.loads((file.metadata() or {}).get("progress", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if progress["schema"] != STATE_SCHEMA or progress["config"] != to_dict(config):
            raise DataFileError(path, "belongs to a training of another configuration; delete it, or give another folder.")
        return _restored(config, basis, progress, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataFileError(path, f"is damaged: {str(error)[:200]}. Delete it to begin anew.") from error


def _restored(config: TrainConfig, basis: Basis, progress: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> _Run:
    run = _made(config, basis, Scaler(*(tensors[f"scaler.{key}"].numpy() for key in ("mean", "deviation"))))
    run.network.load_state_dict(
        {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}, strict=False
    )
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, number, key = name.split(".")
            states.setdefault(int(number), {})[key] = tensor
    run.optimiser.load_state_dict({**run.optimiser.state_dict(), "state": states})
    run.step, run.best = int(progress["step"]), float(progress["best"])
    run.history = [list(map(float, row)) for row in progress["history"]]
    return run
