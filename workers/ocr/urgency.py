"""Mức độ khẩn: the stamp of box 10b, framed, red or black, level or tilted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from rapidfuzz import fuzz

from intake.model import Box
from intake.ports import OcrEngine
from workers.ocr.anchors import Anchors
from workers.ocr.ink import Page
from workers.ocr.layout import Sheet
from workers.ocr.spelling import is_capitals, letters
from workers.ocr.title import segments
from workers.tools import frames, stamp_words

_HASTE = {"HỎA TỐC HẸN GIỜ": 4, "HỎA TỐC": 3, "THƯỢNG KHẨN": 2, "KHẨN": 1}
_WORDS = tuple((letters(word), priority) for word, priority in _HASTE.items())
_INCOMING = ("ĐẾN", "CÔNG VĂN ĐẾN")
"""words of the incoming stamp, which is taller than any of haste"""
FIT_LEAST, FIT_LEAD = 0.72, 0.08
"""how well a word lies over the stamp, and how much better than any of no haste: 0.76 to 0.90 and 0.10 to 0.24 on stamps of
93 real and 248 drawn pages, up to 0.77 and 0.03 on what is none (0.07 where nothing fits at all)"""
READ, SUSPECT = 80, 55
"""likeness of what is read to a word of haste, 0–100, from which it is one, and from which it may be one"""
BEFORE_MM, INKED, PAPER_MAX = 24.0, 0.8, 0.04
"""what THƯỢNG takes before KHẨN; share of the paper's brightness below which there is ink; share of it that specks make"""
ACROSS_MAX, ACROSS_SIDES = 4, 0.98
"""frames looked at, and share of their long sides that has ink: stamps have all of it, chance frames mostly 0.75 to 0.9"""
ACROSS_WIDE_MM = 34.0
"""width between HỎA TỐC (30 mm) and THƯỢNG KHẨN (40 mm), NĐ 30/2020 Phụ lục I III.2.b"""
FRAME_DARK = 0.8
"""share of the paper's brightness below which a frame's lines are, at 100 dpi"""
UPRIGHT_DPI = 200.0

FRAME_WIDTH_MM, FRAME_HEIGHT_MM = (13.0, 62.0), (4.5, 17.0)
"""outer sizes taken for a stamp: NĐ 30/2020 Phụ lục I III.2.b has 20×8, 30×8 and 40×8; agencies' own are larger"""
THINNED_HEIGHT_MM = 6.0
"""least height where words would be taken for stamps: taller than a line of 14 pt"""


Rect = tuple[tuple[float, float], tuple[float, float], float]
"""a turned rectangle: middle, long and short side (px), angle (°)"""


@dataclass(frozen=True, slots=True)
class Urgency:
    """``priority`` as in FieldName.PRIORITY; ``box`` where the stamp stands, None when none was seen; ``likeness``
    0–100; ``suspect``: something stamp-like stands there that could not be read."""

    priority: int
    box: Box | None
    likeness: float
    suspect: bool = False


def find_urgency(page: Page, anchors: Anchors, engine: OcrEngine, seconds: float) -> Urgency:
    """Words of a stamp, first among what the page's reading saw standing alone, then inside frames and red ink."""
    seen = _among_words(page.sheet, anchors)
    if seen is not None and seen.priority != 1:
        return seen
    zone = _zone(page, anchors)
    if seen is not None:
        word = _around(zone, seen.box) if seen.box else None
        return (_cut(zone, word, engine, seconds) if word else None) or seen
    if zone.colour.size == 0:
        return Urgency(0, None, 100)
    suspect = False
    for box, rect in _stamps(zone):
        upright = _upright(zone.luma, rect, zone.scale)
        likeness, priority = _read(upright, engine, seconds, _match)
        if likeness >= READ:
            cut = _cut(zone, rect, engine, seconds) if priority == 1 else None
            return cut or Urgency(priority, box, likeness)
        if likeness >= SUSPECT:
            fit = max(map(_fit, upright), key=lambda fit: fit.best)
            if fit.is_clear:
                return Urgency(fit.priority, box, 100 * fit.best)
            suspect = True
    return _across(zone) or Urgency(0, None, 100, suspect)


def _read(
    upright: Sequence[np.ndarray], engine: OcrEngine, seconds: float, match: Callable[[str], tuple[float, int]]
) -> tuple[float, int]:
    """The best ``match`` of what the engine reads on any of the pictures: likeness and priority."""
    best: tuple[float, int] = (0.0, 0)
    for picture in upright:
        for layout in ("block", "line"):
            lines = engine.read(picture, UPRIGHT_DPI, layout=layout, seconds=seconds)
            best = max(best, match("".join(w.text for line in lines for w in line)))
            if best[0] >= READ:
                return best
            if lines:
                break
    return best


def _around(zone: _Zone, box: Box) -> Rect | None:
    """A word of the page's reading as a frame would stand around it; None outside the zone."""
    scale, height = zone.scale, 2 * box.height
    middle = (box.x + box.width / 2) * scale, (box.y + box.height / 2 - zone.top) * scale
    within = middle[0] < zone.luma.shape[1] and 0 < middle[1] < zone.luma.shape[0]
    return (middle, ((box.width + 2) * scale, height * scale), 0.0) if within else None


def _cut(zone: _Zone, rect: Rect, engine: OcrEngine, seconds: float) -> Urgency | None:
    """What stands before a KHẨN makes it the end of a THƯỢNG KHẨN, in a worn frame or across another stamp: where it can
    be read, that; where there is only ink, a KHẨN that a clerk looks at; None where there is paper."""
    (x, y), (a, b), angle = rect
    before = BEFORE_MM * zone.scale
    along = (a + before) / 2
    middle = x - along * math.cos(math.radians(angle)), y - along * math.sin(math.radians(angle))
    part = middle, (before, b), angle
    corners = np.vstack([cv2.boxPoints(rect), cv2.boxPoints(part)]) / zone.scale
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    box = Box(float(left), zone.top + float(top), float(right - left), float(bottom - top))
    likeness, priority = _read(_upright(zone.luma, part, zone.scale), engine, seconds, _is_first_word)
    if likeness >= READ:
        return Urgency(priority, box, likeness)
    turned = _turned(zone.luma, part, zone.scale)
    inked = (turned < INKED * np.percentile(turned, 90)).mean()
    return Urgency(1, box, 100, suspect=True) if inked > PAPER_MAX else None


def _is_first_word(text: str) -> tuple[float, int]:
    """As ``_match``, for what stands before KHẨN; PHƯỜNG in the heading of an incoming stamp is as near as any misreading."""
    flat = letters(text)
    return (100.0, 2) if "THUONG" in flat or (flat.startswith("TH") and fuzz.ratio(flat, "THUONG") > 80) else (0.0, 0)


@dataclass(frozen=True, slots=True)
class _Zone:
    """The left part of the head, where stamps stand: ``colour`` as displayed, its ``luma``, px per mm and its top in mm."""

    colour: np.ndarray
    luma: np.ndarray
    scale: float
    top: float


def _zone(page: Page, anchors: Anchors) -> _Zone:
    sheet, scale = page.sheet, page.sheet.px_per_mm[0]
    width, top = min(0.58 * sheet.width, anchors.split + 25), max(anchors.top + 8, 0)
    colour = page.pixels[round(top * scale) : round((anchors.top + 115) * scale), : round(width * scale)]
    luma = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY) if colour.ndim == 3 and colour.size else colour
    return _Zone(colour, luma, scale, top)


def _across(zone: _Zone) -> Urgency | None:
    """A stamp of haste across print or the incoming stamp's heading, in the same ink: found by its four sides, told by
    its words' fit. What lies under it spoils the letters, so a clerk looks."""
    factor = frames.PER_MM / zone.scale
    small = cv2.resize(zone.luma, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    dark = cv2.threshold(small, FRAME_DARK * float(np.percentile(small, 75)), 255, cv2.THRESH_BINARY_INV)[1]
    for frame in frames.look(dark)[:ACROSS_MAX]:
        if frame.sides < ACROSS_SIDES:
            continue
        rect = (frame.x / factor, frame.y / factor), (frame.width / factor, frame.height / factor), frame.angle
        fit = max(map(_fit, _upright(zone.luma, rect, zone.scale)), key=lambda fit: fit.lead)
        if fit.lead < 0:
            continue
        if not fit.is_clear:
            return Urgency(0, None, 100, suspect=True)
        x, y, width, height = (px / frames.PER_MM for px in (frame.x, frame.y, frame.width, frame.height))
        # The first word of THƯỢNG KHẨN is the one under which the heading stands; KHẨN alone is 20 mm wide.
        priority = 2 if fit.priority == 1 and width > ACROSS_WIDE_MM else fit.priority
        box = Box(x - width / 2, zone.top + y - height / 2, width, height)
        return Urgency(priority, box, 100 * fit.best, suspect=True)
    return None


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well the best word of haste lies over a stamp (−1 to 1), by how much better than words of none, and its
    ``priority``."""

    best: float
    lead: float
    priority: int

    @property
    def is_clear(self) -> bool:
        return self.best >= FIT_LEAST and self.lead >= FIT_LEAD


def _fit(picture: np.ndarray) -> _Fit:
    """For letters too thick, too broken or too crossed to be read."""
    fits = stamp_words.fit(picture, UPRIGHT_DPI / 25.4)
    best, priority = max((fits[word], priority) for word, priority in _HASTE.items())
    other = max(fit for word, fit in fits.items() if word not in _HASTE and word not in _INCOMING)
    return _Fit(best, best - other, priority)


def _match(text: str) -> tuple[float, int]:
    """Likeness (0–100) to the nearest urgency word, and its priority."""
    flat = re.sub(r"\d", "", letters(text))
    if len(flat) < 3:
        return 0.0, 0
    whole = next((priority for word, priority in _WORDS if len(word) > 4 and word in flat), 0)
    if whole:
        return 100.0, whole  # signs of the frame around it
    return max((fuzz.ratio(word, flat), priority) for word, priority in _WORDS)


def _among_words(sheet: Sheet, anchors: Anchors) -> Urgency | None:
    for row in sheet.between(anchors.top + 4, anchors.top + 110):
        for part in segments(row, 4):
            if part.x0 > 0.55 * sheet.width or not is_capitals(part.text):
                continue
            score, priority = _match(part.text)
            if score >= (90 if len(letters(part.text)) < 6 else 83):
                return Urgency(priority, sheet.box(part.tokens), score)
    return None


def _stamps(zone: _Zone) -> list[tuple[Box, Rect]]:
    """Stamp-like regions: where on the page (mm), and the turned rectangle in the zone (px)."""
    scale = zone.scale
    found = []
    for mask, least in _masks(zone.colour, zone.luma, scale):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            rect = _stamp_rect(contour, scale, least)
            if rect is not None:
                x, y, w, h = cv2.boundingRect(contour)
                box = Box(x / scale, zone.top + y / scale, w / scale, h / scale)
                if not any(_overlap(box, other) for other, _ in found):
                    found.append((box, rect))
    return found[:6]


def _masks(colour: np.ndarray, luma: np.ndarray, scale: float) -> list[tuple[np.ndarray, float]]:
    """Binary pictures in which a stamp is one blob, and the least height in mm that counts there: its red ink closed
    up, dark frames, and dark frames that a copier has thinned out (where whole words become blobs too)."""
    masks = []
    if colour.ndim == 3:
        blue, green, red = cv2.split(colour)
        strength = cv2.subtract(red, cv2.max(green, blue))
        masks.append((_closed(strength > 45, 1.6 * scale), FRAME_HEIGHT_MM[0]))
    paper = float(np.percentile(luma[::4, ::4], 75))
    masks.append((_closed(luma < 0.72 * paper, 3), FRAME_HEIGHT_MM[0]))
    masks.append((_closed(luma < 0.85 * paper, 0.5 * scale), THINNED_HEIGHT_MM))
    return masks


def _closed(ink: np.ndarray, size: float) -> np.ndarray:
    size = max(3, round(size))
    return cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))


def _stamp_rect(contour: np.ndarray, scale: float, least: float) -> Rect | None:
    """The turned rectangle around a blob of a stamp's size and shape (an arrow too, its frame perhaps broken)."""
    (cx, cy), (a, b), angle = cv2.minAreaRect(contour)
    if a < b:
        a, b, angle = b, a, angle + 90
    if not (FRAME_WIDTH_MM[0] < a / scale < FRAME_WIDTH_MM[1] and least < b / scale < FRAME_HEIGHT_MM[1]):
        return None
    angle = (angle + 90) % 180 - 90
    if abs(angle) > 50 or not 1.7 < a / b < 7 or cv2.contourArea(cv2.convexHull(contour)) < 0.5 * a * b:
        return None
    return (cx, cy), (a, b), angle


def _turned(luma: np.ndarray, rect: Rect, scale: float) -> np.ndarray:
    """The region turned level at UPRIGHT_DPI."""
    (cx, cy), (a, b), angle = rect
    factor = UPRIGHT_DPI / 25.4 / scale
    width, height = math.ceil(a * factor) + 8, math.ceil(b * factor) + 8
    matrix = cv2.getRotationMatrix2D((cx, cy), angle, factor)
    matrix[:, 2] += (width / 2 - cx, height / 2 - cy)
    return cv2.warpAffine(luma, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)


def _upright(luma: np.ndarray, rect: Rect, scale: float) -> list[np.ndarray]:
    """The region turned level: its letters alone, and cut twice within its frame."""
    turned = _turned(luma, rect, scale)
    height, width = turned.shape
    paper = int(np.percentile(turned, 90))
    pictures = _letters_alone(turned, paper)
    for inset in (0.21, 0.13):
        dy, dx = round(inset * height), round(min(inset * height, 0.1 * width))
        inner = turned[dy : height - dy, dx : width - dx]
        if min(inner.shape) > 12:
            pictures.append(cv2.copyMakeBorder(inner, 14, 14, 14, 14, cv2.BORDER_CONSTANT, value=paper))
    return pictures


def _letters_alone(turned: np.ndarray, paper: int) -> list[np.ndarray]:
    """What is as high as the stamp's letters, without the frame around them, whatever its shape; or nothing."""
    height, width = turned.shape
    dark = (turned < 0.78 * paper).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    frame = (wide > 0.45 * width) | (high > 0.9 * height)
    frame[0] = False
    letter = (high > 0.16 * height) & (wide > 0.012 * width) & ~frame
    letter[0] = False
    if letter.sum() < 2:
        return []
    kept = np.where(frame[labels], np.uint8(paper), turned)
    x0, x1 = stats[letter, cv2.CC_STAT_LEFT].min(), (stats[letter, cv2.CC_STAT_LEFT] + wide[letter]).max()
    y0, y1 = stats[letter, cv2.CC_STAT_TOP].min(), (stats[letter, cv2.CC_STAT_TOP] + high[letter]).max()
    margin = round(0.12 * height)  # for the marks above and below the letters
    inner = kept[max(y0 - margin, 0) : y1 + margin, max(x0 - 2, 0) : x1 + 2]
    return [cv2.copyMakeBorder(inner, 14, 14, 14, 14, cv2.BORDER_CONSTANT, value=paper)]


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width and other.x < one.x + one.width
        and one.y < other.y + other.height and other.y < one.y + one.height
    )  # fmt: skip
