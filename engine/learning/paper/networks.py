"""The paper's networks by name. Each is built from its dataclass; a new one is one dataclass and one line in ``NETWORKS``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn


class Head(Enum):
    """What the outputs of a network are."""

    CLASSES = "logits of classes"
    NUMBERS = "numbers from 0 to 1, each by a sigmoid"
    SHARES = "sigmoids divided by their sum"


class Network(Protocol):
    """The settings of a network."""

    @property
    def title(self) -> str:
        """Name in tables."""

    @property
    def rate(self) -> float:
        """Learning rate of Adam."""

    def build(self, points: int, outputs: int, head: Head) -> nn.Module:
        """Return the network with fresh weights, from (n, points) to (n, outputs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionBlocks:
    """Convolutions of full length, each with ReLU, then dense layers: the form of four of the paper's networks.

    Parameters
    ----------
    title : str
        Name in tables.
    channels, kernels : tuple of int
        Channels and kernel size of each block.
    hidden : tuple of int
        Widths of the dense layers.
    dropout : float
        After each dense layer.
    normalise : bool
        Batch normalisation in the blocks.
    rate : float
        Learning rate of Adam.
    """

    title: str
    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    hidden: tuple[int, ...]
    dropout: float
    normalise: bool = True
    rate: float = 1e-3

    def build(self, points: int, outputs: int, head: Head) -> nn.Module:
        """Return the network with fresh weights."""
        from torch import nn

        layers: list[nn.Module] = [nn.Unflatten(1, (1, points))]
        for before, after, kernel in zip((1, *self.channels), self.channels, self.kernels, strict=False):
            layers.append(nn.Conv1d(before, after, kernel, padding=kernel // 2))
            layers += [nn.BatchNorm1d(after)] if self.normalise else []
            layers.append(nn.ReLU())
        layers.append(nn.Flatten())
        widths = (self.channels[-1] * points, *self.hidden)
        for before, after in zip(widths, self.hidden, strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
            layers += [nn.Dropout(self.dropout)] if self.dropout else []
        return nn.Sequential(*layers, nn.Linear(widths[-1], outputs), *_ending(head))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualBlocks:
    """A convolution, residual blocks of two convolutions each, the mean over q, and one dense layer.

    Parameters
    ----------
    title : str
        Name in tables.
    channels, blocks : int
        Channels everywhere, and number of residual blocks.
    entry, kernel : int
        Kernel size of the first convolution and of the others.
    rate : float
        Learning rate of Adam.
    """

    title: str
    channels: int = 64
    blocks: int = 3
    entry: int = 7
    kernel: int = 3
    rate: float = 1e-3

    def build(self, points: int, outputs: int, head: Head) -> nn.Module:
        """Return the network with fresh weights."""
        from torch import nn

        first = [nn.Unflatten(1, (1, points)), self._convolution(1, self.entry), nn.ReLU()]
        rest = [
            _residual(self._convolution(self.channels, self.kernel), self._convolution(self.channels, self.kernel))
            for _ in range(self.blocks)
        ]
        last = [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(self.channels, outputs)]
        return nn.Sequential(*first, *rest, *last, *_ending(head))

    def _convolution(self, before: int, kernel: int) -> nn.Module:
        from torch import nn

        return nn.Sequential(nn.Conv1d(before, self.channels, kernel, padding=kernel // 2), nn.BatchNorm1d(self.channels))


def _residual(first: nn.Module, second: nn.Module) -> nn.Module:
    """Return a block that adds two convolutions of its input to it."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = first, second

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.relu(self.second(nn.functional.relu(self.first(x))) + x)

    return Residual()


def _ending(head: Head) -> list[nn.Module]:
    from torch import nn

    class Shares(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x / (x.sum(dim=1, keepdim=True) + 1e-8)

    endings: dict[Head, list[nn.Module]] = {Head.CLASSES: [], Head.NUMBERS: [nn.Sigmoid()], Head.SHARES: [nn.Sigmoid(), Shares()]}
    return endings[head]


NETWORKS: MappingProxyType[str, Network] = MappingProxyType(
    {
        "two-block": ConvolutionBlocks(title="two-block CNN", channels=(32, 64), kernels=(5, 3), hidden=(64,), dropout=0.3),
        "three-block": ConvolutionBlocks(
            title="three-block CNN", channels=(32, 64, 128), kernels=(5, 5, 3), hidden=(256, 64), dropout=0.15
        ),
        "simple": ConvolutionBlocks(title="SimpleCNN", channels=(32, 64), kernels=(5, 3), hidden=(64,), dropout=0.15, normalise=False),
        "resnet": ResidualBlocks(title="ResNet"),
        "three-weight": ConvolutionBlocks(
            title="three-weight regressor", channels=(32, 64), kernels=(5, 3), hidden=(64,), dropout=0.0, rate=5e-4
        ),
    }
)
"""The paper's networks by name."""


def build(name: str, points: int, outputs: int, head: Head, seed: int) -> Any:
    """Return a network with the fresh weights of *seed*; torch's own random numbers stay as they were."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[name].build(points, outputs, head)
