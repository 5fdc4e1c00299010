"""What the engine cannot tell apart is told by its shape, and only where the shape is clear."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake.ports import OcrWord
from samples.typeface import LIBERATION_SERIF, font, installed
from workers.ocr.shapes import told_by_shape

DPI = 200
MONO = next(face for face in installed() if face.name == "Liberation Mono")


def told(printed: str, read: str, face: Path, pt: float = 13, grain: float = 6) -> str:
    """What becomes of ``read`` where ``printed`` stands, set at four times 200 dpi, reduced, softened and grained."""
    letters = font(face, 4 * pt * DPI / 72)
    left, top, right, bottom = letters.getbbox(printed, anchor="ls")
    image = Image.new("L", (round(right - left) + 80, round(bottom - top) + 80), 255)
    ImageDraw.Draw(image).text((40 - left, 40 - top), printed, font=letters, fill=30, anchor="ls")
    small = cv2.resize(np.asarray(image), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.7) + np.random.default_rng(5).normal(0, grain, small.shape)
    pixels = np.where(small < 224, np.clip(small, 0, 255), 255).astype(np.uint8)
    height, width = pixels.shape
    return told_by_shape(pixels, [(OcrWord(read, (8, 8, width - 8, height - 8), 0.9),)])[0][0].text


@pytest.mark.parametrize(("printed", "read"), [
    ("liệu", "Liệu"), ("lý.", "Lý."), ("làm", "Làm"), ("0", "9"), ("60%", "69%"), ("01;", "91;"),
    ("250.000", "250.006"), ("18.650.000", "18.650.660"),
])  # fmt: skip
@pytest.mark.parametrize("pt", [12, 14])
@pytest.mark.parametrize("bold", [False, True])
def test_faces_of_one_pitch_are_read_as_printed(printed: str, read: str, pt: float, bold: bool) -> None:
    assert told(printed, read, MONO.cut(bold), pt) == printed


@pytest.mark.parametrize("word", ["Lý", "Lập", "Liên", "Làm", "Lâm", "69", "96,4%", "1996", "9", "6.", "m2", "m3"])
@pytest.mark.parametrize("face", installed(), ids=lambda face: face.name)
def test_what_is_printed_so_stays_in_every_face(word: str, face) -> None:
    assert told(word, word, face.regular) == word
    assert told(word, word, face.bold) == word


@pytest.mark.parametrize(("printed", "read"), [("m²", "m2"), ("m³", "m3"), ("km²", "km2")])
@pytest.mark.parametrize("face", [LIBERATION_SERIF, MONO], ids=lambda face: face.name)
def test_raised_figures_are_raised(printed: str, read: str, face) -> None:
    assert told(printed, read, face.regular) == printed


def test_figures_and_ink_that_do_not_count_up_are_left() -> None:
    assert told("60", "660", MONO.regular) == "660"
    assert told_by_shape(np.full((40, 40), 255, np.uint8), [(OcrWord("Lý", (5, 5, 30, 30), 0.9),)])[0][0].text == "Lý"
