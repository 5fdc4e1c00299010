"""Is writing cut off at an edge of the image? Lines run into the edge, or stand where no printer and no typist sets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from intake.model import Box, Finding, Severity
from workers.check.view import WORK_DPI, PageView

MM = 25.4 / WORK_DPI
TOUCH_PX = 2
NEAR_MM = 3.6
"""margins are 15 mm and more, and the most that an auto-sized capture trims is 8"""
STRIP_MM = 45.0
"""from the left and right edges: here a line that leans 1.5° wanders 1.2 mm"""
ROW_MM = (0.9, 14.0)
GROUPS_MIN = 3
"""letters (columns of ink apart from each other) that make a row writing; dirt and holes stand alone"""
NEAR_MIN = 3
TOUCHING_MIN = 2
WRITTEN_MM = 15.0
SPACE_MM = 6.0
"""a line of writing goes on from its outermost letter for the one without a gap of the other"""
SPARSE = 0.4
"""share of a page's rows: a signature page has few, and all of them count"""
LETTER_PX = 9
"""2.3 mm: letters of 12 pt with an ascender; the 6–10 pt that signing software prints into the margin are lower"""
LETTERS_NEAR_MIN = 7
LETTERS_TOUCHING_MIN = 5
TALL_PX = 5
"""1.3 mm: what is left of letters cut through; shadows and the noise of a dark border are flatter"""
RULES_MIN = 5
RULES_MM = 60.0
"""the rules of a table that runs off the page; a stamp pressed across the edge of the paper is lower"""
RULE_MM = 12.0
SIDES = {"left": ("trái", "left"), "top": ("trên", "top"), "right": ("phải", "right"), "bottom": ("dưới", "bottom")}


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands at one side. Left and right: rows of writing that are ``near`` it and that are ``touching`` it, of
    ``all`` rows there. Top and bottom: letters of the outermost line. ``rules``: table lines that run into it."""

    touching: int
    near: int
    all: int
    rules: int

    def cut_through(self, along: bool) -> bool:
        if self.rules >= RULES_MIN:
            return True
        if along:
            return self.touching >= LETTERS_TOUCHING_MIN
        enough = self.near >= NEAR_MIN or (self.near >= 2 and self.near >= SPARSE * self.all)
        return enough and self.touching >= TOUCHING_MIN

    def hard_against(self, along: bool) -> bool:
        return self.near >= (LETTERS_NEAR_MIN if along else NEAR_MIN)


def measure(view: PageView) -> dict[str, Edge]:
    mask, _ = view.letters
    lines = view.black
    return {
        "left": _beside(mask, lines),
        "right": _beside(mask[:, ::-1], lines[:, ::-1]),
        "top": _above(view, mask, lines.T, top=True),
        "bottom": _above(view, mask, lines.T[:, ::-1], top=False),
    }


def _beside(mask: np.ndarray, lines: np.ndarray) -> Edge:
    """Rows of writing at the left edge of a mask."""
    strip = np.ascontiguousarray(mask[:, : round(STRIP_MM / MM)])
    inked = cv2.dilate(strip.max(axis=1)[:, None], np.ones((3, 1), np.uint8)).ravel()
    ends = np.flatnonzero(np.diff(np.concatenate([[0], (inked > 0).view(np.int8), [0]])))
    near = touching = rows = 0
    for top, bottom in zip(ends[::2], ends[1::2], strict=True):
        if not ROW_MM[0] <= (bottom - top) * MM <= ROW_MM[1]:
            continue
        columns = (strip[top:bottom].sum(axis=0) > 0).view(np.int8)
        depth = int(columns.argmax())
        line = columns[depth : depth + round(WRITTEN_MM / MM)]
        gaps = np.diff(np.flatnonzero(line))
        if (gaps > 1).sum() + 1 < GROUPS_MIN or gaps.max() * MM > SPACE_MM or line[-round(SPACE_MM / MM) :].sum() == 0:
            continue
        rows += 1
        near += depth * MM <= NEAR_MM
        touching += depth <= TOUCH_PX
    return Edge(touching, near, rows, _rules(lines))


def _rules(lines: np.ndarray) -> int:
    """Straight lines that run into the left edge and end before the right one."""
    long = round(RULE_MM / MM)
    outer = np.ascontiguousarray(lines[:, 1 : long + 1])
    through = (outer.mean(axis=1) > 0.93) & ~(lines[:, -long:].mean(axis=1) > 0.6)
    through &= np.roll(outer.mean(axis=1), 5) < 0.5  # a dark border or a picture is no line
    at = np.flatnonzero(np.diff(through.astype(np.int8)) == 1)
    return len(at) if len(at) and (at[-1] - at[0]) * MM >= RULES_MM else 0


def _above(view: PageView, mask: np.ndarray, lines: np.ndarray, top: bool) -> Edge:
    """Letters of the line at the top (or bottom) edge, with company in their line."""
    _, stats = view.marks
    height = mask.shape[0]
    x, y, w, h, _ = stats[1:].T
    depth = y if top else height - y - h
    tall = (h >= TALL_PX) & (h <= 48) & (w <= 4 * h)
    letter = tall & ((depth <= TOUCH_PX) | ((depth * MM <= NEAR_MM) & (h >= LETTER_PX)))
    order = np.argsort(x[letter])
    x, w, depth = x[letter][order], w[letter][order], depth[letter][order]
    if len(x) < 2:
        return Edge(0, 0, 0, _rules(lines))
    gap = x[1:] - (x[:-1] + w[:-1])
    beside = (gap <= 14) & (np.abs(np.diff(depth)) <= 12)
    company = np.concatenate([[False], beside]) | np.concatenate([beside, [False]])
    return Edge(int((company & (depth <= TOUCH_PX)).sum()), int(company.sum()), 1, _rules(lines))


def look(view: PageView) -> Iterator[Finding]:
    """``content_cut``: block when lines are cut through, a warning when one stands hard against the edge."""
    for side, edge in measure(view).items():
        along = side in ("top", "bottom")
        through = edge.cut_through(along)
        if not through and not edge.hard_against(along):
            continue
        count = max(edge.touching, edge.rules) if through else edge.near
        vi, en = SIDES[side]
        what = ("bị mất chữ ở", "is cut off at") if through else ("có chữ sát", "has writing hard against")
        yield Finding(
            "check.content_cut", Severity.BLOCK if through else Severity.WARN,
            f"Trang {view.number} {what[0]} mép {vi} ({count} chỗ). Đặt giấy nằm gọn trong mặt kính, chọn đúng khổ giấy, "
            "rồi quét lại.",
            f"Page {view.number} {what[1]} the {en} edge ({count} places). Place the sheet wholly on the glass, choose "
            "the right paper size, and scan again.",
            page=view.number, box=_edge(view, side), measured=float(count),
            limit=float((LETTERS_TOUCHING_MIN if along else TOUCHING_MIN) if through else NEAR_MIN), unit="places",
        )  # fmt: skip


def _edge(view: PageView, side: str) -> Box:
    height, width = view.gray.shape
    band = int(5 / MM)
    return {
        "left": view.box(0, 0, band, height),
        "right": view.box(width - band, 0, band, height),
        "top": view.box(0, 0, width, band),
        "bottom": view.box(0, height - band, width, band),
    }[side]
