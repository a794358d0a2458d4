"""Shows the particles of the curve that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from lnpgui import wording
from lnpgui.panels.fitted.view import Choice, FittedView
from lnpgui.session import Entry, Session

if TYPE_CHECKING:
    from engine.inference.analysis import Analysis


AFTER_MS = 20
"""The curve and its verdict are painted first, the particle a moment later."""


class FittedPresenter(QObject):
    """Listens to the session; a choice among the particles of a mixture lasts until another analysis is shown."""

    def __init__(self, view: FittedView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._shown: object = None
        self._choices: tuple[Choice, ...] = ()
        self._soon = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._soon.timeout.connect(self._show)
        view.chosen.connect(self._on_chosen)
        session.current_changed.connect(self._on_changed)
        session.changed.connect(self._on_changed)
        self._show()

    @property
    def is_shown(self) -> bool:
        """True when the view shows the session as it is."""
        return not self._soon.isActive()

    @Slot(object)
    def _on_changed(self, entry: Entry | None) -> None:
        if entry is self._session.current:
            self._soon.start()

    @Slot()
    def _show(self) -> None:
        entry = self._session.current
        analysis = None if entry is None else entry.analysis
        if analysis is self._shown:
            return
        self._shown = analysis
        self._choices = () if analysis is None else _choices(analysis)
        self._view.show_choices(self._choices)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self._view.show_choices(self._choices, index)


def _choices(analysis: Analysis) -> tuple[Choice, ...]:
    """Particles of the best fit, the most numerous first, with the fractions that the verdict gives."""
    stated = analysis.number_fractions
    found = sorted(analysis.particles, key=lambda item: -item[1])
    return tuple(Choice(wording.particle(key, stated[key].value if key in stated else None), particle.body()) for key, _, particle in found)
