"""What a report says: the verdict's own numbers, no types outside the family, and a true cut of the particle."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.io.measurement import Dropped
from engine.io.read import read
from engine.io.report import collect, cut
from engine.models.properties import properties
from engine.models.registry import LNP_TYPES, MODELS


@pytest.fixture(scope="module")
def verdict(root):
    (measurement,) = read(root / "resources" / "examples" / "two_compartment_and_solid.dat")
    return measurement, analyse(measurement.curve)


@pytest.mark.parametrize("kind", [*LNP_TYPES, "vesicle"])
def test_that_the_cut_turned_about_its_axis_has_the_particles_volumes(kind):
    particle = MODELS[kind]()
    section = cut(kind, 1.0, particle)
    height, width = section.labels.shape
    distance = np.abs(np.arange(width) + 0.5 - width / 2) * section.spacing
    turned = np.pi * distance * section.spacing**2  # each half is turned by half a circle
    volume = float(((section.labels >= 0) * turned).sum())
    assert volume == pytest.approx(properties(particle.body()).volume, rel=0.01)
    assert height * section.spacing == pytest.approx(section.length)
    np.testing.assert_array_equal(section.labels, section.labels[:, ::-1])


def test_that_z_points_upwards():
    section = cut("type 2", 1.0, MODELS["type 2"](diameter=60.0))
    assert section.length == pytest.approx(60.0)
    rows_of = {name: np.nonzero(section.labels == i)[0] for i, name in enumerate(section.contrasts)}
    assert rows_of["core"].max() < rows_of["fill"].min()  # the core lies in lobe A, at positive z


def test_that_the_words_carry_the_numbers_of_the_verdict(verdict):
    measurement, analysis = verdict
    content = collect(measurement, analysis, when=datetime(2026, 5, 4, tzinfo=UTC))
    assert (content.status, content.sentence, content.reasons) == ("in family", analysis.sentence, analysis.reasons)
    by_title = {row.title: row.cells for row in content.fractions}
    share = analysis.number_fractions["type 3"]
    assert by_title["type 3, Two-compartment"][0] == f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
    assert content.sizes[0].cells[0].startswith(f"{analysis.sizes['type 3'].mean.value:.2f} (")
    assert content.hypotheses[0].title == analysis.hypothesis
    assert set(content.components) == {"type 3", "type 4"}
    assert [section.number_fraction for section in content.sections] == sorted((item[1] for item in analysis.particles), reverse=True)
    assert analysis.model in content.footer[0]
    assert "2026-05-0" in content.footer[1]
    assert f"{len(measurement.curve)} points" in content.reading[0]


def test_that_outside_the_family_no_type_is_shown(verdict):
    measurement, analysis = verdict
    content = collect(measurement, dataclasses.replace(analysis, status=Status.OUTSIDE))
    assert (content.fractions, content.hypotheses, content.sizes, content.sections, content.components) == ((), (), (), (), {})


def test_that_doubts_about_the_reading_are_said(verdict):
    measurement, analysis = verdict
    doubtful = dataclasses.replace(measurement, q_unit_certain=False, notes=("No sigma.",), dropped=(Dropped("zero", (1, 2)),))
    reading = collect(doubtful, analysis).reading
    assert reading[1].endswith(" This is not certain.")
    assert reading[2:] == ("No sigma.", "Left out: 2 rows, zero.")
