"""Sharpness, darkness and contrast where there is writing: the tiles of the page that rules on legibility share."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from workers.check.view import WORK_DPI, PageView
from workers.tools.connected import connected

TILE_MM = 22.0
TILES_MAX = 28
INK_MIN = 150
"""px at WORK_DPI of writing that make a tile worth measuring"""
WASHED_OUT = 0.35
"""share of the dark marks that must be black enough for letters; below it the faint ones are the writing"""
LETTERS_PX = 160
"""px at WORK_DPI: words whose pale letters run together, and no longer"""
SIGMA_SENSE_MM = 1.0
"""slopes gentler than this are shading, folds or stains, not strokes"""
STEP_TO_SIGMA = 2.507
"""√(2π): the steepest slope of an edge blurred by sigma is contrast / (√(2π)·sigma)"""


@dataclass(frozen=True, slots=True)
class Tile:
    """A place with writing. ``x``, ``y``: mm of its corner. ``paper``, ``ink``: levels 0–255 of paper and of its darkest
    strokes. ``across_mm``, ``down_mm``: blur of its steepest edges, along the lines and from line to line."""

    x: float
    y: float
    paper: float
    ink: float
    across_mm: float
    down_mm: float

    @property
    def sigma_mm(self) -> float:
        """The worse: a sheet that moved is blurred one way only."""
        return max(self.across_mm, self.down_mm)


def tiles(view: PageView) -> list[Tile]:
    """The tiles with most writing, spread over the page."""
    writing, _ = view.letters
    least = INK_MIN
    faint = cv2.morphologyEx((view.black_ink < 222).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if cv2.countNonZero(writing) < WASHED_OUT * cv2.countNonZero(faint):
        faint = _letters_only(faint)
        if cv2.countNonZero(writing) < WASHED_OUT * cv2.countNonZero(faint):
            writing, least = faint, 2 * INK_MIN
    side = int(TILE_MM / 25.4 * WORK_DPI)
    rows, columns = writing.shape[0] // side, writing.shape[1] // side
    if not rows or not columns:
        return []
    ink = writing[: rows * side, : columns * side].reshape(rows, side, columns, side).sum(axis=(1, 3))
    order = np.argsort(ink, axis=None)[::-1]
    found = []
    for place in order:
        row, column = np.unravel_index(place, ink.shape)
        if not least <= ink[row, column] <= 0.5 * side * side:
            continue
        tile = _tile(view, column * side * 25.4 / WORK_DPI, row * side * 25.4 / WORK_DPI)
        if tile.sigma_mm > SIGMA_SENSE_MM:
            continue
        found.append(tile)
        if len(found) == TILES_MAX:
            break
    return found


def _letters_only(marks: np.ndarray) -> np.ndarray:
    """The marks of letter size: the lid of the scanner beside the sheet is faint too, but no writing."""
    labels, stats = connected(marks)
    keep = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) <= LETTERS_PX
    keep[0] = False
    return keep.astype(np.uint8)[labels]


def _tile(view: PageView, x: float, y: float) -> Tile:
    left, right = (int(value * view.dpi[0] / 25.4) for value in (x, x + TILE_MM))
    top, bottom = (int(value * view.dpi[1] / 25.4) for value in (y, y + TILE_MM))
    patch = view.luma[top:bottom, left:right]
    levels = _cumulated(patch)
    paper, ink = float(np.searchsorted(levels, 0.85)), float(np.searchsorted(levels, 0.006))
    contrast = max(paper - ink, 1.0) / STEP_TO_SIGMA
    rows, columns = np.ascontiguousarray(patch[::2]), np.ascontiguousarray(patch[:, ::2])  # half tells as much
    across = contrast / _slope(rows[:, 2:], rows[:, :-2]) / view.dpi[0] * 25.4
    down = contrast / _slope(columns[2:], columns[:-2]) / view.dpi[1] * 25.4
    return Tile(x, y, paper, ink, across, down)


def _slope(ahead: np.ndarray, behind: np.ndarray) -> float:
    """Levels per dot that one in two hundred places exceeds."""
    step = cv2.absdiff(ahead, behind)
    return max(float(np.searchsorted(_cumulated(step), 0.995)) / 2, 0.5)


def _cumulated(pixels: np.ndarray) -> np.ndarray:
    return cv2.calcHist([pixels], [0], None, [256], [0, 256]).ravel().cumsum() / pixels.size


def sigma(found: list[Tile]) -> float | None:
    """Median blur of the page in mm, None without writing."""
    return float(np.median([tile.sigma_mm for tile in found])) if found else None
