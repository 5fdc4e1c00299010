"""Stamps of haste whose letters are too thick or too crossed to be read are known by the word that lies over them best."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from intake.profile.sections import OcrSection
from samples.marks import IncomingStamp, framed, incoming, tilt
from samples.typeface import LIBERATION_SANS, LIBERATION_SERIF
from tests.ocr.paper import HEAD, sheet, white, words
from workers.ocr.anchors import find_anchors
from workers.ocr.ink import Page
from workers.ocr.reading import engine_for
from workers.ocr.urgency import UPRIGHT_DPI, _fit, find_urgency


def stamped(text: str, face, thick: int, crossed: bool) -> np.ndarray:
    """A stamp's words without its frame, level at UPRIGHT_DPI, its ink ``thick`` px broader than cut."""
    ink = framed(text, (54, 12), UPRIGHT_DPI, face=face).coverage[16:-16, 16:-16]
    ink = cv2.dilate(ink, np.ones((thick, thick), np.uint8))
    if crossed:
        cv2.line(ink, (0, 40), (ink.shape[1], 25), 255, 2)
        cv2.line(ink, (0, 60), (ink.shape[1], 62), 255, 2)
    return 255 - cv2.GaussianBlur(ink, (0, 0), 0.8)


@pytest.mark.parametrize("face", [LIBERATION_SERIF, LIBERATION_SANS], ids=lambda face: face.name)
@pytest.mark.parametrize(("thick", "crossed"), [(1, False), (4, False), (2, True)])
@pytest.mark.parametrize(("text", "priority"), [
    ("KHẨN", 1), ("THƯỢNG KHẨN", 2), ("HỎA TỐC", 3), ("HỎA TỐC HẸN GIỜ", 4), ("ĐẾN", 0), ("SAO Y", 0), ("BẢN CHÍNH", 0),
    ("MẬT", 0), ("TỐI MẬT", 0), ("PHÒNG TỔ CHỨC", 0), ("HÀ NỘI", 0),
])  # fmt: skip
def test_the_word_of_haste_is_known_by_its_fit(text: str, priority: int, thick: int, crossed: bool, face) -> None:
    fit = _fit(stamped(text, face, thick, crossed))
    assert (fit.priority if fit.is_clear else 0) == priority


def head(*marks: tuple[np.ndarray, float, float]) -> Page:
    """A head at 200 dpi, grey, with marks (coverage, x, y mm) in the ink of its print."""
    page = white(sheet(*HEAD, words("Số: 145/QĐ-UBND", 40, 38, advance=1.9)))
    pixels = page.pixels.copy()
    for coverage, x, y in marks:
        left, top = round(x / 25.4 * 200), round(y / 25.4 * 200)
        height, width = coverage.shape
        place = pixels[top : top + height, left : left + width]
        place[:] = np.minimum(place, 255 - coverage)
    return Page(pixels, pixels, page.sheet)


STAMP = incoming(
    IncomingStamp("Ủy ban nhân dân xã Hải Tường", "1781", date(2023, 3, 16)), 200.0, np.random.default_rng(3)
).coverage
ENGINE = engine_for("tesserocr", OcrSection().language)


@pytest.mark.parametrize(("text", "wide", "priority", "degrees"), [
    ("KHẨN", 20, 1, 5), ("THƯỢNG KHẨN", 40, 2, -3), ("HỎA TỐC", 30, 3, 4), ("BẢN SAO", 30, 0, 2),
])  # fmt: skip
def test_a_stamp_across_the_incoming_stamps_heading_is_seen_and_left_to_a_clerk(text, wide, priority, degrees) -> None:
    mark = tilt(framed(text, (wide, 8), UPRIGHT_DPI), degrees).coverage
    page = head((STAMP, 12, 50), (mark, 25, 52))
    urgency = find_urgency(page, find_anchors(page.sheet), ENGINE, 30.0)
    assert urgency.priority == priority
    assert urgency.suspect or not priority


def test_the_incoming_stamp_alone_asks_for_no_haste() -> None:
    page = head((STAMP, 12, 50))
    urgency = find_urgency(page, find_anchors(page.sheet), ENGINE, 30.0)
    assert (urgency.priority, urgency.suspect) == (0, False)


def worn(text: str, wide: float, kept_from: float, degrees: float) -> np.ndarray:
    """A stamp without its frame, left of ``kept_from`` (share of its width) so pale that its ink falls apart."""
    ink = framed(text, (wide, 8), UPRIGHT_DPI).coverage.copy()
    edge = round(0.9 / 25.4 * UPRIGHT_DPI)
    ink[:edge], ink[-edge:], ink[:, :edge], ink[:, -edge:] = 0, 0, 0, 0
    left = round(kept_from * ink.shape[1])
    ink[:, :left] = ink[:, :left] // 4
    whole = framed(text, (wide, 8), UPRIGHT_DPI)
    return tilt(replace(whole, coverage=ink), degrees).coverage


@pytest.mark.parametrize("degrees", [-12, 0, 9])
def test_a_khan_behind_a_pale_thuong_is_a_thuong_khan(degrees: float) -> None:
    page = head((worn("THƯỢNG KHẨN", 40, 0.58, degrees), 20, 52))
    urgency = find_urgency(page, find_anchors(page.sheet), ENGINE, 30.0)
    assert urgency.priority == 2
    assert not urgency.suspect


@pytest.mark.parametrize("degrees", [-12, 0, 9])
def test_a_khan_behind_ink_that_nobody_can_read_is_left_to_a_clerk(degrees: float) -> None:
    scribble = np.zeros((64, 90), np.uint8)
    for x in range(0, 80, 8):
        cv2.line(scribble, (x, 10), (x + 14, 54), 200, 3)
    page = head((worn("KHẨN", 20, 0, degrees), 40, 52), (scribble, 27, 53))
    urgency = find_urgency(page, find_anchors(page.sheet), ENGINE, 30.0)
    assert (urgency.priority, urgency.suspect) == (1, True)


@pytest.mark.parametrize("degrees", [-12, 0, 9])
def test_a_khan_behind_paper_is_a_khan(degrees: float) -> None:
    page = head((worn("KHẨN", 20, 0, degrees), 40, 52))
    urgency = find_urgency(page, find_anchors(page.sheet), ENGINE, 30.0)
    assert (urgency.priority, urgency.suspect) == (1, False)
