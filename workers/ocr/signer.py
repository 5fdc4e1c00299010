"""Chức vụ và họ tên người ký: the last signature block of the document itself (boxes 7a and 7b)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from workers.ocr.anchors import STATE_TITLE, find_phrase
from workers.ocr.layout import Row, Sheet, Token, rows_of
from workers.ocr.lexicon import positions, surnames
from workers.ocr.spelling import fold, is_capitals, letters, nfc
from workers.ocr.syllables import is_syllable
from workers.ocr.title import segments

_AUTHORITY = re.compile(r"^(T/?M|K/?T|T/?L|T/?U/?Q|Q(?=[\s./,]))\s?[./,]?\s?")
_POSITION = re.compile(
    r"CHU TICH|BO TRUONG|THU TRUONG|GIAM DOC|CUC TRUONG|VU TRUONG|CHANH|TRUONG |PHO |BI THU|HIEU |VIEN TRUONG|TONG"
    r"|CHU TOA|CHU NHIEM|TRUONG PHONG|THAM PHAN|UY VIEN|THU TUONG|KE TOAN|TRUONG BAN|CHI CUC"
)
_NAME = re.compile(r"^[^\W\d_]+(?: [^\W\d_]+){1,5}$")
_OTHERS = ("PHE DUYET", "DUYET", "XAC NHAN", "THAM DINH", "Y KIEN")
"""begin a block that somebody else signs: who approves or confirms"""
_INSTEAD = re.compile(r"^\W*(K/?)?T\W")
_ON_BEHALF = re.compile(r"^\W*T/?(M|L|U/?Q)\W")
_BODY = re.compile(r"^(\w{1,2}\W+)?(UY BAN|HOI DONG|BAN (CHAP HANH|THUONG VU|CHI HUY)|CHINH PHU)")
WIDE_MM = 100.0
"""width from which a row runs across the page: text, under which the signature stands"""
UNDER_OFFICE_MM = (9.0, 62.0)
"""how far below its office a name stands"""
BESIDE_OFFICE_MM = 28.0
"""how far a name's middle may stand beside its office's: seals push stamped ones aside"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the signature stands: the box (x0, y0, x1, y1) in mm, straightened, the office that was read there, and the
    position of who signs under it, ``known`` when it is one of the lexicon."""

    box: tuple[float, float, float, float]
    office: Row | None
    position: str = ""
    known: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A signer's name in a line of print: ``text`` as read; ``better``: with its surname as surnames are spelt, None when
    it already is; ``torn``: the surname's first letter was lost, and ``text`` has the only one that ends so."""

    text: str
    better: str | None = None
    torn: bool = False


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

    def respelt(self, others: Sequence[str | None]) -> str | None:
        """The name with ``others`` in place of its tokens' words, where they are a surname or a given name."""
        words = (self.name or "").split()
        for token, other in zip(self.name_tokens, others, strict=True):
            word = "".join(_parts(token.text))
            if not other or word not in words:
                continue
            place = words.index(word)
            if other in surnames().get(letters(other), ()) if place == 0 else _is_given(other):
                words[place] = other
        return " ".join(words) or None


def begins_enclosure(sheet: Sheet) -> bool:
    """A later page with a head of its own, or headed «Phụ lục»: what follows is not signed by the document's signer."""
    for row in sheet.between(0, 0.3 * sheet.height):
        if find_phrase(row, STATE_TITLE, 80) or fold(row.text).startswith(("PHU LUC", "DU THAO")):
            return True
    return False


def find_signer(sheet: Sheet) -> Signer | None:
    """The lowest block of office lines in capitals in the right half, with the name under it."""
    right = _right_half(sheet)
    for index, last in reversed(_offices(right, sheet)):
        found = _name_under(right, index, last)
        if found is None:
            continue
        name, better, row = found
        position, known = _position(right, index)
        return Signer(position, known, name, better, last.tokens, row.tokens)
    return None


def _position(right: list[Row], index: int) -> tuple[str, bool]:
    """The position of who signs under an office: the deputy's under «KT.» of the same one too, where PHÓ was not read."""
    office, known = position_of(right[index].text)
    above = [row.text for row in right[:index] if 0 < right[index].middle - row.middle < OFFICE_LINES_MM]
    deputy = deputy_of(office)
    return (deputy, True) if known and deputy and (deputy, True) in map(position_of, above) else (office, known)


def position_of(text: str) -> tuple[str, bool]:
    """The position of who signs under an office line, and whether the lexicon has it. «KT.» names the head in whose stead
    the deputy signs, «TM.» the body, «TL.» and «TUQ.» who gave the mandate (NĐ 30/2020 Phụ lục I.II.7): of the last three it
    is on the next line, and empty here."""
    office, known = office_of(text)
    torn = not known and not all(word.isalpha() and is_syllable(word) for word in re.findall(r"\w+", office.lower()))
    if torn or _ON_BEHALF.match(text) or _BODY.match(fold(office)):
        return "", False
    if _INSTEAD.match(text):
        deputy = deputy_of(office)
        return deputy or office, known and deputy is not None
    return office, known


def deputy_of(office: str) -> str | None:
    """The deputy's office, where the lexicon has it."""
    return positions().get(letters("THỨ TRƯỞNG" if office == "BỘ TRƯỞNG" else f"PHÓ {office}"))


def signature_place(sheet: Sheet, signer: Signer | None = None) -> Place | None:
    """Where a signature stands that was not read, or not surely: under the office of ``signer``, else under the lowest
    office below the text, else what is white beside the recipients; None where the page has no room for one."""
    across = [part for row in sheet.rows for part in segments(row) if part.x1 - part.x0 > WIDE_MM]
    text_ends = max((part.y1 for part in across if _mean(part) > 0.5), default=0.0)
    right = _right_half(sheet)
    offices = [office for _, office in _offices(right, sheet) if office.y0 > text_ends - 1]
    if signer is not None:
        offices = [Row(signer.position_tokens)]
    if offices:
        office = _over_the_seal(offices)
        x0, x1 = max(office.centre - 45, 0.0), min(office.centre + 45, sheet.width)
        end = min(office.middle + UNDER_OFFICE_MM[1], sheet.height - EDGE_MM)
        if end - office.y0 <= UNDER_OFFICE_MM[0]:
            return None
        position, known = (signer.position, signer.known) if signer else _position(right, right.index(office))
        return Place((x0, office.y0 - 3, x1, end), office, position, known)
    box = (0.45 * sheet.width, text_ends + 1, sheet.width - EDGE_MM, min(text_ends + 95, sheet.height - EDGE_MM))
    return Place(box, None) if box[3] - box[1] > LEAST_ROOM_MM else None


def _over_the_seal(offices: Sequence[Row]) -> Row:
    """The lowest office, or the one a seal's height above it: of a committee's head, whose own agency's office stands
    right over the name («TRƯỞNG BAN», seal, «GIÁM ĐỐC SỞ …»)."""
    lowest = offices[-1]
    above = [office for office in offices[:-1] if lowest.middle - office.middle > 1.0]
    apart = lowest.middle - above[-1].middle if above else 0.0
    return above[-1] if SEAL_ROOM_MM[0] < apart < SEAL_ROOM_MM[1] else lowest


SEAL_ROOM_MM = (14.0, 45.0)
"""between an office and what stands under seal and signature"""
OFFICE_LINES_MM = 9.0
"""most between the lines of one office"""
EDGE_MM = 1.0
"""along the sheet's edge, where scanners leave dark borders"""
LEAST_ROOM_MM = 30.0
"""height of a signature: office, seal and name"""


def _mean(row: Row) -> float:
    return sum(token.word.confidence for token in row.tokens) / len(row.tokens)


def _right_half(sheet: Sheet) -> list[Row]:
    beside = [part for row in sheet.rows for part in segments(row) if part.centre > 0.5 * sheet.width]
    # By themselves: among the recipients' lines a name's words fell on two of them.
    return [part for row in rows_of(token for part in beside for token in part.tokens) for part in segments(row)]


def _offices(right: list[Row], sheet: Sheet) -> list[tuple[int, Row]]:
    """Rows of office, top to bottom, each with its place among ``right``."""
    return [
        (i, part)
        for i, part in enumerate(right)
        if part.middle > 0.05 * sheet.height and part.x1 - part.x0 < 95 and _is_office(part.text)
    ]


def _is_office(text: str) -> bool:
    if fold(text).startswith(_OTHERS):
        return False
    if office_of(text)[1]:
        return True
    return is_capitals(text) and bool(_POSITION.search(fold(text)) or _AUTHORITY.match(text))


def office_of(text: str) -> tuple[str, bool]:
    """The office in capitals without TM./KT./TL., and whether the lexicon has it (its own marks then)."""
    plain = _AUTHORITY.sub("", nfc(re.sub(r"^[^\w]+", "", text))).strip(" .-:,;'")
    key = letters(plain)
    if len(key) < 5:
        return plain, False
    if key in positions():
        return positions()[key], True
    for size in range(1, TORN_LETTERS + 1):
        before, rest = key[:size], key[size:]
        if rest in positions():
            deputy = deputy_of(rest)
            if "O" in before and deputy:
                return deputy, True
            # A pen's «KT.» before the print is other letters each time («VT», «L^T», «K1»), but never those of PHÓ.
            return positions()[rest], not set(before) & set("PHO")
    found = process.extractOne(key, positions().keys(), scorer=fuzz.ratio, score_cutoff=88)
    return (positions()[found[0]], True) if found else (plain, False)


TORN_LETTERS = 4
"""letters that a seal leaves of PHÓ («#Ó», «ZÑHÓ»), or a pen's «KT.» is read as"""


def may_be_name(words: Sequence[tuple[str, float]]) -> bool:
    """Whether a line's words (text, confidence) are a name at least but for the surname."""
    parts = [part for text, sure in words if sure > 0.5 for part in _parts(text)]
    given = sum(_is_given(part) for part in parts)
    return name_in(words) is not None or (given > 1 and given == sum(len(part) > 1 for part in parts))


def name_in(words: Sequence[tuple[str, float]]) -> Name | None:
    """The name in a line's words (text, confidence): syllables with a capital, from a surname on.

    Before and after it may stand single letters that the engine made of a seal's or a pen's ink, but nothing that may be
    a word of it: a name whose surname was lost would begin with its middle name.
    """
    parts = [part for text, _ in words for part in _parts(text)]
    while parts and fold(parts[0]) in _TITLES:
        parts.pop(0)
    begin = next((i for i, part in enumerate(parts) if len(part) > 1), len(parts))
    end = begin + 1
    while end < len(parts) and _is_given(parts[end]):
        end += 1
    if not MOST_WORDS >= end - begin > 1 or any(len(part) > 1 for part in parts[end:]):
        return None
    first, given = parts[begin], " ".join(parts[begin + 1 : end])
    if is_capitals(given):
        return None
    known = surnames().get(letters(first), ())
    if first in known:
        return Name(f"{first} {given}")
    if len(known) == 1 and _is_given(first) and first != "Thị":
        return Name(f"{first} {given}", f"{known[0]} {given}")
    # «guyễn», «Xguyễn»: a seal touches the first letter.
    tail = first if first.islower() else first[1:]
    ending = [name for same in surnames().values() for name in same if len(tail) > 3 and name[1:] == tail]
    return Name(f"{ending[0]} {given}", torn=True) if len(ending) == 1 else None


MOST_WORDS = 5
_TITLES = frozenset("GS PGS TS THS BS DS KS CN LS BSCKI BSCKII CKI CKII".split())
"""degrees before a name; it goes into the register without them"""


def _parts(text: str) -> list[str]:
    """The words of what the engine took for one, letters only: «TrịnhVăn» is two."""
    joined = [" ", *nfc(text), " "]
    spaced = "".join(
        f" {c}" if before.islower() and c.isupper() and after.islower() else c
        for before, c, after in zip(joined, joined[1:], joined[2:], strict=False)
    )
    return re.findall(r"[^\W\d_]+", spaced)


def _is_given(word: str) -> bool:
    return word[0].isupper() and len(word) > 1 and word[1:].islower() and is_syllable(word)


def _name_under(right: list[Row], index: int, office: Row) -> tuple[str, str | None, Row] | None:
    for part in right[index + 1 :]:
        if part.middle - office.middle > UNDER_OFFICE_MM[1]:
            return None
        text = nfc(re.sub(r"[^\w\s.]", " ", part.text))
        words = text.split()
        if (
            part.middle - office.middle > UNDER_OFFICE_MM[0]
            and 2 <= len(words) <= 6
            and _NAME.match(text)
            and all(w[0].isupper() and is_syllable(w) for w in words)
            and not is_capitals(text)
            and abs(part.centre - office.centre) < BESIDE_OFFICE_MM
        ):
            known = surnames().get(letters(words[0]), ())
            if part.confidence < 0.4 and not known:
                continue
            right_way = words[0] in known or len(known) != 1
            return text, None if right_way else " ".join((known[0], *words[1:])), part
    return None
