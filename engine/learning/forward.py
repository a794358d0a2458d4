"""The network evaluated with matrix products alone: the same numbers as torch gives, without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from engine.curve import Array
from engine.learning.coordinates import COUNT, SETS, used
from engine.learning.features import Scaler

Single = NDArray[np.float32]
LOG_SCALE = 7.0
"""Bound on ln of the diagonal of U: no coordinate is claimed to be known better than e^-7 of its width."""

_ROWS, _COLUMNS = np.tril_indices(COUNT)


@dataclass(frozen=True, slots=True, eq=False)
class Gaussians:
    """A mixture of Gaussians over the coordinates one set of types uses: weights (M,), centres (M, d), covariances (M, d, d)."""

    weights: Array
    centres: Array
    covariances: Array


def embed(weights: Mapping[str, Single], features: Single) -> Single:
    """Return the embedding of each row, shape (B, width)."""
    x = _linear(weights, "enter", features)
    number = 0
    while f"blocks.{number}.norm.weight" in weights:
        x = _block(weights, f"blocks.{number}", x)
        number += 1
    return _norm(weights, "norm", x)


def log_probabilities(weights: Mapping[str, Single], embedding: Single, temperature: float = 1.0) -> Array:
    """Return ln of the probability of each set of types, shape (B, 15), under the prior of the training."""
    return np.asarray(log_softmax(_linear(weights, "sets", embedding).astype(np.float64) / temperature, axis=1))


def gaussians(weights: Mapping[str, Single], embedding: Single, index: int, inflation: float = 1.0) -> list[Gaussians]:
    """Return for each row the density of the coordinates that set *index* uses, covariances times *inflation*."""
    hidden = _block(weights, "answer", embedding + weights["asked.weight"][index])
    raw = _linear(weights, "mixture", hidden).astype(np.float64)
    raw = raw.reshape(raw.shape[0], -1, 1 + COUNT + _ROWS.size)
    chosen = used_coordinates(index)
    triangle = np.zeros((*raw.shape[:2], COUNT, COUNT))
    triangle[..., _ROWS, _COLUMNS] = raw[..., 1 + COUNT :]
    diagonal = np.exp(LOG_SCALE * np.tanh(np.diagonal(triangle, axis1=-2, axis2=-1) / LOG_SCALE))
    lower = np.tril(triangle, -1) * diagonal[..., None]
    lower[..., np.arange(COUNT), np.arange(COUNT)] = diagonal
    lower = lower[..., chosen[:, None], chosen]
    inverse = np.linalg.inv(lower)
    covariances = inflation * np.einsum("bmij,bmkj->bmik", inverse, inverse)
    shares = np.exp(log_softmax(raw[..., 0], axis=1))
    centres = raw[..., 1 + chosen]
    return [Gaussians(*row) for row in zip(shares, centres, covariances, strict=True)]


def used_coordinates(index: int) -> NDArray[np.intp]:
    """Return the coordinates that set *index* uses."""
    return np.asarray(np.flatnonzero(used(SETS[index : index + 1])[0]), dtype=np.intp)


def log_density(mixture: Gaussians, theta: Array) -> float:
    """Return ln of the density of *mixture* at *theta* (d,)."""
    off = theta - mixture.centres
    solved = np.linalg.solve(mixture.covariances, off[..., None])[..., 0]
    _, log_det = np.linalg.slogdet(mixture.covariances)
    each = -0.5 * ((off * solved).sum(axis=1) + log_det + theta.size * np.log(2 * np.pi))
    return float(logsumexp(each, b=mixture.weights))


def scaler(weights: Mapping[str, Single]) -> Scaler:
    """Return the scaler stored with the weights."""
    return Scaler(weights["scaler.mean"], weights["scaler.deviation"])


def _linear(weights: Mapping[str, Single], name: str, x: Single) -> Single:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Single], name: str, x: Single) -> Single:
    mean = x.mean(axis=1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(variance + 1e-5) * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _block(weights: Mapping[str, Single], name: str, x: Single) -> Single:
    hidden = _linear(weights, f"{name}.first", _norm(weights, f"{name}.norm", x))
    hidden = hidden / (1 + np.exp(-np.clip(hidden, -60, 60)))
    return x + _linear(weights, f"{name}.second", hidden)
