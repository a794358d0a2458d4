"""Curves and files the reading tests are made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.curve import Curve

CANSAS = """<?xml version="1.0"?>
<SASroot version="{version}" xmlns="{space}">
{entries}
</SASroot>
"""
CANSAS_SPACES = {"1.0": "cansas1d/1.0", "1.1": "urn:cansas1d:1.1"}


def sphere_curve(points: int = 200, *, radius: float = 25.0, q_min: float = 0.05, q_max: float = 3.0, seed: int = 1) -> Curve:
    """Polydisperse-looking spheres with a background and counting noise; q [1/nm]."""
    rng = np.random.default_rng(seed)
    q = np.geomspace(q_min, q_max, points)
    guinier = np.exp(-((q * radius) ** 2) / 5.0)
    porod = 4.5 / (1.0 + (q * radius) ** 4)
    intensity = 120.0 * (guinier + porod) / 5.5 + 2e-3
    sigma = 0.004 * np.sqrt(intensity * q / q[0]) + 1e-5
    return Curve(q, intensity + sigma * rng.normal(size=points), sigma)


def columns(curve: Curve, scale: float = 1.0) -> np.ndarray:
    """q in another unit, intensity, sigma as a table."""
    return np.column_stack([curve.q * scale, curve.intensity, curve.sigma])


def text_rows(table: np.ndarray, *, separator: str = " ", decimal: str = ".", number: str = "{:.9e}", end: str = "\n") -> str:
    """A table as text in some dialect."""
    lines = (separator.join(number.format(x).replace(".", decimal) for x in row) for row in table)
    return end.join(lines) + end


def cansas_entry(table: np.ndarray, *, unit: str = "1/A", name: str = "") -> str:
    """One SASentry with one SASdata."""
    points = "\n".join(
        f'<Idata><Q unit="{unit}">{q!r}</Q><I unit="1/cm">{i!r}</I>' + "".join(f'<Idev unit="1/cm">{s!r}</Idev>' for s in rest) + "</Idata>"
        for q, i, *rest in table.tolist()
    )
    label = f' name="{name}"' if name else ""
    return f"<SASentry><Title>t</Title><Run>1</Run><SASdata{label}>\n{points}\n</SASdata></SASentry>"


def cansas(*entries: str, version: str = "1.1") -> str:
    """A whole canSAS1D document."""
    return CANSAS.format(version=version, space=CANSAS_SPACES[version], entries="\n".join(entries))


def written(folder: Path, content: str | bytes, name: str = "curve.dat", *, encoding: str = "utf-8") -> Path:
    """Write *content* to a file in *folder* and return its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path
