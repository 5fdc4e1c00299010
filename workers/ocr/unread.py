"""Print that the engine left out: rows of ink under no word it is sure of, read by themselves.

Tesseract drops whole lines: a title in a wide face, a line that a stamp or a pen touches, a stamp's own line, taken for
a picture or for noise. Measured on 720 heads and 107 pages: one band in four pages is asked for, and a third of them come
back as the title, the agency, the urgency or a line of the text that nobody would have seen (docs/ocr.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import cv2
import numpy as np

from intake.ports import OcrEngine, OcrLine, OcrWord
from workers.ocr.columns import RIM_MM, Area, inked_cells
from workers.ocr.misread import LEAST_LETTERS, LOST, around, confidence

SURE = 0.85
"""mean confidence of a line's letters from which it is taken: below are dotted lines, pens and what a stamp has cut"""
WIDE_MM, LOWEST_MM, TALLEST_MM = 14, 2, 7
"""width and height of a row of print; a rule is lower, a stamp or two rows taller"""
ROW, LONG_MM = 0.5, 60
"""share of the longest row's ink from which a row of what is taller is print: a stamp's frame joins the lines it crosses;
and how long the longest is, for seals and stamps with a pen through them are shorter"""
FILLED = 0.45
"""share of its box that a row of print inks, its gaps between words closed: a slanting pen stroke fills less"""
GAP_MM = 5
"""gaps between words that are closed"""
MOST = 6
"""bands a page: more are a drawing or a photograph"""


def read_left_out(
    engine: OcrEngine, image: np.ndarray, dpi: float, lines: Sequence[OcrLine], areas: Sequence[Area], until: float
) -> tuple[OcrLine, ...]:
    """``lines`` read in the ``areas`` of ``image`` (H×W uint8 of ``dpi``, dark on light), with the sure ones that were
    left out. Raises TimeoutError after the monotonic moment ``until`` (s)."""
    sure = [line for line in lines if confidence(line) >= LOST]
    bands = _bands(image, dpi, sure, areas)
    if len(bands) > MOST:
        return tuple(lines)
    found = list(lines)
    for band in bands:
        for line in engine.read(image, dpi, area=band, layout="block", seconds=max(until - monotonic(), 0.001)):
            new = tuple(word for word in line if not any(_inside(word, old.box) for one in sure for old in one))
            if sum(len(word.text) for word in new) >= LEAST_LETTERS and confidence(new) >= SURE:
                found = _put(found, new)
    return tuple(found)


def _bands(image: np.ndarray, dpi: float, sure: Sequence[OcrLine], areas: Sequence[Area]) -> list[Area]:
    cells = inked_cells(image, dpi)
    down, across = image.shape[0] / cells.shape[0], image.shape[1] / cells.shape[1]

    def part(box: Area, more: int) -> tuple[slice, slice]:
        top, bottom = int(box[1] / down) - more, int(np.ceil(box[3] / down)) + more
        left, right = int(box[0] / across) - more, int(np.ceil(box[2] / across)) + more
        return slice(max(top, 0), bottom), slice(max(left, 0), right)

    open_ = np.zeros_like(cells)
    for area in areas:
        open_[part(area, 0)] = True
    for line in sure:
        for word in line:
            open_[part(word.box, 1)] = False
    open_[:RIM_MM] = open_[-RIM_MM:] = False
    rows = _parted(cv2.morphologyEx((cells & open_).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, GAP_MM), np.uint8)))
    _, _, found, _ = cv2.connectedComponentsWithStats(rows, connectivity=8)
    height, width = image.shape
    return [
        (
            max(round((x - 2) * across), 0),
            max(round((y - 1) * down), 0),
            min(round((x + w + 2) * across), width),
            min(round((y + h + 1) * down), height),
        )
        for x, y, w, h, inked in found[1:].tolist()
        if w >= WIDE_MM and LOWEST_MM <= h <= TALLEST_MM and inked >= FILLED * w * h
    ]


def _parted(rows: np.ndarray) -> np.ndarray:
    """``rows`` (0/1, cells of about 1 mm) with what is taller than a line taken apart into its longest rows."""
    _, labels, found, _ = cv2.connectedComponentsWithStats(rows, connectivity=8)
    parted = rows.copy()
    for label, (x, y, w, h, _) in enumerate(found[1:].tolist(), 1):
        if w < LONG_MM or h <= TALLEST_MM:
            continue
        own = labels[y : y + h, x : x + w] == label
        inked = own.sum(axis=1)
        short = inked < max(ROW * inked.max(), LONG_MM)
        parted[y : y + h, x : x + w][own & short[:, None]] = 0
    return parted


def _inside(word: OcrWord, box: Area) -> bool:
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _put(lines: Sequence[OcrLine], new: OcrLine) -> list[OcrLine]:
    """The lines with ``new`` before the first one under it, and without the nonsense that stood for its ink."""
    box = left, top, right, bottom = around(new)

    def under(line: OcrLine) -> bool:
        x0, y0, x1, _ = around(line)
        return y0 >= (top + bottom) / 2 and x0 < right and x1 > left

    cleared = (
        line if confidence(line) >= LOST else tuple(word for word in line if not _inside(word, box)) for line in lines
    )
    kept = [line for line in cleared if line]
    place = next((index for index, line in enumerate(kept) if under(line)), len(kept))
    return [*kept[:place], new, *kept[place:]]
