"""The exact solver beside sasmodels, a development dependency."""

from __future__ import annotations

import pytest

from engine.commands.benchmark_sasmodels import SHAPES, compare

pytest.importorskip("sasmodels")

CLOSED = 1e-9
"""Where both are closed forms or our radial quadrature meets one: rounding, of the local envelope."""
INTEGRATED = 1e-4
"""Where sasmodels integrates over orientations at its own order."""
FINER = 1e-9
"""At 150 nodes its integral has converged: the difference was its own."""


@pytest.fixture(scope="module")
def found():
    return {shape.name: shape for shape in compare(points=80, repeats=1)}


def test_that_every_shape_is_compared(found):
    assert set(found) == {"sphere", "core_shell_sphere", "core_shell_ellipsoid", "cylinder", "vesicle"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_that_both_programs_agree(found, shape):
    assert found[shape.name].error < (INTEGRATED if shape.integrated else CLOSED)
    assert found[shape.name].time_ratio > 0


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.integrated], ids=lambda shape: shape.name)
def test_that_the_difference_goes_away_with_its_quadrature(found, shape):
    assert found[shape.name].finer_error < FINER
