"""The best that any method can do on the paper's tasks.

For numbers the Cramér-Rao bound over all unknowns with the variance-matched information of the uniform priors added, averaged over the
prior (van Trees, Detection, Estimation, and Modulation Theory I (1968), section 2.4); for classes the accuracy of Bayes' rule.
"""

from __future__ import annotations

import numpy as np

from engine.curve import Array
from engine.learning.paper.answers import PRIOR, answer_classes, numbers_asked
from engine.learning.paper.likelihood import Model
from engine.learning.paper.protocol import Reading, Task, curves_of, generator, measure
from engine.progress import Report, Step, silent

_BLOCK = 200
_STEP = 1e-5


def least_variances(task: Task, model: Model, places: Array) -> Array:
    """Return the least mean square errors of the numbers a task asks for at each place, shape (n, targets)."""
    _, _, information = model.derivatives(places)
    covariance = np.linalg.inv(information + PRIOR * np.eye(places.shape[1]))
    slopes = np.stack([_slope(task, model, places, j) for j in range(places.shape[1])], axis=1)
    return np.asarray(np.einsum("npt,npr,nrt->nt", slopes, covariance, slopes))


def _slope(task: Task, model: Model, places: Array, j: int) -> Array:
    moved = np.zeros(places.shape[1])
    moved[j] = _STEP
    return np.asarray((numbers_asked(model, task, places + moved) - numbers_asked(model, task, places - moved)) / (2 * _STEP))


def bound_of_numbers(task: Task, reading: Reading, count: int, *, scale: bool = False, report: Report = silent) -> Array:
    """Return the bound of the mean square error of each number, averaged over *count* samples of the prior, shape (targets,)."""
    samples = task.draw(task, count, reading, generator(task, reading, 0, "bound"))
    model = Model(task.types, reading, curves_of(reading), scale)
    places = model.places(samples)
    parts = []
    for i in range(0, count, _BLOCK):
        report(Step(i, count, f"bound of {task.key}"))
        parts.append(least_variances(task, model, places[i : i + _BLOCK]))
    return np.asarray(np.concatenate(parts).mean(axis=0))


def expected_accuracy(probabilities: Array) -> tuple[float, float]:
    """Return the accuracy of the rule that names the most probable class, and its standard error, from posteriors of a random sample."""
    best = probabilities.max(axis=1)
    return float(best.mean()), float(best.std() / np.sqrt(len(best)))


def bayes_accuracy(task: Task, reading: Reading, count: int, report: Report = silent) -> tuple[float, float]:
    """Return the accuracy of Bayes' rule over the prior, and its Monte Carlo error, from *count* curves made for this alone."""
    rng = generator(task, reading, 0, "bound")
    measured = measure(task.draw(task, count, reading, rng), curves_of(reading), rng)
    return expected_accuracy(answer_classes(task, reading, measured, truth=measured.samples, report=report))
