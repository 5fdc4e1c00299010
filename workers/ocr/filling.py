"""What stands in a slot: the engine's reading of print and the network's reading of digits, weighed together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workers.ocr.handwriting import Grammar, is_handwritten, joined, read_digits
from workers.ocr.ink import Page
from workers.ocr.slots import Slot

PEN = 0.5
"""probability of pen strokes from which the clerk is told that a slot is handwritten"""


LOOK_ALIKE = {
    "0": "OoÔôÒòÓóDQU", "1": "IlÍìíi|!][/TtÌ", "2": "ZzÈ?", "3": "Ba}", "4": "Aa", "5": "SsŠ§", "6": "bGóÓ",
    "7": "T?/", "8": "BS§&", "9": "gqø",
}  # fmt: skip
"""what the engine writes where it takes a printed digit for a letter or a sign"""


@dataclass(frozen=True, slots=True)
class Filling:
    """``value``: what was filled in, as written (``04`` or ``4``), None when not read. ``evidence`` feeds the
    calibration: see ``FEATURES``. ``handwritten``: probability that it was written by pen."""

    value: str | None
    handwritten: float
    evidence: tuple[float, ...]


FEATURES = (
    "network's log-odds for the value",
    "engine and network read the same",
    "engine's confidence where it reads the same",
    "engine's confidence where it reads another number",
    "pen",
    "digits",
    "network's runner-up as share of the best",
    "px per mm",
    "both cuts read the same",
)

SAME = FEATURES.index("engine and network read the same")
"""1: the same digits, or the word reader sees them; 0.5: letters and signs that look like them; 0: something else or
nothing"""
CONTRADICTED = FEATURES.index("engine's confidence where it reads another number")


def fill(
    page: Page, slot: Slot, grammar: Grammar, cuts: tuple[bool, bool] = (False, False), wider: Slot | None = None
) -> Filling:
    """Read one slot. ``cuts`` (left, right): the slot's ends were guessed inside a word and are moved to a gap.
    ``wider``: the same slot with the print around it whole, looked at as well."""
    if cuts[0]:
        slot = replace(slot, x0=page.valley(slot.x0, slot.base, slot.em, 0.25))
    if cuts[1]:
        slot = replace(slot, x1=page.valley(slot.x1, slot.base, slot.em))
    dpi = page.sheet.px_per_mm[0] * 25.4
    crops = [page.crop(*one.box, source=page.pixels) for one in (slot, wider) if one is not None]
    looks = [read_digits(crop, dpi, grammar) for crop in crops]
    seen = [(reading.text, reading.probability) for reading in joined(looks)]
    alike = len({look[0].text if look else "" for look in looks}) == 1
    pen = is_handwritten(crops[0], dpi)
    printed = slot.read if _valid(slot.read, grammar) else None
    value = _choose(seen, printed, slot.confidence, pen)
    evidence = _evidence(value, seen, printed, slot.confidence, pen, page.sheet.px_per_mm[0])
    if not evidence[SAME] and printed is None and value is not None and resembles(slot.read, value):
        evidence[SAME] = 0.5
    return Filling(value, pen, (*evidence, float(alike)))


def resembles(read: str, value: str) -> bool:
    """What the engine read is ``value`` but for letters and signs that look like its digits."""
    pairs = list(zip(read, value, strict=False))
    return len(read) == len(value) and all(a == b or a in LOOK_ALIKE.get(b, "") for a, b in pairs)


def _valid(text: str, grammar: Grammar) -> bool:
    if grammar == "number":
        return bool(re.fullmatch(r"\d{1,6}[A-Za-zĐ]?", text))
    if grammar == "year":
        return bool(re.fullmatch(r"(19|20)\d\d", text))
    return bool(re.fullmatch(r"\d{1,2}", text)) and 1 <= int(text) <= (31 if grammar == "day" else 12)


def _choose(seen: Sequence[tuple[str, float]], printed: str | None, sure: float, pen: float) -> str | None:
    """The network's best, unless the engine read print with confidence and the network cannot contradict it."""
    best = seen[0] if seen else (None, 0.0)
    if printed is not None:
        share = dict(seen).get(printed, 0.0)
        if pen < 0.3 and sure > 0.6 and (share > 0.02 or best[1] < 0.5):
            return printed
        if best[0] is None or (best[1] < 0.5 and share > 0.2):
            return printed
    return best[0]


BELIEVED, LIKELY = 0.1, 0.88
"""engine's confidence, or network's probability, one of which makes their agreement one: «|1» of confidence 0 was 1 for the
engine, and 1 was only likelier than 11 for the network. Of what a pen wrote the engine's does not count: both took a 3 with a
flat top for 5, and neither saw the 1 of 15"""


def _evidence(
    value: str | None, seen: Sequence[tuple[str, float]], printed: str | None, sure: float, pen: float, scale: float
) -> list[float]:
    shares = dict(seen)
    share = min(max(shares.get(value or "", 0.0), 1e-4), 1 - 1e-4)
    others = [p for text, p in seen if text != value]
    same = printed is not None and value is not None and printed.lstrip("0") == value.lstrip("0")
    same = same and (share >= LIKELY or (sure >= BELIEVED and pen <= PEN))
    return [
        float(np.log(share / (1 - share))),
        float(same),
        sure if same else 0.0,
        sure if printed is not None and not same else 0.0,
        pen,
        float(len(value or "")),
        max(others, default=0.0) / share if share > 0.01 else 1.0,
        min(scale, 12.0),
    ]
