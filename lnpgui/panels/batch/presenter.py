"""Decides what the Batch panel does: keeps the table, the trend and the alarm in step with the session, and has results written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from engine.inference.alarm import Rule, breach, from_text, to_text
from engine.inference.quantities import QUANTITIES
from engine.io.series import frame_number
from engine.io.watch import stamps
from lnpgui import wording
from lnpgui.panels.batch import exports
from lnpgui.panels.batch.columns import ALARM, Line
from lnpgui.panels.batch.live import LivePresenter
from lnpgui.panels.batch.view import BatchView
from lnpgui.panels.batch.writer import Writer
from lnpgui.plots.trend_plot import Against, TrendPoint
from lnpgui.session import Entry, Session, State
from lnpgui.settings import Settings
from lnpgui.workers import Job, ThreadJob

REFRESH_MS, LONGEST_REFRESH_MS, REST = 250, 2000, 10
"""So long several changes wait to be shown at once in trend and banner, and ten times as long as it took to show the last ones."""

RULE, SOUND, COLUMNS, TREND = "alarm rule", "alarm sound", "batch columns", "batch trend"


class BatchPresenter(QObject):
    """Listens to the view and the session."""

    def __init__(self, view: BatchView, session: Session, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._settings = settings
        self._rule: Rule | None = from_text(settings.text(RULE))
        self._alarms: dict[int, str] = {}  # why, by key
        self._new_alarms: list[int] = []  # not dismissed yet
        self._quantity, self._against = "chi2", Against.ORDER
        self._is_trend_chosen = False
        self._to_stamp: set[Path] = set()
        self._stamping: Job | None = None
        self._writer = Writer(self)
        self.beep: Callable[[], None] = QApplication.beep
        self._soon = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._soon.timeout.connect(self.refresh)
        self.live = LivePresenter(view.live, session, settings, self)
        self._restore()
        self._on_numbers()
        self._listen()
        self._on_added(session.entries, None)
        self._on_current(session.current)

    def _restore(self) -> None:
        self._view.alarm.show_rule(self._rule)
        self._view.alarm.show_sound(self._settings.text(SOUND) == "on")
        self._view.table.choose_columns(_columns(self._settings.text(COLUMNS)))
        quantity, _, against = self._settings.text(TREND).partition("/")
        if quantity in QUANTITIES and against in Against.__members__:
            self._quantity, self._against, self._is_trend_chosen = quantity, Against[against], True
        self._view.choose_trend(self._quantity, self._against)

    def _listen(self) -> None:
        view, session = self._view, self._session
        view.chosen.connect(session.show)
        view.marked.connect(session.select)
        view.table_requested.connect(self.write_table)
        view.reports_requested.connect(self.write_reports)
        view.capsules_requested.connect(self.write_capsules)
        view.cancel_requested.connect(self.cancel)
        view.trend_requested.connect(self.show_trend)
        self._writer.told.connect(view.show_progress)
        self._writer.ended.connect(self._on_written)
        view.alarms_dismissed.connect(self._on_dismissed)
        view.columns_changed.connect(self._on_columns)
        view.alarm.changed.connect(self.set_rule)
        view.alarm.sound_changed.connect(self._on_sound)
        session.added.connect(self._on_added)
        session.changed.connect(self._on_changed)
        session.removed.connect(self._on_removed)
        session.current_changed.connect(self._on_current)
        session.selected_changed.connect(view.table.mark)
        session.numbers_changed.connect(self._on_numbers)

    @property
    def is_shown(self) -> bool:
        """True when the view shows the session as it is."""
        return not self._soon.isActive()

    @property
    def is_busy(self) -> bool:
        """True while something is written."""
        return self._writer.is_busy

    # -- the session ---------------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_added(self, entries: Sequence[Entry], after: int | None) -> None:
        if entries:
            self._view.table.rows.add(entries, after)
            self._view.show_count()
        for entry in entries:
            self._to_stamp.add(entry.path)
            self._judge(entry, is_news=False)
        self._soon.start()

    @Slot(object)
    def _on_changed(self, entry: Entry) -> None:
        self._view.table.rows.replace(entry)
        if entry.state in (State.WAITING, State.FAILED):  # its file was just read
            self._to_stamp.add(entry.path)
        self._judge(entry, is_news=True)
        if not self._soon.isActive():
            self._soon.start()

    @Slot(object)
    def _on_removed(self, keys: Sequence[int]) -> None:
        self._view.table.take_out(keys)
        for key in keys:
            self._forget_alarm(key)
        self._view.show_count()
        self._soon.start()

    @Slot(object)
    def _on_current(self, entry: Entry | None) -> None:
        key = None if entry is None else entry.key
        if len(self._session.selected) < 2 or key not in self._session.selected:
            self._view.table.make_current(key)
        self._view.trend.show_current(key)

    @Slot()
    def _on_numbers(self) -> None:
        self._view.table.rows.use_numbers(self._session.numbers)

    # -- the alarm -----------------------------------------------------------------------------------------------------

    @Slot(object)
    def set_rule(self, rule: Rule | None) -> None:
        """Judge every curve by another rule."""
        self._rule = rule
        self._settings.keep_text(RULE, "" if rule is None else to_text(rule))
        self._alarms.clear()
        self._new_alarms.clear()
        for entry in self._session.entries:
            self._view.table.rows.set_alarm(entry.key, "")
            self._judge(entry, is_news=False)
        self.refresh()

    def _judge(self, entry: Entry, *, is_news: bool) -> None:
        """Mark the curve if it breaks the rule; the sound is for verdicts that come in, not for a rule that is tried out."""
        analysis = entry.analysis if entry.state is State.DONE else None
        why = None if self._rule is None or analysis is None else breach(self._rule, analysis)
        if why is None:
            self._forget_alarm(entry.key)
            return
        if self._alarms.get(entry.key) != why:
            self._alarms[entry.key] = why
            self._new_alarms.append(entry.key)
            self._view.table.rows.set_alarm(entry.key, why)
            if is_news and self._settings.text(SOUND) == "on":
                self.beep()

    def _forget_alarm(self, key: int) -> None:
        if self._alarms.pop(key, None) is not None:
            self._new_alarms = [other for other in self._new_alarms if other != key]
            self._view.table.rows.set_alarm(key, "")

    @Slot()
    def _on_dismissed(self) -> None:
        self._new_alarms.clear()
        self._view.show_alarm("")

    @Slot(bool)
    def _on_sound(self, on: bool) -> None:
        self._settings.keep_text(SOUND, "on" if on else "")

    def _show_alarm(self) -> None:
        self._new_alarms = list(dict.fromkeys(key for key in self._new_alarms if key in self._alarms))
        entry = self._session.entry(self._new_alarms[-1]) if self._new_alarms else None
        if entry is None:
            self._view.show_alarm("")
            return
        more = len(self._alarms) - 1
        rest = f" {more} more {'curve breaks' if more == 1 else 'curves break'} the rule." if more else ""
        self._view.show_alarm(f"{entry.name} {self._alarms[entry.key]}.{rest}")

    # -- table and trend -----------------------------------------------------------------------------------------------

    @Slot(str, object)
    def show_trend(self, quantity: str, against: Against) -> None:
        """Draw another quantity, or against something else."""
        self._quantity, self._against, self._is_trend_chosen = quantity, against, True
        self._settings.keep_text(TREND, f"{quantity}/{against.name}")
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Bring trend, banner and columns up to date."""
        began = time.perf_counter()
        self._soon.stop()
        self._begin_stamping()
        lines = self._view.table.rows.lines
        self._view.table.show_kinds(self._found_kinds(lines) | ({ALARM} if self._alarms else set()))
        self._view.show_unfinished(sum(not line.entry.is_settled for line in lines))
        self._draw_trend(lines)
        self._show_alarm()
        taken = 1000 * (time.perf_counter() - began)
        self._soon.setInterval(round(min(LONGEST_REFRESH_MS, max(REFRESH_MS, REST * taken))))

    def _found_kinds(self, lines: Sequence[Line]) -> set[str]:
        """Types that some verdict holds; the first of them is what the trend is about until the user chooses."""
        kinds = {kind for line in lines if line.entry.analysis is not None for kind in line.entry.analysis.sizes}
        if kinds and not self._is_trend_chosen and self._quantity == "chi2":
            self._quantity = f"mean {min(kinds)}"
            self._view.choose_trend(self._quantity, self._against)
        return kinds

    def _draw_trend(self, lines: Sequence[Line]) -> None:
        quantity = QUANTITIES[self._quantity]
        points: list[TrendPoint] = []
        judged = 0
        for place, line in enumerate(lines, start=1):
            analysis = line.entry.analysis if line.entry.state is State.DONE else None
            if analysis is None:
                continue
            judged += 1
            x, found = _place(line, place, self._against), quantity.of(analysis)
            if x is not None and found is not None:
                points.append(TrendPoint(line.entry.key, x, found, wording.light(line.entry)))
        title = f"{quantity.title}, {quantity.unit}" if quantity.unit else quantity.title
        self._view.trend.show_points(points, title, self._against)
        missing = judged - len(points)
        self._view.show_untold(f"{missing} of {judged} verdicts do not give it" if missing else "")

    @Slot()
    def _on_columns(self) -> None:
        self._settings.keep_text(COLUMNS, json.dumps(self._view.table.chosen_columns))

    # -- when files were written ---------------------------------------------------------------------------------------

    def _begin_stamping(self) -> None:
        """Ask for the times of files in a worker: the drive may be slow."""
        if self._to_stamp and self._stamping is None:
            job = self._stamping = ThreadJob(partial(stamps, tuple(self._to_stamp)))
            self._to_stamp.clear()
            job.done.connect(self._on_stamps)
            job.finished.connect(self._on_stamped)
            job.start()

    @Slot(object)
    def _on_stamps(self, found: dict[Path, Any]) -> None:
        for line in self._view.table.rows.lines:
            stamp = found.get(line.entry.path)
            if stamp is not None:
                self._view.table.rows.set_written(line.entry.key, stamp.modified_ns / 1e9)

    @Slot()
    def _on_stamped(self) -> None:
        self._stamping = None
        if self._to_stamp or self._against is Against.TIME:
            self._soon.start()

    # -- writing -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def write_table(self, path: Path) -> None:
        """Write all verdicts and refusals into one file."""
        written = exports.items(self._session.entries)
        if self._may_write(written):
            self._writer.table(written, path)

    @Slot(object)
    def write_reports(self, folder: Path) -> None:
        """Write a report of each curve that was judged."""
        written = _judged(self._session.entries)
        if self._may_write(written):
            self._writer.pages(written, folder, "report", exports.write_report)

    @Slot(object)
    def write_capsules(self, folder: Path) -> None:
        """Write a capsule of each curve that was judged."""
        written = _judged(self._session.entries)
        if self._may_write(written):
            self._writer.pages(written, folder, "capsule", exports.write_capsule)

    @Slot()
    def cancel(self) -> None:
        """Stop writing."""
        self._writer.cancel()

    def stop(self) -> None:
        """Stop everything; for the end of the program."""
        self._soon.stop()
        self.live.stop()
        self.cancel()

    def _may_write(self, written: Sequence[exports.Item]) -> bool:
        if self._writer.is_busy:
            return False
        if not written:
            self._view.show_notice("No curve has a verdict yet, so there is nothing to write.", is_trouble=True)
            return False
        self._view.show_notice("")
        self._view.let_export(False)
        return True

    @Slot(str, bool)
    def _on_written(self, words: str, is_trouble: bool) -> None:
        self._view.let_export(True)
        left = sum(not entry.is_settled or entry.state is State.STOPPED for entry in self._session.entries)
        more = f" {left} unfinished {'curve was' if left == 1 else 'curves were'} left out." if left and not is_trouble else ""
        self._view.show_notice(words + more, is_trouble=is_trouble)


def _judged(entries: Sequence[Entry]) -> tuple[exports.Item, ...]:
    return tuple(item for item in exports.items(entries) if item.analysis is not None)


def _place(line: Line, order: int, against: Against) -> float | None:
    """Return where a curve stands along the axis; None where that is not known."""
    match against:
        case Against.ORDER:
            return order
        case Against.FRAME:
            return frame_number(line.entry.name)
        case Against.TIME:
            return line.written


def _columns(text: str) -> dict[str, bool]:
    """Return which columns the user chose to show or hide; nothing where what was kept is none."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): shown for key, shown in found.items() if isinstance(shown, bool)} if isinstance(found, dict) else {}
