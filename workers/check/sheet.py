"""The edges of the sheet inside the image: where paper ends and the scanner's lid or an empty canvas begins.

Two things show an edge: a steady step of level, and, on white paper that a driver set on a white canvas, the place
where a drawn canvas' perfect quiet ends. Every side may offer several places; those four are taken that make a known
sheet's shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from intake.model import Box
from workers.check import grain, paper
from workers.check.ranked import ranked
from workers.check.view import WORK_DPI, PageView

REACH = 0.16
"""share of the image, from each border inwards, where a sheet's edge is looked for"""
SPARSE = 3
"""an edge runs along the whole border: so many dots apart tell as much"""
INSET_MM = 1.2
"""an edge closer to the border is the border itself"""
STEP_MIN = 1.0
"""levels between paper and surroundings that count, at the edge and for 3 mm on: a fold or a rule goes back"""
OVER_NOISE = 2.0
SHORT = 2
"""of 16 stretches along an edge, how many may fall short: rounded corners, a dog-ear, a shadow"""
PLACES_MAX = 3
GRADUAL = 0.5
SLIGHT = 0.027
PLAIN = 0.7
"""evidence of a step of 2.4 levels; steps of one level are found on clean pages too, by chance"""
APART_PX = 8
LEAN_MIN = 0.12
"""degrees under which levelling by the text or not is the same"""


@dataclass(frozen=True, slots=True)
class Place:
    """A side's edge ``at`` mm from the image's border; ``evidence`` 0 (the border itself) to 1."""

    at: float
    evidence: float


def find(view: PageView, lean: float | None, agree: float = 0.012) -> Box | None:
    """The sheet in mm of the image levelled by ``lean``; None unless an edge shows across and one shows along.

    Sides that do not show are the image's own border. A driver that reduced a finished scan left its edges level while
    the lines lean: both are tried.
    """
    soft = cv2.GaussianBlur(view.small, (0, 0), 1.2)
    found = _best(view, soft, lean or 0.0, agree)
    if found is None and abs(lean or 0.0) >= LEAN_MIN:
        return _best(view, soft, 0.0, agree)
    return found


def _best(view: PageView, small: np.ndarray, lean: float, agree: float) -> Box | None:
    quiet = grain.onsets(view, lean)
    left, right, top, bottom = (
        [Place(0.0, 0.0), *_places(band), *([Place(onset, 0.5)] if onset else [])]
        for band, onset in zip(_bands(small, lean), quiet, strict=True)
    )
    best: tuple[float, Box] | None = None
    full_width, full_height = view.paper_mm
    for a, b, c, d in product(left, right, top, bottom):
        if not (a.evidence or b.evidence) or not (c.evidence or d.evidence):
            continue
        size = full_width - a.at - b.at, full_height - c.at - d.at
        factor = paper.factor(size, view.paper_mm, agree)
        if factor is None or (abs(factor - 1) > paper.KNOWN and not _is_sure(factor, a, b, c, d)):
            continue
        score = sum(place.evidence for place in (a, b, c, d))
        if best is None or score > best[0]:
            best = score, Box(a.at, c.at, *size)
    return best[1] if best else None


def _bands(small: np.ndarray, lean: float) -> Iterator[np.ndarray]:
    """The part of the page beside its left, right, top and bottom border, levelled: every SPARSEth dot along the border,
    every dot inwards. No more than that is turned."""
    height, width = small.shape[:2]
    if abs(lean) < LEAN_MIN:
        for page in (small, small.transpose(1, 0, 2)):
            sparse, reach = page[::SPARSE], int(page.shape[1] * REACH)
            yield sparse[:, :reach]
            yield sparse[:, ::-1][:, :reach]
        return
    level = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1.0)
    back = np.vstack([cv2.invertAffineTransform(level), (0, 0, 1)])
    across, along = int(width * REACH), int(height * REACH)
    rows, columns = -(-height // SPARSE), -(-width // SPARSE)
    for inwards, size in (
        (((1, 0, 0), (0, SPARSE, 0)), (across, rows)),
        (((-1, 0, width - 1), (0, SPARSE, 0)), (across, rows)),
        (((0, SPARSE, 0), (1, 0, 0)), (along, columns)),
        (((0, SPARSE, 0), (-1, 0, height - 1)), (along, columns)),
    ):
        place = (back @ np.array([*inwards, (0, 0, 1)], np.float64))[:2]
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        yield cv2.warpAffine(small, place, size, flags=how, borderMode=cv2.BORDER_REPLICATE)


def _is_sure(factor: float, left: Place, right: Place, top: Place, bottom: Place) -> bool:
    """Enough to say that a sheet was reduced: a plain edge across and one along, or an edge on every side; a reduction so
    slight that browned rims make it too shows on every side."""
    if abs(factor - 1) < SLIGHT:
        return all(side.evidence for side in (left, right, top, bottom))
    plain = all(max(one.evidence for one in pair) >= PLAIN for pair in ((left, right), (top, bottom)))
    return plain or all(side.evidence for side in (left, right, top, bottom))


def _places(near: np.ndarray) -> Iterator[Place]:
    """The strongest steady steps in the part of the page that begins at the image's border."""
    sparse = near.astype(np.int16)
    signed = np.ascontiguousarray((sparse[:, 4:] - sparse[:, :-4]).transpose(1, 2, 0))  # columns × channels × rows
    stretches = np.stack([ranked(part) for part in np.array_split(signed, 16, axis=2)])  # 16 × columns × channels
    ordered = np.sort(stretches, axis=0)
    # what nearly every stretch reaches, in one direction: lines of text leave the margins' stretches at nothing
    strength = np.maximum(ordered[SHORT], -ordered[-1 - SHORT]).max(axis=1).astype(np.float32)
    raw = strength.copy()
    strength[: max(int(INSET_MM / 25.4 * WORK_DPI) - 2, 0)] = 0
    strength[-APART_PX:] = 0
    noise = float(np.median(np.abs(stretches).mean(axis=0).max(axis=1)))
    least = max(STEP_MIN, OVER_NOISE * min(noise, STEP_MIN))
    for _ in range(PLACES_MAX):
        place = int(strength.argmax())
        if strength[place] < least:
            return
        edge = place + 2
        outside, inside = near[:, max(edge - 16, 0) : max(edge - 3, 1)], near[:, edge + 3 : edge + 16]
        change = np.median(inside.reshape(-1, 3), axis=0) - np.median(outside.reshape(-1, 3), axis=0)
        if np.abs(change).max() >= STEP_MIN and _is_step(raw, place):
            yield Place(edge / WORK_DPI * 25.4, min(1.0, 0.5 + float(strength[place]) / 12))
        strength[max(place - APART_PX, 0) : place + APART_PX] = 0


def _is_step(strength: np.ndarray, place: int) -> bool:
    """An edge is over within 2 mm; paper that grows browner towards its rim goes on changing."""
    around = np.concatenate([strength[max(place - 13, 0) : max(place - 8, 0)], strength[place + 9 : place + 14]])
    return len(around) == 0 or float(np.median(around)) < GRADUAL * float(strength[place])
