"""The Particle panel as seen: model and parameters on the left, its curve in the middle, its picture on the right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.curve import Array, Curve
from engine.errors import DataFileError
from engine.io.aside import written_aside
from engine.models.geometry import Body
from engine.models.parameters import Parameter
from engine.models.voxel_map import VoxelMap
from lnpgui.panels.particle.form import ParameterForm
from lnpgui.panels.particle.model_plot import ModelPlot
from lnpgui.panels.particle.picture import Mode, ParticlePicture
from lnpgui.panels.particle.sources import MAPS, PARTICLES
from lnpgui.theme import Theme
from lnpgui.widgets.file_drop import FileDrop
from lnpgui.widgets.progress_line import Progress, ProgressLine
from lnpgui.widgets.three_columns import ThreeColumns

PICTURES = "Picture (*.png)"
TO_OPEN = (
    f"Maps and particles ({' '.join(f'*{ending}' for ending in (*MAPS, *PARTICLES))});;"
    f"Voxel maps ({' '.join(f'*{ending}' for ending in MAPS)});;Particles of your own (*.toml);;All files (*)"
)


class ParticleView(ThreeColumns):
    """Shows what it is given and reports what the user does."""

    model_chosen = Signal(str)  # key
    changed = Signal()  # a parameter
    overlay_wanted = Signal(bool)
    curve_file_given = Signal(object)  # Path
    picture_file_given = Signal(object)  # Path
    files_given = Signal(object)  # tuple of Path: maps and particles
    volume_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path.home()
        self._formats: tuple[str, ...] = ()
        self.form: ParameterForm | None = None
        self.plot = ModelPlot(theme)
        self.picture = ParticlePicture(theme)
        self.drop = FileDrop(self, suffixes=(*MAPS, *PARTICLES))
        self.drop.watch(self)
        self._assemble()
        self._connect()

    # -- building ------------------------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        self.set_columns((self._left(), self._middle(), self._right()), (290, 590, 480), (False, True, True))

    def _left(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(260)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Model")
        self.chooser.setToolTip("Which kind of particle to show")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.reset_button = QPushButton("Defaults")
        self.reset_button.setToolTip("Give every parameter of this model its first value again")
        self.open_button = QPushButton("Open …")
        self.open_button.setToolTip("Open a voxel map (.mat, .mrc, .npy) or a particle of your own (.toml); or drop it on this panel")
        self._notes = QLabel()
        self._notes.setProperty("role", "muted")
        self._notes.setWordWrap(True)
        self._notes.hide()
        line = QHBoxLayout()
        line.addWidget(self.chooser, 1)
        line.addWidget(self.open_button)
        rows = QVBoxLayout(left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(line)
        rows.addWidget(self._notes)
        rows.addWidget(self._scroll, 1)
        rows.addWidget(self.reset_button)
        return left

    def _middle(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(320)
        self.overlay = QCheckBox("Over the measured curve")
        self.save_curve_button = QPushButton("Save curve …")
        self.save_curve_button.setToolTip("Save the curve of one particle, not scaled, in the format that the file's ending names")
        self._words = QLabel()
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self._notice = QLabel()
        self._notice.setProperty("role", "error")
        self._notice.setWordWrap(True)
        self._notice.hide()
        self.progress = ProgressLine("curve of the particle", "Stop computing the curve")
        line = QHBoxLayout()
        line.addWidget(self.overlay, 1)
        line.addWidget(self.save_curve_button)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(line)
        rows.addWidget(self._notice)
        rows.addWidget(self.progress)
        rows.addWidget(self.plot, 1)
        rows.addWidget(self._words)
        return middle

    def _right(self) -> QWidget:
        right = QWidget()
        right.setMinimumWidth(420)
        self.properties = QLabel()
        self.properties.setWordWrap(True)
        self.properties.setAccessibleName("Properties of the particle")
        self.properties.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.save_picture_button = QPushButton("Save picture …")
        self.save_picture_button.setToolTip("Save the picture as it is seen, as PNG with two pixels per point of the screen")
        self.transparent = QCheckBox("Transparent ground")
        self.transparent.setToolTip("Save the picture without its ground, to be laid over anything")
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.transparent)
        line.addWidget(self.save_picture_button)
        rows = QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(line)
        rows.addWidget(self.picture, 1)
        rows.addWidget(self.properties)
        return right

    def _connect(self) -> None:
        self.chooser.currentIndexChanged.connect(self._on_chosen)
        self.reset_button.clicked.connect(self._on_chosen)
        self.overlay.toggled.connect(self.overlay_wanted)
        self.save_curve_button.clicked.connect(self._ask_curve_file)
        self.save_picture_button.clicked.connect(self._ask_picture_file)
        self.open_button.clicked.connect(self._ask_files)
        self.progress.stop_wanted.connect(self.stop_wanted)
        self.drop.dropped.connect(self.files_given)
        self.picture.volume_wanted.connect(self.volume_wanted)

    # -- gestures ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_chosen(self) -> None:
        self.model_chosen.emit(self.chooser.currentData())

    @Slot()
    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open voxel maps and particles", str(self._folder), TO_OPEN)
        if names:
            self._folder = Path(names[0]).parent
            self.files_given.emit(tuple(Path(name) for name in names))

    def set_formats(self, formats: Sequence[str]) -> None:
        """Offer these filters when a curve is saved, the usual one first."""
        self._formats = tuple(formats)

    @Slot()
    def _ask_curve_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save curve", str(self._folder / "particle.csv"), ";;".join(self._formats))
        if name:
            self._folder = Path(name).parent
            self.curve_file_given.emit(Path(name))

    @Slot()
    def _ask_picture_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save picture", str(self._folder / "particle.png"), PICTURES)
        if name:
            self._folder = Path(name).parent
            self.picture_file_given.emit(Path(name))

    # -- showing -------------------------------------------------------------------------------------------------------

    def set_models(self, models: Sequence[tuple[str, str]]) -> None:
        """Offer models, each with its key and its name, and choose the first."""
        for key, title in models:
            self.chooser.addItem(title, key)

    def offer_model(self, key: str, title: str) -> None:
        """Offer one more, or the same again, and choose it."""
        index = self.chooser.findData(key)
        if index < 0:
            self.chooser.addItem(title, key)
            index = self.chooser.count() - 1
        if index == self.chooser.currentIndex():
            self._on_chosen()
        self.chooser.setCurrentIndex(index)

    def choose_model(self, key: str) -> None:
        """Choose one of the models that are offered."""
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(key)))

    def remove_model(self, key: str) -> None:
        """Offer *key* no more."""
        with QSignalBlocker(self.chooser):
            self.chooser.removeItem(self.chooser.findData(key))

    def show_form(self, parameters: Sequence[Parameter], whole: Collection[str]) -> None:
        """Show these parameters at their defaults."""
        self.form = ParameterForm(parameters, whole)
        self.form.changed.connect(self.changed)
        self._scroll.setWidget(self.form)  # deletes the one before
        self.plot.reset_view()

    def show_notes(self, words: str) -> None:
        """Say what was assumed about the particle; nothing hides it."""
        self._notes.setText(words)
        self._notes.setVisible(bool(words))

    @property
    def wants_volume(self) -> bool:
        """True where the voxels of a body are to be shown."""
        return self.picture.shown_mode is Mode.VOLUME

    def show_body(self, body: Body, voxels: VoxelMap | None = None) -> None:
        """Show the picture of a body, with its voxels where they are seen; the user goes on to look from the same side."""
        self.picture.show_body(body, voxels)

    def show_map(self, voxels: VoxelMap) -> None:
        """Show the picture of a voxel map."""
        self.picture.show_map(voxels)

    def show_curve(self, q: Array, intensity: Array, measured: Curve | None) -> None:
        """Draw the particle's curve, over *measured* if it is given."""
        self.plot.show_model(q, intensity, measured)

    def show_properties(self, words: str) -> None:
        """Show what the particle is in numbers."""
        self.properties.setText(words)

    def show_words(self, words: str) -> None:
        """Say something about the curve that is drawn."""
        self._words.setText(words)

    def show_notice(self, words: str) -> None:
        """Say what went wrong; nothing hides it."""
        self._notice.setText(words)
        self._notice.setVisible(bool(words))

    def show_progress(self, progress: Progress | None) -> None:
        """Say how far a long computation is, with a way to stop it; None hides it."""
        self.progress.show_progress(progress)

    def offer_overlay(self, name: str | None) -> None:
        """Offer the measured curve *name* as ground; None when there is none."""
        self.overlay.setEnabled(name is not None)
        self.overlay.setToolTip(
            "Show a curve in Analyse first; it can then be compared with this particle"
            if name is None
            else f"Draw the particle's curve, scaled by least squares, over {name}"
        )

    def save_picture(self, path: Path) -> None:
        """Save the picture as it is seen.

        Raises
        ------
        DataFileError
            If the file cannot be written.
        """
        image = self.picture.snapshot(transparent=self.transparent.isChecked())
        if path.suffix.lower() != ".png":
            raise DataFileError(path, "A picture is saved as PNG; end its name in .png.")
        with written_aside(path) as aside:
            if not QImageWriter(str(aside), QByteArray(b"png")).write(image):
                raise DataFileError(path, "cannot be written there; choose another folder.")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of *theme*."""
        self.plot.set_theme(theme)
        self.picture.set_theme(theme)

    def shut_down(self) -> None:
        """Release the picture; call it before the window goes."""
        self.picture.shut_down()
