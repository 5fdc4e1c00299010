"""The edges of the sheet inside the image: where paper ends and the scanner's lid or an empty canvas begins."""

from __future__ import annotations

import cv2
import numpy as np

from intake.model import Box
from workers.check.view import WORK_DPI, PageView

REACH = 0.16
"""share of the image, from each border inwards, where a sheet's edge is looked for"""
INSET_MM = 1.2
"""an edge closer to the border is the border itself"""
STEP_MIN = 1.0
"""levels between paper and surroundings that count, at the edge and for 3 mm on: a fold or a rule goes back"""
OVER_NOISE = 2.0
SHORT = 2
"""of 16 stretches along an edge, how many may fall short: rounded corners, a dog-ear, a shadow"""


def find(view: PageView, lean: float | None) -> Box | None:
    """The sheet in mm of the image levelled by ``lean``; None unless an edge shows across and one shows along.

    Sides that do not show are the image's own border. Edges, not colours, are compared: an aged sheet on white and a
    white sheet on grey look alike. Twice, because an edge ends where the sheet ends.
    """
    small = cv2.GaussianBlur(view.small, (0, 0), 1.2)
    height, width = small.shape[:2]
    if lean:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1.0)
        small = cv2.warpAffine(small, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    columns, rows = (0, width), (0, height)
    seen_across = seen_along = False
    for _ in range(2):
        rows, seen_along = _edges(small[:, columns[0] : columns[1]].transpose(1, 0, 2))
        columns, seen_across = _edges(small[rows[0] : rows[1]])
    if not (seen_across and seen_along):
        return None
    return view.box(columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])


def _edges(pixels: np.ndarray) -> tuple[tuple[int, int], bool]:
    """First and last column of the sheet, and whether either is a seen edge rather than the image's border."""
    width = pixels.shape[1]
    reach, inset = int(width * REACH), int(INSET_MM / 25.4 * WORK_DPI)
    near = _step(pixels[:, :reach], inset)
    far = _step(pixels[:, ::-1][:, :reach], inset)
    return (near or 0, width - (far or 0)), near is not None or far is not None


def _step(band: np.ndarray, inset: int) -> int | None:
    """The strongest steady step in a band that begins at the image's border."""
    sparse = band[::3]
    signed = sparse[:, 4:].astype(np.int16) - sparse[:, :-4]
    stretches = np.stack([np.median(part, axis=0) for part in np.array_split(signed, 16)])  # 16 × columns × channels
    ordered = np.sort(stretches, axis=0)
    # what nearly every stretch reaches, in one direction: lines of text leave the margins' stretches at nothing
    strength = np.maximum(ordered[SHORT], -ordered[-1 - SHORT]).max(axis=1)
    strength[: max(inset - 2, 0)] = 0
    place = int(strength.argmax())
    noise = float(np.median(np.abs(stretches).mean(axis=0).max(axis=1)))
    if strength[place] < max(STEP_MIN, OVER_NOISE * min(noise, STEP_MIN)):
        return None
    edge = place + 2
    outside, inside = band[:, max(edge - 16, 0) : max(edge - 3, 1)], band[:, edge + 3 : edge + 16]
    change = np.median(inside.reshape(-1, 3), axis=0) - np.median(outside.reshape(-1, 3), axis=0)
    return edge if np.abs(change).max() >= STEP_MIN else None
