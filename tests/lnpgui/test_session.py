"""The list of curves as values."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lnpgui.request import Request
from lnpgui.session import Entry, Session, State, Ticket


@pytest.fixture
def session() -> Session:
    """Three curves to be read."""
    result = Session()
    result.add([Path("a"), Path("b"), Path("c")])
    return result


def keys(session: Session) -> list[int]:
    """Keys in the order of the list."""
    return [entry.key for entry in session.entries]


def test_that_entries_never_change_but_are_replaced(session: Session) -> None:
    before = session.entries[0]
    heard: list[Entry] = []
    session.changed.connect(heard.append)
    after = session.update(before.key, state=State.FAILED, error="No curve.")
    assert before.state is State.READING
    assert heard == [after]
    assert session.entries[0] is after


def test_that_keys_are_never_given_twice(session: Session) -> None:
    session.remove(keys(session))
    (entry,) = session.add([Path("d")])
    assert entry.key == 4


def test_that_further_data_sets_stand_behind_the_first(session: Session) -> None:
    import numpy as np

    from engine.curve import Curve
    from engine.io.measurement import Measurement, UnitSource
    from engine.units import QUnit

    m = Measurement(
        path=Path("a"),
        name="a [2]",
        curve=Curve(np.arange(1.0, 4.0), np.ones(3)),
        format_name="text",
        q_unit=QUnit.PER_NM,
        q_unit_source=UnitSource.HEADER,
        q_unit_words="",
        q_unit_certain=True,
    )
    session.add_parts(session.entries[0], [m, m])
    assert [entry.path.name for entry in session.entries] == ["a", "a", "a", "b", "c"]
    assert [entry.part for entry in session.entries] == [0, 1, 2, 0, 0]


def test_that_an_answer_to_an_old_request_is_not_asked_for(session: Session) -> None:
    entry = session.entries[0]
    ticket = Ticket(entry.key, entry.revision)
    assert session.waiting_for(ticket) is entry
    session.update(entry.key, revision=entry.revision + 1)
    assert session.waiting_for(ticket) is None
    session.remove([entry.key])
    assert session.waiting_for(Ticket(entry.key, entry.revision + 1)) is None


@pytest.mark.parametrize(("shown", "gone", "then"), [(2, [2], 3), (3, [3], 2), (1, [1, 2], 3), (2, [1], 2), (1, [1, 2, 3], None)])
def test_that_the_neighbour_is_shown_when_the_shown_one_goes(session: Session, shown: int, gone: list[int], then: int | None) -> None:
    session.show(shown)
    session.remove(gone)
    assert (session.current.key if session.current else None) == then


def test_that_marking_the_same_curves_again_tells_nothing_and_removed_ones_are_marked_no_more(qtbot: QtBot) -> None:
    session = Session()
    a, b, c = session.add([Path("a"), Path("b"), Path("c")])
    with qtbot.waitSignal(session.selected_changed) as told:
        session.select([c.key, a.key, 99])
    assert told.args == [(c.key, a.key)]
    with qtbot.assertNotEmitted(session.selected_changed):
        session.select([c.key, a.key])
    session.remove([a.key])
    assert session.selected == (c.key,)
    assert b.key not in session.selected


def test_that_asking_otherwise_is_told_with_both_requests_and_outdates_every_answer(session: Session, qtbot: QtBot) -> None:
    entry = session.entries[0]
    new = Request(q_range=(0.1, 1.0))
    with qtbot.waitSignal(session.asked) as told:
        session.ask(entry.key, new)
    assert told.args[1:] == [Request(), new]
    assert session.entries[0].request == new
    assert session.waiting_for(Ticket(entry.key, entry.revision)) is None
    with qtbot.assertNotEmitted(session.asked):
        session.ask(entry.key, Request(q_range=(0.1, 1.0)))


def test_that_a_network_is_used_for_old_curves_and_new_ones(qapp, tmp_path):
    session = Session()
    (old,) = session.add([tmp_path / "old.dat"])
    asked = []
    session.asked.connect(lambda entry, before, after: asked.append((entry.key, before.model, after.model)))
    session.use_model(tmp_path / "ours")
    (new,) = session.add([tmp_path / "new.dat"])
    assert asked == [(old.key, "default", str(tmp_path / "ours"))]
    assert new.request.model == str(tmp_path / "ours")
    session.use_model(None)
    assert {entry.request.model for entry in session.entries} == {"default"}
