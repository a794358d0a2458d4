"""Confusion matrices and parity plots of the paper's tasks as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.curve import Array
from engine.io.aside import written_aside
from engine.learning.paper.networks import NETWORKS
from engine.learning.paper.protocol import READINGS, TASKS, Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(folder: Path, results: Mapping[Any, Mapping[str, Any]]) -> list[Path]:
    """Draw one picture for each task and reading, with a panel for each method, and return the paths of the PNGs.

    Parameters
    ----------
    results : mapping of job to result
        Jobs with ``kind``, ``task``, ``reading`` and ``scale``; results with ``predicted`` and ``truth``.
    """
    paths = []
    for task in TASKS.values():
        for reading in READINGS:
            panels = {
                _title(job): result
                for job, result in results.items()
                if (job.task, job.reading) == (task.key, reading) and "predicted" in result
            }
            if panels:
                paths.append(folder / f"paper_{task.key}_sd_{reading}.png")
                with written_aside(paths[-1]) as aside:
                    _figure(task, reading, panels).savefig(aside, dpi=120, format="png")
    return paths


def _title(job: Any) -> str:
    name = NETWORKS[job.kind].title if job.kind in NETWORKS else "ours"
    return name + (", scale unknown" if job.scale else "")


def _figure(task: Task, reading: str, panels: Mapping[str, Mapping[str, Any]]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", figsize=(4.6 * len(panels), 4.8))
    FigureCanvasAgg(figure)
    figure.suptitle(f"{task.title}, sd {reading} nm")
    for axes, (title, result) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        (_confusion if task.classes else _parity)(axes, task, result["predicted"], result["truth"])
        axes.set_title(title)
    return figure


def _confusion(axes: Axes, task: Task, predicted: Array, truth: Array) -> None:
    """Draw how many curves of each class were named what."""
    count = len(task.classes)
    table = np.zeros((count, count), dtype=int)
    np.add.at(table, (truth.astype(int), predicted.argmax(axis=1)), 1)
    axes.imshow(table / np.maximum(table.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(table):
        for j, value in enumerate(row):
            axes.text(j, i, str(value), ha="center", va="center", color="white" if value > table[i].sum() / 2 else "black")
    axes.set_xticks(range(count), task.classes)
    axes.set_yticks(range(count), task.classes)
    axes.set(xlabel="named", ylabel="true")


def _parity(axes: Axes, task: Task, predicted: Array, truth: Array) -> None:
    """Draw each number found against the true one."""
    for j, name in enumerate(task.targets):
        axes.plot(truth[:, j], predicted[:, j], ".", markersize=3, alpha=0.6, label=name)
    axes.plot(task.limits, task.limits, "k-", linewidth=0.8)
    unit = f" [{task.unit}]" if task.unit else ""
    axes.set(xlabel="true" + unit, ylabel="found" + unit, aspect="equal")
    axes.legend(fontsize="small")
    axes.grid(visible=True, alpha=0.3)
