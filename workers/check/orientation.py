"""Does the page stand upright? Letters carry more ink above their bodies than below; a doubtful page is read four ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import tesserocr
from PIL import Image

from intake.model import Box, Finding, Severity
from workers.check import engine
from workers.check.text import Lines
from workers.check.view import WORK_DPI, PageView

CERTAIN_RISE = 0.25
CERTAIN_SHARPNESS = 1.15
"""row contrast over column contrast"""
STRIP_MM = 62.0
READ_DPI = 150.0
LEAD = 1.6
"""how much better than upright another way must read"""
READ_SURE = 80.0
"""letters read with certainty that settle it: the right way 120–250 on real pages, any other up to 47"""
READ_MIN = 12.0
"""letters read with certainty below which no way counts as read"""


@dataclass(frozen=True, slots=True)
class Stand:
    """``turn``: clockwise degrees that would set the page upright (0, 90, 180, 270). ``sure``: its text was read so, with
    certainty: enough to turn the page without asking anybody."""

    turn: int
    sure: bool = False


def measure(view: PageView, lines: Lines) -> Stand:
    if lines.rise is None and lines.marks == 0:
        return Stand(0)
    ratio = lines.sharpness / max(lines.across, 1e-6)
    if lines.rise is not None and lines.rise > CERTAIN_RISE and ratio > CERTAIN_SHARPNESS:
        return Stand(0)
    return _read_four_ways(view, ratio < 1)


def _read_four_ways(view: PageView, lies: bool) -> Stand:
    """The turn that makes the page read; ``lies``: its lines seem to run from top to bottom, so that is tried first."""
    strip = _densest(view)
    if strip is None:
        return Stand(0)
    scores = []
    for turn in (0, 90, 270, 180) if lies else (0, 180, 90, 270):
        read = _legible(np.ascontiguousarray(np.rot90(strip, k=-turn // 90)))
        if read >= READ_SURE:
            return Stand(turn, sure=True)
        scores.append((read, -turn, turn))
    upright = scores[0][0]
    best, _, turn = max(scores)
    return Stand(turn if best > READ_MIN and best > LEAD * upright else 0)


def _densest(view: PageView) -> np.ndarray | None:
    """The square of STRIP_MM with most letters, grey, at about READ_DPI."""
    mask, _ = view.letters
    side = int(STRIP_MM / 25.4 * WORK_DPI)
    if min(mask.shape) < side:
        side = min(mask.shape) - 1
    density = cv2.boxFilter(mask.astype(np.float32), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    half = side // 2
    inner = density[half : mask.shape[0] - half, half : mask.shape[1] - half]
    if inner.size == 0 or inner.max() < 200:
        return None
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    mm = 25.4 / WORK_DPI
    patch = view.crop(Box(x * mm, y * mm, side * mm, side * mm), READ_DPI)
    return patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)


def _legible(gray: np.ndarray) -> float:
    """Letters of words read with certainty: count × certainty."""
    api = engine.tesseract()
    api.SetPageSegMode(tesserocr.PSM.SINGLE_BLOCK)
    api.SetImage(Image.fromarray(gray))
    text = api.GetUTF8Text().split()
    certainty = api.AllWordConfidences()
    api.Clear()
    return float(
        sum(
            len(word) * (sure / 100) ** 2
            for word, sure in zip(text, certainty, strict=False)
            if sure > 60 and len(word) > 1
        )
    )


def look(view: PageView, stand: Stand) -> Iterator[Finding]:
    """``orientation_180`` and ``orientation_90`` (either side): measured is the clockwise turn that mends it."""
    if not stand.turn:
        return
    code, vi, en = _said(stand.turn)
    yield Finding(
        code, Severity.BLOCK,
        f"Trang {view.number} {vi}. Đặt lại giấy đúng chiều rồi quét lại, hoặc để bàn kiểm tra xoay {stand.turn}° "
        "(không mất dữ liệu).",
        f"Page {view.number} lies {en}. Feed it the right way and scan again, or let the desk turn it {stand.turn}° "
        "(lossless).",
        page=view.number, measured=float(stand.turn), limit=0.0, unit="°",
    )  # fmt: skip


def turned(page: int, turn: int) -> Finding:
    """The note of a page that was set upright: the same code, and what was done about it."""
    code, vi, en = _said(turn)
    return Finding(
        code, Severity.NOTE,
        f"Trang {page} {vi} khi quét: đã xoay {turn}° cho xuôi chiều (không mất dữ liệu, bản quét giữ nguyên).",
        f"Page {page} lay {en} on the glass: it was turned {turn}° (lossless; the scan itself is untouched).",
        page=page, measured=float(turn), limit=0.0, unit="°",
    )  # fmt: skip


def _said(turn: int) -> tuple[str, str, str]:
    upside_down = turn == 180
    vi, en = ("ngược đầu", "upside down") if upside_down else ("nằm ngang", "on its side")
    return "check.orientation_180" if upside_down else "check.orientation_90", vi, en
