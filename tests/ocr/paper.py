"""Lines of print as the engine would return them, without a picture: words at places in mm, at 200 dpi."""

from __future__ import annotations

import numpy as np

from intake.ports import OcrWord
from workers.ocr.ink import Page
from workers.ocr.layout import lay_out

MM = 200 / 25.4


def words(text: str, x: float, y: float, height: float = 4.0, advance: float = 2.0) -> tuple[OcrWord, ...]:
    """A printed line at x, y mm, each letter ``advance`` mm wide, at 200 dpi."""
    found, left = [], x
    for word in text.split():
        width = len(word) * advance
        box = tuple(round(v * MM) for v in (left, y, left + width, y + height))
        found.append(OcrWord(word, box, 0.95))  # type: ignore[arg-type]
        left += width + advance
    return tuple(found)


def sheet(*lines: tuple[OcrWord, ...]):
    return lay_out(lines, 1654, 2339, (200.0, 200.0))


def white(of) -> Page:
    paper = np.full((2339, 1654), 255, np.uint8)
    return Page(paper, paper, of)


HEAD = (
    words("ỦY BAN NHÂN DÂN", 36, 20, advance=1.9),
    words("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 104, 20, advance=2.0),
    words("TỈNH VĨNH HÀ", 42, 26, advance=1.9),
    words("Độc lập - Tự do - Hạnh phúc", 118, 26, advance=1.8),
    words("Vĩnh Hà, ngày 05 tháng 4 năm 2025", 112, 39, advance=1.7),
)
