"""A part of the head read again without the incoming stamp that stands in it or beside it.

The stamp's frame, its dotted lines and the lines of print beside them are joined by the engine into lines that are
neither. On a colour scan its ink is taken away; on a grey one the part is read from the frame's edge on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np

from intake.ports import OcrEngine, OcrLine, OcrWord
from workers.ocr.ink import Page
from workers.ocr.layout import lay_out
from workers.ocr.page import moved, scaled
from workers.ocr.reading_image import one_channel, resampled, scale_for

EDGE_MM = 18.0
"""height from which an upright line is a frame's: the stamp is 35 mm tall (TT 01/2011), and may be skewed or broken"""
EDGE_WITHIN = 0.42
"""share of the page's width within which the stamp's right edge stands"""


def read_apart(
    page: Page, lines: Sequence[OcrLine], engine: OcrEngine, seconds: float, zone: tuple[float, float, float, float]
) -> Page | None:
    """The page with the rows of ``zone`` (x0, y0, x1, y1 in mm) read again; None where there is nothing to take away, or
    no answer after ``seconds``. ``lines`` as first read (px)."""
    across, down = page.sheet.px_per_mm
    height, width = page.gray.shape
    left, top = max(round(zone[0] * across), 0), max(round(zone[1] * down), 0)
    right, bottom = min(round(zone[2] * across), width), min(round(zone[3] * down), height)
    if right - left < 20 or bottom - top < 20:
        return None
    begin = left
    if page.pixels.ndim == 3:
        part = one_channel(page.pixels[top:bottom, left:right], lift=True)
    else:
        edge = _behind_the_frame(page.gray[top:bottom, left:right], down)
        if edge is None:
            return None
        begin += edge
        part = page.gray[top:bottom, begin:right]
    again = read_part(part, (begin, top), across * 25.4, engine, seconds)
    if again is None:
        return None

    def outside(word: OcrWord) -> bool:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        return not (left <= x < right and top <= y < bottom)

    kept = [tuple(word for word in line if outside(word)) for line in lines]
    sheet = lay_out([line for line in (*kept, *again) if line], width, height, (across * 25.4, down * 25.4))
    return replace(page, sheet=sheet)


def read_part(
    part: np.ndarray,
    at: tuple[int, int],
    dpi: float,
    engine: OcrEngine,
    seconds: float,
    layout: Literal["page", "block", "line"] = "page",
) -> tuple[OcrLine, ...] | None:
    """Lines of ``part`` (H×W uint8 of ``dpi``, cut at ``at``: x, y px) in px of its page; None after ``seconds``."""
    scale = scale_for(dpi)
    try:
        found = engine.read(resampled(np.ascontiguousarray(part), scale), dpi * scale, layout=layout, seconds=seconds)
    except TimeoutError:
        return None
    return tuple(line for line in moved(scaled(found, scale), *at) if line)


def _behind_the_frame(part: np.ndarray, per_mm: float) -> int | None:
    """x in px behind the rightmost upright line in the left of ``part``; None without one."""
    paper = float(np.percentile(part[::8, ::8], 75))
    dark = (part[:, : round(part.shape[1] * EDGE_WITHIN)] < 0.75 * paper).astype(np.uint8)
    # 0.6 mm wide, so that a frame at an angle of 2° keeps its runs
    dark = cv2.dilate(dark, np.ones((1, max(3, round(0.6 * per_mm))), np.uint8))
    upright = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((round(EDGE_MM * per_mm), 1), np.uint8))
    columns = np.flatnonzero(upright.any(axis=0))
    return int(columns.max()) + 1 if columns.size else None
