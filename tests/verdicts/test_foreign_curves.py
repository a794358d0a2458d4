"""Verdicts on curves measured or simulated by others, which lie beside a developer's checkout."""

import csv
import re

import pytest

from engine.errors import EngineError
from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.io.read import read

pytestmark = pytest.mark.shared

NO_LNP = re.compile(r"outside|OOD|refuse|too large|no particle|smaller than any LNP|vesicle|micelle|AOT|polymer", re.IGNORECASE)


@pytest.fixture(scope="module")
def rows(shared_dir):
    with (shared_dir / "curves" / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_that_nothing_foreign_is_called_a_lipid_nanoparticle(shared_dir, rows):
    foreign = [row for row in rows if NO_LNP.search(row["what_is_right"])]
    assert len(foreign) > 40
    wrong = []
    for row in foreign:
        try:
            measurements = read(shared_dir / "curves" / row["path"])
        except EngineError:
            continue  # refused with a sentence
        for measurement in measurements:
            try:
                answer = analyse(measurement.curve)
            except EngineError:
                continue
            if answer.status is Status.IN_FAMILY:
                wrong.append((row["path"], answer.sentence))
    assert not wrong


@pytest.mark.parametrize(
    ("name", "diameter", "spread"),
    [
        # their authors: radius 13.05 nm, standard deviation 2.66 nm
        ("aisaxs_gold/Au_86116.dat", 26.1, (0.15, 0.25)),
        ("aisaxs_gold/Au_86116.csv", 26.1, (0.15, 0.25)),
        # diameter about 50.6 nm, relative width 2 to 6 %
        ("mcsas3gui_roundrobin/round_robin_dataset_2.dat", 50.6, (0.02, 0.06)),
    ],
)
def test_that_real_spheres_are_solid_spheres_of_the_size_their_authors_give(shared_dir, name, diameter, spread):
    (measurement,) = read(shared_dir / "curves" / name)
    answer = analyse(measurement.curve)
    assert answer.hypothesis == "type 4"
    size = answer.sizes["type 4"]
    assert size.mean.value == pytest.approx(diameter, rel=0.03)
    assert spread[0] <= size.sd.value / size.mean.value <= spread[1]
