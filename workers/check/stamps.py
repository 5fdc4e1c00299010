"""Rubber stamps on a page, cut out and set straight for reading: red ones by their ink, black ones by their frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.model import Box
from workers.check.text import lean_of
from workers.check.view import WORK_DPI, PageView
from workers.tools import frames
from workers.tools.connected import connected

MM = 25.4 / WORK_DPI
READ_DPI = 220.0
JOIN_PX = 9
"""letters and frame of one stamp lie closer than 2.3 mm"""
MARK_MM = ((9.0, 110.0), (3.0, 70.0))
"""long and short side of a red mark that may carry words: from a frameless MẬT to several stamps that touch"""
STAMP_MM = ((14.0, 60.0), (5.0, 16.0))
"""long and short side of a framed one-line stamp"""
STRAIGHT = 0.69
"""share of the sides of what lies in pieces that has ink within a dot of them: worn frames from 0.74 but for one of 0.33,
lines of words in the middle of seals up to 0.63"""
LETTER_TALL_MM = 6.2
RED_MIN_PX = 60
PAPER_LEVEL, PAPER_MIN = 190, 0.4
"""share of a stamp's box that is bare paper: stamps over print 0.58 and more, red places of photographs up to 0.3 mostly;
what is read out of a photograph is chance"""
BLACK_LEVEL = 225
"""of 255 for bare paper: pale stamps scanned without colour lie at 140 to 200, their thin lines higher at WORK_DPI"""
PALEST, PRINT_SHARE = 40, 0.15
RIM_MM = 1.8
"""from the border of a frame cut out by its sides to behind its inner line, mostly; the tips of hats reach into it"""
ANGLES_BETWEEN = (0.0, -0.5, 0.5, -1.0, 1.0)
EDGE_MM = 2.0
"""from the border of a frame cut out by its sides to behind the inner of two lines 1 mm apart"""
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
    per_mm: float
    """px per mm of the pictures"""
    sides_mm: tuple[float, float]
    """long and short side of its outline, whatever its lean"""
    pale: np.ndarray | None = None
    """``straight`` without the darkest ink, where there are two"""


def red_stamps(view: PageView) -> list[Stamp]:
    """Every red mark that may carry words, round seals left out; framed ones first."""
    inked = view.stamp_ink
    if cv2.countNonZero(inked) < RED_MIN_PX:
        return []
    joined = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((JOIN_PX, JOIN_PX), np.uint8))
    labels, stats = connected(joined)
    found = []
    for index in range(1, len(stats)):
        x, y, width, height, _ = stats[index]
        long, short = max(width, height) * MM, min(width, height) * MM
        if not (MARK_MM[0][0] <= long <= MARK_MM[0][1] and MARK_MM[1][0] <= short <= MARK_MM[1][1]):
            continue
        own = np.where(labels[y : y + height, x : x + width] == index, inked[y : y + height, x : x + width], 0)
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
            for frame in frames.look(own):
                moved = replace(frame, x=frame.x + x, y=frame.y + y)
                found.append(replace(_cut_out(view, moved, red=True), framed=False))
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
    outline, framed = _outline(own)
    standing = height > 1.6 * width  # a page on its side carries its stamps on their side
    if framed and not standing:
        return _cut_out(view, _lying(outline, x, y), red=True)
    rows, columns = np.nonzero(own)
    lean = lean_of(rows, columns) if standing else lean_of(columns, rows)
    patch = view.crop(Box((x - 3) * MM, (y - 3) * MM, (width + 6) * MM, (height + 6) * MM), READ_DPI)
    ink = _red_of(patch)
    ink = cv2.subtract(ink, int(np.median(ink)) + TINT)  # what the paper's own tint gives
    if standing:
        ink, lean = np.ascontiguousarray(np.rot90(ink)), -lean
    sides = max(outline[1]) * MM, min(outline[1]) * MM
    per_mm = min(*view.dpi, READ_DPI) / 25.4
    return Stamp(
        _box(x, y, width, height), *_straight(ink, lean), red=True, framed=framed, per_mm=per_mm, sides_mm=sides
    )


def _outline(own: np.ndarray) -> tuple[tuple, bool]:
    """Rotated rectangle round a mark, and whether it is its frame: round all of it where a worn frame has come to pieces,
    round its largest piece where specks lie beside it."""
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    whole, largest = (cv2.minAreaRect(part) for part in (np.concatenate(contours), max(contours, key=cv2.contourArea)))
    if _is_frame(own, whole) and np.mean(_covered(own, whole, 3)) >= STRAIGHT:
        return whole, True
    return largest, _is_frame(own, largest)


def _lying(outline: tuple, x: int, y: int) -> frames.Frame:
    """OpenCV's rotated rectangle, in a part of the page that begins at ``x``, ``y``, as a frame."""
    (middle_x, middle_y), (one, other), angle = outline
    lean = (angle + 45) % 90 - 45
    wide, high = (one, other) if lean == angle else (other, one)
    return frames.Frame(x + middle_x, y + middle_y, wide, high, lean, 1.0)


def _is_frame(mask: np.ndarray, outline: tuple) -> bool:
    """One outline of a stamp's size whose four sides are inked."""
    long, short = max(outline[1]) * MM, min(outline[1]) * MM
    if not (STAMP_MM[0][0] <= long <= STAMP_MM[0][1] and STAMP_MM[1][0] <= short <= STAMP_MM[1][1]):
        return False
    if not 1.7 <= long / short <= 7.5 or max(mask.shape) > max(outline[1]) * 1.25:
        return False
    covered = _covered(mask, outline, 7)
    return min(covered) > 0.35 and float(np.mean(covered)) > 0.55


def _covered(mask: np.ndarray, outline: tuple, wide_px: int) -> list[float]:
    """Share of each side of a rectangle that has ink in the ``wide_px`` dots across it."""
    near = cv2.dilate(mask, np.ones((wide_px, wide_px), np.uint8))
    ends = [corner.astype(int).tolist() for corner in cv2.boxPoints(outline)]
    found = []
    for start, end in zip(ends, [*ends[1:], ends[0]], strict=True):
        steps = max(int(np.hypot(end[0] - start[0], end[1] - start[1]) / 2), 2)
        xs = np.clip(np.linspace(start[0], end[0], steps).astype(int), 0, mask.shape[1] - 1)
        ys = np.clip(np.linspace(start[1], end[1], steps).astype(int), 0, mask.shape[0] - 1)
        found.append(float((near[ys, xs] > 0).mean()))
    return found


def black_frames(view: PageView, share: float) -> Iterator[Stamp]:
    """Framed one-line marks in black of a secrecy stamp's measures, which are those of urgency stamps too, in the upper
    ``share`` of the page: surest first, print across them or not. Each is cut out when it is asked for."""
    height = int(view.gray.shape[0] * share)
    mask = cv2.threshold(view.black_ink[:height], BLACK_LEVEL, 255, cv2.THRESH_BINARY_INV)[1]
    if view.pixels.ndim == 3:  # red ones are found by their ink
        mask[cv2.dilate(view.stamp_ink[:height], np.ones((3, 3), np.uint8)) > 0] = 0
    return (_cut_out(view, frame, red=False) for frame in frames.look(mask))


def _cut_out(view: PageView, frame: frames.Frame, red: bool) -> Stamp:
    reach = float(np.hypot(frame.width, frame.height)) / 2 + 8
    left, top = max(frame.x - reach, 0.0), max(frame.y - reach, 0.0)
    patch = view.crop(Box(left * MM, top * MM, (frame.x + reach - left) * MM, (frame.y + reach - top) * MM), READ_DPI)
    ink = _red_of(patch) if red else 255 - (patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY))
    per_px = min(*view.dpi, READ_DPI) / WORK_DPI
    at = ((frame.x - left) * per_px, (frame.y - top) * per_px)
    size = tuple(round((side + 2) * per_px) for side in (frame.width, frame.height))
    level, pale = _levelled(ink, at, size, frame.angle, red)
    sides = frame.width * MM, frame.height * MM
    box = Box(frame.x * MM - sides[0] / 2, frame.y * MM - sides[1] / 2, *sides)
    if pale is not None:  # print tears its lines into pieces that no length tells from letters
        rim = round(RIM_MM * READ_DPI / 25.4)
        pale[:rim] = pale[-rim:] = 0
        pale[:, :rim] = pale[:, -rim:] = 0
    words = None if pale is None else _straight(pale, 0.0, EDGE_MM)[0]
    return Stamp(box, *_straight(level, 0.0, EDGE_MM), red, True, min(*view.dpi, READ_DPI) / 25.4, sides, words)


def _levelled(
    ink: np.ndarray, at: tuple[float, float], size: tuple[int, ...], angle: float, red: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """The frame about ``at`` turned level, with and without the print under it: of the angles between two that frames
    are looked for at, the one whose long sides lie sharpest."""
    band = round(EDGE_MM * READ_DPI / 25.4)
    found = []
    for off in ANGLES_BETWEEN:
        turn = cv2.getRotationMatrix2D(at, angle + off, 1.0)
        turn[:, 2] += (size[0] / 2 - at[0], size[1] / 2 - at[1])
        level = cv2.warpAffine(ink, turn, size, flags=cv2.INTER_LINEAR)
        level = cv2.subtract(level, int(np.percentile(level, 25)) + TINT)
        pale = None if red else _without_print(level)
        sides = level if pale is None else pale
        rows = np.vstack([sides[:band], sides[-band:]]).mean(axis=1)
        found.append((float((np.diff(rows) ** 2).sum()), level, pale))
    _, level, pale = max(found, key=lambda one: one[0])
    return level, pale


def _without_print(ink: np.ndarray) -> np.ndarray | None:
    """Red is paler than print when scanned without colour: the paler of two inks alone; None where there is but one."""
    inked = ink[ink > PALEST]
    if inked.size < 200:
        return None
    level, _ = cv2.threshold(inked.reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    if not PRINT_SHARE < float((inked > level).mean()) < 1 - PRINT_SHARE:
        return None
    dark = cv2.dilate((ink > level).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(dark > 0, np.uint8(0), ink)


def _red_of(patch: np.ndarray) -> np.ndarray:
    blue, green, red = cv2.split(patch)
    return cv2.subtract(red, cv2.min(blue, green))


def _straight(ink: np.ndarray, lean: float, edge_mm: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Ink (bright on black) turned level, lines longer than letters taken out, as dark words on white with a margin;
    and the same with its lines. ``edge_mm``: how far from its border the frame's lines lie, where that is known."""
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
        level = _words_only(_inside(level, bridged, edge_mm))
    white = 4 * [MARGIN_PX]
    return (
        cv2.copyMakeBorder(255 - level, *white, cv2.BORDER_CONSTANT, value=255),
        cv2.copyMakeBorder(255 - whole, *white, cv2.BORDER_CONSTANT, value=255),
    )


def _words_only(level: np.ndarray) -> np.ndarray:
    """Take out what is left of a worn frame: pieces too long, too flat or too thin to be letters."""
    per_mm = READ_DPI / 25.4
    binary = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    labels, stats = connected(binary)
    width, height = stats[:, 2] / per_mm, stats[:, 3] / per_mm
    frame = (width > 11) | (height > 6.6) | ((height < 0.9) & (width > 1.8)) | ((width < 0.8) & (height > 4.4))
    frame[0] = False
    pieces = cv2.dilate(frame.astype(np.uint8)[labels], np.ones((5, 5), np.uint8))
    # a letter that touches a piece keeps its own strokes
    pieces &= ~cv2.dilate((~frame).astype(np.uint8)[labels] & (binary > 0), np.ones((3, 3), np.uint8))
    clean = level.copy()
    clean[pieces > 0] = 0
    return clean


def _inside(level: np.ndarray, binary: np.ndarray, edge_mm: float | None) -> np.ndarray:
    """What stands within the innermost frame line of each side; the whole where no line shows."""
    height, width = level.shape
    high, wide = int(0.36 * height), int(0.22 * width)
    if edge_mm:
        high, wide = (min(limit, int(edge_mm * READ_DPI / 25.4)) for limit in (high, wide))
    rows = cv2.dilate(binary, np.ones((1, 9), np.uint8)).mean(axis=1) > (0.8 if edge_mm else 0.75) * 255
    top = np.flatnonzero(rows[:high])
    bottom = np.flatnonzero(rows[height - high :]) + height - high
    y0, y1 = (top[-1] + 2 if len(top) else 0), (bottom[0] - 1 if len(bottom) else height)
    columns = cv2.dilate(binary[y0:y1], np.ones((5, 1), np.uint8)).mean(axis=0) > 0.85 * 255
    left = np.flatnonzero(columns[:wide])
    right = np.flatnonzero(columns[width - wide :]) + width - wide
    x0, x1 = (left[-1] + 2 if len(left) else 0), (right[0] - 1 if len(right) else width)
    return level[y0:y1, x0:x1]
