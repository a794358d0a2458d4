"""The best-fitting particle as seen: a chooser where the sample is a mixture, the picture, and the legend of contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.models.geometry import Body
from engine.units import SLD_UNIT
from lnpgui.theme import Theme, icon
from lnpgui.view3d.contrast_colours import Rgb, colours, largest
from lnpgui.view3d.cut import Cut
from lnpgui.view3d.errors import NoOpenGL
from lnpgui.view3d.section import extent
from lnpgui.view3d.slice_view import SliceView

if TYPE_CHECKING:
    from lnpgui.view3d.scene import ParticleScene

CUTS = (("Quarter cut", Cut.QUARTER), ("Half cut", Cut.HALF), ("Whole", Cut.WHOLE))


@dataclass(frozen=True, slots=True)
class Choice:
    """One particle that can be shown."""

    words: str
    body: Body


class FittedView(QFrame):
    """Shows the particles of one analysis."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("card", True)
        self.setAccessibleName("Best-fitting particle")
        self.chooser = QComboBox()
        self.chooser.setToolTip("Which particle of the best fit to show, at its mean size")
        self.chooser.setAccessibleName("Particle")
        self.chooser.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.chooser.setMinimumContentsLength(8)
        self.chooser.currentIndexChanged.connect(self.chosen)
        self.cut = QComboBox()
        self.cut.addItems([words for words, _ in CUTS])
        self.cut.setToolTip("How far the particle is cut open")
        self.cut.setAccessibleName("Cut")
        self._reset = QToolButton()
        self._reset.setAutoRaise(True)
        self._reset.setToolTip("Show the whole particle from the front")
        self._reset.setAccessibleName("Reset the view")
        self._legend = QLabel()
        self._legend.setWordWrap(True)
        self._legend.setToolTip(f"Contrast to the solvent [{SLD_UNIT}]")
        self._explanation = QLabel()
        self._explanation.setProperty("role", "muted")
        self._explanation.setWordWrap(True)
        self.picture = make_picture(theme)
        self._connect_picture()
        self._assemble()
        self.set_theme(theme)
        self.show_choices(())

    def _connect_picture(self) -> None:
        self._reset.clicked.connect(self.picture.reset_view)
        if isinstance(self.picture, SliceView):  # showing a widget that has no parent yet would open a window of its own
            self.cut.hide()
            self._reset.hide()
        self.cut.currentIndexChanged.connect(self._on_cut)
        self._explanation.setText(self.picture.explanation)
        self._explanation.setVisible(bool(self.picture.explanation))

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.chooser, 1)
        line.addWidget(self.cut)
        line.addWidget(self._reset)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 8, 8, 8)
        rows.setSpacing(5)
        rows.addLayout(line)
        rows.addWidget(self._explanation)
        rows.addWidget(self.picture, 1)
        rows.addWidget(self._legend)

    def sizeHint(self) -> QSize:
        """Comfortable size."""
        return QSize(360, 340)

    def show_choices(self, choices: Sequence[Choice], current: int = 0, *, keep_view: bool = False) -> None:
        """Offer *choices* and show one, from where the one before was seen if wished; none empties the picture."""
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            self.chooser.addItems([choice.words for choice in choices] or ["No particle to show"])
            self.chooser.setCurrentIndex(min(current, max(0, len(choices) - 1)))
        for control in (self.chooser, self.cut, self._reset):
            control.setEnabled(bool(choices))
        body = choices[self.chooser.currentIndex()].body if choices else None
        end = largest(value for choice in choices for value in choice.body.contrasts.values())
        tint = {} if body is None else colours(body.contrasts, end)
        self.picture.show_body(body, tint, keep_view=keep_view)
        self._legend.setText("" if body is None else _legend(body, tint))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self._reset.setIcon(icon("reset-view", theme.text))
        self.picture.set_theme(theme)

    def shut_down(self) -> None:
        """Release the picture; call it before the window goes."""
        self.picture.shut_down()

    def _on_cut(self, index: int) -> None:
        if not isinstance(self.picture, SliceView):
            self.picture.set_cut(CUTS[index][1])


def make_picture(theme: Theme) -> ParticleScene | SliceView:
    """Return the 3-D picture, or the slice where there is no OpenGL."""
    try:
        from lnpgui.view3d.scene import ParticleScene

        return ParticleScene(theme)
    except (ImportError, NoOpenGL):
        return SliceView(theme)


def _legend(body: Body, tint: Mapping[str, Rgb]) -> str:
    used = [region for region in body.regions if any(piece.region == region for piece in body.pieces)]
    parts = [f'<span style="color:rgb{tint[r]}">■</span>&nbsp;{r}&nbsp;{body.contrasts[r]:.3g}' for r in used]
    size = extent(body)
    measures = f"{size.length:.1f} nm long, {2 * size.radius:.1f} nm wide"
    return f"{'&ensp; '.join(parts)}&ensp; <small>{SLD_UNIT}</small><br><small>{measures}</small>"
