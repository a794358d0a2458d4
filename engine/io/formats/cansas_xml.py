"""canSAS1D XML, versions 1.0 and 1.1: one curve per SASdata, one Idata per point.

https://www.cansas.org/formats/canSAS1d/1.1/doc/
"""

from __future__ import annotations

from collections import Counter
from xml.etree.ElementTree import Element

import numpy as np

from engine.curve import Array
from engine.errors import DataFileError
from engine.io.limits import MAX_CURVES, MAX_POINTS
from engine.io.measurement import UnitSource
from engine.io.raw_curve import RawCurve, UnitHint
from engine.io.source import Source
from engine.io.unit_words import unit_of_attribute
from engine.io.xml_tree import XmlRefused, local_name, parse_xml
from engine.units import QUnit

_UTF16 = (b"\xff\xfe<", b"\xfe\xff\x00<")


def recognises(source: Source) -> bool:
    """Tell XML by its first sign; which XML it is, is said on reading."""
    head = source.head[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith((b"<?xml", b"<SASroot")) or (head.startswith(_UTF16) and b"x\x00m\x00l" in head)


def read(source: Source) -> tuple[RawCurve, ...]:
    """Return one curve for each SASdata that holds points.

    Raises
    ------
    DataFileError
        If the XML is unsafe, broken, or no canSAS1D.
    """
    try:
        root = parse_xml(source.data.lstrip())
    except XmlRefused as error:
        raise DataFileError(source.path, str(error)) from error
    if local_name(root) != "SASroot":
        raise DataFileError(
            source.path, f"This is XML of another kind (<{local_name(root)[:40]}>), not canSAS1D. Export the curve as text or canSAS1D."
        )
    curves = [
        curve for entry in _children(root, "SASentry") for data in _children(entry, "SASdata") if (curve := _curve(source, entry, data))
    ]
    if not curves:
        raise DataFileError(source.path, "The file is canSAS1D but holds no points (no Idata with Q and I).")
    if len(curves) > MAX_CURVES:
        raise DataFileError(source.path, f"The file holds {len(curves)} curves; at most {MAX_CURVES} are read at once. Split it.")
    return tuple(curves)


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if local_name(child) == name]


def _curve(source: Source, entry: Element, data: Element) -> RawCurve | None:
    points = [{local_name(child): child for child in point} for point in _children(data, "Idata")]
    if not points:
        return None
    if len(points) > MAX_POINTS:
        raise DataFileError(
            source.path, f"A data set has {len(points)} points; at most {MAX_POINTS} are read. Export the curve I(q) alone."
        )
    q, intensity, sigma, shadow = (_numbers(points, name) for name in ("Q", "I", "Idev", "Shadowfactor"))
    hint, factors = _unit(points)
    return RawCurve(
        format_name="canSAS1D XML",
        name=_name(entry, data),
        q=q * factors,
        intensity=intensity,
        sigma=None if np.isnan(sigma).all() else sigma,
        hint=hint,
        shadow=shadow if np.isfinite(shadow).all() and shadow.min() >= 0 and shadow.max() <= 1 else None,
        notes=() if np.ptp(factors) == 0 else ("The points are given in different units of q; they were converted to one.",),
    )


def _numbers(points: list[dict[str, Element]], name: str) -> Array:
    return np.array([_number(point.get(name)) for point in points], dtype=np.float64)


def _number(element: Element | None) -> float:
    """Return the number in an element, NaN if there is none."""
    try:
        return float((element.text or "").strip().replace(",", ".")) if element is not None else float("nan")
    except ValueError:
        return float("nan")


def _unit(points: list[dict[str, Element]]) -> tuple[UnitHint | None, Array]:
    """Return the unit most points declare, and the factor that brings each point to it."""
    said = [point["Q"].get("unit", "") if "Q" in point else "" for point in points]
    units = {text: unit_of_attribute(text) for text in set(said)}
    known = Counter(unit for text in said if (unit := units[text]) is not None)
    if not known:
        return None, np.ones(len(points))
    main: QUnit = known.most_common(1)[0][0]
    text = next(text for text in said if units[text] is main)
    hint = UnitHint(unit=main, source=UnitSource.ATTRIBUTE, words=f'the file has <Q unit="{text[:20]}">')
    factors = np.array([(units[text] or main).to_per_nm / main.to_per_nm for text in said])
    return hint, factors


def _name(entry: Element, data: Element) -> str:
    title = next((child.text or "" for child in _children(entry, "Title")), "")
    words = (data.get("name") or entry.get("name") or title).strip()
    return words[:80]
