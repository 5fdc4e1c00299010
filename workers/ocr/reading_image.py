"""The picture that is read: one channel, red and blue ink dropped where print is black, straight from the scan."""

from __future__ import annotations

import cv2
import numpy as np

READ_DPI = 200.0
"""dpi above which pages are reduced for reading: with more, Tesseract takes half as long again and reads no better
(docs/ocr.md)"""
ENLARGE_BELOW_DPI = 170.0
"""dpi below which pages are enlarged for reading: Tesseract's model expects x-heights of 20 px and more"""


COLOURLESS = 24
"""difference between a point's brightest and darkest channel up to which it counts as print or paper: JPEG's chroma and
yellowish paper stay below"""
LIFT = 1.5
"""by how much of the rest of that difference a coloured point is brightened: blue ink is dark in every channel"""
PAPER = 0.88
"""share of the paper's brightness from which a point is paper"""
ROWS = 128
"""px of height worked on at a time: what lies between stays in the processor's cache, and costs no memory of its own"""


def one_channel(pixels: np.ndarray, lift: bool = False) -> np.ndarray:
    """H×W uint8 for reading print.

    Seals, stamps and pen are brighter in the brightest of the three channels than in luma, black print is not:
    measured on pages with seals, character errors fall from 8.7 % to 0.1 %. ``lift`` brings what is coloured further
    towards paper, so that a signature across a printed name fades as well; the head keeps its pen for the slots' sake.
    Pages whose print itself is coloured (most dark pixels vanish) keep luma.
    """
    if pixels.ndim == 2:
        return pixels
    small = np.ascontiguousarray(pixels[::4, ::4])
    luma = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    dark = luma < 0.62 * float(np.percentile(luma, 80))
    brightest = _brightest(small, lift=False)
    kept = brightest[dark] < 0.75 * float(np.percentile(brightest, 80))
    if kept.size > 50 and kept.mean() < 0.4:
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    found = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(pixels), ROWS):
        found[top : top + ROWS] = _brightest(pixels[top : top + ROWS], lift)
    return found


def _brightest(pixels: np.ndarray, lift: bool) -> np.ndarray:
    blue, green, red = cv2.split(pixels)
    brightest = cv2.max(cv2.max(blue, green), red)
    if not lift:
        return brightest
    colour = cv2.subtract(brightest, cv2.min(cv2.min(blue, green), red))
    return cv2.addWeighted(brightest, 1.0, cv2.subtract(colour, COLOURLESS), LIFT, 0.0)


def scale_for(dpi: float) -> float:
    """Factor by which a page of ``dpi`` is resampled for reading."""
    if dpi < ENLARGE_BELOW_DPI:
        return min(200.0 / dpi, 3.0)
    return READ_DPI / dpi if dpi > READ_DPI * 1.1 else 1.0


def resampled(image: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1.0:
        return image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)


def without_grain(image: np.ndarray) -> np.ndarray:
    """The picture to be read with its paper all white.

    Tesseract packs every line of print as PNG and unpacks it before its network sees it; the grain of the paper makes
    that a tenth of the whole reading, and tells nothing (docs/ocr.md).
    """
    paper = float(np.percentile(image[::8, ::8], 75))
    levels = np.arange(256, dtype=np.uint8)
    return cv2.LUT(image, np.where(levels < PAPER * paper, levels, np.uint8(255)))


def blank_row(image: np.ndarray, share_from: float, share_to: float, share: float) -> int | None:
    """y in px of the middle of the white gap nearest to ``share`` of the height, between the two shares; or None."""
    height, width = image.shape
    top, bottom = int(height * share_from), int(height * share_to)
    zone = image[top:bottom, int(width * 0.06) : int(width * 0.94)]
    paper = float(np.percentile(zone[::4, ::4], 75))
    dark = (zone < 0.7 * paper).mean(axis=1) < 0.002
    best, best_distance, begin = None, 1e9, None
    for y, blank in enumerate([*dark, False]):
        if blank and begin is None:
            begin = y
        elif not blank and begin is not None:
            middle = top + (begin + y) // 2
            if y - begin >= max(3, height // 500) and abs(middle - share * height) < best_distance:
                best, best_distance = middle, abs(middle - share * height)
            begin = None
    return best
