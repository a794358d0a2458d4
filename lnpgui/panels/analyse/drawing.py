"""Decides what the plot of the Analyse panel shows: the curve, others that are marked, the Guinier line, the sizes, the read-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from engine.errors import EngineError
from lnpgui import wording
from lnpgui.panels.analyse.view import SIZES, AnalyseView
from lnpgui.session import Entry, Session

if TYPE_CHECKING:
    from engine.curve import Curve
    from engine.inference.guinier import GuinierFit
    from engine.io.measurement import Measurement
    from lnpgui.plots.crosshair import Pointed

GUINIER = 2
"""Place of that representation in the list."""


@dataclass(slots=True)
class _Known:
    """The last Guinier fit, and what it was of."""

    of: tuple[object, object] = (None, None)
    fit: GuinierFit | None = None
    words: str = ""


class Drawing(QObject):
    """Listens to the plot's controls and to what is marked."""

    def __init__(self, view: AnalyseView, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._place = 0
        self._is_scaled = True
        self._known = _Known()
        self._note = ""
        self._overlaid: tuple[tuple[int, int], ...] = ()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show_others)
        view.drawn_as.connect(self._on_drawn_as)
        view.scaled.connect(self._on_scaled)
        view.pointed.connect(self._on_pointed)
        session.selected_changed.connect(self._on_selected)

    @property
    def is_shown(self) -> bool:
        """True when the plot shows what is marked."""
        return not self._soon.isActive()

    def show(self, entry: Entry | None) -> None:
        """Show *entry*."""
        measurement = None if entry is None else entry.measurement
        analysis = None if entry is None else entry.analysis
        q_range = None if entry is None else entry.request.q_range
        curve = None if measurement is None else measurement.curve
        self._note = ""
        line = self._guinier(curve, q_range) if curve is not None and self._place == GUINIER else None
        self._show_sizes(entry)
        self._view.show_curve(curve, None if analysis is None else analysis.fit, q_range, line)
        self._view.show_pointed(self._note)
        self._soon.start()

    def _guinier(self, curve: Curve, q_range: tuple[float, float] | None) -> GuinierFit | None:
        if self._known.of != (curve, q_range):
            self._known = _Known((curve, q_range), *_fit(curve, q_range))
        self._note = self._known.words
        return self._known.fit

    def _show_sizes(self, entry: Entry | None) -> None:
        if self._place != SIZES or entry is None or entry.measurement is None:
            return
        from engine.inference.size_bands import size_bands, visible_sizes

        q = entry.measurement.curve.q
        judged = q if entry.request.q_range is None else q[(q >= entry.request.q_range[0]) & (q <= entry.request.q_range[1])]
        visible = visible_sizes(judged if judged.size else q)
        bands = () if entry.analysis is None else size_bands(entry.analysis)
        self._note = wording.sizes_note(visible, bool(bands))
        self._view.show_sizes(bands, visible)

    @Slot(int)
    def _on_drawn_as(self, place: int) -> None:
        self._place = place
        self.show(self._session.current)

    @Slot(bool)
    def _on_scaled(self, scaled: bool) -> None:
        self._is_scaled = scaled
        self._overlaid = ()
        self._show_others()

    @Slot(object)
    def _on_pointed(self, at: Pointed | None) -> None:
        self._view.show_pointed(self._note if at is None else wording.pointed(at))

    @Slot(object)
    def _on_selected(self, _: object) -> None:
        self._soon.start()

    @Slot()
    def _show_others(self) -> None:
        """Draw the marked curves that are not the shown one; the same ones are not drawn again."""
        current = self._session.current
        shown = None if current is None else current.measurement
        marked = [entry for entry in map(self._session.entry, self._session.selected) if entry is not None and entry is not current]
        others = [entry for entry in marked if entry.measurement is not None]
        now = (*((entry.key, id(entry.measurement)) for entry in others), (0, id(shown)))
        if now == self._overlaid:
            return
        self._overlaid = now
        from lnpgui.plots.overlays import MOST_OVERLAYS, Overlay

        drawn = others[:MOST_OVERLAYS] if shown is not None else []
        overlays = [
            Overlay(entry.name, entry.measurement.curve, _factor(shown, entry.measurement))
            for entry in drawn
            if entry.measurement is not None
        ]
        self._view.show_others(overlays, scaled=self._is_scaled, left_out=len(others) - len(drawn))


def _fit(curve: Curve, q_range: tuple[float, float] | None) -> tuple[GuinierFit | None, str]:
    """Return the Guinier line of the judged points and what to say of it."""
    from engine.inference.guinier import guinier_fit

    judged = (curve.q > 0) if q_range is None else (curve.q > 0) & (curve.q >= q_range[0]) & (curve.q <= q_range[1])
    if not judged.any():
        return None, "No point lies in the range of q."
    try:
        found = guinier_fit(curve.select(judged))
    except EngineError as error:
        return None, str(error)
    return found, wording.guinier(found)


def _factor(shown: Measurement | None, other: Measurement) -> float:
    from engine.datasets.scaling import common_scale

    return 1.0 if shown is None else common_scale(shown.curve, other.curve)
