"""The Help window: contents and search on the left, a page on the right. It needs no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage, QKeySequence, QResizeEvent, QShortcut, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from lnpgui.help.pages import Page, find

MARGIN = 40
NAME = Qt.ItemDataRole.UserRole


class GuideBrowser(QTextBrowser):
    """Shows a page; pictures are no wider than itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._page: Page | None = None
        self._fit = QTimer(self, singleShot=True, interval=50)
        self._fit.timeout.connect(self._on_fit)
        self.setOpenLinks(False)
        self.setAccessibleName("Page of the guide")

    def show_page(self, page: Page) -> None:
        """Show *page* from its beginning, in a document of its own."""
        self._page = page
        document = QTextDocument(self)
        document.setDefaultFont(self.font())
        document.setMarkdown(page.text)  # which forgets pictures given before
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.text):
            image = self.picture(target)
            if image is not None:
                document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(target), image)
        self.setDocument(document)  # which deletes the one before

    def picture(self, target: str) -> QImage | None:
        """Return a picture of the guide at a width that fits; None for one that lies elsewhere."""
        path = (self._folder / target).resolve()
        if self._folder.resolve().parent not in path.parents:
            return None
        image = QImage(str(path))
        room = max(200, self.viewport().width() - MARGIN)
        if image.width() > room:
            ratio = self.devicePixelRatioF()
            image = image.scaledToWidth(round(room * ratio), Qt.TransformationMode.SmoothTransformation)
            image.setDevicePixelRatio(ratio)
        return image

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pictures anew, after this turn of the event loop."""
        super().resizeEvent(event)
        if self._page is not None and "![" in self._page.text and event.oldSize().width() != event.size().width():
            self._fit.start()

    @Slot()
    def _on_fit(self) -> None:
        if self._page is not None:
            place = self.verticalScrollBar().value()
            self.show_page(self._page)
            self.verticalScrollBar().setValue(place)


class HelpWindow(QWidget):
    """The guide."""

    def __init__(self, pages: Sequence[Page], folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._pages = {page.name: page for page in pages}
        self.setWindowTitle("LNPScope guide")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the guide")
        self.search.setAccessibleName("Search the guide")
        self.search.setClearButtonEnabled(True)
        self.contents = QListWidget()
        self.contents.setAccessibleName("Contents")
        self.contents.setSpacing(2)
        self.browser = GuideBrowser(folder)
        left = QWidget()
        rows = QVBoxLayout(left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.search)
        rows.addWidget(self.contents, 1)
        columns = QSplitter()
        columns.addWidget(left)
        columns.addWidget(self.browser)
        columns.setStretchFactor(1, 1)
        columns.setSizes([220, 700])
        outer = QHBoxLayout(self)
        outer.addWidget(columns)
        self.search.textChanged.connect(self._on_search)
        self.contents.currentItemChanged.connect(self._on_chosen)
        self.browser.anchorClicked.connect(self._on_link)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        QShortcut(QKeySequence("Esc"), self, self.close)
        self._on_search("")

    def sizeHint(self) -> QSize:
        """Comfortable size."""
        return QSize(960, 720)

    @property
    def shown(self) -> str:
        """Name of the page that is shown."""
        return str(self.contents.currentItem().data(NAME)) if self.contents.currentRow() >= 0 else ""

    def turn_to(self, name: str) -> None:
        """Show the page *name*; the first one if there is none of this name."""
        self.search.clear()
        names = list(self._pages)
        self.contents.setCurrentRow(names.index(name) if name in names else 0)

    @Slot(str)
    def _on_search(self, wanted: str) -> None:
        shown = self.shown
        found = find(tuple(self._pages.values()), wanted)
        self.contents.clear()
        for page in found:
            item = QListWidgetItem(page.title)
            item.setData(NAME, page.name)
            self.contents.addItem(item)
            if page.name == shown:
                self.contents.setCurrentItem(item)
        if not found:
            self.browser.setPlainText(f"No page holds “{wanted}”. Try fewer words.")
        elif self.contents.currentRow() < 0:
            self.contents.setCurrentRow(0)

    @Slot()
    def _on_chosen(self) -> None:
        page = self._pages.get(self.shown)
        if page is not None:
            self.browser.show_page(page)

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        name = Path(url.path()).stem
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        elif name in self._pages:
            self.turn_to(name)
