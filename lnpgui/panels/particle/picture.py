"""The picture of the Particle panel: surfaces, volume or slice, a plane that cuts it, the scale of colours."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.models.geometry import Body
from engine.models.voxel_map import VoxelMap
from engine.units import SLD_UNIT
from lnpgui.panels.fitted.view import CUTS
from lnpgui.theme import Theme, icon
from lnpgui.view3d.axis import Axis
from lnpgui.view3d.colour_bar import ColourBar
from lnpgui.view3d.contrast_colours import colours
from lnpgui.view3d.errors import NoOpenGL
from lnpgui.view3d.plane_view import PlaneView
from lnpgui.view3d.subject import BodySubject, MapSubject, Subject

if TYPE_CHECKING:
    from lnpgui.view3d.scene import ParticleScene

STEPS = 400
"""Steps of the slider of the plane's position."""


class Mode(Enum):
    """What the picture shows."""

    SURFACES = "Surfaces"
    VOLUME = "Volume"
    SLICE = "Slice"


class ParticlePicture(QFrame):
    """Shows one body or voxel map in the way the user chose."""

    volume_wanted = Signal()  # a body is to be shown as a volume, and its voxels are missing

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subject: Subject | None = None
        self._has_voxels = False
        self.setProperty("card", True)
        self.setAccessibleName("Picture of the particle")
        self.plane_view = PlaneView(theme)
        self.scene: ParticleScene | None = make_scene(theme)
        self._make_choices()
        self._make_plane()
        self.bar = ColourBar(theme)
        self._legend = QLabel()
        self._legend.setWordWrap(True)
        self._legend.setToolTip(f"Contrast to the solvent [{SLD_UNIT}]")
        self._under_mouse = QLabel(" ")
        self._under_mouse.setProperty("role", "muted")
        self._explanation = QLabel(self.plane_view.explanation)
        self._explanation.setProperty("role", "muted")
        self._explanation.setWordWrap(True)
        self._assemble()
        self._connect()
        self.set_theme(theme)
        self._on_mode()

    # -- building ------------------------------------------------------------------------------------------------------

    def _make_choices(self) -> None:
        self.mode = QComboBox()
        for mode in Mode if self.scene is not None else (Mode.SLICE,):
            self.mode.addItem(mode.value, mode)
        self.mode.setMinimumContentsLength(8)
        self.mode.setToolTip("Closed surfaces cut open, all of it as a translucent volume, or a slice in two dimensions")
        self.mode.setAccessibleName("Kind of picture")
        self.cut = QComboBox()
        self.cut.addItems([words for words, _ in CUTS])
        self.cut.setMinimumContentsLength(10)
        self.cut.setToolTip("How far the particle is cut open while no plane cuts it")
        self.cut.setAccessibleName("Cut")
        self.clip = QCheckBox("Cutting plane")
        self.clip.setToolTip("Cut with a plane: drag its frame or its arrow in the picture, or use the buttons and the slider below")
        self.axes = QCheckBox("Axes")
        self.axes.setToolTip("Axes in nm around the particle")
        self.axes.setChecked(True)
        self.reset = QToolButton()
        self.reset.setAutoRaise(True)
        self.reset.setToolTip("Show the whole particle from the front")
        self.reset.setAccessibleName("Reset the view")

    def _make_plane(self) -> None:
        self.axis_buttons: dict[Axis, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        for axis in Axis:
            button = QToolButton()
            button.setText(axis.name.lower())
            button.setCheckable(True)
            button.setToolTip(f"Lay the plane across the {axis.name.lower()} axis, through the middle")
            button.setAccessibleName(f"Plane across {axis.name.lower()}")
            button.setChecked(axis is Axis.Y)
            self._group.addButton(button, axis.value)
            self.axis_buttons[axis] = button
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setToolTip("Where the plane lies, in nm")
        self.slider.setAccessibleName("Position of the plane, slider")
        self.position = QDoubleSpinBox()
        self.position.setDecimals(1)
        self.position.setSuffix(" nm")
        self.position.setSingleStep(0.5)
        self.position.setKeyboardTracking(False)
        self.position.setToolTip("Where the plane lies, in nm")
        self.position.setAccessibleName("Position of the plane")

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.mode)
        line.addWidget(self.cut)
        line.addWidget(self.clip)
        line.addStretch(1)
        line.addWidget(self.axes)
        line.addWidget(self.reset)
        self._plane_line = QWidget()
        self._plane_line.setStyleSheet("QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }")
        plane = QHBoxLayout(self._plane_line)
        plane.setContentsMargins(0, 0, 0, 0)
        plane.setSpacing(4)
        plane.addWidget(QLabel("Plane across"))
        for button in self.axis_buttons.values():
            plane.addWidget(button)
        plane.addWidget(self.slider, 1)
        plane.addWidget(self.position)
        self._stack = QStackedWidget()
        if self.scene is not None:
            self._stack.addWidget(self.scene)
        self._stack.addWidget(self.plane_view)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 8, 8, 8)
        rows.setSpacing(5)
        rows.addLayout(line)
        rows.addWidget(self._explanation)
        rows.addWidget(self._plane_line)
        rows.addWidget(self._stack, 1)
        rows.addWidget(self._under_mouse)
        rows.addWidget(self.bar)
        rows.addWidget(self._legend)

    def _connect(self) -> None:
        self.mode.currentIndexChanged.connect(self._on_mode)
        self.cut.currentIndexChanged.connect(self._on_cut)
        self.clip.toggled.connect(self._on_clip)
        self.axes.toggled.connect(self._on_axes)
        self._group.idClicked.connect(self._on_axis)
        self.slider.valueChanged.connect(self._on_slider)
        self.position.valueChanged.connect(self._on_position)
        self.plane_view.pointed.connect(self._on_pointed)
        self._explanation.setVisible(self.scene is None)
        if self.scene is not None:
            self.scene.set_axes(on=True)
            self.scene.clip_moved.connect(self._on_clip_moved)
            self.reset.clicked.connect(self.scene.reset_view)

    def sizeHint(self) -> QSize:
        """Comfortable size."""
        return QSize(420, 520)

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def picture(self) -> ParticleScene | PlaneView:
        """The picture that is seen now."""
        return self.plane_view if self.scene is None or self.shown_mode is Mode.SLICE else self.scene

    @property
    def shown_mode(self) -> Mode:
        """What the user chose to see."""
        mode: Mode = self.mode.currentData()
        return mode

    @property
    def axis(self) -> Axis:
        """Axis across which the plane lies."""
        return Axis(self._group.checkedId())

    def show_body(self, body: Body, voxels: VoxelMap | None = None) -> None:
        """Show a body, with its *voxels* where a volume is wanted, from where the one before was seen."""
        self._has_voxels = voxels is not None
        self._take(BodySubject(body))
        self.plane_view.show_body(body)
        if self.scene is not None:
            self.scene.show_body(body, colours(body.contrasts), voxels=voxels, keep_view=True)

    def show_map(self, voxels: VoxelMap) -> None:
        """Show a voxel map, cut by a plane, as it can't be cut open otherwise."""
        self._has_voxels = True
        self._take(MapSubject(voxels))
        self.plane_view.show_map(voxels)
        if self.scene is not None:
            self.scene.show_map(voxels, keep_view=False)
            self.clip.setChecked(True)
            self._put_plane()

    def _take(self, subject: Subject) -> None:
        is_new = self._subject is None or isinstance(subject, MapSubject) or type(self._subject) is not type(subject)
        self._subject = subject
        self.cut.setEnabled(isinstance(subject, BodySubject) and not self.clip.isChecked())
        self.bar.set_range(subject.end, is_signed=subject.is_signed)
        self._legend.setText(_legend(subject))
        self._fit_position(middle=is_new)

    def _fit_position(self, *, middle: bool) -> None:
        """Let the position go from end to end of the subject along the axis."""
        if self._subject is None:
            return
        box, axis = self._subject.box, self.axis.value
        with QSignalBlocker(self.position):
            self.position.setRange(box.low[axis], box.high[axis])
            if middle:
                self.position.setValue(box.middle[axis])
        self._show_position()

    def _show_position(self) -> None:
        low, high = self.position.minimum(), self.position.maximum()
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(STEPS * (self.position.value() - low) / max(high - low, 1e-9)))
        self.plane_view.set_plane(self.axis, self.position.value())

    def _put_plane(self) -> None:
        self._show_position()
        if self.scene is not None and self.clip.isChecked():
            self.scene.set_clip_plane(self.axis, self.position.value())

    # -- gestures ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_mode(self) -> None:
        mode, is_slice = self.shown_mode, self.shown_mode is Mode.SLICE
        self._stack.setCurrentWidget(self.picture)
        self._under_mouse.setText(" ")
        for control in (self.cut, self.clip, self.axes, self.reset):
            control.setVisible(not is_slice)
        self.cut.setVisible(mode is Mode.SURFACES)
        self._plane_line.setEnabled(is_slice or self.clip.isChecked())
        if self.scene is not None and not is_slice:
            from lnpgui.view3d.scene import Look

            self.scene.set_look(Look.VOLUME if mode is Mode.VOLUME else Look.SURFACES)
            if mode is Mode.VOLUME and not self._has_voxels and self._subject is not None:
                self.volume_wanted.emit()

    @Slot(int)
    def _on_cut(self, index: int) -> None:
        if self.scene is not None:
            self.scene.set_cut(CUTS[index][1])

    @Slot(bool)
    def _on_clip(self, on: bool) -> None:
        self.cut.setEnabled(not on and isinstance(self._subject, BodySubject))
        self._plane_line.setEnabled(on)
        if self.scene is not None:
            self.scene.set_clip(on=on)
            if on:
                self._put_plane()

    @Slot(bool)
    def _on_axes(self, on: bool) -> None:
        if self.scene is not None:
            self.scene.set_axes(on=on)

    @Slot()
    def _on_axis(self) -> None:
        self._fit_position(middle=True)
        self._put_plane()

    @Slot(int)
    def _on_slider(self, step: int) -> None:
        low, high = self.position.minimum(), self.position.maximum()
        with QSignalBlocker(self.position):
            self.position.setValue(low + (high - low) * step / STEPS)
        self._put_plane()

    @Slot()
    def _on_position(self) -> None:
        self._put_plane()

    @Slot()
    def _on_clip_moved(self) -> None:
        """Follow the plane that the mouse moves, where it lies across an axis."""
        if self.scene is None or self.scene.clip is None:
            return
        with QSignalBlocker(self.position):
            self.position.setValue(self.scene.clip.along(self.axis))
        self._show_position()

    @Slot(str)
    def _on_pointed(self, words: str) -> None:
        self._under_mouse.setText(words or " ")

    # -- the rest ------------------------------------------------------------------------------------------------------

    def snapshot(self, *, transparent: bool) -> QImage:
        """Return the picture as it is seen, with two pixels per point of the screen at least."""
        return self.picture.snapshot(max(2.0, self.devicePixelRatioF()), transparent=transparent)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self._theme = theme
        self.reset.setIcon(icon("reset-view", theme.text))
        self.plane_view.set_theme(theme)
        self.bar.set_theme(theme)
        if self.scene is not None:
            self.scene.set_theme(theme)

    def shut_down(self) -> None:
        """Release the picture; call it before the window goes."""
        if self.scene is not None:
            self.scene.shut_down()


def make_scene(theme: Theme) -> ParticleScene | None:
    """Return the 3-D picture, or None where there is no OpenGL."""
    try:
        from lnpgui.view3d.scene import ParticleScene

        return ParticleScene(theme)
    except (ImportError, NoOpenGL):
        return None


def _legend(subject: Subject) -> str:
    width, depth, length = subject.box.size
    if isinstance(subject, MapSubject):
        shape = " × ".join(str(n) for n in subject.voxels.shape)
        return f"<small>{shape} voxels of {subject.voxels.spacing:.4g} nm; filled {width:.1f} × {depth:.1f} × {length:.1f} nm</small>"
    if not isinstance(subject, BodySubject):
        return ""
    body = subject.body
    tint = colours(body.contrasts)
    used = [region for region in body.regions if any(piece.region == region for piece in body.pieces)]
    parts = [f'<span style="color:rgb{tint[r]}">■</span>&nbsp;{r}&nbsp;{body.contrasts[r]:.3g}' for r in used]
    return f"{'&ensp; '.join(parts)}<br><small>{length:.1f} nm long, {width:.1f} nm wide</small>"
