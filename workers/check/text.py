"""Where the printed lines run on a page: their tilt, which way is up, their bands. Shared by several rules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from workers.check.view import PageView

TILT_MAX = 12.0
"""degrees searched to either side"""
POINTS_MAX = 12000
COARSE_MAX = 6000
"""points, drawn by lot, that find the angle roughly; how sharp the rows are there is judged on POINTS_MAX"""
MARKS_MIN = 60
"""printed marks below which a page has too little text to speak of direction"""


@dataclass(frozen=True, slots=True)
class Lines:
    """``tilt``: degrees clockwise of the text lines. ``sharpness``: how line-like the rows are (contrast of the row
    profile); ``across``: the same for columns. ``marks``: letters and letter groups seen. ``rise``: share by which
    ink above the letters' bodies outweighs ink below (positive when upright), None without enough lines."""

    tilt: float
    sharpness: float
    across: float
    tilt_across: float
    marks: int
    rise: float | None
    lines: int


def measure(view: PageView) -> Lines:
    mask, marks = view.letters
    if marks < MARKS_MIN:
        return Lines(0.0, 0.0, 0.0, 0.0, marks, None, 0)
    x, y = cv2.findNonZero(mask).reshape(-1, 2).T
    tilt, sharpness = _tilt(x, y)
    tilt_across, across = _tilt(y, x)
    rise, lines = _rise(mask, tilt) if sharpness >= across else (None, 0)
    return Lines(tilt, sharpness, across, -tilt_across, marks, rise, lines)


def levelled(mask: np.ndarray, lean: float) -> np.ndarray:
    """``mask`` with lines that lean ``lean`` degrees set level about its left border, in columns of whole dots: most
    pages lean so little that a few wide pieces of them are moved."""
    height, width = mask.shape
    falls = np.round(np.tan(np.radians(lean)) * np.arange(width)).astype(int)
    ends = [0, *(np.flatnonzero(np.diff(falls)) + 1).tolist(), width]
    level = np.zeros_like(mask)
    for left, right in pairwise(ends):
        fall = int(falls[left])
        first = max(fall, 0)
        last = max(min(height + fall, height), first)
        level[first - fall : last - fall, left:right] = mask[first:last, left:right]
    return level


def lean_of(along: np.ndarray, over: np.ndarray) -> float:
    """Degrees by which marks given as pixel positions lean from level (clockwise); coarse, for single stamps."""
    angles = np.arange(-15.0, 15.1, 0.5)
    scores = [_contrast(along.astype(np.float32), over.astype(np.float32), angle, 1.0) for angle in angles]
    return float(angles[int(np.argmax(scores))])


def _tilt(along: np.ndarray, over: np.ndarray) -> tuple[float, float]:
    """Angle (degrees) at which ``over`` − tan·``along`` piles up most, and the contrast of the pile there."""
    if len(along) > POINTS_MAX:
        step = len(along) // POINTS_MAX + 1
        along, over = along[::step], over[::step]
    along, over = along.astype(np.float32), over.astype(np.float32)
    coarse = np.arange(-TILT_MAX, TILT_MAX + 0.01, 0.5)
    rough = slice(None)
    if len(along) > COARSE_MAX:  # every n-th point would beat with the width of the letters
        rough = np.random.default_rng(0).integers(0, len(along), COARSE_MAX)
    best = coarse[int(np.argmax([_contrast(along[rough], over[rough], angle, 2.0) for angle in coarse]))]
    fine = best + np.arange(-0.5, 0.51, 0.1)
    scores = [_contrast(along, over, angle, 1.0) for angle in fine]
    return float(fine[int(np.argmax(scores))]), float(max(scores))


def _contrast(along: np.ndarray, over: np.ndarray, angle: float, bin_px: float) -> float:
    rows = over - np.float32(np.tan(np.radians(angle))) * along
    rows -= rows.min()
    rows *= np.float32(1 / bin_px)
    histogram = np.bincount(rows.astype(np.intp)).astype(np.float32)
    step = np.diff(histogram)
    return float(step @ step / max(float(histogram @ histogram), 1.0))


def _rise(mask: np.ndarray, tilt: float) -> tuple[float | None, int]:
    """Over all lines of the levelled page, strip by strip: (above − below) / (above + below) of the letters' bodies."""
    above = below = lines = 0
    for strip in np.array_split(levelled(mask, tilt), 4, axis=1):
        up, down, found = _bodies(cv2.reduce(strip, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel())
        above, below, lines = above + up, below + down, lines + found
    if lines < 6 or above + below == 0:
        return None, lines
    return float((above - below) / (above + below)), lines


def _bodies(profile: np.ndarray) -> tuple[float, float, int]:
    """Ink above and below the dense body of each line in a row profile."""
    peaks = profile > 0.08 * np.percentile(profile[profile > 0], 95) if (profile > 0).any() else profile > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], peaks.view(np.int8), [0]])))
    above = below = 0.0
    lines = 0
    for top, bottom in zip(edges[::2], edges[1::2], strict=True):
        band = profile[top:bottom]
        if not 7 <= len(band) <= 30:
            continue
        body = np.flatnonzero(band >= 0.5 * band.max())
        above += float(band[: body[0]].sum())
        below += float(band[body[-1] + 1 :].sum())
        lines += 1
    return above, below, lines
