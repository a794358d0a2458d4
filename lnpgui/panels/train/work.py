"""The training as work for a process of its own: importable, and its result small."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from engine.progress import Report, Step
from lnpgui.panels.train.request import TrainRequest, training_of


def make(request: TrainRequest, folder: Path, report: Report) -> str:
    """Train what *request* asks for into *folder* and return the name of the model."""
    report(Step(0, 2, "loading the library of curves"))
    from engine.datasets.basis import default_basis
    from engine.inference.evaluation import make_model

    basis = default_basis()
    report(Step(1, 2, "loading PyTorch"))
    import torch  # noqa: F401 - for the sake of what it loads, which takes some seconds

    return make_model(training_of(request), folder, basis, report=report).identity


def work(request: TrainRequest, folder: Path) -> partial[str]:
    """Return :func:`make` with its arguments."""
    return partial(make, request, folder)
