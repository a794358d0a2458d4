"""The calls into the engine that the screen makes in its workers. What they need is imported there, not when the window opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.progress import Report, Step
from lnpgui.request import Habit, Request

if TYPE_CHECKING:
    from engine.curve import Curve
    from engine.inference.analysis import Analysis
    from engine.inference.settings import AnalysisSettings
    from engine.io.measurement import Measurement


def find_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files among *paths* and inside the folders among them."""
    from engine.io.read import find_files as find

    return tuple(find(paths))


def read(path: Path, request: Request, habit: Habit, report: Report) -> tuple[Measurement, ...]:
    """Return the data sets of a file; *request* is the user's word on this curve, *habit* on its folder."""
    from lnpgui.obtain import obtain

    return obtain(path, request, habit, report)


def kept_request(path: Path) -> Request | None:
    """Return the request that a capsule was made by; None for every other file."""
    from lnpgui.obtain import kept_request as found

    return found(path)


def analyse(curve: Curve, request: Request, report: Report) -> Analysis:
    """Return the verdict on a curve."""
    from engine.inference.analyse import analyse as analyse_curve
    from lnpgui import verdicts

    settings, known = settings_of(request), verdicts.kept()
    if known is None:
        return analyse_curve(curve, settings=settings, report=report)
    return known.get(curve, settings, lambda: analyse_curve(curve, settings=settings, report=report))


def settings_of(request: Request) -> AnalysisSettings:
    """Return what the engine is told of *request*."""
    from engine.inference.settings import AnalysisSettings

    return AnalysisSettings(types=request.types, q_range=request.q_range or (None, None), particles=request.particles, model=request.model)


def warm_up(report: Report) -> None:
    """Load what an analysis needs, so that the first one does not wait for it."""
    import engine.inference.analyse  # noqa: F401 - for the sake of what it loads
    from engine.datasets.basis import default_basis
    from engine.inference import other_shells

    report(Step(0, 1, "loading"))
    default_basis()
    other_shells.load()


@dataclass(frozen=True, slots=True)
class EngineCalls:
    """What a presenter asks of the engine; tests put others in their place."""

    find_files: Callable[[Sequence[Path]], tuple[Path, ...]] = find_files
    read: Callable[[Path, Request, Habit, Report], tuple[Measurement, ...]] = read
    analyse: Callable[[Curve, Request, Report], Analysis] = analyse
    kept_request: Callable[[Path], Request | None] = kept_request

    @property
    def may_work_apart(self) -> bool:
        """True when analyses can be done in another process, which takes the calls by their names."""
        return self.analyse is analyse
