"""The guide, the settings, About and the menus, through real events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gui_fakes import write_curve
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from engine.models.registry import LNP_TYPES
from engine.version import VERSION
from lnpgui.dialogs.about import AboutDialog, details
from lnpgui.help.pages import find, pages
from lnpgui.main_window import MainWindow
from lnpgui.numbers import AS_USUAL, DIGITS, Notation, NumberFormat
from lnpgui.panels.batch.columns import COLUMNS
from lnpgui.panels.registry import PANELS
from lnpgui.paths import guide
from lnpgui.settings import Settings, ThemeChoice
from lnpgui.theme import DARK, set_text_scale


def test_that_every_link_and_picture_of_the_guide_leads_somewhere() -> None:
    found = {page.name: page for page in pages(guide())}
    for page in found.values():
        for picture, target in re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", page.text):
            if picture:
                assert (guide() / target).is_file(), (page.name, target)
            elif not target.startswith("http"):
                assert target.removesuffix(".md") in found, (page.name, target)
        assert page.text.startswith(f"# {page.text.splitlines()[0][2:]}")


@pytest.mark.parametrize("line", PANELS, ids=lambda line: line.title)
def test_that_every_panel_has_its_page(line: object) -> None:
    assert line.help_page in {page.name for page in pages(guide())}  # type: ignore[attr-defined]


def test_that_a_guide_that_is_gone_or_damaged_says_so(tmp_path: Path) -> None:
    assert "not in this installation" in pages(tmp_path)[0].text
    (tmp_path / "index.json").write_text('[{"page": "a", "title": "A", "file": "a.md"}]')
    assert "cannot be read" in pages(tmp_path)[0].text
    (tmp_path / "index.json").write_text("[3]")
    assert "not in this installation" in pages(tmp_path)[0].text


def test_that_the_search_finds_pages_by_all_their_words() -> None:
    found = find(pages(guide()), "live FOLDER")
    assert found[0].name == "batch"
    assert not find(pages(guide()), "xylophone")


def test_that_f1_opens_the_page_of_the_panel_in_front_and_the_search_narrows_it(window: MainWindow, qtbot: QtBot) -> None:
    window.turn_to("Particle")
    qtbot.waitUntil(lambda: window.panel_in_front == "Particle")
    qtbot.keyClick(window, Qt.Key.Key_F1)
    shown = window.menus._help
    assert shown is not None
    assert shown.isVisible()
    assert shown.shown == "particle"
    shown.turn_to("verdict")
    assert "Three kinds of fraction" in shown.browser.toPlainText()
    qtbot.keyClicks(shown.search, "watched folder")
    assert "batch" not in shown.shown or "Live" in shown.browser.toPlainText()
    qtbot.keyClicks(shown.search, " xylophone")
    assert "No page holds" in shown.browser.toPlainText()
    shown.turn_to("keys")
    assert "Ctrl+Z" in shown.browser.toPlainText()
    assert "Undo" in shown.browser.toPlainText()
    shown.close()


def test_that_pictures_of_the_guide_fit_and_none_is_read_from_elsewhere(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    shown = window.menus.show_page("start")
    image = shown.browser.picture("../screenshots/analyse.png")
    assert image is not None
    assert 0 < image.deviceIndependentSize().width() <= shown.browser.viewport().width()
    assert shown.browser.picture(str(tmp_path / "x.png")) is None
    assert shown.browser.picture("../../resources/icons/lnpscope.svg") is None
    for width in (700, 1100, 800):  # pictures are fitted while pages turn
        shown.resize(width, 600)
        shown.turn_to("batch")
        qtbot.wait(80)
        shown.turn_to("start")
    shown.close()


def test_that_every_page_of_the_guide_shows_its_pictures(window: MainWindow) -> None:
    shown = window.menus.show_page("start")
    with_pictures = [page for page in pages(guide()) if "![" in page.text]
    assert len(with_pictures) >= 5
    for page in with_pictures:
        shown.turn_to(page.name)
        document = shown.browser.document()
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.text):
            drawn = document.resource(QTextDocument.ResourceType.ImageResource.value, QUrl(target))
            assert isinstance(drawn, QImage)
            assert drawn.width() > 200, page.name
    shown.close()


def test_that_settings_change_on_apply_and_nonsense_is_refused(window: MainWindow, qtbot: QtBot, settings: Settings) -> None:
    size = QApplication.font().pointSizeF()
    dialog = window.menus.show_settings()
    qtbot.waitUntil(dialog.isVisible)
    dialog.theme.setCurrentIndex(dialog.theme.findData(ThemeChoice.DARK))
    dialog.text_scale.setCurrentIndex(dialog.text_scale.findData(150))
    for box in dialog.types.values():
        box.setChecked(False)
    apply = dialog.buttons.button(QDialogButtonBox.StandardButton.Apply)
    qtbot.mouseClick(apply, Qt.MouseButton.LeftButton)
    assert dialog.refusal.isVisible()
    assert settings.theme is ThemeChoice.SYSTEM
    dialog.types["type 3"].setChecked(True)
    dialog.restores_session.setChecked(False)
    dialog.live_seconds.setValue(5)
    qtbot.mouseClick(apply, Qt.MouseButton.LeftButton)
    assert window.themes.current is DARK
    assert QApplication.font().pointSizeF() == pytest.approx(1.5 * size)
    assert (settings.types, settings.restores_session, settings.live_seconds) == (("type 3",), False, 5.0)
    (entry,) = window.session.add([Path("new.dat")])
    assert entry.request.types == ("type 3",)
    window.session.remove([entry.key])
    dialog.theme.setCurrentIndex(dialog.theme.findData(ThemeChoice.LIGHT))
    qtbot.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert settings.theme is ThemeChoice.DARK
    window.themes.choose(ThemeChoice.LIGHT)
    set_text_scale(100)
    assert QApplication.font().pointSizeF() == size


def test_that_numbers_are_written_everywhere_as_the_settings_say(
    window: MainWindow, qtbot: QtBot, settings: Settings, tmp_path: Path
) -> None:
    window.turn_to("Batch")
    window.analyse.files_given.emit((write_curve(tmp_path / "a.dat"),))
    qtbot.waitUntil(lambda: window.is_made("Batch") and len(window.session.entries) == 1 and window.session.entries[0].is_settled)
    qtbot.waitUntil(lambda: window.is_shown and not window.presenter.is_busy)
    rows = window.panel("Batch").view.table.rows
    column = next(place for place, column in enumerate(COLUMNS) if column.key == "mean type 3")

    def seen() -> tuple[str, bool, str]:
        text = window.analyse.card.text()
        return rows.index(0, column).data(), "Sizes, with 90 % intervals" in text, text.partition("mean D ")[2].partition(",")[0]

    assert seen() == ("52.0", True, "52.0 nm (51.2 – 52.9)")
    dialog = window.menus.show_settings()
    qtbot.waitUntil(dialog.isVisible)
    dialog.notation.setCurrentIndex(dialog.notation.findData(Notation.BRACKETS))
    dialog.digits.setCurrentIndex(DIGITS.index(4))
    qtbot.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.is_shown)
    assert seen() == ("52.00(90)", False, "52.00(90) nm")
    assert "Sizes, (wider half of the 90 % interval)" in window.analyse.card.text()
    assert settings.numbers == NumberFormat(Notation.BRACKETS, 4)
    window.session.use_numbers(NumberFormat(Notation.PLUS_MINUS))
    qtbot.waitUntil(lambda: window.is_shown)
    assert seen() == ("52.0 +0.9 −0.8", False, "52.0 +0.9 −0.8 nm")


def test_that_nonsense_in_the_settings_counts_as_not_set(settings: Settings) -> None:
    for key, value in (
        ("view/digits", "17"),
        ("view/notation", "roman"),
        ("files/recent", "{"),
        ("live/seconds", "soon"),
        ("view/text", "7"),
        ("analysis/types", "type 9"),
    ):
        settings._store.setValue(key, value)
    assert (settings.recent, settings.live_seconds, settings.text_scale, settings.types) == ((), 1.0, 100, LNP_TYPES)
    assert settings.numbers == AS_USUAL


def test_that_recent_files_are_listed_and_those_that_are_gone_cannot_be_chosen(
    window: MainWindow, qtbot: QtBot, settings: Settings, tmp_path: Path
) -> None:
    files = [write_curve(tmp_path / f"{i:02}.dat") for i in range(12)]
    for path in files:
        window.analyse.files_given.emit((path,))
    qtbot.waitUntil(lambda: len(window.session.entries) == 12 and not window.presenter.is_busy, timeout=20_000)
    assert settings.recent == tuple(files[:1:-1])
    files[11].unlink()
    window.menus.recent.aboutToShow.emit()
    actions = window.menus.recent.actions()
    qtbot.waitUntil(lambda: not actions[0].isEnabled())
    assert actions[1].isEnabled()
    actions[-1].trigger()
    assert settings.recent == ()
    assert not window.menus.recent.isEnabled()
    qtbot.waitUntil(lambda: window.is_shown and not window.presenter.is_busy)


def test_that_about_names_versions_and_model_and_can_be_copied(qtbot: QtBot, tmp_path: Path) -> None:
    words = details(None)
    assert f"LNPScope {VERSION}" in words
    assert "numpy 2." in words
    assert "comes with the program" in words
    assert "Model:" in details(tmp_path)  # a folder that holds none is told, not a crash
    dialog = AboutDialog(words)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == words
    QGuiApplication.clipboard().clear()
    dialog.close()
