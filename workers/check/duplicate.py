"""Was the same sheet captured twice? Compared place by place, so two fillings of one form are not the same sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from intake.model import Finding, Severity
from workers.check.view import WORK_DPI, PageView

MAP_DPI = 60.0
COARSE = (24, 34)
COARSE_MIN = 0.75
TILE_PX = 28
"""12 mm of the map"""
SEARCH_PX = 7
"""3 mm: stretch, paper creep and what is left of skew"""
INK_MIN = 10.0
AGREE = 0.62
"""correlation of a tile with its place on the other sheet"""
DISAGREE_MAX = 0.03
TILES_MIN = 3


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of a page to compare it with others. ``ink``: uint8 map at MAP_DPI, levelled; ``coarse``: unit vector."""

    number: int
    ink: np.ndarray
    coarse: np.ndarray


def trace(view: PageView, lean: float | None) -> Trace | None:
    """None for a page with too little ink to compare."""
    dark = (view.any_ink < 150).astype(np.uint8) * 255
    height, width = dark.shape
    if lean:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1.0)
        dark = cv2.warpAffine(dark, turn, (width, height), flags=cv2.INTER_LINEAR)
    edge = int(4 / 25.4 * WORK_DPI)
    dark[:edge], dark[-edge:], dark[:, :edge], dark[:, -edge:] = 0, 0, 0, 0
    factor = MAP_DPI / WORK_DPI
    ink = cv2.resize(dark, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = cv2.GaussianBlur(ink, (0, 0), 0.8)
    if float(ink.mean()) < 0.25:
        return None
    y, x = np.nonzero(ink > 60)
    if len(x) < 200:
        return None
    middle = ink[np.percentile(y, 1).astype(int) : np.percentile(y, 99).astype(int) + 1,
                 np.percentile(x, 1).astype(int) : np.percentile(x, 99).astype(int) + 1]  # fmt: skip
    small = cv2.resize(middle, COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), 0.7)
    small -= small.mean()
    return Trace(view.number, ink, (small / (np.linalg.norm(small) + 1e-6)).ravel())


def disagreement(a: Trace, b: Trace) -> float:
    """Share of inked tiles of either sheet that are not found at their place on the other (0 same sheet, 1 different)."""
    shift = _shift(a.ink, b.ink)
    if shift is None:
        return 1.0
    return max(_unmatched(a.ink, b.ink, shift), _unmatched(b.ink, a.ink, (-shift[0], -shift[1])))


def _shift(a: np.ndarray, b: np.ndarray) -> tuple[int, int] | None:
    size = (max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1]))
    first, second = (np.zeros(size, np.float32) for _ in range(2))
    first[: a.shape[0], : a.shape[1]] = a
    second[: b.shape[0], : b.shape[1]] = b
    first, second = (cv2.GaussianBlur(m, (0, 0), 2) for m in (first, second))
    (x, y), _ = cv2.phaseCorrelate(first, second)
    return (round(x), round(y)) if max(abs(x), abs(y)) < 0.2 * min(size) else None


def _unmatched(a: np.ndarray, b: np.ndarray, shift: tuple[int, int]) -> float:
    padded = cv2.copyMakeBorder(b, *(4 * [TILE_PX + SEARCH_PX + 80]), cv2.BORDER_CONSTANT, value=0)
    origin = TILE_PX + SEARCH_PX + 80
    judged = missed = 0
    for y in range(0, a.shape[0] - TILE_PX, TILE_PX):
        for x in range(0, a.shape[1] - TILE_PX, TILE_PX):
            tile = a[y : y + TILE_PX, x : x + TILE_PX]
            if tile.mean() < INK_MIN:
                continue
            top, left = y + shift[1] + origin - SEARCH_PX, x + shift[0] + origin - SEARCH_PX
            place = padded[max(top, 0) : top + TILE_PX + 2 * SEARCH_PX, max(left, 0) : left + TILE_PX + 2 * SEARCH_PX]
            judged += 1
            if min(place.shape) < TILE_PX:
                missed += 1
                continue
            missed += float(cv2.matchTemplate(place, tile, cv2.TM_CCOEFF_NORMED).max()) < AGREE
    return missed / judged if judged >= TILES_MIN else 1.0


def look(traces: Sequence[Trace]) -> Iterator[Finding]:
    """Each page that repeats an earlier one, once."""
    if len(traces) < 2:
        return
    vectors = np.stack([t.coarse for t in traces])
    likeness = vectors @ vectors.T
    for later in range(1, len(traces)):
        for earlier in np.argsort(-likeness[later, :later]):
            if likeness[later, earlier] < COARSE_MIN:
                break
            apart = disagreement(traces[earlier], traces[later])
            if apart <= DISAGREE_MAX:
                a, b = traces[earlier].number, traces[later].number
                yield Finding(
                    "check.duplicate_page", Severity.WARN,
                    f"Trang {b} giống trang {a}: có thể một tờ bị quét hai lần. Đếm lại số tờ; nếu thừa, quét lại văn bản.",
                    f"Page {b} repeats page {a}: one sheet may have been scanned twice. Count the sheets; scan again if so.",
                    page=b, measured=round(1 - apart, 3), limit=1 - DISAGREE_MAX, unit="1",
                )  # fmt: skip
                break
