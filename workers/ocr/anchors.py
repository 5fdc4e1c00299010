"""What every document's head has, found by likeness: Quốc hiệu, tiêu ngữ, place and date line, number line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.spelling import fold, is_capitals, letters

STATE_TITLE = "CONGHOAXAHOICHUNGHIAVIETNAM"
STATE_MOTTO = "DOCLAPTUDOHANHPHUC"
PARTY_TITLE = "DANGCONGSANVIETNAM"

HEAD_SHARE = 0.5
"""A document's head stands in the upper half of its first page (NĐ 30/2020 Phụ lục I, sơ đồ)"""

A_SPACE_MM = 3.0
"""most between two words of a sentence"""
FAR_MM, NEAR_MM = 8.0, 1.5
"""white behind a notation from which the next word is another box's, and from which a place's name is"""

_DATE_WORDS = re.compile(r"NGA?Y.{0,14}?(?:THA?N|HANG).{0,14}?NAM", re.ASCII)
_WITHIN_A_SENTENCE = re.compile(r"[\d/].*?NGA?Y\b")
"""before the day a date line has a place, no number: «… số 20-NQ/TW, ngày 25 tháng 10 năm 2017»"""
_MONTH_AND_YEAR = re.compile(
    r"TH[A-Z]?NG.{0,12}?N[A-Z]M.{0,3}(19|20)\d|NG[A-Z]Y.{1,12}TH[A-Z]?NG.{0,12}(19|20)\d\d"
    r"|\d.{0,3}THA[A-Z]{2}.{1,8}[A-Z]AM.{0,3}(19|20)\d\d"  # «ngàu 17 tháne 4 răm 2019»: slanted faces
)
_NUMBER_WORD = re.compile(r"^[^\w]{0,3}(S[Ốốôóòồổỗơỏöõo0ó6ẻẽ]{1,2}|SỐ|Sð|S6|Sô|Só)(?=\W|\d|$)")
_NOTATION = re.compile(r"[A-ZĐÐ]{1,6}[a-zA-ZĐ]{0,6}\s?[-–—./]\s?[A-ZĐÐ]{2,}|/\s?[A-ZĐÐ]{2,}")


@dataclass(frozen=True, slots=True)
class Anchors:
    """``title``: Quốc hiệu or the Party's name (tokens); ``split``: x in mm between the two columns of the head;
    ``top``, ``bottom``: the head's range in mm; ``number`` and ``date``: their rows, cut to their own column."""

    title: tuple[Token, ...]
    motto: tuple[Token, ...]
    party: bool
    split: float
    top: float
    bottom: float
    date: Row | None
    number: Row | None

    @property
    def certain(self) -> bool:
        """Enough stands where the law puts it for the rest to be trusted."""
        return bool(self.title or self.motto) or (self.date is not None and self.number is not None)


def find_phrase(row: Row, phrase: str, cutoff: float = 72.0) -> tuple[Token, ...]:
    """The words of the row most like ``phrase`` (letters only, no marks), or nothing below ``cutoff`` (0–100)."""
    flat, owner = "", []
    for token in row.tokens:
        piece = letters(token.text)
        flat += piece
        owner += [token] * len(piece)
    if len(flat) < 0.6 * len(phrase):
        return ()
    found = fuzz.partial_ratio_alignment(phrase, flat, score_cutoff=cutoff)
    if found is None or found.dest_end - found.dest_start < 0.6 * len(phrase):
        return ()
    inside = owner[found.dest_start : found.dest_end]
    # A word of which only a letter or two was taken belongs to the neighbour column.
    return tuple(t for t in dict.fromkeys(inside) if inside.count(t) >= 0.5 * max(len(letters(t.text)), 1))


def find_anchors(sheet: Sheet) -> Anchors:
    """The head of a first page."""
    head = sheet.between(0, sheet.height * HEAD_SHARE)
    title, party = _first(head, STATE_TITLE), False
    motto = _first(head, STATE_MOTTO)
    if not title and not motto:
        title = _first(head, PARTY_TITLE, 80)
        party = bool(title)
    top, split = _column_split(sheet, title, motto)
    date = _date_row(head, top, split if title or motto else None)
    if date is not None and not title and not motto:
        split = min(date.x0 - 4, split)
    bottom = min(top + 75, sheet.height * HEAD_SHARE)
    number = _number_row(head, top, split, date)
    return Anchors(title, motto, party, split, top, bottom, date, number)


def _first(rows: tuple[Row, ...], phrase: str, cutoff: float = 72.0) -> tuple[Token, ...]:
    for row in rows:
        found = find_phrase(row, phrase, cutoff)
        if found:
            return found
    return ()


def _column_split(sheet: Sheet, title: tuple[Token, ...], motto: tuple[Token, ...]) -> tuple[float, float]:
    """Top of the head and x between its columns, mm: the left column ends where Quốc hiệu begins."""
    if title:
        return min(t.y0 for t in title), min(t.x0 for t in title) - 0.5
    if motto:
        centre = (min(t.x0 for t in motto) + max(t.x1 for t in motto)) / 2
        return min(t.y0 for t in motto) - 7, centre - 46
    return 8.0, sheet.width * 0.47


def _date_row(head: tuple[Row, ...], top: float, split: float | None) -> Row | None:
    """The first row under the motto whose right-hand words read like «…, ngày … tháng … năm …»."""
    for row in head:
        if row.middle < top + 3 or row.middle > top + 60:
            continue
        right = row.part(split, 1e3) if split is not None else row
        if right is None:
            continue
        text = fold(right.text)
        line = _from_place(right) if _DATE_WORDS.search(text) or _MONTH_AND_YEAR.search(text) else None
        if line is not None and not _WITHIN_A_SENTENCE.match(fold(Row((*_right_before(line, row), *line.tokens)).text)):
            return line
    return None


def _right_before(line: Row, row: Row) -> tuple[Token, ...]:
    """The word of the ``row`` that a ``line`` without a place goes on from."""
    if not fold(line.text).startswith("NG"):
        return ()
    return tuple(token for token in row.tokens if 0 <= line.x0 - token.x1 < A_SPACE_MM)


def _from_place(row: Row) -> Row:
    """Without what stands before the place's name: a far-off word of the left column or of a stamp."""
    tokens = list(row.tokens)
    for index in range(len(tokens) - 1, 0, -1):
        if tokens[index].x0 - tokens[index - 1].x1 > 14 and not re.search(r"(?i)ng[aà]y", row.tokens[index - 1].text):
            rest = Row(tuple(tokens[index:]))
            if re.search(r"NG.?Y", fold(rest.text)):
                return rest
    return row


def _number_row(head: tuple[Row, ...], top: float, split: float, date: Row | None) -> Row | None:
    best, best_score = None, 0.0
    for row in head:
        if row.middle < top + 2 or row.middle > top + 55:
            continue
        left = row.part(0, split)
        if left is None:
            continue
        score = _number_score(left, date)
        if score > best_score:
            best, best_score = left, score
    if best is None:
        return None
    begin = next((i for i, t in enumerate(best.tokens) if _NUMBER_WORD.match(t.text)), 0)
    return Row(_to_its_end(best.tokens[begin:]))


def _to_its_end(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Without the place of a date line so long that it begins left of Quốc hiệu."""
    for index, (token, behind) in enumerate(pairwise(tokens)):
        apart = behind.x0 - token.x1
        place = apart > NEAR_MM and behind.text[:1].isupper() and behind.text[1:].rstrip(",.").islower()
        if _NOTATION.search(token.text) and (apart > FAR_MM or (place and len(behind.text) > 2)):
            return tokens[: index + 1]
    return tokens


def _number_score(row: Row, date: Row | None) -> float:
    score = 0.0
    starts = any(_NUMBER_WORD.match(token.text) for token in row.tokens[:4])
    notation = bool(_NOTATION.search(row.text))
    if starts:
        score += 2
    if notation:
        score += 2
    if not starts and not notation:
        return 0
    if "/" in row.text:
        score += 1
    if re.search(r"(?i)v/v|về việc|đến|chuyển|ngày", row.text):
        score -= 2.5
    if is_capitals(row.text) and not starts and len(row.tokens) > 3:
        score -= 2
    if date is not None:
        apart = abs(row.middle - date.middle)
        score += 1.5 if apart < 2.5 else 0.5 if apart < 8 else -1 if apart > 16 else 0
    return score
