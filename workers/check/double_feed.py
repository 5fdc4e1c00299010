"""Were two sheets drawn in at once? Then the image is longer than any sheet, or an edge of paper runs across the page.

A feeder without an ultrasonic sensor stops nothing. What it leaves: an image longer than the sheet by what the second
sheet lagged behind, and where that sheet lies on the first, its edge as a thin dark line from side to side, margins
too, where nothing is printed. A fold draws such a line as well, so a line alone is a note, and only both together warn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from intake.model import Box, Finding, Severity
from workers.check.paper import SHEETS_MM
from workers.check.ranked import ranked, smoothed
from workers.check.view import WORK_DPI, PageView

MM = 25.4 / WORK_DPI
LONGER_MM = 12.0
"""auto-sized captures of one size of paper differ by up to 8 mm"""
WIDTH_MM = 7.0
INSIDE_MM = 14.0
"""an edge nearer to the image's border is the sheet's own"""
STRETCHES = 16
THROUGH = 14
"""of STRETCHES from side to side that must show the line: a table's rule ends at the margins"""
MARGIN = 3
"""of them to either side lie in the margins, and there every one must show it"""
AROUND_PX = 13
"""3.3 mm: what is wider is a shadow"""
SLOPES = np.arange(-0.045, 0.0451, 0.003)
"""of the second sheet's edge against the image, dots a dot: 2.6° either way"""
LINE_MIN = 26.0
"""levels that the line is darker than the paper to both sides: folds up to 22 (docs/check/completeness.md)"""
FAINT_MIN = 9.0
"""enough beside an image that is too long"""


@dataclass(frozen=True, slots=True)
class Feed:
    """``size_mm``: the image. ``edge_mm``: where a line from side to side stands, from the top; ``levels``: how dark."""

    number: int
    size_mm: tuple[float, float]
    edge_mm: float
    levels: float


def measure(view: PageView) -> Feed:
    """The strongest line across the page that leaves no gap, not even in the margins."""
    # the median dot of a stretch, row by row, is paper: print on half of it does not show
    paper = np.stack([ranked(part[:, ::2]) for part in np.array_split(view.gray, STRETCHES, axis=1)])
    dark = np.clip(smoothed(paper, 2 * AROUND_PX + 1).astype(np.int16) - paper, -40, 80)
    height = dark.shape[1]
    inset = round(INSIDE_MM / MM)
    if height < 3 * inset:
        return Feed(view.number, view.paper_mm, 0.0, 0.0)
    reach = round(float(SLOPES[-1]) * view.gray.shape[1] / 2) + 2
    anywhere = cv2.dilate(dark, np.ones((1, 2 * reach + 1), np.uint8))[:, inset : height - inset]
    if min(anywhere[:MARGIN].min(axis=0).max(), anywhere[-MARGIN:].min(axis=0).max()) < FAINT_MIN:
        return Feed(view.number, view.paper_mm, 0.0, 0.0)
    best, place = 0.0, 0
    middles = (np.arange(STRETCHES) + 0.5) / STRETCHES - 0.5
    widened = cv2.dilate(dark, np.ones((1, 3), np.uint8))  # a stretch is wide: the line wanders within it
    for slope in SLOPES:
        drift = np.round(slope * middles * view.gray.shape[1]).astype(int)
        level = np.stack([np.roll(row, -shift) for row, shift in zip(widened, drift, strict=True)])
        ordered = np.sort(level, axis=0)[STRETCHES - THROUGH]
        margins = np.minimum(level[:MARGIN].min(axis=0), level[-MARGIN:].min(axis=0))
        line = np.minimum(ordered, margins)[inset : height - inset]
        if line.max() > best:
            best, place = float(line.max()), int(line.argmax()) + inset
    return Feed(view.number, view.paper_mm, place * MM, best)


def excess(size_mm: tuple[float, float], others: Sequence[tuple[float, float]]) -> tuple[float, bool]:
    """mm by which an image is longer than the document's other pages of its width, or without any than every known
    sheet of that width (0 when it is not); and whether it has a known sheet's length itself."""
    short, long = sorted(size_mm)
    known = [tall for wide, tall in SHEETS_MM.values() if abs(short - wide) <= WIDTH_MM]
    if not known:
        return 0.0, False
    beside = [max(pair) for pair in others if abs(min(pair) - short) <= WIDTH_MM]
    over = long - (float(np.median(beside)) if beside else max(known))
    return (over if over > LONGER_MM else 0.0), any(abs(long - tall) <= LONGER_MM for tall in known)


def look(feeds: Sequence[Feed]) -> Iterator[Finding]:
    """``double_feed``: a warning where length and line agree, a note where one of them speaks."""
    for index, feed in enumerate(feeds):
        over, known = excess(feed.size_mm, [other.size_mm for place, other in enumerate(feeds) if place != index])
        lined = feed.levels >= (FAINT_MIN if over else LINE_MIN)
        if known and not lined:
            over = 0.0  # a sheet of another size, of which ``paper_size`` speaks
        if not over and not lined:
            continue
        vi, en = _said(feed, over, lined)
        yield Finding(
            "check.double_feed", Severity.WARN if over and lined else Severity.NOTE,
            f"Trang {feed.number}: {vi}. Tách rời, vỗ đều xấp giấy, bật cảm biến kéo hai tờ, rồi quét lại trang này nếu "
            "đúng là hai tờ.",
            f"Page {feed.number}: {en}. Fan and square the stack, switch the double-feed sensor on, and scan this page "
            "again if there were two sheets.",
            page=feed.number, box=Box(0, max(feed.edge_mm - 2, 0), feed.size_mm[0], 4) if lined else None,
            measured=round(over or feed.levels, 1), limit=LONGER_MM if over else LINE_MIN, unit="mm" if over else "level",
        )  # fmt: skip


def _said(feed: Feed, over: float, lined: bool) -> tuple[str, str]:
    if over and lined:
        return (
            f"ảnh dài hơn tờ giấy {over:.0f} mm và có mép giấy ngang trang cách đầu trang {feed.edge_mm:.0f} mm: hai tờ bị "
            "kéo cùng lúc",
            f"the image is {over:.0f} mm longer than the sheet and an edge of paper crosses it {feed.edge_mm:.0f} mm from "
            "the top: two sheets were fed at once",
        )
    if over:
        return (
            f"ảnh dài hơn tờ giấy {over:.0f} mm: có thể hai tờ bị kéo cùng lúc",
            f"the image is {over:.0f} mm longer than the sheet: two may have been fed at once",
        )
    return (
        f"một vệt thẳng ngang trang cách đầu trang {feed.edge_mm:.0f} mm: nếp gấp, hoặc mép của tờ thứ hai",
        f"a line crosses the page {feed.edge_mm:.0f} mm from the top: a fold, or the edge of a second sheet",
    )
