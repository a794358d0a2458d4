"""What the user chooses about curves, through real events, on a fake engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gui_fakes import Analyst, write_curve
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from engine.io.column_choice import ColumnChoice
from lnpgui.main_window import MainWindow
from lnpgui.panels.analyse.columns_dialog import ColumnsDialog
from lnpgui.panels.analyse.plot_bar import REPRESENTATION_TITLES
from lnpgui.plots.curve_plot import CurvePlot
from lnpgui.plots.representation import REPRESENTATIONS
from lnpgui.request import PLAIN, Request, Way
from lnpgui.settings import Settings
from lnpgui.wording import Light

Drop = Callable[..., bool]


@pytest.fixture
def shown(qtbot: QtBot, window: MainWindow, drop: Drop, tmp_path: Path) -> MainWindow:
    """A window with three analysed curves."""
    drop(window, [write_curve(tmp_path / f"{i}.dat", radius=22.0 + i) for i in range(3)])
    settle(qtbot, window, 3)
    return window


def settle(qtbot: QtBot, window: MainWindow, count: int) -> None:
    """Wait until *count* curves are judged and all is shown."""

    def still() -> bool:
        entries = window.session.entries
        return len(entries) == count and all(e.is_settled for e in entries) and not window.presenter.is_busy and window.is_shown

    qtbot.waitUntil(still, timeout=20_000)


def plot_of(window: MainWindow) -> CurvePlot:
    """The plot of the panel."""
    return window.analyse.findChild(CurvePlot)


def choose_all(window: MainWindow, qtbot: QtBot) -> None:
    """Mark every curve as a user does."""
    window.analyse.list.setFocus()
    qtbot.keyClick(window.analyse.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)


def at_q(plot: CurvePlot, q: float) -> QPoint:
    """Pixel of *q* at half height of the plot, in its viewport."""
    box = plot.main.vb.viewRect()
    return plot.mapFromScene(plot.main.vb.mapViewToScene(QPointF(float(np.log10(q)), box.center().y())))


def drag(qtbot: QtBot, plot: CurvePlot, start: QPoint, end: QPoint) -> None:
    """Drag with the left button."""
    viewport = plot.viewport()
    qtbot.mouseMove(viewport, start)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.6, 1.0):
        qtbot.mouseMove(viewport, start + (end - start) * share)
        qtbot.wait(20)  # the scene joins moves that come at once
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)


def test_that_dragging_a_handle_judges_fewer_points_and_the_button_brings_them_back(
    qtbot: QtBot, shown: MainWindow, analyst: Analyst
) -> None:
    plot, before = plot_of(shown), analyst.calls
    drag(qtbot, plot, at_q(plot, 3.0), at_q(plot, 1.0))
    qtbot.waitUntil(lambda: analyst.calls == before + 1)
    settle(qtbot, shown, 3)
    q_range = analyst.requests[-1].q_range
    assert q_range is not None
    assert q_range == (pytest.approx(0.05), pytest.approx(1.0, rel=0.03))
    entry = shown.session.current
    assert entry is not None
    assert entry.measurement is not None
    q = entry.measurement.curve.q
    assert plot.dimmed_points == np.count_nonzero(q > q_range[1])
    assert float(shown.analyse.bar.high.text()) == pytest.approx(q_range[1], rel=1e-3)
    assert "q 0.05 to" in shown.analyse.choices.effect.text()
    qtbot.mouseClick(shown.analyse.bar.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: analyst.calls == before + 2)
    settle(qtbot, shown, 3)
    assert analyst.requests[-1].q_range is None
    assert plot.dimmed_points == 0


def test_that_a_typed_range_is_judged_and_nonsense_is_refused_in_words(qtbot: QtBot, shown: MainWindow, analyst: Analyst) -> None:
    bar, before = shown.analyse.bar, analyst.calls
    for words, refusal in (("abc", "two numbers"), ("50", "No point lies there")):
        bar.low.setFocus()
        bar.low.selectAll()
        qtbot.keyClicks(bar.low, words)
        qtbot.keyClick(bar.low, Qt.Key.Key_Return)
        assert refusal in bar.trouble.text()
    assert analyst.calls == before
    bar.low.selectAll()
    qtbot.keyClicks(bar.low, "0.2")
    qtbot.keyClick(bar.low, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: analyst.calls == before + 1)
    settle(qtbot, shown, 3)
    assert analyst.requests[-1].q_range == (0.2, pytest.approx(3.0, rel=1e-3))
    assert not bar.trouble.isVisible()


def test_that_every_representation_is_reached_by_the_keyboard(qtbot: QtBot, shown: MainWindow) -> None:
    plot = plot_of(shown)
    seen = []
    for _ in REPRESENTATION_TITLES:
        qtbot.keyClick(shown, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
        seen.append((shown.analyse.bar.representation.currentText(), plot.representation))
    assert [title for title, _ in seen] == [title for title, _ in (*REPRESENTATION_TITLES[1:], REPRESENTATION_TITLES[0])]
    assert [r for _, r in seen[:4]] == list(REPRESENTATIONS[1:])
    assert tuple(r.title for r in REPRESENTATIONS) == tuple(title for title, _ in REPRESENTATION_TITLES[:-1])


def test_that_the_guinier_plot_says_rg_with_its_error_or_why_there_is_none(
    qtbot: QtBot, shown: MainWindow, drop: Drop, tmp_path: Path
) -> None:
    shown.analyse.bar.representation.setCurrentText("Guinier")
    settle(qtbot, shown, 3)
    assert shown.analyse.bar.reading.text().startswith("Guinier: Rg 17.")  # sqrt(3/5) of 22 nm is 17.0 nm; larger ones weigh more
    assert plot_of(shown).main.viewRange()[0][1] < 3 * (1.3 / 17.0) ** 2
    drop(shown, [write_curve(tmp_path / "large.dat", radius=60.0)])
    settle(qtbot, shown, 4)
    assert shown.analyse.bar.reading.text().startswith("No Guinier fit: the curve begins at q = 0.05 1/nm")


def test_that_the_sizes_are_drawn_with_what_the_data_can_see(qtbot: QtBot, shown: MainWindow) -> None:
    shown.analyse.bar.representation.setCurrentText("Sizes")
    settle(qtbot, shown, 3)
    from lnpgui.plots.size_plot import SizePlot

    sizes = shown.analyse.findChild(SizePlot)
    assert sizes.isVisible()
    assert sizes.drawn == ("type 3, with 90 % band", "type 4, with 90 % band")
    assert sizes.seen == pytest.approx((2 * np.pi / 3, np.pi / 0.05), rel=1e-6)
    assert "Shaded: 2.1 to 62.8 nm" in shown.analyse.bar.reading.text()


def test_that_all_marked_curves_are_drawn_over_each_other(qtbot: QtBot, shown: MainWindow) -> None:
    plot = plot_of(shown)
    assert not plot.overlays.shown
    choose_all(shown, qtbot)
    settle(qtbot, shown, 3)
    assert {overlay.name for overlay in plot.overlays.shown} | {shown.session.current.name} == {"0.dat", "1.dat", "2.dat"}  # type: ignore[union-attr]
    assert {"1.dat", "2.dat"} <= set(plot.drawn)
    assert shown.analyse.bar.scale.isVisible()
    qtbot.mouseClick(shown.analyse.bar.scale, Qt.MouseButton.LeftButton, pos=QPoint(8, shown.analyse.bar.scale.height() // 2))
    assert not shown.analyse.bar.scale.isChecked()


def test_that_the_mouse_reads_q_distance_intensity_and_the_nearest_point(qtbot: QtBot, shown: MainWindow) -> None:
    plot = plot_of(shown)
    qtbot.mouseMove(plot.viewport(), at_q(plot, 0.5))
    qtbot.waitUntil(lambda: "nearest point" in shown.analyse.bar.reading.text())
    said = shown.analyse.bar.reading.text()
    assert "d = 2π/q 12." in said
    assert "±" in said
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert shown.analyse.bar.reading.text() != said


def test_that_ticking_types_off_asks_again_for_all_marked_curves(qtbot: QtBot, shown: MainWindow, analyst: Analyst) -> None:
    choose_all(shown, qtbot)
    box, before = shown.analyse.choices.boxes["type 1"], analyst.calls
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: analyst.calls == before + 3)
    settle(qtbot, shown, 3)
    assert [r.types for r in analyst.requests[-3:]] == [("type 2", "type 3", "type 4")] * 3


def test_that_the_last_type_cannot_be_ticked_off(qtbot: QtBot, shown: MainWindow) -> None:
    choices = shown.analyse.choices
    for key in ("type 1", "type 2", "type 3", "type 4"):
        choices.boxes[key].setFocus()
        qtbot.keyClick(choices.boxes[key], Qt.Key.Key_Space)
        settle(qtbot, shown, 3)
    assert choices.boxes["type 4"].isChecked()
    assert "At least one of" in choices.trouble.text()


def test_that_a_buffer_is_asked_for_and_its_effect_told(
    qtbot: QtBot, shown: MainWindow, analyst: Analyst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = tmp_path / "buffer.dat"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(buffer), ""))
    choices = shown.analyse.choices
    qtbot.mouseClick(choices.buffer, Qt.MouseButton.LeftButton)
    settle(qtbot, shown, 3)
    assert analyst.requests[-1] == Request(buffer=buffer)
    assert choices.effect.text().startswith("Before (no buffer taken off): in family, type 3 + type 4")
    assert "Now (less buffer.dat × 1)" in choices.effect.text()
    choices.scale.selectAll()
    qtbot.keyClicks(choices.scale, "auto")
    qtbot.keyClick(choices.scale, Qt.Key.Key_Return)
    settle(qtbot, shown, 3)
    assert analyst.requests[-1] == Request(buffer=buffer, buffer_scale=None)
    choices.scale.selectAll()
    qtbot.keyClicks(choices.scale, "-2")
    qtbot.keyClick(choices.scale, Qt.Key.Key_Return)
    assert "positive number" in choices.trouble.text()
    qtbot.mouseClick(choices.drop, Qt.MouseButton.LeftButton)
    settle(qtbot, shown, 3)
    assert analyst.requests[-1] == PLAIN


def test_that_columns_are_chosen_in_a_dialog_and_kept_for_the_folder(qtbot: QtBot, shown: MainWindow, settings: Settings) -> None:
    qtbot.mouseClick(shown.analyse.reading.columns_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.analyse.findChild(ColumnsDialog) is not None)
    dialog = shown.analyse.findChild(ColumnsDialog)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert [box.currentText() for box in dialog.roles] == ["q", "intensity", "sigma"]
    dialog.roles[1].setCurrentText("sigma")
    assert not ok.isEnabled()
    assert dialog.trouble.text() == "Say which column is intensity. 2 columns are sigma; there can be one."
    dialog.roles[2].setCurrentText("intensity")
    assert ok.isEnabled()
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    settle(qtbot, shown, 3)
    chosen = ColumnChoice(q=0, intensity=2, sigma=1)
    entry = shown.session.current
    assert entry is not None
    assert entry.request.columns == chosen
    assert settings.habit(entry.path.parent).columns == chosen


def test_that_marked_frames_become_one_more_curve(qtbot: QtBot, shown: MainWindow, analyst: Analyst) -> None:
    choose_all(shown, qtbot)
    shown.analyse.average_action.trigger()
    settle(qtbot, shown, 4)
    made = shown.session.current
    assert made is not None
    assert made.request.way is Way.AVERAGE
    assert [part.path.name for part in made.request.parts] == ["0.dat", "1.dat", "2.dat"]
    assert shown.analyse.list.rows()[3].light is Light.IN_FAMILY
    shown.analyse.merge_action.trigger()  # one is marked now
    assert shown.analyse._notice.text() == "Mark the two curves to merge (Ctrl while clicking)."


def test_that_the_verdict_is_copied_as_text(qtbot: QtBot, shown: MainWindow) -> None:
    qtbot.mouseClick(shown.analyse.card.copy_button, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    for part in ("In family\n", "type 3 + type 4 93 %", "by number 60 % (54 – 67)", "mean D 52.0 nm (51.2 – 52.9)", "Runner-up"):
        assert part in text


@pytest.mark.parametrize("ending", [".csv", ".dat", ".xml", ".h5"])
def test_that_the_judged_curve_is_written_in_every_format(qtbot: QtBot, shown: MainWindow, tmp_path: Path, ending: str) -> None:
    from engine.io.read import read

    entry = shown.session.current
    assert entry is not None
    shown.session.ask(entry.key, Request(q_range=(0.1, 1.0)))
    settle(qtbot, shown, 3)
    target = tmp_path / f"out{ending}"
    shown.analyse.curve_kept.emit(target)
    qtbot.waitUntil(target.is_file)
    settle(qtbot, shown, 3)
    (written,) = read(target)
    assert 0.1 <= written.curve.q[0] < written.curve.q[-1] <= 1.0
    assert shown.analyse._notice.text() == f"Wrote {target}."


def test_that_a_measured_file_is_never_written_over(qtbot: QtBot, shown: MainWindow, tmp_path: Path) -> None:
    before = (tmp_path / "1.dat").read_bytes()
    shown.analyse.curve_kept.emit(tmp_path / "1.dat")
    assert "never changed" in shown.analyse._notice.text()
    assert (tmp_path / "1.dat").read_bytes() == before


def test_that_everything_can_be_reached_by_the_keyboard_and_has_a_name(shown: MainWindow) -> None:
    analyse = shown.analyse
    controls = [analyse.bar.representation, analyse.bar.scale, analyse.bar.low, analyse.bar.high, analyse.bar.reset]
    controls += [*analyse.choices.boxes.values(), analyse.choices.buffer, analyse.choices.drop, analyse.choices.scale]
    controls += [analyse.reading.columns_button, analyse.card.copy_button, analyse.list, plot_of(shown)]
    for control in controls:
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control
        assert control.accessibleName() or control.text(), control
        assert control.toolTip() or control in (analyse.list, plot_of(shown)), control
