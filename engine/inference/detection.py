"""The smallest minor component that a curve can show.

A type that gives the share s of the scattering at the lowest q is seen at 95 % power and 5 % false alarm where s is at least
``POWER`` of its own standard deviations. That deviation is the Cramér-Rao bound with the priors of sizes, so no reading of the curve
sees less; the program's own may see somewhat less well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from engine.curve import Array
from engine.datasets.basis import Basis, default_basis
from engine.datasets.noise import counting_noise
from engine.datasets.synthesis import Recipe, Sample, ideal_parts
from engine.inference.bound import bound
from engine.models.registry import LNP_TYPES
from engine.progress import Report, Step, silent

POWER = 3.29
"""1.645 deviations so that nothing is seen by chance once in twenty, and as many so that nineteen in twenty are seen."""

NOISE_LEVELS = (0.005, 0.02, 0.05)
"""sigma/I at q = 0.1/nm, of each of ``Recipe().points`` points."""

SHARES = np.geomspace(0.002, 0.9, 14)
SEED = 20260301


def detection_limits(*, samples: int = 40, report: Report = silent) -> dict[str, Any]:
    """Return the table of limits: major type, minor type, and for each of ``NOISE_LEVELS`` the median over random sizes."""
    basis = default_basis()
    at_points = basis.at(Recipe().q)
    pairs = [(major, minor) for major in LNP_TYPES for minor in LNP_TYPES if major != minor]
    rows = []
    for i, (major, minor) in enumerate(pairs):
        report(Step(i, len(pairs), f"{minor} in {major}"))
        limits = [
            float(np.median([_limit(major, minor, noise, basis, at_points, np.random.default_rng([SEED, i, j])) for j in range(samples)]))
            for noise in NOISE_LEVELS
        ]
        rows.append({"major": major, "minor": minor, "limits": [round(limit, 4) for limit in limits]})
    recipe = Recipe()
    return {
        "what": "smallest share of the scattering at the lowest q that a minor type must give to be seen at 95 % power, 5 % false alarm",
        "method": "median over random sizes of the share that is 3.29 Cramér-Rao deviations (van Trees, priors of sizes); 1 where none is",
        "made_with": "python main.py benchmark limits",
        "basis": basis.identity,
        "seed": SEED,
        "samples": samples,
        "noise": list(NOISE_LEVELS),
        "q": [recipe.q_min, recipe.q_max, recipe.points],
        "rows": rows,
    }


def _limit(major: str, minor: str, noise: float, basis: Basis, at_points: dict[str, Any], rng: np.random.Generator) -> float:
    """Return the least share of one random pair of sizes, between the shares that were tried by interpolation; 1 if none is enough."""
    recipe = Recipe()
    means, spreads = rng.uniform(*recipe.means, 2), rng.uniform(*recipe.spreads, 2)
    sample = Sample(types=(major, minor), number_fractions=(0.5, 0.5), means=tuple(map(float, means)), spreads=tuple(map(float, spreads)))
    alone = ideal_parts(sample, basis, at_points)[:, 0]
    margins = []
    for share in SHARES:
        numbers = np.array([1 - share, share]) / alone
        trial = replace(sample, number_fractions=tuple(map(float, numbers / numbers.sum())))
        total = ideal_parts(trial, basis, at_points).sum(axis=0)
        sigma = counting_noise(recipe.q, total, relative=noise).sigma(recipe.q, total)
        margins.append(share / (POWER * bound(trial, basis, at_points, sigma, 1.0, with_prior=True).scattering_fractions[1]))
    seen = np.flatnonzero(np.array(margins) >= 1)
    if not seen.size:
        return 1.0
    first = int(seen[0])
    if first == 0:
        return float(SHARES[0])
    between = slice(first - 1, first + 1)
    return float(np.exp(np.interp(0.0, np.log(margins[between]), np.log(SHARES[between]))))


@lru_cache(maxsize=1)
def shipped_limits() -> Mapping[str, Any]:
    """Return the table that comes with the program."""
    return dict(json.loads((files("engine.inference") / "data" / "detection_limits.json").read_text(encoding="utf-8")))


def limit_of(major: str, noise: float) -> tuple[str, float] | None:
    """Return the type that is hardest to see beside *major*, and its least share, at *noise* (sigma/I at q = 0.1/nm of 500 points).

    Between the noise levels of the table by interpolation; None beyond its ends, where nothing was computed.
    """
    table = shipped_limits()
    levels = table["noise"]
    if not levels[0] / 3 <= noise <= levels[-1] * 1.5:
        return None
    found = {
        row["minor"]: float(np.exp(np.interp(np.log(noise), np.log(levels), np.log(row["limits"]))))
        for row in table["rows"]
        if row["major"] == major
    }
    hardest = max(found, key=lambda kind: found[kind])
    return hardest, found[hardest]


def unseen(major: str, q: Array, intensity: Array, sigma: Array) -> tuple[str, ...]:
    """Return the sentence on what would not be seen beside *major* in a curve of these bins; none where no table says so."""
    if not q[-1] > 0.09 or q[0] > 0.11 or q.size < 3:
        return ()
    at = int(np.clip(np.searchsorted(q, 0.1), 1, q.size - 2))
    width = (q[at + 1] - q[at - 1]) / 2
    recipe = Recipe()
    per_point = np.sqrt(width * recipe.points / (recipe.q_max - recipe.q_min))  # a bin as wide holds the square of this many points
    found = limit_of(major, float(per_point * sigma[at] / max(abs(intensity[at]), 1e-300)))
    if found is None:
        return ()
    hardest, share = found
    if share > 0.5:
        return (f"At this noise another type beside it can hardly be seen: {hardest} not even where it gives half of the scattering.",)
    what = f"Beside it, a type that gives less than about {share:.0%} of the scattering at the lowest q ({hardest}, of typical size)"
    return (f"{what} would not be seen here.",)
