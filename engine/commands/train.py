"""Trains a network on simulated curves, for everyone or for one instrument."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.commands.terminal import ProgressLine
from engine.errors import Cancelled, ParameterError
from engine.progress import Step

if TYPE_CHECKING:
    from engine.learning.config import TrainConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.toml", help="what to train, as resources/models/default.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the model; an interrupted training goes on there")
    parser.add_argument("--like", type=Path, metavar="CURVE", help="match the instrument that measured this curve: its q axis and noise")
    parser.add_argument("--curves", type=int, metavar="N", help="simulated curves to train on, instead of what the configuration says")
    parser.add_argument("--anew", action="store_true", help="begin anew even where a training was interrupted")
    parser.add_argument("--no-card", action="store_true", help="leave out the measurements after the training")


def run(arguments: argparse.Namespace) -> int:
    """Train; Ctrl-C ends it early and well, a second one at once."""
    config = _config(arguments)
    from engine.datasets.basis import default_basis
    from engine.inference.evaluation import make_model

    with _interruptible(arguments.out) as stop, ProgressLine("Training") as line:
        try:
            model = make_model(
                config,
                arguments.out,
                default_basis(),
                resume=not arguments.anew,
                measure=not arguments.no_card,
                report=_Narrator(line, stop),
            )
        except Cancelled:
            print(f"Stopped. {arguments.out} holds the best so far, not calibrated; the same command goes on from here.")
            return 130
    print(f"{arguments.out}: {model.identity}, {model.curves:,} curves.")
    for sentence in model.card.get("sentences", []):
        print(f"  {sentence}")
    return 0


def _config(arguments: argparse.Namespace) -> TrainConfig:
    from engine.learning.config import read_config

    config = read_config(arguments.config)
    if arguments.like is not None:
        from engine.datasets.instrument import matched
        from engine.io.read import read

        found = read(arguments.like)
        if len(found) != 1:
            raise ParameterError(f"{arguments.like.name} holds {len(found)} curves; one is needed to match the instrument.", "like")
        config = replace(config, instrument=matched(found[0].curve))
    if arguments.curves is not None:
        config = replace(config, budget=replace(config.budget, curves=arguments.curves))
    return config


class _Stop:
    """How often Ctrl-C was pressed."""

    times = 0


@contextmanager
def _interruptible(folder: Path) -> Iterator[_Stop]:
    """Turn the first Ctrl-C into a request to end the training early, and the next into one to stop at once."""
    from engine.learning.training import ask_to_stop

    stop = _Stop()

    def ask(*_: object) -> None:
        stop.times += 1
        if stop.times == 1:
            print("\nEnding early; Ctrl-C again stops at once.", file=sys.stderr)
            ask_to_stop(folder)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass
class _Narrator:
    """Tells of the training: a line that changes on a terminal, and one line for each validation."""

    line: ProgressLine
    stop: _Stop
    began: float = 0.0

    def __call__(self, event: object) -> None:
        from engine.learning.training import TrainStep, Validated

        if self.stop.times > 1:
            raise Cancelled
        self.began = self.began or monotonic()
        match event:
            case TrainStep(step, total, entropy, density, rate):
                self.line(Step(step, total, f"loss {entropy:.3f} + {density:.3f}, {rate:,.0f} curves/s"))
            case Validated(step, total, entropy, density, accuracy, is_best):
                seconds = monotonic() - self.began
                best = ", best so far" if is_best else ""
                said = f"{step:>7}/{total}  {seconds:6.0f} s  loss {entropy:.4f} + {density:.4f}, named right {accuracy:.1%}{best}"
                print(f"\r\x1b[K{said}" if self.line.shown else said, flush=True)
            case Step():
                self.line(event)
            case _:
                pass
        sys.stdout.flush()
