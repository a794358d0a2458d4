"""Which words mean 1/nm and which 1/Å, and what else a header tells of the first column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from engine.io.measurement import UnitSource
from engine.io.raw_curve import UnitHint
from engine.units import QUnit

_ANGSTROM = r"(?:Å|å|\\AA|\\r\{A\}|[aA]ngstr(?:o|oe|ö)ms?|ANGSTROMS?|[aA]ng|ANG|AA|A|a)"
_NANOMETRE = r"(?:n_?m|N_?M|[nN]anomet(?:er|re)s?)"
_POWER = r"\s?\$?(?:\^|\*\*)?\s?[({\[]?\s?-\s?1(?![\d.])"
_NOT_AFTER = r"(?<![A-Za-zÅ0-9.])"
_NO_SQUARE = r"(?![A-Za-z])(?!\s?(?:\^|\*\*)?\s?[-+]?[2-9])"


def _inverse(unit: str) -> re.Pattern[str]:
    forms = (
        rf"(?<![\d.])1\s?/\s?(?P<a>{unit}){_NO_SQUARE}",
        rf"[\[(]\s?/\s?{unit}\s?[\])]",
        rf"{_NOT_AFTER}{unit}{_POWER}",
        rf"(?:[iI]nverse|[rR]eciprocal|[pP]er)[\s_]{unit}{_NO_SQUARE}",
        rf"(?<![A-Za-z])inv[._\s]?{unit}{_NO_SQUARE}",
        rf"{_NOT_AFTER}{unit}_?[iI]nv(?![A-Za-z])",
    )
    return re.compile("|".join(forms))


_PATTERNS = {QUnit.PER_ANGSTROM: _inverse(_ANGSTROM), QUnit.PER_NM: _inverse(_NANOMETRE)}
_Q_WORD = re.compile(
    r"(?<![A-Za-z])q(?![A-Za-z])|(?<![A-Za-z'])s(?=\s?[\[(,_/])"
    r"|scattering.?vector|wave.?vector|momentum.?transfer|angular range|abscissa|(?<![a-z])x.?axis|radial|(?<![a-z])[xq]_?units?",
    re.IGNORECASE,
)
_S_AXIS = re.compile(r"\bs\s*=\s*(?:q\s*/\s*\(?\s*2\s*\*?\s*(?:pi|π)|2\s*\*?\s*sin)", re.IGNORECASE)
_WAVELENGTH = re.compile(
    r"(?:wave.?length|lambda|λ)[^\d\n]{0,24}?(\d+\.?\d*(?:[eE][-+]?\d+)?)\s*(nm|pm|Å|A\b|[aA]ngstr\w*|m\b)?", re.IGNORECASE
)
_TO_NM = {"m": 1e9, "nm": 1.0, "pm": 1e-3}
_REACH = 60  # characters between the word q and its unit


def plain(text: str) -> str:
    """Return *text* with look-alike signs made equal: Å of either code point, superscripts, minus signs."""
    if text.isascii():
        return text
    for wrong, right in (("Ã…", "Å"), ("â„«", "Å"), ("Â", ""), ("�", "Å")):  # UTF-8 read as cp1252, or lost
        text = text.replace(wrong, right)
    text = unicodedata.normalize("NFKC", text)
    return text.replace("\u2212", "-").replace("\u2013", "-").replace("\u2010", "-").replace("\u2011", "-")


def unit_in(text: str) -> QUnit | None:
    """Return the one inverse length named in *text*, or None if there is none or there are both."""
    text = plain(text)
    found = [unit for unit, pattern in _PATTERNS.items() if pattern.search(text)]
    return found[0] if len(found) == 1 else None


def unit_of_attribute(text: str) -> QUnit | None:
    """Return the unit an attribute such as "1/A", "A^-1" or "1/angstrom" names."""
    return unit_in(text.strip())


def said_of_q(line: str) -> tuple[QUnit, str] | None:
    """Return the first unit within *line* that a word for q precedes closely, and the words, if they are there."""
    line = plain(line)
    hits = []
    for unit, pattern in _PATTERNS.items():
        for match in pattern.finditer(line):
            start = max(0, match.start() - _REACH)
            before = list(_Q_WORD.finditer(line[start : match.end()]))
            if before:
                hits.append((match.start(), unit, line[start + before[-1].start() : match.end() + 1]))
                break
    if not hits:
        return None
    _, unit, words = min(hits, key=lambda hit: hit[0])
    return unit, quoted(words)


def hint_in_title(title: str) -> UnitHint | None:
    """Return what the title of the column taken for q says of its unit."""
    unit = unit_in(title)
    return None if unit is None else UnitHint(unit=unit, source=UnitSource.HEADER, words=f"the column title says {quoted(title)}")


def hint_in_header(lines: Sequence[str]) -> UnitHint | None:
    """Return what header lines say of the unit of q.

    A line that names q speaks first, then any line that names an inverse length. Words that contradict each other decide
    nothing.

    Parameters
    ----------
    lines : sequence of str
        Header and footer lines.
    """
    spoken = [(line, hit) for line in lines if (hit := said_of_q(line)) is not None]
    if spoken and len({hit[0] for _, hit in spoken}) == 1:
        line, (unit, words) = spoken[0]
        source = UnitSource.ATTRIBUTE if line.lstrip("# \t").startswith('"') else UnitSource.HEADER
        return UnitHint(unit=unit, source=source, words=f"the header says {words}")
    mentioned = [found for line in lines if (found := unit_in(line)) is not None]
    if not spoken and len(set(mentioned)) == 1:
        words = f"the header mentions {mentioned[0].value}, though not for q"
        return UnitHint(unit=mentioned[0], source=UnitSource.HEADER, words=words, of_q=False)
    return None


def means_s(lines: Sequence[str]) -> bool:
    """Tell whether a header defines the first column as s = 2 sin(theta) / lambda = q / 2 pi."""
    return any(_S_AXIS.search(plain(line)) for line in lines)


def wavelength_in(lines: Sequence[str]) -> float | None:
    """Return the wavelength named in a header [nm].

    Without a unit, a value below 1e-6 is taken as metres, below 0.3 as nanometres, else as ångström.
    """
    for line in lines:
        match = _WAVELENGTH.search(plain(line))
        if match is None:
            continue
        value, unit = float(match[1]), match[2]
        nanometres = value * (_TO_NM.get(unit.lower(), 0.1) if unit is not None else _likely_factor(value))
        if 0.005 < nanometres < 5.0:
            return nanometres
    return None


def _likely_factor(value: float) -> float:
    if value < 1e-6:
        return 1e9
    return 1.0 if value < 0.3 else 0.1


def quoted(words: str) -> str:
    """Return *words* shortened for a sentence."""
    words = " ".join(words.strip(" \t#|<>\"',;").split())
    return f"“{words[:40]}…”" if len(words) > 40 else f"“{words}”"
