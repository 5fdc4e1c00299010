"""Read digits written by pen (or printed) in the printed slots of a header: ``Số: …/``, ``ngày … tháng … năm …``.

Tesseract reads print; in four documents out of five the number and the day are written by hand, touching the
print around them. A small fully convolutional network (models/digits.onnx, docs/handwriting.md) looks at the
slot, and its CTC output is decoded under the grammar of the slot, so a day is never 45.

What the caller gives: the slot cut from the page as displayed, BGR or grey, with its dpi. Print left at both
ends (``Số:``, ``/``, ``ngày``, ``tháng``), dotted or ruled lines and red seals may stay in it: the network was
trained with them. The line of writing should lie near the middle of the crop's height, and the crop should
reach about 2 mm above and below the print, because pen digits are taller than the print.

What the caller gets: readings best first, each with a probability that it is exactly right, calibrated on
digits nobody trained on. ``[]`` means: nothing there, or nothing that can be read. Never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from workers.ocr.handwriting_ctc import LEAST, features, score
from workers.ocr.networks import log_softmax, scores_of

Grammar = Literal["number", "day", "month", "year"]

MODEL = Path(__file__).parent / "models" / "digits.onnx"

HEIGHT = 32
"""px: the network's input height"""

WORKING = 8.0
"""px per mm at which ink is found; 203 dpi, the least a lawful scan has"""

BAND_LEAST_MM = 3.2
"""a band of writing is never taken to be lower than this: a lone hyphen must not fill the whole height"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a slot; ``probability`` (0–1) that ``text`` is exactly what was written."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot made ready: ``ink`` float32 H×W, 0 paper to 1 darkest ink, at WORKING px per mm; ``top``, ``bottom``
    rows of the band of writing. ``found`` is False when there is no mark that could be a digit."""

    ink: np.ndarray
    top: float
    bottom: float
    found: bool


def prepare(crop: np.ndarray, dpi: float) -> Slot:
    """Flatten the paper, drop red, bring to WORKING px/mm and find the rows where the writing stands."""
    grey = crop[:, :, 2] if crop.ndim == 3 else crop  # seals and red stamps vanish in the red channel; pens do not
    factor = WORKING * 25.4 / dpi
    width, height = max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor))
    grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    paper = cv2.blur(cv2.dilate(cv2.medianBlur(grey, 3), np.ones((17, 17), np.uint8)), (17, 17))
    ink = 1.0 - np.minimum(grey.astype(np.float32) / np.maximum(paper.astype(np.float32), 1.0), 1.0)
    darkest = float(np.quantile(ink, 0.985))
    ink = np.minimum(ink / max(darkest, 0.25), 1.0)
    top, bottom, found = _band(ink)
    return Slot(ink.astype(np.float32), top, bottom, found)


def ink_mask(crop: np.ndarray, dpi: float) -> np.ndarray:
    """Boolean mask of pen and print (red dropped), at WORKING px per mm."""
    return prepare(crop, dpi).ink > 0.4


def _band(ink: np.ndarray) -> tuple[float, float, bool]:
    """Rows between which the writing stands, ignoring specks, rules, and lines of text cut by the crop's edge."""
    height = ink.shape[0]
    mask = (ink > 0.4).astype(np.uint8)
    rules = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, int(6 * WORKING)), np.uint8))
    mask[cv2.dilate(rules, np.ones((3, 1), np.uint8)) > 0] = 0
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows = []
    for _, y, _, h, area in stats[1:count]:
        if h < 1.2 * WORKING or area < 0.12 * WORKING**2:
            continue
        cut = (y <= 0) != (y + h >= height)
        if cut and not (y < height * 0.5 < y + h):
            continue
        rows.append((y, y + h))
    # the lines above and below may be whole in the cut: the slot's own line is the one in the middle
    central = [(y, end) for y, end in rows if abs((y + end) / 2 - height / 2) < 0.26 * height or y < height / 2 < end]
    rows = central or rows
    if not rows:
        middle, half = height / 2, min(height / 2, 3 * WORKING)
        return middle - half, middle + half, False
    top, bottom = min(y for y, _ in rows), max(end for _, end in rows)
    least = BAND_LEAST_MM * WORKING
    if bottom - top < least:
        middle = (top + bottom) / 2
        top, bottom = middle - least / 2, middle + least / 2
    return float(top), float(bottom), True


def network_input(slot: Slot, grow: float = 0.08, shift: float = 0.0, shear: float = 0.0) -> np.ndarray:
    """float32 HEIGHT×W: the band scaled to HEIGHT, ``grow`` of its height added above and below, moved by
    ``shift`` of its height and sheared by ``shear`` (px per px); 8 px of paper at both ends."""
    span = slot.bottom - slot.top
    top = slot.top - grow * span + shift * span
    span *= 1 + 2 * grow
    scale = HEIGHT / span
    width = max(16, round(slot.ink.shape[1] * scale) + 16)
    matrix = np.array(
        [[1 / scale, shear / scale, -8 / scale - shear * HEIGHT / 2 / scale], [0, 1 / scale, top]], np.float32
    )
    source = slot.ink
    if scale < 0.75:
        source = cv2.blur(source, (2, 2)) if scale > 0.5 else cv2.blur(source, (3, 3))
    return cv2.warpAffine(
        source, matrix, (width, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0.0
    )


def _columns(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities T×(1+symbols) of a network input, and T log-odds that the ink is pen and not print."""
    output = scores_of(MODEL, image)
    return log_softmax(output[:, :-1]), output[:, -1].astype(np.float64)


VIEWS = ((0.2, 0.02, 0.0), (0.1, -0.02, 0.15), (0.12, 0.03, -0.12))
"""(grow, shift, shear) of the views that are read and averaged: upright, leaning one way, leaning the other. One look
is overconfident; what is wrongly read seldom survives both slants."""


def read_digits(crop: np.ndarray, dpi: float, grammar: Grammar, most: int = 5) -> list[Reading]:
    """Readings of the slot, best first, at most ``most``; ``[]`` when nothing is there or nothing can be read.

    ``crop``: uint8 H×W×3 BGR or H×W grey, at ``dpi``. Days 1–31 and months 1–12 come as written (``04`` or ``4``).
    """
    return calibrated(raw_readings(crop, dpi, grammar))[:most]


def joined(cuts: Sequence[Sequence[Reading]]) -> list[Reading]:
    """Readings of one slot cut in several ways as one: each text with the mean of what the cuts give it. A cut through
    a digit or a letter of the print misleads one cut only; what all of them say is surer than any of them."""
    chances: dict[str, float] = {}
    for readings in cuts:
        for reading in readings:
            chances[reading.text] = chances.get(reading.text, 0.0) + reading.probability / len(cuts)
    return [Reading(text, chance) for text, chance in sorted(chances.items(), key=lambda item: -item[1])]


def raw_readings(crop: np.ndarray, dpi: float, grammar: Grammar) -> list[tuple[str, float, float]]:
    """(text, mean, least) of the views' own probabilities: what the calibration is fitted on."""
    if crop.size == 0 or min(crop.shape[:2]) < 4:
        return []
    slot = prepare(crop, dpi)
    if not slot.found:
        return []
    return score([_columns(network_input(slot, *view))[0] for view in VIEWS], grammar)


@lru_cache(maxsize=1)
def calibration() -> tuple[np.ndarray, float]:
    """Weights and bias of the logistic calibration fitted with the model."""
    facts = json.loads(MODEL.with_suffix(".json").read_text())
    return np.array(facts["weights"]), float(facts["bias"])


def calibrated(scored: list[tuple[str, float, float]]) -> list[Reading]:
    """Readings with the calibrated probability for the best; the others share what it leaves, as the views saw it."""
    if not scored:
        return []
    weights, bias = calibration()
    best = float(1 / (1 + np.exp(-(weights @ np.array(features(scored)) + bias))))
    if best < LEAST:
        return []
    rest = (1 - best) / max(1 - scored[0][1], 1e-9)
    shares = [Reading(text, min(best, mean * rest)) for text, mean, _ in scored[1:]]
    return [Reading(scored[0][0], best), *shares]


def is_handwritten(crop: np.ndarray, dpi: float) -> float:
    """Probability (0–1) that the digits in the slot were written by pen; 0.5 when there is nothing to judge."""
    slot = prepare(crop, dpi)
    if not slot.found:
        return 0.5
    columns, pen = _columns(network_input(slot))
    weight = 1.0 - np.exp(columns[:, 0])
    if weight.sum() < 0.5:
        return 0.5
    return float(1 / (1 + np.exp(-(weight * pen).sum() / weight.sum())))
