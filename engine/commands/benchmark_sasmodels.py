"""The exact solver beside sasmodels, where that has the shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.commands.benchmark_references import envelope, largest_error
from engine.commands.benchmark_timing import quickest
from engine.curve import Array

FINER = 150
"""Nodes over orientation that sasmodels brings beside its own choice."""


@dataclass(frozen=True)
class Shape:
    """One particle as both programs call it; lengths of sasmodels in Å."""

    name: str
    key: str
    ours: dict[str, float]
    theirs: dict[str, float]
    integrated: bool = False  # over orientations, so that its result depends on the number of nodes


SHAPES = (
    Shape("sphere", "type 4", {"diameter": 50.0}, {"radius": 250.0, "sld": 9.0}),
    Shape(
        "core_shell_sphere",
        "core-shell-sphere",
        {"diameter": 50.0},
        {"radius": 210.0, "thickness": 40.0, "sld_core": 16.0, "sld_shell": 9.0},
    ),
    Shape(
        "core_shell_ellipsoid",
        "core-shell-ellipsoid",
        {"diameter": 50.0, "axial_ratio": 1.25},
        {
            "radius_equat_core": 160.0,
            "x_core": 210.0 / 160.0,
            "thick_shell": 40.0,
            "x_polar_shell": 1.0,
            "sld_core": 16.0,
            "sld_shell": 9.0,
        },
        integrated=True,
    ),
    Shape("cylinder", "type 5", {"radius": 10.0, "height": 50.0}, {"radius": 100.0, "length": 500.0, "sld": 1.0}, integrated=True),
    Shape("vesicle", "vesicle", {"diameter": 80.0}, {"radius": 360.0, "thickness": 40.0, "sld": 9.0, "volfraction": 1.0}),
)


@dataclass(frozen=True)
class Comparison:
    """What came out for one shape.

    Parameters
    ----------
    name : str
        As sasmodels calls it.
    error : float
        Largest difference at sasmodels' own quadrature order, of the local envelope.
    finer_error : float, optional
        The same at 150 nodes; None where nothing is integrated.
    time_ratio : float
        Our time over theirs, for one curve.
    """

    name: str
    error: float
    finer_error: float | None
    time_ratio: float


def version() -> str | None:
    """Version of sasmodels, None where it is absent."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("sasmodels")
    except PackageNotFoundError:
        return None


def compare(points: int, repeats: int) -> list[Comparison]:
    """Compute every shape with both programs, at *points* q up to pi/nm; timed on the threads this process has."""
    from engine.models.registry import MODELS
    from engine.scattering.exact import form_factor

    q = np.linspace(0.02, np.pi, points)
    found = []
    for shape in SHAPES:
        particle = MODELS[shape.key](**shape.ours)
        fringes = envelope(lambda near, particle=particle: form_factor(particle, near), q, shape.ours.get("diameter", 54.0))  # type: ignore[misc]
        mine, kernel = form_factor(particle, q), _kernel(shape, q, None)
        found.append(
            Comparison(
                shape.name,
                largest_error(mine, _intensity(kernel, shape), fringes),
                largest_error(mine, _intensity(_kernel(shape, q, FINER), shape), fringes) if shape.integrated else None,
                quickest(lambda particle=particle: form_factor(particle, q), repeats)  # type: ignore[misc]
                / quickest(lambda kernel=kernel, shape=shape: _intensity(kernel, shape), repeats),  # type: ignore[misc]
            )
        )
    return found


def _kernel(shape: Shape, q: Array, nodes: int | None) -> Any:
    from sasmodels.core import build_model, load_model_info
    from sasmodels.generate import set_integration_size

    info = load_model_info(shape.name)
    if nodes is not None:
        set_integration_size(info, nodes)
    return build_model(info, dtype="double", platform="dll").make_kernel([q / 10])


def _intensity(kernel: Any, shape: Shape) -> Array:
    """Orientation mean of |F|² [(1e-6/Å²)² nm⁶]; sasmodels gives it in 1e-4 (1e-6/Å²)² Å⁶."""
    from sasmodels.direct_model import call_Fq

    mean_square = call_Fq(kernel, {**shape.theirs, "sld_solvent": 0.0, "scale": 1.0, "background": 0.0})[1]
    return np.asarray(mean_square) * 1e4 * 1e-6
