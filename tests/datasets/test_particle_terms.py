"""Curves at any shell thickness and contrast: the same as the exact solver, computed once and kept."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets import particle_terms as module
from engine.datasets.basis import default_basis
from engine.datasets.particle_terms import CACHE_VARIABLE, Grid, cache_folder, interpolation, particle_terms, thicknesses_for
from engine.errors import Cancelled, DataFileError
from engine.models.registry import MODELS
from engine.progress import Step
from engine.scattering.exact import form_factors

GRID = Grid(diameter_min=20.0, diameter_max=30.0, diameter_step=2.0, q_max=1.0)
TYPES = ("type 2", "type 4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def terms(folder):
    return particle_terms(TYPES, thicknesses_for((3.0, 4.25)), grid=GRID, folder=folder)


@pytest.mark.parametrize("thickness", [3.0, 3.5, 3.37, 4.2])
def test_that_any_thickness_and_contrast_gives_the_curve_of_the_exact_solver(terms, thickness):
    contrasts = {"core": 13.0, "shell": 9.0, "fill": -2.0}
    basis = terms.basis(thickness, contrasts)
    values = {"shell_thickness": thickness, "sld_core": 13.0, "sld_shell": 9.0, "sld_fill": -2.0}
    exact = form_factors([MODELS["type 2"](diameter=float(d), **values) for d in terms.diameters], terms.q)
    # on a thickness that was computed only rounding to single precision is left; between two, a polynomial's error
    between = abs(thickness * 4 - round(thickness * 4)) > 1e-9
    np.testing.assert_allclose(basis.curves["type 2"], exact, rtol=0, atol=(2e-5 if between else 1e-6) * exact[:, :1].min())
    assert basis.shell_thickness == thickness


def test_that_the_default_is_that_of_the_program(terms):
    basis, default = terms.basis(4.0, {"core": 16.0, "shell": 9.0, "fill": 9.0}), default_basis()
    rows = np.searchsorted(default.diameters, terms.diameters)
    for kind in TYPES:
        np.testing.assert_allclose(basis.curves[kind], default.curves[kind][rows, : terms.q.size], rtol=2e-4)


def test_that_parts_together_are_the_whole(terms):
    parts = terms.parts()
    weights = terms.weights("type 2", 3.6, {"core": 16.0, "shell": 9.0, "fill": 5.0})
    total = sum(
        weights[i, j] * parts.curves[module.part_name("type 2", i, j)] for i in range(weights.shape[0]) for j in range(weights.shape[1])
    )
    np.testing.assert_allclose(total, terms.basis(3.6, {"core": 16.0, "shell": 9.0, "fill": 5.0}).curves["type 2"], rtol=1e-9)


def test_that_settled_contrasts_give_the_same_curves_at_any_thickness(terms):
    contrasts = {"core": 13.0, "shell": 9.0, "fill": -2.0}
    whole = terms.at_contrasts(contrasts)
    assert whole.terms["type 2"].curves.shape[1] == 1
    for thickness in (3.0, 3.6):
        ours, theirs = whole.basis(thickness, contrasts), terms.basis(thickness, contrasts)
        for kind in TYPES:
            np.testing.assert_allclose(ours.curves[kind], theirs.curves[kind], rtol=1e-9, atol=1e-12 * theirs.curves[kind].max())


def test_that_what_is_there_is_not_computed_again(terms, folder, monkeypatch):
    def refuse(*words, **more):
        raise AssertionError("computed again")

    monkeypatch.setattr(module, "make_library", refuse)
    module._read_all.cache_clear()
    again = particle_terms(TYPES, thicknesses_for((3.0, 4.25)), grid=GRID, folder=folder)
    np.testing.assert_array_equal(again.terms["type 2"].curves, terms.terms["type 2"].curves)


def test_that_computing_tells_its_progress_and_stops_when_asked(tmp_path):
    told = []

    def stop(event):
        told.append(event)
        raise Cancelled

    with pytest.raises(Cancelled):
        particle_terms(("type 1",), (3.3,), grid=GRID, folder=tmp_path, report=stop)
    assert isinstance(told[0], Step)
    assert "once" in told[0].message
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".h5"]


def test_that_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataFileError, match=f"name another folder in the variable {CACHE_VARIABLE}"):
        particle_terms(("type 1",), (3.3,), grid=GRID, folder=tmp_path / "file")


@pytest.mark.parametrize(("stated", "first", "last"), [((3.0, 5.0), 3.0, 5.0), ((3.9, 4.1), 3.25, 4.5), ((1.0, 1.1), 0.5, 1.75)])
def test_that_the_thicknesses_enclose_the_range_and_are_enough(stated, first, last):
    found = thicknesses_for(stated)
    assert (found[0], found[-1]) == (first, last)
    assert len(found) >= module.STENCIL
    assert thicknesses_for(3.7) == (3.7,)


def test_that_interpolation_is_exact_for_polynomials():
    nodes = np.array(thicknesses_for((3.0, 5.0)))
    for at in (3.0, 3.1, 4.26, 5.0):
        weights = interpolation(nodes, at)
        assert weights @ nodes**5 == pytest.approx(at**5)
        assert weights.sum() == pytest.approx(1)


def test_that_the_cache_can_be_put_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv(CACHE_VARIABLE)
    assert "lnpscope" in str(cache_folder()).lower()
