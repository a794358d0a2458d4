"""How results are said on the screen: values in, words out. No widgets, no science."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from engine.inference.particles import in_words
from engine.models.registry import MODELS
from engine.units import SLD_UNIT
from lnpgui.numbers import AS_USUAL, NumberFormat
from lnpgui.session import Entry, State

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis, Interval, SizeEstimate
    from engine.inference.guinier import GuinierFit
    from engine.inference.particles import Particles
    from engine.io.measurement import Measurement
    from lnpgui.plots.crosshair import Pointed
    from lnpgui.request import Request

TOLD = 0.5
UNTOLD = 0.1
"""Shares of the prior's variance that the data removed: above the first they told the value, below the second they did not."""


class Light(Enum):
    """Traffic light of a curve: each has its own colour and its own shape. The value names its icon."""

    IN_FAMILY = "light-in-family"
    DOUBTFUL = "light-doubtful"
    OUTSIDE = "light-outside"
    ERROR = "light-error"
    WAITING = "light-waiting"
    WORKING = "light-working"
    STOPPED = "light-stopped"

    @property
    def words(self) -> str:
        """What the light means, for a tool tip and for readers who hear the screen."""
        return _LIGHT_WORDS[self]


_LIGHT_WORDS = {
    Light.IN_FAMILY: "in family",
    Light.DOUBTFUL: "doubtful",
    Light.OUTSIDE: "outside",
    Light.ERROR: "could not be read or analysed",
    Light.WAITING: "waiting",
    Light.WORKING: "at work",
    Light.STOPPED: "stopped",
}
_LIGHT_OF_STATE = {
    State.READING: Light.WORKING,
    State.WAITING: Light.WAITING,
    State.ANALYSING: Light.WORKING,
    State.FAILED: Light.ERROR,
    State.STOPPED: Light.STOPPED,
}
_STATE_WORDS = {
    State.READING: "reading …",
    State.WAITING: "waiting for its turn",
    State.ANALYSING: "analysing …",
    State.STOPPED: "Stopped. Analyse it again with F5.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of curves."""

    key: int
    light: Light
    name: str
    detail: str
    tooltip: str

    @property
    def spoken(self) -> str:
        """The row as one sentence for a screen reader."""
        return f"{self.name}: {self.light.words}. {self.detail}"


@dataclass(frozen=True, slots=True)
class FractionLine:
    """Fractions of one type, each with its interval, as text."""

    type_key: str
    title: str
    number: tuple[str, str]
    volume: tuple[str, str]
    scattering: tuple[str, str]
    told: str


@dataclass(frozen=True, slots=True)
class SizeLine:
    """Size distribution of one type as text."""

    type_key: str
    title: str
    mean: tuple[str, str]
    sd: tuple[str, str]
    derived: str
    told: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the verdict card shows."""

    light: Light
    status: str
    sentence: str
    reasons: tuple[str, ...] = ()
    probabilities: tuple[tuple[str, float], ...] = ()
    runner_up: str = ""
    fractions: tuple[FractionLine, ...] = ()
    fraction_notes: str = ""
    sizes: tuple[SizeLine, ...] = ()
    found: str = ""
    quality: str = ""
    intervals: str = AS_USUAL.heading


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file was read."""

    sentence: str
    is_certain: bool
    flip: str
    details: tuple[str, ...]


def light(entry: Entry) -> Light:
    """Traffic light of *entry*."""
    if entry.analysis is not None and entry.state is State.DONE:
        return Light[entry.analysis.status.name]
    return _LIGHT_OF_STATE.get(entry.state, Light.WAITING)


def row(entry: Entry) -> Row:
    """Line of the list for *entry*."""
    detail = _detail(entry)
    tooltip = f"{entry.path}\n{light(entry).words}: {detail}" if entry.state is State.DONE else f"{entry.path}\n{detail}"
    return Row(entry.key, light(entry), entry.name, detail, tooltip)


def _detail(entry: Entry) -> str:
    if entry.state is State.FAILED:
        return without_name(entry.error or "", entry.path)
    if entry.state is State.DONE and entry.analysis is not None:
        return _result(entry.analysis)
    return _STATE_WORDS.get(entry.state, "")


def without_name(message: str, path: Path) -> str:
    """Return *message* without the file name in front, for places where the name stands already."""
    rest = message.removeprefix(path.name).lstrip(",: ") if message.startswith(path.name) else message
    return rest[:1].upper() + rest[1:]


def _result(analysis: Analysis) -> str:
    chi2 = f"χ² {_short(analysis.chi2_reduced)}"
    if analysis.hypothesis is None:
        return f"{_first_sentence(analysis.reasons)} · {chi2}" if analysis.reasons else f"not a curve to judge · {chi2}"
    sizes = ", ".join(f"{size.mean.value:.3g}" for size in analysis.sizes.values())
    return " · ".join(part for part in (analysis.hypothesis, f"{sizes} nm" if sizes else "", chi2) if part)


def _first_sentence(reasons: tuple[str, ...]) -> str:
    return reasons[0].rstrip(".")


def _short(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.3g}" if value < 1e4 else f"{value:.1e}"


def title(type_key: str) -> str:
    """Name of a type on the screen."""
    return MODELS[type_key].title if type_key in MODELS else type_key


def decimals(interval: Interval) -> int:
    """Digits after the point so that the last one is a twentieth to a half of the interval's half width."""
    half = (interval.high - interval.low) / 2
    if not math.isfinite(half) or half <= 0:
        return 1
    return min(4, max(0, math.ceil(-math.log10(half / 2))))


def length(interval: Interval, numbers: NumberFormat = AS_USUAL) -> tuple[str, str]:
    """Value with unit, and its 90 % interval."""
    return numbers.written(interval, "nm", decimals(interval))


def share(interval: Interval | None, numbers: NumberFormat = AS_USUAL) -> tuple[str, str]:
    """Fraction in percent, and its 90 % interval."""
    if interval is None:
        return "–", ""
    percent = type(interval)(*(100 * x for x in (interval.value, interval.low, interval.high)))
    return numbers.written(percent, "%", 1 if 0 < percent.high - percent.low < 2 else 0)


def told(share_of_variance: float) -> str:
    """Who told a value: the data or the prior."""
    if share_of_variance >= TOLD:
        return "told by the data"
    return "prior only" if share_of_variance <= UNTOLD else "partly told by the data"


def probabilities(hypotheses: Mapping[str, float], most: int = 5) -> tuple[tuple[str, float], ...]:
    """The most probable hypotheses, the rest as one line."""
    ranked = sorted(hypotheses.items(), key=lambda item: -item[1])
    shown = [(name, p) for name, p in ranked[:most] if p >= 0.0005] or ranked[:1]
    rest = sum(p for _, p in ranked[len(shown) :])
    return (*shown, ("all others", rest)) if rest >= 0.0005 else tuple(shown)


def runner_up(hypotheses: Mapping[str, float]) -> str:
    """Say how far behind the second hypothesis is."""
    ranked = sorted(hypotheses.items(), key=lambda item: -item[1])
    if len(ranked) < 2:
        return ""
    (_, best), (name, second) = ranked[:2]
    odds = best / second if second > 0 else math.inf
    if odds > 10_000:
        return f"Runner-up: {name}, more than 10 000 times less probable."
    return f"Runner-up: {name}, {odds:.2g} times less probable." if odds < 10 else f"Runner-up: {name}, {odds:.0f} times less probable."


def _below_the_bars(analysis: Analysis) -> str:
    if analysis.status.value == "doubtful":
        return "As they would be if the doubts above did not matter."
    return runner_up(analysis.hypotheses)


def card(entry: Entry, numbers: NumberFormat = AS_USUAL) -> Card:
    """Verdict card of *entry*."""
    analysis = entry.analysis
    if entry.state is not State.DONE or analysis is None:
        failed = entry.state is State.FAILED
        words = without_name(entry.error or "", entry.path) if failed else _STATE_WORDS.get(entry.state, "")
        status = "No verdict yet" if not failed else "Not read" if entry.measurement is None else "Not analysed"
        return Card(light(entry), status, words[:1].upper() + words[1:])
    return Card(
        light(entry),
        analysis.status.value.capitalize(),
        analysis.sentence,
        analysis.reasons,
        probabilities(analysis.hypotheses) if analysis.hypotheses else (),
        _below_the_bars(analysis),
        tuple(_fraction_line(key, analysis, numbers) for key in analysis.number_fractions if key in analysis.sizes),
        _fraction_notes(analysis),
        tuple(_size_line(key, size, numbers) for key, size in analysis.sizes.items()),
        "\n".join(_found_line(name, value, numbers) for name, value in analysis.nuisances.items()),
        _quality(analysis),
        numbers.heading,
    )


def _fraction_line(key: str, analysis: Analysis, numbers: NumberFormat) -> FractionLine:
    number = analysis.number_fractions[key]
    return FractionLine(
        key,
        title(key),
        share(number, numbers),
        share(analysis.volume_fractions.get(key), numbers),
        share(analysis.scattering_fractions.get(key), numbers),
        told(analysis.told[key]) if key in analysis.told else "",
    )


def _found_line(name: str, value: Interval, numbers: NumberFormat) -> str:
    """Say what the curve told of a shell or contrast that was left free."""
    unit_words = "nm" if name == "shell_thickness" else SLD_UNIT
    return f"{_FOUND_WORDS[name]} {_joined(numbers.written(value, unit_words, decimals(value)))}"


_FOUND_WORDS = {"shell_thickness": "Shell thickness", "sld_core": "Contrast of the core", "sld_fill": "Contrast of the fill"}


def _fraction_notes(analysis: Analysis) -> str:
    """Say how much there may be of the types that were not found, and who told the fractions."""
    notes = []
    highest = {key: f.high for key, f in analysis.number_fractions.items() if key not in analysis.sizes}
    if highest:
        most = max(highest.values())
        bound = "under 0.1 %" if most < 0.001 else f"at most {100 * most:.2g} %"
        notes.append(f"{', '.join(highest)}: {bound}{' each' if len(highest) > 1 else ''}, by number.")
    words = {key: told(analysis.told[key]) for key in analysis.sizes if key in analysis.told}
    if len(words) > 1:
        same = set(words.values())
        notes.append(f"Fractions {same.pop()}." if len(same) == 1 else "; ".join(f"{key} {w}" for key, w in words.items()) + ".")
    return "\n".join(notes)


def _size_line(key: str, size: SizeEstimate, numbers: NumberFormat) -> SizeLine:
    same = size.told_mean >= TOLD and size.told_sd >= TOLD
    words = "told by the data" if same else f"mean {told(size.told_mean)}, spread {told(size.told_sd)}"
    derived = f"volume as a sphere of {size.equivalent:.3g} nm · Rg {size.radius_of_gyration:.3g} nm"
    return SizeLine(key, title(key), length(size.mean, numbers), length(size.sd, numbers), derived, words)


def _quality(analysis: Analysis) -> str:
    parts = [f"reduced χ² {_short(analysis.chi2_reduced)}", f"runs test p {analysis.runs_p:.2g}"]
    if analysis.effective_samples > 0:
        parts.append(f"{analysis.effective_samples:.0f} effective draws")
    parts.append(f"{analysis.seconds:.1f} s")
    return " · ".join(parts) + (f"\nAnalyst: {analysis.model}" if analysis.model else "")


def reading(measurement: Measurement, *, is_made: bool = False) -> Reading:
    """Say how a file was read, and what one click would change; nothing where the curve was made from others."""
    m = measurement
    curve = m.curve
    lost = tuple(f"{len(d.rows)} {'row' if len(d.rows) == 1 else 'rows'} left out: {d.reason}." for d in m.dropped)
    span = f"{m.format_name}: {len(curve)} points, q from {curve.q[0]:.3g} to {curve.q[-1]:.3g} 1/nm."
    if is_made:
        return Reading(m.notes[0] if m.notes else m.format_name, m.q_unit_certain, "", (span, m.q_unit_words, *m.notes[1:]))
    return Reading(m.q_unit_words, m.q_unit_certain, f"Read q as {unit(m.q_unit.other.value)}", (span, *m.notes, *lost))


def card_text(shown: Card) -> str:
    """Return a card as text for the clipboard."""
    lines = [shown.status, shown.sentence, *(f"- {reason}" for reason in shown.reasons)]
    if shown.probabilities:
        lines += ["", "Probabilities: " + ", ".join(f"{name} {100 * p:.3g} %" for name, p in shown.probabilities), shown.runner_up]
    if shown.fractions:
        lines += ["", f"Fractions, {shown.intervals}"]
        lines += [f"{line.type_key}, {line.title}: {_shares(line)}" for line in shown.fractions]
        lines += [shown.fraction_notes]
    if shown.sizes:
        lines += ["", f"Sizes, {shown.intervals}"]
        for size in shown.sizes:
            measures = f"mean D {_joined(size.mean)}, spread {_joined(size.sd)}"
            lines.append(f"{size.type_key}, {size.title}: {measures}; {size.derived}; {size.told}")
    if shown.found:
        lines += ["", "Found, with 90 % intervals", shown.found]
    return "\n".join([*lines, "", shown.quality]).strip() + "\n"


def _shares(line: FractionLine) -> str:
    named = zip(("number", "volume", "scattering"), (line.number, line.volume, line.scattering), strict=True)
    return "; ".join(f"by {what} {_joined(pair)}" for what, pair in named)


def _joined(pair: tuple[str, str]) -> str:
    """Return a value with its interval behind it, where that stands apart."""
    value, interval = pair
    return f"{value} ({interval})" if interval else value


def figure(value: float) -> str:
    """Return a number in four figures, with a power of ten where that is shorter."""
    return f"{value:.4g}"


def pointed(at: Pointed) -> str:
    """Say what lies under the mouse, and which point is nearest."""
    length = f"{2 * math.pi / at.q:.3g} nm" if at.q > 0 else "∞"
    sigma = f" ± {at.point_sigma:.2g}" if at.point_sigma is not None else ""
    here = f"q {figure(at.q)} 1/nm · d = 2π/q {length} · I {figure(at.intensity)}"
    return f"{here}   |   nearest point: q {figure(at.point_q)} 1/nm, I {figure(at.point_intensity)}{sigma}"


def guinier(found: GuinierFit) -> str:
    """Say what the line of the Guinier plot gives."""
    return (
        f"Guinier: Rg {found.rg:.4g} ± {found.rg_error:.2g} nm, I₀ {found.i0:.4g} ± {found.i0_error:.2g}, from {found.points} points, "
        f"q·Rg {found.q_first * found.rg:.2f} to {found.q_last * found.rg:.2f}."
    )


def sizes_note(visible: tuple[float, float], drawn: bool) -> str:
    """Explain the plot of sizes."""
    low, high = visible
    seen = f"Shaded: {low:.2g} to {high:.3g} nm, the sizes that the measured q can tell (2π/q_max to π/q_min)."
    return f"Log-normal sizes by number; bands from the 90 % intervals. {seen}" if drawn else f"No verdict, so no sizes. {seen}"


def choices(request: Request) -> tuple[str, str, str]:
    """Return name and tool tip of the buffer, and its scale as it is typed."""
    if request.buffer is None:
        return "", "", ""
    return (
        request.buffer.name,
        str(request.buffer),
        "auto" if request.buffer_scale is None else f"{request.buffer_scale:g}",
    )


def effect(entry: Entry) -> str:
    """Say what the last change of the request did to the verdict; nothing while that is not known."""
    if entry.before is None or entry.analysis is None or entry.state is not State.DONE:
        return ""
    old, was = entry.before
    if old == entry.request:
        return ""
    before, now = _differences(old, entry.request)
    return f"Before ({before}): {_told_result(was)}.\nNow ({now}): {_told_result(entry.analysis)}."


def _told_result(analysis: Analysis) -> str:
    return f"{analysis.status.value}, {_result(analysis)}"


def _differences(old: Request, new: Request) -> tuple[str, str]:
    """Return in a few words how each of two requests differs from the other."""
    words: list[tuple[str, str]] = []
    for say in (_buffer_words, _range_words, _types_words, _particles_words, _unit_words, _columns_words):
        pair = say(old), say(new)
        if pair[0] != pair[1]:
            words.append(pair)
    return ", ".join(a for a, _ in words) or "as it was", ", ".join(b for _, b in words) or "as it is"


def _buffer_words(request: Request) -> str:
    name, _, scale = choices(request)
    return f"less {name} × {scale}" if name else "no buffer taken off"


def _range_words(request: Request) -> str:
    return "all q" if request.q_range is None else f"q {request.q_range[0]:.3g} to {request.q_range[1]:.3g} 1/nm"


def _types_words(request: Request) -> str:
    return "types " + ", ".join(kind.removeprefix("type ") for kind in request.types)


def _particles_words(request: Request) -> str:
    return particles(request.particles)


def particle_fields(stated: Particles) -> dict[str, str]:
    """Return what stands in the fields of the particles, by name."""
    return {item.name: in_words(getattr(stated, item.name)) for item in fields(stated)}


def particles(stated: Particles) -> str:
    """Return in one line what is assumed of the particles."""
    words = {name: value.replace(":", "–") + (" (free)" if ":" in value else "") for name, value in particle_fields(stated).items()}
    return f"shell {words['shell_thickness']} nm; contrasts: core {words['sld_core']}, shell {words['sld_shell']}, fill {words['sld_fill']}"


def _unit_words(request: Request) -> str:
    return "q unit as found" if request.q_unit is None else f"q in {unit(request.q_unit.value)}"


def _columns_words(request: Request) -> str:
    return "columns as found" if request.columns is None else "columns as chosen"


def unit(text: str) -> str:
    """Unit as it is printed."""
    return "1/Å" if text == "1/A" else text


def time_left(seconds: float | None) -> str:
    """How long work will still take, as one says it; nothing when that is not known."""
    if seconds is None:
        return ""
    if seconds < 50:
        return f"about {max(5, 5 * math.ceil(seconds / 5))} s left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {max(1, minutes)} min left"
    return f"about {seconds / 3600:.1f} h left"


def particle(type_key: str, fraction: float | None) -> str:
    """One entry of the particle chooser; the fraction is None where the verdict gives none."""
    return f"{type_key}, nearest fit only" if fraction is None else f"{type_key}, {100 * fraction:.0f} % by number"
