"""Known answers: files of other people, where a developer has them beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.inference.analyse import analyse
from engine.inference.analysis import Status
from engine.io.read import read

SPHERES = {
    "aisaxs_gold/Au_86116.dat": (26.1, 2.66 / 13.05),
    "mcsas3gui_roundrobin/round_robin_dataset_2.dat": (50.6, 0.04),
}
"""Diameter [nm] and relative width that their authors give."""

CORE_SHELLS = ("sim_pyirena/CS_300A_10A_50_20_0.h5", "sim_pyirena/CS_300A_30A_10_50_0.h5")
"""Simulated core-shell spheres of other contrasts and shells: no type of the program, and no solid sphere."""


def folder() -> Path:
    """Return where the curves would lie."""
    return Path(os.environ.get("LNPSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "curves"


def known_rows() -> list[dict[str, Any]]:
    """Return the rows of the table; none where the files are not there."""
    rows = []
    for name, (diameter, _) in SPHERES.items():
        if not (folder() / name).is_file():
            continue
        answer = analyse(read(folder() / name)[0].curve)
        size = answer.sizes.get("type 4")
        ratio = size.mean.value / diameter if size is not None else float("nan")
        figure = f"{name}: solid sphere, size over {diameter:g} nm ({answer.status.value})"
        rows.append({"figure": figure, "goal": "0.97 .. 1.03", "measured": ratio, "met": 0.97 <= ratio <= 1.03, "n": 1})
    for name in CORE_SHELLS:
        if not (folder() / name).is_file():
            continue
        try:
            status = analyse(read(folder() / name)[0].curve).status
        except EngineError:
            status = Status.OUTSIDE
        said = status is not Status.IN_FAMILY
        rows.append(
            {"figure": f"{name}: said to be no known type ({status.value})", "goal": "1", "measured": float(said), "met": said, "n": 1}
        )
    return rows
