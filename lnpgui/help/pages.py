"""The pages of the guide: Markdown files in ``docs/guide``, in the order of its ``index.json``. No Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

INDEX = "index.json"
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its name, its title in the contents, and its text in Markdown."""

    name: str
    title: str
    text: str

    @property
    def words(self) -> str:
        """The text without Markdown's signs, in small letters, to be searched."""
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", self.text)
        return " ".join(re.sub(r"[#*_`|>]", " ", plain).split()).casefold()


def pages(folder: Path) -> tuple[Page, ...]:
    """Return the pages of the guide in *folder*; a page that cannot be read says so, a guide that is gone is one such page."""
    try:
        listed = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return tuple(Page(item["page"], item["title"], _text(folder / item["file"])) for item in listed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return (Page("start", "Guide", f"# Guide\n\nThe guide is not in this installation: {error}. Install the program again."),)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:MOST_BYTES]
    except (OSError, ValueError) as error:
        return f"# {path.stem}\n\nThis page cannot be read: {error}."


def find(among: Sequence[Page], wanted: str) -> tuple[Page, ...]:
    """Return the pages that hold every word of *wanted*; those whose title holds one come first."""
    words = wanted.casefold().split()
    found = [page for page in among if all(word in page.words for word in words)]
    return tuple(sorted(found, key=lambda page: not any(word in page.title.casefold() for word in words)))
