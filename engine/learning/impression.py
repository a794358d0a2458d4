"""What a model says of one measured curve, before the exact likelihood has its say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.curve import Array, Curve
from engine.errors import ParameterError
from engine.learning import forward
from engine.learning.coordinates import KINDS, SETS, to_posterior
from engine.learning.features import bin_curve
from engine.learning.model_folder import Model
from engine.learning.training import distance
from engine.models.registry import LNP_TYPES


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A mixture of Gaussians over the posterior's coordinates of one set of types.

    Those are ln mean and ln spread of each type, then the logits of the scattering shares against the last type.

    Parameters
    ----------
    weights : ndarray, shape (M,)
        Sum to 1.
    centres, covariances : ndarray, shape (M, d) and (M, d, d)
    """

    weights: Array
    centres: Array
    covariances: Array


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What a network makes of a curve.

    Parameters
    ----------
    log_support : dict of tuple of str to float
        For each set of types ln p(x | set) up to a constant: its probability over that in the training.
    novelty : float
        Share of the training's kind of curves that lie nearer to its centre; near 1 for a curve unlike them.
    """

    log_support: dict[tuple[str, ...], float]
    novelty: float
    _model: Model
    _embedding: forward.Single

    def proposal(self, types: tuple[str, ...]) -> Proposal:
        """Return the density of sizes and shares if the sample holds just *types*, in the order of the registry."""
        index = _index(types)
        found = forward.gaussians(self._model.weights, self._embedding, index, self._model.calibration.inflation)[0]
        pairs = [to_posterior(index, centre, covariance) for centre, covariance in zip(found.centres, found.covariances, strict=True)]
        return Proposal(found.weights, np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs]))


def _index(types: tuple[str, ...]) -> int:
    return sum(1 << LNP_TYPES.index(kind) for kind in types) - 1


def look(model: Model, curve: Curve) -> Impression:
    """Return what *model* makes of a curve whose sigma is to be trusted.

    Raises
    ------
    ParameterError
        If no point lies where networks look.
    """
    intensity, sigma, filled = bin_curve(curve)
    if not filled.any():
        raise ParameterError("No point of the curve lies between 0.01 and 5 1/nm, where networks look. Check the unit of q.", "q")
    weights, calibration = model.weights, model.calibration
    embedding = forward.embed(weights, forward.scaler(weights).features(intensity, sigma, filled))
    logs = forward.log_probabilities(weights, embedding, calibration.temperature)[0]
    samples = model.config.samples
    known = [int(row @ (1 << np.arange(KINDS))) - 1 for row in samples.sets]
    support = {
        tuple(kind for kind, there in zip(LNP_TYPES, SETS[index], strict=True) if there): float(logs[index] - np.log(share))
        for index, share in zip(known, samples.set_shares, strict=True)
    }
    far = float(distance(weights, embedding)[0])
    novelty = float(np.interp(far, calibration.distances, np.linspace(0, 1, len(calibration.distances)))) if calibration.distances else 0.0
    return Impression(support, novelty, model, embedding)
