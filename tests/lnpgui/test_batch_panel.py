"""The Batch panel through real events, on verdicts made by hand."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from gui_clock import OwnClock
from gui_fakes import make_analysis, read, write_curve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.inference.alarm import LimitRule, Side, StatusRule
from engine.inference.analysis import Analysis, Interval, Status
from engine.io.measurement import Measurement
from engine.progress import silent
from lnpgui import workers
from lnpgui.panels.batch.columns import COLUMNS
from lnpgui.panels.batch.presenter import BatchPresenter
from lnpgui.panels.batch.view import ALARMS, BatchView
from lnpgui.plots.trend_plot import Against
from lnpgui.request import PLAIN, Habit, Request
from lnpgui.session import Session, State
from lnpgui.settings import Settings
from lnpgui.theme import DARK, LIGHT

NAME, STATUS, CHI2 = (next(i for i, column in enumerate(COLUMNS) if column.key == key) for key in ("name", "status", "chi2"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    """One curve, which stands for all."""
    return read(write_curve(tmp_path_factory.mktemp("curve") / "x.dat", points=40), PLAIN, Habit(), silent)[0]


def verdict(measured: Measurement, *, size: float = 52.0, chi2: float = 1.0, status: Status = Status.IN_FAMILY) -> Analysis:
    """Return a verdict with the size of type 3 and the chi² given."""
    analysis = dataclasses.replace(make_analysis(measured.curve, status=status), chi2_reduced=chi2)
    if not analysis.sizes:
        return analysis
    mean = dataclasses.replace(analysis.sizes["type 3"], mean=Interval(size, size - 1, size + 1))
    return dataclasses.replace(analysis, sizes={**analysis.sizes, "type 3": mean})


class Desk:
    """The panel with everything round it, shown alone."""

    def __init__(self, qtbot: QtBot, settings: Settings, measured: Measurement) -> None:
        self.qtbot, self.settings, self.measured = qtbot, settings, measured
        self.session = Session()
        self.view = BatchView(LIGHT)
        self.presenter = BatchPresenter(self.view, self.session, settings)
        qtbot.addWidget(self.view)

    def show(self) -> None:
        """Show the panel as a window."""
        self.view.resize(1200, 700)
        self.view.show()
        self.view.activateWindow()
        self.qtbot.waitUntil(self.view.isActiveWindow)

    def add(self, *names: str) -> list[int]:
        """Put curves in the session that are not read yet."""
        return [entry.key for entry in self.session.add([Path("/data") / name for name in names])]

    def judge(self, key: int, **what: object) -> None:
        """Let the analysis of a curve come in."""
        analysis = verdict(self.measured, **what)  # type: ignore[arg-type]
        self.session.update(key, state=State.DONE, measurement=self.measured, analysis=analysis)

    def fail(self, key: int, sentence: str) -> None:
        """Let a file be refused."""
        self.session.update(key, state=State.FAILED, error=sentence)

    def names(self) -> list[str]:
        """Names in the table, from top to bottom."""
        shown = (self.session.entry(key) for key in self.view.table.shown_keys())
        return [entry.name for entry in shown if entry is not None]

    def cell(self, row: int, column: int) -> str:
        """Text of a cell that is shown."""
        return str(self.view.table.filter.index(row, column).data())

    def close(self) -> None:
        """End everything."""
        self.presenter.stop()
        workers.shut_down(2000)
        self.view.close()


@pytest.fixture
def desk(qtbot: QtBot, settings: Settings, measured: Measurement) -> Iterator[Desk]:
    """Return the panel without curves."""
    result = Desk(qtbot, settings, measured)
    yield result
    result.close()


def click(qtbot: QtBot, desk: Desk, row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Click on a row of the table."""
    table = desk.view.table
    place = table.visualRect(table.filter.index(row, NAME)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def test_that_the_table_follows_a_curve_from_reading_to_its_verdict(desk: Desk) -> None:
    a, b = desk.add("a.dat", "b.dat")
    desk.presenter.refresh()
    assert desk.cell(0, STATUS) == "at work"
    assert desk.view.count.text() == "2 curves, 2 unfinished"
    desk.judge(a, size=60.2)
    desk.fail(b, "b.dat, line 3: it holds no rows of numbers; give a curve.")
    line = {column.key: desk.cell(0, i) for i, column in enumerate(COLUMNS)}
    assert (line["status"], line["hypothesis"], line["probability"]) == ("in family", "type 3 + type 4", "0.930")
    assert (line["number type 3"], line["mean type 3"], line["sd type 4"]) == ("60", "60.2", "4.1")
    assert (line["number type 1"], line["mean type 1"]) == ("0", "")
    assert (line["chi2"], line["background"], line["unit"]) == ("1", "0.0001", "1/nm ?")
    refused = {column.key: desk.cell(1, i) for i, column in enumerate(COLUMNS)}
    assert (refused["status"], refused["notes"]) == ("refused", "Line 3: it holds no rows of numbers; give a curve.")


def test_that_columns_of_a_type_show_by_themselves_when_a_curve_holds_it(desk: Desk) -> None:
    def shown() -> set[str]:
        return {column.key for column in desk.view.table.shown_columns}

    (a,) = desk.add("a.dat")
    desk.presenter.refresh()
    assert not any("type" in key for key in shown())
    desk.judge(a)
    desk.presenter.refresh()
    assert {"mean type 3", "sd type 3", "number type 4"} <= shown()
    assert "mean type 1" not in shown()


def test_that_a_click_on_a_head_sorts_with_unknown_values_last_and_a_third_click_restores_the_order(qtbot: QtBot, desk: Desk) -> None:
    keys = desk.add("a.dat", "b.dat", "c.dat", "d.dat")
    for key, chi2 in zip(keys, (3.0, 1.0, 20.0), strict=False):
        desk.judge(key, chi2=chi2)
    desk.show()
    heads = desk.view.table.horizontalHeader()

    def click_head() -> None:
        place = QPoint(heads.sectionViewportPosition(CHI2) + 10, heads.height() // 2)
        qtbot.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, pos=place)

    desk.view.table.scrollTo(desk.view.table.filter.index(0, CHI2))
    click_head()
    assert desk.names() == ["b.dat", "a.dat", "c.dat", "d.dat"]
    click_head()
    assert desk.names() == ["c.dat", "a.dat", "b.dat", "d.dat"]
    desk.judge(keys[3], chi2=50.0)  # comes in while the table is sorted
    qtbot.waitUntil(lambda: desk.names() == ["d.dat", "c.dat", "a.dat", "b.dat"])
    click_head()
    assert desk.names() == ["a.dat", "b.dat", "c.dat", "d.dat"]


def test_that_what_is_marked_stays_marked_when_the_table_sorts(qtbot: QtBot, desk: Desk) -> None:
    keys = desk.add("a.dat", "b.dat", "c.dat")
    for key, chi2 in zip(keys, (3.0, 1.0, 2.0), strict=True):
        desk.judge(key, chi2=chi2)
    desk.show()
    click(qtbot, desk, 0)
    click(qtbot, desk, 2, Qt.KeyboardModifier.ControlModifier)
    assert set(desk.session.selected) == {keys[0], keys[2]}
    desk.view.table.sortByColumn(CHI2, Qt.SortOrder.AscendingOrder)
    assert desk.names() == ["b.dat", "c.dat", "a.dat"]
    assert desk.view.table.selected_keys() == (keys[2], keys[0])


def test_that_keys_choose_curves_and_the_session_moves_the_table(qtbot: QtBot, desk: Desk) -> None:
    keys = desk.add("a.dat", "b.dat", "c.dat")
    desk.show()
    click(qtbot, desk, 0)
    qtbot.keyClick(desk.view.table, Qt.Key.Key_Down)
    assert desk.session.current is not None
    assert desk.session.current.key == keys[1]
    desk.session.show(keys[2])
    assert desk.view.table.currentIndex().row() == 2
    qtbot.keyClick(desk.view.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.selected == tuple(keys)


def test_that_typed_words_and_the_status_filter_the_rows_and_the_count_says_so(qtbot: QtBot, desk: Desk) -> None:
    a, b, c = desk.add("run1_a.dat", "run1_b.dat", "run2_c.dat")
    desk.judge(a)
    desk.judge(b, status=Status.OUTSIDE)
    desk.judge(c)
    desk.show()
    qtbot.keyClick(desk.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(desk.view.search, "RUN1")
    assert desk.names() == ["run1_a.dat", "run1_b.dat"]
    assert desk.view.count.text() == "2 of 3 curves"
    qtbot.keyClicks(desk.view.search, " outside")
    assert desk.names() == ["run1_b.dat"]
    desk.view.search.clear()
    desk.view.lights.setCurrentIndex(desk.view.lights.findText("in family"))
    assert desk.names() == ["run1_a.dat", "run2_c.dat"]
    desk.judge(a, status=Status.DOUBTFUL)  # leaves by itself
    assert desk.names() == ["run2_c.dat"]


def test_that_copied_rows_are_cells_separated_by_tabs_with_the_shown_columns(qtbot: QtBot, desk: Desk) -> None:
    keys = desk.add("a.dat", "b.dat")
    for key in keys:
        desk.judge(key)
    desk.presenter.refresh()
    desk.show()
    click(qtbot, desk, 1)
    qtbot.keyClick(desk.view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, row, rest = QGuiApplication.clipboard().text().split("\n")
    assert rest == ""
    cells = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert cells["File"] == "b.dat"
    assert cells["D type 3, nm"] == "52.0"
    assert len(cells) == len(desk.view.table.shown_columns)


def test_that_chosen_columns_are_remembered(qtbot: QtBot, desk: Desk, settings: Settings, measured: Measurement) -> None:
    actions = {COLUMNS[action.data()].key: action for action in desk.view.table.column_menu.actions()}
    actions["frame"].trigger()
    desk.view.table.column_menu.aboutToShow.emit()
    assert actions["frame"].isChecked()
    actions["notes"].trigger()
    other = Desk(qtbot, settings, measured)
    shown = {column.key for column in other.view.table.shown_columns}
    assert "frame" in shown
    assert "notes" not in shown
    other.close()


def test_that_removed_curves_leave_the_table_one_or_all(desk: Desk) -> None:
    keys = desk.add(*(f"{i}.dat" for i in range(100)))
    desk.session.remove(keys[:1])
    assert desk.names()[0] == "1.dat"
    desk.session.remove(keys[1:90])
    assert len(desk.names()) == 10
    assert desk.view.count.text() == "10 curves"


def test_that_data_sets_stand_behind_their_file(desk: Desk) -> None:
    a, _ = desk.add("a.h5", "b.dat")
    entry = desk.session.entry(a)
    assert entry is not None
    desk.session.add_parts(entry, [dataclasses.replace(desk.measured, name="a.h5 [2]")])
    assert desk.names() == ["a.h5", "a.h5 [2]", "b.dat"]


def test_that_five_thousand_rows_sort_filter_and_change_without_a_pause(desk: Desk) -> None:
    keys = desk.add(*(f"curve_{i:04d}.dat" for i in range(5000)))
    rng = np.random.default_rng(1)
    answers = [verdict(desk.measured, chi2=float(chi2)) for chi2 in rng.exponential(2, 50)]
    for i, key in enumerate(keys):
        desk.session.update(key, state=State.DONE, measurement=desk.measured, analysis=answers[i % 50])
    desk.presenter.refresh()
    desk.show()
    desk.view.grab()
    table = desk.view.table

    def worst(action: Callable[[], object]) -> float:
        """Return the shorter processor time of two runs: other programs disturb single ones [s]."""
        times = []
        for _ in range(2):
            began = time.process_time()
            action()
            desk.qtbot.wait(1)
            times.append(time.process_time() - began)
        return min(times)

    orders = iter((Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder) * 2)
    assert worst(lambda: table.sortByColumn(CHI2, next(orders))) < 0.3
    texts = iter(("curve_49", "curve_00") * 2)
    assert worst(lambda: desk.view.search.setText(next(texts))) < 0.3
    assert len(desk.names()) == 100
    desk.view.search.clear()
    assert worst(lambda: desk.judge(keys[7], chi2=rng.exponential())) < 0.1
    assert worst(desk.presenter.refresh) < 0.4


# -- trend -------------------------------------------------------------------------------------------------------------


def test_that_the_trend_shows_values_with_their_bars_and_a_click_chooses_the_curve(qtbot: QtBot, desk: Desk) -> None:
    keys = desk.add(*(f"f_{10 + i}.dat" for i in range(5)))
    for i, key in enumerate(keys):
        desk.judge(key, size=50.0 + i, status=Status.OUTSIDE if i == 4 else Status.IN_FAMILY)
    desk.view.quantity.setCurrentIndex(desk.view.quantity.findData("mean type 3"))
    desk.view.against.setCurrentIndex(desk.view.against.findData(Against.FRAME))
    points = desk.view.trend.points
    assert [(point.key, point.x, point.interval) for point in points] == [
        (key, 10 + i, Interval(50.0 + i, 49.0 + i, 51.0 + i)) for i, key in enumerate(keys[:4])
    ]
    assert desk.view.untold.text() == "1 of 5 verdicts do not give it"
    desk.show()
    desk.view.trend.grab()
    place = desk.view.trend.position_of(keys[2]).toPoint()
    qtbot.mouseClick(desk.view.trend.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.current is not None
    assert desk.session.current.key == keys[2]
    assert desk.view.table.currentIndex().row() == 2


def test_that_the_trend_against_time_uses_when_the_files_were_written(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.dat" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_text("x")
        os.utime(path, (1e9 + 60 * i, 1e9 + 60 * i))
    keys = [entry.key for entry in desk.session.add(paths)]
    for key in keys:
        desk.judge(key)
    desk.view.against.setCurrentIndex(desk.view.against.findData(Against.TIME))
    qtbot.waitUntil(lambda: [point.x for point in desk.view.trend.points] == [1e9, 1e9 + 60, 1e9 + 120])
    written = next(i for i, column in enumerate(COLUMNS) if column.key == "written")
    assert desk.cell(1, written).startswith("2001-09-")


def test_that_both_colours_draw_and_nothing_is_lost_when_they_change(desk: Desk) -> None:
    (key,) = desk.add("a.dat")
    desk.judge(key)
    desk.presenter.refresh()
    desk.view.set_theme(DARK)
    assert len(desk.view.trend.points) == 1
    assert desk.view.trend.backgroundBrush().color().name() == DARK.plot


# -- alarm -------------------------------------------------------------------------------------------------------------


def test_that_a_curve_that_breaks_the_rule_is_marked_and_told_and_can_be_listed(qtbot: QtBot, desk: Desk) -> None:
    a, b, c = desk.add("a.dat", "b.dat", "c.dat")
    desk.show()
    desk.view.alarm.what.setCurrentIndex(desk.view.alarm.what.findData("mean type 3"))
    qtbot.mouseClick(desk.view.alarm.on, Qt.MouseButton.LeftButton, pos=QPoint(8, desk.view.alarm.on.height() // 2))
    desk.view.alarm.limit.setValue(60.0)
    desk.judge(a, size=59.0)
    desk.judge(b, size=61.5)
    desk.judge(c, status=Status.OUTSIDE)
    qtbot.waitUntil(desk.view.banner.isVisible)
    assert desk.view.banner_words.text() == "b.dat has a mean size of type 3 of 61.5 nm (90 %: 60.5 to 62.5), above 60 nm."
    grounds = [desk.view.table.filter.index(row, 0).data(Qt.ItemDataRole.BackgroundRole) for row in range(3)]
    assert [ground is not None for ground in grounds] == [False, True, False]
    assert "alarm" in {column.key for column in desk.view.table.shown_columns}
    qtbot.mouseClick(desk.view.banner_show, Qt.MouseButton.LeftButton)
    assert desk.names() == ["b.dat"]
    assert desk.view.lights.currentText() == ALARMS
    qtbot.mouseClick(desk.view.banner_close, Qt.MouseButton.LeftButton)
    assert not desk.view.banner.isVisible()
    desk.judge(a, size=70.0)
    qtbot.waitUntil(desk.view.banner.isVisible)
    assert desk.view.banner_words.text().endswith("1 more curve breaks the rule.")


def test_that_an_alarm_ends_when_the_curve_or_the_rule_changes(desk: Desk) -> None:
    (key,) = desk.add("a.dat")
    desk.presenter.set_rule(StatusRule(Status.IN_FAMILY))
    desk.judge(key, status=Status.DOUBTFUL)
    assert desk.view.table.rows.lines[0].alarm == "is doubtful, not in family"
    desk.judge(key)
    assert desk.view.table.rows.lines[0].alarm == ""
    desk.presenter.set_rule(LimitRule("chi2", Side.BELOW, 5.0))
    assert desk.view.table.rows.lines[0].alarm
    desk.presenter.set_rule(None)
    assert desk.view.table.rows.lines[0].alarm == ""


def test_that_the_alarm_is_heard_only_if_wished_and_only_for_verdicts_that_come_in(desk: Desk) -> None:
    heard: list[int] = []
    desk.presenter.beep = lambda: heard.append(1)
    a, b = desk.add("a.dat", "b.dat")
    desk.judge(a, status=Status.OUTSIDE)
    desk.presenter.set_rule(StatusRule(Status.IN_FAMILY))
    desk.judge(b, status=Status.OUTSIDE)
    assert heard == []
    desk.view.alarm.sound.setChecked(True)
    desk.judge(b)
    desk.judge(b, status=Status.OUTSIDE)
    desk.judge(b, status=Status.OUTSIDE)  # the same again
    assert heard == [1]


def test_that_the_rule_is_remembered(qtbot: QtBot, desk: Desk, settings: Settings, measured: Measurement) -> None:
    desk.view.alarm.on.setChecked(True)
    desk.view.alarm.what.setCurrentIndex(1)
    desk.view.alarm.verdict.setCurrentText("type 3")
    other = Desk(qtbot, settings, measured)
    assert other.view.alarm.rule() == desk.view.alarm.rule()
    assert other.view.alarm.verdict.currentText() == "type 3"
    other.close()


# -- writing -----------------------------------------------------------------------------------------------------------


def test_that_the_exported_tables_equal_the_single_analyses_to_the_last_digit(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.io.results import answered, document, refused, to_json
    from engine.io.table_results import write_csv

    keys = desk.add("a.dat", "b.dat", "c.dat", "d.dat")
    desk.judge(keys[0], size=157 / 3)
    desk.judge(keys[1], status=Status.OUTSIDE)
    desk.fail(keys[2], "c.dat: it is empty.")
    entries = desk.session.entries
    expected = [answered(f"/data/{e.name}", desk.measured, e.analysis) for e in entries if e.analysis is not None]
    expected.append(refused("/data/c.dat", "c.dat: it is empty."))
    for name, kind in (("all.csv", "Table (*.csv)"), ("all.json", "JSON (*.json)")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, name=name, kind=kind: (str(tmp_path / name), kind))
        desk.view.table_action.trigger()
        qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    assert desk.view.notice.text() == f"Wrote 3 curves to {tmp_path / 'all.json'}. 1 unfinished curve was left out."
    assert (tmp_path / "all.json").read_text(encoding="utf-8") == to_json(document(expected, model="test analyst")) + "\n"
    write_csv(tmp_path / "expected.csv", expected, model="test analyst")
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()
    assert repr(157 / 3) in (tmp_path / "all.csv").read_text(encoding="utf-8")
    first = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["results"][0]
    assert first["sizes"]["type 3"]["mean"]["value"] == 157 / 3


def test_that_a_refused_folder_is_told_in_a_sentence_and_nothing_is_left(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    (key,) = desk.add("a.dat")
    desk.judge(key)
    gone = tmp_path / "gone"
    desk.presenter.write_table(gone / "all.csv")
    qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    assert "all.csv: cannot be written in" in desk.view.notice.text()
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    desk.presenter.write_reports(in_the_way)
    qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    assert "can't be made" in desk.view.notice.text()
    assert [path.name for path in tmp_path.iterdir() if path.name != "settings"] == ["file"]


def test_that_without_a_verdict_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    desk.presenter.write_table(tmp_path / "all.csv")
    assert "nothing to write" in desk.view.notice.text()
    desk.add("a.dat")
    desk.presenter.write_capsules(tmp_path)
    assert not desk.presenter.is_busy


def test_that_reports_of_all_curves_are_drawn_in_processes_each_under_its_own_name(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    keys = [entry.key for entry in desk.session.add([tmp_path / "one" / "a.dat", tmp_path / "two" / "a.dat", tmp_path / "b.dat"])]
    for key in keys:
        desk.judge(key)
    out = tmp_path / "out"
    desk.presenter.write_reports(out)
    qtbot.waitUntil(lambda: not desk.presenter.is_busy, timeout=60_000)
    assert sorted(path.name for path in out.glob("*.pdf")) == ["a.dat-2-report.pdf", "a.dat-report.pdf", "b.dat-report.pdf"]
    assert len(list(out.iterdir())) == 6
    assert all((out / name).read_bytes().startswith(b"%PDF") for name in ("a.dat-report.pdf", "b.dat-report.pdf"))
    assert desk.view.notice.text() == f"Wrote 3 reports to {out}."


def test_that_a_capsule_holds_the_raw_file_and_the_settings_the_curve_was_judged_with(desk: Desk, tmp_path: Path) -> None:
    from engine.io.capsule import read_capsule
    from lnpgui.panels.batch import exports

    path = write_curve(tmp_path / "a.dat", points=40)
    (entry,) = desk.session.add([path])
    request = Request(types=("type 3", "type 4"), q_range=(0.1, 2.0))
    measurement = dataclasses.replace(desk.measured, path=path)
    analysis = verdict(desk.measured)
    desk.session.update(entry.key, state=State.DONE, request=request, measurement=measurement, analysis=analysis)
    (item,) = exports.items(desk.session.entries)
    exports.write_capsule(tmp_path, "a.dat", item, silent)
    capsule = read_capsule(tmp_path / "a.dat-capsule.h5")
    assert capsule.raw == path.read_bytes()
    assert (capsule.settings.types, capsule.settings.q_range) == (("type 3", "type 4"), (0.1, 2.0))
    assert capsule.result["sizes"]["type 3"]["mean"]["value"] == 52.0


def test_that_writing_stops_at_once_and_says_what_is_there(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lnpgui.panels.batch import exports, writer

    def slow(folder: Path, name: str, item: exports.Item, report: Callable[[object], None]) -> None:
        (folder / name).write_text("page")
        while name != "0.dat":
            report(None)
            time.sleep(0.002)

    monkeypatch.setattr(writer, "page_jobs", lambda: (workers.ThreadJob, 1, lambda: None))
    monkeypatch.setattr(exports, "write_report", slow)
    for key in desk.add(*(f"{i}.dat" for i in range(9))):
        desk.judge(key)
    desk.show()
    desk.presenter.write_reports(tmp_path / "out")
    qtbot.waitUntil(lambda: (tmp_path / "out" / "1.dat").exists())
    assert not desk.view.table_action.isEnabled()
    clock = OwnClock()
    qtbot.mouseClick(desk.view.progress.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not desk.presenter.is_busy)
    assert clock.seconds < 0.5
    assert desk.view.notice.text() == f"Stopped: 1 of 9 reports are in {tmp_path / 'out'}."
    assert desk.view.table_action.isEnabled()
