"""Do the printed page numbers run on without a gap?

The number stands in the middle of the top margin, and not on page 1 (NĐ 30/2020 Phụ lục I Phần I.I). Only a small mark
that stands there alone is read, in up to five sizes, and two readings must agree; every other page is one without.
Annexes begin anew, backs bear none, so only a number that grows by more than the pages turned says that one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import tesserocr
from PIL import Image

from intake.model import Box, Finding, Severity
from workers.check import engine
from workers.check.view import WORK_DPI, PageView

MM = 25.4 / WORK_DPI
MIDDLE = (0.36, 0.68)
"""share of the page's width: the margins are 30–35 and 15–20 mm, so the middle of the text lies right of the page's"""
TOP_MM = (4.0, 27.0)
DIGIT_MM = (1.7, 4.6)
"""Arabic, 13–14 pt: digits are 3.0–3.4 mm high"""
ALONE_MM = 30.0
"""nothing else stands in the number's line this far to either side"""
CLEAR_MM = 2.2
GROUP_MM = 12.0
READ_DPI = 200.0
SIZES = (1.0, 1.15, 1.6, 1.3, 0.85)
"""a lone digit has no neighbours to be told by: what one size misreads, another reads"""
SURE = 75
LARGEST = 400


@dataclass(frozen=True, slots=True)
class Numbered:
    """``printed``: the number on the page, None where none is read. ``box``: where."""

    page: int
    printed: int | None
    box: Box | None = None


def measure(view: PageView) -> Numbered:
    place, gray = picture(view)
    return Numbered(view.number, None if gray is None else _agreed(gray), place)


def picture(view: PageView) -> tuple[Box | None, np.ndarray | None]:
    """Where a page number may stand, and that place with room around it, grey, at READ_DPI; None where none does."""
    place = _place(view)
    if place is None:
        return None, None
    patch = view.crop(Box(place.x - 3, place.y - 2, place.width + 6, place.height + 4), READ_DPI)
    gray = patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
    if gray.size == 0:
        return None, None
    white = int(np.median(gray))
    return place, cv2.copyMakeBorder(gray, 20, 20, 30, 30, cv2.BORDER_CONSTANT, value=white)


def _agreed(gray: np.ndarray) -> int | None:
    """The number that two readings, in different sizes, have in common and none contradicts."""
    found: list[int] = []
    for size in SIZES:
        number, sure = read(cv2.resize(gray, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC))
        if number is None or sure < SURE:
            continue
        found.append(number)
        if len(set(found)) > 1:
            return None
        if len(found) == 2:
            return number
    return None


def _place(view: PageView) -> Box | None:
    """The mark in the middle of the top margin that can be a number: up to three digits, alone in its line."""
    _, stats = view.marks
    x, y, w, h, area = stats[1:].T
    width = view.gray.shape[1]
    top = (y + h) * MM < TOP_MM[1]
    x, y, w, h, area = x[top], y[top], w[top], h[top], area[top]
    tall = (h * MM >= DIGIT_MM[0]) & (h * MM <= DIGIT_MM[1]) & (w * MM <= 1.2 * DIGIT_MM[1]) & (y * MM > TOP_MM[0])
    inside = tall & (x > MIDDLE[0] * width) & (x + w < MIDDLE[1] * width)
    for seed in np.flatnonzero(inside):
        line = (y < y[seed] + h[seed] + CLEAR_MM / MM) & (y + h > y[seed] - CLEAR_MM / MM) & (area >= 3)
        gap = np.maximum(x - (x[seed] + w[seed]), x[seed] - (x + w)) * MM
        near = line & (gap < ALONE_MM)
        left, right = int(x[near].min()), int((x + w)[near].max())
        if (right - left) * MM > GROUP_MM or near.sum() > 6 or not 1 <= (near & tall).sum() <= 3:
            continue
        upper, lower = int(y[near].min()), int((y + h)[near].max())
        if (lower - upper) * MM > DIGIT_MM[1] + 1:
            continue
        return view.box(left, upper, right - left, lower - upper)
    return None


def read(gray: np.ndarray) -> tuple[int | None, int]:
    """The number in a picture of it alone, None when it is none, and how certain that is (0–100)."""
    api = engine.tesseract()
    api.SetPageSegMode(tesserocr.PSM.SINGLE_LINE)
    api.SetVariable("tessedit_char_whitelist", "0123456789-")
    api.SetImage(Image.fromarray(gray))
    text = api.GetUTF8Text().strip().strip("- ")
    sure = api.MeanTextConf()
    api.SetVariable("tessedit_char_whitelist", "")
    api.Clear()
    return (int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST else None), sure


def look(pages: Sequence[Numbered]) -> Iterator[Finding]:
    """``page_missing``: a warning where the number jumps and the numbers beside it agree, else a note."""
    read = [(place, page) for place, page in enumerate(pages) if page.printed]
    for index, (place, page) in enumerate(read):
        before, earlier = read[index - 1] if index else (0, Numbered(pages[0].page, 1))
        if place == before and not index:
            continue  # the first image bears a number: part of a document, split or annexed
        expected = int(earlier.printed or 0) + place - before
        found = int(page.printed or 0)
        if found <= expected:
            continue
        upheld = index + 1 < len(read) and read[index + 1][1].printed == found + read[index + 1][0] - place
        upheld |= index > 0 and earlier.printed == _expected_of(read, index - 1)
        yield _missing(page, expected, found, upheld)


def _expected_of(read: Sequence[tuple[int, Numbered]], index: int) -> int:
    place, _ = read[index]
    return place + 1 if index == 0 else int(read[index - 1][1].printed or 0) + place - read[index - 1][0]


def _missing(page: Numbered, expected: int, found: int, upheld: bool) -> Finding:
    gone = f"{expected}" if found == expected + 1 else f"{expected}–{found - 1}"
    return Finding(
        "check.page_missing", Severity.WARN if upheld else Severity.NOTE,
        f"Trang {page.page} của tệp mang số trang in {found}, lẽ ra là {expected}: có thể thiếu trang {gone}. Đếm lại số tờ "
        "và số trang trên bản giấy; nếu thiếu, quét lại cả văn bản.",
        f"Page {page.page} of the file bears the printed number {found} where {expected} was due: page {gone} may be "
        "missing. Count the sheets and their numbers; if one is missing, scan the whole document again.",
        page=page.page, box=page.box, measured=float(found), limit=float(expected),
    )  # fmt: skip
