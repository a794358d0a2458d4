"""The comparisons of the paper's Figs. 4, 6, 7 and 8 as pictures: each choice of the lattice pipeline against the exact curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.commands.benchmark_references import cylinder
from engine.curve import Array, Curve
from engine.errors import ParameterError
from engine.models.cylinder import SolidCylinder
from engine.models.registry import LNP_TYPES, MODELS
from engine.progress import Report, Step, silent
from engine.scattering import exact
from engine.scattering.lattice import PAPER, LatticeSettings, lattice_form_factor
from engine.scattering.orientation import Average
from engine.scattering.voxelise import VoxelFactor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DIAMETER = 50.0
"""Size D of the particles of Fig. 4 [nm]."""

BODY = SolidCylinder()
"""The paper's test body: radius 10 nm, height 50 nm, contrast 1."""

RATIOS = (2.0, 4.0, 6.0, 10.0)

_UNIT = "(10⁻⁶/Å²)² nm⁶"
_SHIFT = 0.05  # from curve to curve, so that none hides another
_CUT = 0.5  # the lattice fills the minima of the curve, where log I differs by more
_MARKERS = ("o-", "s-", "^-", "d-")
_STYLES = ("-", "--", "-.", ":")


def check_folder(folder: Path) -> None:
    """Make the folder for the pictures, before anything long begins.

    Raises
    ------
    ParameterError
        If it can't be made, or matplotlib is absent.
    """
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise ParameterError("The pictures need matplotlib, which is not installed; install the extra 'dev', or leave --out away.", "out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder} can't be made: {error.strerror}. Name another folder.", "out") from error


def draw(folder: Path, report: Report = silent, *, ratios: tuple[float, ...] = RATIOS) -> list[Path]:
    """Draw the four comparisons into *folder* and return the paths of the PNGs."""
    pictures = {
        "fig4_form_factors.png": _form_factors,
        "fig6_voxel_factor.png": _voxel_factor,
        "fig7_padding_ratio.png": lambda: _padding(ratios),
        "fig8_orientation_average.png": _average,
    }
    paths = []
    for i, (name, make) in enumerate(pictures.items()):
        report(Step(i, len(pictures), name))
        paths.append(folder / name)
        make().savefig(paths[-1], dpi=150)
    report(Step(len(pictures), len(pictures), ""))
    return paths


def _figure(**keywords: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, without a window and without the state of pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", figsize=(11.0, 4.8))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, 2, **keywords)


def _form_factors() -> Figure:
    """Draw the types at one size, and the cylinder of the lattice on its closed form."""
    figure, (left, right) = _figure()
    q = np.geomspace(0.02, np.pi, 600)
    for key, style in zip(LNP_TYPES, _STYLES, strict=True):
        model = MODELS[key]
        left.plot(q, exact.form_factor(model(diameter=DIAMETER), q), style, linewidth=1.2, label=f"{key}: {model.title}")
    _finish(left, f"Exact form factors, D = {DIAMETER:g} nm")
    curve = lattice_form_factor(BODY)
    right.plot(q, cylinder(q, BODY.radius, BODY.height), "k-", linewidth=1.0, label="analytic")
    right.plot(curve.q, curve.intensity, ".", markersize=4, label="lattice FFT, padding ratio 6")
    _finish(right, "Cylinder, radius 10 nm, height 50 nm")
    return figure


def _voxel_factor() -> Figure:
    return _against_exact(
        "Effect of the continuous-density correction",
        {
            "with sinc²": PAPER,
            "without": replace(PAPER, voxel_factor=VoxelFactor.NONE),
        },
    )


def _padding(ratios: tuple[float, ...]) -> Figure:
    return _against_exact("Effect of the padding ratio", {f"ratio {ratio:g}": replace(PAPER, padding_ratio=ratio) for ratio in ratios})


def _average() -> Figure:
    return _against_exact(
        "Effect of the orientation average",
        {
            "improved: effective counts": PAPER,
            "original: nearest bin with sharing, / q²": replace(PAPER, average=Average.ORIGINAL),
            "nearest bin without sharing, / q²": replace(PAPER, average=Average.ORIGINAL, sharing=False),
        },
    )


def _against_exact(title: str, variants: Mapping[str, LatticeSettings]) -> Figure:
    """Draw the cylinder's curves by the lattice with several settings; left themselves, right their ratio to the exact curve."""
    figure, (left, right) = _figure(sharex=True)
    q = np.geomspace(0.02, np.pi, 600)
    expected = exact.form_factor(BODY, q)
    for i, (name, settings) in enumerate(variants.items()):
        curve, shift = lattice_form_factor(BODY, settings=settings), _SHIFT**i
        ratio = _log_ratio(curve)
        left.plot(q, shift * expected, "k-", linewidth=0.8, label=None if i else "exact")
        left.plot(curve.q, shift * curve.intensity, ".", markersize=4, color=f"C{i}", label=f"{name}, × {shift:g}" if i else name)
        label = f"{name}: median {np.median(np.abs(ratio[curve.q < 2])):.3f} for q < 2/nm"
        right.plot(curve.q, ratio, _MARKERS[i % len(_MARKERS)], fillstyle="none", markersize=4, linewidth=0.7, color=f"C{i}", label=label)
    _finish(left, title)
    right.axhline(0.0, color="k", linewidth=0.8)
    right.set(xscale="log", ylim=(-_CUT, _CUT), xlabel="q [1/nm]", ylabel="log₁₀ (I lattice / I exact)")
    right.set_title(f"Difference to the exact curve, cut at ±{_CUT:g}")
    right.legend(fontsize="small")
    right.grid(visible=True, alpha=0.3)
    return figure


def _log_ratio(curve: Curve) -> Array:
    return np.asarray(np.log10(curve.intensity / exact.form_factor(BODY, curve.q)))


def _finish(axes: Axes, title: str) -> None:
    axes.set(xscale="log", yscale="log", xlabel="q [1/nm]", ylabel=f"I(q) [{_UNIT}]", title=title)
    axes.legend(fontsize="small")
    axes.grid(visible=True, alpha=0.3)
