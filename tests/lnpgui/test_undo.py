"""Whatever changes an analysis is undone and redone with the keyboard, to the same verdict card; on a fake engine, by real events."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from gui_fakes import Analyst, write_curve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from engine.curve import Curve
from engine.inference.analysis import Analysis, Interval
from engine.progress import Report
from engine.units import QUnit
from lnpgui.main_window import MainWindow
from lnpgui.panels.analyse.columns_dialog import ColumnsDialog
from lnpgui.request import Request
from lnpgui.settings import Settings

Drop = Callable[..., bool]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


class Particular(Analyst):
    """An analyst whose answer depends on the curve and on everything that is asked of it."""

    def __call__(self, curve: Curve, request: Request, report: Report) -> Analysis:
        found = super().__call__(curve, request, report)
        asked = repr((request, float(curve.q[0]), len(curve))).encode()
        size = 30 + zlib.crc32(asked) % 4000 / 100
        sizes = {key: dataclasses.replace(value, mean=Interval(size, size - 1, size + 1)) for key, value in found.sizes.items()}
        return dataclasses.replace(found, sizes=sizes)


@pytest.fixture
def analyst() -> Analyst:
    return Particular()


@pytest.fixture
def shown(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> MainWindow:
    """A window with three analysed curves, the first of them shown."""
    drop(window, [write_curve(tmp_path / f"{i}.dat", radius=22.0 + i, points=60) for i in range(3)])
    settle(qtbot, window)
    return window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until every curve is judged and all is shown."""

    def still() -> bool:
        entries = window.session.entries
        return all(entry.is_settled for entry in entries) and not window.presenter.is_busy and window.is_shown

    qtbot.waitUntil(lambda: not window.changes._soon.isActive() and still(), timeout=20_000)


def cards(window: MainWindow) -> list[tuple[str, str]]:
    """Name and verdict of every curve, and what the card shows."""
    verdicts = [(entry.name, repr(entry.analysis.sizes) if entry.analysis else "") for entry in window.session.entries]
    return [*verdicts, ("card", window.analyse.card.text())]


def mark_all(qtbot: QtBot, window: MainWindow) -> None:
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_A, CONTROL)


def type_range(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    field = window.analyse.bar.high
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "1.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)


def tick_off_a_type(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    box = window.analyse.choices.boxes["type 2"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)


def tick_off_a_type_of_all(qtbot: QtBot, window: MainWindow, patch: pytest.MonkeyPatch) -> None:
    mark_all(qtbot, window)
    tick_off_a_type(qtbot, window, patch)


def free_the_shell(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    line = window.analyse.choices.particles
    qtbot.keyClick(line.opener, Qt.Key.Key_Space)
    field = line.fields["shell_thickness"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "3:5")
    qtbot.keyClick(field, Qt.Key.Key_Return)


def take_a_buffer_off(qtbot: QtBot, window: MainWindow, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/data/buffer.dat", ""))
    qtbot.mouseClick(window.analyse.choices.buffer, LEFT)


def flip_the_unit(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    qtbot.mouseClick(window.analyse.reading.flip_button, LEFT)


def change_the_columns(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    qtbot.mouseClick(window.analyse.reading.columns_button, LEFT)
    qtbot.waitUntil(lambda: window.analyse.findChild(ColumnsDialog) is not None)
    dialog = window.analyse.findChild(ColumnsDialog)
    dialog.roles[1].setCurrentText("sigma")
    dialog.roles[2].setCurrentText("intensity")
    qtbot.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), LEFT)
    window.activateWindow()  # a window manager does so when a dialog closes
    qtbot.waitUntil(window.isActiveWindow)


def average_all(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    mark_all(qtbot, window)
    window.analyse.average_action.trigger()


def merge_two(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_Home)
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_Down, SHIFT)
    window.analyse.merge_action.trigger()


def remove_the_shown(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_Delete)


def clear_the_list(qtbot: QtBot, window: MainWindow, _: pytest.MonkeyPatch) -> None:
    window.analyse.clear_action.trigger()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (type_range, "change of the range of q of 0.dat"),
        (tick_off_a_type, "change of the candidate types of 0.dat"),
        (tick_off_a_type_of_all, "change of the candidate types of 0.dat"),
        (free_the_shell, "change of shell or contrasts of 0.dat"),
        (take_a_buffer_off, "change of the buffer of 0.dat"),
        (flip_the_unit, "change of the unit of q of 0.dat"),
        (change_the_columns, "change of the columns of 0.dat"),
        (average_all, "making of Mean of 3, 0.dat"),
        (merge_two, "making of Merged of 2, 0.dat"),
        (remove_the_shown, "remove 0.dat"),
        (clear_the_list, "remove 3 curves"),
    ],
)
def test_that_a_change_is_undone_and_redone_to_the_same_verdict_card(
    qtbot: QtBot,
    shown: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
    analyst: Particular,
    change: Callable[[QtBot, MainWindow, pytest.MonkeyPatch], None],
    words: str,
) -> None:
    before = cards(shown)
    change(qtbot, shown, monkeypatch)
    settle(qtbot, shown)
    after = cards(shown)
    assert after != before
    assert shown.changes.stack.count() == 1
    assert shown.changes.stack.undoText() == words
    calls = analyst.calls
    for _ in range(2):
        qtbot.keyClick(shown, Qt.Key.Key_Z, CONTROL)
        settle(qtbot, shown)
        assert cards(shown) == before
        assert analyst.calls == calls  # the verdict was at hand
        qtbot.keyClick(shown, Qt.Key.Key_Z, CONTROL | SHIFT)
        settle(qtbot, shown)
        assert cards(shown) == after
        calls = analyst.calls
    assert not shown.changes.stack.canRedo()


def test_that_undone_columns_and_units_are_no_habit_of_their_folder_any_more(
    qtbot: QtBot, shown: MainWindow, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_the_columns(qtbot, shown, monkeypatch)
    settle(qtbot, shown)
    chosen = settings.habit(tmp_path)
    assert chosen.columns is not None
    qtbot.keyClick(shown, Qt.Key.Key_Z, CONTROL)
    settle(qtbot, shown)
    assert settings.habit(tmp_path).columns is None
    qtbot.keyClick(shown, Qt.Key.Key_Z, CONTROL | SHIFT)
    settle(qtbot, shown)
    assert settings.habit(tmp_path).columns == chosen.columns
    flip_the_unit(qtbot, shown, monkeypatch)
    settle(qtbot, shown)
    for modifiers, unit in ((CONTROL, QUnit.PER_NM), (CONTROL | SHIFT, QUnit.PER_ANGSTROM)):
        qtbot.keyClick(shown, Qt.Key.Key_Z, modifiers)
        settle(qtbot, shown)
        assert settings.confirmed_unit(tmp_path) is unit
