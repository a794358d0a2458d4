"""Trains one of the paper's networks as the paper does, with its defects mended.

The paper kept a reference to the best weights instead of a copy, so that it tested the last ones; fitted the scaler on all curves, the
test's among them; and never stepped the optimiser of the three-weight regressor. Here the best weights are copied, the scaler knows the
training curves only, and every optimiser steps. Its Adam, learning rates, batches and early stopping are kept. Its networks end in a
sigmoid, which no mean size in nm can leave, so numbers are scaled to 0..1; three weights are learnt from standardised intensities too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.curve import Array
from engine.learning.paper.networks import NETWORKS, Head, build
from engine.learning.paper.protocol import Measured, Split, Task
from engine.progress import Report, Step, silent

if TYPE_CHECKING:
    from torch import Tensor, nn

_TINY = 1e-12  # of the largest spread: a q point where nothing varies is left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long a network trains: at most *epochs*, and no longer than *patience* epochs without a lower validation loss."""

    epochs: int = 120
    patience: int = 20
    batch: int = 256


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """Mean and standard deviation of each feature over the curves it was fitted on."""

    logarithm: bool
    mean: Array
    sd: Array

    @classmethod
    def fitted(cls, task: Task, measured: Measured) -> Scaler:
        """Return the scaler of the *measured* curves of a task."""
        features = _features(task.logarithm, measured)
        sd = features.std(axis=0)
        return cls(task.logarithm, features.mean(axis=0), np.where(sd > _TINY * sd.max(), sd, 1.0))

    def __call__(self, measured: Measured) -> Tensor:
        """Return what a network sees of the curves, shape (n, n_q)."""
        import torch

        return torch.as_tensor((_features(self.logarithm, measured) - self.mean) / self.sd, dtype=torch.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network and its scaler.

    Parameters
    ----------
    losses : list of (float, float)
        Mean loss in training and in validation after each epoch.
    best : int
        Epoch, counted from 0, whose weights the network has.
    """

    task: Task
    network: nn.Module
    scaler: Scaler
    losses: list[tuple[float, float]]
    best: int

    def predict(self, measured: Measured) -> Array:
        """Return the probabilities of the classes, or the numbers in their unit, shape (n, outputs)."""
        import torch

        self.network.eval()
        with torch.no_grad():
            rows = torch.cat([self.network(part) for part in torch.split(self.scaler(measured), 512)])
            rows = rows.softmax(dim=1) if self.task.classes else rows
        low, high = self.task.limits
        values = rows.numpy().astype(np.float64)
        return values if self.task.classes else low + (high - low) * values


def head_of(task: Task) -> Head:
    """Return the ending a network needs for a task."""
    if task.classes:
        return Head.CLASSES
    return Head.SHARES if len(task.targets) > 1 else Head.NUMBERS


def train(name: str, task: Task, split: Split, seed: int, schedule: Schedule | None = None, report: Report = silent) -> Trained:
    """Return the network called *name*, trained for a task and with the weights of its lowest validation loss.

    The same seed and data give the same weights. *report* gets a :class:`Step` an epoch and may raise ``Cancelled``.
    """
    import torch

    schedule = schedule or Schedule()
    scaler = Scaler.fitted(task, split.train)
    parts = [(scaler(part), _wanted(task, part)) for part in (split.train, split.validation)]
    outputs = len(task.classes) or len(task.targets)
    network = build(name, split.train.log_intensity.shape[1], outputs, head_of(task), seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=NETWORKS[name].rate)
    loss = _loss(task)
    losses: list[tuple[float, float]] = []
    best, best_weights = 0, deepcopy(network.state_dict())
    with _own_randomness(seed):
        for epoch in range(schedule.epochs):
            report(Step(epoch, schedule.epochs, f"{NETWORKS[name].title}, {task.key}"))
            losses.append((_train_epoch(network, optimiser, loss, *parts[0], schedule.batch), _validate(network, loss, *parts[1])))
            if losses[epoch][1] <= losses[best][1]:
                best, best_weights = epoch, deepcopy(network.state_dict())
            if epoch - best >= schedule.patience:
                break
    network.load_state_dict(best_weights)
    return Trained(task, network, scaler, losses, best)


def _features(logarithm: bool, measured: Measured) -> Array:
    return np.asarray(measured.log_intensity / np.log(10) if logarithm else np.exp(measured.log_intensity))


def _wanted(task: Task, measured: Measured) -> Tensor:
    import torch

    if task.classes:
        return torch.as_tensor(measured.samples.classes)
    low, high = task.limits
    return torch.as_tensor((task.target(measured.samples) - low) / (high - low), dtype=torch.float32)


def _loss(task: Task) -> Any:
    from torch import nn

    if task.classes:
        return nn.CrossEntropyLoss()
    return nn.MSELoss() if len(task.targets) > 1 else nn.SmoothL1Loss()


def _train_epoch(network: nn.Module, optimiser: Any, loss: Any, inputs: Tensor, wanted: Tensor, batch: int) -> float:
    import torch

    network.train()
    total = 0.0
    for rows in torch.split(torch.randperm(len(inputs)), batch):
        if len(rows) == 1:  # batch normalisation needs two
            continue
        optimiser.zero_grad()
        value = loss(network(inputs[rows]), wanted[rows])
        value.backward()
        optimiser.step()
        total += float(value.detach()) * len(rows)
    return total / len(inputs)


def _validate(network: nn.Module, loss: Any, inputs: Tensor, wanted: Tensor) -> float:
    import torch

    network.eval()
    with torch.no_grad():
        return float(loss(torch.cat([network(part) for part in torch.split(inputs, 512)]), wanted))


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Let shuffling and dropout depend on *seed* alone, and leave torch's random numbers as they were."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
