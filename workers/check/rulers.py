"""Things of known size on a page, each an independent ruler for the 100 % scale; a ruler that cannot speak is silent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from intake.model import Box
from intake.profile.sections import CheckSection
from workers.check import paper, sheet
from workers.check.text import levelled
from workers.check.view import WORK_DPI, PageView
from workers.tools.connected import connected

MM = 25.4 / WORK_DPI
NATION_EM = 20.715
MOTTO_EM = 12.224
"""widths of «CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM» and «Độc lập - Tự do - Hạnh phúc» in em of Times New Roman Bold (and of
its metric equals); measured from the typeface by tests/check/test_scale.py"""
ROOM_MM = 3.0
URGENCY_WIDE_MM, URGENCY_TALL_MM = (20.0, 30.0, 40.0), 8.0
"""KHẨN, HỎA TỐC, THƯỢNG KHẨN: NĐ 30/2020 Phụ lục III.2.b"""
INCOMING_MM = (50.0, 35.0)
"""the ĐẾN stamp: NĐ 30/2020 Phụ lục IV.V"""


@dataclass(frozen=True, slots=True)
class Ruler:
    """``scale``: what this ruler says, 1.0 = 100 %. ``name``: ``sheet canvas seal stamp urgency``. ``box``: where."""

    name: str
    scale: float
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """Type size in pt of the two lines of box 1 as they stand in the image, if set in Times New Roman."""

    nation_pt: float
    motto_pt: float


def of_sheet(view: PageView, lean: float | None, agree: float = 0.012) -> Ruler | None:
    """The sheet inside the image against the known sheets: width and height must tell the same factor."""
    box = sheet.find(view, lean, agree)
    if box is None:
        return None
    factor = paper.factor((box.width, box.height), view.paper_mm, agree)
    if factor is None:
        return None
    whole = abs(factor - 1) < paper.KNOWN
    if not whole and _is_browned(view, box):
        return None
    room = min(view.paper_mm[0] - box.width, view.paper_mm[1] - box.height)
    # an image cut short may have another sheet's shape: a reduced sheet leaves the canvas empty both ways
    return Ruler("sheet", factor, box) if whole or room >= ROOM_MM else None


def _is_browned(view: PageView, box: Box) -> bool:
    """What lies around ``box`` is the paper's own browned rim, coloured as the paper within. A lid is grey."""
    x0, y0, x1, y1 = (round(at / MM) for at in (box.x, box.y, box.x + box.width, box.y + box.height))
    strip = round(BROWN_MM / MM)
    tint = view.small.max(axis=2) - view.small.min(axis=2)
    place = np.zeros(tint.shape, np.uint8)  # 0 around the box, 1 along its edges, 2 within
    place[y0:y1, x0:x1] = 1
    place[y0 + strip : y1 - strip, x0 + strip : x1 - strip] = 2
    around, along = (tint[place == where] for where in (0, 1))
    return around.size > 0 and float(np.median(around)) > max(BROWN_SHARE * float(np.median(along)), BROWN_MIN)


BROWN_MM, BROWN_SHARE, BROWN_MIN = 4.0, 0.6, 30.0
"""width of the strip within the edges that is compared; share of its tint, and levels between the channels, from which what
lies around it is paper: 68 of 70 on a yellowed sheet, 0 of 2 and of 21 around reduced ones"""


def of_canvas(view: PageView) -> Ruler | None:
    """The image as a whole, when it is no known sheet (B5 has A4's shape) but has the shape of A4 made smaller or larger."""
    if paper.name(view.paper_mm) != "other":
        return None
    short, long = sorted(view.paper_mm)
    across, along = short / 210.0, long / 297.0
    if abs(across - along) > 0.012 or not 0.8 <= across <= 1.0:  # a larger image is a sheet with the lid around it
        return None
    return Ruler("canvas", (across + along) / 2)


def of_incoming_stamp(view: PageView, section: CheckSection) -> Ruler | None:
    """The ĐẾN stamp's frame, by its shape; its size counts as known when the agency registered its own."""
    known = section.incoming_stamp_mm or INCOMING_MM
    blue, _, red = view.channels
    blue = cv2.threshold(cv2.subtract(blue, red), 24, 255, cv2.THRESH_BINARY)[1]
    for mask in (view.red_ink, blue):
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            if len(contour) < 4:
                continue
            rectangle = cv2.minAreaRect(contour)
            size = rectangle[1]
            long, short = max(size) * MM, min(size) * MM
            if not 0.85 * known[0] <= long <= 1.12 * known[0] or abs(long / known[0] - short / known[1]) > 0.02:
                continue
            if cv2.contourArea(contour) < 0.93 * size[0] * size[1]:
                continue
            x, y, width, height = cv2.boundingRect(cv2.boxPoints(rectangle))
            return Ruler("stamp", (long / known[0] + short / known[1]) / 2, view.box(x, y, width, height))
    return None


def of_urgency_stamp(view: PageView) -> Ruler | None:
    """A red frame of an urgency stamp's shape against the sizes the decree gives; stamp makers keep them loosely, so this
    ruler only ever speaks beside one that is no stamp."""
    closed = cv2.morphologyEx(view.red_ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        if len(contour) < 4:
            continue
        rectangle = cv2.minAreaRect(contour)
        long, short = max(rectangle[1]) * MM, min(rectangle[1]) * MM
        if not 16 <= long <= 45 or cv2.contourArea(contour) < 0.9 * rectangle[1][0] * rectangle[1][1]:
            continue
        apart, across = min((abs(long / width - short / URGENCY_TALL_MM), width) for width in URGENCY_WIDE_MM)
        if apart > 0.04:
            continue
        x, y, width, height = cv2.boundingRect(cv2.boxPoints(rectangle))
        return Ruler("urgency", (2 * long / across + short / URGENCY_TALL_MM) / 3, view.box(x, y, width, height))
    return None


def of_seal(view: PageView, section: CheckSection) -> Ruler | None:
    """The agency's own seal, when its diameter is registered: the outer ring, fitted robustly."""
    if section.seal_diameter_mm is None:
        return None
    mask = cv2.morphologyEx(view.red_ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    expected = section.seal_diameter_mm / MM
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in sorted(contours, key=len, reverse=True)[:4]:
        if len(contour) < expected:
            continue
        circle = _circle(contour[:, 0, :].astype(np.float64), expected / 2)
        if circle and 0.85 <= 2 * circle[2] / expected <= 1.15:
            x, y, radius = circle
            return Ruler("seal", 2 * radius / expected, view.box(x - radius, y - radius, 2 * radius, 2 * radius))
    return None


def _circle(points: np.ndarray, radius: float) -> tuple[float, float, float] | None:
    """Circle through most of the points near ``radius``: a signature or name that sticks out is left out."""
    rng = np.random.default_rng(0)  # the same page must give the same answer
    best, support = None, 0.55 * len(points)
    for _ in range(120):
        a, b, c = points[rng.choice(len(points), 3, replace=False)]
        matrix = 2 * np.array([b - a, c - a])
        if abs(np.linalg.det(matrix)) < 1e-6:
            continue
        centre = np.linalg.solve(matrix, np.array([b @ b - a @ a, c @ c - a @ a]))
        r = float(np.hypot(*(a - centre)))
        if not 0.8 * radius <= r <= 1.2 * radius:
            continue
        near = np.abs(np.hypot(*(points - centre).T) - r) < 1.5
        if near.sum() > support:
            support, best = near.sum(), near
    if best is None:
        return None
    inliers = points[best]
    system = np.column_stack([2 * inliers, np.ones(len(inliers))])
    x, y, k = np.linalg.lstsq(system, (inliers**2).sum(axis=1), rcond=None)[0]
    return float(x), float(y), float(np.sqrt(k + x * x + y * y))


def header(view: PageView, lean: float | None) -> Header | None:
    """Box 1 by its shape alone: two centred lines at the top right, the upper half as wide again as the lower."""
    mask, _ = view.letters
    height, width = mask.shape
    top = levelled(mask, lean or 0.0)[: height // 4]
    joined = cv2.morphologyEx(top, cv2.MORPH_CLOSE, np.ones((1, 22), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((3, 1), np.uint8))
    _, stats = connected(joined)
    lines = [(x, y, w, h) for x, y, w, h, _ in stats[1:] if w * MM > 35 and 1.5 < h * MM < 9 and x > 0.3 * width]
    for upper in lines:
        for lower in lines:
            apart = (lower[1] - upper[1]) * MM
            centred = abs(upper[0] + upper[2] / 2 - lower[0] - lower[2] / 2) * MM < 6
            if 2 < apart < 12 and centred and 1.35 < upper[2] / lower[2] < 1.8 and 60 < upper[2] * MM < 112:
                return Header(_width(view, upper, lean) / NATION_EM, _width(view, lower, lean) / MOTTO_EM)
    return None


def _width(view: PageView, box: tuple[int, int, int, int], lean: float | None) -> float:
    """Ink width of a line in pt, to a fraction of a dot."""
    x, y, width, height = (value * MM for value in box)
    per_x, per_y = view.dpi[0] / 25.4, view.dpi[1] / 25.4
    slope = float(np.tan(np.radians(lean or 0.0)))
    left, tall = x - 2, int((height + 0.6) * per_y)
    columns = np.arange(max(int(left * per_x), 0), min(int((x + width + 2) * per_x), view.luma.shape[1]))
    tops = ((y + height / 2) * per_y - tall / 2 + columns * slope * per_y / per_x).astype(int)
    rows = np.clip(tops[None, :] + np.arange(tall)[:, None], 0, view.luma.shape[0] - 1)
    darkest = view.luma[rows, columns[None, :]].min(axis=0).astype(np.float64)
    level = (np.percentile(darkest, 98) + np.percentile(darkest, 2)) / 2
    inked = np.flatnonzero(darkest < level)
    if len(inked) < 2:
        return 0.0
    first, last = float(inked[0]), float(inked[-1])
    if inked[0] > 0:
        first -= (level - darkest[inked[0]]) / (darkest[inked[0] - 1] - darkest[inked[0]])
    if inked[-1] + 1 < len(darkest):
        last += (level - darkest[inked[-1]]) / (darkest[inked[-1] + 1] - darkest[inked[-1]])
    return float((last - first) / per_x / np.cos(np.radians(lean or 0.0)) / 25.4 * 72)
