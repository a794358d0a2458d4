"""The unit of q of one curve, who said so, and the sentence that tells the user."""

from __future__ import annotations

from dataclasses import dataclass

from engine.io.measurement import UnitSource
from engine.io.plausibility import STRONG, Plausibility
from engine.io.raw_curve import UnitHint
from engine.units import QUnit

_ON_SCREEN = {QUnit.PER_NM: "1/nm", QUnit.PER_ANGSTROM: "1/Å"}


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """The unit taken, and why."""

    unit: QUnit
    source: UnitSource
    words: str
    certain: bool
    notes: tuple[str, ...] = ()


def choose_unit(hint: UnitHint | None, plausibility: Plausibility, *, user: QUnit | None, confirmed: QUnit | None) -> UnitChoice:
    """Return the unit of q: the user's word, the file's, the folder's, or the likelier one, in this order.

    A unit that nobody declared is never certain. A declared one that would be very strange is kept, and flagged.

    Parameters
    ----------
    hint : UnitHint, optional
        What the file says.
    plausibility : Plausibility
        How well either unit fits.
    user : QUnit, optional
        What the user said of this file.
    confirmed : QUnit, optional
        What the user last confirmed for files of this folder.
    """
    if user is not None:
        differs = hint is not None and hint.of_q and hint.unit is not user
        notes = (f"You said {_ON_SCREEN[user]}, although {hint.words}.",) if differs and hint is not None else ()
        return UnitChoice(user, UnitSource.USER, _sentence(user, "you said so"), True, notes)
    if hint is not None and hint.of_q:
        return _declared(hint, plausibility)
    if confirmed is not None:
        return UnitChoice(
            confirmed,
            UnitSource.FOLDER,
            _sentence(confirmed, "files of this folder were last confirmed to be so; this one does not say"),
            False,
        )
    if hint is not None and plausibility.against(hint.unit) < STRONG / 2:
        return UnitChoice(hint.unit, UnitSource.HEADER, _sentence(hint.unit, hint.words) + " Please check.", False)
    unit = plausibility.likelier
    words = f"The file does not say the unit of q. Read as {_ON_SCREEN[unit]}, because {plausibility.words}. Please check."
    return UnitChoice(unit, UnitSource.PLAUSIBILITY, words, False)


def _declared(hint: UnitHint, plausibility: Plausibility) -> UnitChoice:
    words = _sentence(hint.unit, hint.words)
    if plausibility.against(hint.unit) < STRONG:
        return UnitChoice(hint.unit, hint.source, words, True)
    other = _ON_SCREEN[hint.unit.other]
    note = f"The file declares {_ON_SCREEN[hint.unit]}, but {plausibility.words}; if the sizes come out ten-fold wrong, choose {other}."
    return UnitChoice(hint.unit, hint.source, f"{words} The numbers look like {other}. Please check.", False, (note,))


def _sentence(unit: QUnit, reason: str) -> str:
    return f"q read as {_ON_SCREEN[unit]} because {reason}."
