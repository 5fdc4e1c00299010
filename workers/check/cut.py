"""Is writing cut off at an edge of the image? Letters touch the edge and their neighbours stand beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from intake.model import Box, Finding, Severity
from workers.check.view import WORK_DPI, PageView

TOUCH_PX = 2
LETTER_PX = (5, 48)
COMPANY_PX = 24
"""6 mm: a letter at the edge has another of its line this close; dirt and shadows have not"""
TOUCHING_MIN = 6
NEAR_PX = 7
"""1.8 mm"""
NEAR_MIN = 8
SIDES = {"left": ("trái", "left"), "top": ("trên", "top"), "right": ("phải", "right"), "bottom": ("dưới", "bottom")}


@dataclass(frozen=True, slots=True)
class Edge:
    """Letters of text lines at one side of the image: ``touching`` it, and ``near`` it (within NEAR_PX)."""

    touching: int
    near: int


def measure(view: PageView) -> dict[str, Edge]:
    labels, stats = view.marks
    height, width = labels.shape
    x, y, w, h, area = stats[1:].T
    size = np.maximum(w, h)
    letter = (size >= LETTER_PX[0]) & (np.minimum(w, h) <= LETTER_PX[1]) & (size <= 3 * LETTER_PX[1]) & (area >= 8)
    letter &= (w >= 2) & (h >= 3)
    x, y, w, h = x[letter], y[letter], w[letter], h[letter]
    sides = {
        "left": (y, h, x),
        "right": (y, h, width - x - w),
        "top": (x, w, y),
        "bottom": (x, w, height - y - h),
    }
    found = {}
    for side, (start, length, depth) in sides.items():
        along = side in ("top", "bottom")
        touch = _with_company(depth <= TOUCH_PX, start, length, depth, along)
        near = _with_company((depth <= NEAR_PX) & (size[letter] >= 2 * LETTER_PX[0]), start, length, depth, along)
        found[side] = Edge(touch, near)
    return found


def _with_company(touch: np.ndarray, start: np.ndarray, length: np.ndarray, depth: np.ndarray, along: bool) -> int:
    """Touching marks that have another letter in their line.

    ``start``, ``length``: extent along the edge; ``depth``: distance from it. ``along``: text runs along this edge, so
    company stands beside the mark at the edge; otherwise behind it.
    """
    count = 0
    for index in np.flatnonzero(touch):
        if along:
            gap = np.maximum(start - (start[index] + length[index]), start[index] - (start + length))
            near = (gap <= COMPANY_PX) & (gap > -4) & (depth <= 2 * LETTER_PX[0])
        else:
            overlap = np.minimum(start + length, start[index] + length[index]) - np.maximum(start, start[index])
            near = (
                (overlap >= 0.4 * np.minimum(length, length[index])) & (depth > TOUCH_PX) & (depth <= COMPANY_PX + 60)
            )
        near[index] = False
        count += bool(near.any())
    return count


def look(view: PageView) -> Iterator[Finding]:
    """``content_cut``: block when letters are cut through, a warning when a line stands hard against the edge."""
    for side, edge in measure(view).items():
        through = edge.touching >= TOUCHING_MIN
        if not through and edge.near < NEAR_MIN:
            continue
        count = edge.touching if through else edge.near
        vi, en = SIDES[side]
        what = ("bị mất chữ ở", "is cut off at") if through else ("có chữ sát", "has writing hard against")
        yield Finding(
            "check.content_cut", Severity.BLOCK if through else Severity.WARN,
            f"Trang {view.number} {what[0]} mép {vi} ({count} chỗ). Đặt giấy nằm gọn trong mặt kính, chọn đúng khổ giấy, "
            "rồi quét lại.",
            f"Page {view.number} {what[1]} the {en} edge ({count} places). Place the sheet wholly on the glass, choose "
            "the right paper size, and scan again.",
            page=view.number, box=_edge(view, side), measured=float(count),
            limit=float(TOUCHING_MIN if through else NEAR_MIN), unit="letters",
        )  # fmt: skip


def _edge(view: PageView, side: str) -> Box:
    height, width = view.gray.shape
    band = int(5 / 25.4 * WORK_DPI)
    return {
        "left": view.box(0, 0, band, height),
        "right": view.box(width - band, 0, band, height),
        "top": view.box(0, 0, width, band),
        "bottom": view.box(0, height - band, width, band),
    }[side]
