"""Signs that the engine takes for others, and whose shape tells them apart.

Faces of one pitch give l a flag, taken for L within a sentence («số Liệu»), and 0 a dot, taken for 6 and 9 and told with
a confidence of 0.97; ² and ³ are not in the Vietnamese model at all («m2»). Only words that read so are looked at, and
only a clear shape changes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.ports import OcrLine, OcrWord

CAPITAL_L = re.compile(r"L[a-zà-ỹ]")
POWER = re.compile(r"([ckd]?m)([23])")
FIGURES = re.compile(r"([\d.,]*[69][\d.,]*?)([.,;:%]*)")
RAISED = {"2": "²", "3": "³"}
INK = 150
"""grey level, of paper 255, below which a point is ink"""
STEM = 0.6
"""share of the tallest sign's height from which one is a letter with a stem"""
UPRIGHT = 0.8
"""share of the middle of a letter that one column inks where its stem is"""
TOP = 0.18
"""share of a letter's height in which the flag of l stands"""
FLAG = 0.11
"""length of that flag as a share of the height: 0.13 to 0.25 in typewriter faces, where L has -0.10 to 0.10 in the 29
faces tried (11 to 14 pt, 150 and 200 dpi; docs/ocr.md)"""
DOT, MIDDLE = 0.12, (0.4, 0.6)
"""height of a zero's dot, as a share of the zero's, from which it is no speck, and where its middle is: the rings of 6
and 9 have theirs at a third of the height"""
LOW = 0.5
"""height of full stops and commas, as a share of the figures'"""
LIFTED = 0.2
"""height of a raised figure's foot over its letter's, as a share of the word's: 0.3 and more, of others none"""


def told_by_shape(image: np.ndarray, lines: Sequence[OcrLine]) -> tuple[OcrLine, ...]:
    """``lines`` read in ``image`` (H×W uint8, dark on white paper), such words set right."""
    return tuple(tuple(_told(image, word) for word in line) for line in lines)


def _told(image: np.ndarray, word: OcrWord) -> OcrWord:
    if CAPITAL_L.match(word.text) and _has_flag(_signs(image, word)):
        return replace(word, text=word.text.replace("L", "l", 1))
    figures = FIGURES.fullmatch(word.text)
    if figures:
        return replace(word, text=_with_zeros(figures[1], _signs(image, word)) + figures[2])
    power = POWER.fullmatch(word.text)
    if power and _ends_raised(_signs(image, word), word.box[3] - word.box[1]):
        return replace(word, text=power[1] + RAISED[power[2]])
    return word


@dataclass(frozen=True, slots=True)
class _Sign:
    """A piece of a word's ink: x, y, width and height in the word's box, and itself (bool, height × width)."""

    box: tuple[int, int, int, int]
    ink: np.ndarray


def _signs(image: np.ndarray, word: OcrWord) -> list[_Sign]:
    """The pieces of a word's ink, left to right."""
    x0, y0, x1, y1 = word.box
    ink = (image[y0:y1, x0:x1] < INK).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = [
        _Sign((x, y, w, h), labels[y : y + h, x : x + w] == label)
        for label, (x, y, w, h, _) in enumerate(stats[1:].tolist(), 1)
    ]
    return sorted(found, key=lambda sign: sign.box[0])


def _has_flag(signs: Sequence[_Sign]) -> bool:
    """Whether the first letter with a stem has a flag at the left of its top."""
    tallest = max((sign.box[3] for sign in signs), default=0)
    letter = next((sign.ink for sign in signs if sign.box[3] >= STEM * tallest), None)
    if letter is None:
        return False
    high = len(letter)
    stem = np.flatnonzero(letter[high // 4 : -(high // 4) or None].mean(axis=0) >= UPRIGHT)
    if not len(stem):
        return False
    left, top = int(stem[0]), letter[: max(int(TOP * high), 1)].any(axis=0)
    right = left + int(np.argmin(np.append(np.diff(stem) == 1, False)))
    return _reach(top[:left][::-1]) - _reach(top[right + 1 :]) >= FLAG * high


def _reach(ink: np.ndarray) -> int:
    """Points of ink from the first on without a gap."""
    return int(np.argmin(np.append(ink, False)))


def _with_zeros(text: str, signs: Sequence[_Sign]) -> str:
    """``text`` with 0 where the figure of that place has a dot in its middle; as it is where signs and text differ."""
    boxes = [sign.box for sign in signs]
    outer = [box for box in boxes if not any(_is_within(box, other) for other in boxes)][: len(text)]
    tallest = max((high for *_, high in outer), default=0)
    if [high < LOW * tallest for *_, high in outer] != [sign in ".," for sign in text]:
        return text
    zeros = [any(_is_dot(box, ring) for box in boxes) for ring in outer]
    return "".join("0" if zero else sign for zero, sign in zip(zeros, text, strict=True))


def _is_within(box: Sequence[int], other: Sequence[int]) -> bool:
    (x, y, w, h), (left, top, wide, high) = box, other
    return left < x and top < y and x + w < left + wide and y + h < top + high


def _is_dot(box: Sequence[int], ring: Sequence[int]) -> bool:
    middle = (box[1] + box[3] / 2 - ring[1]) / ring[3]
    return _is_within(box, ring) and box[3] >= DOT * ring[3] and MIDDLE[0] <= middle <= MIDDLE[1]


def _ends_raised(signs: Sequence[_Sign], height: int) -> bool:
    """Whether the last of a word's signs stands above the foot of the first; ``height`` of the word, px."""
    if len(signs) < 2:
        return False
    first, last = (sign.box[1] + sign.box[3] for sign in (signs[0], signs[-1]))
    return first - last >= LIFTED * height
