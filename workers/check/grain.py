"""Where a sheet's grain begins: white paper on a white canvas shows no edge, but a canvas drawn by software has no noise.

«Fit to page» sets the reduced image on dots that are all alike; the captured paper beside them has a sensor's noise,
however white it is. Each side is searched from the border inwards for the first place that is not perfectly quiet.
"""

from __future__ import annotations

import cv2
import numpy as np

from workers.check.view import PageView

REACH = 0.13
"""share of the image, from each border inwards; less than a margin plus half an edge"""
STRETCHES = 16
QUIET = 0.0004
"""share of dots beside the canvas's own level that dust may make in a drawn canvas"""
GRAIN_MIN = 0.006
"""share of dots that noise moves on the whitest papers at JPEG Q60 (docs/check/scale.md)"""
STEADY = 12
"""of STRETCHES along an edge, how many must have grain behind it: marks and dust stand here and there"""
SMOOTH_MM = 0.8
BEHIND_MM = 2.0
"""the paper's edge is often a faint line, and the paper behind it as white as the canvas"""
INSET_MM = 1.2
INK = 40
"""levels below the canvas that are ink, not grain: what begins with ink is a margin, not an edge"""
INK_SHARE = 0.02


def onsets(view: PageView, lean: float) -> tuple[float | None, float | None, float | None, float | None]:
    """mm from the left, right, top and bottom border to where grain begins; None where nothing tells."""
    slope = float(np.tan(np.radians(lean)))
    luma, across = view.luma, view.luma.T
    dpi_x, dpi_y = view.dpi
    return (
        _onset(luma, dpi_x, dpi_y, slope),
        _onset(luma[:, ::-1], dpi_x, dpi_y, -slope),
        _onset(across, dpi_y, dpi_x, -slope),
        _onset(across[:, ::-1], dpi_y, dpi_x, slope),
    )


def _onset(luma: np.ndarray, dpi: float, dpi_along: float, slope: float) -> float | None:
    """mm from the left border to where grain begins; None without a quiet strip or without grain behind it.

    ``slope``: how far (dots per dot) an edge that leans wanders to the right on its way down.
    """
    height, width = luma.shape
    reach = int(width * REACH)
    band = luma[:: max(1, height // 1200), :reach]
    border = band[:, 2 : max(int(dpi / 25.4), 6)]
    canvas = int(np.median(border))
    if (border != canvas).mean() > QUIET * 5:
        return None
    moved = (band != canvas).view(np.uint8)
    parts = np.array_split(moved, STRETCHES)
    profiles = np.stack([part.mean(axis=0) for part in parts])
    middles = (np.arange(STRETCHES) + 0.5) / STRETCHES - 0.5
    drift = np.round(slope * middles * height * dpi / dpi_along).astype(int)
    level = np.stack([np.roll(profile, -shift) for profile, shift in zip(profiles, drift, strict=True)])
    for row, shift in zip(level, drift, strict=True):  # what a roll brings in from the other end
        if shift > 0:
            row[-shift:] = row[-shift - 1]
        elif shift < 0:
            row[:-shift] = 0.0
    per_mm = dpi / 25.4
    smooth = cv2.blur(level, (max(3, round(SMOOTH_MM * per_mm)) | 1, 1))
    typical = np.sort(smooth, axis=0)[STRETCHES - STEADY]
    begun = np.flatnonzero(typical > GRAIN_MIN)
    if not len(begun):
        return None
    peak = typical[begun[0] : begun[0] + int(BEHIND_MM * per_mm)].max()
    edge = int(np.flatnonzero(typical >= peak / 2)[0])
    quiet = level[:, 2 : max(edge - round(2 * SMOOTH_MM * per_mm), 3)].mean(axis=1)
    if edge < INSET_MM * per_mm or np.sort(quiet)[STEADY] > QUIET + peak / 20:
        return None
    ink = (band[:, edge : edge + int(BEHIND_MM * per_mm)] < canvas - INK).mean()
    if ink > INK_SHARE:
        return None
    return edge / per_mm
