"""The drawn report: everything is on the page, whatever the content, and files appear whole or not at all."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from engine.curve import Curve
from engine.errors import DataFileError
from engine.io.report import ReportContent, Row, cut
from engine.models.registry import MODELS
from lnpgui import report
from lnpgui.theme import LIGHT

Q = np.geomspace(0.05, 3.0, 300)


@pytest.fixture
def content():
    model = 100 / (1 + (5 * Q) ** 2) ** 2 + 0.001
    data = model * (1 + 0.05 * np.sin(40 * Q))
    return ReportContent(
        name="a.dat",
        status="in family",
        sentence="Two-lobed core-shell (type 1, 50 nm); probability 98%.",
        reasons=("It fits within the noise.",),
        measured=Curve(Q, data, 0.05 * model),
        q=Q,
        fit=model,
        residuals=(data - model) / (0.05 * model),
        components={"type 1": 0.9 * model, "type 4": 0.1 * model},
        fractions=(Row("type 1, Two-lobed core-shell", ("90.0% (80.0% to 95.0%)",) * 3),),
        hypotheses=(Row("type 1", ("98%",)),),
        sizes=(Row("type 1, Two-lobed core-shell", ("50.0 (49.0 to 51.0)", "5.0 (4.0 to 6.0)", "38.0", "16.0")),),
        goodness="Reduced chi² 1.00.",
        sections=(cut("type 1", 0.9, MODELS["type 1"]()), cut("type 4", 0.1, MODELS["type 4"]())),
        reading=("text, 3 columns.",),
        footer=("Analyst: physics/1", "LNPScope"),
    )


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), 2::-1].astype(int)


def count(image, colour):
    wanted = QColor(colour)
    return int((np.abs(pixels(image) - [wanted.red(), wanted.green(), wanted.blue()]).max(axis=2) < 6).sum())


def strip(image, first, last):
    return pixels(image)[int(first * image.height() / report.HEIGHT) : int(last * image.height() / report.HEIGHT)]


def test_that_data_fit_components_verdict_and_particles_are_on_the_page(qapp, content):
    image = report.picture(content)
    for colour in (LIGHT.data, LIGHT.fit, LIGHT.types["type 1"], LIGHT.types["type 4"], report.STATUS_COLOURS["in family"]):
        assert count(image, colour) > 300
    without = report.picture(dataclasses.replace(content, sections=()))
    core = (240, 176, 60)
    assert count(image, QColor(*core)) > 10_000 > count(without, QColor(*core))


def test_that_the_colour_of_the_status_is_that_of_the_verdict(qapp, content):
    outside = report.picture(
        dataclasses.replace(content, status="outside", sections=(), fractions=(), sizes=(), hypotheses=(), components={})
    )
    assert count(outside, report.STATUS_COLOURS["outside"]) > 3000
    assert count(outside, report.STATUS_COLOURS["in family"]) == 0


def test_that_no_content_runs_over_the_foot_or_the_edges(qapp, content):
    words = ("A long sentence about how the file was read and what was assumed on the way. " * 3, "/very/long/path" * 40)
    much = dataclasses.replace(content, name="long name " * 40, sentence=words[0], reasons=words * 20, reading=words * 50)
    plain, full = report.picture(content), report.picture(much)
    np.testing.assert_array_equal(strip(plain, 2851, 2969), strip(full, 2851, 2969))
    edges = pixels(full)
    assert (edges[:, : int(60 * full.width() / report.WIDTH)] == 255).all()
    assert (edges[:, int(1985 * full.width() / report.WIDTH) :] == 255).all()


def test_that_curves_that_are_hard_to_draw_are_drawn(qapp, content):
    negative = Curve(np.concatenate([[0.0], Q]), np.full(Q.size + 1, -1.0))
    nothing = report.picture(dataclasses.replace(content, measured=negative, fit=np.full(Q.size, -1.0), residuals=np.full(Q.size, np.nan)))
    flat = Curve(Q, np.full(Q.size, 2.0))
    level = report.picture(dataclasses.replace(content, measured=flat, fit=flat.intensity, residuals=np.zeros(Q.size)))
    assert count(level, LIGHT.fit) > 300 > count(nothing, LIGHT.fit)  # the page comes, with what a logarithm can show


def test_that_both_files_are_written_and_readable(qapp, content, tmp_path):
    report.save(content, tmp_path / "a.pdf", tmp_path / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.png"]
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"/Count 1" in pdf
    assert b"/MediaBox [0 0 595" in pdf
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() == report.PNG_WIDTH
    assert image.height() / image.width() == pytest.approx(297 / 210, rel=1e-3)


def test_that_a_folder_that_is_gone_is_said(qapp, content, tmp_path):
    with pytest.raises(DataFileError, match="cannot be written in"):
        report.save(content, tmp_path / "gone" / "a.pdf", tmp_path / "gone" / "a.png")
