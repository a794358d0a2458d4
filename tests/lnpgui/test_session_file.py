"""A session as a file: it comes back whole, and nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gui_fakes import make_analysis, sphere

from engine.curve import Curve
from engine.errors import DataFileError
from engine.inference.analysis import Analysis, Status
from engine.units import QUnit
from lnpgui import session_file
from lnpgui.request import Request
from lnpgui.session_file import SavedCurve, SavedSession, read_session, write_session
from lnpgui.verdicts import Verdicts, from_dict, to_dict

SESSION = SavedSession(
    curves=(
        SavedCurve(path=Path("/data/ä b.dat")),
        SavedCurve(path=Path("/data/two.h5"), part=1, request=Request(q_unit=QUnit.PER_ANGSTROM, q_range=(0.1, 2.0), types=("type 3",))),
    ),
    current=1,
    panel="Batch",
    panels={"Particle": {"model": "type 4", "diameter": 61.5}},
)


def test_that_a_session_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.lnpsession"
    write_session(path, SESSION)
    assert read_session(path) == SESSION
    assert [p.name for p in tmp_path.iterdir()] == ["a.lnpsession"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t[: len(t) // 2], "damaged"),
        (lambda t: "", "damaged"),
        (lambda t: "[" * 100_000, "damaged"),
        (lambda t: t.replace("lnpscope-session/1", "lnpscope-session/9"), "lnpscope-session/9"),
        (lambda t: '{"curves": []}', "does not say its form"),
        (lambda t: "[1, 2]", "does not say its form"),
        (lambda t: t.replace('"part": 1', '"part": -1'), "cannot be understood"),
        (lambda t: t.replace('"current": 1', '"current": 2'), "cannot be understood"),
        (lambda t: t.replace('"type 3"', '"type 9"'), "cannot be understood"),
        (lambda t: t.replace('"/data/two.h5"', "7"), "cannot be understood"),
    ],
    ids=["half", "empty", "deep", "newer", "foreign", "list", "part", "current", "type", "path"],
)
def test_that_what_is_no_session_is_refused_in_a_sentence(tmp_path: Path, spoil: object, words: str) -> None:
    path = tmp_path / "a.lnpsession"
    text = spoil(SESSION.to_json())  # type: ignore[operator]
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=words):
        read_session(path)


def test_that_a_session_beyond_its_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.lnpsession"
    write_session(path, SESSION)
    monkeypatch.setattr(session_file, "MOST_CURVES", 1)
    with pytest.raises(DataFileError, match="cannot be understood"):
        read_session(path)
    monkeypatch.setattr(session_file, "MOST_BYTES", 10)
    with pytest.raises(DataFileError, match="no session is larger"):
        read_session(path)


def test_that_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lnpsession"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DataFileError, match="damaged"):
        read_session(path)


# -- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def curve() -> Curve:
    q = np.geomspace(0.05, 3, 80)
    return Curve(q, sphere(q, 25.0) + 1e-4, 0.01 * sphere(q, 25.0) + 1e-6)


def same(one: Analysis, other: Analysis) -> bool:
    """True when two verdicts agree to the last digit."""
    return to_dict(one) == to_dict(other)


@pytest.mark.parametrize("status", list(Status))
def test_that_a_verdict_comes_back_to_the_last_digit(curve: Curve, status: Status) -> None:
    analysis = make_analysis(curve, status=status)
    back = from_dict(json.loads(json.dumps(to_dict(analysis))))
    assert same(back, analysis)
    assert back.particles == analysis.particles
    np.testing.assert_array_equal(back.fit.residuals, analysis.fit.residuals)
    assert back.sizes == dict(analysis.sizes)


def test_that_the_same_question_is_answered_once_and_another_one_anew(curve: Curve, tmp_path: Path) -> None:
    asked: list[str] = []
    store = Verdicts(tmp_path / "verdicts")

    def find() -> Analysis:
        asked.append("")
        return make_analysis(curve)

    first = store.get(curve, "settings", find)
    assert same(store.get(curve, "settings", find), first)
    assert len(asked) == 1
    store.get(curve, "other settings", find)
    store.get(Curve(curve.q, np.nextafter(curve.intensity, 1), curve.sigma), "settings", find)
    store.get(Curve(curve.q, curve.intensity), "settings", find)
    assert len(asked) == 4


@pytest.mark.parametrize("text", ["", "{", '{"schema": "lnpscope-verdict/1"}', "[]", '{"schema": "x"}'])
def test_that_a_spoilt_verdict_counts_as_not_known(curve: Curve, tmp_path: Path, text: str) -> None:
    store = Verdicts(tmp_path)
    store.get(curve, "settings", lambda: make_analysis(curve))
    (file,) = tmp_path.glob("*.json")
    whole = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    store.get(curve, "settings", lambda: make_analysis(curve))
    assert file.read_text(encoding="utf-8") == whole


def test_that_a_place_that_cannot_be_written_does_not_stop_an_analysis(curve: Curve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    analysis = make_analysis(curve)
    assert Verdicts(tmp_path / "file" / "verdicts").get(curve, "settings", lambda: analysis) is analysis


def test_that_only_so_many_verdicts_stay(curve: Curve, tmp_path: Path) -> None:
    import os

    store = Verdicts(tmp_path)
    for i in range(4):
        store.get(curve, i, lambda: make_analysis(curve))
    for i, path in enumerate(sorted(tmp_path.glob("*.json"))):
        os.utime(path, (i, i))
    newest = sorted(tmp_path.glob("*.json"))[2:]
    store.prune(2)
    assert sorted(tmp_path.glob("*.json")) == newest
