"""The smallest minor component that a curve can show, as a table; with --full it is written where the program reads it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.commands.terminal import ProgressLine
from engine.inference.detection import NOISE_LEVELS, detection_limits
from engine.io.aside import written_aside

TABLE = Path(__file__).resolve().parents[1] / "inference" / "data" / "detection_limits.json"


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compute and print the table."""
    with ProgressLine("computing limits") as report:
        table = detection_limits(samples=60 if arguments.full else 20, report=report)
    print_table(table)
    if arguments.full:
        with written_aside(TABLE) as path:
            path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"written to {TABLE.name}, which the verdicts quote")
    return {"benchmark": "limits", **table, "rows": [{**row, "met": None} for row in table["rows"]]}


def print_table(table: dict[str, Any]) -> None:
    """Print limits by pair and noise."""
    print("Smallest share of the scattering at the lowest q that is seen at 95 % power and 5 % false alarm (median over sizes)\n")
    print(f"{'minor in major':20s}" + "".join(f"{f'noise {noise:.1%}':>12s}" for noise in NOISE_LEVELS))
    for row in table["rows"]:
        shares = "".join(f"{(f'{limit:.1%}' if limit < 1 else 'never'):>12s}" for limit in row["limits"])
        print(f"{row['minor']} in {row['major']:10s}" + shares)
    print()
