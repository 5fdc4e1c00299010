"""The print in a signature's zone: pictures of its inks, and the lines of print on each.

A seal, a pen and a name lie over one another there. On a colour scan the name may be print under a red seal, or itself a
red stamp; on a bilevel one everything is black, and letters are told from seal and pen by their size alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from workers.ocr.reading_image import COLOURLESS

DPI = 200.0
"""dpi of the pictures that lines are looked for and read on"""
MM = DPI / 25.4
"""px per mm at ``DPI``"""
COLOURED = 0.002
"""share of coloured points from which a zone has coloured ink: a stamped name alone is a hundredth of it"""
INK = 0.72
"""share of the paper's brightness below which a point is ink"""
LETTER_MM = (0.9, 6.0, 14.0)
"""least and most height, most width of a letter, or of a word whose bold letters touch: seals and pens are larger"""
SPACE_MM = 3.5
"""gap between words that is closed: the widest in a signer's name"""
LINE_MM = (10.0, 1.8, 9.0)
"""least width, least and most height of a line: 2 to 5 mm of print, which may rise by 4 mm"""
STEEPEST = 0.12
"""rise of a line per mm of its length: stamps are set by hand, up to 5° askew; seal and pen make steeper ones"""
FILLED = 0.35
"""share of its box that a line fills, gaps closed: 0.4 to 1.0 of 130 lines, pens and arcs of seals 0.1 to 0.45"""


@dataclass(frozen=True, slots=True)
class Band:
    """A line of print on a picture, px: from ``x0`` to ``x1``; ``top`` and ``bottom`` as they stand at ``middle``, where
    the line has its weight; ``slope``: px down per px to the right."""

    x0: int
    x1: int
    top: float
    bottom: float
    middle: float
    slope: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2


def pictures_of(pixels: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """H×W uint8 pictures, ``size`` (width, height) px, of a zone (BGR or grey): its inks, and the last of them, which a
    seal's rings are on, without these."""
    method = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_CUBIC
    found = tuple(cv2.resize(picture, size, interpolation=method) for picture in inks(pixels))
    ringless = without_rings(found[-1])
    return found if ringless is None else (*found, ringless)


def inks(pixels: np.ndarray) -> tuple[np.ndarray, ...]:
    """H×W uint8 pictures of a zone (BGR or grey): print with what is coloured faded, all ink, red ink alone; one where
    there is no colour."""
    if pixels.ndim == 2:
        return (pixels,)
    blue, green, red = cv2.split(pixels)
    brightest, darkest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    if (cv2.subtract(brightest, darkest) > 2 * COLOURLESS).mean() < COLOURED:
        return (brightest,)
    reddish = cv2.subtract(cv2.subtract(red, cv2.min(blue, green)), COLOURLESS // 2)
    # A blue pen is no redder than paper; black print has no colour at all: both are left out.
    stamped = cv2.subtract(np.full_like(reddish, 255), cv2.add(reddish, reddish))
    return brightest, darkest, stamped


def without_rings(picture: np.ndarray) -> np.ndarray | None:
    """The picture (H×W uint8 of ``DPI``) with a seal's rings made paper where they cross no letter; None without a seal."""
    ink = (picture < INK * _paper(picture)).astype(np.uint8)
    found = cv2.HoughCircles(
        cv2.GaussianBlur(cv2.resize(255 * ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), (0, 0), 1.0),
        cv2.HOUGH_GRADIENT,
        dp=1,
        minDist=SEAL_RADIUS_MM[0] * MM / 2,
        param1=150,
        param2=40,
        minRadius=round(SEAL_RADIUS_MM[0] * MM / 2),
        maxRadius=round(SEAL_RADIUS_MM[1] * MM / 2),
    )
    if found is None:
        return None
    reach = round((SEAL_RADIUS_MM[1] + 1.0) * MM)
    centres = [(2 * float(x) + 0.5, 2 * float(y) + 0.5) for x, y, _ in found.reshape(-1, 3)[:CENTRES]]
    # Unrolled, an angle per row and a px of the radius per column, a ring is an upright stroke.
    unrolled = [cv2.warpPolar(ink, (reach, 6 * reach), at, reach, UNROLLED) for at in centres]
    rings = [_rings(around) for around in unrolled]
    best = max(range(len(centres)), key=lambda index: int(rings[index].sum()))
    if not rings[best].any():
        return None
    other = unrolled[best] & (1 - cv2.dilate(rings[best], np.ones((1, 3), np.uint8)))
    far, along = round(CROSSED_MM * MM), round(SLANT_MM * MM)
    side = np.zeros((2 * along + 1, 2 * far + 1), np.uint8)
    side[:, :far] = 1
    # A letter goes on at both sides of the ring.
    crossed = cv2.dilate(other, side) & cv2.dilate(other, side[:, ::-1].copy())
    taken = cv2.dilate(rings[best] & (1 - crossed), np.ones((1, 3), np.uint8))
    height, width = picture.shape
    mask = cv2.warpPolar(255 * taken, (width, height), centres[best], reach, UNROLLED | cv2.WARP_INVERSE_MAP)
    return np.where(mask > 100, np.uint8(_paper(picture)), picture)


def _rings(around: np.ndarray) -> np.ndarray:
    """Of a seal's ink unrolled (0 or 1), that of its outer rings: long strokes where most angles have one."""
    twice = cv2.dilate(np.concatenate((around, around)), np.ones((1, 3), np.uint8))
    long = cv2.morphologyEx(twice, cv2.MORPH_OPEN, np.ones((round(RING_MM * MM), 1), np.uint8))
    quarter = len(around) // 2
    long = np.roll(long[quarter : quarter + len(around)], quarter, axis=0)
    common = long.mean(axis=0) > ROUND
    common[: round(SEAL_RADIUS_MM[0] * MM * 0.8)] = False
    common = cv2.dilate(common[None].astype(np.uint8), np.ones((1, 7), np.uint8))
    return long & around & common


UNROLLED = cv2.WARP_POLAR_LINEAR | cv2.WARP_FILL_OUTLIERS
CENTRES = 4
"""circles looked at: the rings of one seal have one middle, pens and letters others"""
ROUND = 0.4
"""share of the angles at which a ring is inked"""
SEAL_RADIUS_MM = (13.0, 20.0)
"""from a stamp of 26 mm to a seal of 40; a body's seal has 36 (TT 24/2020)"""
RING_MM = 9.0
"""length of an arc from which it is a ring's: no letter's stroke bends so far around the seal's middle"""
CROSSED_MM, SLANT_MM = 1.3, 0.4
"""how far from a ring's middle a letter's stroke is seen on, the outer ring being 0.9 mm wide, and how far to its side"""


def lines_of_print(picture: np.ndarray) -> list[Band]:
    """Lines of letters on a picture (H×W uint8 of ``DPI``), the lowest first."""
    ink = (picture < INK * _paper(picture)).astype(np.uint8)
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    wide, high = pieces[:, cv2.CC_STAT_WIDTH] / MM, pieces[:, cv2.CC_STAT_HEIGHT] / MM
    least, most, widest = LETTER_MM
    letter = (high >= least) & (high <= most) & (wide <= widest) & (wide > 0.3)
    letter[0] = False
    letters = letter.astype(np.uint8)[labels]
    closed = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, np.ones((1, round(SPACE_MM * MM)), np.uint8))
    _, rows, found, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    bands = [
        _band(rows[y : y + h, x : x + w] == label, letters[y : y + h, x : x + w], x, y)
        for label, (x, y, w, h, filled) in enumerate(found[1:].tolist(), 1)
        if w >= LINE_MM[0] * MM and LINE_MM[1] * MM <= h <= LINE_MM[2] * MM and filled >= FILLED * w * h
    ]
    return sorted((band for band in bands if abs(band.slope) <= STEEPEST), key=lambda band: -band.bottom)


def _band(row: np.ndarray, letters: np.ndarray, x: int, y: int) -> Band:
    ys, xs = np.nonzero(row & (letters > 0))
    middle = float(xs.mean())
    slope = float(np.polyfit(xs - middle, ys, 1)[0])
    top, bottom = np.percentile(ys - slope * (xs - middle), (1, 99))
    return Band(x, x + row.shape[1], y + float(top), y + float(bottom), x + middle, slope)


def levelled(picture: np.ndarray, band: Band, before: float, after: float, around: float) -> np.ndarray:
    """The band cut out level, with so many mm ``before`` and ``after`` it and ``around`` above and below."""
    turn = cv2.getRotationMatrix2D((band.middle, band.centre[1]), math.degrees(math.atan(band.slope)), 1.0)
    paper = _paper(picture)
    height, width = picture.shape
    level = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper)
    left, right = max(round(band.x0 - before * MM), 0), min(round(band.x1 + after * MM), width)
    top, bottom = max(round(band.top - around * MM), 0), min(round(band.bottom + around * MM), height)
    return cv2.copyMakeBorder(level[top:bottom, left:right], 10, 10, 10, 10, cv2.BORDER_CONSTANT, value=paper)


def versions(line: np.ndarray) -> tuple[np.ndarray, ...]:
    """A line as it is, smaller, and with its levels spread (a faded seal is paper then), or smoothed where it has but two:
    pictures on which the engine errs otherwise."""
    smaller = cv2.resize(line, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)
    paper = _paper(line)
    levels = np.arange(256, dtype=np.float32) / max(paper, 1.0)
    spread = np.clip((levels - FAINT[0]) / (FAINT[1] - FAINT[0]) * 255, 0, 255).astype(np.uint8)
    two = ((line > 0.1 * paper) & (line < 0.9 * paper)).mean() < 0.02
    return line, smaller, cv2.GaussianBlur(line, (0, 0), SMOOTHED) if two else cv2.LUT(line, spread)


SMALLER, SMOOTHED = 0.65, 0.8
"""size of the second picture of a line, sigma in px of the third"""
FAINT = (0.25, 0.75)
"""levels, as shares of the paper's, that become black and white where levels are spread"""


def large_ink(picture: np.ndarray, x0: float, y0: float, x1: float, y1: float, reach: float) -> bool:
    """Whether a piece of ink ``reach`` mm wide or high, as a seal's round or a pen's stroke is, stands in the box (px)."""
    part = picture[max(round(y0), 0) : max(round(y1), 0), max(round(x0), 0) : max(round(x1), 0)]
    if min(part.shape) < 3:
        return False
    ink = (part < INK * _paper(picture)).astype(np.uint8)
    _, _, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return bool((pieces[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] >= reach * MM).any())


def _paper(picture: np.ndarray) -> float:
    return float(np.percentile(picture[::4, ::4], 75))
