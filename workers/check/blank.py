"""A page with nothing on it is marked, never dropped: the back of a signed sheet belongs to the record."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from intake.model import Finding, Severity
from workers.check.view import PageView

EDGE_MM = 6.0
MARK_MM = 0.8
"""a stroke, digit or dot row is at least this long; dust and paper grain are not"""


def marks(view: PageView) -> int:
    """How many pen or print marks stand inside the edges: connected dark spots at least MARK_MM long."""
    edge = int(EDGE_MM / 25.4 * 100)
    gray = view.any_ink[edge:-edge, edge:-edge]
    if gray.size == 0:
        return 0
    smooth = cv2.medianBlur(gray, 3)
    dark = (smooth < 185).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    sizes = stats[1:, 2:4].max(axis=1) if len(stats) > 1 else np.zeros(0)
    return int((sizes >= MARK_MM / 25.4 * 100).sum())


def look(view: PageView, count: int) -> Iterator[Finding]:
    """``count``: what ``marks`` found."""
    if count == 0:
        yield Finding(
            "check.blank_page", Severity.WARN,
            f"Trang {view.number} trống. Trang được giữ lại; nếu là mặt sau giấy trắng, xác nhận ở bàn kiểm tra.",
            f"Page {view.number} is blank. It is kept; confirm at the desk if it is the white back of a sheet.",
            page=view.number, measured=float(count), limit=1.0, unit="marks",
        )  # fmt: skip
