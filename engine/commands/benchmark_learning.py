"""How fast training curves are simulated, and what the network that comes with the program is worth on its test curves."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from typing import Any

from engine.parallel import worker_count

BATCHES, SIZE, WARM = 30, 512, 10
GOAL_RATE, GOAL_SIZE = 20_000, 10.0
COVERAGE = (0.86, 0.94)
GOAL_ERROR = 0.05


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print the table and return the figures."""
    del arguments
    rows = [_rate_row(), *_model_rows()]
    print(f"\n{'figure':64s} {'goal':>14s} {'measured':>10s}")
    for row in rows:
        verdict = "" if row["met"] is None else "met" if row["met"] else "MISSED"
        print(f"{row['figure']:64s} {row['goal']:>14s} {row['measured']:10.4g}  {verdict}")
    return {"benchmark": "learning", "rows": rows}


def _row(figure: str, goal: str, measured: float, met: bool | None) -> dict[str, Any]:
    return {"figure": figure, "goal": goal, "measured": measured, "met": met}


def _rate_row() -> dict[str, Any]:
    """Return how many training curves all cores simulate in a second of their processors' time."""
    count = min(2, worker_count())
    print(f"Simulating {BATCHES} batches of {SIZE} curves in {count} processes ...", flush=True)
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        rates = pool.map(curves_per_second, range(count))
    rate = float(sum(rates))
    return _row(f"training curves simulated in a second on {count} cores (processor time)", f">= {GOAL_RATE}", rate, rate >= GOAL_RATE)


def curves_per_second(seed: int) -> float:
    """Return the curves that one process simulates in a second of processor time, once its instruments are there."""
    from engine.datasets.basis import default_basis
    from engine.datasets.instrument import InstrumentRanges
    from engine.datasets.stream import CurveStream, SampleRanges

    stream = CurveStream(default_basis(), samples=SampleRanges(), instruments=InstrumentRanges(), seed=seed)
    for index in range(2 * WARM):
        stream.batch(index, SIZE)
    began = time.process_time()
    for index in range(2 * WARM, 2 * WARM + BATCHES):
        stream.batch(index, SIZE)
    return BATCHES * SIZE / (time.process_time() - began)


def _model_rows() -> list[dict[str, Any]]:
    from engine.datasets.basis import default_basis
    from engine.inference.evaluation import evaluate
    from engine.learning.model_folder import default_model, shipped_models

    model = default_model()
    if model is None:
        return [_row("the network that comes with the program is missing: make train", "", float("nan"), False)]
    print(f"Measuring {model.identity} on test curves it never saw ...", flush=True)
    size = sum(path.stat().st_size for path in (shipped_models() / "default").iterdir()) / 1e6
    card = evaluate(model, default_basis())
    accuracy, curves = card["accuracy"], card["test"]["curves"]
    rows = [
        _row("size of the shipped network [MB]", f"<= {GOAL_SIZE:g}", size, size <= GOAL_SIZE),
        _row(f"network alone: types named right, {curves} test curves of any noise", "", accuracy["all"], None),
        _row("network alone: the pure ones among them", "", accuracy["pure"], None),
        _row("expected calibration error of its probabilities", f"<= {GOAL_ERROR:g}", *_error(card)),
    ]
    low, high = COVERAGE
    for kind, levels in card["coverage"].items():
        rows.append(_row(f"its 90 % intervals cover: {kind}", f"{low:g} to {high:g}", levels["0.9"], low <= levels["0.9"] <= high))
    for pair, ratio in card["fraction_error_over_bound"].items():
        rows.append(_row(f"its fraction error / Cramér-Rao bound, {pair}", "", ratio, None))
    return rows


def _error(card: dict[str, Any]) -> tuple[float, bool]:
    error = float(card["expected_calibration_error"])
    return error, error <= GOAL_ERROR
