"""The answer to one curve, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from engine.curve import Array


class Status(Enum):
    """Whether the program may judge the curve at all."""

    IN_FAMILY = "in family"
    DOUBTFUL = "doubtful"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the ends of its 90 % credible interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SizeEstimate:
    """Number-weighted size distribution of one type; the size is D of that type [nm].

    ``equivalent`` is the diameter of the sphere of equal volume [nm] and ``radius_of_gyration`` Rg [nm], both of the
    particle of mean D. ``told_mean`` and ``told_sd`` are 1 - var_posterior / var_prior of mean and sd: near 1 the data
    told it, near 0 only the prior did.
    """

    mean: Interval
    sd: Interval
    equivalent: float
    radius_of_gyration: float
    told_mean: float
    told_sd: float


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The best fit, drawn over the data.

    Parameters
    ----------
    q : ndarray, shape (n,)
        The points that were judged [1/nm].
    intensity : ndarray, shape (n,)
        The model, in the unit of the data.
    residuals : ndarray, shape (n,)
        (data - model) / sigma.
    sigma : ndarray, shape (n,)
        The standard deviations used (the file's, or estimated).
    background : float
        Constant background, in the unit of the data.
    components : mapping of str to ndarray, shape (n,)
        Share of each type, without background.
    """

    q: Array
    intensity: Array
    residuals: Array
    sigma: Array
    background: float
    components: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Analysis:
    """Verdict on one curve.

    Fractions, sizes and hypothesis are empty or None when the status is *outside*: a curve outside the family has no
    LNP type. ``nearest`` then still names the best-fitting hypothesis, for the fit that is drawn.

    Parameters
    ----------
    status : Status
        In family, doubtful or outside.
    reasons : tuple of str
        Plain sentences that led to the status, the weightiest first.
    sentence : str
        The verdict in one sentence for the head of the card.
    hypothesis, nearest : str
        "type 3", "type 3 + type 4" or "three or more types".
    hypotheses : mapping of str to float
        Posterior probability of each, given that the sample is in the family; sums to 1. Empty when outside.
    number_fractions, volume_fractions, scattering_fractions : mapping of str to Interval
        By type; the scattering fraction is the share of I at the lowest q. All types are present, or none.
    sizes : mapping of str to SizeEstimate
        By type, for the types of the hypothesis.
    particles : tuple
        (type, number fraction, particle of mean size) for each type of the best fit, for the 3-D view.
    chi2_reduced, runs_p : float
        Of the best fit; p of a Wald-Wolfowitz runs test on the residuals' signs.
    effective_samples : float
        Effective number of the weighted posterior draws.
    is_approximate : bool
        True when they are so few that intervals may be too narrow; one of the reasons says so.
    nuisances : mapping of str to Interval
        Shell thickness [nm] and contrasts [1e-6/Å²] that were free, by their name in :class:`engine.inference.particles.Particles`.
    told : mapping of str to float
        1 - var_posterior / var_prior of each type's number fraction.
    model : str
        Identity of the analyst that answered.
    """

    status: Status
    reasons: tuple[str, ...]
    sentence: str
    hypothesis: str | None
    nearest: str
    hypotheses: Mapping[str, float] = field(default_factory=dict)
    number_fractions: Mapping[str, Interval] = field(default_factory=dict)
    volume_fractions: Mapping[str, Interval] = field(default_factory=dict)
    scattering_fractions: Mapping[str, Interval] = field(default_factory=dict)
    sizes: Mapping[str, SizeEstimate] = field(default_factory=dict)
    particles: tuple[tuple[str, float, Any], ...] = ()
    fit: Fit
    chi2_reduced: float
    runs_p: float
    effective_samples: float
    is_approximate: bool = False
    nuisances: Mapping[str, Interval] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    seconds: float = 0.0
