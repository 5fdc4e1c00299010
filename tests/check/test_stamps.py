"""Stamps laid over print, in any ink, with colour or without: secret ones are refused, and no other."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake.model import Box
from samples.capture import scan
from samples.marks import framed, worn
from samples.page import Page
from samples.typeface import LIBERATION_SERIF, Style
from workers.check.secrecy import LEAD, LEAST, Fit, _fitted
from workers.check.stamps import Stamp, _is_frame, _outline
from workers.tools import frames, stamp_words

WIDE_MM = {"MẬT": 20, "KHẨN": 20, "TỐI MẬT": 30, "HỎA TỐC": 30, "TUYỆT MẬT": 40, "THƯỢNG KHẨN": 40, "": 30}
RED, PURPLE, BLACK = (200, 30, 45), (140, 40, 130), (35, 35, 38)
OVER, BESIDE = (32.0, 88.0), (8.0, 62.0)
"""mm: across the body's lines, and in the left margin"""


def _stamped(page: Page, text: str, ink=RED, at_mm=BESIDE, tilt=3.0, double=True, size_mm=None, over_words=()) -> Page:
    size = size_mm or (float(WIDE_MM[text]), 8.0)
    coverage = framed(text, size, page.dpi, double).coverage
    for word in over_words:  # what makes words unreadable
        coverage = np.maximum(coverage, framed(word, size, page.dpi, double).coverage)
    coverage = worn(coverage, np.random.default_rng(3), page.dpi, 0.3)
    pad = coverage.shape[1] // 6
    coverage = cv2.copyMakeBorder(coverage, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    extent = (coverage.shape[1], coverage.shape[0])
    coverage = cv2.warpAffine(coverage, cv2.getRotationMatrix2D((extent[0] / 2, extent[1] / 2), tilt, 1.0), extent)
    x, y = (max(round(value * page.dpi / 25.4) - pad, 0) for value in at_mm)
    pixels = page.pixels.copy()
    spot = pixels[y : y + extent[1], x : x + extent[0]]
    alpha = coverage[: spot.shape[0], : spot.shape[1], None] / 255.0 * 0.85
    spot[:] = (spot * (1 - alpha) + np.minimum(spot, np.array(ink)) * alpha).astype(np.uint8)
    return replace(page, pixels=pixels)


def _scan(page: Page, colour: str = "rgb", dpi: float = 200.0):
    return scan(page, np.random.default_rng(8), dpi, colour=colour)


@pytest.mark.parametrize(
    ("text", "ink", "at_mm", "tilt", "colour"),
    [
        ("MẬT", PURPLE, BESIDE, 4.0, "rgb"),
        ("TỐI MẬT", PURPLE, OVER, -6.0, "rgb"),
        ("TUYỆT MẬT", RED, OVER, 5.0, "gray"),
        ("TỐI MẬT", RED, OVER, -4.0, "gray"),
        ("TUYỆT MẬT", BLACK, BESIDE, -6.0, "rgb"),
        ("TỐI MẬT", BLACK, BESIDE, 6.0, "bilevel"),
    ],
)
def test_a_mark_is_refused_in_any_ink_over_print_and_without_colour(
    codes, letter, text, ink, at_mm, tilt, colour
) -> None:
    assert codes(_scan(_stamped(letter, text, ink, at_mm, tilt), colour)) == {"secrecy_mark": "refuse"}


@pytest.mark.parametrize("text", ["KHẨN", "THƯỢNG KHẨN", "HỎA TỐC"])
@pytest.mark.parametrize(
    ("ink", "at_mm", "colour"), [(PURPLE, OVER, "rgb"), (RED, OVER, "gray"), (BLACK, BESIDE, "rgb")]
)
def test_urgency_is_no_secret_in_a_double_frame_either(codes, letter, text, ink, at_mm, colour) -> None:
    assert "secrecy_mark" not in codes(_scan(_stamped(letter, text, ink, at_mm, 5.0), colour))


@pytest.mark.parametrize(("size_mm", "refused"), [((30.0, 8.0), True), ((54.0, 14.0), False)])
def test_only_a_frame_of_a_secrecy_stamps_measures_is_refused_unread(codes, letter, size_mm, refused) -> None:
    scanned = _scan(_stamped(letter, "", size_mm=size_mm, over_words=("X#Ø%X", "&WV@M", "§ZE8§")))
    assert ("secrecy_mark" in codes(scanned)) is refused


def _mask() -> np.ndarray:
    return np.zeros((400, 500), np.uint8)


def test_a_frame_is_found_though_lines_of_print_run_through_it() -> None:
    mask = _mask()
    cv2.rectangle(mask, (150, 120), (268, 152), 255, 1)
    for y in (112, 140, 168):
        for x in range(100, 400, 9):
            cv2.rectangle(mask, (x, y), (x + 5, y + 8), 255, 1)
    found = frames.look(mask)
    assert len(found) == 1
    assert (round(found[0].x), round(found[0].y)) == (pytest.approx(209, abs=3), pytest.approx(136, abs=3))


def test_a_leaning_frame_is_found_with_its_lean() -> None:
    mask = _mask()
    corners = cv2.boxPoints(((250, 200), (118, 32), 6.0)).astype(np.int32)
    cv2.polylines(mask, [corners], True, 255, 1)
    found = frames.look(mask)[0]
    assert found.angle == pytest.approx(6.0, abs=1.5)


def _cut(mask: np.ndarray) -> np.ndarray:
    x, y, width, height = cv2.boundingRect(mask)
    return np.ascontiguousarray(mask[y : y + height, x : x + width])


def test_a_frame_worn_into_pieces_is_one_frame_still() -> None:
    """TỐI MẬT in pale ink was passed unread: its left and lower side made the largest piece, and that lay askew."""
    mask = _mask()
    corners = cv2.boxPoints(((250, 200), (132, 36), -2.0)).astype(np.int32)
    cv2.polylines(mask, [corners], True, 255, 2)
    for x, y in ((185, 190), (215, 182), (290, 180), (315, 205)):
        cv2.circle(mask, (x, y), 7, 0, -1)
    (_, size, _), is_frame = _outline(_cut(mask))
    assert is_frame
    assert sorted(size) == [pytest.approx(36, abs=3), pytest.approx(132, abs=4)]


def test_lines_of_words_are_no_frame() -> None:
    """«TRUNG TÂM / Y TẾ» in the middle of a seal was refused as a frame that cannot be read."""
    image = Image.new("L", (120, 60), 0)
    type_ = Style(LIBERATION_SERIF, 10.0, bold=True).at(100)
    ImageDraw.Draw(image).multiline_text((60, 30), "TRUNG TÂM\nY TẾ", font=type_, fill=255, anchor="mm", align="center")
    words = _cut((np.asarray(image) > 90).astype(np.uint8) * 255)
    whole = cv2.minAreaRect(cv2.findNonZero(words))
    assert _is_frame(words, whole), "what makes it hard"
    assert not _outline(words)[1]


def test_a_frame_with_a_speck_beside_it_keeps_its_measures() -> None:
    mask = _mask()
    cv2.rectangle(mask, (150, 120), (268, 152), 255, 2)
    cv2.circle(mask, (210, 190), 3, 255, -1)
    (_, size, _), is_frame = _outline(_cut(mask))
    assert is_frame
    assert sorted(size) == [pytest.approx(33, abs=2), pytest.approx(119, abs=2)]


@pytest.mark.parametrize("wide_px", [79, 118, 157])
def test_a_frame_is_found_at_every_lean_a_broken_side_and_all(wide_px: int) -> None:
    """20, 30 and 40 × 8 mm: which leans are tried is guessed from the sides alone."""
    for lean in np.arange(-9.0, 9.1, 0.75):
        mask = _mask()
        corners = cv2.boxPoints(((250, 200), (wide_px, 32), float(lean))).astype(np.int32)
        cv2.polylines(mask, [corners], True, 255, 1)
        middle_left = corners[np.argsort(corners[:, 0])[:2]].mean(axis=0).astype(int).tolist()
        cv2.circle(mask, middle_left, 1, 0, -1)
        found = frames.look(mask)
        assert found, lean
        assert found[0].angle == pytest.approx(lean, abs=3.0)
        assert found[0].width == pytest.approx(wide_px, abs=6)


def test_cells_of_a_table_are_no_frames() -> None:
    mask = _mask()
    for x in (100, 180, 260):
        cv2.rectangle(mask, (x, 100), (x + 80, 132), 255, 1)
    assert [frame for frame in frames.look(mask) if frame.width < 100] == []


@pytest.mark.parametrize(("text", "sort"), [("TUYỆT MẬT", "secret"), ("MẬT", "secret"), ("THƯỢNG KHẨN", "harmless"),
                                            ("KHẨN", "harmless"), ("GIẢI MẬT", "lifted")])  # fmt: skip
def test_the_right_words_fit_best(text: str, sort: str) -> None:
    dpi = 220.0
    words = framed(text, (44.0, 12.0), dpi, face=LIBERATION_SERIF).coverage[20:-20, 20:-20]
    said = Fit.of(stamp_words.fit(255 - cv2.GaussianBlur(words, (0, 0), 1.0), dpi / 25.4))
    fits = {"secret": said.secret, "harmless": said.harmless, "lifted": said.lifted}
    best = fits.pop(sort)
    assert best >= LEAST
    assert best - max(fits.values()) >= (LEAD if sort != "lifted" else 0.0)


@pytest.mark.parametrize(("sides_mm", "said"), [((20.0, 8.0), "secret"), ((10.5, 2.6), "unknown")])
def test_words_without_a_stamps_measures_are_not_fitted(sides_mm, said) -> None:
    words = 255 - framed("MẬT", (44.0, 12.0), 220.0, face=LIBERATION_SERIF).coverage[20:-20, 20:-20]
    stamp = Stamp(Box(30, 60, *sides_mm), words, words, True, True, 220.0 / 25.4, sides_mm)
    assert _fitted(stamp).verdict == said
