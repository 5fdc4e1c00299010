"""Frames of stamps found by their four sides, whatever crosses or touches them: print laid over a mark hides its outline.

Upright sides are looked for first: no letter is as tall as a stamp, so an ordinary page is done with at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from workers.tools.connected import connected

DPI = 100.0
"""of the mask that is looked over"""
PER_MM = DPI / 25.4
ANGLES = np.arange(-9.0, 9.1, 1.5)
"""degrees tried; between two of them a side of 8 mm leans by a tenth of a millimetre"""
TALL_MM = (5.2, 12.0)
"""height of a frame: 8 mm by the forms (TT 24/2020/TT-BCA), in the field 7 to 10"""
PIECE_MM, GAP_PX = 4.2, 5
"""shortest piece of a broken side, and gap within it, at DPI, that is looked over"""
WIDE_MM = (15.0, 50.0)
PLAN_PX = 4
"""dots of the mask that are one of the plan in which marks are grouped"""
LONG_MM = 17.0
"""longest upright stroke that can be a side: print that touches it makes it longer"""
HIGH_PX = int(TALL_MM[0] * PER_MM) - 1
"""how far a side must run straight down"""
STEEP_PX = 6
"""room in which a side that leans by the most of ANGLES still runs straight down"""
REACH_PX = TALL_MM[0] * PER_MM - 2
"""stretch that both sides must reach over, before the long sides say how high the frame is"""
SLACK_PX = 5
SPANNED_MIN = 0.7
"""share of the frame's height that both sides must reach over"""
BEYOND_MM, BEYOND_MAX = (1.3, 4.5), 0.85
"""stretch past a corner, and share of it that ink of both long sides may cover: print crosses one of them at most"""
UPRIGHTS_MAX = 60
"""more stand in photographs and dense tables"""
SIDE_MIN = 0.72
"""share of the upper and of the lower side that has ink; rows of print reach 0.65 beside upright strokes by chance"""


LAWFUL_MM = ((16.4, 46.5), (6.1, 11.4))
"""width and height of a secrecy stamp: 20, 30 or 40 × 8 mm by the forms, with the room that rubber takes in the field"""


@dataclass(frozen=True, slots=True)
class Frame:
    """Centre, width and height in px of the mask, ``angle`` in degrees clockwise, ``sides``: ink along the long sides."""

    x: float
    y: float
    width: float
    height: float
    angle: float
    sides: float


def fits(wide_mm: float, high_mm: float) -> bool:
    """Whether sides in mm are those of a secrecy stamp."""
    (least, most), (low, high) = LAWFUL_MM
    return least <= wide_mm <= most and low <= high_mm <= high


def look(mask: np.ndarray) -> list[Frame]:
    """Those of a secrecy stamp's measures, best first, none over another.

    ``mask``: uint8 0/255 of ink at DPI, dark print and stamps alike.
    """
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    found = []
    for x, y, width, height, tall in _tall(closed):
        part = closed[y : y + height, x : x + width]
        for angle in _promising(tall):
            turn, size = _turn(width, height, float(angle))
            uprights = _uprights(cv2.warpAffine(tall, turn, size, flags=cv2.INTER_NEAREST))
            pairs = _pairs(uprights) if len(uprights) <= UPRIGHTS_MAX else []
            if not pairs:
                continue
            level = cv2.warpAffine(part, turn, size, flags=cv2.INTER_NEAREST)
            back = cv2.invertAffineTransform(turn)
            for left, top, w, h, sides in _closed_by(pairs, level):
                centre = back @ (left + w / 2, top + h / 2, 1.0) + (x, y)
                found.append(Frame(float(centre[0]), float(centre[1]), w, h, float(angle), sides))
    kept: list[Frame] = []
    # parts of a frame are found too, and the whole at an angle beside its own, where it is lower
    for frame in sorted(found, key=lambda one: -one.sides - one.height / 100 - one.width / 500):
        if all(abs(frame.x - other.x) > 20 or abs(frame.y - other.y) > 12 for other in kept):
            kept.append(frame)
    # only now: what is larger or smaller hides parts of itself that would fit
    return [frame for frame in kept if fits(frame.width / PER_MM, frame.height / PER_MM)]


def _promising(tall: np.ndarray) -> np.ndarray:
    """Those of ANGLES at which two steep strokes can be the sides of one frame, by where they stand as they lean: most
    are not worth a turn. Measured more loosely than ``_uprights`` does, so that nothing is lost."""
    runs = _runs(tall, STEEP_PX, GAP_PX, HIGH_PX - 1)
    if not cv2.countNonZero(runs):
        return ANGLES[:0]
    boxes = connected(runs)[1][1:, :4].astype(float)
    x, y, w, h = (boxes[:, place] for place in range(4))
    nearest, farthest = x[None] - (x + w)[:, None], (x + w)[None] - x[:, None]  # strokes that touch stand in one box
    nearest, farthest = (np.clip(side, *(mm * PER_MM for mm in WIDE_MM)) for side in (nearest, farthest))
    wide = (x + w)[None] - x[:, None] >= WIDE_MM[0] * PER_MM - STEEP_PX
    below = y[None] + h[None] / 2 - (y + h / 2)[:, None]
    slopes = np.tan(np.radians(ANGLES))[:, None, None]
    ends = np.stack([below - slopes * nearest, below - slopes * farthest])
    apart = np.where(ends[0] * ends[1] <= 0, 0.0, np.abs(ends).min(axis=0))
    low = np.minimum(h[None], h[:, None])
    overlap = np.minimum(low, (h[None] + h[:, None]) / 2 - apart)
    return ANGLES[(wide & (overlap >= REACH_PX - 2)).any(axis=(1, 2))]


def _turn(width: int, height: int, angle: float) -> tuple[np.ndarray, tuple[int, int]]:
    """Turn about the middle into a picture that holds all of it, and that picture's size."""
    radians = abs(np.radians(angle))
    size = (
        int(width * np.cos(radians) + height * np.sin(radians)) + 2,
        int(height * np.cos(radians) + width * np.sin(radians)) + 2,
    )
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return turn, size


def _tall(closed: np.ndarray) -> Iterator[tuple[int, int, int, int, np.ndarray]]:
    """Groups of marks taller than letters: x, y, width, height, and the group without the page's other ink."""
    labels, stats = connected(closed)
    highs = stats[:, cv2.CC_STAT_HEIGHT]
    keep = np.add(highs >= PIECE_MM * PER_MM, highs >= TALL_MM[0] * PER_MM - 1, dtype=np.uint8)
    keep[0] = 0
    if keep.max() < 2:
        return
    for x, y, width, height in _grouped(stats[keep > 0, :4], closed.shape):
        tall = np.take(keep, labels[y : y + height, x : x + width])
        if tall.max() > 1:  # one side at least is whole
            yield x, y, width, height, cv2.threshold(tall, 0, 255, cv2.THRESH_BINARY)[1]


def _grouped(boxes: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes round marks that can belong to one frame: the two sides of a broken one lie up to its width apart."""
    beside, above = round(WIDE_MM[1] * PER_MM / 4), round(PER_MM)
    plan = np.zeros((shape[0] // PLAN_PX + 1, shape[1] // PLAN_PX + 1), np.uint8)
    low = np.maximum(boxes[:, :2] - (beside, above), 0) // PLAN_PX
    high = (boxes[:, :2] + boxes[:, 2:] + (beside - 1, above - 1)) // PLAN_PX
    for (left, top), (right, bottom) in zip(low.tolist(), high.tolist(), strict=True):
        plan[top : bottom + 1, left : right + 1] = 1
    for x, y, w, h, _ in (connected(plan)[1][1:] * PLAN_PX).tolist():
        if w >= WIDE_MM[0] * PER_MM and h - 2 * above >= TALL_MM[0] * PER_MM - 2:
            yield x, y, min(w, shape[1] - x), min(h, shape[0] - y)


def _runs(ink: np.ndarray, wide_px: int, gap_px: int, high_px: int) -> np.ndarray:
    """Where ink, widened and its gaps closed, goes straight down for ``high_px``."""
    wide = cv2.dilate(ink, np.ones((1, wide_px), np.uint8))
    wide = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((gap_px, 1), np.uint8))
    return cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones((high_px, 1), np.uint8))


def _uprights(level: np.ndarray) -> np.ndarray:
    """x, y, width, height of upright strokes of a frame's height."""
    # a side that leans by half a step wanders one dot: widen it before looking for what runs straight
    runs = _runs(level, 2, GAP_PX, HIGH_PX)
    if not cv2.countNonZero(runs):
        return np.empty((0, 4), np.int32)
    boxes = connected(runs)[1][1:, :4]
    fits = (boxes[:, 3] <= LONG_MM * PER_MM) & (boxes[:, 2] <= 2.6 * PER_MM)
    return boxes[fits]


def _pairs(uprights: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """Those a stamp's width apart that stand beside each other, as left and right side: x, y, width, height."""
    x, y, w, h = uprights.T
    wide = (x + w)[None] - x[:, None]
    beside = np.minimum((y + h)[None], (y + h)[:, None]) - np.maximum(y[None], y[:, None])
    fits = (WIDE_MM[0] * PER_MM <= wide) & (wide <= WIDE_MM[1] * PER_MM) & (beside >= REACH_PX)
    boxes = uprights.tolist()
    return [(boxes[left], boxes[right]) for left, right in np.argwhere(fits).tolist()]


def _closed_by(
    pairs: list[tuple[list[int], list[int]]], level: np.ndarray
) -> Iterator[tuple[int, int, int, int, float]]:
    """Pairs of uprights that ink joins above and below: x, y, width, height, ink of these sides.

    Print that touches a side makes it longer, so the joining rows say where the frame begins and ends.
    """
    near = cv2.dilate(level, np.ones((3, 1), np.uint8)) > 0
    for (x0, y0, w0, h0), (x1, y1, w1, h1) in pairs:
        width = x1 + w1 - x0
        low, high = max(y0, y1), min(y0 + h0, y1 + h1)
        first = max(min(y0, y1) - SLACK_PX, 0)
        inked = near[first : max(y0 + h0, y1 + h1) + SLACK_PX, x0 + w0 : x1].mean(axis=1)
        rows = np.flatnonzero(inked >= SIDE_MIN) + first
        tops, bottoms = rows[rows <= low + 2 * SLACK_PX], rows[rows >= high - 1 - 2 * SLACK_PX]
        best = None
        for top, bottom in product(tops.tolist(), bottoms.tolist()):
            height = bottom - top + 1
            spanned = min(high, bottom) - max(low, top)
            if TALL_MM[0] * PER_MM <= height <= TALL_MM[1] * PER_MM and spanned >= SPANNED_MIN * height:
                joined = float(inked[top - first] + inked[bottom - first]) / 2
                # of two lines 1 mm apart the outer ones
                best = max(best or (0.0, 0, 0, 0.0), (joined + 0.01 * height, top, height, joined))
        if best and not _goes_on(near, x0, x0 + width, best[1], best[1] + best[2] - 1):
            yield x0, best[1], width, best[2], best[3]


def _goes_on(near: np.ndarray, left: int, right: int, top: int, bottom: int) -> bool:
    """Whether both long sides run on past a corner: a cell of a table, or a letter taken for the side of its frame."""

    def inked(row: int, start: float, end: float) -> float:
        beside = near[max(row - 2, 0) : row + 3, max(int(start), 0) : max(int(end), 0)]
        return float(beside.mean(axis=1).max()) if beside.size else 0.0

    near_px, far_px = BEYOND_MM[0] * PER_MM, BEYOND_MM[1] * PER_MM
    outside = ((left - far_px, left - near_px), (right + near_px, right + far_px))
    return any(min(inked(top, *span), inked(bottom, *span)) >= BEYOND_MAX for span in outside)
