"""Is a picture's colour only a tint laid over a grey capture? Then lightness explains it everywhere and at every edge.

A colour scanner cannot make such a picture: its channels lie a fraction of a dot apart, so one side of every stroke is
warmer than the other, or its lamps light the sheet unevenly in each colour, so paper of one lightness drifts in hue from
side to side. Both survive JPEG, because they are means over thousands of dots. A tint has neither, however it was
curved and pressed: JPEG's errors have no side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

BANDS, BAND_PX = 12, 48
EDGE_LEVELS = 12.0
"""slope, in levels per two dots, that is an edge of a stroke"""
EDGES_MIN = 1500
BLOCK_PX, BLOCK_STEP = 16, 48
STRETCHES = 12
PAPER_SPAN = 25.0
"""levels below the usual paper that are paper still"""
BURNT = 253.5
PAPER_MIN = 0.1
FINE = 4
"""classes of lightness per level: a tint goes with it within a level too"""
SURE = 15.5
FRINGES = ((SURE, 0.003), (8.0, 0.0045))
"""how sure, and how broad in dots; a sparse page is less sure of a broader one. Tinted greys up to 14 times the error, broad ones
7.6; colour scans of black letters 17–240 (docs/check/colour.md)"""
APART, TOUCHED_MIN = 2.0, 0.25
"""levels, and share of edges: a black letter washed white has a few coloured dots, and the lid beside it many"""
EXPLAINED_MIN = 1.0
"""JPEG 55 can leave one hue over a whole page, which says nothing: 0.1; tinted greys from 1.07"""
SCATTER_MIN = 6.0
"""tinted greys pressed hard up to 5.4"""
DRIFT_MIN = 0.3
"""tinted greys mostly up to 0.2, one in fifty 0.4; colour scans without a fringe 0.42, 0.6 and 1.0"""


@dataclass(frozen=True, slots=True)
class Colour:
    """What in a picture's colour lightness does not explain. ``fringe``: colour per slope of lightness at edges, dots;
    ``sure``: how many times its own error that is. ``scatter``: levels RMS at edges; ``explained``: how many levels colour
    does go with lightness. ``touched``: share of the edges that have any colour. ``drift``: levels by which the hue of
    paper of one lightness changes across or down the page; None where the paper is burnt out, or the rest has told."""

    fringe: float
    sure: float
    scatter: float
    explained: float
    touched: float
    drift: float | None

    @property
    def is_tint(self) -> bool:
        fringed = any(self.sure >= sure and self.fringe >= fringe for sure, fringe in FRINGES)
        tinted = self.touched >= TOUCHED_MIN and self.explained >= EXPLAINED_MIN
        return tinted and not fringed and self.scatter < SCATTER_MIN and (self.drift or 0.0) < DRIFT_MIN


def measure(pixels: np.ndarray) -> Colour | None:
    """``pixels``: H×W×3 BGR as captured, not reduced; None without strokes to go by."""
    edges = _edges(pixels)
    if edges is None:
        return None
    known, differences = edges
    inverse = np.linalg.inv(known.T @ known + 1e-6 * len(known) * np.eye(known.shape[1]))
    fringe = sure = scatter = explained = 0.0
    touched = float(np.mean(np.maximum(*map(np.abs, differences)) > APART))
    for difference in differences:
        weights = inverse @ (known.T @ difference)
        curve = known @ weights
        error = float((difference - curve).std())
        explained = max(explained, float(curve.std()))
        for place in (-2, -1):
            own = error * float(np.sqrt(inverse[place, place])) + 1e-6
            if abs(weights[place]) / own > sure:
                fringe, sure = abs(float(weights[place])), abs(float(weights[place])) / own
        scatter = max(scatter, error)
    found = Colour(fringe, sure, scatter, explained, touched, None)
    return replace(found, drift=_drift(pixels)) if found.is_tint else found  # the dearest is asked last


def _edges(pixels: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """At the edges of strokes: what lightness can explain (a curve of it, its bend) and its slope across and down; and
    red − green, blue − green. In steps of two dots, which is what 4:2:0 keeps of colour."""
    height, width = pixels.shape[:2]
    known, red, blue = [], [], []
    for index in range(BANDS):
        top = int((index + 0.5) * height / BANDS) - BAND_PX // 2
        band = pixels[max(top - top % 2, 0) :][:BAND_PX, : width - width % 2]
        half = _averaged(band, 2, len(band) // 2)
        light = cv2.transform(half, np.float32([[0.114, 0.587, 0.299]]))
        across = (light[1:-1, 2:] - light[1:-1, :-2]) / 2
        down = (light[2:, 1:-1] - light[:-2, 1:-1]) / 2
        edge = np.abs(across) + np.abs(down) > EDGE_LEVELS
        blue_of, green_of, red_of = (half[1:-1, 1:-1, channel] for channel in range(3))
        level = light[1:-1, 1:-1][edge] / 255
        bend = cv2.Laplacian(light, cv2.CV_32F)[1:-1, 1:-1][edge]
        known.append(np.stack([np.ones_like(level), level, level**2, level**3, bend, across[edge], down[edge]], axis=1))
        red.append((red_of - green_of)[edge])
        blue.append((blue_of - green_of)[edge])
    if sum(map(len, red)) < EDGES_MIN:
        return None
    return np.concatenate(known).astype(np.float64), [np.concatenate(red), np.concatenate(blue)]


def _averaged(band: np.ndarray, side: int, rows: int) -> np.ndarray:
    """Means of squares of ``side`` dots (2 or 16), float32, to the full: their sums are whole and fit into 16 bits."""
    sums = cv2.resize(
        np.multiply(band, side * side, dtype=np.uint16), (band.shape[1] // side, rows), interpolation=cv2.INTER_AREA
    )
    return sums.astype(np.float32) / (side * side)


def _drift(pixels: np.ndarray) -> float | None:
    width = pixels.shape[1] // BLOCK_PX
    rows = [
        _averaged(pixels[top : top + BLOCK_PX, : width * BLOCK_PX], BLOCK_PX, 1)
        for top in range(BLOCK_STEP, pixels.shape[0] - BLOCK_STEP, BLOCK_STEP)
    ]
    if len(rows) < STRETCHES or width < STRETCHES:
        return None
    blocks = np.concatenate(rows)[:, 3:-3]  # the lid shows at the rims
    light = cv2.transform(blocks, np.float32([[0.114, 0.587, 0.299]]))
    paper = (light > np.percentile(light, 60) - PAPER_SPAN) & (light < BURNT)
    if paper.mean() < PAPER_MIN:
        return None
    level = np.round(FINE * light).astype(int)
    worst = 0.0
    for channel in (0, 2):
        difference = blocks[:, :, channel] - blocks[:, :, 1]
        count = np.maximum(np.bincount(level[paper], minlength=FINE * 256), 1)
        mean = np.bincount(level[paper], difference[paper], minlength=FINE * 256) / count
        rest = np.where(paper, difference - mean[level], 0.0)
        for axis in (0, 1):
            parts = zip(np.array_split(rest, STRETCHES, axis), np.array_split(paper, STRETCHES, axis), strict=True)
            worst = max(worst, float(np.std([part.sum() / max(here.sum(), 1) for part, here in parts])))
    return worst
