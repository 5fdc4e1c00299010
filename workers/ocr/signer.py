"""Chức vụ và họ tên người ký: the last signature block of the document itself (boxes 7a and 7b)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from workers.ocr.anchors import STATE_TITLE, find_phrase
from workers.ocr.layout import Row, Sheet, Token, rows_of
from workers.ocr.lexicon import positions, surnames
from workers.ocr.spelling import fold, is_capitals, letters, nfc
from workers.ocr.syllables import is_syllable
from workers.ocr.title import segments

_AUTHORITY = re.compile(r"^(T/?M|K/?T|T/?L|T/?U/?Q|Q)\s?[./,]?\s?")
_POSITION = re.compile(
    r"CHU TICH|BO TRUONG|THU TRUONG|GIAM DOC|CUC TRUONG|VU TRUONG|CHANH|TRUONG |PHO |BI THU|HIEU |VIEN TRUONG|TONG"
    r"|CHU TOA|CHU NHIEM|TRUONG PHONG|THAM PHAN|UY VIEN|THU TUONG|KE TOAN|TRUONG BAN|CHI CUC"
)
_NAME = re.compile(r"^[^\W\d_]+(?: [^\W\d_]+){1,5}$")


@dataclass(frozen=True, slots=True)
class Signer:
    """``position`` without TM./KT./TL.; ``known`` when it is an office of the lexicon; ``name`` as read, ``better``
    the name with its surname spelt as surnames are (None when it already is)."""

    position: str
    known: bool
    name: str | None
    better: str | None
    position_tokens: tuple[Token, ...]
    name_tokens: tuple[Token, ...]


def begins_enclosure(sheet: Sheet) -> bool:
    """A later page with a head of its own, or headed «Phụ lục»: what follows is not signed by the document's signer."""
    for row in sheet.between(0, 0.3 * sheet.height):
        if find_phrase(row, STATE_TITLE, 80) or fold(row.text).startswith(("PHU LUC", "DU THAO")):
            return True
    return False


def find_signer(sheet: Sheet) -> Signer | None:
    """The lowest block of office lines in capitals in the right half, with the name under it."""
    beside = [part for row in sheet.rows for part in segments(row) if part.centre > 0.5 * sheet.width]
    # By themselves: among the recipients' lines a name's words fell on two of them.
    right = [part for row in rows_of(token for part in beside for token in part.tokens) for part in segments(row)]
    offices = [
        (i, part)
        for i, part in enumerate(right)
        if part.middle > 0.05 * sheet.height and part.x1 - part.x0 < 95 and _is_office(part.text)
    ]
    for index, last in reversed(offices):
        found = _name_under(right, index, last)
        if found is None:
            continue
        name, better, row = found
        position, known = _office(last.text)
        return Signer(position, known, name, better, last.tokens, row.tokens)
    return None


def _is_office(text: str) -> bool:
    if _office(text)[1]:
        return True
    return is_capitals(text) and bool(_POSITION.search(fold(text)) or _AUTHORITY.match(text))


def _office(text: str) -> tuple[str, bool]:
    """The office in capitals without TM./KT./TL., and whether the lexicon has it (its own marks then)."""
    plain = _AUTHORITY.sub("", nfc(re.sub(r"^[^\w]+", "", text))).strip(" .-:,;'")
    key = letters(plain)
    if len(key) < 5:
        return plain, False
    found = process.extractOne(key, positions().keys(), scorer=fuzz.ratio, score_cutoff=88)
    return (positions()[found[0]], True) if found else (plain, False)


def _name_under(right: list[Row], index: int, office: Row) -> tuple[str, str | None, Row] | None:
    for part in right[index + 1 :]:
        if part.middle - office.middle > 62:
            return None
        text = nfc(re.sub(r"[^\w\s.]", " ", part.text))
        words = text.split()
        if (
            part.middle - office.middle > 9
            and 2 <= len(words) <= 6
            and _NAME.match(text)
            and all(w[0].isupper() and is_syllable(w) for w in words)
            and not is_capitals(text)
            and abs(part.centre - office.centre) < 28
        ):
            known = surnames().get(letters(words[0]), ())
            if part.confidence < 0.4 and not known:
                continue
            right_way = words[0] in known or len(known) != 1
            return text, None if right_way else " ".join((known[0], *words[1:])), part
    return None
