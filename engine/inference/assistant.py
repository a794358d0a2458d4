"""What a network contributes to one analysis: where to look, what to propose, and whether the curve is one of its kind.

It decides nothing. The fit begins at its sizes too, the posterior is drawn from its densities too, and the exact likelihood corrects
both; only its word that a curve is like none of its training becomes a reason of the judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis
from engine.errors import EngineError
from engine.inference.hypotheses import Hypothesis
from engine.inference.posterior import Kernels, kernels
from engine.inference.prepare import Prepared
from engine.inference.settings import NOBODY, SHIPPED
from engine.learning.impression import Impression, look
from engine.learning.model_folder import MODEL, Model, default_model, load_model

STARTS, PROPOSALS = 2, 3
"""Gaussians of a network whose centres begin a fit, and that are proposed from; the weightiest."""

MARGIN = 1.05
"""A curve is of the kind a network knows when its range of q is that of the training to this factor."""


@dataclass(frozen=True, slots=True, eq=False)
class Assistant:
    """A network that has looked at a curve.

    Parameters
    ----------
    identity : str
        Of the model.
    novelty : float or None
        Share of the training's curves that are nearer to its centre; None where the curve's range of q is not one of the training, so
        that it would be new in any case.
    """

    identity: str
    novelty: float | None
    _impression: Impression

    def knows(self, hypothesis: Hypothesis) -> bool:
        """Return whether the network was trained on such samples."""
        return hypothesis.types in self._impression.log_support

    def starts(self, hypothesis: Hypothesis) -> list[Array]:
        """Return sizes (k, 2) from which to begin a fit."""
        if not self.knows(hypothesis):
            return []
        proposal = self._impression.proposal(hypothesis.types)
        best = np.argsort(proposal.weights)[::-1][:STARTS]
        return [proposal.centres[i, : 2 * len(hypothesis.types)].reshape(-1, 2) for i in best]

    def proposals(self, hypothesis: Hypothesis) -> tuple[Kernels, ...]:
        """Return densities to draw from."""
        if not self.knows(hypothesis):
            return ()
        proposal = self._impression.proposal(hypothesis.types)
        best = np.argsort(proposal.weights)[::-1][:PROPOSALS]
        return (kernels(proposal.centres[best], proposal.covariances[best]),)


def assistant(prepared: Prepared, basis: Basis, model: str) -> Assistant | None:
    """Return the network *model* after a look at the curve; None where there is none, or it was made for another *basis*.

    Raises
    ------
    DataFileError
        If *model* is a folder that can't be read.
    """
    known = _model(model, _stamp(model))
    if known is None or known.basis != basis.identity:
        return None
    try:
        impression = look(known, prepared.curve)
    except EngineError:  # no point lies where it looks
        return None
    return Assistant(known.identity, impression.novelty if _is_of_its_kind(known, prepared) else None, impression)


def _stamp(model: str) -> float:
    """Return when a model's folder was last written, so that a new one of the same name is read anew."""
    path = Path(model) / MODEL
    return path.stat().st_mtime if model not in (SHIPPED, NOBODY) and path.is_file() else 0.0


@lru_cache(maxsize=4)
def _model(model: str, _: float) -> Model | None:
    if model == NOBODY:
        return None
    return default_model() if model == SHIPPED else load_model(Path(model))


def _is_of_its_kind(model: Model, prepared: Prepared) -> bool:
    """Return whether the curve was measured in the range of q, and with as many points, as curves of the training."""
    ranges, q = model.config.instrument, prepared.curve.q
    if ranges.grid:
        first, last = (ranges.grid[0], ranges.grid[0]), (ranges.grid[-1], ranges.grid[-1])
        points = (0.8 * len(ranges.grid), 1.2 * len(ranges.grid))
    else:
        first, last, points = ranges.q_min, ranges.q_max, ranges.points
    inside = first[0] / MARGIN <= q[0] <= first[1] * MARGIN and last[0] / MARGIN <= q[-1] <= last[1] * MARGIN
    return bool(inside and points[0] <= q.size <= points[1])
