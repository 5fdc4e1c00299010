"""Was the page captured in colour? A grey capture saved as RGB is grey (QĐ 12/2020/QĐ-UBND Đ11.2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check.view import PageView

SPREAD_PX = 2
"""levels between the channels of one pixel that rounding and JPEG cannot make in a grey image"""
SHARE_MIN = 0.0012
"""share of pixels beyond SPREAD_PX: grey 0; colour scans of plain letters from 0.016 (docs/check/colour.md)"""


def kind(view: PageView) -> str:
    """``rgb``, ``gray``, ``gray-as-rgb`` or ``bilevel``, by the pixels and not by the header."""
    pixels = view.pixels
    if view.source.mode == "bilevel":
        return "bilevel"
    if pixels.ndim == 2:
        return "bilevel" if _two_levels(pixels) else "gray"
    sample = pixels[::5, ::3].reshape(-1, 3).astype(np.int16)
    spread = sample.max(axis=1) - sample.min(axis=1)
    if (spread > SPREAD_PX).mean() >= SHARE_MIN and _residual(sample) >= 0.25:
        return "rgb"
    return "bilevel" if _two_levels(pixels[:, :, 1]) else "gray-as-rgb"


def _two_levels(gray: np.ndarray) -> bool:
    sample = gray[::5, ::3]
    return bool(((sample > 8) & (sample < 247)).mean() < 1e-4)


def _residual(sample: np.ndarray) -> float:
    """RMS of the colour difference that lightness alone does not explain: a tinted grey has none."""
    level = sample.sum(axis=1) // 24
    count = np.maximum(np.bincount(level, minlength=32), 1)
    worst = 0.0
    for difference in (sample[:, 2] - sample[:, 1], sample[:, 0] - sample[:, 1]):
        mean = np.bincount(level, difference, minlength=32) / count
        worst = max(worst, float(np.sqrt(np.mean((difference - mean[level]) ** 2))))
    return worst


_SAID = {
    "bilevel": ("colour_bilevel", "đen trắng (1 bit)", "black and white (1 bit)"),
    "gray": ("colour_gray", "thang xám", "grey"),
    "gray-as-rgb": ("colour_gray_as_rgb", "thang xám lưu dưới dạng màu", "grey saved as colour"),
}


def look(view: PageView, section: CheckSection, found: str) -> Iterator[Finding]:
    """``found``: what ``kind`` said of the page."""
    if section.colour.value == "any" or found == "rgb":
        return
    code, vi, en = _SAID[found]
    yield Finding(
        f"check.{code}", Severity.BLOCK,
        f"Trang {view.number} là ảnh {vi}; yêu cầu quét màu ({section.colour.source}). "
        "Đặt máy quét ở chế độ màu 24 bit, rồi quét lại.",
        f"Page {view.number} is {en}; colour is demanded ({section.colour.source}). "
        "Set the scanner to 24-bit colour, scan again.",
        page=view.number, measured=found, limit="rgb",
    )  # fmt: skip
