"""Tên cơ quan ban hành: the lines of box 2 above the number, the superior body set apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.ocr.anchors import Anchors
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.spelling import fold, is_capitals, nfc
from workers.ocr.title import segments

_HEADS = re.compile(
    r"^(UY BAN|UBND|HOI DONG|HDND|SO |BO |BAN |PHONG |CHI CUC|CUC |TONG |TRUNG TAM|BENH VIEN|TRUONG |VAN PHONG"
    r"|THANH TRA|CONG TY|VIEN |LIEN DOAN|CONG DOAN|DOAN |TINH UY|HUYEN UY|THANH UY|QUAN UY|DANG UY|DANG BO|CONG AN|TOA AN"
    r"|QUOC HOI|CHINH PHU|THU TUONG|KHO BAC|NGAN HANG|BAO HIEM|HOI |MAT TRAN|TAP DOAN|DAI |NHA |THU VIEN|BAO |TRAM "
    r"|HAT |TO |UY BAN|TIEU BAN|CHI NHANH|HOC VIEN|DANG DOAN|BAN CHAP HANH|BTV |DAI HOC|CO QUAN|KIEM TOAN|BCH )"
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Names as printed, each on one line; ``parent`` is "" when there is none."""

    name: str
    parent: str
    tokens: tuple[Token, ...]


def find_issuer(sheet: Sheet, anchors: Anchors) -> Issuer | None:
    """Capitals of the left column, from the height of Quốc hiệu down to the number line."""
    end = anchors.number.middle - 2 if anchors.number is not None else anchors.top + 22
    rows: list[Row] = []
    for row in sheet.between(anchors.top - 3.5, end):
        part = row.part(0, anchors.split)
        if part is None:
            continue
        for piece in segments(part, 12):
            if is_capitals(piece.text) and sum(c.isalpha() for c in piece.text) >= 4:
                rows.append(_clean(piece))
    if not rows:
        return None
    start = 0
    for index, row in enumerate(rows):
        if index and _HEADS.match(fold(row.text) + " "):
            start = index
    name, parent = (nfc(" ".join(r.text for r in part)) for part in (rows[start:], rows[:start]))
    return Issuer(name, parent, tuple(t for r in rows[start:] for t in r.tokens))


def _clean(row: Row) -> Row:
    tokens = list(row.tokens)
    while len(tokens) > 1 and not any(c.isalnum() for c in tokens[0].text):
        tokens.pop(0)
    while len(tokens) > 1 and not any(c.isalnum() for c in tokens[-1].text):
        tokens.pop()
    return Row(tuple(tokens))
