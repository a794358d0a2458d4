"""First guesses: the sizes whose curves add up best to a noisy curve, on a coarse grid of sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.curve import Array
from engine.learning.paper.likelihood import Model
from engine.learning.paper.protocol import MEANS

_FLOOR = 0.05  # relative error that a grid leaves
_FINE = 0.01  # the same, where the other types are fitted
_WINDOW = 15  # points of the running mean that tells how noisy a point is
_SWEEPS = 3
_BLOCK = 50
_KNOWN = 1e4  # weight of "the numbers sum to 1" where the scale is known
_LEVEL = 10**5.75  # a noise level in the middle of the prior
_SMALL = 1e-6
_USUAL = 1e10  # intensity of a particle of middle size at low q


def first_guesses(model: Model, log_intensity: Array, count: int = 3, openings: int = 12) -> Array:
    """Return *count* different places in the box from which to climb, for each curve; shape (count, n, p).

    The best size of the first type in each of *openings* ranges begins; the others are added to it, then each is changed in turn to the
    best on the grid beside the others, with the numbers fitted.
    """
    blocks = [_guess(model, log_intensity[i : i + _BLOCK], count, openings) for i in range(0, len(log_intensity), _BLOCK)]
    return np.concatenate(blocks, axis=1)


def _grid(model: Model) -> tuple[Array, Array]:
    """Return means and spreads [nm] of the grid."""
    low, high = model.reading.sds
    narrow = high < 1
    means = np.arange(MEANS[0], MEANS[1] + 0.1, 0.5 if narrow else 1.0)
    sds = np.array([(low + high) / 2]) if narrow else np.array([0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high])
    return np.repeat(means, sds.size), np.tile(sds, means.size)


def _guess(model: Model, log_intensity: Array, count: int, openings: int) -> Array:
    means, sds = _grid(model)
    k, size = len(model.types), means.size
    gram, product = _products(model, means, sds, log_intensity)
    chosen = np.zeros((len(log_intensity), openings, k), dtype=np.int64)
    edges = np.linspace(0, size, openings + 1).astype(np.int64)
    gains = _gains(gram, product, chosen[:, :1], [], 0, size)[:, 0]
    for i in range(openings):
        chosen[:, i, 0] = edges[i] + gains[:, edges[i] : edges[i + 1]].argmax(axis=1)
    gain = np.take_along_axis(gains, chosen[:, :, 0], axis=1)
    turns = [(j, list(range(j))) for j in range(1, k)] + _SWEEPS * [(j, [i for i in range(k) if i != j]) for j in range(k) if k > 1]
    for j, others in turns:
        each = _gains(gram, product, chosen, others, j, size)
        chosen[:, :, j], gain = each.argmax(axis=2), each.max(axis=2)
    return _distinct(model, _unit(model, log_intensity), gram, product, chosen, gain, means, sds, count)


def _products(model: Model, means: Array, sds: Array, log_intensity: Array) -> tuple[Array, Array]:
    """Return the weighted inner products of the grid's curves with each other and with each curve: (n, K size, K size), (n, K size)."""
    intensity = np.exp(log_intensity) / _unit(model, log_intensity)[:, None]
    smooth = uniform_filter1d(intensity, _WINDOW, axis=1, mode="nearest")
    weight = 1 / np.sqrt(_LEVEL * smooth + (_FLOOR * smooth) ** 2)
    curves = np.concatenate([model.sized.average(kind, means, sds) for kind in model.types]).astype(np.float32)
    scaled = curves[None] * weight[:, None].astype(np.float32)
    gram = (scaled @ scaled.transpose(0, 2, 1)).astype(np.float64)
    product = (scaled @ (weight * intensity)[:, :, None].astype(np.float32))[:, :, 0].astype(np.float64)
    if not model.scale:
        gram, product = gram + _KNOWN, product + _KNOWN
    return gram, product


def _unit(model: Model, log_intensity: Array) -> Array:
    """Return by what each curve is divided, shape (n,): where its scale is unknown its largest value becomes that of a usual particle."""
    if not model.scale:
        return np.ones(len(log_intensity))
    return np.asarray(np.exp(log_intensity.max(axis=1)) / _USUAL)


def _gains(gram: Array, product: Array, chosen: NDArray[np.int64], others: list[int], j: int, size: int) -> Array:
    """Return how much of the curve each size of type *j* explains beside the sizes chosen of *others*, shape (n, openings, size)."""
    n = np.arange(len(gram))[:, None]
    block = slice(j * size, (j + 1) * size)
    own = np.einsum("naa->na", gram)[:, None, block]
    wanted = np.broadcast_to(product[:, None, block], (len(gram), chosen.shape[1], size))
    before = np.zeros((len(gram), chosen.shape[1]))
    if others:
        rows = np.stack([chosen[:, :, i] + i * size for i in others], axis=2)
        inner = gram[n[:, :, None, None], rows[..., :, None], rows[..., None, :]]
        diagonal = np.einsum("...aa->...a", inner)
        diagonal[...] *= 1 + _SMALL
        right = product[n[:, :, None], rows]
        cross = gram[:, :, block][n[:, :, None], rows]
        amplitudes = np.linalg.solve(inner, right[..., None])
        before = (right * amplitudes[..., 0]).sum(axis=-1)
        wanted = wanted - (cross * amplitudes).sum(axis=2)
        own = own - (cross * np.linalg.solve(inner, cross)).sum(axis=2)
    least = _SMALL * np.einsum("naa->na", gram)[:, None, block]
    return np.asarray(before[:, :, None] + np.where(wanted > 0, wanted**2 / np.maximum(own, least), 0.0))


def _distinct(
    model: Model, unit: Array, gram: Array, product: Array, chosen: NDArray[np.int64], gain: Array, means: Array, sds: Array, count: int
) -> Array:
    """Return the places of the *count* best different choices."""
    size = means.size
    order = np.argsort(-gain, axis=1)
    result = np.empty((count, len(gram), model.width.size))
    for row in range(len(gram)):
        seen: list[tuple[int, ...]] = []
        for opening in order[row]:
            pick = tuple(int(i) for i in chosen[row, opening])
            if pick not in seen:
                seen.append(pick)
        for slot in range(count):
            pick = seen[min(slot, len(seen) - 1)]
            rows = np.array([i + j * size for j, i in enumerate(pick)])
            inner = gram[row][np.ix_(rows, rows)]
            amplitudes = np.maximum(np.linalg.lstsq(inner, product[row, rows], rcond=1e-12)[0], 1e-3)
            numbers = amplitudes / amplitudes.sum()
            values = [*means[list(pick)], *sds[list(pick)], *numbers[:-1], np.log(_LEVEL)]
            if model.scale:
                values.append(np.log(amplitudes.sum() * unit[row]))
            result[slot, row] = (np.array(values) - model.low) / model.width
    return result


def second_guess(model: Model, places: Array, log_intensity: Array, j: int) -> Array:
    """Return the places with the size of type *j* that explains best what the other types leave, at the noise of the fit."""
    values, numbers, k = model.values(places), model.numbers(places), len(model.types)
    means, sds = _grid(model)
    parts = [numbers[:, i, None] * model.sized.average(kind, values[:, i], values[:, k + i]) for i, kind in enumerate(model.types)]
    total = np.asarray(sum(parts))
    scale = np.exp(values[:, -1:]) if model.scale else 1.0
    rest = np.exp(log_intensity) / scale - total + parts[j]
    weight = 1 / (np.exp(values[:, 3 * k - 1, None]) * total + (_FINE * total) ** 2)
    curves = model.sized.average(model.types[j], means, sds)
    product, own = (weight * rest) @ curves.T, weight @ (curves.T**2)
    amplitude = np.clip(product / own, 0.0, 1.0)
    best = (2 * amplitude * product - amplitude**2 * own).argmax(axis=1)
    share = np.clip(amplitude[np.arange(len(places)), best], 1e-3, 1.0)[:, None]
    new = np.where(np.arange(k) == j, share, numbers)
    new /= new.sum(axis=1, keepdims=True)
    guess = places.copy()
    guess[:, j] = (means[best] - model.low[j]) / model.width[j]
    guess[:, k + j] = (sds[best] - model.low[k + j]) / model.width[k + j]
    guess[:, 2 * k : 3 * k - 1] = new[:, : k - 1]
    return guess
