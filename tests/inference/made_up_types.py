"""A table of three made-up types in closed form: small enough that the steps of a fit are tested in no time."""

from __future__ import annotations

import numpy as np

from engine.inference.shapes import ShapeTable

Q = np.geomspace(0.05, 2.0, 40)
D = np.arange(10.0, 220.5, 0.5)
AT = np.log([[50.0, 0.1], [35.0, 0.15], [80.0, 0.2]])


def balls(x):
    return (3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2


def coils(x):
    return 2 * (np.exp(-(x**2)) + x**2 - 1) / x**4


KINDS = {"ball": balls, "coil": coils, "fog": lambda x: 1 / (1 + x**2) ** 2}
SIGMA = 1e-3 * np.sqrt(1 + 50 * Q)


def made(amplitudes=(1.0,), background=0.01, noise=0.0, seed=0):
    """A table with data of the given amplitudes of the types in turn, at the sizes AT."""
    curves = {kind: np.asfortranarray(D**6 * law(np.outer(Q, D) / 2) / SIGMA[:, None]) for kind, law in KINDS.items()}
    first = {kind: curve[0] * SIGMA[0] for kind, curve in curves.items()}
    empty = ShapeTable(D, curves, first, np.zeros(Q.size), 1 / SIGMA, float(Q[-1]))
    parts = [a * empty.average(kind, *size[:, None])[0][:, 0] for a, kind, size in zip(amplitudes, KINDS, AT, strict=False)]
    data = sum(parts) + background / SIGMA + noise * np.random.default_rng(seed).normal(size=Q.size)
    return ShapeTable(D, curves, first, data, 1 / SIGMA, float(Q[-1]))
