"""Print beside an incoming stamp is read without the stamp, on colour and on grey scans."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from intake.profile.sections import OcrSection
from samples.typeface import LIBERATION_SERIF
from workers.ocr.beside_stamp import read_apart
from workers.ocr.ink import Page
from workers.ocr.layout import lay_out
from workers.ocr.reading import engine_for
from workers.ocr.reading_image import one_channel

DPI = 200.0
MM = DPI / 25.4
ENGINE = engine_for("tesserocr", OcrSection().language)
LINES = ("Thành lập Tổ công tác bảo đảm an", "toàn thực phẩm trong mùa lễ hội")


def stamped(frame: bool = True) -> np.ndarray:
    """The middle of a head, BGR: two bold centred lines, and a red stamp that ends 4 mm before them."""
    image = Image.new("RGB", (round(210 * MM), round(110 * MM)), (250, 248, 242))
    draw = ImageDraw.Draw(image)
    bold = ImageFont.truetype(str(LIBERATION_SERIF.bold), round(14 / 72 * DPI))
    small = ImageFont.truetype(str(LIBERATION_SERIF.regular), round(11 / 72 * DPI))
    for index, text in enumerate(LINES):
        draw.text((round(62 * MM), round((48 + 6.5 * index) * MM)), text, (20, 20, 20), bold)
    if frame:
        red = (200, 40, 60)
        draw.rectangle([round(v * MM) for v in (8, 38, 58, 73)], outline=red, width=4)
        for y in (46.0, 56.0, 64.0):
            draw.line([round(v * MM) for v in (8, y, 58, y)], fill=red, width=3)
        for y, text in (
            (47.5, "Số: 3350 ............."),
            (52.0, "Ngày: 17/8/2025 ......"),
            (57, "Chuyển: ............"),
        ):
            draw.text((round(22 * MM), round(y * MM)), text, red, small)
    return cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)


def page_of(pixels: np.ndarray):
    gray = one_channel(pixels)
    lines = ENGINE.read(gray, DPI)
    return Page(pixels, gray, lay_out(lines, gray.shape[1], gray.shape[0], (DPI, DPI))), lines


@pytest.mark.parametrize("colour", [True, False])
def test_lines_beside_a_stamp_are_read_whole_and_without_it(colour: bool) -> None:
    pixels = stamped()
    page, lines = page_of(pixels if colour else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    apart = read_apart(page, lines, ENGINE, 60.0, (0, 36, 210, 100))
    assert apart is not None
    assert [row.text for row in apart.sheet.rows] == list(LINES)
    for row in apart.sheet.rows:
        assert 60 < row.x0 < 64


def test_on_a_grey_page_without_a_frame_there_is_nothing_to_take_away() -> None:
    page, lines = page_of(cv2.cvtColor(stamped(frame=False), cv2.COLOR_BGR2GRAY))
    assert read_apart(page, lines, ENGINE, 60.0, (0, 36, 210, 100)) is None
