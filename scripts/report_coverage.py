"""Print which share of the branches of engine/ and of lnpgui/ the tests have taken, and the files with most left to take.

``python scripts/report_coverage.py`` after ``coverage combine``; the exit code is 1 when a share is below its goal.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"engine": 90.0, "lnpgui": 75.0}
SHOWN = 20


def main() -> int:
    """Print both shares and the files; 0 when both goals are reached."""
    files = measured()
    for name, (taken, of) in sorted(files.items(), key=lambda item: item[1][0] - item[1][1])[:SHOWN]:
        print(f"  {name:44} {of - taken:4} of {of:4} branches untaken")
    shares = {room: share(files, room) for room in GOALS}
    for room, goal in GOALS.items():
        print(f"{room:8} {shares[room]:5.1f} % of the branches taken, {goal:.0f} % wanted")
    return 0 if all(shares[room] >= goal for room, goal in GOALS.items()) else 1


def measured() -> Mapping[str, tuple[int, int]]:
    """Return (branches taken, branches) of each file, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", report], cwd=ROOT, check=True)
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    summaries = {name: file["summary"] for name, file in files.items()}
    return {name: (summary["covered_branches"], summary["num_branches"]) for name, summary in summaries.items()}


def share(files: Mapping[str, tuple[int, int]], room: str) -> float:
    """Return which share [%] of the branches of a room was taken."""
    inside = [pair for name, pair in files.items() if name.startswith(f"{room}/")]
    return 100 * sum(taken for taken, _ in inside) / max(1, sum(of for _, of in inside))


if __name__ == "__main__":
    sys.exit(main())
