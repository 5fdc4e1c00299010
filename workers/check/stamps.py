"""Rubber stamps on a page, cut out and set straight for reading: red ones by their ink, black ones by their frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.model import Box
from workers.check.text import lean_of
from workers.check.view import WORK_DPI, PageView

MM = 25.4 / WORK_DPI
READ_DPI = 220.0
JOIN_PX = 9
"""letters and frame of one stamp lie closer than 2.3 mm"""
MARK_MM = ((9.0, 110.0), (3.0, 70.0))
"""long and short side of a red mark that may carry words: from a frameless MẬT to several stamps that touch"""
STAMP_MM = ((14.0, 60.0), (5.0, 16.0))
"""long and short side of a framed one-line stamp"""
LETTER_TALL_MM = 6.2
RED_MIN_PX = 60
PAPER_LEVEL, PAPER_MIN = 190, 0.4
"""share of a stamp's box that is bare paper: stamps over print 0.58 and more, red places of photographs up to 0.3 mostly;
what is read out of a photograph is chance"""
MARGIN_PX = 24
"""white around what is given to be read"""
SEVERAL_MM = 17.0
"""a red mark higher than this is several stamps or a large one: words may stand anywhere in it"""
TINT = 10
"""levels of redness that noise and colour fringes reach beside the paper's own"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """``box`` in mm; ``straight``: its words, dark on white, uint8, level, at READ_DPI, lines of the frame taken out.

    ``red``: stamped in red. ``framed``: one line of words in a rectangular frame that stands alone.
    """

    box: Box
    straight: np.ndarray
    whole: np.ndarray
    """the same with its frame"""
    red: bool
    framed: bool


def red_stamps(view: PageView) -> list[Stamp]:
    """Every red mark that may carry words, round seals left out; framed ones first."""
    if cv2.countNonZero(view.red_ink) < RED_MIN_PX:
        return []
    joined = cv2.morphologyEx(view.red_ink, cv2.MORPH_CLOSE, np.ones((JOIN_PX, JOIN_PX), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for index in range(1, count):
        x, y, width, height, _ = stats[index]
        long, short = max(width, height) * MM, min(width, height) * MM
        if not (MARK_MM[0][0] <= long <= MARK_MM[0][1] and MARK_MM[1][0] <= short <= MARK_MM[1][1]):
            continue
        own = np.where(labels[y : y + height, x : x + width] == index, view.red_ink[y : y + height, x : x + width], 0)
        if np.count_nonzero(own) < RED_MIN_PX or _is_seal(own):
            continue
        own = own.astype(np.uint8)
        if (view.any_ink[y : y + height, x : x + width] > PAPER_LEVEL).mean() < PAPER_MIN:
            continue
        found.append(_red_stamp(view, own, (x, y, width, height)))
        if height * MM > SEVERAL_MM:
            for a, b, w, h in _framed_parts(own):  # a cell of a larger stamp is read, but does not stand alone
                part = _red_stamp(view, own[b : b + h, a : a + w], (x + a, y + b, w, h))
                found.append(replace(part, framed=False))
    return sorted(found, key=lambda stamp: (not stamp.framed, stamp.box.height > SEVERAL_MM, stamp.box.y))


def _framed_parts(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes of one-line frames inside a mark of several stamps: the holes that their lines enclose."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, hierarchy = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for index, contour in enumerate(contours):
        if hierarchy[0][index][3] < 0 or len(contour) < 4:
            continue
        x, y, width, height = cv2.boundingRect(contour)
        if 15 <= width * MM <= 46 and 4.2 <= height * MM <= 14 and width >= 1.6 * height:
            found.append((x, y, width, height))
    return found


def _box(x: int, y: int, width: int, height: int) -> Box:
    return Box(*(float(value) * MM for value in (x, y, width, height)))


def _is_seal(mask: np.ndarray) -> bool:
    """A ring: about as high as wide, little ink in the corners of its box, and larger than a stamp is high."""
    height, width = mask.shape
    if min(height, width) * MM < 22 or max(height, width) > 1.5 * min(height, width):
        return False
    y, x = np.nonzero(mask)
    radius = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2))
    return bool((radius > 1.12).mean() < 0.02)


def _red_stamp(view: PageView, own: np.ndarray, box: tuple[int, int, int, int]) -> Stamp:
    x, y, width, height = box
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = cv2.minAreaRect(max(contours, key=cv2.contourArea))
    framed = _is_frame(own, outline)
    rows, columns = np.nonzero(own)
    standing = height > 1.6 * width  # a page on its side carries its stamps on their side
    lean = lean_of(rows, columns) if standing else lean_of(columns, rows)
    patch = view.crop(Box((x - 3) * MM, (y - 3) * MM, (width + 6) * MM, (height + 6) * MM), READ_DPI)
    blue, green, red = cv2.split(patch)
    ink = cv2.subtract(red, cv2.min(blue, green))
    ink = cv2.subtract(ink, int(np.median(ink)) + TINT)  # what the paper's own tint gives
    if standing:
        ink, lean = np.ascontiguousarray(np.rot90(ink)), -lean
    return Stamp(_box(x, y, width, height), *_straight(ink, lean), red=True, framed=framed)


def _is_frame(mask: np.ndarray, outline: tuple) -> bool:
    """One outline of a stamp's size whose four sides are inked."""
    long, short = max(outline[1]) * MM, min(outline[1]) * MM
    if not (STAMP_MM[0][0] <= long <= STAMP_MM[0][1] and STAMP_MM[1][0] <= short <= STAMP_MM[1][1]):
        return False
    if not 1.7 <= long / short <= 7.5 or max(mask.shape) > max(outline[1]) * 1.25:
        return False
    corners = cv2.boxPoints(outline)
    ends = [corner.astype(int).tolist() for corner in corners]
    covered = [_covered(mask, ends[index], ends[(index + 1) % 4]) for index in range(4)]
    return min(covered) > 0.35 and float(np.mean(covered)) > 0.55


def _covered(mask: np.ndarray, start: list[int], end: list[int]) -> float:
    """Share of the way from corner to corner that has ink within 0.8 mm."""
    steps = max(int(np.hypot(end[0] - start[0], end[1] - start[1]) / 2), 2)
    near = cv2.dilate(mask, np.ones((7, 7), np.uint8))
    xs = np.clip(np.linspace(start[0], end[0], steps).astype(int), 0, mask.shape[1] - 1)
    ys = np.clip(np.linspace(start[1], end[1], steps).astype(int), 0, mask.shape[0] - 1)
    return float((near[ys, xs] > 0).mean())


def black_frames(view: PageView, share: float) -> list[Stamp]:
    """Framed one-line marks in black in the upper ``share`` of the page. Table cells share sides; a stamp stands alone."""
    height = int(view.gray.shape[0] * share)
    dark = cv2.threshold(view.black_ink[:height], 174, 255, cv2.THRESH_BINARY_INV)[1]
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, hierarchy = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for index, contour in enumerate(contours):
        if hierarchy[0][index][3] >= 0 or len(contour) < 4:
            continue
        x, y, w, h = cv2.boundingRect(contour)
        if max(w, h) * MM < 0.7 * STAMP_MM[0][0]:
            continue
        outline = cv2.minAreaRect(contour)
        mask = np.zeros((h, w), np.uint8)
        cv2.drawContours(mask, [contour - (x, y)], -1, 255, 2)
        if not _is_frame(mask, ((outline[0][0] - x, outline[0][1] - y), outline[1], outline[2])):
            continue
        patch = view.crop(Box((x - 2) * MM, (y - 2) * MM, (w + 4) * MM, (h + 4) * MM), READ_DPI)
        gray = patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
        lean = (outline[2] + 45) % 90 - 45
        standing = h > 1.6 * w
        ink = cv2.subtract(255 - gray, int(np.median(255 - gray)) + TINT)
        images = _straight(np.ascontiguousarray(np.rot90(ink)) if standing else ink, lean)
        found.append(Stamp(_box(x, y, w, h), *images, red=False, framed=True))
    return found


def _straight(ink: np.ndarray, lean: float) -> tuple[np.ndarray, np.ndarray]:
    """Ink (bright on black) turned level, lines longer than letters taken out, as dark words on white with a margin;
    and the same with its lines."""
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1.0)
    level = cv2.warpAffine(ink, turn, (width, height), flags=cv2.INTER_LINEAR)
    top = float(np.percentile(level, 99.5))
    if top < 12:
        return np.full((40, 40), 255, np.uint8), np.full((40, 40), 255, np.uint8)
    level = cv2.convertScaleAbs(level, alpha=255 / top)
    binary = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    per_mm = READ_DPI / 25.4
    bridged = cv2.morphologyEx(binary, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    across = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, int(7.0 * per_mm)), np.uint8))
    down = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((int(LETTER_TALL_MM * per_mm), 1), np.uint8))
    lines = cv2.dilate(across | down, np.ones((3, 3), np.uint8))
    whole = level.copy()
    level[lines > 0] = 0
    if 8.0 <= height / per_mm <= STAMP_MM[1][1] + 3:  # lower marks are words without a frame
        level = _words_only(_inside(level, bridged))
    white = 4 * [MARGIN_PX]
    return (
        cv2.copyMakeBorder(255 - level, *white, cv2.BORDER_CONSTANT, value=255),
        cv2.copyMakeBorder(255 - whole, *white, cv2.BORDER_CONSTANT, value=255),
    )


def _words_only(level: np.ndarray) -> np.ndarray:
    """Take out what is left of a worn frame: pieces too long, too flat or too thin to be letters."""
    per_mm = READ_DPI / 25.4
    binary = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    width, height = stats[:, 2] / per_mm, stats[:, 3] / per_mm
    frame = (width > 11) | (height > 6.6) | ((height < 0.9) & (width > 1.8)) | ((width < 0.8) & (height > 4.4))
    frame[0] = False
    pieces = cv2.dilate(frame.astype(np.uint8)[labels], np.ones((5, 5), np.uint8))
    # a letter that touches a piece keeps its own strokes
    pieces &= ~cv2.dilate((~frame).astype(np.uint8)[labels] & (binary > 0), np.ones((3, 3), np.uint8))
    clean = level.copy()
    clean[pieces > 0] = 0
    return clean


def _inside(level: np.ndarray, binary: np.ndarray) -> np.ndarray:
    """What stands within the innermost frame line of each side; the whole where no line shows."""
    height, width = level.shape
    rows = cv2.dilate(binary, np.ones((1, 9), np.uint8)).mean(axis=1) > 0.75 * 255
    top = np.flatnonzero(rows[: int(0.36 * height)])
    bottom = np.flatnonzero(rows[int(0.64 * height) :]) + int(0.64 * height)
    y0, y1 = (top[-1] + 2 if len(top) else 0), (bottom[0] - 1 if len(bottom) else height)
    columns = cv2.dilate(binary[y0:y1], np.ones((5, 1), np.uint8)).mean(axis=0) > 0.85 * 255
    left = np.flatnonzero(columns[: int(0.22 * width)])
    right = np.flatnonzero(columns[int(0.78 * width) :]) + int(0.78 * width)
    x0, x1 = (left[-1] + 2 if len(left) else 0), (right[0] - 1 if len(right) else width)
    return level[y0:y1, x0:x1]
