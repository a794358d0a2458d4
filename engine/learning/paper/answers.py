"""Our answers to the paper's tasks: the exact likelihood of each curve under each hypothesis, summed over what is unknown.

Nothing is trained. The sizes are searched on a grid, refined to the most probable ones, looked at once more (each type alone, and types
exchanged), and the likelihood near them is integrated within the box of the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import lgamma

import numpy as np

from engine.curve import Array
from engine.learning.paper.likelihood import Fit, Model, climb
from engine.learning.paper.protocol import Measured, Reading, Samples, Task, curves_of
from engine.learning.paper.search import first_guesses, second_guess
from engine.progress import Report, silent

PRIOR = 12.0
"""Information of the prior on a place in the box: one over the variance of a uniform number from 0 to 1."""

_DRAWS = 400
_DEGREES = 5.0  # of freedom of the t distribution that proposes draws
_SEED = 4
_CLEAR = 12.0  # difference in ln evidence beyond which a more exact one changes nothing
_EXACT_DRAWS = 600


def fit(model: Model, log_intensity: Array, *, known: Array | None = None, report: Report = silent) -> Fit:
    """Return the most probable places found for each curve.

    Parameters
    ----------
    known : ndarray, shape (n, p), optional
        Places to climb from too: the true ones, where a bound is sought.
    """
    guesses = first_guesses(model, log_intensity, count=2 if len(model.types) < 3 else 3)
    found = climb(model, guesses[0], log_intensity, rough=True, report=report)
    for places in guesses[1:]:
        found = _also_from(model, found, places, log_intensity, report)
    for j in range(len(model.types) if len(model.types) > 1 else 0):
        found = _also_from(model, found, second_guess(model, found.places, log_intensity, j), log_intensity, report)
    if len(model.types) > 2:
        for i, j in combinations(range(len(model.types)), 2):
            found = _also_from(model, found, exchanged(model, found.places, i, j), log_intensity, report)
    return found if known is None else found.better_of(climb(model, known, log_intensity, report=report))


def _also_from(model: Model, found: Fit, places: Array, log_intensity: Array, report: Report) -> Fit:
    rows = np.flatnonzero(np.abs(places - found.places).max(axis=1) > 1e-3)
    if not rows.size:
        return found
    other = climb(model, places[rows], log_intensity[rows], rough=True, report=report)
    return found.with_better(rows, other)


def exchanged(model: Model, places: Array, i: int, j: int) -> Array:
    """Return places with sizes and numbers of two types exchanged."""
    k = len(model.types)
    swapped, numbers = places.copy(), model.numbers(places)
    order = list(range(k))
    order[i], order[j] = j, i
    swapped[:, :k], swapped[:, k : 2 * k] = places[:, order], places[:, [k + o for o in order]]
    swapped[:, 2 * k : 3 * k - 1] = numbers[:, order][:, : k - 1]
    return swapped


def draw_posterior(model: Model, found: Fit, log_intensity: Array | None = None, draws: int = _DRAWS) -> tuple[Array, Array, Array]:
    """Return places drawn around each fit (n, draws, p), their weights, which sum to 1 (n, draws), and ln evidence (n,).

    With curves the likelihood is exact, otherwise its quadratic form at the fit. Draws outside the box weigh nothing.
    """
    n, p = found.places.shape
    covariance = np.linalg.inv(found.information + PRIOR * np.eye(p))
    root = np.linalg.cholesky((covariance + covariance.transpose(0, 2, 1)) / 2)
    rng = np.random.default_rng(_SEED)
    normal = rng.standard_normal((draws, p)) / np.sqrt(rng.chisquare(_DEGREES, (draws, 1)) / _DEGREES)
    steps = normal @ root.transpose(0, 2, 1)
    places = found.places[:, None] + steps
    inside = model.inside(places)
    if log_intensity is None:
        curvature = np.einsum("ndp,npr,ndr->nd", steps, found.information, steps, optimize=True)
        target = found.likelihood[:, None] + np.einsum("ndp,np->nd", steps, found.gradient) - curvature / 2
    else:
        target = np.full(inside.shape, -np.inf)
        for i in range(n):
            target[i, inside[i]] = model.log_likelihood(places[i, inside[i]], log_intensity[i : i + 1])
    proposal = -(_DEGREES + p) / 2 * np.log1p((normal**2).sum(axis=1) / _DEGREES)
    constant = lgamma((_DEGREES + p) / 2) - lgamma(_DEGREES / 2) - p / 2 * np.log(_DEGREES * np.pi)
    log_root = np.log(np.einsum("npp->np", root)).sum(axis=1)
    log_weights = np.where(inside, target - proposal - constant + log_root[:, None], -np.inf)
    top = log_weights.max(axis=1, initial=-1e300, keepdims=True)
    weights = np.exp(log_weights - top)
    total = weights.sum(axis=1, keepdims=True)
    evidence = top[:, 0] + np.log(np.maximum(total[:, 0], 1e-300) / draws) + lgamma(len(model.types))
    return places, weights / np.maximum(total, 1e-300), evidence


def numbers_asked(model: Model, task: Task, places: Array) -> Array:
    """Return the numbers a task asks for at places in the box of its types, shape (n, targets)."""
    numbers = model.numbers(places)
    if task.targets == ("mu",):
        return np.asarray((numbers * model.means(places)).sum(axis=1, keepdims=True))
    return numbers[:, : len(task.targets)]


def answer_numbers(task: Task, reading: Reading, measured: Measured, *, scale: bool = False, report: Report = silent) -> Array:
    """Return the posterior means of the numbers a task asks for, shape (n, targets)."""
    model = Model(task.types, reading, curves_of(reading), scale)
    found = fit(model, measured.log_intensity, report=report)
    places, weights, _ = draw_posterior(model, found)
    values = numbers_asked(model, task, places.reshape(-1, places.shape[2])).reshape(*weights.shape, -1)
    mean = np.einsum("nd,ndt->nt", weights, values)
    return np.where(weights.sum(axis=1, keepdims=True) > 0, mean, numbers_asked(model, task, found.places))


def answer_classes(task: Task, reading: Reading, measured: Measured, *, truth: Samples | None = None, report: Report = silent) -> Array:
    """Return the posterior probabilities of the classes, shape (n, classes): pure ones, by type or together, and the mixture.

    With the *truth* the sizes need no search to be found, and close calls are integrated with the exact likelihood: what remains is
    the error of the best possible rule.
    """
    curves, sized = measured.log_intensity, curves_of(reading)
    hypotheses = [(kind,) for kind in task.types] + [task.types]
    models = [Model(types, reading, sized) for types in hypotheses]
    fits = [fit(model, curves, known=None if truth is None else _known(model, truth), report=report) for model in models]
    evidence = np.stack([draw_posterior(model, found)[2] for model, found in zip(models, fits, strict=True)], axis=1)
    if truth is not None:
        _exactly(models, fits, curves, evidence)
    apart = len(task.classes) == len(hypotheses)
    prior = [1.0] * len(task.types) + [1.0 if apart else float(len(task.types))]
    odds = evidence + np.log(prior)
    probabilities = np.exp(odds - odds.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities if apart else np.stack([probabilities[:, :-1].sum(axis=1), probabilities[:, -1]], axis=1)


def _known(model: Model, truth: Samples) -> Array:
    """Return the true places; of a type that is not there the sizes drawn for it."""
    places = model.places(truth)
    k = len(model.types)
    places[:, 2 * k : 3 * k - 1] = np.clip(places[:, 2 * k : 3 * k - 1], 1e-3, 1 - 1e-3)
    return places


def _exactly(models: Sequence[Model], fits: Sequence[Fit], curves: Array, evidence: Array) -> None:
    """Replace the evidence of close calls by that of the exact likelihood."""
    order = np.sort(evidence, axis=1)
    close = np.flatnonzero(order[:, -1] - order[:, -2] < _CLEAR)
    for column, (model, found) in enumerate(zip(models, fits, strict=True)):
        rows = close[evidence[close, column] > order[close, -1] - _CLEAR]
        if rows.size:
            evidence[rows, column] = draw_posterior(model, found.take(rows), curves[rows], _EXACT_DRAWS)[2]
