"""Which column of a table is q, which the intensity, which its uncertainty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.curve import Array
from engine.io.column_choice import ColumnChoice
from engine.io.number_table import Block
from engine.io.unit_words import plain, quoted


class Role(Enum):
    """What a column title says."""

    Q = "q"
    TWO_THETA = "scattering angle"
    INTENSITY = "intensity"
    SIGMA = "its uncertainty"
    DQ = "resolution of q"
    MEAN_Q = "mean q"
    SHADOW = "beamstop shadow"
    FIT = "a fit"
    INDEX = "point number"
    FOREIGN = "no scattering axis"
    UNKNOWN = "not known"


_ERROR = r"err\w*|error\w*|sig|sigma|std\.?[\s_]?(?:dev\.?|err\w*)?|stdev|stddev|sd|esd|dev|unc\w*|delta|δ|σ|±|\+/-"
_YIELD = r"(?:i|y|iq|int\w*|intensity|counts?|r)"
_TITLES: tuple[tuple[Role, str], ...] = (  # the first that matches wins; for lower case
    (Role.TWO_THETA, r"(?:2|two)[\s_-]?(?:th|theta|θ).*|tth.*"),
    (Role.FOREIGN, r"q(?:\^|\*\*)?[2-9²].*|log.?q.*|q[xyz]"),
    (Role.SHADOW, r"shadow.*"),
    (Role.MEAN_Q, r"(?:mean|avg|average)[\s_.-]?q|q[\s_.-]?(?:mean|avg)"),
    (Role.SIGMA, rf"(?:{_ERROR}|s)\((?:q|i|y)\)"),  # "Sig(q)" is that of I(q), "sigmaQ" that of q
    (Role.DQ, rf"(?:d|dsig|s|res|resolution|{_ERROR})[\s_.-]*(?:of )?q\b.*|dx|ex"),
    (Role.DQ, r"q[\s_.-]*(?:dev|err|sig|res|width|std|unc).*"),
    (Role.FIT, r".*(?:fit|model|calc|theor|smooth|regul|\breg\b).*"),
    (
        Role.SIGMA,
        rf"e|(?:{_ERROR})(?:[\s_.-]*(?:of )?\(?{_YIELD}\)?)?(?:\W?q\W?)?|(?:d|e|s)[\s_.(-]*{_YIELD}(?:\W?q\W?)?\)?"
        rf"|{_YIELD}[\s_.-]*(?:{_ERROR})",
    ),
    (Role.SIGMA, r".*uncertaint.*|.*counting error.*|fehler"),
    (Role.Q, r"q|q[\s_.-]?(?:val\w*|vec\w*|axis|abs|modulus)|\|q\||q_(?:nm|a|å|1|inv).*|q\W.*|s|h|x|x[\s_-]?(?:axis|values?)|xwave.*"),
    (Role.Q, r"scattering.?vec.*|momentum.?transfer.*|wave.?vec.*"),
    (
        Role.INTENSITY,
        r"i|y|iq|int\.?|intensit.*|i\W?q\W?.*|[iy]_?\d+|ywave.*|i_?(?:exp|obs|abs|sub|raw|meas)\w*|j[\s_]?exp|counts?|cts|signal|data",
    ),
    (
        Role.INTENSITY,
        r"(?:exp|obs|raw|sub\w*|scatter\w*|abs\w*|corrected|mean|average\w*)[\s_.-]*(?:i|int.*)|d_?(?:σ|sigma).*|cross.?section.*",
    ),
    (Role.INDEX, r"#|n|no\.?|nr\.?|idx|index|point\w*|pixel|channel|bin"),
    (
        Role.FOREIGN,
        r"r|r_(?:mm|m|nm|a)|radius.*|p\W?r\W?|chi(?:_deg)?|d|d.?spacing|azimuth\w*|time.*|energy.*|temp.*|frame.*",
    ),
)
_ROLES = tuple((role, re.compile(f"(?:{pattern})$")) for role, pattern in _TITLES)
_UNIT = re.compile(r"[\[(<{|].{0,24}$|(?<=[\s_])(?:1/|nm|å|a\b|cm|ang|inv|arb|a\.u|deg|mm).{0,16}$")
_IS_UNIT = re.compile(r"(?:1/)?(?:cm|nm|Å|A|Ang\w*|ang\w*|a\.?u\.?|arb\.?\w*|counts?|none|mm|m|sr|1)?(?:[\^*{(]*-?1[)}]*|⁻¹)?$")
_LONGEST_TITLE = 120
_DECORATION = " \t#%;!/*|\"'`:=<>-"


@dataclass(frozen=True, slots=True)
class ColumnTitles:
    """The titles above a table, as many as it has columns."""

    titles: tuple[str, ...]
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class CurveColumns:
    """Columns (from 0) that make one curve, and the sentence that says why."""

    q: int
    intensity: int
    sigma: int | None
    axis: Role = Role.Q
    q_title: str | None = None
    name: str = ""
    shadow: int | None = None
    notes: tuple[str, ...] = ()


def role_of(title: str) -> Role:
    """Return what *title* means."""
    if len(title) > _LONGEST_TITLE:
        return Role.UNKNOWN
    words = plain(title).strip().strip("\"'`").strip().lower()
    if words.startswith("<") and words.endswith(">"):
        words = words[1:-1]
    for candidate in (words, _UNIT.sub("", words).strip(" _/,.:["), words.split()[0] if words else ""):
        for role, pattern in _ROLES:
            if candidate and pattern.match(candidate):
                return role
    return Role.UNKNOWN


def find_titles(above: Sequence[str], columns: int) -> ColumnTitles | None:
    """Return the titles of a table of *columns* columns from the lines above it, the nearest line first."""
    for line in list(above)[::-1][:4]:
        for titles in _splits(line):
            roles = tuple(role_of(title) for title in titles)
            if len(titles) == columns and _make_sense(roles):
                return ColumnTitles(tuple(titles), roles)
    return None


def find_units(above: Sequence[str], columns: int) -> list[str] | None:
    """Return the cells of a line of units between the titles of a table and its first row, if there is one."""
    for line in list(above)[::-1][:2]:
        for cells in _splits(line):
            if len(cells) == columns and all(_IS_UNIT.match(cell.strip(_DECORATION + "[]()")) for cell in cells):
                return cells
    return None


def choose_columns(block: Block) -> tuple[CurveColumns, ...]:
    """Return the columns of every curve in *block*; none if its titles say that it holds something else.

    Titles decide. Without them the columns are q, I and sigma in this order, except that a leading column of point
    numbers is skipped, and that a third column which follows the intensity is a fit. A fourth column is never sigma.
    """
    values = block.values
    titled = find_titles(block.above, values.shape[1])
    if titled is None:
        return (_by_position(values),)
    if titled.roles[0] is Role.FOREIGN and Role.Q not in titled.roles:
        return ()
    return _by_title(titled, values)


def chosen_columns(block: Block, choice: ColumnChoice) -> CurveColumns:
    """Return the columns the user chose; their titles, where there are any, still tell the unit and whether q is an angle."""
    titled = find_titles(block.above, block.values.shape[1])
    if titled is None:
        return CurveColumns(choice.q, choice.intensity, choice.sigma, notes=(choice.words,))
    axis = Role.TWO_THETA if titled.roles[choice.q] is Role.TWO_THETA else Role.Q
    titles = f"Their titles: {', '.join(quoted(titled.titles[column]) for column in choice.used)}."
    return CurveColumns(choice.q, choice.intensity, choice.sigma, axis, titled.titles[choice.q], notes=(choice.words, titles))


def foreign_axis(block: Block) -> str | None:
    """Return the title of a first column that is no scattering axis."""
    titled = find_titles(block.above, block.values.shape[1])
    return titled.titles[0].strip(_DECORATION) if titled is not None and titled.roles[0] is Role.FOREIGN else None


def _splits(line: str) -> list[list[str]]:
    """Return the ways to cut a line of titles, the most telling first."""
    line = plain(line).strip()
    ways: list[list[str]] = []
    if "|" in line:
        ways.append([part for part in line.split("|")[1:] if part.strip()])
        ways.append([part for part in line.split("|") if part.strip()])
    bare = line.lstrip(_DECORATION.replace("<", "").replace('"', ""))
    ways.extend([part.strip() for part in bare.strip(sign).split(sign)] for sign in ("\t", ";", ",") if sign in bare)
    ways.append([part for part in re.split(r"\t+|\s{2,}", bare.strip()) if part])
    ways.append(bare.split())
    return [way for way in ways if len(way) > 1]


def _make_sense(roles: Sequence[Role]) -> bool:
    axis = Role.Q in roles or Role.TWO_THETA in roles or roles[0] is Role.FOREIGN
    return axis and (Role.INTENSITY in roles or roles[0] is Role.FOREIGN) and sum(role is Role.UNKNOWN for role in roles) <= len(roles) // 2


def _by_title(titled: ColumnTitles, values: Array) -> tuple[CurveColumns, ...]:
    """Pair every intensity with the axis before it and the uncertainty after it."""
    roles = titled.roles
    axes = [i for i, role in enumerate(roles) if role in (Role.Q, Role.TWO_THETA)]
    intensities = [i for i, role in enumerate(roles) if role is Role.INTENSITY]
    curves = []
    for n, column in enumerate(intensities):
        before = [i for i in axes if i < column] or axes
        end = intensities[n + 1] if n + 1 < len(intensities) else len(roles)
        sigma = next((i for i in range(column + 1, end) if roles[i] is Role.SIGMA), None)
        if sigma is None and len(intensities) == 1:
            sigma = next((i for i, role in enumerate(roles) if role is Role.SIGMA), None)
        if sigma is None and column + 1 < end and _is_bare_s(titled.titles[column + 1]):
            sigma = column + 1
        shadow = roles.index(Role.SHADOW) if Role.SHADOW in roles else None
        notes = [_titles_note(titled, before[-1], column, sigma)]
        unused = [f"{titled.titles[i].strip(_DECORATION)}" for i, role in enumerate(roles) if role in (Role.DQ, Role.FIT, Role.UNKNOWN)]
        if unused:
            notes.append(f"Columns not used: {', '.join(unused)}.")
        name = titled.titles[column].strip(_DECORATION) if len(intensities) > 1 else ""
        curves.append(
            CurveColumns(
                before[-1], column, sigma, roles[before[-1]], titled.titles[before[-1]], name, _shadow(values, shadow), tuple(notes)
            )
        )
    return tuple(curves)


def _is_bare_s(title: str) -> bool:
    """Tell whether a column is called s; where q is known by another name and the intensity comes before, that is sigma."""
    return _UNIT.sub("", title.strip(_DECORATION).lower()).strip(" _/,.:[") == "s"


def _titles_note(titled: ColumnTitles, q: int, intensity: int, sigma: int | None) -> str:
    said = f"Columns by their titles: q is {quoted(titled.titles[q])}, intensity {quoted(titled.titles[intensity])}"
    return said + (f", sigma {quoted(titled.titles[sigma])}." if sigma is not None else ", no sigma.")


def _by_position(values: Array) -> CurveColumns:
    first = 1 if _is_index(values) else 0
    notes = ["The first column counts the points and was skipped."] if first else []
    columns = values.shape[1] - first
    sigma: int | None = first + 2 if columns > 2 else None
    if sigma is not None and _follows(values[:, first + 1], values[:, sigma]):
        notes.append("The third column follows the intensity: it was taken as a fit, not as sigma.")
        sigma = None
    elif sigma is not None and _is_fraction_of(values[:, first + 1], values[:, sigma]) is not None and columns > 3:
        notes.append(
            f"The third column is the intensity times {_is_fraction_of(values[:, first + 1], values[:, sigma]):.3g}, so not a "
            "measured sigma, and nothing says that another column is."
        )
    elif sigma is not None:
        notes.append("No column titles: read as q, intensity, sigma.")
    else:
        notes.append("No column titles: read as q and intensity.")
    if columns > 3:
        notes.append(
            f"Column{'s 4 to ' + str(columns) if columns > 4 else ' 4'} not used: without a title it may be the resolution or a fit."
        )
    shadow = _shadow(values, first + 5 if columns == 6 else None)
    return CurveColumns(first, first + 1, sigma, shadow=shadow, notes=tuple(notes))


def _is_index(values: Array) -> bool:
    """Tell whether the first column merely counts the rows and the second increases, so is q."""
    if values.shape[1] < 3 or len(values) < 3:
        return False
    counts, q = np.diff(values[:, 0]), np.diff(values[:, 1])
    return bool((counts == 1).all() and values[0, 0] in (0.0, 1.0) and (q > 0).all())


def _follows(intensity: Array, other: Array) -> bool:
    """Tell whether *other* is a fit to *intensity*: close to it, point by point, where it is strongest."""
    good = np.isfinite(intensity) & np.isfinite(other) & (intensity > 0)
    if np.count_nonzero(good) < 5:
        return False
    intensity, other = intensity[good], other[good]
    strong = intensity >= np.quantile(intensity, 0.67)
    ratio = other[strong] / intensity[strong]
    return bool(0.5 < np.median(ratio) < 2.0 and np.quantile(np.abs(ratio / np.median(ratio) - 1), 0.8) < 0.25)


def _is_fraction_of(intensity: Array, other: Array) -> float | None:
    """Return c if *other* is c times *intensity* throughout."""
    good = np.isfinite(intensity) & np.isfinite(other) & (intensity != 0)
    if np.count_nonzero(good) < 5:
        return None
    ratio = np.abs(other[good] / intensity[good])
    middle = float(np.median(ratio))
    low, high = np.quantile(ratio, (0.02, 0.98))
    return middle if middle > 0 and high - low < 0.02 * middle else None


def _shadow(values: Array, column: int | None) -> int | None:
    """Return *column* if it can be the share of each point that the beamstop left free: 0 to 1, ending in 1."""
    if column is None:
        return None
    shadow = values[:, column]
    free = (
        np.isfinite(shadow).all()
        and (shadow >= 0).all()
        and (shadow <= 1.0001).all()
        and np.count_nonzero(shadow > 0.999) > len(shadow) // 2
    )
    return column if free else None
