"""A page with nothing on it is marked, never dropped: the back of a signed sheet belongs to the record."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from intake.model import Finding, Severity
from workers.check.view import WORK_DPI, PageView
from workers.tools.connected import connected

EDGE_MM = 6.0
MARK_MM = 0.8
"""a stroke, digit or dot row is at least this long; dust and paper grain are not"""

MM = 25.4 / WORK_DPI
ACROSS, THIN_MM = 0.5, 1.2
"""a mark this share of the page long, so thin or reaching its rim, is the sheet's edge on a larger glass, the lid beyond
it, or a fold; no writing"""
RIM_PX = 4
"""pieces of that edge where it just shows inside EDGE_MM"""
HOLE_MM = (3.5, 9.0)
"""punch holes: round, filled"""


def marks(view: PageView) -> int:
    """How many pen or print marks stand inside the edges: connected dark spots at least MARK_MM long."""
    edge = int(EDGE_MM / MM)
    gray = view.any_ink[edge:-edge, edge:-edge]
    if gray.size == 0:
        return 0
    smooth = cv2.medianBlur(gray, 3)
    dark = (smooth < 185).astype(np.uint8)
    _, stats = connected(dark)
    if len(stats) < 2:
        return 0
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    long, short = np.maximum(width, height), np.minimum(width, height)
    hole = (short >= HOLE_MM[0] / MM) & (long <= HOLE_MM[1] / MM) & (area > 0.6 * width * height) & (long < 1.4 * short)
    x, y = stats[1:, 0], stats[1:, 1]
    outer = np.minimum(np.minimum(x, y), np.minimum(gray.shape[1] - x - width, gray.shape[0] - y - height)) <= RIM_PX
    edge_of_sheet = (long >= ACROSS * min(gray.shape)) & (outer | (area <= THIN_MM / MM * long))
    edge_of_sheet |= outer & (short <= RIM_PX)
    return int(((long >= MARK_MM / MM) & ~hole & ~edge_of_sheet).sum())


def look(view: PageView, count: int) -> Iterator[Finding]:
    """``count``: what ``marks`` found."""
    if count == 0:
        yield Finding(
            "check.blank_page", Severity.WARN,
            f"Trang {view.number} trống. Trang được giữ lại; nếu là mặt sau giấy trắng, xác nhận ở bàn kiểm tra.",
            f"Page {view.number} is blank. It is kept; confirm at the desk if it is the white back of a sheet.",
            page=view.number, measured=float(count), limit=1.0, unit="marks",
        )  # fmt: skip
