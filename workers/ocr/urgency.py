"""Mức độ khẩn: the stamp of box 10b."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz

from workers.ocr.anchors import Anchors
from workers.ocr.layout import Row, Sheet
from workers.ocr.spelling import is_capitals, letters
from workers.ocr.title import segments

_WORDS = (("HOATOCHENGIO", 4), ("HOATOC", 3), ("THUONGKHAN", 2), ("KHAN", 1))


@dataclass(frozen=True, slots=True)
class Urgency:
    """``priority`` as in FieldName.PRIORITY; ``row`` where the stamp's words stand, None when none was seen."""

    priority: int
    row: Row | None
    likeness: float


def find_urgency(sheet: Sheet, anchors: Anchors) -> Urgency:
    """Stamp words standing alone in capitals in the left half, between the issuer and the middle of the page."""
    for row in sheet.between(anchors.top + 4, anchors.top + 110):
        for part in segments(row, 4):
            if part.x0 > 0.55 * sheet.width or not is_capitals(part.text):
                continue
            flat = letters(part.text)
            for word, priority in _WORDS:
                score = fuzz.ratio(word, flat)
                if score >= (90 if len(word) < 6 else 83):
                    return Urgency(priority, part, score)
    return Urgency(0, None, 100)
