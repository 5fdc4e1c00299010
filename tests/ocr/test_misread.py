"""A line that came out as nonsense is read again by itself; what is no print stays what it was."""

from __future__ import annotations

from time import monotonic

import cv2
import numpy as np
import pytest

from intake.ports import OcrLine, OcrWord
from intake.profile.sections import OcrSection
from samples.documents import random_spec
from samples.page import render
from workers.ocr.misread import MOST, reread
from workers.ocr.reading import engine_for

DPI = 200.0
ENGINE = engine_for("tesserocr", OcrSection().language)


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """The last page of a letter, H×W uint8 at 200 dpi, with a pen's loop drawn where nothing is printed."""
    rng = np.random.default_rng(3)
    sheet = render(random_spec(rng, "Công văn", written=False), rng)[-1]
    scale = DPI / sheet.dpi
    gray = cv2.resize(sheet.pixels.max(axis=2), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.ellipse(gray, (700, 2150), (160, 14), 8, 0, 300, 30, 3)
    return gray


def _nonsense(line: OcrLine) -> OcrLine:
    x0, y0, x1, y1 = line[0].box[0], min(w.box[1] for w in line), line[-1].box[2], max(w.box[3] for w in line)
    return (OcrWord("=1ƯU:2V2I9I(/EIC”", (x0, y0, x1, y1), 0.07),)


def test_the_print_of_a_lost_line_comes_back_at_its_place_and_the_others_are_left_alone(page: np.ndarray) -> None:
    lines = list(ENGINE.read(page, DPI))
    index = next(i for i, line in enumerate(lines) if line[0].text == "-" and line[1].text.startswith("Lưu"))
    pen = (OcrWord("⁄“z}NO", (540, 2130, 865, 2170), 0.2),)
    found = reread(
        ENGINE, page, DPI, [*lines[:index], _nonsense(lines[index]), *lines[index + 1 :], pen], monotonic() + 60
    )

    assert [word.text for word in found[index]] == [word.text for word in lines[index]]
    for again, before in zip(found[index], lines[index], strict=True):
        assert np.abs(np.subtract(again.box, before.box)).max() <= 4
    assert found[:index] == lines[:index]
    assert found[index + 1 :] == [*lines[index + 1 :], pen]


def test_a_page_of_nothing_but_nonsense_is_a_picture(page: np.ndarray) -> None:
    lines = [_nonsense(line) for line in ENGINE.read(page, DPI) if len(line) > 2]
    assert len(lines) > MOST
    assert reread(ENGINE, page, DPI, lines, monotonic() + 60) == lines
