"""The basis that comes with the program, and those read from libraries."""

from __future__ import annotations

import argparse
import dataclasses
import time
from importlib.resources import files

import h5py
import numpy as np
import pytest
import references

from engine.commands import library as command
from engine.datasets.basis import Basis, default_basis, load_basis
from engine.datasets.library import make_library
from engine.datasets.library_plan import LibrarySettings
from engine.errors import DataFileError, ParameterError
from engine.models.registry import LNP_TYPES, MODELS
from engine.scattering.exact import form_factor

FLOAT32 = 1.2e-7
"""What storing as float32 leaves, with the solver's own rounding at minima."""

SMALL = LibrarySettings(diameter_min=20.0, diameter_max=40.0, diameter_step=5.0, shell_thicknesses=(3.0, 4.0), q_max=1.0, q_points=81)


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    path = tmp_path_factory.mktemp("partial") / "partial.h5"
    make_library(path, SMALL)
    return path


@pytest.fixture(scope="module")
def totals(tmp_path_factory):
    path = tmp_path_factory.mktemp("totals") / "totals.h5"
    make_library(path, dataclasses.replace(SMALL, fixed_contrasts=True, shell_thicknesses=(3.5,)))
    return path


def misfit(found, expected, q, particle) -> float:
    envelope = references.local_envelope(lambda near: form_factor(particle, near), q, particle.diameter)
    return float(np.max(np.abs(found - expected) / envelope))


def test_that_the_default_basis_covers_what_the_analysis_needs():
    basis = default_basis()
    assert basis.types == LNP_TYPES
    np.testing.assert_allclose(basis.diameters, np.arange(10.0, 220.25, 0.5))
    assert basis.diameter_step == 0.5
    assert basis.q_max == pytest.approx(5.0)
    assert basis.shell_thickness == 4.0
    assert dict(basis.contrasts["type 2"]) == {"core": 16.0, "shell": 9.0, "fill": 9.0}
    assert (files("engine.datasets") / "data" / "default_basis.h5").stat().st_size < 5e6


def test_that_the_default_basis_is_made_by_the_documented_command():
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = "--out default_basis.h5 --diameters 10:220:0.5 --shells 4 --q-max 5.128 --points 642 --fixed-contrasts"
    expected = command.settings(parser.parse_args(words.split())).provenance()
    found = default_basis().provenance
    for key in ("kind", "solver", "unit", "parameters", "diameters", "shell_thicknesses", "q"):
        assert found[key] == expected[key], key


@pytest.mark.parametrize("key", LNP_TYPES)
@pytest.mark.parametrize("diameter", [10.0, 15.5, 100.0, 220.0])
def test_that_rows_of_the_default_basis_are_what_the_solver_gives_now(key, diameter):
    basis = default_basis()
    row = basis.curves[key][int(np.flatnonzero(basis.diameters == diameter)[0])]
    particle = MODELS[key](diameter=diameter)
    assert misfit(row, form_factor(particle, basis.q), basis.q, particle) < FLOAT32


@pytest.mark.parametrize("key", LNP_TYPES)
@pytest.mark.parametrize(("diameter", "tolerance"), [(10.0, 5e-6), (50.0, 5e-6), (160.0, 5e-6), (220.0, 2e-4)])
def test_that_the_basis_tells_the_intensity_between_its_points(key, diameter, tolerance):
    q = np.sort(np.random.default_rng(5).uniform(0.0, 5.0, 400))
    q[0], q[-1] = 0.0, 5.0
    basis, particle = default_basis(), MODELS[key](diameter=diameter)
    row = basis.at(q)[key][int(np.flatnonzero(basis.diameters == diameter)[0])]
    assert misfit(row, form_factor(particle, q), q, particle) < tolerance


def test_that_q_may_come_in_any_order():
    q = np.array([0.3, 0.1, 0.3, 0.0, 5.0])
    found, ordered = default_basis().at(q)["type 1"], default_basis().at(np.array([0.0, 0.1, 0.3, 5.0]))["type 1"]
    assert found.shape == (421, 5)
    np.testing.assert_allclose(found, ordered[:, [2, 1, 2, 0, 3]], rtol=1e-13)


@pytest.mark.parametrize("q", [[5.01], [-0.1], [np.nan], [[0.1]]])
def test_that_q_outside_the_basis_is_refused(q):
    with pytest.raises(ParameterError, match="reaches from q = 0 to 5"):
        default_basis().at(np.array(q))


def test_that_all_curves_at_a_thousand_q_take_less_than_a_seventh_of_a_second():
    q = np.geomspace(0.01, 5.0, 1000)
    basis = default_basis()
    basis.at(q)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        basis.at(q)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.15  # measured 0.01


def test_that_a_library_of_partial_terms_gives_any_contrasts(partial):
    basis = load_basis(partial, contrasts={"core": -3.0, "shell": 5.0, "fill": 1.5}, shell_thickness=3.0)
    for key, names in {"type 1": "core shell", "type 2": "core shell fill", "type 4": "shell"}.items():
        contrasts = {f"sld_{name}": basis.contrasts[key][name] for name in names.split()}
        shell = {} if key == "type 4" else {"shell_thickness": 3.0}
        particle = MODELS[key](diameter=35.0, **contrasts, **shell)
        # core and shell cancel in part, so the rounding of the terms shows more than in a total
        assert misfit(basis.curves[key][3], form_factor(particle, basis.q), basis.q, particle) < 1e-6
    assert dict(basis.contrasts["type 2"]) == {"core": -3.0, "shell": 5.0, "fill": 1.5}


def test_that_contrasts_left_out_are_those_of_the_library(partial):
    basis = load_basis(partial, contrasts={"core": 12.0}, shell_thickness=4.0)
    assert dict(basis.contrasts["type 2"]) == {"core": 12.0, "shell": 9.0, "fill": 9.0}


def test_that_a_thickness_must_be_chosen_among_those_held(partial, totals):
    assert load_basis(totals).shell_thickness == 3.5
    with pytest.raises(DataFileError, match="holds shell thicknesses 3, 4 nm; one must be chosen"):
        load_basis(partial)
    with pytest.raises(DataFileError, match=r"3\.7 nm is not there"):
        load_basis(partial, shell_thickness=3.7)


def test_that_a_library_of_totals_keeps_to_its_contrasts(totals):
    assert load_basis(totals, contrasts={"core": 16.0}).contrasts["type 1"]["core"] == 16.0
    with pytest.raises(DataFileError, match="partial terms"):
        load_basis(totals, contrasts={"core": 15.0})


def test_that_a_region_nobody_has_is_refused(partial):
    with pytest.raises(ParameterError, match="No type has a region cor"):
        load_basis(partial, contrasts={"cor": 1.0}, shell_thickness=3.0)


def test_that_the_identity_follows_the_content(partial):
    one, again = load_basis(partial, shell_thickness=3.0), load_basis(partial, shell_thickness=3.0)
    assert one.identity == again.identity
    assert len(one.identity) == 12
    others = [
        load_basis(partial, shell_thickness=4.0),
        load_basis(partial, shell_thickness=3.0, contrasts={"fill": 8.0}),
        dataclasses.replace(one, curves={"type 1": one.curves["type 1"]}),
    ]
    assert len({one.identity, *(other.identity for other in others)}) == 4


def test_that_a_basis_cannot_be_changed():
    basis = default_basis()
    with pytest.raises(ValueError, match="read-only"):
        basis.curves["type 1"][0, 0] = 0.0
    with pytest.raises(TypeError):
        basis.curves["type 1"] = basis.curves["type 2"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"q": np.linspace(0.1, 1.0, 81)}, "q from 0"),
        ({"q": np.linspace(0, 1.0, 81) ** 2}, "equally spaced q"),
        ({"diameters": np.array([20.0, 25.0, 30.0, 35.0, 41.0])}, "equally spaced diameters"),
        ({"curves": {"type 1": np.ones((5, 80))}}, r"type 1 have shape \(5, 80\)"),
    ],
)
def test_that_uneven_axes_and_wrong_tables_are_refused(totals, change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        dataclasses.replace(load_basis(totals), **change)


def damaged(path, tmp_path, harm) -> Basis:
    copy = tmp_path / "damaged.h5"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        harm(file)
    return load_basis(copy)


HARMS = {
    "another schema": (lambda file: file.attrs.modify("schema", "something/1"), "no finished library"),
    "no q": (lambda file: file.__delitem__("q"), "cannot be read as a library"),
    "no provenance": (lambda file: file.attrs.modify("provenance", "{"), "cannot be read as a library"),
    "provenance of another kind": (lambda file: file.attrs.modify("provenance", "[1]"), "cannot be read as a library"),
    "NaN": (lambda file: file["type 1/terms"].__setitem__((0, 0, 0, 3), np.nan), "no numbers"),
    "too few terms": (
        lambda file: (file.__delitem__("type 1/terms"), file.create_dataset("type 1/terms", data=np.ones((1, 2, 1, 3)))),
        "shape",
    ),
    "foreign pairs": (lambda file: file["type 1/pairs"].__setitem__(0, [7, 9]), "pairs of regions"),
    "uneven q": (lambda file: file["q"].__setitem__(3, 0.9), "equally spaced q"),
    "no contrasts": (lambda file: file.attrs.modify("provenance", '{"parameters": {"type 1": {}}}'), "contrasts of type 1"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_that_a_damaged_library_is_refused_with_a_sentence(totals, tmp_path, harm):
    change, sentence = HARMS[harm]
    with pytest.raises(DataFileError, match=sentence):
        damaged(totals, tmp_path, change)


@pytest.mark.parametrize("content", [b"", b"q,intensity\n0.1,2\n"])
def test_that_what_is_no_hdf5_file_is_refused(tmp_path, content):
    path = tmp_path / "library.h5"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="cannot be read as a library"):
        load_basis(path)


def test_that_a_truncated_library_is_refused(totals, tmp_path):
    path = tmp_path / "cut.h5"
    path.write_bytes(totals.read_bytes()[:-500])
    with pytest.raises(DataFileError, match="cannot be read as a library"):
        load_basis(path)


def test_that_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.h5", tmp_path):
        with pytest.raises(DataFileError, match="cannot be read as a library"):
            load_basis(path)
