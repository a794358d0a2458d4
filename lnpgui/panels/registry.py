"""The panels of the window, one line each. A new panel is a folder with a view and a presenter, and a line here.

A line's ``make`` imports what the panel needs, so that a panel costs neither time nor memory until it is first looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QByteArray, QObject
from PySide6.QtWidgets import QWidget

from lnpgui.engine_calls import EngineCalls
from lnpgui.session import Session
from lnpgui.settings import Settings
from lnpgui.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the window gives a panel when it is made."""

    theme: Theme
    session: Session
    settings: Settings
    calls: EngineCalls | None
    open_files: Callable[[Sequence[Path]], None]  # as if they were dropped
    parent: QObject


class Presenter(Protocol):
    """What the window asks of every presenter."""

    @property
    def is_shown(self) -> bool:
        """True when the view shows the session as it is."""

    def stop(self) -> None:
        """Begin nothing any more; the window closes."""


@runtime_checkable
class Themed(Protocol):
    """A view that draws in colours of its own."""

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""


@runtime_checkable
class KeepsLayout(Protocol):
    """A view whose parts can be moved."""

    def layout_state(self) -> QByteArray:
        """Return the layout, to be kept."""

    def restore_layout(self, state: QByteArray) -> None:
        """Take up a layout kept earlier."""


@runtime_checkable
class ShutsDown(Protocol):
    """A view that holds more than memory, as a 3-D picture does."""

    def shut_down(self) -> None:
        """Release it; called before the window goes."""


@runtime_checkable
class KeepsState(Protocol):
    """A presenter whose panel comes back with the session."""

    def state(self) -> Mapping[str, str | float]:
        """Return what is to come back."""

    def restore_state(self, state: Mapping[str, str | float]) -> None:
        """Take up what :meth:`state` gave; what cannot be is passed over, as it comes from a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A panel that was made."""

    view: Any  # QWidget, and any of Themed, KeepsLayout, ShutsDown
    presenter: Any  # QObject and Presenter

    @property
    def widget(self) -> QWidget:
        """What fills the dock."""
        view: QWidget = self.view
        return view

    @property
    def is_shown(self) -> bool:
        """True when it shows the session as it is."""
        presenter: Presenter = self.presenter
        return presenter.is_shown

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        if isinstance(self.view, Themed):
            self.view.set_theme(theme)

    def layout_state(self) -> QByteArray:
        """Return its layout, empty when it has none to keep."""
        return self.view.layout_state() if isinstance(self.view, KeepsLayout) else QByteArray()

    def restore_layout(self, state: QByteArray) -> None:
        """Take up a layout kept earlier."""
        if isinstance(self.view, KeepsLayout) and not state.isEmpty():
            self.view.restore_layout(state)

    def state(self) -> Mapping[str, str | float]:
        """Return what comes back with the session."""
        return self.presenter.state() if isinstance(self.presenter, KeepsState) else {}

    def restore_state(self, state: Mapping[str, str | float]) -> None:
        """Take up what came with the session."""
        if isinstance(self.presenter, KeepsState):
            self.presenter.restore_state(state)

    def stop(self) -> None:
        """Begin nothing any more, and stop what runs."""
        presenter: Presenter = self.presenter
        presenter.stop()

    def shut_down(self) -> None:
        """Release what is more than memory; after all work has ended."""
        if isinstance(self.view, ShutsDown):
            self.view.shut_down()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One panel: its name on the tab, how it is made, and its page of the guide. Its place in the table gives it Ctrl+1, Ctrl+2 ..."""

    title: str
    make: Callable[[Surroundings], Panel]
    help_page: str = "start"

    @property
    def key(self) -> str:
        """Name in settings and object names."""
        return self.title.lower()


def _analyse(around: Surroundings) -> Panel:
    from lnpgui.panels.analyse.presenter import AnalysePresenter
    from lnpgui.panels.analyse.view import AnalyseView

    view = AnalyseView(around.theme)
    return Panel(view, AnalysePresenter(view, around.session, around.settings, around.calls, around.parent))


def _batch(around: Surroundings) -> Panel:
    from lnpgui.panels.batch.presenter import BatchPresenter
    from lnpgui.panels.batch.view import BatchView

    view = BatchView(around.theme)
    view.set_folder(around.settings.folder)
    return Panel(view, BatchPresenter(view, around.session, around.settings, around.parent))


def _particle(around: Surroundings) -> Panel:
    from lnpgui.panels.particle.presenter import ParticlePresenter
    from lnpgui.panels.particle.view import ParticleView

    view = ParticleView(around.theme)
    return Panel(view, ParticlePresenter(view, around.session, around.parent))


def _simulate(around: Surroundings) -> Panel:
    from lnpgui.panels.simulate.presenter import SimulatePresenter
    from lnpgui.panels.simulate.view import SimulateView

    view = SimulateView(around.theme)
    presenter = SimulatePresenter(view, around.session, around.parent)
    presenter.curves_made.connect(around.open_files)
    return Panel(view, presenter)


def _train(around: Surroundings) -> Panel:
    from lnpgui.panels.train.presenter import TrainPresenter
    from lnpgui.panels.train.view import TrainView
    from lnpgui.paths import own_models

    view = TrainView(around.theme)
    presenter = TrainPresenter(view, around.settings, own_models(), around.parent)
    presenter.model_used.connect(around.session.use_model)
    return Panel(view, presenter)


PANELS: tuple[Line, ...] = (
    Line(title="Analyse", make=_analyse, help_page="verdict"),  # made before the window is seen; the others when they are looked at
    Line(title="Batch", make=_batch, help_page="batch"),
    Line(title="Particle", make=_particle, help_page="particle"),
    Line(title="Simulate", make=_simulate, help_page="simulate"),
    Line(title="Train", make=_train, help_page="train"),
)
