"""Tên cơ quan ban hành: the lines of box 2 above the number, the superior body set apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from workers.ocr.anchors import Anchors
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.lexicon import listed_words, names
from workers.ocr.organ_name import Spellings, mended
from workers.ocr.spelling import fold, letters, mostly_capitals, nfc
from workers.ocr.syllables import flat, is_syllable
from workers.ocr.title import segments

_HEADS = re.compile(
    r"^(UY BAN|UBND|HOI DONG|HDND|SO |BO |BAN |PHONG |CHI CUC|CUC |TONG |TRUNG TAM|BENH VIEN|TRUONG |VAN PHONG"
    r"|THANH TRA|CONG TY|VIEN |LIEN DOAN|CONG DOAN|DOAN |TINH UY|HUYEN UY|THANH UY|QUAN UY|DANG UY|DANG BO|CONG AN"
    r"|TOA AN|QUOC HOI|CHINH PHU|THU TUONG|KHO BAC|NGAN HANG|BAO HIEM|HOI |MAT TRAN|TAP DOAN|DAI |NHA |THU VIEN|BAO "
    r"|TRAM |HAT |TO |TIEU BAN|CHI NHANH|HOC VIEN|DANG DOAN|BTV |DAI HOC|CO QUAN|KIEM TOAN|BCH )"
)


_COUNCIL = re.compile(
    r"(UY BAN NHAN DAN|UBND|HOI DONG NHAN DAN|HDND) "
    r"(?P<unit>TINH |THANH PHO |TP|HUYEN |QUAN |THI XA |XA |PHUONG |THI TRAN |DAC KHU )?"
)
_OF_A_UNIT = re.compile(r"(SO|BAN) (TINH|THANH PHO|HUYEN|XA|PHUONG) ")
"""a stamp's «Số» before the line under «ỦY BAN NHÂN DÂN», or what is left of that: no agency is called so"""
_DEPARTMENT = re.compile(r"(?:^|[-/])(?:S|CC|BQL|BV)[A-Z]{2,}(?:$|-)")
"""initials of a SỞ, a CHI CỤC, a BAN QUẢN LÝ, a BỆNH VIỆN"""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Names as printed, each on one line; ``parent`` is "" when there is none.

    ``known``: share of the words that stand in the lexicon or elsewhere in the document; ``mended``: words whose
    marks were set by them (capitals lose theirs to the scanner: TINH for TỈNH); ``disputed``: one of them has or
    may have other marks where it is printed, as the word reader sees it, and is in no list («NGHI», in the text «Nghỉ»).
    """

    name: str
    parent: str
    tokens: tuple[Token, ...]
    known: float
    mended: int
    disputed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the name can be all of one: none is a single word («SỞ»), begins with a place («TỈNH HẢI THỌ»), begins or
        ends within another («VIỆN ĐA KHOA», «SỞ TƯ»); no province has one word («TỈNH QUẢNG»); and a people's
        committee or council is that of a unit («ỦY BAN NHÂN DÂN PHÚ THỦY»)."""
        name = fold(self.name) + " "
        council = _COUNCIL.match(name)
        whole = bool(_HEADS.match(name)) and not _OF_A_UNIT.match(name) and len(name.split()) > 1
        half = re.search(r" TINH \w+ $", name)
        return whole and not half and not _is_torn(self.name) and (not council or bool(council["unit"]))

    def is_parent_of(self, notation: str | None) -> bool:
        """A people's committee over the agency whose initials the notation has («PA-STC»): that one's line was not read."""
        agency = fold(notation or "")
        own = re.search(r"\b(UB|HD|CT\b)", agency)  # of «UBND-SNV» the second is who drafted it
        return bool(_COUNCIL.match(fold(self.name) + " ") and _DEPARTMENT.search(agency) and not own)


def find_issuer(
    sheet: Sheet,
    anchors: Anchors,
    seen: Spellings,
    again: Callable[[Row], Iterable[str]],
    doubted: Callable[[Row], Iterable[str]] = lambda row: (),
) -> Issuer | None:
    """Capitals of the left column, from the height of Quốc hiệu down to the number line.

    ``seen``: how the document's own text spells its words.
    ``again``: other readings of a row, asked when it holds words that nothing knows; ``doubted``: its words,
    those that the word reader does not agree with as they would be otherwise.
    """
    end = anchors.number.middle - 2 if anchors.number is not None else anchors.top + 22
    rows: list[Row] = []
    for row in sheet.between(anchors.top - 3.5, end):
        part = row.part(0, anchors.split)
        if part is None:
            continue
        for piece in segments(part, 12):
            piece = _clean(piece)
            if mostly_capitals(piece.text) and len(letters(piece.text)) >= 2 and letters(piece.text) != "DEN":
                rows.append(piece)
    if not rows:
        return None
    lines = [_tidied(_best_words(row, seen, again)) for row in rows]
    start = 0
    for index, words in enumerate(lines):
        if index and _HEADS.match(fold(mended(words, seen)[0]) + " "):
            start = index
    name, known, changed = mended([w for words in lines[start:] for w in words], seen)
    name = " ".join(word.upper() if letters(word) in listed_words() else word for word in name.split())
    parent, _, _ = mended([w for words in lines[:start] for w in words], seen)
    words = sum(any(c.isalnum() for c in w) for words in lines[start:] for w in words)
    tokens = tuple(t for r in rows[start:] for t in r.tokens)
    printed = [word for row in rows[start:] for word in doubted(row)]
    return Issuer(nfc(name), nfc(parent), tokens, known / max(words, 1), changed, _is_disputed(nfc(name), printed))


_OF_A_PLACE = re.compile(r"(.* (?:TỈNH|THÀNH PHỐ)) (.+)")


def _is_disputed(name: str, printed: Iterable[str]) -> bool:
    """Whether a word may be printed otherwise; a mark of its capitals does not make the listed name of a province or city
    doubtful."""
    of_place = _OF_A_PLACE.fullmatch(name)
    listed = of_place is not None and names().get(letters(of_place[2])) == of_place[2]
    words = {letters(word): flat(word) for word in (of_place[1] if of_place and listed else name).split()}
    return any(
        letters(word) in words and flat(word) != words[letters(word)] and letters(word) not in listed_words()
        for word in printed
    )


@cache
def _listed() -> tuple[str, ...]:
    """The listed names without marks, between spaces."""
    return tuple(f" {fold(name)} " for name in names().values())


def _is_torn(name: str) -> bool:
    """Whether its first words are the last ones of a listed name, and no listed name begins with them; or the other way
    round."""
    words, listed = fold(name).split(), _listed()
    sizes = range(2, min(6, len(words)) + 1)
    heads = [f" {' '.join(words[:size])} " for size in sizes]
    tails = [f" {' '.join(words[-size:])} " for size in sizes]
    head = next((head for head in heads if any(o.endswith(head) and o != head for o in listed)), None)
    tail = next((tail for tail in tails if any(o.startswith(tail) and o != tail for o in listed)), None)
    begins_torn = head is not None and not any(other.startswith(head) for other in listed)
    return begins_torn or (tail is not None and not any(other.endswith(tail) for other in listed))


_EDGES = re.compile(r"^(?:[^\w(]|_)+|(?:[^\w,)]|_)+$")


def _tidied(words: list[str]) -> list[str]:
    """Without frames and quotation marks that stick to words, without what a stamp left before «ỦY BAN NHÂN DÂN» or
    before the kind of agency, without words told twice, and with the ỦY that a stamp hid: no agency's name begins with «BAN
    NHÂN DÂN»."""
    apart = re.sub(r"(?<=\s)[-–](?=\w)", "- ", " ".join(words)).split()
    bare = [word if word in _JOINING else _EDGES.sub("", word) for word in apart]
    # «SỞ TƯ TƯ PHÁP»: a word under a stamp read twice
    kept = [word for word, before in zip(bare, ["", *bare], strict=False) if word and word != before]
    while kept and kept[-1] in _JOINING and [letters(word) for word in kept[:-1]][-3:] == ["BAN", "NHAN", "DAN"]:
        kept.pop()
    flat = [letters(word) for word in kept]
    for begin in range(min(3, len(kept))):
        if flat[begin : begin + 3] == ["BAN", "NHAN", "DAN"]:
            return kept if begin and flat[begin - 1] == "UY" else ["ỦY", *kept[begin:]]
    if (
        len(kept) > 1
        and len(flat[0]) < 3
        and not is_syllable(kept[0].lower())
        and _HEADS.match(fold(" ".join(kept[1:])) + " ")
    ):
        return kept[1:]
    return kept


_JOINING = ("-", "–", "&")


def _best_words(row: Row, seen: Spellings, again: Callable[[Row], Iterable[str]]) -> list[str]:
    """The row's words in that reading of which most are known."""
    first = [token.text for token in row.tokens]
    if _share(first, seen) >= 0.999:
        return first
    readings = [first, *(text.split() for text in again(row))]
    return max(readings, key=lambda words: _weight(words, seen))


def _share(words: list[str], seen: Spellings) -> float:
    count = sum(any(c.isalnum() for c in w) for w in words)
    return mended(words, seen)[1] / count if count else 0.0


def _weight(words: list[str], seen: Spellings) -> float:
    """Known letters less half the unknown ones: a reading that dropped a word does not win by it."""
    text, known, _ = mended(words, seen)
    count = sum(any(c.isalnum() for c in w) for w in words)
    return len(letters(text)) * (1.5 * known / count - 0.5) if count else 0.0


def _clean(row: Row) -> Row:
    """Without specks at the ends and within other words, and what the engine itself does not believe."""
    tokens = [token for token in row.tokens if not (_unsure(token) and any(_lies_in(token, o) for o in row.tokens))]
    while len(tokens) > 1 and (_speck(tokens[0]) or letters(tokens[0].text) == "DEN"):  # the incoming stamp's word
        tokens.pop(0)
    while len(tokens) > 1 and _speck(tokens[-1]) and tokens[-1].text not in ("-", "–"):
        tokens.pop()
    return Row(tuple(tokens))


def _lies_in(token: Token, other: Token) -> bool:
    """«SỞ 7 Y TẾ»: the tail of an Ở is a figure, too, and stands where the Ở does."""
    return token is not other and other.x0 < token.x0 and token.x1 < other.x1


def _unsure(token: Token) -> bool:
    return token.word.confidence < 0.5


def _speck(token: Token) -> bool:
    if not any(c.isalnum() for c in token.text):
        return True
    return _unsure(token) and letters(token.text) not in names() and not is_syllable(token.text.lower())
