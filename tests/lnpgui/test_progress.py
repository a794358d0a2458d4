"""What is told of long work: not of quick work, with the time left once it can be reckoned, and by one widget everywhere."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lnpgui.telling import Telling
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.widgets.three_columns import ThreeColumns


class Listener:
    """Keeps what was told, and turns the clock."""

    def __init__(self, parent: QObject, after_ms: int) -> None:
        self.now = 0.0
        self.heard: list[Progress | None] = []
        self.telling = Telling(parent, after_ms=after_ms, clock=lambda: self.now)
        self.telling.told.connect(self.heard.append)


def test_that_nothing_is_told_of_quick_work_but_its_end(qtbot: QtBot) -> None:
    parent = QObject()
    told = Listener(parent, 10_000)
    told.telling.begin("Reading")
    told.telling.step(0.5, "half")
    told.telling.end()
    assert told.heard == [None]


def test_that_lasting_work_is_told_with_the_time_left_and_its_late_steps_are_dropped(qtbot: QtBot) -> None:
    parent = QObject()
    told = Listener(parent, 0)
    told.telling.begin("Reading")
    qtbot.waitUntil(lambda: told.heard == [Progress(0.0, "Reading")])
    told.now = 10.0
    told.telling.step(0.25, "fitting")
    told.telling.step(0.25, "fitting", with_rest=False)
    told.telling.end()
    told.telling.step(1.0, "too late")
    assert told.heard[1:] == [Progress(0.25, "fitting, about 30 s left"), Progress(0.25, "fitting"), None]


def test_that_the_line_shows_words_share_and_a_way_to_stop(qtbot: QtBot) -> None:
    line = ProgressLine("analysis", "Stop it")
    qtbot.addWidget(line)
    assert not line.isVisible()
    line.show_progress(Progress(0.25, "a quarter"))
    assert (line.isVisible(), line.words.text(), line.bar.value(), line.bar.maximum()) == (True, "a quarter", 250, 1000)
    line.show_progress(Progress(None, "who knows"))
    assert (line.bar.minimum(), line.bar.maximum()) == (0, 0)
    with qtbot.waitSignal(line.stop_wanted):
        qtbot.mouseClick(line.stop_button, Qt.MouseButton.LeftButton)
    assert line.stop_button.accessibleName() == "Stop: analysis"
    line.show_progress(None)
    assert not line.isVisible()


def test_that_widths_of_columns_come_back(qtbot: QtBot) -> None:
    panels = []
    for _ in range(2):
        panel = ThreeColumns()
        qtbot.addWidget(panel)
        panel.set_columns([QWidget() for _ in range(3)], (100, 200, 300), (False, True, False))
        panel.resize(900, 200)
        panel.show()
        panels.append(panel)
    one, other = (panel._columns for panel in panels)
    first = one.sizes()
    assert first[1] > first[0]
    one.setSizes([300, 100, 480])
    assert one.sizes() != first
    panels[1].restore_layout(panels[0].layout_state())
    assert other.sizes() == one.sizes()
