"""The page of the keyboard: every shortcut of the window, read from its actions, so that it is never out of date."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QAction, QKeySequence

from lnpgui.help.pages import Page

IN_PLACES = (
    ("Arrow keys, Home, End", "Walk the list of curves; each is shown at once"),
    ("Shift + arrow keys", "Mark several curves"),
    ("Tab, Shift+Tab", "Next and previous control"),
    ("Arrow keys in the 3-D picture", "Turn the particle"),
)


def shortcuts_page(actions: Iterable[QAction]) -> Page:
    """Return the page."""
    named = {
        action.shortcut().toString(QKeySequence.SequenceFormat.NativeText): action.text().replace("&", "").removesuffix(" …")
        for action in actions
        if not action.shortcut().isEmpty()
    }
    rows = [*sorted(named.items(), key=lambda row: (len(row[0]), row[0])), *IN_PLACES]
    table = "\n".join(f"| {key} | {words} |" for key, words in rows)
    return Page("keys", "Keyboard shortcuts", f"# Keyboard shortcuts\n\n| key | what it does |\n| --- | --- |\n{table}\n")
