"""Lines that the engine lost the size of, read once more by themselves.

Tesseract estimates a line's x-height from its letters; where nearly all are capitals («- Lưu: VT, TCHC.», «SỞ Y TẾ»),
or a pen runs through, it can be wrong by half, and the line comes out as nonsense of no confidence. Enlarged and with
other white around it, the estimate falls out anew. Measured on 62 pages: one line in two pages is asked for again, at
1 % of the page's CPU time; what comes back surer than ``SURE`` was right, or wrong only where ink crosses the print.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import numpy as np

from intake.ports import OcrEngine, OcrLine
from workers.ocr.page import moved, scaled
from workers.ocr.reading_image import resampled

LOST, SURE = 0.45, 0.75
"""mean confidence of a line's letters below which it is read again, and from which the second reading stands"""
LEAST_LETTERS = 4
LOWEST_MM, TALLEST_MM = 1.5, 7.0
"""heights of a line of print, 8 to 20 pt; what is taller is a drawing or a stamp"""
AROUND_MM = (0.7, 1.3)
"""white added above and below, and twice that at the sides; the second where the first did not help"""
ENLARGED = 1.25
MOST = 6
"""lines a page: a photograph is nothing but such lines"""


def reread(engine: OcrEngine, image: np.ndarray, dpi: float, lines: Sequence[OcrLine], until: float) -> list[OcrLine]:
    """``lines`` of ``image`` (H×W uint8 of ``dpi``, dark on light), the lost ones replaced where a second reading is
    sure. Raises TimeoutError after the monotonic moment ``until`` (s)."""
    lost = [index for index, line in enumerate(lines) if _lost(line, dpi)]
    found = list(lines)
    if len(lost) > MOST:
        return found
    for index in lost:
        for white in AROUND_MM:
            words = _again(engine, image, dpi, around(lines[index]), round(white * dpi / 25.4), until)
            if words and confidence(words) >= SURE:
                found[index] = words
                break
    return found


def _again(
    engine: OcrEngine, image: np.ndarray, dpi: float, box: tuple[int, int, int, int], white: int, until: float
) -> OcrLine:
    height, width = image.shape
    left, top = max(box[0] - 2 * white, 0), max(box[1] - white, 0)
    part = image[top : min(box[3] + white, height), left : min(box[2] + 2 * white, width)]
    again = engine.read(
        resampled(np.ascontiguousarray(part), ENLARGED),
        dpi * ENLARGED,
        layout="line",
        seconds=max(until - monotonic(), 0.001),
    )
    return tuple(word for line in moved(scaled(again, ENLARGED), left, top) for word in line)


def _lost(line: OcrLine, dpi: float) -> bool:
    _, y0, _, y1 = around(line)
    letters = sum(len(word.text) for word in line)
    tall = LOWEST_MM < (y1 - y0) / dpi * 25.4 < TALLEST_MM
    return tall and letters >= LEAST_LETTERS and confidence(line) < LOST


def confidence(line: OcrLine) -> float:
    """Mean confidence of a line's letters, 0 to 1."""
    return sum(word.confidence * len(word.text) for word in line) / sum(len(word.text) for word in line)


def around(line: OcrLine) -> tuple[int, int, int, int]:
    """The box of a line: x0, y0, x1, y1 in px."""
    boxes = [word.box for word in line]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
