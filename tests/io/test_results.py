from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from engine.curve import Curve
from engine.inference.analysis import Analysis, Fit, Interval, SizeEstimate, Status
from engine.io.measurement import Measurement, UnitSource
from engine.io.results import answered, document, refused, write_json
from engine.units import QUnit

KEYS = {
    *("file", "error", "q_unit", "q_unit_reason", "q_unit_certain", "points", "q_min", "q_max", "status", "reasons"),
    *("hypothesis", "hypotheses", "number_fractions", "volume_fractions", "scattering_fractions", "sizes"),
    *("chi2_reduced", "runs_p", "effective_samples", "seconds"),
}


@pytest.fixture
def measurement():
    q = np.array([0.05, 0.1, 3.0])
    return Measurement(
        path=Path("a.dat"),
        name="a.dat",
        curve=Curve(q, np.ones(3)),
        format_name="text, 2 columns",
        q_unit=QUnit.PER_ANGSTROM,
        q_unit_source=UnitSource.PLAUSIBILITY,
        q_unit_words="q read as 1/A because of its range.",
        q_unit_certain=False,
    )


@pytest.fixture
def analysis():
    q = np.array([0.05, 0.1, 3.0])
    share = {f"type {n}": Interval(0.25, 0.2, 0.3) for n in (1, 2, 3, 4)}
    return Analysis(
        status=Status.IN_FAMILY,
        reasons=("It fits.",),
        sentence="Pure.",
        hypothesis="type 3",
        nearest="type 3",
        hypotheses={"type 3": np.float64(1.0)},
        number_fractions=share,
        volume_fractions=share,
        scattering_fractions=share,
        sizes={"type 3": SizeEstimate(Interval(52.0, 51.2, 52.9), Interval(5.0, 4.0, 6.0), 38.0, 16.0, 0.9, 0.8)},
        fit=Fit(q, q, q, q, 0.0, {}),
        chi2_reduced=1.03,
        runs_p=float("nan"),
        effective_samples=np.float64(800),
        model="physics/1",
        seconds=0.9,
    )


def through_a_file(path, record):
    write_json(path, document([record], model="physics/1"))
    text = path.read_text(encoding="utf-8")
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} was written"))


def test_that_an_answer_has_exactly_the_keys_of_the_schema(tmp_path, measurement, analysis):
    contents = through_a_file(tmp_path / "a.json", answered("sub/a.dat", measurement, analysis))
    assert (contents["schema"], contents["model"], len(contents["results"])) == ("lnpscope-analysis/1", "physics/1", 1)
    result = contents["results"][0]
    assert set(result) == KEYS
    assert (result["file"], result["error"]) == ("sub/a.dat", None)
    assert (result["q_unit"], result["q_unit_reason"], result["q_unit_certain"]) == ("1/A", "plausibility", False)
    assert (result["points"], result["q_min"], result["q_max"]) == (3, 0.05, 3.0)
    assert (result["status"], result["reasons"], result["hypothesis"]) == ("in family", ["It fits."], "type 3")
    assert result["hypotheses"] == {"type 3": 1.0}
    assert result["volume_fractions"]["type 2"] == {"value": 0.25, "low": 0.2, "high": 0.3}
    assert result["sizes"]["type 3"]["mean"] == {"value": 52.0, "low": 51.2, "high": 52.9}
    assert result["sizes"]["type 3"]["sd"] == {"value": 5.0, "low": 4.0, "high": 6.0}
    assert (result["sizes"]["type 3"]["equivalent_diameter"], result["sizes"]["type 3"]["radius_of_gyration"]) == (38.0, 16.0)


def test_that_a_number_that_is_none_becomes_null(tmp_path, measurement, analysis):
    strange = dataclasses.replace(analysis, chi2_reduced=float("inf"), seconds=np.float64("-inf"))
    result = through_a_file(tmp_path / "a.json", answered("a.dat", measurement, strange))["results"][0]
    assert (result["runs_p"], result["chi2_reduced"], result["seconds"]) == (None, None, None)


def test_that_outside_the_family_there_is_no_type_even_if_the_analysis_held_one(tmp_path, measurement, analysis):
    outside = dataclasses.replace(analysis, status=Status.OUTSIDE)
    result = through_a_file(tmp_path / "a.json", answered("a.dat", measurement, outside))["results"][0]
    assert set(result) == KEYS
    assert (result["status"], result["hypothesis"], result["sizes"], result["hypotheses"]) == ("outside", None, {}, {})
    assert [result[f"{kind}_fractions"] for kind in ("number", "volume", "scattering")] == [{}, {}, {}]


def test_that_a_refusal_has_the_same_keys_and_a_sentence(tmp_path, measurement):
    unread = through_a_file(tmp_path / "a.json", refused("a.png", "a.png: is a picture."))["results"][0]
    assert set(unread) == KEYS
    assert (unread["error"], unread["status"], unread["q_unit"], unread["points"]) == ("a.png: is a picture.", None, None, None)
    unjudged = through_a_file(tmp_path / "a.json", refused("a.dat", "Too few points.", measurement))["results"][0]
    assert set(unjudged) == KEYS
    assert (unjudged["error"], unjudged["status"], unjudged["q_unit"], unjudged["points"]) == ("Too few points.", None, "1/A", 3)
