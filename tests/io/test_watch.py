"""Which files of a watched folder are ready to be read, with looks and times given by hand."""

from __future__ import annotations

import time
from pathlib import Path

import h5py
import pytest

from engine.errors import Cancelled
from engine.io import watch
from engine.io.watch import (
    Event,
    FolderBack,
    FolderLost,
    Full,
    GivenUp,
    Look,
    Ready,
    Stamp,
    Vanished,
    Watcher,
    WatchSettings,
    WillRetry,
    look,
    patterns,
)

A, B = Path("a.dat"), Path("b.dat")
LOST = Look(trouble="No such file or directory")


def there(*files: tuple[Path, int] | tuple[Path, int, int]) -> Look:
    """Return a look that finds files of (path, size, time of change)."""
    return Look({path: Stamp(size, *time, *([1] if not time else [])) for path, size, *time in files})


def play(watcher: Watcher, *looks: Look, start: float = 0.0) -> list[tuple[Event, ...]]:
    """Return what the watcher says to each of *looks*, taken a second apart."""
    return [watcher.take(found, start + second) for second, found in enumerate(looks)]


def test_that_a_file_is_ready_when_two_further_looks_find_it_unchanged_and_only_once() -> None:
    said = play(Watcher(), *[there((A, 9))] * 6)
    assert said == [(), (), (Ready(A, Stamp(9, 1)),), (), (), ()]


def test_that_a_growing_file_waits_until_it_has_stopped() -> None:
    said = play(Watcher(), there((A, 1)), there((A, 1)), there((A, 5)), there((A, 5)), there((A, 5, 2)), *[there((A, 5, 2))] * 2)
    assert [bool(events) for events in said] == [False] * 6 + [True]


def test_that_an_empty_file_is_not_ready_however_long_it_lies_there() -> None:
    watcher = Watcher()
    assert not any(play(watcher, *[there((A, 0))] * 5))
    assert watcher.growing == 1
    assert play(watcher, there((A, 7)), there((A, 7)), there((A, 7)))[-1] == (Ready(A, Stamp(7, 1)),)


def test_that_several_ready_files_come_in_the_order_in_which_they_were_written() -> None:
    looks = [there((A, 9, 30), (B, 9, 10), (Path("c.dat"), 9, 20))] * 3
    assert [event.path.name for event in play(Watcher(), *looks)[-1] if isinstance(event, Ready)] == ["b.dat", "c.dat", "a.dat"]


def test_that_a_file_that_vanishes_before_it_was_read_is_told_and_forgotten() -> None:
    watcher = Watcher()
    assert play(watcher, there((A, 9)), there(), there()) == [(), (Vanished(A),), ()]
    assert play(watcher, *[there((A, 9))] * 3)[-1] == (Ready(A, Stamp(9, 1)),)


def test_that_a_file_read_before_is_not_read_again_when_it_goes_and_comes_back() -> None:
    watcher = Watcher()
    play(watcher, *[there((A, 9))] * 3)
    watcher.accepted(A)
    assert not any(play(watcher, there(), *[there((A, 9))] * 5))


def test_that_a_replaced_file_is_read_again_once_it_keeps_still() -> None:
    watcher = Watcher()
    play(watcher, *[there((A, 9))] * 3)
    watcher.accepted(A)
    said = play(watcher, there((A, 9, 2)), there((A, 9, 2)), there((A, 9, 2)), there((A, 9, 2)))
    assert said == [(), (), (Ready(A, Stamp(9, 2), again=True),), ()]


def test_that_a_clock_set_back_makes_a_change_like_any_other() -> None:
    watcher = Watcher()
    play(watcher, *[there((A, 9, 1000))] * 3)
    watcher.accepted(A)
    assert play(watcher, *[there((A, 9, 5))] * 3)[-1] == (Ready(A, Stamp(9, 5), again=True),)


def test_that_files_known_from_before_are_not_read_unless_they_change_now() -> None:
    watcher = Watcher((A,))
    assert play(watcher, *[there((A, 9), (B, 4))] * 4)[2] == (Ready(B, Stamp(4, 1)),)
    assert play(watcher, *[there((A, 10), (B, 4))] * 3)[-1] == (Ready(A, Stamp(10, 1), again=True),)


def test_that_files_already_there_are_left_alone_if_only_new_ones_are_wanted() -> None:
    watcher = Watcher(settings=WatchSettings(old_too=False))
    assert play(watcher, there((A, 9)), *[there((A, 9), (B, 4))] * 4) == [(), (), (), (Ready(B, Stamp(4, 1)),), ()]
    assert play(watcher, *[there((A, 9, 7), (B, 4))] * 3)[-1] == (Ready(A, Stamp(9, 7)),)


def test_that_a_lost_folder_is_told_once_and_nothing_is_forgotten_when_it_comes_back() -> None:
    watcher = Watcher()
    play(watcher, *[there((A, 9))] * 3)
    watcher.accepted(A)
    said = play(watcher, there((A, 9), (B, 4)), LOST, LOST, *[there((A, 9), (B, 4))] * 3)
    assert said[:3] == [(), (FolderLost("No such file or directory"),), ()]
    assert said[3][0] == FolderBack()
    assert [events for events in said[4:] if events] == [(Ready(B, Stamp(4, 1)),)]


def test_that_a_file_that_cannot_be_read_is_tried_again_after_a_growing_wait_and_then_given_up() -> None:
    watcher = Watcher(settings=WatchSettings(tries=3, wait=2.0))
    play(watcher, *[there((A, 9))] * 3)
    assert watcher.refused(A, "held open", 10.0) == (WillRetry(A, "held open", 2.0),)
    assert watcher.take(there((A, 9)), 11.9) == ()
    assert watcher.take(there((A, 9)), 12.0) == (Ready(A, Stamp(9, 1), again=True),)
    assert watcher.refused(A, "held open", 12.0) == (WillRetry(A, "held open", 4.0),)
    assert watcher.take(there((A, 9)), 16.0) != ()
    assert watcher.refused(A, "held open", 16.0) == (GivenUp(A, "held open", 3),)
    assert not any(play(watcher, *[there((A, 9))] * 5, start=1000.0))


def test_that_a_change_ends_the_wait_and_the_despair() -> None:
    watcher = Watcher(settings=WatchSettings(tries=1))
    play(watcher, *[there((A, 9))] * 3)
    assert isinstance(watcher.refused(A, "half of it", 3.0)[0], GivenUp)
    assert play(watcher, *[there((A, 12))] * 3)[-1] == (Ready(A, Stamp(12, 1), again=True),)


def test_that_a_refusal_of_something_never_given_out_changes_nothing() -> None:
    watcher = Watcher((A,))
    assert watcher.refused(A, "?", 0.0) == ()
    assert watcher.refused(B, "?", 0.0) == ()


def test_that_ten_thousand_files_are_bounded_and_told_and_quick() -> None:
    many = Look({Path(f"{i:05d}.dat"): Stamp(9, i) for i in range(10_000)})
    watcher = Watcher(settings=WatchSettings(most=6000))
    began = time.process_time()
    first, second, third, fourth = play(watcher, many, many, many, many)
    taken = time.process_time() - began
    assert first == (Full(4000),)
    assert second == ()
    assert len(third) == 6000
    assert fourth == ()
    assert taken < 2.0


def test_that_a_look_cut_short_is_no_sign_that_files_vanished() -> None:
    watcher = Watcher()
    watcher.take(there((A, 9), (B, 9)), 0.0)
    assert watcher.take(Look({A: Stamp(9, 1)}, is_cut=True), 1.0) == ()
    assert watcher.growing == 2


def test_that_patterns_are_split_at_blanks_commas_and_semicolons() -> None:
    assert patterns(" *.dat; *_sub*.h5,x? ") == ("*.dat", "*_sub*.h5", "x?")
    assert patterns("  ") == ()


def test_that_a_look_finds_files_in_folders_and_leaves_out_what_is_hidden_or_no_data(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("a.dat", "b.png", ".c.dat", "deep/deeper/d.txt", ".hidden/e.dat"):
        (tmp_path / name).write_text("12")
    assert {path.name: stamp.size for path, stamp in look(tmp_path).files.items()} == {"a.dat": 2, "d.txt": 2}
    assert [path.name for path in look(tmp_path, ("*.DAT",)).files] == ["a.dat"]


def test_that_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    found = look(tmp_path / "gone")
    assert found.trouble
    assert not found.files


def test_that_a_look_is_bounded_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOKED_AT", 3)
    for i in range(5):
        (tmp_path / f"{i}.dat").write_text("1")
    found = look(tmp_path)
    assert (len(found.files), found.is_cut) == (3, True)

    def stop(_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        look(tmp_path, report=stop)


def test_that_a_real_hdf5_file_is_read_after_its_writer_has_let_go(tmp_path: Path) -> None:
    from engine.errors import DataFileError
    from engine.io.read import read

    path = tmp_path / "frame.h5"
    watcher = Watcher(settings=WatchSettings(wait=0.5))

    def ready(now: float) -> bool:
        return any(isinstance(event, Ready) for event in watcher.take(look(tmp_path), now))

    with h5py.File(path, "w", libver="latest") as writer:
        writer.attrs["default"] = "entry"
        group = writer.create_group("entry/data")
        writer.flush()
        assert [ready(float(i)) for i in range(3)] == [False, False, True]
        with pytest.raises(DataFileError) as refusal:
            read(path)
        assert isinstance(watcher.refused(path, str(refusal.value), 3.0)[0], WillRetry)
        group.attrs.update({"NX_class": "NXdata", "signal": "I", "axes": "Q"})
        writer["entry"].attrs["NX_class"] = "NXentry"
        group.create_dataset("Q", data=[0.1 * (i + 1) for i in range(40)]).attrs["units"] = "1/nm"
        group.create_dataset("I", data=[100.0 / (i + 1) ** 2 for i in range(40)])
    assert any(ready(10.0 + i) for i in range(4))
    assert len(read(path)[0].curve) == 40
