"""Tên loại and trích yếu: the title in capitals and the lines under it (box 5a), or «V/v» under the number (box 5b)."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from rapidfuzz import fuzz

from workers.ocr.anchors import Anchors
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.lexicon import DocumentType, document_types
from workers.ocr.spelling import fold, is_capitals, letters, nfc

_BODY_OPENS = re.compile(
    r"^(CAN CU|KINH GUI|KINH THUA|HOM NAY|THUC HIEN|XET |THEO |DE NGHI|TREN CO SO|NGAY \d|I\. |1\. |PHAN |CHUONG "
    r"|DIEU 1|THOI GIAN|CHU TICH |BO TRUONG |GIAM DOC |UY BAN NHAN DAN|HOI DONG NHAN DAN|DIEN:|QUYET DINH:|\(?KEM THEO)"
)
_SUBJECT_LEAD = re.compile(r"^\W{0,2}(V\s?[/lI1.,|]\s?[vV]|Về\s?việc|VỀ VIỆC|V/v)")


@dataclass(frozen=True, slots=True)
class Title:
    """The type's title on the page: which type, how alike (0–100), its words and what else its row holds."""

    kind: DocumentType
    likeness: float
    tokens: tuple[Token, ...]
    rest: tuple[Token, ...]
    row: Row


@dataclass(frozen=True, slots=True)
class Subject:
    """The abstract's lines joined; ``complete`` when its end was seen (a rule, a new part of the page)."""

    text: str
    tokens: tuple[Token, ...]
    rows: int


def segments(row: Row, gap: float = 7.0) -> list[Row]:
    """The row cut where words stand further apart than ``gap`` mm."""
    parts, current = [], [row.tokens[0]]
    for token in row.tokens[1:]:
        if token.x0 - max(t.x1 for t in current) > gap:
            parts.append(Row(tuple(current)))
            current = []
        current.append(token)
    return [*parts, Row(tuple(current))]


def find_title(sheet: Sheet, anchors: Anchors) -> Title | None:
    """The first centred row of capitals under the head that is a known type's title."""
    under = max((r.middle for r in (anchors.number, anchors.date) if r is not None), default=anchors.top + 8)
    for row in sheet.between(under + 1.5, max(anchors.bottom, under + 70)):
        for part in segments(row):
            if not is_capitals(part.text) or abs(part.centre - sheet.width / 2) > 0.16 * sheet.width:
                continue
            found = _type_of(part)
            if found:
                return found
    return None


def _type_of(part: Row) -> Title | None:
    flat = letters(part.text)
    best: tuple[float, int, DocumentType] | None = None
    for kind in document_types():
        if kind.title == "Công văn":
            continue
        whole = fuzz.ratio(kind.key, flat)
        head = fuzz.ratio(kind.key, flat[: len(kind.key)]) if len(flat) > len(kind.key) else 0
        score, size = max((whole, len(kind.key)), (head - 3, len(kind.key)))
        if score >= 86 and (best is None or (score, size) > best[:2]):
            best = (score, size, kind)
    if best is None:
        return None
    score, _, kind = best
    taken, count = [], 0
    for token in part.tokens:
        if count >= len(kind.key) - 1:
            break
        taken.append(token)
        count += len(letters(token.text))
    return Title(kind, score, tuple(taken), part.tokens[len(taken) :], part)


def margins(sheet: Sheet) -> tuple[float, float]:
    """x of the text's left and right edge in mm, from the long rows of the page."""
    long = [row for row in sheet.rows if row.x1 - row.x0 > 0.55 * sheet.width]
    if len(long) < 3:
        return 30.0, sheet.width - 18
    return statistics.quantiles([r.x0 for r in long], n=4)[0], statistics.quantiles([r.x1 for r in long], n=4)[2]


def subject_under_title(sheet: Sheet, title: Title) -> Subject:
    """Lines centred under the title, to the next part of the page; never the next paragraph."""
    left, right = margins(sheet)
    centre = title.row.centre
    taken: list[Row] = []
    if title.rest:
        taken.append(Row(title.rest))
    previous, pitch = title.row, None
    rows = list(sheet.between(title.row.middle + 2, title.row.middle + 70))
    for index, row in enumerate(rows):
        part = min(segments(row, 9), key=lambda p: abs(p.centre - centre))
        step = part.middle - previous.middle
        if step > (2.1 * pitch if pitch else 16) or _opens_body(part, bool(taken)):
            break
        if abs(part.centre - centre) > 9:
            if part.x1 - part.x0 < 12 and abs(part.centre - centre) > 40:
                continue
            break
        following = rows[index + 1] if index + 1 < len(rows) else None
        if _is_paragraph(part, following, left, right):
            break
        if taken:
            pitch = max(pitch or 0, min(step, 9))
        taken.append(part)
        previous = part
    return _joined(taken)


def _opens_body(part: Row, begun: bool) -> bool:
    flat = fold(part.text)
    if _BODY_OPENS.match(flat) and (begun or not _SUBJECT_LEAD.match(part.text)):
        return not flat.startswith(("THUC HIEN", "THEO", "PHAN ")) or begun
    return begun and is_capitals(part.text) and len(flat) > 7


def _is_paragraph(part: Row, following: Row | None, left: float, right: float) -> bool:
    """An indented line filling the column to the right edge, followed by one that starts at the left edge."""
    if following is None or part.x1 < right - 4 or part.x0 < left + 6:
        return False
    return following.x0 < left + 4 and part.x0 < left + 22


def subject_under_number(sheet: Sheet, anchors: Anchors) -> Subject | None:
    """«V/v …» in the left column under the number line."""
    if anchors.number is None:
        return None
    taken: list[Row] = []
    for row in sheet.between(anchors.number.middle + 2, anchors.number.middle + 60):
        part = row.part(0, anchors.split + 6)
        if part is None:
            continue
        part = segments(part)[0] if not taken else min(segments(part), key=lambda p: abs(p.centre - taken[0].centre))
        if not taken:
            if _SUBJECT_LEAD.match(part.text):
                taken.append(part)
            elif part.middle > anchors.number.middle + 25:
                break
            continue
        step = part.middle - taken[-1].middle
        pitch = taken[1].middle - taken[0].middle if len(taken) > 1 else 6.5
        if step > 1.75 * pitch or fold(part.text).startswith("KINH GUI") or is_capitals(part.text):
            break
        if abs(part.centre - taken[0].centre) > 10:
            break
        taken.append(part)
    return _joined(taken) if taken else None


def _joined(rows: list[Row]) -> Subject:
    text = nfc(" ".join(row.text for row in rows))
    text = re.sub(r"^\W{0,2}V\s?[/lI1.,|]\s?[vV]\b\s*", "V/v ", text)
    text = text.strip(" _-–—*'`")
    return Subject(text, tuple(t for row in rows for t in row.tokens), len(rows))
