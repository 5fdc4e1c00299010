"""Chức vụ và họ tên người ký: the last signature block of the document itself (boxes 7a and 7b)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.ocr.anchors import STATE_TITLE, find_phrase
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.spelling import fold, is_capitals, nfc
from workers.ocr.title import segments

_AUTHORITY = re.compile(r"^(T/?M|K/?T|T/?L|T/?U/?Q|Q)\s?[./,]?\s?")
_POSITION = re.compile(
    r"CHU TICH|BO TRUONG|THU TRUONG|GIAM DOC|CUC TRUONG|VU TRUONG|CHANH|TRUONG |PHO |BI THU|HIEU |VIEN TRUONG|TONG"
    r"|CHU TOA|CHU NHIEM|TRUONG PHONG|THAM PHAN|UY VIEN|THU TUONG|KE TOAN|TRUONG BAN|CHI CUC"
)
_NAME = re.compile(r"^[^\W\d_]+(?: [^\W\d_]+){1,5}$")


@dataclass(frozen=True, slots=True)
class Signer:
    """``position`` without TM./KT./TL. lines when a line of office follows them; names of joint signers with «; »."""

    position: str
    name: str | None
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
    right = [part for row in sheet.rows for part in segments(row) if part.centre > 0.5 * sheet.width]
    offices = [
        (i, part)
        for i, part in enumerate(right)
        if is_capitals(part.text)
        and (_POSITION.search(fold(part.text)) or _AUTHORITY.match(part.text))
        and part.middle > 0.08 * sheet.height
        and part.x1 - part.x0 < 95
    ]
    for index, last in reversed(offices):
        name = _name_under(right, index, last)
        if name is None:
            continue
        lines = [last]
        for _, part in reversed([o for o in offices if o[0] < index]):
            if lines[0].middle - part.middle > 9:
                break
            lines.insert(0, part)
        office = [line for line in lines if not _AUTHORITY.match(line.text)] or lines[-1:]
        text = _AUTHORITY.sub("", nfc(" ".join(line.text for line in office[-1:]))).strip(" .-")
        return Signer(text, name[0], office[-1].tokens, name[1].tokens)
    return None


def _name_under(right: list[Row], index: int, office: Row) -> tuple[str, Row] | None:
    for part in right[index + 1 :]:
        if part.middle - office.middle > 62:
            return None
        text = nfc(re.sub(r"[^\w\s.]", " ", part.text))
        words = text.split()
        if (
            part.middle - office.middle > 9
            and 2 <= len(words) <= 6
            and _NAME.match(text)
            and sum(w[0].isupper() for w in words) == len(words)
            and not is_capitals(text)
            and abs(part.centre - office.centre) < 28
            and part.confidence > 0.4
        ):
            return text, part
    return None
