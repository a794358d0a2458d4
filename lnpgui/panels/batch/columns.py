"""The columns of the table: what each shows of a curve, and by what it is sorted. Values in, words out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from engine.io.series import frame_number
from engine.models.registry import LNP_TYPES
from lnpgui import wording
from lnpgui.numbers import AS_USUAL, NumberFormat
from lnpgui.session import Entry, State
from lnpgui.wording import Light

ALARM = "alarm"
"""In place of a type: the column is hidden by itself until a curve breaks the rule."""

Value = float | str | None
"""By what a column is sorted; None comes last."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the table knows of one curve: its entry, when its file was written [s since 1970], its alarm, how numbers are written."""

    entry: Entry
    written: float | None = None
    alarm: str = ""
    numbers: NumberFormat = AS_USUAL


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    key : str
        By which it is stored.
    title, hint : str
        Head of the column with its unit, and its tool tip.
    value : callable
        Takes a Line, returns that by which it is sorted.
    text : callable
        Takes a Line, returns what is shown.
    kind : str
        The type it is about, or ALARM; it is hidden by itself until a curve holds that type. Empty for the others.
    is_number : bool
        Whether it is set to the right.
    is_shown : bool
        Whether it is there before the user chooses.
    """

    key: str
    title: str
    hint: str
    value: Callable[[Line], Value]
    text: Callable[[Line], str]
    kind: str = ""
    is_number: bool = True
    is_shown: bool = True


def _status(line: Line) -> str:
    light = wording.light(line.entry)
    return "refused" if light is Light.ERROR else light.words


def _hypothesis(line: Line) -> str:
    entry = line.entry
    if entry.state is State.DONE and entry.analysis is not None:
        return entry.analysis.hypothesis or "–"
    return ""


def _probability(line: Line) -> float | None:
    analysis = line.entry.analysis
    return None if analysis is None else analysis.hypotheses.get(analysis.hypothesis or "")


def _share(kind: str, line: Line) -> float | None:
    analysis = line.entry.analysis
    found = None if analysis is None else analysis.number_fractions.get(kind)
    return None if found is None else 100 * found.value


def _share_text(kind: str, line: Line) -> str:
    analysis = line.entry.analysis
    found = None if analysis is None else analysis.number_fractions.get(kind)
    return "" if found is None else wording.share(found, line.numbers)[0].removesuffix(" %")


def _mean(kind: str, line: Line) -> float | None:
    analysis = line.entry.analysis
    size = None if analysis is None else analysis.sizes.get(kind)
    return None if size is None else size.mean.value


def _mean_text(kind: str, line: Line) -> str:
    analysis = line.entry.analysis
    size = None if analysis is None else analysis.sizes.get(kind)
    return "" if size is None else wording.length(size.mean, line.numbers)[0].removesuffix(" nm")


def _sd(kind: str, line: Line) -> float | None:
    analysis = line.entry.analysis
    size = None if analysis is None else analysis.sizes.get(kind)
    return None if size is None else size.sd.value


def _sd_text(kind: str, line: Line) -> str:
    analysis = line.entry.analysis
    size = None if analysis is None else analysis.sizes.get(kind)
    return "" if size is None else wording.length(size.sd, line.numbers)[0].removesuffix(" nm")


def _chi2(line: Line) -> float | None:
    analysis = line.entry.analysis
    return None if analysis is None or not math.isfinite(analysis.chi2_reduced) else analysis.chi2_reduced


def _background(line: Line) -> float | None:
    analysis = line.entry.analysis
    return None if analysis is None else analysis.fit.background


def _written_text(line: Line) -> str:
    return "" if line.written is None else moment(line.written)


def moment(seconds: float) -> str:
    """Date and time of the day, as here."""
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):  # a file can state any time
        return ""


def _frame(line: Line) -> float | None:
    return frame_number(line.entry.name)


def _unit(line: Line) -> str:
    measurement = line.entry.measurement
    return "" if measurement is None else wording.unit(measurement.q_unit.value) + ("" if measurement.q_unit_certain else " ?")


def _notes(line: Line) -> str:
    """Everything that is to be known of the curve besides the numbers: what went wrong, why the status, what was assumed."""
    entry = line.entry
    if entry.error:
        return wording.without_name(entry.error, entry.path)
    reasons = () if entry.analysis is None else entry.analysis.reasons
    assumed = () if entry.measurement is None else entry.measurement.notes
    return " ".join((*reasons, *assumed))


def _name(line: Line) -> str:
    return line.entry.name


def _alarm(line: Line) -> str:
    return line.alarm


def _number(value: Callable[[Line], float | None], form: str) -> Callable[[Line], str]:
    return partial(_formatted, value, form)


def _formatted(value: Callable[[Line], float | None], form: str, line: Line) -> str:
    found = value(line)
    return "" if found is None else format(found, form)


def _words(key: str, title: str, hint: str, text: Callable[[Line], str]) -> Column:
    return Column(key, title, hint, text, text, is_number=False)


def _written(line: Line) -> float | None:
    return line.written


def _of_types() -> list[Column]:
    found: list[Column] = []
    for kind in LNP_TYPES:
        what = f"{kind} ({wording.title(kind)})"
        found += [
            Column(f"number {kind}", f"{kind}, %", f"Number fraction of {what}", partial(_share, kind), partial(_share_text, kind), kind),
            Column(f"mean {kind}", f"D {kind}, nm", f"Mean size D of {what}", partial(_mean, kind), partial(_mean_text, kind), kind),
            Column(f"sd {kind}", f"sd {kind}, nm", f"Standard deviation of D of {what}", partial(_sd, kind), partial(_sd_text, kind), kind),
        ]
    return found


COLUMNS: tuple[Column, ...] = (
    _words("name", "File", "File, and data set where it holds several", _name),
    _words("status", "Status", "Whether the curve may be judged at all", _status),
    _words("hypothesis", "Verdict", "Most probable type or mixture", _hypothesis),
    Column("probability", "P", "Probability of the verdict", _probability, _number(_probability, ".3f")),
    *_of_types(),
    Column("chi2", "χ²", "Reduced χ² of the best fit", _chi2, _number(_chi2, ".3g")),
    Column("background", "Background", "Background of the best fit, in the unit of the file", _background, _number(_background, ".3g")),
    Column("frame", "Frame", "Last number in the name", _frame, _number(_frame, ".0f"), is_shown=False),
    Column("written", "Written", "When the file was last written", _written, _written_text, is_number=False),
    _words("unit", "q unit", "Unit of q in the file; with a question mark where it is a guess", _unit),
    Column("alarm", "Alarm", "How the curve breaks the rule", _alarm, _alarm, ALARM, is_number=False),
    _words("notes", "Notes", "Reasons, and everything that was assumed on the way", _notes),
)
