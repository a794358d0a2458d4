"""What the user chose about a curve, kept in a file and taken from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ParameterError
from engine.inference.particles import Particles
from engine.io.column_choice import ColumnChoice
from engine.units import QUnit
from lnpgui.request import DEEPEST, MOST_SOURCES, Part, Request, Way

FRAMES = tuple(Part(path=Path(f"{i}.dat"), part=i, request=Request(q_unit=QUnit.PER_ANGSTROM)) for i in range(3))
REQUESTS = [
    Request(),
    Request(q_unit=QUnit.PER_NM, columns=ColumnChoice(q=1, intensity=3, sigma=None, skip_rows=4), q_range=(0.1, 2.5)),
    Request(buffer=Path("folder ä") / "buffer.dat", buffer_scale=0.97, types=("type 3", "type 4")),
    Request(buffer=Path("buffer.dat"), buffer_scale=None),
    Request(way=Way.AVERAGE, parts=FRAMES),
    Request(way=Way.MERGE, parts=(FRAMES[0], Part(path=Path("b"), request=Request(way=Way.AVERAGE, parts=FRAMES)))),
    Request(particles=Particles(shell_thickness=(3.0, 5.0), sld_core=14.5)),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_that_a_request_comes_back_from_a_file_as_it_was(request_: Request) -> None:
    assert Request.from_dict(json.loads(json.dumps(request_.to_dict()))) == request_


def test_that_a_request_for_nothing_special_takes_no_room() -> None:
    assert Request().to_dict() == {}


def nested(depth: int) -> dict[str, object]:
    inner = {} if depth == 0 else nested(depth - 1)
    part = {"path": "a", "part": 0, "request": inner}
    return {"way": "average", "parts": [part, part]}


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {"q_unit": "1/mm"},
        {"q_range": [1.0]},
        {"q_range": [2.0, 1.0]},
        {"q_range": [0.1, float("inf")]},
        {"q_range": "ab"},
        {"columns": {"q": 0, "intensity": 0, "sigma": None, "skip_rows": 0}},
        {"columns": [1, 2]},
        {"buffer": 7},
        {"buffer": "b", "buffer_scale": -1},
        {"buffer": "b", "buffer_scale": "large"},
        {"types": []},
        {"types": ["type 9"]},
        {"model": 3},
        {"model": "//host/share/model"},
        {"model": "\\\\host\\share\\model"},
        {"types": [["type 1"]]},
        {"particles": 4},
        {"particles": {"shell_thickness": 4}},
        {"particles": {**Particles().as_record(), "shell_thickness": [5, 3]}},
        {"particles": {**Particles().as_record(), "sld_core": [1, 2, 3]}},
        {"particles": {**Particles().as_record(), "sld_fill": "nan"}},
        {"way": "average"},
        {"way": "stir", "parts": [{}, {}]},
        {"way": "average", "parts": [{"path": "a", "part": -1, "request": {}}] * 2},
        {"way": "average", "parts": [{"path": "a", "part": 1e400, "request": {}}] * 2},
        {"way": "merge", "parts": [{"path": "a", "part": 0, "request": {}}] * 3},
        {"way": "average", "parts": [{"path": "a", "part": 0, "request": {}}] * (MOST_SOURCES + 1)},
        nested(DEEPEST),
    ],
)
def test_that_a_record_of_something_else_is_refused(record: object) -> None:
    with pytest.raises(ParameterError):
        Request.from_dict(record)


def test_that_what_concerns_the_analysis_alone_does_not_change_how_a_file_is_read() -> None:
    plain = Request()
    assert Request(q_range=(0.1, 1.0), types=("type 4",), buffer_scale=2.0).reading == plain.reading
    assert Request(particles=Particles(shell_thickness=3.5)).reading == plain.reading
    for other in REQUESTS[1:6]:
        assert other.reading != plain.reading


def test_that_types_keep_their_order_however_they_are_ticked() -> None:
    assert Request(types=("type 4", "type 1")) == Request(types=("type 1", "type 4"))
