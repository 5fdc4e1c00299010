"""What a stamp most likely says, by laying the words it may say over it: for ink too broken or too crossed to be read.

A reader needs whole letters; here every word on the list is laid over the mark, in four typefaces, several sizes and
widths. What tells is how much better one fits than the others: print across the mark disturbs all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np

MODEL = Path(__file__).with_name("models") / "words.npz"
CAP_PX = 24
"""height of the capitals in MODEL; above them room of half of that for hats, below a third for dots"""
WORDS = (
    "MẬT", "TỐI MẬT", "TUYỆT MẬT", "GIẢI MẬT", "KHẨN", "THƯỢNG KHẨN", "HỎA TỐC", "HỎA TỐC HẸN GIỜ", "ĐẾN", "CÔNG VĂN ĐẾN",
    "SAO Y", "SAO LỤC", "BẢN SAO", "BẢN CHÍNH", "ĐÃ SỐ HÓA", "LƯU HÀNH NỘI BỘ", "XEM XONG TRẢ LẠI", "PHỤ LỤC", "MẪU SỐ",
)  # fmt: skip
PER_MM = 3.0
"""px per mm that fits are tried at: the strokes of 13 pt capitals are 1.5 px"""
CAPS_MM = tuple(2.3 * 1.13**step for step in range(5))
"""heights of capitals tried, to 3.9: 13 pt are 3.0 mm (TT 24/2020/TT-BCA)"""
WIDTHS = (0.86, 1.0, 1.16)
LONGEST_MM = 46.0
SOFT_PX = 0.7
AROUND = (1.0, 0.1)
"""bare room that belongs to a word, at its sides and above and below, in heights of its capitals"""


@cache
def _drawn() -> list[tuple[str, np.ndarray]]:
    with np.load(MODEL) as kept:
        return [(name.split("/")[1], kept[name]) for name in kept.files]


def _pattern(word: np.ndarray, cap_mm: float, wide: float) -> np.ndarray:
    scale = cap_mm * PER_MM / CAP_PX
    size = (max(3, round(word.shape[1] * scale * wide)), max(3, round(word.shape[0] * scale)))
    across, down = (round(share * cap_mm * PER_MM) for share in AROUND)
    small = cv2.resize(word, size, interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, down, down, across, across, cv2.BORDER_CONSTANT, value=0)
    return cv2.GaussianBlur(small, (0, 0), SOFT_PX)


@cache
def _patterns() -> list[tuple[str, np.ndarray]]:
    return [
        (word, _pattern(drawn, cap, wide))
        for word, drawn in _drawn()
        for cap in CAPS_MM
        for wide in WIDTHS
        if drawn.shape[1] * cap / CAP_PX * wide <= LONGEST_MM
    ]


def fit(words: np.ndarray, per_mm: float) -> Mapping[str, float]:
    """Best correlation (−1 to 1) of each of WORDS with ``words``: a stamp level and freed of its frame, dark on white with
    white around, uint8, at ``per_mm`` px per mm."""
    ink = cv2.resize(255 - words, None, fx=PER_MM / per_mm, fy=PER_MM / per_mm, interpolation=cv2.INTER_AREA)
    ink = cv2.GaussianBlur(ink, (0, 0), SOFT_PX)
    best = dict.fromkeys(WORDS, -1.0)
    for word, pattern in _patterns():
        best[word] = max(best[word], _laid(ink, pattern))
    return best


def _laid(ink: np.ndarray, pattern: np.ndarray) -> float:
    if pattern.shape[0] > ink.shape[0] or pattern.shape[1] > ink.shape[1]:
        return -1.0
    return float(cv2.matchTemplate(ink, pattern, cv2.TM_CCOEFF_NORMED).max())
