"""Whether the program may judge a curve at all, and why, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, ndtr

from engine.curve import Array
from engine.inference.analysis import Interval, Status
from engine.inference.hypotheses import Hypothesis
from engine.inference.other_shells import OtherShell
from engine.models.registry import MODELS

FAMILY = (20.0, 100.0)
"""Sizes D [nm] of the particles this program knows."""

MISFIT_DOUBTFUL = 0.01
MISFIT_OUTSIDE = 0.04
"""Relative deviation of the best fit, beyond noise, over the range where particles scatter."""

CHI2_DOUBTFUL, CHI2_OUTSIDE = 1.5, 3.0
"""Reduced chi² over the bins; outside needs both this and a misfit."""

FORM_OUTSIDE = 0.10
"""The same for one type that stands out with sizes of any form: real samples are seldom exactly log-normal."""

LOG_NORMAL_OUTSIDE = 0.30
"""Even then the log-normal sizes that are reported must come this near."""

NARROWEST, WIDEST = 0.03, 0.35
"""Relative standard deviations of the sizes that the family may have."""

REACH_DOUBTFUL, REACH_OUTSIDE = 4.0, 40.0
"""Rise of the information criterion when only sizes and spreads of the family may be used. Known types stay at 0 but for chance."""

PLAIN_DOUBTFUL, PLAIN_OUTSIDE = -3.0, -10.0
"""Lead of the best fit over one population of plain bodies. Spheres are such bodies: for them it is 5, the price of the axial ratio,
less what chance gives, which is over 8 once in two hundred."""

EDGE = 1.03
"""A size is outside the family when it lies beyond its ends by more than this factor."""

LEAD, BEHIND = 8.0, -10.0
"""Drop of the information criterion that the LNP fit must bring over a featureless scatterer; below the second it is outside.

The first was set on 80 simulated curves of the known types alone: of 40 at 2 % noise it doubts two for this reason, where 20 doubts
seven, and none of 40 at 0.5 %.
"""

SMOOTH = 0.5
"""Below this reduced chi² the residuals are no noise but rounding or interpolation, and their runs say nothing."""

RARE = 1e-3
"""Probability below which runs and chi² count as evidence of a misfit."""

SIGNAL = 100.0
"""Drop of chi² that particle scattering must bring over a constant."""

SURE = 0.9
"""From this probability on the verdict is said without its runner-up."""

NOVEL = 0.998
"""From this novelty on a network's word counts as a doubt: two in a thousand curves of the family are beyond it."""

OTHER_TYPE_LEAD, OTHER_SHELL_LEAD = 0.0, 10.0
"""Leads over the best fit at the usual shell from which another shell raises a doubt: with another type where the verdict is sure, and
with the same types or where it is not sure, so that a runner-up is named anyway.

Set on 441 simulated curves of the usual shell, of which they doubt four, and 216 with shells of 3 to 5 nm.
"""

MIN_INFORMATIVE, FEW_INFORMATIVE = 10, 20
"""Bins with particle scattering at least three times their error that a judgement needs, and below which it is doubtful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the judgement rests on.

    Parameters
    ----------
    chi2_bins, freedom : float, int
        Sum of squares over the bins at the best fit, and degrees of freedom.
    runs_p : float
        Probability of as few runs of sign in the binned residuals by chance.
    misfit : float
        Relative deviation of the best fit beyond noise; see :func:`relative_misfit`.
    form_misfit : float or None
        The same for the one type that stands out when sizes may have any distribution; None where none does.
    gain : float
        Drop of chi² against a constant.
    lead : float
        Information criterion of a featureless scatterer less that of the fit.
    reach : float
        Rise of the information criterion when every size and spread must be one of the family.
    plain_lead : float
        Information criterion of one population of plain bodies less that of the best fit; inf where those are spheres, a known type.
    plain_words : str
        Those bodies in words.
    types : int
        Types of the fit with the smallest information criterion.
    informative : int
        Bins whose particle scattering is at least three times their error.
    sizes : tuple of Interval
        Mean sizes D [nm] of the types of the most probable hypothesis.
    stated_sigma : bool
        The file gives standard deviations.
    points : int
        Judged points.
    novelty : float or None
        Share of a network's training curves that are nearer to their centre than this one; None where that says nothing.
    other_shells : tuple of OtherShell
        Best readings with another shell; empty where the user said what the shell is.
    probability : float
        Of the most probable hypothesis.
    """

    chi2_bins: float
    freedom: int
    runs_p: float
    misfit: float
    form_misfit: float | None
    gain: float
    lead: float
    reach: float
    plain_lead: float
    plain_words: str
    types: int
    informative: int
    sizes: tuple[Interval, ...]
    stated_sigma: bool
    points: int
    novelty: float | None = None
    other_shells: tuple[OtherShell, ...] = ()
    probability: float = 1.0


def runs_probability(residuals: Array) -> float:
    """Return the probability of as few or fewer runs of equal sign by chance (Wald and Wolfowitz 1940).

    Normal approximation with continuity correction; 1 when all signs are equal and fewer than two points differ is not
    informative, so fewer than two of either sign among fewer than ten points give 1.
    """
    signs = residuals > 0
    plus, n = int(signs.sum()), residuals.size
    minus = n - plus
    if n < 10:
        return 1.0
    if min(plus, minus) == 0:
        return float(2.0 ** (1 - n))
    runs = 1 + int(np.count_nonzero(signs[1:] != signs[:-1]))
    mean = 1 + 2 * plus * minus / n
    spread = np.sqrt(max((mean - 1) * (mean - 2) / (n - 1), 1e-12))
    return float(ndtr((runs + 0.5 - mean) / spread))


def relative_misfit(data: Array, model: Array, background: float, sigma: Array) -> float:
    """Return the root mean square of (data - model) / particle scattering beyond noise, over bins that show particles.

    Only bins whose particle scattering is at least three times sigma count, each weighted alike; the variance expected from
    noise is subtracted.
    """
    signal = np.abs(model - background)
    seen = signal > 3 * sigma
    if seen.sum() < 5:
        return 0.0
    excess = ((data - model)[seen] ** 2 - sigma[seen] ** 2) / signal[seen] ** 2
    return float(np.sqrt(max(excess.mean(), 0.0)))


def judge(evidence: Evidence) -> tuple[Status, tuple[str, ...]]:
    """Return the status and its reasons, the weightiest first."""
    outside = _outside(evidence)
    doubts = _doubts(evidence)
    if outside:
        return Status.OUTSIDE, outside
    if doubts:
        return Status.DOUBTFUL, doubts
    return Status.IN_FAMILY, (_praise(evidence),)


def _outside(e: Evidence) -> tuple[str, ...]:
    reduced = e.chi2_bins / max(e.freedom, 1)
    reasons = []
    if e.gain < SIGNAL:
        reasons.append("No particle scattering stands out above the background: a buffer or noise.")
    elif e.informative < MIN_INFORMATIVE:
        needed = f"at least {MIN_INFORMATIVE} are needed to tell a particle's shape"
        reasons.append(f"{_few(e.informative)}; {needed}. Measure longer, or check the subtraction.")
    close = e.form_misfit is not None and e.form_misfit < FORM_OUTSIDE and e.misfit < LOG_NORMAL_OUTSIDE
    if reduced > CHI2_OUTSIDE and e.misfit > MISFIT_OUTSIDE and not close:
        reasons.append(f"No lipid nanoparticle of the known types fits: the best one misses the points by {e.misfit:.0%}.")
    if e.sizes and all(size.high * EDGE < FAMILY[0] or size.low > EDGE * FAMILY[1] for size in e.sizes):
        reasons.append(f"The best fit is {e.sizes[0].value:.3g} nm in size; this program knows {FAMILY[0]:g} to {FAMILY[1]:g} nm.")
    if e.lead < BEHIND:
        reasons.append("A featureless scatterer of no particular shape fits better than any lipid nanoparticle.")
    if e.plain_lead < PLAIN_OUTSIDE:
        reasons.append(f"One population of {e.plain_words} fits better than any lipid nanoparticle.")
    if e.reach > REACH_OUTSIDE:
        reasons.append(f"Only particles smaller than {FAMILY[0]:g} nm, larger than {FAMILY[1]:g} nm or of unheard-of widths would fit.")
    return tuple(reasons)


def _few(groups: int) -> str:
    many, their = ("groups of points show", "their") if groups > 1 else ("group of points shows", "its")
    return f"{f'Only {groups}' if groups else 'No'} {many} particle scattering clearly above {their} error"


def _doubts(e: Evidence) -> tuple[str, ...]:
    reduced = e.chi2_bins / max(e.freedom, 1)
    by_chance = float(gammaincc(e.freedom / 2, e.chi2_bins / 2)) if e.freedom > 0 else 1.0
    reasons = []
    if e.form_misfit is not None:
        reasons.append(
            f"Log-normal sizes miss the points by {e.misfit:.1%}, sizes of any form by {e.form_misfit:.1%}: one type stands out, but its "
            "sizes, interactions or the instrument's resolution are not those of the model. Mixtures were not considered."
        )
    elif reduced > CHI2_DOUBTFUL and by_chance < RARE and e.misfit > MISFIT_DOUBTFUL:
        reasons.append(f"The best fit misses the points by {e.misfit:.1%}, more than the noise.")
    elif e.runs_p < RARE and reduced > SMOOTH:
        reasons.append(f"The residuals keep their sign over long stretches (p = {e.runs_p:.1g}): something small is not in the model.")
    if e.sizes and any(size.value * EDGE < FAMILY[0] or size.value > EDGE * FAMILY[1] for size in e.sizes):
        reasons.append(f"One of the sizes lies beyond {FAMILY[0]:g} to {FAMILY[1]:g} nm.")
    if e.lead <= LEAD:
        reasons.append("A featureless scatterer of no particular shape fits as well; nothing in the curve is special to these particles.")
    if e.plain_lead < PLAIN_DOUBTFUL:
        reasons.append(f"One population of {e.plain_words} fits as well; nothing in the curve tells these particles from plain bodies.")
    reasons += [rival.words for rival in e.other_shells if _matters(rival, e)]
    if e.types > 2:
        reasons.append(f"Only {e.types} types together fit; with so many sizes and widths the curves of other particles can be fitted too.")
    if e.reach > REACH_DOUBTFUL:
        reasons.append(f"The fit needs sizes beyond {FAMILY[0]:g} to {FAMILY[1]:g} nm, or widths that particles seldom have.")
    if e.informative < FEW_INFORMATIVE:
        reasons.append(f"{_few(e.informative)}.")
    if not e.stated_sigma and e.points < 60:
        reasons.append("The file gives no errors and few points, so how well the fit should be is not known.")
    if e.novelty is not None and e.novelty > NOVEL:
        reasons.append(f"The network knows no curve like it: {e.novelty:.1%} of those it was trained on lie nearer to their centre.")
    return tuple(reasons)


def _matters(rival: OtherShell, e: Evidence) -> bool:
    return rival.lead > (OTHER_TYPE_LEAD if rival.is_other_type and e.probability >= SURE else OTHER_SHELL_LEAD)


def _praise(e: Evidence) -> str:
    if e.chi2_bins > CHI2_DOUBTFUL * max(e.freedom, 1):
        return f"A particle of the known types fits to {max(e.misfit, 0.001):.1%}; the points scatter more than their errors say."
    if e.chi2_bins < SMOOTH * e.freedom:
        return "A particle of the known types fits well within the errors, which are larger than the points scatter."
    return f"A particle of the known types fits within the noise (residual runs p = {e.runs_p:.2g})."


def sentence(
    status: Status, winner: Hypothesis, chances: Mapping[str, float], sizes: Mapping[str, Interval], *, stands_out: bool = False
) -> str:
    """Return the verdict in one sentence; *stands_out* when one type alone fits with sizes of any form, and none of the others does."""
    if status is Status.OUTSIDE:
        return "Not a lipid nanoparticle this program knows."
    what = " and ".join(f"{_inside_a_sentence(MODELS[kind].title)} ({kind}, {_length(sizes[kind])})" for kind in winner.types)
    if len(winner.types) > 1:
        what = f"a mixture of {what}"
    chance = chances[winner.name]
    if status is Status.DOUBTFUL and stands_out:
        return f"{what[0].upper()}{what[1:]} before all other types, but the details differ from the model: see the reasons."
    if status is Status.DOUBTFUL:
        return f"Perhaps {what}, with doubts: see the reasons."
    if chance >= SURE:
        share = f"{chance:.0%}" if chance < 0.995 else "over 99 %"
        return f"{what[0].upper()}{what[1:]}; probability {share}."
    next_name, next_chance = max(((name, p) for name, p in chances.items() if name != winner.name), key=lambda item: item[1])
    return f"Most likely {what}, probability {chance:.0%}; next {next_name}, {next_chance:.0%}."


def _inside_a_sentence(title: str) -> str:
    return title[:1].lower() + title[1:]


def _length(size: Interval) -> str:
    return f"{size.value:.3g} nm"
