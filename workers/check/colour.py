"""Was the page captured in colour? A grey capture saved as RGB is grey (QĐ 12/2020/QĐ-UBND Đ11.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check import tint
from workers.check.view import PageView

SPREAD_PX = 2
"""levels between the channels of one pixel that rounding and JPEG cannot make in a grey image"""
SHARE_MIN = 0.0003
"""share of pixels beyond SPREAD_PX: grey 0; colour scans on paper washed white from 0.002 (docs/check/colour.md)"""
RESIDUAL_MIN = 4.0
"""levels, RMS, that lightness does not explain: tinted greys up to 3.7 at JPEG quality 55; below, ``tint`` looks closer"""
NONE_LEFT = 0.2
"""levels, RMS: tinted greys stored without loss up to 0.15 mostly, colour scans of plain letters from 0.6"""
INK_LEVELS, INK_MIN = 48, 0.0003
"""levels that no tint reaches beside what lightness explains, and share of dots: seals and pens from 0.0006"""
STEP = (9, 5)
"""every 9th row and 5th column: single dots, never averages, or the colour noise would be lost"""


@dataclass(frozen=True, slots=True)
class Judged:
    """``kind``: ``rgb``, ``gray``, ``gray-as-rgb`` or ``bilevel``, by the pixels and not by the header. ``proven``: False
    where the colour may be a tint or a colour scanner's that shows none of its marks."""

    kind: str
    proven: bool = True


def judge(view: PageView) -> Judged:
    pixels = view.pixels
    if view.source.mode == "bilevel":
        return Judged("bilevel")
    if pixels.ndim == 2:
        return Judged("bilevel" if _two_levels(pixels) else "gray")
    blue, green, red = cv2.split(np.ascontiguousarray(pixels[:: STEP[0], :: STEP[1]]))
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    coloured = (spread > SPREAD_PX).mean() >= SHARE_MIN
    proven = True
    if coloured:
        residual, inked = _unexplained(*(channel[::2] for channel in (blue, green, red)))
        if residual >= RESIDUAL_MIN or inked >= INK_MIN or not _is_tinted(pixels):
            return Judged("rgb")
        proven = residual < NONE_LEFT
    return Judged("bilevel" if _two_levels(pixels[:, :, 1]) else "gray-as-rgb", proven)


def kind(view: PageView) -> str:
    """See Judged."""
    return judge(view).kind


def _two_levels(gray: np.ndarray) -> bool:
    sample = gray[:: STEP[0], :: STEP[1]]
    return bool(((sample > 8) & (sample < 247)).mean() < 1e-4)


def _is_tinted(pixels: np.ndarray) -> bool:
    """A page without strokes is given the benefit of the doubt."""
    found = tint.measure(pixels)
    return found is not None and found.is_tint


def _unexplained(blue: np.ndarray, green: np.ndarray, red: np.ndarray) -> tuple[float, float]:
    """RMS of the colour difference that lightness alone does not explain, and the share of dots where it is that of ink."""
    blue, green, red = (channel.ravel().astype(np.int16) for channel in (blue, green, red))
    level = ((blue + green + red) // 3).astype(np.intp)
    count = np.maximum(np.bincount(level, minlength=256), 1)
    worst = inked = 0.0
    for difference in (red - green, blue - green):
        mean = np.bincount(level, difference, minlength=256) / count
        rest = np.abs(difference - np.take(mean, level))
        # no product of vectors: for so many numbers BLAS would start threads, and they wait at full load
        worst = max(worst, float(np.sqrt(np.mean(rest * rest))))
        inked = max(inked, float((rest > INK_LEVELS).mean()))
    return worst, inked


_SAID = {
    "bilevel": ("colour_bilevel", "đen trắng (1 bit)", "black and white (1 bit)"),
    "gray": ("colour_gray", "thang xám", "grey"),
    "gray-as-rgb": ("colour_gray_as_rgb", "thang xám lưu dưới dạng màu", "grey saved as colour"),
}


def look(view: PageView, section: CheckSection, found: Judged) -> Iterator[Finding]:
    if section.colour.value == "any" or found.kind == "rgb":
        return
    code, vi, en = _SAID[found.kind]
    vi_how, en_how = ("là", "is") if found.proven else ("có lẽ là", "is probably")
    yield Finding(
        f"check.{code}", Severity.BLOCK if found.proven else Severity.WARN,
        f"Trang {view.number} {vi_how} ảnh {vi}; yêu cầu quét màu ({section.colour.source}). "
        "Đặt máy quét ở chế độ màu 24 bit, rồi quét lại.",
        f"Page {view.number} {en_how} {en}; colour is demanded ({section.colour.source}). "
        "Set the scanner to 24-bit colour, scan again.",
        page=view.number, measured=found.kind, limit="rgb",
    )  # fmt: skip
