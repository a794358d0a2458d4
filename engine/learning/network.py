r"""The network: from a curve to the probability of each set of types and, for each set, a density of sizes and shares.

A residual perceptron makes an embedding of the curve. One layer reads the set of types from it; another, which also sees which set is
asked about, gives a mixture of Gaussians over the coordinates the set uses,

.. math:: p(\theta | x, h) = \sum_m w_m \, N(\theta; \mu_m, (U_m^T U_m)^{-1}),

with U lower triangular (mixture density network; Bishop, Aston University NCRG/94/004 (1994); amortised as in Papamakarios and Murray,
NIPS 29 (2016) 1028). Gaussians, not a flow, because each is a proposal the exact likelihood can correct, and because a verdict then needs
matrix products alone: :mod:`engine.learning.forward` makes them without torch, which takes two seconds to load.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.learning.config import NetworkConfig
from engine.learning.coordinates import COUNT, SETS, used
from engine.learning.features import WIDTH
from engine.learning.forward import LOG_SCALE

TRIANGLE = COUNT * (COUNT + 1) // 2
PARAMETERS = 1 + COUNT + TRIANGLE
"""Numbers that make one Gaussian: its logit, its mean, its triangle."""


class Block(nn.Module):
    """A residual block: x + W2 silu(W1 norm(x))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return x and what the block adds."""
        added: Tensor = self.second(nn.functional.silu(self.first(self.norm(x))))
        return x + added


class Network(nn.Module):
    """From features to logits of the sets of types and to Gaussians."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.used: Tensor
        self.rows: Tensor
        self.columns: Tensor
        self.enter = nn.Linear(WIDTH, config.width)
        self.blocks = nn.ModuleList(Block(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.sets = nn.Linear(config.width, SETS.shape[0])
        self.asked = nn.Embedding(SETS.shape[0], config.width)
        self.answer = Block(config.width)
        self.mixture = nn.Linear(config.width, config.gaussians * PARAMETERS)
        self.register_buffer("used", torch.from_numpy(used(SETS).astype("float32")), persistent=False)
        rows, columns = torch.tril_indices(COUNT, COUNT)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    def embed(self, features: Tensor) -> Tensor:
        """Return the embedding, shape (B, width)."""
        x = self.enter(features)
        for block in self.blocks:
            x = block(x)
        embedding: Tensor = self.norm(x)
        return embedding

    def gaussians(self, embedding: Tensor, asked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits (B, M), means (B, M, d) and lower triangles U (B, M, d, d) for the sets *asked* (B,)."""
        raw = self.mixture(self.answer(embedding + self.asked(asked)))
        raw = raw.view(-1, self.config.gaussians, PARAMETERS)
        triangle = raw.new_zeros(*raw.shape[:2], COUNT, COUNT)
        triangle[..., self.rows, self.columns] = raw[..., 1 + COUNT :]
        diagonal = LOG_SCALE * torch.tanh(torch.diagonal(triangle, dim1=-2, dim2=-1) / LOG_SCALE)
        lower = torch.tril(triangle, -1) * torch.exp(diagonal)[..., None] + torch.diag_embed(torch.exp(diagonal))
        return raw[..., 0], raw[..., 1 : 1 + COUNT], lower

    def log_density(self, embedding: Tensor, asked: Tensor, theta: Tensor) -> Tensor:
        """Return ln p(theta | x, h), shape (B,), over the coordinates the sets *asked* use."""
        logits, means, lower = self.gaussians(embedding, asked)
        mask = self.used[asked][:, None]
        off = (theta[:, None] - means) * mask
        z = torch.einsum("bmij,bmj->bmi", lower, off) * mask
        log_det = (torch.log(torch.diagonal(lower, dim1=-2, dim2=-1)) * mask).sum(-1)
        size = mask.sum(-1)
        each = -0.5 * (z * z).sum(-1) + log_det - 0.5 * size * 1.8378770664
        return torch.logsumexp(torch.log_softmax(logits, -1) + each, -1)


class Loss(nn.Module):
    """Cross entropy of the set of types, less ln of the density of the truth under the true set."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor, label: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return both parts."""
        embedding = self.network.embed(features)
        entropy = nn.functional.cross_entropy(self.network.sets(embedding), label)
        return entropy, -self.network.log_density(embedding, label, theta).mean()
