"""Print the engine left out is read by itself and stands at its place; drawings and what was read add nothing."""

from __future__ import annotations

from time import monotonic

import cv2
import numpy as np
import pytest

from intake.ports import OcrLine, OcrWord
from intake.profile.sections import OcrSection
from samples.documents import random_spec
from samples.page import render
from workers.ocr.misread import around
from workers.ocr.reading import engine_for
from workers.ocr.unread import MOST, read_left_out

DPI = 200.0
ENGINE = engine_for("tesserocr", OcrSection().language)


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """The first page of a decision, H×W uint8 at 200 dpi."""
    rng = np.random.default_rng(11)
    sheet = render(random_spec(rng, "Quyết định", written=False), rng)[0]
    scale = DPI / sheet.dpi
    return cv2.resize(sheet.pixels.max(axis=2), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def lines(page: np.ndarray) -> tuple[OcrLine, ...]:
    return read(page, ENGINE.read(page, DPI))


def read(page: np.ndarray, lines: tuple[OcrLine, ...]) -> tuple[OcrLine, ...]:
    whole = (0, 0, page.shape[1], page.shape[0])
    return read_left_out(ENGINE, page, DPI, lines, [whole], monotonic() + 60)


def text(line: OcrLine) -> str:
    return " ".join(word.text for word in line)


def index_of(lines: tuple[OcrLine, ...], words: str) -> int:
    return next(index for index, line in enumerate(lines) if text(line).startswith(words))


@pytest.mark.parametrize("words", ["QUYẾT ĐỊNH", "Điều 2"])
def test_a_line_left_out_comes_back_at_its_place(page: np.ndarray, lines: tuple[OcrLine, ...], words: str) -> None:
    at = index_of(lines, words)
    found = read(page, lines[:at] + lines[at + 1 :])
    assert [text(line) for line in found] == [text(line) for line in lines]
    assert np.abs(np.subtract(around(found[at]), around(lines[at]))).max() <= 4


def test_nonsense_that_stood_for_the_line_goes(page: np.ndarray, lines: tuple[OcrLine, ...]) -> None:
    at = index_of(lines, "Điều 2")
    nonsense = (OcrWord("” TINH", around(lines[at]), 0.1),)
    found = read(page, (*lines[:at], nonsense, *lines[at + 1 :]))
    assert [text(line) for line in found] == [text(line) for line in lines]


def test_a_whole_page_left_out_is_taken_for_a_picture(page: np.ndarray) -> None:
    assert len(ENGINE.read(page, DPI)) > MOST
    assert read(page, ()) == ()


def test_pen_and_seal_add_nothing(page: np.ndarray, lines: tuple[OcrLine, ...]) -> None:
    drawn = page.copy()
    bottom = max(around(line)[3] for line in lines)
    assert bottom < 2100, "the page has no room to draw on"
    cv2.ellipse(drawn, (500, 2200), (200, 18), 4, 0, 300, 30, 4)
    cv2.circle(drawn, (1200, 2190), 120, 40, 5)
    assert read(drawn, lines) == lines


def test_words_already_read_are_not_read_twice(page: np.ndarray, lines: tuple[OcrLine, ...]) -> None:
    at = index_of(lines, "Điều 2")
    half = lines[at][: len(lines[at]) // 2]
    found = read(page, (*lines[:at], half, *lines[at + 1 :]))
    assert sorted(word.text for line in found for word in line) == sorted(w.text for line in lines for w in line)


def test_lines_that_a_stamps_frame_joins_are_found(page: np.ndarray, lines: tuple[OcrLine, ...]) -> None:
    """Its upright sides tie two lines and the rows between them into one piece of ink, taller than any line."""
    at = index_of(lines, "Điều 2")
    missed = max((lines[at : at + 2], lines[at + 1 : at + 3]), key=lambda two: min(map(len, two)))
    begin = lines.index(missed[0])
    (_, top, _, _), (left, _, _, bottom) = around(missed[0]), around(missed[1])
    crossed = page.copy()
    cv2.rectangle(crossed, (left - 90, top - 60), (left - 20, bottom + 60), 90, 3)
    cv2.line(crossed, (left - 90, (top + bottom) // 2), (left + 40, (top + bottom) // 2), 90, 3)
    found = read(crossed, lines[:begin] + lines[begin + 2 :])
    for line in missed:
        assert any(text(line)[6:] in text(other) for other in found), text(line)
