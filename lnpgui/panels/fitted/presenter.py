"""Shows the particles of the curve that is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from lnpgui import wording
from lnpgui.panels.fitted.view import Choice, FittedView
from lnpgui.session import Entry, Session


class FittedPresenter(QObject):
    """Listens to the session; a choice among the particles of a mixture lasts until another analysis is shown."""

    def __init__(self, view: FittedView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._shown: object = None
        self._choices: tuple[Choice, ...] = ()
        view.chosen.connect(self._on_chosen)
        session.current_changed.connect(self._show)
        session.changed.connect(self._on_changed)
        self._show(session.current)

    @Slot(object)
    def _on_changed(self, entry: Entry) -> None:
        if self._session.current is not None and self._session.current.key == entry.key:
            self._show(entry)

    @Slot(object)
    def _show(self, entry: Entry | None) -> None:
        analysis = None if entry is None else entry.analysis
        if analysis is self._shown:
            return
        self._shown = analysis
        particles = () if analysis is None else sorted(analysis.particles, key=lambda item: -item[1])
        self._choices = tuple(Choice(wording.particle(key, fraction), particle.body()) for key, fraction, particle in particles)
        self._view.show_choices(self._choices)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self._view.show_choices(self._choices, index)
