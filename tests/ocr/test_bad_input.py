"""Pages and programs that misbehave: findings and nulls, never a guess, never a stuck worker."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from intake.errors import EnvironmentTrouble
from intake.model import FieldName
from intake.profile.sections import OcrSection
from workers.ocr.engine_pytesseract import PytesseractEngine
from workers.ocr.reading import read

SERIF = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"


def program(folder: Path, does: str) -> None:
    """A «tesseract» that tells its version and then does what it should not."""
    path = folder / "tesseract"
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "tesseract 5.3.0" && exit 0\n{does}\n')
    path.chmod(0o755)


@pytest.fixture
def page(tmp_path) -> Path:
    image = Image.new("L", (827, 1170), 255)
    ImageDraw.Draw(image).text((95, 80), "Kính gửi", font=ImageFont.truetype(SERIF, 24), fill=0)
    image.save(tmp_path / "page.png", dpi=(100, 100))
    return tmp_path / "page.png"


def test_a_photo_gives_nulls_and_says_so(tmp_path):
    """A landscape: sky, hills, a sun. No field is guessed."""
    y, x = np.mgrid[0:1170, 0:827].astype(np.float32)
    sky = np.dstack([220 - y / 12, 180 - y / 20, 120 + y / 25])
    hills = y > 700 + 120 * np.sin(x / 130) + 40 * np.sin(x / 37)
    sky[hills] = (40, 110, 60)
    cv2.circle(sky, (600, 200), 70, (90, 220, 250), -1)
    sky += np.random.default_rng(4).normal(0, 6, sky.shape)
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.clip(sky, 0, 255).astype(np.uint8))
    reading = read([tmp_path / "photo.jpg"], OcrSection())
    assert [finding.code for finding in reading.findings] == ["ocr.no_text"]
    assert {name for name, field in reading.fields.items() if field.value is not None} <= {FieldName.PAGE_AMOUNT}


def test_thirty_thousand_words_on_a_page_end_in_time(tmp_path):
    """More print than any page holds: the reading ends near its limit, with a finding, and the page stays a page."""
    image = Image.new("L", (2480, 3508), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(SERIF, 13)
    for row in range(250):
        draw.text((20, 10 + row * 14), "an ba ca da ga ha la ma " * 15, font=font, fill=0)
    image.save(tmp_path / "dense.png", dpi=(300, 300))
    begin = time.process_time()
    reading = read([tmp_path / "dense.png"], OcrSection(page_seconds=0.5))
    assert "ocr.page_timeout" in [finding.code for finding in reading.findings]
    assert reading.decision == "review"
    assert time.process_time() - begin < 20


def test_a_tesseract_that_is_killed_is_tried_again(tmp_path, page, monkeypatch):
    program(tmp_path, "kill -9 $$")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EnvironmentTrouble):
        read([page], OcrSection(), engine=PytesseractEngine("vie"))


def test_a_tesseract_that_hangs_costs_the_page_and_not_the_worker(tmp_path, page, monkeypatch):
    program(tmp_path, "exec sleep 600")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    reading = read([page], OcrSection(page_seconds=0.2), engine=PytesseractEngine("vie"))
    assert "ocr.page_timeout" in [finding.code for finding in reading.findings]
    assert reading.fields[FieldName.CODE_NUMBER].value is None
