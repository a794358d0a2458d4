r"""A rival that differs in what was taken for granted: particles of another shell.

Unless the user says otherwise a curve is judged with a shell of 4 nm, and particles of another shell can pass for another type. So each
single type, and each pair that is near the best fit, is fitted once more with the shell free from 3 to 5 nm, beginning at its best fit
at 4 nm. Compared is

.. math:: \mathrm{BIC}(t) = \chi^2(t) + p \ln m + (t - 4)^2 / s^2, \quad s = 0.5 \text{ nm},

with p the parameters at a known shell: the last term, a Gaussian prior, pays for the further one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.resources import as_file, files

import numpy as np

from engine.datasets.basis import Basis, default_basis
from engine.datasets.library_file import Table, read_library
from engine.datasets.particle_terms import WHOLE, ParticleTerms, Terms
from engine.inference.fit import Mode, refine_all
from engine.inference.free import FreeTable, free_table, joint, parts_of
from engine.inference.hypotheses import Hypothesis
from engine.inference.particles import Particles
from engine.inference.prepare import Prepared
from engine.progress import Report, Step, silent

FREE = Particles(shell_thickness=(3.0, 5.0))
"""Shells that are tried; those of the table."""

USUAL, SPREAD = 4.0, 0.5
"""Shell [nm] that is taken for granted, and how far others lie from it."""

NEAR = 100.0
"""A pair is tried when its information criterion at the usual shell is at most this much above the best."""

CLEARLY = 6.0
"""Lead from which another reading is said to fit better, and not only as well."""

SETTLED = 0.3
"""A fit is good enough when a step improves chi² by less than this."""


@dataclass(frozen=True, slots=True)
class OtherShell:
    """The best reading with another shell.

    Parameters
    ----------
    types : tuple of str
        Its types.
    thickness : float
        Its shell [nm].
    lead : float
        Information criterion of the best fit at the usual shell less that of this one.
    is_other_type : bool
        True where its types are not those of the verdict.
    """

    types: tuple[str, ...]
    thickness: float
    lead: float
    is_other_type: bool

    @property
    def words(self) -> str:
        """What a reader should know, and do."""
        what = " + ".join(self.types)
        how = "better" if self.lead > CLEARLY else "as well"
        fits = f"{what} {'fit' if len(self.types) > 1 else 'fits'} {how}"
        return f"With a shell of {self.thickness:.2g} nm, {fits}; state the shell, or leave it free (Particles; --shell 3:5)."


def load() -> None:
    """Make ready what every curve needs, so that the first one does not wait for it."""
    parts_of(_terms()).at(np.zeros(1))


def other_shells(
    prepared: Prepared, modes: Mapping[Hypothesis, Sequence[Mode]], best: Mode, winner: Hypothesis, report: Report = silent
) -> tuple[OtherShell, ...]:
    """Return the best reading as other types than those of *winner*, and the best as the same ones, with another shell.

    Parameters
    ----------
    prepared : Prepared
        Points and bins; those beyond the table's q do not count.
    modes : mapping of Hypothesis to sequence of Mode
        Best fits at the usual shell.
    best : Mode
        The one of them with the smallest information criterion.
    report : Report
        Told of each fit; may raise Cancelled.
    """
    report(Step(3, 4, "trying other shells"))
    terms = _terms()
    seen = _within(prepared, terms.q_max)
    kinds = tuple(kind for kind in terms.terms if Hypothesis((kind,)) in modes)
    free = free_table(seen, FREE, terms, kinds)
    penalty = float(np.log(free.shapes.data.size))
    usual = refine_all(_only(free, best.hypothesis).at(np.array([USUAL])), best.hypothesis, [best.sizes], iterations=10)[0]
    limit = best.chi2 + _count(best.hypothesis) * penalty + NEAR
    fits_free = []
    for hypothesis, fits in modes.items():
        near = len(hypothesis.types) == 1 or (len(hypothesis.types) == 2 and fits[0].chi2 + _count(hypothesis) * penalty < limit)
        if near and hypothesis.types != ("type 4",):
            report(Step(3, 4, f"trying {hypothesis.name} with other shells"))
            fits_free.append(joint(_only(free, hypothesis), fits[0], np.array([USUAL]), settled=SETTLED))
    # points that scatter more than stated do so whatever the particles are
    freedom = max(free.shapes.data.size - _count(best.hypothesis), 1)
    excess = max(1.0, min((fit.mode.chi2 for fit in fits_free), default=0.0) / freedom)
    found = []
    for fit in fits_free:
        thickness, more = float(fit.theta[0]), _count(fit.mode.hypothesis) - _count(best.hypothesis)
        lead = (usual.chi2 - fit.mode.chi2) / excess - more * penalty - ((thickness - USUAL) / SPREAD) ** 2
        found.append(OtherShell(fit.mode.hypothesis.types, thickness, lead, fit.mode.hypothesis != winner))
    first = (max((one for one in found if one.is_other_type is other), key=_lead, default=None) for other in (True, False))
    return tuple(one for one in first if one is not None)


def _lead(found: OtherShell) -> float:
    return found.lead


def _count(hypothesis: Hypothesis) -> int:
    return 3 * len(hypothesis.types) + 1


def _only(free: FreeTable, hypothesis: Hypothesis) -> FreeTable:
    """Return *free* with the types of *hypothesis* alone, which is quicker."""
    return replace(free, parts={kind: free.parts[kind] for kind in hypothesis.types})


def _within(prepared: Prepared, q_max: float) -> Prepared:
    """Return *prepared* without the bins that hold points beyond *q_max*."""
    beyond = prepared.curve.q > q_max
    if not beyond.any():
        return prepared
    inside = np.flatnonzero(~beyond)
    whole = np.flatnonzero(prepared.binning @ beyond.astype(np.float64) == 0)
    return replace(
        prepared,
        curve=prepared.curve.select(~beyond),
        binning=prepared.binning[whole][:, inside],
        q=prepared.q[whole],
        intensity=prepared.intensity[whole],
        sigma=prepared.sigma[whole],
    )


def shell_basis(thickness: float) -> Basis:
    """Return the curves of particles of another shell [nm], 3 to 5, otherwise as the usual ones."""
    return _terms().basis(thickness, {})


@lru_cache(maxsize=1)
def _terms() -> ParticleTerms:
    """Return the curves at all shells: those that come with the program for this rival, and those of the basis at the usual shell."""
    basis = default_basis()
    with as_file(files("engine.datasets") / "data" / "other_shells.h5") as path:
        q, _, first = read_library(path, partial(_at, 0))
        table = next(iter(first.values())).table
        shells, diameters = table.shell_thickness, table.diameters
        parts = [first, *(read_library(path, partial(_at, place))[2] for place in range(1, shells.size))]
    same = np.isin(basis.diameters, diameters)
    place = int(np.searchsorted(shells, USUAL))
    terms = {}
    for kind, rows in basis.curves.items():
        usual = rows[same][:, : q.size]
        curves = [part[kind].terms[:, 0] for part in parts] if kind in first else []
        stacked = np.stack([*curves[:place], usual, *curves[place:]])
        terms[kind] = Terms((WHOLE,), ((0, 0),), stacked[:, None])
    return ParticleTerms(q, diameters, np.insert(shells, place, USUAL), terms)


def _at(place: int, _: Table) -> int:
    return place
