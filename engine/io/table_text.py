"""What the text writers share: header lines without surprises, numbers without loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.curve import Curve


def header_lines(title: str, metadata: Mapping[str, str] | None) -> list[str]:
    """Return the title and one line per entry, each on a single line and free of control characters."""
    lines = [title] if title else []
    lines.extend(f"{name}: {value}" for name, value in (metadata or {}).items())
    return [printable(line) for line in lines]


def printable(text: str) -> str:
    """Return *text* on one line, control characters as blanks."""
    return "".join(sign if sign.isprintable() else " " for sign in str(text)).strip()


def rows_of(curve: Curve) -> Iterator[tuple[str, ...]]:
    """Yield the points as text from which the same numbers are read back."""
    columns = [curve.q, curve.intensity] + ([curve.sigma] if curve.sigma is not None else [])
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield tuple(map(repr, row))
